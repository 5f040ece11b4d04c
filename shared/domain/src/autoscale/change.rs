//! A change that the autoscaler makes, and what is written on the group about it.
//!
//! The tag is written before the call: whoever looks next, after a crash or beside us, sees what was meant, why, and since when, and
//! finishes it. The calls state the result and not the difference, so finishing what is done already does no harm.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use crate::asked::{Asked, AskedField};
use crate::cost::{self, MonthlyCost};
use crate::shard::ShardView;
use crate::{Catalog, GroupView, NodeType, Tags, tag};

/// What is changed, to what.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// The node type of every member.
    NodeType(NodeType),
    /// The number of replicas.
    Replicas(u32),
}

/// A change under way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Undertaking {
    /// What is to be.
    pub change: Change,
    /// What was there before.
    pub from: Change,
    /// When it was decided, in whole seconds.
    pub at: Timestamp,
    /// What was seen, in words that a tag may hold.
    pub why: String,
}

/// A change that did not take.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failed {
    /// What should have been.
    pub change: Change,
    /// When that was found out the last time.
    pub at: Timestamp,
    /// How often in a row.
    pub times: u32,
    /// Whether the call was denied, as any other change would be.
    pub is_denied: bool,
}

/// The changes that did not take of late, the newest last.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Failures(Vec<Failed>);

impl Change {
    /// What a group costs in a month with this change, or with this of it unchanged. Shards that have more replicas than others are counted as if they
    /// had not.
    pub fn monthly(&self, group: &GroupView, catalog: &Catalog) -> Option<MonthlyCost> {
        let engine = group.members.first()?.engine.parse().ok()?;
        let (node_type, replicas) = match self {
            Self::NodeType(to) => (to, replica_count(group)),
            Self::Replicas(to) => (group.node_type.as_ref()?, *to),
        };
        let nodes = u64::from(shard_count(group)) * (u64::from(replicas) + 1);
        cost::monthly(catalog, node_type, engine, nodes)
    }

    /// The command that makes this change by hand.
    pub fn command(&self, group: &GroupView) -> String {
        let id = &group.id;
        match self {
            Self::NodeType(to) => format!(
                "aws elasticache modify-replication-group --replication-group-id {id} --cache-node-type {to} --apply-immediately"
            ),
            Self::Replicas(to) => {
                let is_more = replica_count(group) < *to;
                let verb = if is_more { "increase" } else { "decrease" };
                let shards = if is_more { lacking(group, *to) } else { beyond(group, *to) };
                let count = if shards.len() == group.shards.len() {
                    format!("--new-replica-count {to}")
                } else {
                    let each = |it: &String| format!(" NodeGroupId={it},NewReplicaCount={to}");
                    let each: String = shards.iter().map(each).collect();
                    format!("--replica-configuration{each}")
                };
                format!(
                    "aws elasticache {verb}-replica-count --replication-group-id {id} {count} --apply-immediately"
                )
            }
        }
    }
}

/// How many replicas each primary of a group has, by those that it lists; where shards have not the same number, the smallest of them. Roles are not
/// asked, they are absent for a while after a failover.
pub fn replica_count(group: &GroupView) -> u32 {
    if group.cluster_enabled {
        return group.shards.iter().map(ShardView::replicas).min().unwrap_or_default();
    }
    u32::try_from(group.member_ids.len().saturating_sub(1)).unwrap_or(u32::MAX)
}

/// How many primaries share the keys of a group.
pub fn shard_count(group: &GroupView) -> u32 {
    if group.cluster_enabled { u32::try_from(group.shards.len()).unwrap_or(u32::MAX) } else { 1 }
}

fn most_replicas(group: &GroupView) -> u32 {
    let most = group.shards.iter().map(ShardView::replicas).max();
    most.filter(|_| group.cluster_enabled).unwrap_or_else(|| replica_count(group))
}

/// Whether a group and every member of it have this node type.
pub fn has_type(group: &GroupView, node_type: &NodeType) -> bool {
    group.node_type.as_ref() == Some(node_type)
        && group.members.iter().all(|it| it.node_type.as_ref() == Some(node_type))
}

