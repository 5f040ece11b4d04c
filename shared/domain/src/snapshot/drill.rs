//! A drill: whether a snapshot restores, tried with a short-lived group of the cheapest nodes, and how long that takes.
//!
//! All that a drill remembers is on what it touches: on its group, which snapshot it is of and until when it may stand; on the snapshot, what
//! came of it; on the source, what the drills of the month cost. So it is carried on by whoever looks next, and torn down by whoever looks late.

mod cost;
mod mark;
mod policy;
mod refusal;
pub(super) mod size;
#[cfg(test)]
mod tests;
mod ticket;

use jiff::{SignedDuration, Timestamp};

use super::record::{Comparison, Contents, Record};
use super::restore::planned::owner_of_restored;
use super::restore::rules::Obstacle;
use super::restore::{Plan, Restore, RestoreView, differences};
use super::{Refusal, SnapshotView, Unrestorable, owner, take};
use crate::group::{Resilience, Toggle};
use crate::rotate::UserId;
use crate::{
    Bytes, Catalog, Dollars, GroupId, GroupStatus, GroupView, Next, Tags, Wait, WaitingOn, shard,
    tag,
};

pub use cost::{Bill, Ceiling, hours};
pub use mark::{Failed, Verified};
pub use policy::{DAYS_MAX, days, due, last};
pub use refusal::Undrillable;
pub use ticket::{Ticket, id};

/// A drill that is wanted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Drill {
    /// Of this group, which the group of the drill is like and whose id that one's comes from.
    pub group: GroupId,
    /// Of this snapshot of it.
    pub snapshot: String,
    /// When it was asked for, to the second. What came of an earlier one does not count.
    pub asked: Timestamp,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DrillView {
    /// The snapshot with its tags, if it is there.
    pub snapshot: Option<SnapshotView>,
    /// The group that it is of, with its tags, if it is there.
    pub source: Option<GroupView>,
    /// The users of that group whose passwords are in secrets of ours; only where it lets in users and the drill could begin.
    pub users: Vec<UserId>,
    /// The group of the drill, with its tags as far as they are told.
    pub group: Option<GroupView>,
    /// What its nodes hold, or why they could not be asked; once it is there and whole.
    pub counted: Option<Result<Contents, String>>,
    /// What ElastiCache says that happened to it, where something looks failed.
    pub events: Vec<String>,
    /// What the drills of other groups may have cost this month.
    pub spent_elsewhere: Dollars,
}

/// What there is to do it with.
#[derive(Clone, Copy, Debug)]
pub struct Means<'a> {
    /// Whether we stand where nodes can be asked.
    pub counts_keys: bool,
    /// How much the drills of a month may cost together.
    pub ceiling: Ceiling,
    /// The node types and their prices.
    pub catalog: &'a Catalog,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum DrillStep {
    /// Note on the source what the drills of the month cost with this one. Before there is anything to pay for.
    Charge { arn: String, tags: Tags, words: String },
    /// Make the group. AWS takes an id once, so asking twice makes one.
    Create(Box<Plan>),
    /// Say on the snapshot what came of it.
    Mark { arn: String, tags: Tags, words: String },
    /// Tear the group down.
    Delete(GroupId),
}

/// An event that comes so late is a stray. It is no longer than any group of a drill may stand, so that whoever tears one down begins none.
const LATE_MAX: SignedDuration = SignedDuration::from_hours(2);

/// Nodes that cannot be asked may be so for a while: by a name that does not lead to them yet. They are asked again for this share of the
/// time of the group.
const ASKED_AGAIN_FOR: i32 = 3;

/// Addresses of new nodes are known within minutes.
const RECHECK: SignedDuration = SignedDuration::from_mins(1);

/// How long what came of it is still told after the time of the group is over: the sweep comes once an hour. After that it is torn down,
/// whether or not anybody was told.
const TOLD_AFTER: SignedDuration = SignedDuration::from_hours(2);

