//! The decision.

mod guards;
mod judge;
mod size;

use std::ops::ControlFlow::{self, Break, Continue};

use jiff::Timestamp;

use super::change::{has_type, replica_count};
use super::offer::Offer;
use super::sizing::{Bounds, Rule};
use super::{
    Act, Advice, Change, Deferred, Failures, Load, LoadView, Made, Mode, Move, Moves, NotTaken,
    Policy, Question, Refusal, Step, Undertaking, Verdict, Watch, offer,
};
use crate::alarm::AlarmSet;
use crate::asked::Asked;
use crate::engine::Engine;
use crate::group::Toggle;
use crate::{
    Catalog, GroupStatus, GroupView, Next, NodeType, Problems, Tags, Wait, WaitingOn, tag,
};

/// Decides what to do about a group, or what else has to be known to decide.
///
/// An event only says "look now": the same decision is made whatever the event, so a duplicate, a late and a lost one do no harm.
pub fn decide(catalog: &Catalog, view: &LoadView, now: Timestamp) -> Verdict {
    match weigh(catalog, view, now) {
        Break(verdict) => verdict,
        Continue(()) => Verdict::Plan(Next::Settled),
    }
}

pub(super) use size::a_month;

/// Goes on, or has its verdict.
type Flow<T = ()> = ControlFlow<Verdict, T>;

fn refuse<T>(refusal: Refusal) -> Flow<T> {
    Break(Verdict::Plan(Next::Refuse(refusal)))
}

fn wait<T>(on: WaitingOn) -> Flow<T> {
    Break(Verdict::Plan(Next::Wait(Wait::slow(on))))
}

fn answer<T>(known: Option<&T>, question: Question) -> Flow<&T> {
    known.map_or(Break(Verdict::Ask(question)), Continue)
}

/// A group that takes changes, and what is allowed with it.
pub(super) struct Case<'a> {
    catalog: &'a Catalog,
    view: &'a LoadView,
    group: &'a GroupView,
    tags: &'a Tags,
    pub(super) policy: Policy,
    engine: Engine,
    now: Timestamp,
}

/// What a group may have, and by what numbers that is chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The node types.
    pub offer: Offer,
    /// What the operator says.
    pub bounds: Bounds,
    /// The numbers.
    pub rule: Rule,
}

/// The same without any decision, for who tries a past: whatever state the group is in, and as if its mode let everything be done.
///
/// # Errors
///
/// Why no size of it is ever chosen.
pub fn setting(
    catalog: &Catalog,
    view: &LoadView,
    now: Timestamp,
) -> Result<Setting, Box<Refusal>> {
    let of = || -> Flow<Setting> {
        let Some(group) = &view.group else { return refuse(Refusal::Gone) };
        let mut tags = group.tags.clone().unwrap_or_default();
        tags.insert(tag::AUTOSCALE.to_owned(), "full".to_owned());
        let case = Case::of(catalog, view, group, &tags, now)?;
        let Some(entry) = group.node_type.as_ref().and_then(|it| catalog.find(it)) else {
            return refuse(Refusal::UnknownType(group.node_type.clone()));
        };
        case.is_small_enough()?;
        let loads = answer(view.load.as_ref(), Question::Load)?;
        let ground = case.ground(entry, loads, view.parameters.as_ref())?;
        Continue(Setting { offer: ground.offer, bounds: ground.bounds, rule: ground.rule })
    };
    match of() {
        Continue(setting) => Ok(setting),
        Break(Verdict::Plan(Next::Refuse(refusal))) => Err(Box::new(refusal)),
        Break(Verdict::Ask(question)) => Err(Box::new(Refusal::Unanswered(question))),
        Break(Verdict::Plan(Next::Settled | Next::Wait(_) | Next::Do(_))) => {
            Err(Box::new(Refusal::Off))
        }
    }
}

