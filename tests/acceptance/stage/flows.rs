//! The flows that must survive everything, and what must be true after each.

mod autoscale;
mod provision;
mod rotate;
mod snapshot;

use aws_sim::drive::exhaust::{Case, Mishap, Report, Sample, exhaust};
use aws_sim::settings::{Durations, Settings, Switches};

/// The names of all flows, each in a world as it is documented, and with `-otherwise` in one that answers every open question the other way.
pub const NAMES: &[&str] = &[
    "provision-create",
    "provision-create-given-up",
    "provision-update",
    "provision-update-given-up",
    "provision-shrink",
    "provision-upgrade",
    "provision-engine",
    "provision-engine-given-up",
    "provision-encrypt",
    "provision-encrypt-given-up",
    "provision-users",
    "provision-users-given-up",
    "provision-settings",
    "provision-delete",
    "provision-delete-again",
    "provision-retain",
    "provision-fill",
    "provision-fill-given-up",
    "provision-replace",
    "provision-replace-given-up",
    "provision-replace-taken-back",
    "rotate",
    "snapshot-take",
    "snapshot-take-by-hand",
    "snapshot-take-many",
    "snapshot-prune",
    "snapshot-restore",
    "snapshot-restore-automatic",
    "autoscale-memory",
    "autoscale-reads",
    "autoscale-fewer-replicas",
    "autoscale-smaller-nodes",
    "autoscale-shards",
    "provision-shards-create",
    "provision-shards-out",
    "provision-shards-in",
    "provision-shards-given-up",
    "provision-shards-delete",
    "snapshot-tiers",
    "autoscale-alarms",
    "provision-replace-without-data",
    "provision-replace-lost-keys",
    "provision-logs-create",
    "provision-logs-given-up",
    "provision-logs-move",
    "provision-logs-delete",
    "rotate-first",
    "rotate-user",
    "rotate-document",
    "rotate-form",
    "rotate-again",
    "rotate-slow",
    "snapshot-restore-shards",
    "snapshot-restore-users",
    "snapshot-export",
    "snapshot-promote",
    "snapshot-drill",
    "snapshot-drill-users",
    "snapshot-in-place",
    "snapshot-in-place-secret",
    "snapshot-park",
    "snapshot-unpark",
    "provision-update-parked",
    "provision-update-parked-given-up",
    "provision-delete-parked",
];

/// How the world answers what nobody could confirm of AWS.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// As it is documented, or harder on us.
    Usual,
    /// The other way.
    Otherwise,
}

impl Way {
    /// The name of a flow in such a world.
    pub fn name(self, flow: &str) -> String {
        match self {
            Self::Usual => flow.to_owned(),
            Self::Otherwise => format!("{flow}-otherwise"),
        }
    }

    /// A world in which work takes a fortieth of its time, so that most calls are steps and few are looks that find it still busy.
    fn settings(self, seed: u64) -> Settings {
        let switches = match self {
            Self::Usual => Switches::default(),
            Self::Otherwise => Switches::otherwise(),
        };
        Settings {
            seed,
            switches,
            durations: Durations::default().faster(40),
            ..Settings::default()
        }
    }
}

