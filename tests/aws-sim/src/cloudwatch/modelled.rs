//! What modelled nodes have reported: computed when somebody asks, from a log of what became of each node.
//!
//! Nobody looks at most of what nodes report, and ten thousand groups report a lot. So nothing is kept but changes, and what a node was
//! in a minute that is over, no later change alters.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::MINUTE;
use super::node::{self, Node, Role};
use super::series::{Sample, ceil, floor};
use crate::State;
use crate::elasticache::model::{Group, Member, Status};
use crate::elasticache::node_type;
use crate::settings::DataPlane;

/// What became of modelled nodes, and what tests hold of them.
#[derive(Debug, Default)]
pub(super) struct Modelled {
    /// By member, oldest first.
    nodes: BTreeMap<Arc<str>, Vec<Record>>,
    /// The members that a group has or had.
    members: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// By member and metric: the values that it was held at, and since when each.
    held: BTreeMap<String, BTreeMap<String, Vec<(Timestamp, f64)>>>,
    swept_at: Option<Timestamp>,
}

/// What a node is from some time on. Nothing: it does not serve.
#[derive(Debug)]
struct Record {
    at: Timestamp,
    node: Option<Node>,
}

/// So long CloudWatch keeps what is reported every minute.
pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(24 * 15);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A span of time: from one, until just before another.
pub(super) type Span = (Timestamp, Timestamp);

/// Has a member's metric report this value every minute from now on, until another is held. What it reported before stays.
pub fn hold(state: &mut State, member: &str, metric: &str, value: f64) {
    let held = state.cloudwatch.modelled.held.entry(member.to_owned()).or_default();
    held.entry(metric.to_owned()).or_default().push((state.now, value));
}

/// Writes down what has become of nodes. To be called before time passes, as what is found is true from now on.
pub(crate) fn note_changes(state: &mut State) {
    let touched = state.elasticache.groups.take_touched();
    if state.settings.data_plane == DataPlane::Real {
        return;
    }
    for id in touched {
        let id = state.cloudwatch.modelled.known(&id);
        let group = state.elasticache.groups.get(&*id);
        let members = group.into_iter().flat_map(|it| it.members.values().map(move |of| (it, of)));
        let seen = members.map(|(group, it)| (it.id.clone(), seen(state, &id, group, it)));
        let seen = seen.collect::<Vec<_>>();
        state.cloudwatch.modelled.note(state.now, &id, seen);
    }
    state.cloudwatch.modelled.sweep(state.now);
}

/// What a member is now.
fn seen(state: &State, id: &Arc<str>, group: &Group, member: &Member) -> Option<Node> {
    let role = if state.elasticache.standalone.contains(&group.id) {
        Role::Alone
    } else if !group.is_primary(&member.id) {
        Role::Replica
    } else if group.is_lone(member) {
        Role::Single
    } else {
        Role::Primary
    };
    Some(Node {
        group: Arc::clone(id),
        role,
        saving: member.status == Status::Snapshotting,
        since: group.since(member)?,
        used: group.bytes_of(member),
        room: state.room(group, member),
        kind: node_type::find(&member.node_type),
    })
}

impl Modelled {
    /// One text for each group, shared by all that is known of its nodes.
    fn known(&self, group: &str) -> Arc<str> {
        let known = self.members.get_key_value(group);
        known.map_or_else(|| group.into(), |(it, _)| Arc::clone(it))
    }

    fn note(&mut self, at: Timestamp, group: &Arc<str>, seen: Vec<(String, Option<Node>)>) {
        // A member that is in another group by now has not gone.
        let is_here = |it: &&Arc<str>| self.last(it).is_some_and(|it| it.group == *group);
        let there = self.members.get(group).into_iter().flatten().filter(is_here);
        let gone = there.filter(|it| !seen.iter().any(|(member, _)| **member == ***it));
        for member in gone.map(Arc::clone).collect::<Vec<_>>() {
            self.push(&member, at, None);
        }
        for (member, node) in seen {
            if node.is_none() && !self.nodes.contains_key(&*member) {
                continue;
            }
            let known = self.nodes.get_key_value(&*member).map(|(it, _)| Arc::clone(it));
            let member = known.unwrap_or_else(|| member.into());
            self.members.entry(Arc::clone(group)).or_default().insert(Arc::clone(&member));
            self.push(&member, at, node);
        }
    }

    fn last(&self, member: &str) -> Option<&Node> {
        self.nodes.get(member)?.last()?.node.as_ref()
    }