fn weigh(catalog: &Catalog, view: &LoadView, now: Timestamp) -> Flow {
    let Some(group) = &view.group else { return refuse(Refusal::Gone) };
    let Some(tags) = &group.tags else { return untold(catalog, view, group) };
    match Policy::read(tags, catalog) {
        Ok(None) => return refuse(Refusal::NotOurs),
        Err(problems) => return refuse(Refusal::BadPolicy(problems)),
        Ok(Some(policy)) => tended(&policy, tags)?,
    }
    ready(group)?;
    let case = Case::of(catalog, view, group, tags, now)?;
    case.follow_up()?;
    let sized = case.sized();
    if let Continue(()) | Break(Verdict::Plan(Next::Settled | Next::Refuse(_))) = &sized {
        case.judge()?;
    }
    sized
}

/// Waits for a group that does not tell its tags, since it is busy or going (facts 1.2), and only where it is known to be ours:
/// a group of somebody else's is recorded once and not watched for hours.
fn untold(catalog: &Catalog, view: &LoadView, group: &GroupView) -> Flow {
    let listed = answer(view.listed.as_ref(), Question::ListedTags)?;
    match Policy::read(listed, catalog) {
        Ok(None) => return refuse(Refusal::NotOurs),
        Ok(Some(policy)) => tended(&policy, listed)?,
        // The list lags behind, and the operator may have put it right: the group itself is asked when it is free.
        Err(_) => {}
    }
    ready(group)?;
    wait(WaitingOn::Busy)
}

/// Lets only a group pass that may be acted on: one with its policy off only to finish or to forget what was begun before.
fn tended(policy: &Policy, tags: &Tags) -> Flow {
    match policy.mode {
        Mode::Off if Undertaking::read(tags).is_none() => refuse(Refusal::Off),
        Mode::Off | Mode::Recommend | Mode::UpOnly | Mode::Full => Continue(()),
    }
}

/// Lets only a group pass that takes changes: one operation at a time (facts 1.7).
fn ready(group: &GroupView) -> Flow {
    match &group.status {
        GroupStatus::Available => {}
        GroupStatus::Creating => return wait(WaitingOn::Creation),
        GroupStatus::Modifying => return wait(WaitingOn::Modification),
        GroupStatus::Snapshotting => return wait(WaitingOn::Snapshot(None)),
        status @ (GroupStatus::Deleting | GroupStatus::CreateFailed | GroupStatus::Strange(_)) => {
            return refuse(Refusal::Unusable(status.to_string()));
        }
    }
    if group.token_change.is_some() {
        return wait(WaitingOn::TokenChange);
    }
    match group.members.iter().find(|it| !it.is_settled()) {
        Some(member) => wait(WaitingOn::Member(member.id.to_string())),
        None if group.is_settled() && is_told(group) => Continue(()),
        None => wait(WaitingOn::Modification),
    }
}

/// Whether each member is told to be in a shard, where there are shards: one that comes or goes is in none.
fn is_told(group: &GroupView) -> bool {
    let told: usize = group.shards.iter().map(|it| it.members.len()).sum();
    !group.cluster_enabled || told == group.member_ids.len()
}

impl<'a> Case<'a> {
    /// A group that may be sized, whatever it is busy with.
    pub(super) fn of(
        catalog: &'a Catalog,
        view: &'a LoadView,
        group: &'a GroupView,
        tags: &'a Tags,
        now: Timestamp,
    ) -> Flow<Self> {
        let policy = match Policy::read(tags, catalog) {
            Ok(None) => return refuse(Refusal::NotOurs),
            Err(problems) => return refuse(Refusal::BadPolicy(problems)),
            Ok(Some(policy)) => policy,
        };
        let tiered =
            group.node_type.as_ref().and_then(|it| catalog.find(it)).filter(|it| it.data_tiering);
        if let Some(tiered) = tiered {
            return refuse(Refusal::DataTiering(tiered.node_type.clone()));
        }
        let engine = group.members.first().map(|it| it.engine.as_str()).unwrap_or_default();
        let Ok(engine) = engine.parse() else {
            return refuse(Refusal::UnknownEngine(engine.to_owned()));
        };
        Continue(Self { catalog, view, group, tags, policy, engine, now })
    }
}

