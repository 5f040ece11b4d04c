//! The alarms that a group should have: one for each thing that is watched, over all of its members.
//!
//! Apart from three series there are no metrics of a whole group (facts 6.1), so an alarm takes the highest value of any member by metric
//! math. It names the members, so whoever changes them puts it right.

use std::collections::BTreeSet;

use crate::{Arn, GroupId, MemberId};

/// What is watched. Thresholds are the seed's.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Watch {
    /// `CPUUtilization` of the host above 75 %.
    Cpu,
    /// `EngineCPUUtilization` above 75 %: the engine has one thread, so on two vCPUs the host shows half of it (facts 6.2).
    EngineCpu,
    /// `DatabaseMemoryUsagePercentage` above 90 %.
    Memory,
    /// More than 1000 keys evicted in five minutes.
    Evictions,
    /// More than 50 MB swapped.
    Swap,
}

/// How a metric is summed up over a period.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Statistic {
    /// The mean.
    Average,
    /// The sum.
    Sum,
}

/// What no data means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MissingData {
    /// The alarm says that it has too little data: a dead series stays visible.
    Missing,
    /// Nothing happened.
    NotBreaching,
}

/// An alarm as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmSpec {
    /// The name, unique in the account: group and subject.
    pub name: String,
    /// What an operator should do about it.
    pub description: String,
    /// The members of whose series it watches the highest value: ten at most, as many as metric math takes.
    pub members: Vec<MemberId>,
    /// The metric in `AWS/ElastiCache`.
    pub metric: &'static str,
    /// How it is summed up.
    pub statistic: Statistic,
    /// It alarms above this value, in the metric's own unit.
    pub threshold: f64,
    /// The length of a period in seconds.
    pub period_seconds: u32,
    /// How many periods in a row have to breach.
    pub periods: u32,
    /// What no data means.
    pub missing_data: MissingData,
}

/// An alarm as it was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmView {
    /// The name.
    pub name: String,
    /// The ARN, by which its tags are read.
    pub arn: String,
    /// The members whose highest value it watches. None where it watches anything else, as ours never does.
    pub members: Vec<String>,
    /// The metric.
    pub metric: String,
    /// How it is summed up; nothing where it is in a way that ours never is.
    pub statistic: Option<Statistic>,
    /// It alarms above this value.
    pub threshold: f64,
    /// Whether it alarms above the threshold, and not at it or below.
    pub alarms_above: bool,
    /// The length of a period in seconds.
    pub period_seconds: u32,
    /// How many periods in a row have to breach.
    pub periods: u32,
    /// How many of those periods suffice, where it is fewer than all.
    pub periods_of_them: Option<u32>,
    /// What no data means; nothing where it is what ours never says.
    pub missing_data: Option<MissingData>,
    /// Whether it tells anybody at all.
    pub actions_enabled: bool,
    /// The topics told when it goes into alarm.
    pub alarm_topics: Vec<String>,
    /// The topics told when it is well again.
    pub ok_topics: Vec<String>,
    /// The state: `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state: String,
}

impl AlarmView {
    /// Whether an alarm is as it should be, and tells these topics and no others.
    pub fn is_as(&self, wanted: &AlarmSpec, topics: &[Arn]) -> bool {
        let tells = |told: &[String]| {
            told.len() == topics.len()
                && topics.iter().all(|topic| told.iter().any(|it| it == topic.as_str()))
        };
        let watched: BTreeSet<&str> = self.members.iter().map(String::as_str).collect();
        self.name == wanted.name
            && watched == wanted.members.iter().map(MemberId::as_str).collect()
            && self.metric == wanted.metric
            && (self.threshold - wanted.threshold).abs() < f64::EPSILON
            && self.period_seconds == wanted.period_seconds
            && self.periods == wanted.periods
            && self.periods_of_them.is_none_or(|it| it == wanted.periods)
            && self.statistic == Some(wanted.statistic)
            && self.alarms_above
            && self.missing_data == Some(wanted.missing_data)
            && self.actions_enabled
            && tells(&self.alarm_topics)
            && tells(&self.ok_topics)
    }
}

/// What makes the alarms as they should be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Upkeep {
    /// To be made or put right.
    pub put: Vec<AlarmSpec>,
    /// To be deleted, by name: they watch nobody any more.
    pub delete: Vec<String>,
    /// The names of those that somebody else's alarms have. They stay as they are.
    pub foreign: Vec<String>,
}