/// The shards that have fewer replicas than so many.
fn lacking(group: &GroupView, than: u32) -> Vec<String> {
    named(group, |it| it.replicas() < than)
}

/// The shards that have more replicas than so many.
fn beyond(group: &GroupView, than: u32) -> Vec<String> {
    named(group, |it| than < it.replicas())
}

fn named(group: &GroupView, is_one: impl Fn(&ShardView) -> bool) -> Vec<String> {
    group.shards.iter().filter(|it| is_one(it)).map(|it| it.id.clone()).collect()
}

impl Undertaking {
    /// For this long the call is made again where its effect is not there: whoever wrote the tag may have died before the call, and
    /// another change may have come between.
    pub const RETRIED_FOR: SignedDuration = SignedDuration::from_mins(20);
    /// After the last call a look may be stale (facts 1.2): this much later, what is not there did not take.
    pub const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_mins(22);

    /// Whether the group and every member are so, by value: `available` alone proves nothing (facts 4.3). A shard that somebody gave more replicas than were
    /// asked for, or left fewer, is none to be put right.
    pub fn is_there(&self, group: &GroupView) -> bool {
        match (&self.from, &self.change) {
            (_, Change::NodeType(to)) => has_type(group, to),
            (Change::Replicas(from), Change::Replicas(to)) if to < from => {
                most_replicas(group) <= *to
            }
            (_, Change::Replicas(to)) => *to <= replica_count(group),
        }
    }

    /// The shards whose replicas are to be changed; none where it is all of them, or where it is not about replicas.
    pub fn shards(&self, group: &GroupView) -> Vec<String> {
        let named = match (&self.from, &self.change) {
            (_, Change::NodeType(_)) => Vec::new(),
            (Change::Replicas(from), Change::Replicas(to)) if to < from => beyond(group, *to),
            (_, Change::Replicas(to)) => lacking(group, *to),
        };
        if named.len() == group.shards.len() { Vec::new() } else { named }
    }

    /// Reads the tag. A value that we cannot read counts as none.
    pub fn read(tags: &Tags) -> Option<Self> {
        tags.get(tag::AUTOSCALE_CHANGE)?.parse().ok()
    }

    /// What is written before the call. A node type is also written where every function looks for it.
    pub fn tags(&self) -> Tags {
        let mut tags = Tags::from([(tag::AUTOSCALE_CHANGE.to_owned(), self.to_string())]);
        match &self.change {
            Change::NodeType(to) => {
                let asked =
                    Asked { field: AskedField::NodeType, value: to.to_string(), at: self.at };
                tags.insert(tag::ASKED.to_owned(), asked.to_string());
            }
            Change::Replicas(_) => {}
        }
        tags
    }

    /// The keys of what is written, to be taken off again.
    pub fn keys(&self) -> &'static [&'static str] {
        match self.change {
            Change::NodeType(_) => &[tag::AUTOSCALE_CHANGE, tag::ASKED],
            Change::Replicas(_) => &[tag::AUTOSCALE_CHANGE],
        }
    }

    /// Whether it is older than this.
    pub fn is_older_than(&self, age: SignedDuration, now: Timestamp) -> bool {
        self.at.saturating_add(age).is_ok_and(|it| it <= now)
    }
}

impl Failed {
    /// For so long the same change is not tried again, where it failed once, twice, and more often: what AWS could not do now it will hardly do
    /// in five minutes (autoscaling D.5).
    const BACK_OFF_HOURS: [i64; 3] = [1, 6, 24];

    /// When the change may be tried again.
    pub fn until(&self) -> Timestamp {
        let [once, twice, often] = Self::BACK_OFF_HOURS;
        let hours = match self.times {
            0 | 1 => once,
            2 => twice,
            _ => often,
        };
        self.at.saturating_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX)
    }
}

impl Failures {
    /// As many are remembered: more do not fit into a tag, and after so many a person is asked.
    const MOST: usize = 3;
    /// What failed longer ago is a new beginning.
    const REMEMBERED: SignedDuration = SignedDuration::from_hours(48);

