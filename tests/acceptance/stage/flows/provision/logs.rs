//! Log groups are made for a cache, left for others, and gone with it, whatever happens meanwhile.

use std::time::Duration;

use aws_sim::drive::cloudformation::Status;
use aws_sim::drive::exhaust::{Case, Flow};
use aws_sim::elasticache::logs::{Destination, LogStatus};
use aws_sim::logs::LogGroup;
use serde_json::{Value, json};

use super::deletion::last_snapshots;
use super::{GONE, STANDS, given_up, is_begun_late, problems_of};
use crate::flows::{Way, may_be_given_up, may_come_twice, on_scene, unless};
use crate::scene::{GROUP, Scene, properties};

/// A log group that was there before, and belongs to nobody.
const SHARED: &str = "/shared";
const ONE_DAY: i64 = 1;

/// Both logs, to log groups that nobody made.
fn both() -> [(&'static str, Value); 2] {
    [
        ("SlowLog", json!("cloudwatch-logs:/orders/slow")),
        ("EngineLog", json!({ "Group": "/orders/engine", "Format": "text" })),
    ]
}

/// The slow log goes to a log group of somebody else's, and the engine's to another one that nobody made.
fn elsewhere() -> [(&'static str, Value); 3] {
    [
        ("SlowLog", json!("cloudwatch-logs:/shared")),
        ("EngineLog", json!("cloudwatch-logs:/orders/other")),
        ("LogRetentionDays", json!(7)),
    ]
}

const NONE: &str = "/shared for 1 days of nobody";
const BOTH: &str = "/orders/engine for 30 days of ours, /orders/slow for 30 days of ours, /shared for 1 days of nobody; written to are /orders/engine, /orders/slow";
const ELSEWHERE: &str = "/orders/other for 7 days of ours, /shared for 1 days of nobody; written to are /orders/other, /shared";

/// The log groups that there are, and where the logs of the group go.
fn said(scene: &Scene) -> String {
    scene.world().with(|it| {
        let groups = it.logs.groups.iter().map(|(name, group)| {
            let days = group.retention_days.map_or("all".to_owned(), |it| it.to_string());
            let is_ours = group.tags.contains_key(domain::tag::OWNER);
            format!("{name} for {days} days of {}", if is_ours { "ours" } else { "nobody" })
        });
        let groups = groups.collect::<Vec<_>>().join(", ");
        let logs = it.elasticache.groups.get(GROUP).into_iter().flat_map(|it| it.logs.values());
        let written: Vec<_> = logs
            .filter(|(_, status)| *status == LogStatus::Active)
            .filter_map(|(to, _)| match &to.destination {
                Destination::LogGroup(name) => Some(name.as_str()),
                Destination::Stream(_) => None,
            })
            .collect();
        let written = written.join(", ");
        if written.is_empty() { groups } else { format!("{groups}; written to are {written}") }
    })
}

fn is_said(scene: &Scene, wanted: &str) -> Option<String> {
    let said = said(scene);
    unless(said == wanted, format!("{said}, not {wanted}"))
}

/// What stands, but for log groups.
fn stands(scene: &Scene, wanted: &[&str]) -> Option<String> {
    let left = but_log_groups(scene);
    unless(left == wanted, format!("left are {left:?}, not {wanted:?}"))
}

fn but_log_groups(scene: &Scene) -> Vec<String> {
    scene.left().into_iter().filter(|it| !it.starts_with("log group")).collect()
}

/// Nothing is left but the secret for a week, if it was made at all.
fn nothing_is_left(scene: &Scene) -> Vec<String> {
    let left = but_log_groups(scene);
    let is_gone = left.is_empty() || left == GONE;
    unless(is_gone, format!("left are {left:?}")).into_iter().chain(is_said(scene, NONE)).collect()
}

async fn bare(way: Way, seed: u64) -> Scene {
    let scene = Scene::new(way.settings(seed)).await;
    scene.world().with(|it| {
        let retention_days = Some(ONE_DAY);
        let shared = LogGroup { retention_days, ..LogGroup::new(it.now) };
        it.logs.groups.insert(SHARED.to_owned(), shared);
    });
    scene
}

async fn with_both(way: Way, seed: u64) -> Scene {
    let scene = bare(way, seed).await;
    scene.created(&both()).await;
    scene
}

/// A cache is made, and two log groups before it.
pub(in super::super) struct LogsCreate(pub(in super::super) Way);

impl Flow for LogsCreate {
    on_scene!("provision-logs-create");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        bare(self.0, seed).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let outcome = scene.stack.create(&properties(&both())).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems =
            problems_of(scene, Status::CreateComplete, &[Status::RollbackComplete], case).await;
        if scene.outcome.borrow().as_ref().unwrap().status == Status::CreateComplete {
            problems.extend(stands(scene, &STANDS));
            problems.extend(is_said(scene, BOTH));
        } else {
            problems.extend(nothing_is_left(scene));
        }
        problems
    }
}

/// The same, given up while it is under way.
pub(in super::super) struct LogsGivenUp(pub(in super::super) Way);

impl Flow for LogsGivenUp {
    on_scene!("provision-logs-given-up");
    may_be_given_up!();

    async fn set(&self, seed: u64) -> Scene {
        bare(self.0, seed).await
    }

    async fn run(&self, scene: &Scene, case: Option<&Case>) {
        let is_given_up = given_up(scene, case, Duration::from_secs(12));
        let outcome = scene.stack.create_given_up(&properties(&both()), is_given_up).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        if is_begun_late(scene) {
            let mut problems = scene.problems().await;
            let is_whole = but_log_groups(scene) == STANDS && said(scene) == BOTH;
            problems.extend(Some(nothing_is_left(scene)).filter(|_| !is_whole).unwrap_or_default());
            return problems;
        }
        let bad = [Status::RollbackFailed];
        let mut problems = problems_of(scene, Status::RollbackComplete, &bad, case).await;
        if scene.outcome.borrow().as_ref().unwrap().status == Status::RollbackComplete {
            problems.extend(nothing_is_left(scene));
        }
        problems
    }
}

/// Both logs move elsewhere.
pub(in super::super) struct LogsMove(pub(in super::super) Way);

impl Flow for LogsMove {
    on_scene!("provision-logs-move");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        with_both(self.0, seed).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let outcome = scene.stack.update(&properties(&elsewhere())).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let bad = [Status::UpdateRollbackComplete];
        let mut problems = problems_of(scene, Status::UpdateComplete, &bad, case).await;
        problems.extend(stands(scene, &STANDS));
        let is_done = scene.outcome.borrow().as_ref().unwrap().status == Status::UpdateComplete;
        problems.extend(is_said(scene, if is_done { ELSEWHERE } else { BOTH }));
        problems
    }
}

/// The cache goes, and with it its log groups.
pub(in super::super) struct LogsDelete(pub(in super::super) Way);

impl Flow for LogsDelete {
    on_scene!("provision-logs-delete");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        with_both(self.0, seed).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let outcome = scene.stack.delete().await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems =
            problems_of(scene, Status::DeleteComplete, &[Status::DeleteFailed], case).await;
        let (whole, _) = last_snapshots(scene);
        let is_kept = scene.group().is_some() || 0 < whole;
        problems.extend(unless(is_kept, "neither the group nor a whole snapshot is there"));
        if scene.outcome.borrow().as_ref().unwrap().status == Status::DeleteComplete {
            problems.extend(nothing_is_left(scene));
        }
        // As long as something writes to them, they are there.
        let stands = scene.group().is_some();
        problems.extend(is_said(scene, BOTH).filter(|_| stands));
        problems
    }
}