impl Drill {
    /// A drill that was asked for at this time.
    pub fn new(group: GroupId, snapshot: &str, asked: Timestamp) -> Self {
        Self { group, snapshot: snapshot.to_owned(), asked: second(asked) }
    }

    /// What this drill, or a later one, left on the snapshot.
    fn outcome(&self, snapshot: &SnapshotView) -> Option<Result<Verified, Failed>> {
        let verified = snapshot.verified().filter(|it| self.asked <= it.at);
        let failed = snapshot.drill_failed().filter(|it| self.asked <= it.at);
        verified.map(Ok).or_else(|| failed.map(Err))
    }

    /// Whether it has to be known what other drills cost: it could begin now.
    pub fn asks_for_cost(&self, view: &DrillView, now: Timestamp) -> bool {
        let is_open = |it: &SnapshotView| self.outcome(it).is_none();
        view.group.is_none() && view.snapshot.as_ref().is_some_and(is_open) && self.is_timely(now)
    }

    /// Whether it has to be known whose passwords there are: it could begin now, and nobody could count the keys without one.
    pub fn asks_for_users(&self, view: &DrillView, now: Timestamp) -> bool {
        let lets_in_users = view.source.as_ref().is_some_and(|it| !it.user_groups.is_empty());
        lets_in_users && self.asks_for_cost(view, now)
    }

    /// Whether it may still begin.
    fn is_timely(&self, now: Timestamp) -> bool {
        self.asked.saturating_add(LATE_MAX).is_ok_and(|it| now < it)
    }

    /// What was counted beside the record of the snapshot, where there are both. What somebody else wrote into a record says nothing.
    pub fn compared(&self, view: &DrillView) -> Option<Comparison> {
        let Some(Ok(contents)) = &view.counted else { return None };
        let record = Record::read(view.snapshot.as_ref()?.tags.as_ref()?).ok()??;
        Some(record.compare(contents))
    }

    /// Whether the drill went well.
    pub fn is_verified(&self, view: &DrillView) -> Option<Verified> {
        self.outcome(view.snapshot.as_ref()?)?.ok()
    }

    /// Whether its group is there and whole, so that its keys can be counted, and nobody has said yet what came of it.
    pub fn asks_for_count(&self, view: &DrillView) -> bool {
        let is_ours =
            |it: &&GroupView| Ticket::of(it).is_some_and(|it| it.snapshot == self.snapshot);
        let group = view.group.as_ref().filter(is_ours);
        let is_there = |it: &GroupView| {
            it.is_settled() && it.tags.is_some() && shard::incomplete(&it.shards).is_none()
        };
        let is_open = |it: &SnapshotView| self.outcome(it).is_none();
        group.is_some_and(is_there) && view.snapshot.as_ref().is_some_and(is_open)
    }

    /// Plans the next step: towards the group, what came of it, and its end.
    pub fn plan(
        &self,
        view: &DrillView,
        means: Means<'_>,
        now: Timestamp,
    ) -> Next<DrillStep, Refusal> {
        let Some(group) = &view.group else { return self.without_group(view, means, now) };
        let Some(ticket) = Ticket::of(group) else {
            return Next::Refuse(Undrillable::Taken { group: group.id.clone() }.into());
        };
        match &group.status {
            GroupStatus::Creating => Next::Wait(Wait::slow(WaitingOn::Restore)),
            GroupStatus::Deleting => Next::Wait(Wait::slow(WaitingOn::Deletion)),
            GroupStatus::Modifying => Next::Wait(Wait::slow(WaitingOn::Modification)),
            GroupStatus::Snapshotting => Next::Wait(Wait::slow(WaitingOn::Snapshot(None))),
            GroupStatus::Strange(_) => {
                let (group, status) = (group.id.clone(), group.status.clone());
                Next::Refuse(Refusal::Unusable { group, status })
            }
            GroupStatus::Available | GroupStatus::CreateFailed => {
                self.with_group(group, &ticket, view, now)
            }
        }
    }

