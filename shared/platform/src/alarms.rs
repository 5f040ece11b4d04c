//! CloudWatch alarms of the members of a group: as they are, as they should be.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{
    ComparisonOperator, Dimension, MetricAlarm, StateValue, Statistic, Tag,
};
use domain::alarm::{self, AlarmSpec, AlarmView, MissingData};
use domain::{Arn, GroupId, Tags};

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

    /// The alarms whose names are those of members of this group, present and former.
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
            found.extend(
                page.metric_alarms()
                    .iter()
                    .map(view)
                    .filter(|it| alarm::is_named_after(&it.name, group)),
            );
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

    /// Makes an alarm, or puts right the one of that name. Both changes of state publish to every topic given.
    pub async fn put(&self, spec: &AlarmSpec, topics: &[Arn], tags: &Tags) -> Result<(), Fault> {
        let actions: Vec<String> = topics.iter().map(ToString::to_string).collect();
        let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        self.client
            .put_metric_alarm()
            .alarm_name(&spec.name)
            .alarm_description(&spec.description)
            .namespace("AWS/ElastiCache")
            .metric_name(spec.metric)
            .dimensions(
                Dimension::builder().name("CacheClusterId").value(spec.member.as_str()).build(),
            )
            .statistic(match spec.statistic {
                alarm::Statistic::Average => Statistic::Average,
                alarm::Statistic::Sum => Statistic::Sum,
            })
            .comparison_operator(ComparisonOperator::GreaterThanThreshold)
            .threshold(spec.threshold)
            .period(count(spec.period_seconds))
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

fn view(seen: &MetricAlarm) -> AlarmView {
    let text = |it: Option<&str>| it.unwrap_or_default().to_owned();
    let number = |it: Option<i32>| it.and_then(|it| u32::try_from(it).ok()).unwrap_or_default();
    AlarmView {
        name: text(seen.alarm_name()),
        arn: text(seen.alarm_arn()),
        member: seen
            .dimensions()
            .iter()
            .find(|it| it.name() == Some("CacheClusterId"))
            .and_then(|it| it.value().map(str::to_owned)),
        metric: text(seen.metric_name()),
        statistic: match seen.statistic() {
            Some(Statistic::Average) => Some(alarm::Statistic::Average),
            Some(Statistic::Sum) => Some(alarm::Statistic::Sum),
            Some(_) | None => None,
        },
        threshold: seen.threshold().unwrap_or_default(),
        alarms_above: seen.comparison_operator() == Some(&ComparisonOperator::GreaterThanThreshold),
        period_seconds: number(seen.period()),
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