    fn push(&mut self, member: &Arc<str>, at: Timestamp, node: Option<Node>) {
        let records = self.nodes.entry(Arc::clone(member)).or_default();
        if records.last().is_some_and(|it| it.node == node) {
            return;
        }
        // What it was for no time at all, nobody has seen.
        records.pop_if(|it| it.at == at);
        records.push(Record { at, node });
        let old = records.partition_point(|it| it.at <= at - KEPT);
        records.drain(..old.saturating_sub(1));
    }

    /// Forgets nodes that went long ago.
    fn sweep(&mut self, now: Timestamp) {
        if self.swept_at.is_some_and(|it| now < it + DAY) {
            return;
        }
        self.swept_at = Some(now);
        let gone = |it: &Record| it.node.is_none() && it.at <= now - KEPT;
        self.nodes.retain(|_, records| !records.last().is_some_and(gone));
        let nodes = &self.nodes;
        self.members.retain(|_, members| {
            members.retain(|it| nodes.contains_key(it));
            !members.is_empty()
        });
    }
}

/// Of which nodes a metric is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of<'a> {
    /// Of one.
    Member(&'a str),
    /// Of all of a group, or of its primary or its replicas only.
    Group(&'a str, Option<bool>),
}

impl Of<'_> {
    fn fits(self, node: &Node) -> bool {
        match self {
            Self::Member(_) => true,
            Self::Group(group, primary) => {
                node.role != Role::Alone
                    && *node.group == *group
                    && primary.is_none_or(|it| it == (node.role != Role::Replica))
            }
        }
    }
}

/// A time in which nothing of a node changed: the minutes from one until before another.
struct Stretch<'a> {
    minutes: Span,
    node: &'a Node,
}

impl Modelled {
    /// What was reported for the minutes of a span that are over.
    pub(super) fn samples(
        &self,
        of: Of<'_>,
        name: &str,
        span: Span,
        now: Timestamp,
    ) -> Vec<Sample> {
        let reported = node::find(name);
        let every = reported.map_or(MINUTE, |it| it.every);
        let mut samples = Vec::new();
        for member in self.members(of) {
            let held = self.held.get(member).and_then(|it| it.get(name));
            for stretch in self.stretches(member, span, now).filter(|it| of.fits(it.node)) {
                let calm = reported.and_then(|it| it.of(stretch.node));
                if calm.is_none() && held.is_none() {
                    continue;
                }
                samples.reserve(count(stretch.minutes, every));
                let times = times(stretch.minutes, every);
                let value = |at| held.and_then(|it| held_at(it, at)).or(calm);
                samples.extend(times.filter_map(|it| Some(Sample::one(it, value(it)?))));
            }
        }
        samples
    }

    /// Whether anything was reported in a span.
    pub(super) fn has(&self, of: Of<'_>, name: &str, span: Span, now: Timestamp) -> bool {
        let reported = node::find(name);
        let every = reported.map_or(MINUTE, |it| it.every);
        self.members(of).into_iter().any(|member| {
            let held = self.held.get(member).and_then(|it| it.get(name));
            let is_held = |at| held.is_some_and(|it| held_at(it, at).is_some());
            let reports = |it: &Stretch<'_>| reported.is_some_and(|by| by.of(it.node).is_some());
            let mut stretches = self.stretches(member, span, now).filter(|it| of.fits(it.node));
            stretches.any(|it| {
                let (mut times, by_itself) = (times(it.minutes, every), reports(&it));
                (by_itself || held.is_some()) && times.any(|at| by_itself || is_held(at))
            })
        })
    }

    fn members<'a>(&'a self, of: Of<'a>) -> Vec<&'a str> {
        match of {
            Of::Member(member) => vec![member],
            Of::Group(group, _) => {
                self.members.get(group).into_iter().flatten().map(|it| &**it).collect()
            }
        }
    }

    /// A minute shows what was at its end. A node reports for minutes in all of which it served.
    fn stretches(
        &self,
        member: &str,
        span: Span,
        now: Timestamp,
    ) -> impl Iterator<Item = Stretch<'_>> {
        let records = self.nodes.get(member).map_or(&[][..], Vec::as_slice);
        let (from, until) = (span.0.max(now - KEPT), span.1.min(floor(now, MINUTE)));
        let first = records.partition_point(|it| it.at <= from).saturating_sub(1);
        let records = records.get(first..).unwrap_or_default();
        let ends = records.iter().skip(1).map(|it| floor(it.at, MINUTE));
        let ends = ends.chain([until]).map(move |it| it.min(until));
        let within = records.iter().zip(ends).take_while(move |(it, _)| it.at < until);
        within.filter_map(move |(record, end)| {
            let node = record.node.as_ref()?;
            let begin = floor(record.at, MINUTE).max(ceil(node.since.max(from), MINUTE));
            Some(Stretch { minutes: (begin, end), node })
        })
    }

    /// The members of which something is known, in their order.
    pub(super) fn nodes_from(&self, first: &str) -> impl Iterator<Item = &str> {
        let from = (Bound::Included(first), Bound::Unbounded);
        self.nodes.range::<str, _>(from).map(|(it, _)| &**it)
    }

    /// The groups of which something is known, in their order.
    pub(super) fn groups(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(|it| &**it)
    }

    /// The names of all metrics, in their order.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        let held = self.held.values().flat_map(|it| it.keys().map(String::as_str));
        node::REPORTED.iter().map(|it| it.name).chain(held).collect()
    }
}