/// Compares the alarms that should be, telling these topics, with those that are. What is not ours is neither overwritten nor deleted:
/// `PutMetricAlarm` would take it over without a word, and leave its tags as they were.
pub fn upkeep(
    wanted: &[AlarmSpec],
    topics: &[Arn],
    seen: &[AlarmView],
    is_ours: impl Fn(&AlarmView) -> bool,
) -> Upkeep {
    let mut upkeep = Upkeep::default();
    for spec in wanted {
        match seen.iter().find(|it| it.name == spec.name) {
            Some(it) if it.is_as(spec, topics) => {}
            Some(it) if !is_ours(it) => upkeep.foreign.push(spec.name.clone()),
            Some(_) | None => upkeep.put.push(spec.clone()),
        }
    }
    let watches_nobody = |it: &&AlarmView| !wanted.iter().any(|spec| spec.name == it.name);
    let stale = seen.iter().filter(watches_nobody).filter(|it| is_ours(it));
    upkeep.delete = stale.map(|it| it.name.clone()).collect();
    upkeep
}

impl Upkeep {
    /// The alarms that are there and would be overwritten or deleted.
    pub fn touches<'a>(&self, seen: &'a [AlarmView]) -> Vec<&'a AlarmView> {
        let put = |name: &String| self.put.iter().any(|it| it.name == *name);
        seen.iter().filter(|it| put(&it.name) || self.delete.contains(&it.name)).collect()
    }
}

impl Watch {
    /// Everything that is watched.
    pub const ALL: [Self; 5] =
        [Self::Cpu, Self::EngineCpu, Self::Memory, Self::Evictions, Self::Swap];

    /// The last part of the alarm's name.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::EngineCpu => "engine-cpu",
            Self::Memory => "memory",
            Self::Evictions => "evictions",
            Self::Swap => "swap",
        }
    }

    /// The metric.
    pub fn metric(self) -> &'static str {
        match self {
            Self::Cpu => "CPUUtilization",
            Self::EngineCpu => "EngineCPUUtilization",
            Self::Memory => "DatabaseMemoryUsagePercentage",
            Self::Evictions => "Evictions",
            Self::Swap => "SwapUsage",
        }
    }

    /// What is watched where an alarm speaks of this metric.
    pub fn of_metric(metric: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.metric() == metric)
    }

    /// The value above which it alarms, in the metric's own unit.
    pub fn threshold(self) -> f64 {
        match self {
            Self::Cpu | Self::EngineCpu => 75.0,
            Self::Memory => 90.0,
            Self::Evictions => 1000.0,
            Self::Swap => 50.0 * 1024.0 * 1024.0,
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Cpu => "scale up, or look for expensive commands",
            Self::EngineCpu => "add replicas for reads, scale up for writes",
            Self::Memory => "scale up, or shorten the time to live of keys",
            Self::Evictions => {
                "keys are dropped for want of memory: scale up or change the eviction policy"
            }
            Self::Swap => "the node is short of memory: scale up",
        }
    }

    /// One of the alarms on these members; there are several where the members are too many for one.
    fn spec(self, group: &GroupId, place: usize, members: &[MemberId]) -> AlarmSpec {
        let (statistic, period_seconds, periods, missing_data) = match self {
            Self::Cpu | Self::EngineCpu | Self::Memory => {
                (Statistic::Average, 60, 3, MissingData::Missing)
            }
            Self::Evictions => (Statistic::Sum, 300, 1, MissingData::NotBreaching),
            Self::Swap => (Statistic::Average, 300, 1, MissingData::NotBreaching),
        };
        AlarmSpec {
            name: match place {
                0 => format!("{}{}", name_prefix(group), self.suffix()),
                more => format!("{}{}-{}", name_prefix(group), self.suffix(), more + 1),
            },
            description: format!(
                "The highest {} of any node of {group}: {}",
                self.metric(),
                self.advice()
            ),
            members: members.to_vec(),
            metric: self.metric(),
            statistic,
            threshold: self.threshold(),
            period_seconds,
            periods,
            missing_data,
        }
    }
}

/// The alarms that a group with these members should have.
pub fn wanted(group: &GroupId, members: &[MemberId]) -> Vec<AlarmSpec> {
    let mut members = members.to_vec();
    members.sort();
    let chunks: Vec<&[MemberId]> = members.chunks(MEMBERS_MAX).collect();
    let of = |watch: Watch| {
        let chunks = chunks.iter().enumerate();
        chunks.map(move |(place, members)| watch.spec(group, place, members))
    };
    Watch::ALL.into_iter().flat_map(of).collect()
}

/// As many metrics as one alarm takes (facts 6.1).
const MEMBERS_MAX: usize = 10;

/// What the names of all alarms of a group begin with. No id has a slash, so no other group's do.
pub fn name_prefix(group: &GroupId) -> String {
    format!("{group}/")
}