    /// Nothing of the drill is there: it is over, or has to begin.
    fn without_group(
        &self,
        view: &DrillView,
        means: Means<'_>,
        now: Timestamp,
    ) -> Next<DrillStep, Refusal> {
        let Some(snapshot) = &view.snapshot else {
            let snapshot = self.snapshot.clone();
            return Next::Refuse(Unrestorable::NoSnapshot { snapshot }.into());
        };
        match self.outcome(snapshot) {
            Some(Ok(_)) => return Next::Settled,
            Some(Err(Failed { why, .. })) => {
                let snapshot = snapshot.name.clone();
                return Next::Refuse(Undrillable::Failed { snapshot, why }.into());
            }
            None => {}
        }
        // One that is in use keeps its tags back, and with them whose it is and what came of it.
        if snapshot.tags.is_none() {
            let on = WaitingOn::Snapshot(Some(snapshot.name.clone()));
            return Next::Wait(Wait::slow(on));
        }
        if !self.is_timely(now) {
            return Next::Refuse(Undrillable::NotTimely { asked: self.asked }.into());
        }
        match self.begin(snapshot, view, means, now) {
            Ok(step) => Next::Do(step),
            Err(Obstacle::Wait(wait)) => Next::Wait(wait),
            Err(Obstacle::Refuse(why)) => Next::Refuse(why),
        }
    }

    /// A group of a drill that can be torn down: of this one, or of another that nobody may be at any more.
    fn with_group(
        &self,
        group: &GroupView,
        ticket: &Ticket,
        view: &DrillView,
        now: Timestamp,
    ) -> Next<DrillStep, Refusal> {
        // Nothing is deleted that does not carry our tags, and a busy group keeps them back (facts 1.2).
        if group.tags.is_none() {
            return Next::Wait(Wait::slow(WaitingOn::Busy));
        }
        let delete = || Next::Do(DrillStep::Delete(group.id.clone()));
        let is_given_up = ticket.until.saturating_add(TOLD_AFTER).is_ok_and(|it| it <= now);
        if is_given_up {
            return delete();
        }
        if ticket.snapshot != self.snapshot {
            let on = WaitingOn::Deletion;
            return if ticket.is_over(now) { delete() } else { Next::Wait(Wait::slow(on)) };
        }
        let Some(snapshot) = &view.snapshot else { return delete() };
        if self.outcome(snapshot).is_some() {
            return delete();
        }
        match self.verdict(group, ticket, view, now) {
            Ok(verified) => mark(snapshot, verified.tags(), "it restores".to_owned()),
            Err(Doubt::Not(why)) => {
                mark(snapshot, Failed { at: second(now), why: why.clone() }.tags(), why)
            }
            Err(Doubt::Wait(wait)) => Next::Wait(wait),
        }
    }

    /// What is to be said of the snapshot.
    fn verdict(
        &self,
        group: &GroupView,
        ticket: &Ticket,
        view: &DrillView,
        now: Timestamp,
    ) -> Result<Verified, Doubt> {
        if group.status == GroupStatus::CreateFailed {
            let (group, events) = (group.id.clone(), view.events.clone());
            return Err(Doubt::Not(Unrestorable::CreateFailed { group, events }.to_string()));
        }
        if ticket.is_over(now) {
            let why = format!("it was not done by {}, when its group had to go", ticket.until);
            return Err(Doubt::Not(why));
        }
        if !group.is_settled() {
            return Err(Doubt::Wait(Wait::slow(take::unsettled(group))));
        }
        if let Some(shard) = shard::incomplete(&group.shards) {
            return Err(Doubt::Wait(Wait::slow(WaitingOn::Slots(shard.id.clone()))));
        }
        if let Some(source) = view.source.as_ref().filter(|it| it.is_settled()) {
            let differences = differences::grave(&alike(source), group);
            if !differences.is_empty() {
                let group = group.id.clone();
                return Err(Doubt::Not(
                    Unrestorable::NotAsWanted { group, differences }.to_string(),
                ));
            }
        }
        let contents = match &view.counted {
            Some(Ok(contents)) => contents,
            None => return Err(Doubt::Wait(Wait::slow(WaitingOn::Keys))),
            Some(Err(why)) if is_early(ticket, now) => {
                return Err(Doubt::Wait(Wait {
                    on: WaitingOn::Asked(why.clone()),
                    recheck: RECHECK,
                }));
            }
            Some(Err(why)) => return Err(Doubt::Not(why.clone())),
        };
        let compared = self.compared(view);
        let is_compared = compared.is_some();
        if let Some(compared) = compared.filter(|it| !it.is_well()) {
            return Err(Doubt::Not(compared.to_string()));
        }
        let took = now.duration_since(ticket.asked);
        let took = SignedDuration::from_secs(took.as_secs().max(0));
        Ok(Verified { at: second(now), keys: contents.keys, took, is_compared })
    }
}

