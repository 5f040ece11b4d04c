//! A flow of one's own, with every mishap at every call of it: a function that takes a snapshot a day, written twice. One names the snapshot
//! after the day that its event speaks of, so that an event that comes twice finds it taken. The other names it after the clock.

use std::rc::Rc;
use std::time::Duration;

use aws_sim::drive::exhaust::{Case, Flow, Mishap, Report, Sample, exhaust};
use aws_sim::drive::{Account, Failure, Functions, Handling, Invocation, Plan};
use aws_sim::elasticache::model::{SnapshotStatus, Status};
use aws_sim::{Durations, Exchange, Request, Settings, World};
use serde_json::{Value, json};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:nightly";

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let sample = Sample { one_of: 1, least: 1, seed: 1, only: None, progress: |_| () };
    for named in [Named::AfterTheDay, Named::AfterTheClock] {
        tell(&exhaust(&Nightly(named), &sample).await);
    }
}

/// After what a snapshot is named.
#[derive(Clone, Copy, Debug)]
enum Named {
    AfterTheDay,
    AfterTheClock,
}

/// The function. Any code will do that asks the world; with the SDK it is `World::http_client` that it is given.
struct App {
    world: World,
    named: Named,
}

impl Functions for App {
    fn handle(&self, invocation: Invocation) -> Handling<'_> {
        Box::pin(async move { self.take(&invocation.payload).await })
    }
}

impl App {
    async fn take(&self, event: &Value) -> Result<Value, Failure> {
        let name = match self.named {
            Named::AfterTheDay => event["day"].as_str().unwrap_or_default().to_owned(),
            Named::AfterTheClock => self.world.clock().strftime("%Y-%m-%d-%H%M%S").to_string(),
        };
        let form = format!("Action=CreateSnapshot&CacheClusterId=orders-002&SnapshotName=s-{name}");
        let answer = ask(&self.world, &form).await?;
        // Whoever is called again for the same day finds it taken.
        if answer.contains("<SnapshotName>") || answer.contains("SnapshotAlreadyExistsFault") {
            return Ok(json!({ "snapshot": name }));
        }
        Err(failure("Refused", &answer))
    }
}

/// One call, with all that can befall it.
async fn ask(world: &World, form: &str) -> Result<String, Failure> {
    match world.exchange(world.clock(), &request(form)) {
        Exchange::Answer(response, takes) => {
            tokio::time::sleep(takes).await;
            Ok(response.text())
        }
        Exchange::Broken => Err(failure("Broken", "the connection broke")),
        // The caller is dead.
        Exchange::Never => std::future::pending().await,
    }
}

fn failure(kind: &str, message: &str) -> Failure {
    Failure { kind: kind.to_owned(), message: message.to_owned() }
}

/// Signed as far as the simulator looks: by the name of the service.
fn request(form: &str) -> Request {
    let scope = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/elasticache/aws4_request";
    Request {
        method: "POST".to_owned(),
        uri: "/".to_owned(),
        headers: vec![("authorization".to_owned(), scope.to_owned())],
        body: form.as_bytes().to_vec(),
    }
}

/// The flow: what stands before, what is done, and what must be true afterwards whatever went wrong.
struct Nightly(Named);

impl Flow for Nightly {
    type Stage = Account;

    fn name(&self) -> String {
        match self.0 {
            Named::AfterTheDay => "after-the-day".to_owned(),
            Named::AfterTheClock => "after-the-clock".to_owned(),
        }
    }

    /// An event that is lost is lost: there is nobody who would make up for it.
    fn mishaps(&self) -> Vec<Mishap> {
        Mishap::ALL.into_iter().filter(|it| *it != Mishap::EVENT_LOST).collect()
    }

    async fn set(&self, seed: u64) -> Account {
        let durations = Durations::default().faster(40);
        let world = World::new(Settings { seed, durations, ..Settings::default() });
        let app = App { world: world.clone(), named: self.0 };
        let account = Account::new(world, Rc::new(app), Plan::default());
        let group = "Action=CreateReplicationGroup&ReplicationGroupId=orders&ReplicationGroupDescription=x&CacheNodeType=cache.t4g.micro&NumCacheClusters=2";
        account.world().call(account.world().clock(), &request(group));
        account
            .play(Duration::from_mins(20), |it| {
                it.elasticache.groups.values().all(|it| it.status == Status::Available)
            })
            .await;
        account
    }

    fn account<'a>(&self, stage: &'a Account) -> &'a Account {
        stage
    }

    async fn run(&self, account: &Account, _: Option<&Case>) {
        account.send(FUNCTION, json!({ "day": "2026-01-01" }));
        account.settle().await;
        // The function does not wait for its snapshot.
        account.play(Duration::from_mins(5), |_| false).await;
    }

    async fn run_beside(&self, account: &Account) {
        self.run(account, None).await;
    }

    async fn problems(&self, account: &Account, case: Option<&Case>) -> Vec<String> {
        let (good, all) = account.world().with(|it| {
            let all = it.elasticache.snapshots.values();
            let good = all.clone().filter(|it| it.status == SnapshotStatus::Available);
            (good.count(), all.count())
        });
        let failed = case.is_some_and(|it| it.mishap == Mishap::SNAPSHOT_FAILS);
        let is_well = all == 1 && (good == 1 || failed);
        (!is_well)
            .then(|| format!("{all} snapshots, of which {good} are good"))
            .into_iter()
            .collect()
    }
}

#[expect(clippy::print_stdout, reason = "it is what the example is for")]
fn tell(report: &Report) {
    let Report { flow, calls, cases, run, idle, broken, .. } = report;
    println!(
        "{flow}: {calls} call, {cases} cases, of which {run} came about and {idle} came to nothing"
    );
    for (case, problems) in broken {
        let case = case.as_ref().map_or_else(|| "undisturbed".to_owned(), Case::to_string);
        println!("  {case}: {}", problems.join("; "));
    }
}