impl Case<'_> {
    fn sized(&self) -> Flow {
        self.is_small_enough()?;
        self.fits_its_group()?;
        self.may_change()?;
        self.size()
    }

    /// Whether its metrics can be read at all. Without it, one group of hundreds of nodes takes the function down, and all others with it.
    fn is_small_enough(&self) -> Flow {
        let nodes = self.group.member_ids.len();
        if nodes <= Load::NODES_MAX { Continue(()) } else { refuse(Refusal::TooLarge(nodes)) }
    }

    /// Finishes what was begun: makes the change, sees that it took, puts the alarms right, tells.
    fn follow_up(&self) -> Flow {
        let Some(undertaking) = Undertaking::read(self.tags) else { return self.foreign() };
        if undertaking.is_there(self.group) {
            return self.conclude(undertaking);
        }
        let failures = self.failures();
        if failures.of(&undertaking.change).is_some_and(|it| undertaking.at <= it.at) {
            return self.act(Act::Forget(undertaking));
        }
        // A call made just now cannot have failed yet, and needs no look at the events.
        if undertaking.is_older_than(LOOK_AT_EVENTS_AFTER, self.now) {
            let events = answer(self.view.events.as_ref(), Question::Events(undertaking.at))?;
            let failed = events.iter().any(|it| tells_failure(it, &undertaking.change));
            if failed || undertaking.is_older_than(Undertaking::GIVEN_UP_AFTER, self.now) {
                let failures = failures.with(&undertaking.change, whole_seconds(self.now), false);
                let events = events.clone();
                return self.act(Act::NoteFailure(NotTaken { undertaking, events, failures }));
            }
        }
        if undertaking.is_older_than(Undertaking::RETRIED_FOR, self.now) {
            return wait(WaitingOn::Modification);
        }
        if !self.allows(&undertaking) {
            return self.act(Act::Forget(undertaking));
        }
        self.undeferred(Some(&undertaking.change))?;
        self.is_left_to_us()?;
        self.act(Act::Repeat(undertaking))
    }

    /// Whether the policy of now allows what was noted under that of then: the operator may have changed it since.
    fn allows(&self, undertaking: &Undertaking) -> bool {
        let (may_grow, may_shrink) = match self.policy.mode {
            Mode::Off | Mode::Recommend => (false, false),
            Mode::UpOnly => (true, false),
            Mode::Full => (true, true),
        };
        match (&undertaking.from, &undertaking.change) {
            (Change::Replicas(from), Change::Replicas(to)) if to < from => {
                may_shrink && self.fewest_replicas() <= *to
            }
            (_, Change::Replicas(to)) => may_grow && *to <= self.policy.max_replicas,
            (Change::NodeType(from), Change::NodeType(to)) => {
                let is_offered = offer::is_allowed(self.catalog, from, to, &self.policy);
                let price =
                    |it: &NodeType| self.catalog.find(it)?.price(self.engine).map(|it| it.hour);
                let grows = price(from) < price(to);
                is_offered && if grows { may_grow } else { may_shrink }
            }
            (Change::Replicas(_), Change::NodeType(_)) => false,
        }
    }

    /// Keeps from carrying out what somebody put off until the maintenance window, as any call would; our own change is none of those.
    fn undeferred(&self, ours: Option<&Change>) -> Flow {
        for member in &self.group.members {
            if let Some(version) = &member.pending_engine_version {
                return refuse(Refusal::Deferred(Deferred::EngineVersion(version.clone())));
            }
            let node_type = member.pending_node_type.clone();
            let foreign = node_type.filter(|it| ours != Some(&Change::NodeType(it.clone())));
            if let Some(to) = foreign {
                return refuse(Refusal::Deferred(Deferred::NodeType(to)));
            }
        }
        Continue(())
    }

    /// Keeps away from a change that another function or a person has asked for and that is not there yet.
    fn foreign(&self) -> Flow {
        let Some(asked) = Asked::read(self.tags) else { return Continue(()) };
        let there = NodeType::parse(&asked.value).is_ok_and(|it| has_type(self.group, &it));
        if there || asked.is_overdue(self.now) {
            return Continue(());
        }
        refuse(Refusal::ForeignChange(asked.to_string()))
    }

    fn conclude(&self, undertaking: Undertaking) -> Flow {
        let set = self.alarm_set();
        let alarms = answer(self.view.alarms.as_ref(), Question::Alarms(set.clone()))?;
        if !alarms.put.is_empty() {
            let set = AlarmSet { specs: alarms.put.clone(), ..set };
            return self.act(Act::PutAlarms { set });
        }
        if !alarms.delete.is_empty() {
            return self.act(Act::DeleteAlarms { names: alarms.delete.clone() });
        }
        if self.changed_at().is_none_or(|it| it < undertaking.at) {
            let at = whole_seconds(self.now);
            let (moves, watch) = (self.moved(&undertaking), Watch::of(&undertaking, at));
            return self.act(Act::NoteChanged { at, moves, watch });
        }
        let before = undertaking.from.monthly(self.group, self.catalog);
        let after = undertaking.change.monthly(self.group, self.catalog);
        let moves = self.moves();
        let made = Made { undertaking, before, after, moves, at: self.now };
        self.act(Act::Conclude(Box::new(made)))
    }

    /// The changes of the node type of late, and this one, where it is one.
    fn moved(&self, undertaking: &Undertaking) -> Option<Moves> {
        let (Change::NodeType(from), Change::NodeType(to)) =
            (&undertaking.from, &undertaking.change)
        else {
            return None;
        };
        let price = |it: &NodeType| self.catalog.find(it)?.price(self.engine).map(|it| it.hour);
        let at = whole_seconds(self.now);
        Some(self.moves().with(Move { is_up: price(from) < price(to), at }))
    }

    fn alarm_set(&self) -> AlarmSet {
        AlarmSet::of(self.group, self.tags, self.policy.alarms.clone())
    }

    /// Whether anything may be changed at all now.
    fn may_change(&self) -> Flow {
        self.undeferred(None)?;
        self.rested(self.changed_at(), self.policy.up_cooldown())
    }

    fn rested(&self, since: Option<Timestamp>, cooldown: jiff::SignedDuration) -> Flow {
        let until = since.and_then(|it| it.saturating_add(cooldown).ok());
        match until.filter(|it| self.now < *it) {
            Some(until) => refuse(Refusal::CoolingDown(until)),
            None => Continue(()),
        }
    }

    /// Writes down a change and its reason, or leaves it to a person.
    fn begin(&self, change: Change, why: String) -> Flow {
        let failures = self.failures();
        let same = failures.of(&change).filter(|it| self.now < it.until());
        if let Some(failed) = failures.denied(self.now).or(same) {
            return refuse(Refusal::BackingOff(failed.clone()));
        }
        self.is_left_to_us()?;
        match self.policy.mode {
            Mode::Off => refuse(Refusal::Off),
            Mode::Recommend => refuse(Refusal::Recommended(self.advice(change, why))),
            Mode::UpOnly | Mode::Full => {
                let from = self.present(&change);
                let at = whole_seconds(self.now);
                self.act(Act::Begin(Undertaking { change, from, at, why }))
            }
        }
    }

    /// Keeps away from a group that Application Auto Scaling scales, which it does with shards only (facts 4.5). Without it, the two would fight.
    fn is_left_to_us(&self) -> Flow {
        if !self.group.cluster_enabled {
            return Continue(());
        }
        let dimensions = answer(self.view.registered.as_ref(), Question::Registered)?;
        if dimensions.is_empty() {
            return Continue(());
        }
        refuse(Refusal::Registered(dimensions.clone()))
    }

    /// What a person would do, and what it would cost.
    fn advice(&self, change: Change, why: String) -> Advice {
        let command = change.command(self.group);
        let before = self.present(&change).monthly(self.group, self.catalog);
        let after = change.monthly(self.group, self.catalog);
        Advice { change, why, command, before, after }
    }

    fn failures(&self) -> Failures {
        Failures::read(self.tags)
    }

    fn moves(&self) -> Moves {
        Moves::read(self.tags)
    }

    /// What there is now of what is to be changed.
    fn present(&self, change: &Change) -> Change {
        match (change, &self.group.node_type) {
            (Change::NodeType(_), Some(node_type)) => Change::NodeType(node_type.clone()),
            (Change::NodeType(to), None) => Change::NodeType(to.clone()),
            (Change::Replicas(_), _) => Change::Replicas(replica_count(self.group)),
        }
    }

    fn act(&self, act: Act) -> Flow {
        let (group, arn) = (self.group.id.clone(), self.group.arn.clone());
        let shards = match &act {
            Act::Begin(it) | Act::Repeat(it) => it.shards(self.group),
            Act::PutAlarms { .. }
            | Act::DeleteAlarms { .. }
            | Act::NoteChanged { .. }
            | Act::Conclude(_)
            | Act::Judge(_)
            | Act::NoteFailure(_)
            | Act::Forget(_) => Vec::new(),
        };
        let step = Step { group, arn, shards, failures: self.failures(), act };
        Break(Verdict::Plan(Next::Do(step)))
    }

    fn changed_at(&self) -> Option<Timestamp> {
        self.tags.get(tag::CHANGED)?.parse().ok()
    }

    /// Failover and Multi-AZ each need a replica, whatever the policy says (facts 4.4). Where nobody says how many, one is left, and none is made.
    fn fewest_replicas(&self) -> u32 {
        let is_stated = self.tags.contains_key(tag::AUTOSCALE_MIN_REPLICAS);
        let has = if is_stated { u32::MAX } else { replica_count(self.group) };
        self.policy.min_replicas.min(has).max(self.replicas_needed())
    }

    /// With shards, failover is always on and needs none.
    fn replicas_needed(&self) -> u32 {
        let fails_over =
            !self.group.cluster_enabled && self.group.automatic_failover != Toggle::Disabled;
        u32::from(fails_over || self.group.multi_az != Toggle::Disabled)
    }

    /// Refuses bounds that somebody wrote and the group cannot have.
    fn fits_its_group(&self) -> Flow {
        let needed = self.replicas_needed();
        let mut problems = Problems::default();
        let bounds = [
            (tag::AUTOSCALE_MIN_REPLICAS, self.policy.min_replicas),
            (tag::AUTOSCALE_MAX_REPLICAS, self.policy.max_replicas),
        ];
        for (key, count) in bounds {
            if count < needed && self.tags.contains_key(key) {
                let rule =
                    format!("{count} is less than the {needed} that failover and Multi-AZ need");
                problems.add(key, rule);
            }
        }
        if problems.is_empty() { Continue(()) } else { refuse(Refusal::BadPolicy(problems)) }
    }
}

/// Whether an event says that this change failed. The words are AWS's own (facts 4.3); without them, time tells.
fn tells_failure(event: &str, change: &Change) -> bool {
    match change {
        Change::NodeType(to) => {
            event.contains("Failed applying modification") && event.contains(to.as_str())
        }
        Change::Replicas(_) => false,
    }
}

/// Tags hold whole seconds, so that what is written compares equal to what is read.
fn whole_seconds(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// No change fails within seconds.
const LOOK_AT_EVENTS_AFTER: jiff::SignedDuration = jiff::SignedDuration::from_secs(10);

#[cfg(test)]
pub(in crate::autoscale) mod tests;
