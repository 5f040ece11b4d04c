//! The alarms that a group should have: one for each thing that is watched, over all of its members.
//!
//! Apart from three series there are no metrics of a whole group (facts 6.1), so an alarm takes the highest value of any member by metric
//! math, or the lowest. It names the members, so whoever changes them puts it right. [`watch`] says what is watched, and from which value
//! on; [`upkeep`] compares that with what is there, for whoever looks: `provision`, `autoscale` after a change, and its schedule.

pub mod upkeep;
pub mod watch;

use std::collections::BTreeSet;

use crate::{Arn, GroupId, MemberId};

pub use upkeep::{AlarmSet, Upkeep, Wish};
pub use watch::{Watch, wanted};

/// How a metric is summed up over a period.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Statistic {
    /// The mean.
    Average,
    /// The sum.
    Sum,
}

/// On which side of its threshold an alarm is on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// Where the highest value of any member is above it.
    Above,
    /// Where the lowest value of any member is below it.
    Below,
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
    /// The members of whose series it watches the highest or lowest value: ten at most, as many as metric math takes.
    pub members: Vec<MemberId>,
    /// The metric in `AWS/ElastiCache`.
    pub metric: &'static str,
    /// How it is summed up.
    pub statistic: Statistic,
    /// The value, in the metric's own unit.
    pub threshold: f64,
    /// It alarms on this side of it.
    pub side: Side,
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
    /// The members whose highest or lowest value it watches. None where it watches anything else, as ours never does.
    pub members: Vec<String>,
    /// The metric.
    pub metric: String,
    /// How it is summed up; nothing where it is in a way that ours never is.
    pub statistic: Option<Statistic>,
    /// The value.
    pub threshold: f64,
    /// It alarms on this side of it; nothing where that is none on which ours ever do.
    pub side: Option<Side>,
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
            && self.side == Some(wanted.side)
            && self.missing_data == Some(wanted.missing_data)
            && self.actions_enabled
            && tells(&self.alarm_topics)
            && tells(&self.ok_topics)
    }
}

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
            side: Some(spec.side),
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
mod tests;