    /// Reads the tag. What we cannot read counts as none.
    pub fn read(tags: &Tags) -> Self {
        let text = tags.get(tag::AUTOSCALE_FAILED).map_or("", String::as_str);
        Self(text.split(BETWEEN).filter_map(|it| it.parse().ok()).collect())
    }

    /// The failure of a change, where it is remembered.
    pub fn of(&self, change: &Change) -> Option<&Failed> {
        self.0.iter().find(|it| it.change == *change)
    }

    /// The one for which no change at all is tried yet.
    pub fn denied(&self, now: Timestamp) -> Option<&Failed> {
        self.0.iter().find(|it| it.is_denied && now < it.until())
    }

    /// The node types that are not tried again yet.
    pub fn node_types(&self, now: Timestamp) -> Vec<NodeType> {
        let barred = self.0.iter().filter(|it| now < it.until());
        let barred = barred.filter_map(|it| match &it.change {
            Change::NodeType(to) => Some(to.clone()),
            Change::Replicas(_) => None,
        });
        barred.collect()
    }

    /// The same with one more, found out at a time in whole seconds.
    #[must_use]
    pub fn with(&self, change: &Change, at: Timestamp, is_denied: bool) -> Self {
        let is_old = |it: &Failed| it.at.saturating_add(Self::REMEMBERED).is_ok_and(|end| end < at);
        let times = self.of(change).filter(|it| !is_old(it)).map_or(1, |it| it.times + 1);
        let others = self.0.iter().filter(|it| it.change != *change && !is_old(it)).cloned();
        let mut all: Vec<Failed> = others.collect();
        all.push(Failed { change: change.clone(), at, times, is_denied });
        let old = all.len().saturating_sub(Self::MOST);
        Self(all.split_off(old))
    }

    /// The newest.
    pub fn newest(&self) -> Option<&Failed> {
        self.0.last()
    }

    /// What is written.
    pub fn tags(&self) -> Tags {
        let said: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        Tags::from([(tag::AUTOSCALE_FAILED.to_owned(), said.join(BETWEEN))])
    }
}

/// What stands between two changes in a tag.
const BETWEEN: &str = " and ";
const DENIED: &str = " denied";

/// The value of a change, as it is written behind its field.
pub(super) fn value(change: &Change) -> String {
    match change {
        Change::NodeType(it) => it.to_string(),
        Change::Replicas(it) => it.to_string(),
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = match self {
            Self::NodeType(_) => "node-type",
            Self::Replicas(_) => "replicas",
        };
        write!(f, "{field}={}", value(self))
    }
}

impl fmt::Display for Undertaking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {} at {} for {}", self.change, value(&self.from), self.at, self.why)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.change, self.at)?;
        if 1 < self.times {
            write!(f, " times {}", self.times)?;
        }
        if self.is_denied { f.write_str(DENIED) } else { Ok(()) }
    }
}

impl FromStr for Failed {
    type Err = ChangeError;

    fn from_str(text: &str) -> Result<Self, ChangeError> {
        let wrong = || ChangeError(text.to_owned());
        let (text, is_denied) = text.strip_suffix(DENIED).map_or((text, false), |it| (it, true));
        let (change, at) = text.split_once(" at ").ok_or_else(wrong)?;
        let (at, times) = at.split_once(" times ").unwrap_or((at, "1"));
        Ok(Self {
            change: change.parse()?,
            at: at.parse().map_err(|_| wrong())?,
            times: times.parse().map_err(|_| wrong())?,
            is_denied,
        })
    }
}

/// A text that is no change of ours.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("\"{0}\" is not a change that the autoscaler makes")]
pub struct ChangeError(pub(super) String);

impl FromStr for Change {
    type Err = ChangeError;

    fn from_str(text: &str) -> Result<Self, ChangeError> {
        let wrong = || ChangeError(text.to_owned());
        match text.split_once('=').ok_or_else(wrong)? {
            ("node-type", value) => NodeType::parse(value).map(Self::NodeType).map_err(|_| wrong()),
            ("replicas", value) => value.parse().map(Self::Replicas).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }
}

impl FromStr for Undertaking {
    type Err = ChangeError;