impl Drill {
    /// The step that begins it, or everything that speaks against that.
    fn begin(
        &self,
        snapshot: &SnapshotView,
        view: &DrillView,
        means: Means<'_>,
        now: Timestamp,
    ) -> Result<DrillStep, Obstacle> {
        let name = || self.snapshot.clone();
        let not_ours = || Undrillable::NotOurs { snapshot: name() };
        let Some(source) = &view.source else {
            return Err(Obstacle::Refuse(Refusal::NoGroup(self.group.clone())));
        };
        let tags = source.tags.as_ref();
        let Some(target) = id(&self.group).filter(|_| snapshot.is_of(&self.group)) else {
            return Err(not_ours().into());
        };
        let mut whys = Vec::new();
        if tags.is_some_and(|tags| !snapshot.is_ours(&self.group, &owner(&self.group, tags))) {
            whys.push(not_ours().into());
        }
        if snapshot.status.is_whole() && snapshot.size.is_none() {
            whys.push(Refusal::Empty { snapshot: name() });
        }
        whys.extend(uncountable(source, &view.users, means).map(Refusal::from));
        let catalog = means.catalog;
        let node_type = size::node_type(snapshot, source, catalog);
        let restore = Restore {
            snapshot: name(),
            files: Vec::new(),
            manifest: None,
            target,
            from: None,
            secret: None,
            node_type,
        };
        let seen = RestoreView {
            snapshot: Some(snapshot.clone()),
            source: view.source.clone(),
            ..RestoreView::default()
        };
        let plan = match restore.begin(&seen, catalog) {
            Ok(plan) => Some(plan),
            Err(Obstacle::Refuse(why)) => {
                whys.push(why);
                None
            }
            Err(wait @ Obstacle::Wait(_)) if whys.is_empty() => return Err(wait),
            Err(Obstacle::Wait(_)) => None,
        };
        match (Refusal::all(whys), plan, tags) {
            (None, Some(plan), Some(tags)) => {
                let size = snapshot.size.unwrap_or_default();
                let until = now.saturating_add(SignedDuration::from_hours(hours(size)));
                let until = second(until.unwrap_or(now));
                let ticket = Ticket { snapshot: name(), asked: self.asked, until };
                let plan = drilled(plan, snapshot, tags, &ticket);
                let charged = self.charge(&plan, size, tags, view.spent_elsewhere, means)?;
                Ok(charged.unwrap_or_else(|| DrillStep::Create(Box::new(plan))))
            }
            (why, ..) => Err(Obstacle::Refuse(why.unwrap_or_else(|| not_ours().into()))),
        }
    }