/// Runs the flow of this name.
pub async fn run(name: &str, way: Way, sample: &Sample) -> Report {
    match name {
        it if it.starts_with("provision-") => of_a_stack(it, way, sample).await,
        "rotate" => exhaust(&rotate::Rotate(way), sample).await,
        "snapshot-take" => exhaust(&snapshot::Take(way), sample).await,
        "snapshot-take-by-hand" => exhaust(&snapshot::TakeByHand(way), sample).await,
        "snapshot-take-many" => exhaust(&snapshot::TakeMany(way), sample).await,
        "snapshot-prune" => exhaust(&snapshot::Prune(way), sample).await,
        "snapshot-restore" => exhaust(&snapshot::Restore(way), sample).await,
        "snapshot-restore-automatic" => exhaust(&snapshot::RestoreAutomatic(way), sample).await,
        "autoscale-memory" => exhaust(&autoscale::Memory(way), sample).await,
        "autoscale-reads" => exhaust(&autoscale::Reads(way), sample).await,
        "autoscale-fewer-replicas" => exhaust(&autoscale::FewerReplicas(way), sample).await,
        "autoscale-smaller-nodes" => exhaust(&autoscale::SmallerNodes(way), sample).await,
        "autoscale-shards" => exhaust(&autoscale::Shards(way), sample).await,
        "snapshot-tiers" => exhaust(&snapshot::Generations(way), sample).await,
        "autoscale-alarms" => exhaust(&autoscale::Alarms(way), sample).await,
        "rotate-first" => exhaust(&rotate::First(way), sample).await,
        "rotate-user" => exhaust(&rotate::User(way), sample).await,
        "rotate-document" => exhaust(&rotate::Document(way), sample).await,
        "rotate-form" => exhaust(&rotate::Form(way), sample).await,
        "rotate-again" => exhaust(&rotate::Again(way), sample).await,
        "rotate-slow" => exhaust(&rotate::Slow(way), sample).await,
        "snapshot-restore-shards" => exhaust(&snapshot::RestoreShards(way), sample).await,
        "snapshot-restore-users" => exhaust(&snapshot::RestoreUsers(way), sample).await,
        "snapshot-export" => exhaust(&snapshot::Export(way), sample).await,
        "snapshot-promote" => exhaust(&snapshot::Promote(way), sample).await,
        "snapshot-drill" => exhaust(&snapshot::Drill(way), sample).await,
        "snapshot-drill-users" => exhaust(&snapshot::DrillUsers(way), sample).await,
        "snapshot-in-place" => exhaust(&snapshot::InPlace(way), sample).await,
        "snapshot-in-place-secret" => exhaust(&snapshot::BySecret(way), sample).await,
        "snapshot-park" => exhaust(&snapshot::Park(way), sample).await,
        "snapshot-unpark" => exhaust(&snapshot::Unpark(way), sample).await,
        other => panic!("there is no flow {other}"),
    }
}

async fn of_a_stack(name: &str, way: Way, sample: &Sample) -> Report {
    match name {
        "provision-create" => exhaust(&provision::Create(way), sample).await,
        "provision-create-given-up" => exhaust(&provision::CreateGivenUp(way), sample).await,
        "provision-update" => exhaust(&provision::Update(way), sample).await,
        "provision-update-given-up" => exhaust(&provision::UpdateGivenUp(way), sample).await,
        "provision-shrink" => exhaust(&provision::Shrink(way), sample).await,
        "provision-upgrade" => exhaust(&provision::Upgrade(way), sample).await,
        "provision-engine" => exhaust(&provision::Engine(way), sample).await,
        "provision-engine-given-up" => exhaust(&provision::EngineGivenUp(way), sample).await,
        "provision-encrypt" => exhaust(&provision::Encrypt(way), sample).await,
        "provision-encrypt-given-up" => exhaust(&provision::EncryptGivenUp(way), sample).await,
        "provision-users" => exhaust(&provision::Users(way), sample).await,
        "provision-users-given-up" => exhaust(&provision::UsersGivenUp(way), sample).await,
        "provision-settings" => exhaust(&provision::Settings(way), sample).await,
        "provision-delete" => exhaust(&provision::Delete(way), sample).await,
        "provision-delete-again" => exhaust(&provision::DeleteAgain::new(way), sample).await,
        "provision-retain" => exhaust(&provision::Retain(way), sample).await,
        "provision-shards-create" => exhaust(&provision::CreateShards(way), sample).await,
        "provision-shards-out" => exhaust(&provision::ShardsOut(way), sample).await,
        "provision-shards-in" => exhaust(&provision::ShardsIn(way), sample).await,
        "provision-shards-given-up" => exhaust(&provision::ShardsGivenUp(way), sample).await,
        "provision-shards-delete" => exhaust(&provision::DeleteShards(way), sample).await,
        "provision-fill" => exhaust(&provision::Fill(way), sample).await,
        "provision-fill-given-up" => exhaust(&provision::FillGivenUp(way), sample).await,
        "provision-replace" => exhaust(&provision::Replace(way), sample).await,
        "provision-replace-given-up" => exhaust(&provision::ReplaceGivenUp(way), sample).await,
        "provision-replace-lost-keys" => exhaust(&provision::ReplaceLostKeys(way), sample).await,
        "provision-replace-without-data" => {
            exhaust(&provision::ReplaceWithoutData(way), sample).await
        }
        "provision-replace-taken-back" => exhaust(&provision::ReplaceTakenBack(way), sample).await,
        "provision-logs-create" => exhaust(&provision::LogsCreate(way), sample).await,
        "provision-logs-given-up" => exhaust(&provision::LogsGivenUp(way), sample).await,
        "provision-logs-move" => exhaust(&provision::LogsMove(way), sample).await,
        "provision-logs-delete" => exhaust(&provision::LogsDelete(way), sample).await,
        "provision-update-parked" => exhaust(&provision::UpdateParked(way), sample).await,
        "provision-update-parked-given-up" => exhaust(&provision::ParkedGivenUp(way), sample).await,
        "provision-delete-parked" => exhaust(&provision::DeleteParked(way), sample).await,
        other => panic!("there is no flow {other}"),
    }
}

