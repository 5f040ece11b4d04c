//! CloudWatch alarms of a group: as they are, as they should be.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{
    ComparisonOperator, Dimension, Metric, MetricAlarm, MetricDataQuery, MetricStat, StateValue,
    Tag,
};
use domain::alarm::{self, AlarmSet, AlarmSpec, AlarmView, MissingData, Side, Upkeep};
use domain::{Arn, GroupId, MemberId, Tags, tag};

use crate::{Aws, Fault};

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Alarms {
    client: Client,
}

impl Alarms {
    /// Makes the client.
    pub fn new(aws: &Aws) -> Self {
        Self { client: Client::new(aws.config()) }
    }

    /// The alarms whose names are those of alarms of this group.
    pub async fn of(&self, group: &GroupId) -> Result<Vec<AlarmView>, Fault> {
        let mut pages = self
            .client
            .describe_alarms()
            .alarm_name_prefix(alarm::name_prefix(group))
            .into_paginator()
            .send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|err| Fault::from_sdk("DescribeAlarms", err))?;
            found.extend(page.metric_alarms().iter().map(view));
        }
        Ok(found)
    }

    /// The alarms of these names, as far as there are such.
    pub async fn named(&self, names: &[String]) -> Result<Vec<AlarmView>, Fault> {
        let mut found = Vec::new();
        for hundred in names.chunks(100) {
            let mut pages = self
                .client
                .describe_alarms()
                .set_alarm_names(Some(hundred.to_vec()))
                .max_records(100)
                .into_paginator()
                .send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|err| Fault::from_sdk("DescribeAlarms", err))?;
                found.extend(page.metric_alarms().iter().map(view));
            }
        }
        Ok(found)
    }

    /// What makes the alarms of a group as they should be. Whose an alarm is that would be touched is looked up.
    pub async fn upkeep(&self, set: &AlarmSet) -> Result<Upkeep, Fault> {
        let seen = self.of(&set.group).await?;
        let touched = set.upkeep(&seen, |_| true);
        let foreign = self.foreign_to(&set.group, &touched.touches(&seen)).await?;
        Ok(set.upkeep(&seen, |it| !foreign.contains(&it.name)))
    }

    /// Makes these alarms of a set, or puts them right. They tell `otherwise` where the set names no topic.
    pub async fn put_of(
        &self,
        set: &AlarmSet,
        specs: &[AlarmSpec],
        otherwise: &Arn,
    ) -> Result<(), Fault> {
        let topics = set.topics_or(otherwise);
        for spec in specs {
            self.put(spec, &topics, &set.tags).await?;
        }
        Ok(())
    }

    /// Makes an alarm, or puts right the one of that name. Both changes of state publish to every topic given.
    pub async fn put(&self, spec: &AlarmSpec, topics: &[Arn], tags: &Tags) -> Result<(), Fault> {
        let actions: Vec<String> = topics.iter().map(ToString::to_string).collect();
        let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        self.client
            .put_metric_alarm()
            .alarm_name(&spec.name)
            .alarm_description(&spec.description)
            .set_metrics(Some(queries(spec)))
            .comparison_operator(operator(spec.side))
            .threshold(spec.threshold)
            .evaluation_periods(count(spec.periods))
            .treat_missing_data(match spec.missing_data {
                MissingData::Missing => "missing",
                MissingData::NotBreaching => "notBreaching",
            })
            .actions_enabled(true)
            .set_alarm_actions(Some(actions.clone()))
            .set_ok_actions(Some(actions))
            .set_tags(Some(tags.collect()))
            .send()
            .await
            .map_err(|err| Fault::from_sdk("PutMetricAlarm", err))?;
        Ok(())
    }

    /// Deletes alarms; those that are gone already are no mistake. One call takes a hundred.
    pub async fn delete(&self, names: &[String]) -> Result<(), Fault> {
        for hundred in names.chunks(100) {
            let deleted = self
                .client
                .delete_alarms()
                .set_alarm_names(Some(hundred.to_vec()))
                .send()
                .await
                .map_err(|err| Fault::from_sdk("DeleteAlarms", err));
            match deleted {
                Err(fault) if fault.is_gone() => {}
                done => drop(done?),
            }
        }
        Ok(())
    }

    /// The names of those of these alarms that are not this group's, as our tag says. It is read of each: the list of all that has tags
    /// lags behind what was made just now.
    pub async fn foreign_to(
        &self,
        group: &GroupId,
        alarms: &[&AlarmView],
    ) -> Result<BTreeSet<String>, Fault> {
        let mut foreign = BTreeSet::new();
        for it in alarms {
            let tags = self.tags(&it.arn).await?;
            if tags.get(tag::GROUP).map(String::as_str) != Some(group.as_str()) {
                foreign.insert(it.name.clone());
            }
        }
        Ok(foreign)
    }

    /// The tags of an alarm: whose it is. One that is gone has none.
    pub async fn tags(&self, arn: &str) -> Result<Tags, Fault> {
        let answer = self
            .client
            .list_tags_for_resource()
            .resource_arn(arn)
            .send()
            .await
            .map_err(|err| Fault::from_sdk("ListTagsForResource", err));
        let answer = match answer {
            // Deleted since it was listed, by whoever: it is nobody's now.
            Err(fault) if fault.is_gone() => return Ok(Tags::new()),
            answer => answer?,
        };
        Ok(answer
            .tags()
            .iter()
            .filter_map(|it| Some((it.key()?.to_owned(), it.value()?.to_owned())))
            .collect())
    }
}

