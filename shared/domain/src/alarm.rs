//! The alarms that the members of a group should have.
//!
//! An alarm names one node: apart from three series there are no metrics of a whole group (facts 6.1). So the set follows
//! the members, and whoever changes the members puts it right.

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
    /// The name, unique in the account: member and subject.
    pub name: String,
    /// What an operator should do about it.
    pub description: String,
    /// The member whose series it watches.
    pub member: MemberId,
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
    /// The member that it watches, as its dimension says.
    pub member: Option<String>,
    /// The metric.
    pub metric: String,
    /// It alarms above this value.
    pub threshold: f64,
    /// The length of a period in seconds.
    pub period_seconds: u32,
    /// How many periods in a row have to breach.
    pub periods: u32,
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
        self.name == wanted.name
            && self.member.as_deref() == Some(wanted.member.as_str())
            && self.metric == wanted.metric
            && (self.threshold - wanted.threshold).abs() < f64::EPSILON
            && self.period_seconds == wanted.period_seconds
            && self.periods == wanted.periods
            && tells(&self.alarm_topics)
            && tells(&self.ok_topics)
    }
}

impl Watch {
    /// Everything that is watched on a member.
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

    fn spec(self, group: &GroupId, member: &MemberId) -> AlarmSpec {
        let (statistic, period_seconds, periods, missing_data) = match self {
            Self::Cpu | Self::EngineCpu | Self::Memory => {
                (Statistic::Average, 60, 3, MissingData::Missing)
            }
            Self::Evictions => (Statistic::Sum, 300, 1, MissingData::NotBreaching),
            Self::Swap => (Statistic::Average, 300, 1, MissingData::NotBreaching),
        };
        AlarmSpec {
            name: format!("{member}-{}", self.suffix()),
            description: format!("{} of {member} in {group}: {}", self.metric(), self.advice()),
            member: member.clone(),
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
    members.iter().flat_map(|member| Watch::ALL.map(|watch| watch.spec(group, member))).collect()
}

/// The prefix of the names of all alarms of a group, of present and of former members.
pub fn name_prefix(group: &GroupId) -> String {
    format!("{group}-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_is_watched_by_itself() {
        let group = GroupId::parse("orders").unwrap();
        let members = ["orders-001", "orders-003"].map(|it| MemberId::parse(it).unwrap());
        let alarms = wanted(&group, &members);
        assert_eq!(alarms.len(), members.len() * Watch::ALL.len());
        for member in &members {
            let memory = alarms.iter().find(|it| it.name == format!("{member}-memory")).unwrap();
            assert_eq!(memory.member, *member);
            assert!((memory.threshold - 90.0).abs() < f64::EPSILON);
        }
        assert!(alarms.iter().all(|it| it.name.starts_with(&name_prefix(&group))));
    }

    #[test]
    fn a_metric_leads_back_to_what_is_watched() {
        for watch in Watch::ALL {
            assert_eq!(Watch::of_metric(watch.metric()), Some(watch));
        }
        assert_eq!(Watch::of_metric("CacheHits"), None);
    }
}