    fn from_str(text: &str) -> Result<Self, ChangeError> {
        let wrong = || ChangeError(text.to_owned());
        let (rest, why) = text.split_once(" for ").ok_or_else(wrong)?;
        let (rest, at) = rest.split_once(" at ").ok_or_else(wrong)?;
        let (change, from) = rest.split_once(" from ").ok_or_else(wrong)?;
        let (field, _) = change.split_once('=').ok_or_else(wrong)?;
        Ok(Self {
            change: change.parse()?,
            from: format!("{field}={from}").parse()?,
            at: at.parse().map_err(|_| wrong())?,
            why: why.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    #[track_caller]
    fn check(change: &str, from: &str, expected: &str) {
        let undertaking = Undertaking {
            change: change.parse().unwrap(),
            from: from.parse().unwrap(),
            at: at(),
            why: "memory of orders-001 at 93.1 percent".to_owned(),
        };
        let text = undertaking.to_string();
        assert_eq!(text, expected);
        assert_eq!(text.parse(), Ok(undertaking.clone()));
        for (key, value) in undertaking.tags() {
            assert!(tag::is_legal_value(&value), "{value}");
            assert!(undertaking.keys().contains(&key.as_str()), "{key}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        check(
            "node-type=cache.t4g.small",
            "node-type=cache.t4g.micro",
            "node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T03:04:05Z for memory of orders-001 at 93.1 percent",
        );
        check(
            "replicas=2",
            "replicas=1",
            "replicas=2 from 1 at 2026-01-02T03:04:05Z for memory of orders-001 at 93.1 percent",
        );
    }

    #[test]
    fn a_node_type_is_written_for_the_other_functions_too() {
        let undertaking: Undertaking =
            "node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T03:04:05Z for x"
                .parse()
                .unwrap();
        let asked = Asked::read(&undertaking.tags()).unwrap();
        assert_eq!(asked.to_string(), "node-type=cache.t4g.small at 2026-01-02T03:04:05Z");
    }

    #[test]
    fn failures_are_read_again_and_keep_away_for_longer_each_time() {
        let small = Change::NodeType(NodeType::parse("cache.t4g.small").unwrap());
        let hours = SignedDuration::from_hours;
        let mut failures = Failures::default().with(&Change::Replicas(2), at(), true);
        for (times, (later, until)) in (1..).zip([(1, 2), (3, 9), (20, 44)]) {
            failures = failures.with(&small, at() + hours(later), false);
            assert_eq!(Failures::read(&failures.tags()), failures);
            let failed = failures.of(&small).unwrap();
            assert_eq!((failed.times, failed.until()), (times, at() + hours(until)));
        }
        assert_eq!(
            failures.node_types(at() + hours(43)),
            [NodeType::parse("cache.t4g.small").unwrap()]
        );
        assert!(failures.node_types(at() + hours(44)).is_empty());
        let written = failures.tags().into_values().next().unwrap();
        assert!(tag::is_legal_value(&written), "{written}");
        assert_eq!(
            written,
            "replicas=2 at 2026-01-02T03:04:05Z denied and node-type=cache.t4g.small at 2026-01-02T23:04:05Z times 3"
        );
        assert_eq!(failures.with(&small, at() + hours(100), false).of(&small).unwrap().times, 1);
    }

    #[test]
    fn the_oldest_failures_are_forgotten_first() {
        let failures = (1..6).fold(Failures::default(), |it, replicas| {
            it.with(&Change::Replicas(replicas), at(), false)
        });
        assert!(failures.of(&Change::Replicas(2)).is_none());
        assert!(failures.of(&Change::Replicas(3)).is_some());
        assert_eq!(failures.newest().unwrap().change, Change::Replicas(5));
    }

    #[test]
    fn a_foreign_text_is_none() {
        for text in [
            "",
            "replicas=2",
            "shards=2 from 1 at 2026-01-02T03:04:05Z for x",
            "replicas=two from 1 at 2026-01-02T03:04:05Z for x",
            "replicas=2 from 1 at noon for x",
        ] {
            assert!(text.parse::<Undertaking>().is_err(), "{text}");
        }
    }
}