    /// The step that counts what it may cost, unless that was taken, or why it costs too much.
    fn charge(
        &self,
        plan: &Plan,
        size: Bytes,
        tags: &Tags,
        spent_elsewhere: Dollars,
        means: Means<'_>,
    ) -> Result<Option<DrillStep>, Undrillable> {
        // One that was asked for later counted its own: one group serves both. So two at once do not count against one another for ever.
        if Bill::read(tags).is_some_and(|it| self.asked <= it.asked) {
            return Ok(None);
        }
        let Means { ceiling, catalog, .. } = means;
        let Some(hour) = size::hour(&plan.node_type, plan.shape, &plan.source, catalog) else {
            let node_type = plan.node_type.clone();
            return match ceiling {
                Ceiling::None => Ok(None),
                Ceiling::Of(_) => Err(Undrillable::NoPrice { node_type, ceiling }),
            };
        };
        let more = hour.times(u64::try_from(hours(size)).unwrap_or_default());
        let spent = Bill::spent(tags, self.asked) + spent_elsewhere;
        match ceiling {
            Ceiling::Of(most) if most < spent + more => {
                Err(Undrillable::TooExpensive { more, spent, ceiling })
            }
            Ceiling::Of(_) | Ceiling::None => {
                let tags = Bill::with(tags, more, self.asked).tags();
                let Plan { shape, node_type, .. } = plan;
                let words =
                    format!("{more} at most, for {shape} {node_type} over {} h", hours(size));
                Ok(Some(DrillStep::Charge { arn: plan.source.arn.clone(), tags, words }))
            }
        }
    }
}

/// Why the keys of a group like this one could not be counted.
fn uncountable(source: &GroupView, users: &[UserId], means: Means<'_>) -> Option<Undrillable> {
    if !means.counts_keys {
        return Some(Undrillable::OutsideVpc);
    }
    let is_closed = !source.user_groups.is_empty() && users.is_empty();
    is_closed.then(|| Undrillable::Users { group: source.id.clone() })
}

/// Why nothing good can be said of a snapshot.
enum Doubt {
    /// Not yet.
    Wait(Wait),
    /// It does not restore, for this reason.
    Not(String),
}

impl From<Undrillable> for Obstacle {
    fn from(why: Undrillable) -> Self {
        Self::Refuse(why.into())
    }
}

fn mark(snapshot: &SnapshotView, tags: Tags, words: String) -> Next<DrillStep, Refusal> {
    Next::Do(DrillStep::Mark { arn: snapshot.arn.clone(), tags, words })
}

fn is_early(ticket: &Ticket, now: Timestamp) -> bool {
    let share = ticket.until.duration_since(ticket.asked) / ASKED_AGAIN_FOR;
    ticket.asked.saturating_add(share).is_ok_and(|it| now < it)
}

/// Marks and tags tell seconds.
fn second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// The source as the group of a drill is to be like it: as closed, but with no replica, and nobody is told of it.
fn alike(source: &GroupView) -> GroupView {
    let mut like = source.clone();
    like.automatic_failover =
        if source.cluster_enabled { Toggle::Enabled } else { Toggle::Disabled };
    like.multi_az = Toggle::Disabled;
    like.logs.clear();
    like.snapshot_retention_days = 0;
    like.snapshot_window.clear();
    like.members.iter_mut().for_each(|it| it.notification_topic = None);
    like
}

/// What a restore would make, as a drill makes it: no other function may look after it.
fn drilled(plan: Plan, snapshot: &SnapshotView, tags: &Tags, ticket: &Ticket) -> Plan {
    let source = alike(&plan.source);
    let shape = size::shape(snapshot, &source).unwrap_or(plan.shape);
    let people = |key: &str| !key.starts_with("aws:") && !key.starts_with("cachewarden:");
    let theirs = tags.iter().filter(|(key, _)| people(key));
    let mut all: Tags = theirs.map(|(key, value)| (key.clone(), value.clone())).collect();
    let whose = owner_of_restored(&owner(&source.id, tags), &plan.target);
    for (key, value) in [
        (tag::OWNER, whose),
        (tag::GROUP, source.id.to_string()),
        (tag::DRILL, ticket.to_string()),
        (tag::ALARMS, "off".to_owned()),
    ] {
        all.insert(key.to_owned(), value);
    }
    Plan {
        description: ticket.description(),
        resilience: if shape.is_sharded() { Resilience::Failover } else { Resilience::None },
        shape,
        source,
        tags: all,
        ..plan
    }
}
