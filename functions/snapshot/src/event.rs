//! What calls `snapshot`: small documents with an `action`, from a schedule, a person or the state machine.

mod by_secret;
mod in_place;
mod parking;
mod reader;
#[cfg(test)]
mod tests;

use domain::snapshot::Tier;
use domain::snapshot::export::Export;
use domain::snapshot::promote::Promote;
use domain::snapshot::restore::Restore;
use domain::{GroupId, Problems};
use jiff::Timestamp;
use serde_json::Value;

pub(crate) use by_secret::{Back, Switching};
pub(crate) use in_place::Replacing;
pub(crate) use parking::{Parking, Unparking};
use reader::Reader;

/// What an event asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Request {
    /// Do this.
    Do(Job),
    /// Tell what would be done, and do nothing.
    Plan(Vec<Job>),
    /// Tell how things stand.
    Status(Scope),
    /// Tear down what drills left standing.
    Sweep,
}

/// Something to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Job {
    /// Take a snapshot of each of these.
    Take(Taking),
    /// Copy an automatic snapshot to be one of ours.
    Promote(Promote),
    /// Delete what is beyond retention.
    Prune(Scope),
    /// Make a new group of a snapshot.
    Restore(Restore),
    /// Put a group of a snapshot in the place of the one that there is.
    InPlace(Replacing),
    /// Lead the clients of a group to one of a snapshot by their secret, or back, or end that.
    BySecret(Switching),
    /// Write a snapshot into a bucket.
    Export(Export),
    /// Try whether a snapshot restores.
    Drill(Drilling),
    /// Have groups go for the night.
    Park(Parking),
    /// Have them back.
    Unpark(Unparking),
}

/// Snapshots to be tried.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Drilling {
    /// Of this group, where the event says it.
    pub(crate) group: Option<GroupId>,
    /// This one, where the event says it; else the newest.
    pub(crate) snapshot: Option<String>,
    /// When that was asked for, where the event says it.
    pub(crate) time: Option<Timestamp>,
}

impl Drilling {
    /// Whether the policies of groups say what is tried.
    pub(crate) fn is_of_all(&self) -> bool {
        self.group.is_none() && self.snapshot.is_none()
    }
}

/// Snapshots to be taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Taking {
    /// Of these groups.
    pub(crate) scope: Scope,
    /// Of this kind.
    pub(crate) kind: Kind,
    /// For this time of the schedule, where the event says it.
    pub(crate) time: Option<Timestamp>,
}

impl Taking {
    /// The group that it is about, unless the policies of groups have to be asked first.
    pub(crate) fn asks_for(&self) -> Option<&GroupId> {
        match (&self.scope, &self.kind) {
            (Scope::All | Scope::These(_), _) | (Scope::One(_), Kind::Due) => None,
            (Scope::One(group), Kind::Policy | Kind::One(_) | Kind::For(_)) => Some(group),
        }
    }
}

/// Which snapshot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// What each group's policy asks for: one, or what is due. Of one group that a person names: one.
    Policy,
    /// What is due, of groups that keep tiers only.
    Due,
    /// One of this tier.
    One(Tier),
    /// One for these tiers, where they still want it. So the state machine is told.
    For(Vec<Tier>),
}

/// Which groups.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Scope {
    /// Every group that carries our policy tag.
    All,
    /// This one.
    One(GroupId),
    /// These: a part of more than one run can look through.
    These(Vec<GroupId>),
}

/// Reads an event, with all mistakes together.
pub(crate) fn parse(event: &Value) -> Result<Request, Problems> {
    let Value::Object(fields) = event else {
        let mut problems = Problems::default();
        problems.add("the event", "is not an object with an action");
        return Err(problems);
    };
    let mut read = Reader::new(fields);
    let request = match read.text("action").as_deref() {
        Some("take") => Some(Request::Do(Job::Take(read.taking()))),
        Some("promote") => read.promote().map(|it| Request::Do(Job::Promote(it))),
        Some("prune") => Some(Request::Do(Job::Prune(read.scope()))),
        Some("restore") => read.restore().map(|it| Request::Do(Job::Restore(it))),
        Some("restore-in-place") => read.any_in_place().map(Request::Do),
        Some("export") => read.export().map(|it| Request::Do(Job::Export(it))),
        Some("drill") => Some(Request::Do(Job::Drill(read.drilling()))),
        Some("park") => Some(Request::Do(Job::Park(read.parking()))),
        Some("unpark") => Some(Request::Do(Job::Unpark(read.unparking()))),
        Some("sweep") => Some(Request::Sweep),
        Some("status") => Some(Request::Status(read.scope())),
        Some("plan") => read.plan().map(Request::Plan),
        Some(other) => {
            read.problems.add("action", format!("{other:.40} is not an action; {ACTIONS}"));
            None
        }
        None => {
            if !read.problems.iter().any(|it| it.name == "action") {
                read.problems.add("action", format!("is missing; {ACTIONS}"));
            }
            None
        }
    };
    read.finish(request)
}

const ACTIONS: &str = "take, promote, prune, restore, restore-in-place, export, drill, park, unpark, sweep, status and plan are";