/// The times of a span at which something is reported that often.
fn times((from, until): Span, every: SignedDuration) -> impl Iterator<Item = Timestamp> {
    let first = ceil(from, every);
    let next = move |it: &Timestamp| it.checked_add(every).ok();
    std::iter::successors(Some(first), next).take_while(move |it| *it < until)
}

/// At most so many times are that.
fn count((from, until): Span, every: SignedDuration) -> usize {
    let whole = until.duration_since(from).as_secs() / every.as_secs().max(1);
    usize::try_from(whole.saturating_add(1)).unwrap_or_default()
}

/// What a metric was held at, at the end of a minute.
fn held_at(held: &[(Timestamp, f64)], minute: Timestamp) -> Option<f64> {
    let place = held.partition_point(|(since, _)| *since < minute + MINUTE);
    held.get(place.checked_sub(1)?).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + minute * 60).unwrap()
    }

    fn node(used: u64) -> Node {
        Node {
            group: "orders".into(),
            role: Role::Single,
            saving: false,
            since: at(0),
            used,
            room: 100,
            kind: None,
        }
    }

    fn used(log: &Modelled, span: (i64, i64), now: i64) -> Vec<f64> {
        let span = (at(span.0), at(span.1));
        let samples = log.samples(Of::Member("orders-001"), "BytesUsedForCache", span, at(now));
        samples.into_iter().map(|it| it.sum).collect()
    }

    #[test]
    fn a_log_keeps_what_changed_and_no_longer_than_it_is_asked_for() {
        let (mut log, group) = (Modelled::default(), Arc::from("orders"));
        let note = |log: &mut Modelled, minute: i64, node: Option<Node>| {
            log.note(at(minute), &group, vec![("orders-001".to_owned(), node)]);
            log.sweep(at(minute));
            log.nodes.get("orders-001").map_or(0, Vec::len)
        };
        assert_eq!(note(&mut log, 0, None), 0, "one that never served has nothing to tell");
        assert_eq!(note(&mut log, 0, Some(node(1))), 1);
        assert_eq!(note(&mut log, 60, Some(node(1))), 1);
        assert_eq!(note(&mut log, 100, Some(node(2))), 2);
        assert_eq!(note(&mut log, 100, Some(node(3))), 2, "nobody has seen the other");
        assert_eq!(used(&log, (98, 102), 200), [1.0, 1.0, 3.0, 3.0]);
        assert_eq!(used(&log, (198, 300), 200), [3.0, 3.0], "the future is not told");
        let kept = KEPT.as_mins();
        assert_eq!(note(&mut log, kept + 99, Some(node(4))), 3);
        assert_eq!(used(&log, (0, 101), kept + 99), [1.0, 3.0], "the first is too long ago");
        assert_eq!(note(&mut log, kept + 100, Some(node(5))), 3, "and forgotten");
        assert_eq!(note(&mut log, kept + 101, None), 4);
        let gone = kept * 2 + 102;
        log.note(at(gone), &"bills".into(), vec![("bills-001".to_owned(), Some(node(1)))]);
        log.sweep(at(gone));
        assert_eq!(log.nodes.keys().map(|it| &**it).collect::<Vec<_>>(), ["bills-001"]);
        assert_eq!(log.groups().collect::<Vec<_>>(), ["bills"]);
    }

    #[test]
    fn what_serves_for_part_of_a_minute_does_not_report_for_it() {
        let (mut log, group) = (Modelled::default(), Arc::from("orders"));
        let half = at(3) + SignedDuration::from_secs(30);
        let started = Some(Node { since: half, ..node(7) });
        log.note(half, &group, vec![("orders-001".to_owned(), started)]);
        let stopped = at(6) + SignedDuration::from_secs(30);
        log.note(stopped, &group, Vec::new());
        assert_eq!(used(&log, (0, 10), 10), [7.0, 7.0], "minutes 4 and 5");
        let span = |from: i64, until: i64| (at(from), at(until));
        let has = |span| log.has(Of::Member("orders-001"), "BytesUsedForCache", span, at(10));
        assert!(has(span(5, 9)) && !has(span(0, 4)) && !has(span(6, 9)));
    }
}