/// Whether a flow must come to its good end in spite of this, rather than to a clean failure.
fn must_succeed(case: Option<&Case>) -> bool {
    let may_fail = [
        Mishap::DENIED,
        Mishap::ROLLS_BACK,
        Mishap::START_FAILS,
        Mishap::SNAPSHOT_FAILS,
        Mishap::MEMBER_STUCK,
        Mishap::CAPACITY_GONE,
        Mishap::no_capacity(),
    ];
    case.is_none_or(|it| !may_fail.contains(&it.mishap))
}

/// What can go wrong with a flow that nobody begins again: an event that is lost is lost.
fn all_but_lost() -> Vec<Mishap> {
    let all = Mishap::ALL.into_iter().chain([Mishap::no_capacity()]);
    all.filter(|it| *it != Mishap::EVENT_LOST).collect()
}

/// A problem, where this does not hold.
fn unless(holds: bool, problem: impl Into<String>) -> Option<String> {
    (!holds).then(|| problem.into())
}

/// Two lists that are to be the same.
fn same(left: &[String], wanted: &[&str]) -> Option<String> {
    unless(left == wanted, format!("left are {left:?}, not {wanted:?}"))
}

/// A flow's parts that are the same for all of them.
macro_rules! on_scene {
    ($name:literal) => {
        type Stage = crate::scene::Scene;

        fn name(&self) -> String {
            self.0.name($name)
        }

        fn account<'a>(&self, stage: &'a Self::Stage) -> &'a aws_sim::drive::Account {
            &stage.account
        }
    };
}
use on_scene;

/// What is the same for requests of a stack: nobody begins one again whose event is lost, and its event may come once more.
macro_rules! may_come_twice {
    () => {
        fn mishaps(&self) -> Vec<aws_sim::drive::exhaust::Mishap> {
            crate::flows::all_but_lost()
        }

        async fn run_beside(&self, scene: &crate::scene::Scene) {
            scene.stack.send_again();
            scene.account.settle().await;
        }
    };
}
use may_come_twice;

/// What is the same for requests that a stack gives up: it may do so at any call of theirs.
macro_rules! may_be_given_up {
    () => {
        fn mishaps(&self) -> Vec<aws_sim::drive::exhaust::Mishap> {
            crate::flows::all_but_lost()
        }

        fn comes_about(&self, case: &aws_sim::drive::exhaust::Case) -> bool {
            // A stack that gives up earlier or later makes other calls, and may have fewer than it learned.
            case.mishap != aws_sim::drive::exhaust::Mishap::Beside
        }

        async fn run_beside(&self, scene: &crate::scene::Scene) {
            scene.is_given_up.set(true);
        }
    };
}
use may_be_given_up;

/// What is the same for changes of size: the schedule makes up for an event that is lost, and may look at the same time.
macro_rules! is_looked_at_by_schedule {
    () => {
        fn mishaps(&self) -> Vec<aws_sim::drive::exhaust::Mishap> {
            let lost = aws_sim::drive::exhaust::Mishap::EVENT_LOST;
            crate::flows::all_but_lost().into_iter().chain([lost]).collect()
        }

        async fn run_beside(&self, scene: &crate::scene::Scene) {
            let look = serde_json::json!({ "action": "evaluate" });
            scene.account.send(&crate::scene::function_arn("autoscale"), look);
            scene.account.settle().await;
        }
    };
}
use is_looked_at_by_schedule;