/// The highest or lowest value of any member: one query for each, and the expression that is watched.
fn queries(spec: &AlarmSpec) -> Vec<MetricDataQuery> {
    let of_member = |(place, member): (usize, &MemberId)| {
        let member = Dimension::builder().name(MEMBER).value(member.as_str()).build();
        let metric = Metric::builder().namespace(NAMESPACE).metric_name(spec.metric);
        let stat = MetricStat::builder()
            .metric(metric.dimensions(member).build())
            .period(count(spec.period_seconds))
            .stat(word(spec.statistic));
        let query = MetricDataQuery::builder().id(id(place + 1)).metric_stat(stat.build());
        query.return_data(false).build()
    };
    let most = most(spec.side);
    let most = MetricDataQuery::builder()
        .id(most)
        .label(format!("{most} {}", spec.metric))
        .expression(most_of(spec.side, spec.members.len()))
        .return_data(true);
    let members = spec.members.iter().enumerate().map(of_member);
    [most.build()].into_iter().chain(members).collect()
}

const NAMESPACE: &str = "AWS/ElastiCache";
const MEMBER: &str = "CacheClusterId";

/// Of the query of the member at this place, counted from 1.
fn id(place: usize) -> String {
    format!("m{place}")
}

/// Over so many members. The brackets make a list of one, too, of which `MAX` makes a series; without them it were a single number.
fn most_of(side: Side, members: usize) -> String {
    let ids: Vec<String> = (1..=members).map(id).collect();
    let function = match side {
        Side::Above => "MAX",
        Side::Below => "MIN",
    };
    format!("{function}([{}])", ids.join(", "))
}

/// Which of the members' values is watched.
fn most(side: Side) -> &'static str {
    match side {
        Side::Above => "highest",
        Side::Below => "lowest",
    }
}

fn operator(side: Side) -> ComparisonOperator {
    match side {
        Side::Above => ComparisonOperator::GreaterThanThreshold,
        Side::Below => ComparisonOperator::LessThanThreshold,
    }
}

const SIDES: [Side; 2] = [Side::Above, Side::Below];

fn word(statistic: alarm::Statistic) -> &'static str {
    match statistic {
        alarm::Statistic::Average => "Average",
        alarm::Statistic::Sum => "Sum",
    }
}

/// What an alarm of ours watches.
struct Series {
    metric: String,
    statistic: Option<alarm::Statistic>,
    side: Side,
    period: Option<i32>,
    members: Vec<String>,
}

/// Reads what an alarm watches, where it is the highest or lowest value of one metric of some members. Nobody says in which order CloudWatch lists
/// what it was given, so that does not count.
fn series(seen: &MetricAlarm) -> Option<Series> {
    let (expressions, stats): (Vec<_>, Vec<_>) =
        seen.metrics().iter().partition(|it| it.metric_stat().is_none());
    let [most] = expressions.as_slice() else { return None };
    let mut all = Vec::new();
    let mut ids = BTreeSet::new();
    for query in stats {
        let stat = query.metric_stat()?;
        let metric = stat.metric()?;
        let [member] = metric.dimensions() else { return None };
        let is_ours = metric.namespace() == Some(NAMESPACE)
            && member.name() == Some(MEMBER)
            && stat.unit().is_none();
        let what = (metric.metric_name()?, stat.stat()?, stat.period()?);
        is_ours.then(|| all.push((what, member.value().map(str::to_owned))))?;
        ids.insert(query.id()?.to_owned());
    }
    let ((metric, stat, period), _) = all.first()?.clone();
    let is_one = all.iter().all(|(what, _)| *what == (metric, stat, period));
    let is_each = ids == (1..=all.len()).map(id).collect();
    let side = SIDES.into_iter().find(|it| most.expression() == Some(&most_of(*it, all.len())))?;
    (is_one && is_each).then(|| Series {
        side,
        metric: metric.to_owned(),
        statistic: [alarm::Statistic::Average, alarm::Statistic::Sum]
            .into_iter()
            .find(|it| word(*it) == stat),
        period: Some(period),
        members: all.iter().filter_map(|(_, member)| member.clone()).collect(),
    })
}