impl AlarmView {
    /// An alarm that is as it should be, as it would be seen.
    pub(crate) fn of(spec: &AlarmSpec, topics: &[String]) -> Self {
        Self {
            name: spec.name.clone(),
            arn: format!("arn:aws:cloudwatch:::alarm:{}", spec.name),
            members: spec.members.iter().map(ToString::to_string).collect(),
            metric: spec.metric.to_owned(),
            statistic: Some(spec.statistic),
            threshold: spec.threshold,
            alarms_above: true,
            period_seconds: spec.period_seconds,
            periods: spec.periods,
            periods_of_them: None,
            missing_data: Some(spec.missing_data),
            actions_enabled: true,
            alarm_topics: topics.to_vec(),
            ok_topics: topics.to_vec(),
            state: "OK".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<MemberId> {
        names.iter().map(|it| MemberId::parse(it).unwrap()).collect()
    }

    #[test]
    fn one_alarm_of_each_kind_watches_all_members() {
        let group = GroupId::parse("orders").unwrap();
        let alarms = wanted(&group, &ids(&["orders-003", "orders-001"]));
        assert_eq!(alarms.len(), Watch::ALL.len());
        let memory = alarms.iter().find(|it| it.name == "orders/memory").unwrap();
        assert_eq!(memory.members, ids(&["orders-001", "orders-003"]));
        assert!((memory.threshold - 90.0).abs() < f64::EPSILON);
        assert!(alarms.iter().all(|it| it.name.starts_with(&name_prefix(&group))));
    }

    #[test]
    fn more_members_than_an_alarm_takes_have_several() {
        let group = GroupId::parse("orders").unwrap();
        let members: Vec<MemberId> =
            (1..=12).map(|it| MemberId::parse(&format!("orders-0001-{it:03}")).unwrap()).collect();
        let alarms = wanted(&group, &members);
        let swap: Vec<_> = alarms.iter().filter(|it| it.metric == "SwapUsage").collect();
        let names: Vec<&str> = swap.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["orders/swap", "orders/swap-2"]);
        let watched: Vec<MemberId> = swap.iter().flat_map(|it| it.members.clone()).collect();
        assert_eq!(watched, members);
    }

    fn seen(spec: &AlarmSpec) -> AlarmView {
        AlarmView::of(spec, &[])
    }

    #[test]
    fn alarms_of_others_are_neither_overwritten_nor_deleted() {
        let group = GroupId::parse("orders").unwrap();
        let specs = wanted(&group, &ids(&["orders-001", "annex"]));
        let mut there: Vec<AlarmView> = specs.iter().map(seen).collect();
        assert_eq!(upkeep(&specs, &[], &there, |_| true), Upkeep::default());
        assert_eq!(upkeep(&specs, &[], &there, |_| false), Upkeep::default(), "all are right");

        there[0].threshold = 60.0;
        let mut former = seen(&specs[0]);
        former.name = "orders/cpu-2".to_owned();
        there.push(former);
        let names = |specs: &[AlarmSpec]| -> Vec<String> {
            specs.iter().map(|it| it.name.clone()).collect()
        };
        let ours = upkeep(&specs, &[], &there, |_| true);
        assert_eq!(names(&ours.put), ["orders/cpu"]);
        assert_eq!((&ours.delete, &ours.foreign), (&vec!["orders/cpu-2".to_owned()], &vec![]));
        let theirs = upkeep(&specs, &[], &there, |_| false);
        assert_eq!((names(&theirs.put).len(), theirs.delete.len()), (0, 0));
        assert_eq!(theirs.foreign, ["orders/cpu"]);
    }

    #[test]
    fn an_alarm_that_somebody_changed_is_put_right() {
        let group = GroupId::parse("orders").unwrap();
        let specs = wanted(&group, &[MemberId::parse("orders-001").unwrap()]);
        let [spec, ..] = specs.as_slice() else { panic!("nothing is watched") };
        let check = |what: &str, change: fn(&mut AlarmView)| {
            let mut alarm = seen(spec);
            assert!(alarm.is_as(spec, &[]), "{what}");
            change(&mut alarm);
            assert!(!alarm.is_as(spec, &[]), "{what}");
        };
        check("metric", |it| it.metric = "CacheHits".to_owned());
        check("a member more", |it| it.members.push("orders-002".to_owned()));
        check("no member", |it| it.members.clear());
        check("statistic", |it| it.statistic = Some(Statistic::Sum));
        check("another statistic", |it| it.statistic = None);
        check("threshold", |it| it.threshold += 1.0);
        check("comparison", |it| it.alarms_above = false);
        check("period", |it| it.period_seconds = 300);
        check("periods", |it| it.periods = 5);
        check("periods of them", |it| it.periods_of_them = Some(1));
        check("missing data", |it| it.missing_data = Some(MissingData::NotBreaching));
        check("other missing data", |it| it.missing_data = None);
        check("actions", |it| it.actions_enabled = false);
        check("topics", |it| it.alarm_topics.push("arn:aws:sns:eu-west-1:1:other".to_owned()));
        check("topics of OK", |it| it.ok_topics.push("arn:aws:sns:eu-west-1:1:other".to_owned()));
    }

    #[test]
    fn a_metric_leads_back_to_what_is_watched() {
        for watch in Watch::ALL {
            assert_eq!(Watch::of_metric(watch.metric()), Some(watch));
        }
        assert_eq!(Watch::of_metric("CacheHits"), None);
    }
}