fn view(seen: &MetricAlarm) -> AlarmView {
    let text = |it: Option<&str>| it.unwrap_or_default().to_owned();
    let number = |it: Option<i32>| it.and_then(|it| u32::try_from(it).ok()).unwrap_or_default();
    let series = series(seen);
    let series = series.as_ref();
    AlarmView {
        name: text(seen.alarm_name()),
        arn: text(seen.alarm_arn()),
        members: series.map(|it| it.members.clone()).unwrap_or_default(),
        metric: text(series.map(|it| it.metric.as_str())),
        statistic: series.and_then(|it| it.statistic),
        threshold: seen.threshold().unwrap_or_default(),
        side: series
            .map(|it| it.side)
            .filter(|it| seen.comparison_operator() == Some(&operator(*it))),
        period_seconds: number(series.and_then(|it| it.period)),
        periods: number(seen.evaluation_periods()),
        periods_of_them: seen.datapoints_to_alarm().map(|it| number(Some(it))),
        // What is not said counts as missing.
        missing_data: match seen.treat_missing_data() {
            Some("missing") | None => Some(MissingData::Missing),
            Some("notBreaching") => Some(MissingData::NotBreaching),
            Some(_) => None,
        },
        actions_enabled: seen.actions_enabled().unwrap_or(true),
        alarm_topics: seen.alarm_actions().to_vec(),
        ok_topics: seen.ok_actions().to_vec(),
        state: text(seen.state_value().map(StateValue::as_str)),
    }
}

fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm_of(queries: Vec<MetricDataQuery>) -> MetricAlarm {
        MetricAlarm::builder().alarm_name("orders/memory").set_metrics(Some(queries)).build()
    }

    fn spec() -> AlarmSpec {
        let members = ["orders-001", "orders-002", "annex"].map(|it| MemberId::parse(it).unwrap());
        let all = alarm::wanted(&GroupId::parse("orders").unwrap(), &members, None);
        all.into_iter().find(|it| it.name == "orders/memory").unwrap()
    }

    #[test]
    fn what_an_alarm_watches_is_read_in_whatever_order_it_is_listed() {
        let spec = spec();
        let read = view(&alarm_of(queries(&spec)));
        let mut turned = queries(&spec);
        turned.reverse();
        let turned = view(&alarm_of(turned));
        for view in [&read, &turned] {
            let mut members = view.members.clone();
            members.sort();
            assert_eq!(members, ["annex", "orders-001", "orders-002"]);
            assert_eq!(view.metric, spec.metric);
            assert_eq!(view.period_seconds, spec.period_seconds);
        }
    }

    #[test]
    fn an_alarm_is_read_as_it_is_put() {
        let group = GroupId::parse("orders").unwrap();
        let members = ["orders-001", "orders-002"].map(|it| MemberId::parse(it).unwrap());
        for spec in alarm::wanted(&group, &members, None) {
            let turned = match spec.side {
                Side::Above => Side::Below,
                Side::Below => Side::Above,
            };
            for (side, expected) in [(spec.side, Some(spec.side)), (turned, None)] {
                let seen = MetricAlarm::builder()
                    .set_metrics(Some(queries(&spec)))
                    .comparison_operator(operator(side));
                assert_eq!(view(&seen.build()).side, expected, "{}", spec.name);
            }
        }
    }

    #[test]
    fn what_watches_anything_else_is_none_of_ours() {
        let check = |what: &str, change: fn(&mut Vec<MetricDataQuery>)| {
            let mut queries = queries(&spec());
            change(&mut queries);
            assert_eq!(view(&alarm_of(queries)).members, Vec::<String>::new(), "{what}");
        };
        check("a mean", |it| it[0].expression = Some("AVG([m1, m2, m3])".to_owned()));
        check("fewer than it names", |it| drop(it.pop()));
        check("nothing on top", |it| drop(it.remove(0)));
        check("another metric", |it| {
            let stat = it[2].metric_stat.as_mut().unwrap();
            stat.metric.as_mut().unwrap().metric_name = Some("CacheHits".to_owned());
        });
        check("another period", |it| it[2].metric_stat.as_mut().unwrap().period = Some(300));
        check("another dimension", |it| {
            let metric = it[1].metric_stat.as_mut().unwrap().metric.as_mut().unwrap();
            metric.dimensions.as_mut().unwrap()[0].name = Some("ReplicationGroupId".to_owned());
        });
    }
}
