//! CloudWatch metrics of the members of a group, read at once.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric as ApiMetric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy,
};
use domain::MemberId;
use domain::autoscale::{Load, Metric, Sample};
use jiff::Timestamp;

use crate::{Aws, Fault};

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Metrics {
    client: Client,
}

impl Metrics {
    /// Makes the client.
    pub fn new(aws: &Aws) -> Self {
        Self { client: Client::new(aws.config()) }
    }

    /// The load of these members over the last [`Load::WINDOW`], one sample a minute.
    pub async fn load(&self, members: &[MemberId], now: Timestamp) -> Result<Load, Fault> {
        self.of(members, &Metric::ALL, now).await
    }

    /// What the keys of these members took over the same time.
    pub async fn used(&self, members: &[MemberId], now: Timestamp) -> Result<Load, Fault> {
        self.of(members, &[Metric::UsedBytes], now).await
    }

    /// How many keys these members had over the same time.
    pub async fn items(&self, members: &[MemberId], now: Timestamp) -> Result<Load, Fault> {
        self.of(members, &[Metric::Items], now).await
    }

    /// How far behind these replicas were over the same time.
    pub async fn lag(&self, members: &[MemberId], now: Timestamp) -> Result<Load, Fault> {
        self.of(members, &[Metric::Lag], now).await
    }

    /// One `GetMetricData` takes 500 series, which a group without shards never has.
    async fn of(
        &self,
        members: &[MemberId],
        metrics: &[Metric],
        now: Timestamp,
    ) -> Result<Load, Fault> {
        const SERIES_MAX: usize = 500;
        let mut load = Load::default();
        for some in members.chunks((SERIES_MAX / metrics.len().max(1)).max(1)) {
            self.read(some, metrics, now, &mut load).await?;
        }
        Ok(load)
    }

    async fn read(
        &self,
        members: &[MemberId],
        metrics: &[Metric],
        now: Timestamp,
        load: &mut Load,
    ) -> Result<(), Fault> {
        let series: BTreeMap<String, (&MemberId, Metric)> = members
            .iter()
            .enumerate()
            .flat_map(|(index, member)| {
                metrics.iter().map(move |metric| (id(index, *metric), (member, *metric)))
            })
            .collect();
        // CloudWatch keeps minutes: a start in the middle of one would cost the first sample.
        let start = now.saturating_sub(Load::WINDOW).unwrap_or(now).as_second() / 60 * 60;
        let mut pages = self
            .client
            .get_metric_data()
            .start_time(DateTime::from_secs(start))
            .end_time(DateTime::from_secs(now.as_second()))
            .scan_by(ScanBy::TimestampAscending)
            .set_metric_data_queries(Some(
                series.iter().map(|(id, (member, metric))| query(id, member, *metric)).collect(),
            ))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|err| Fault::from_sdk("GetMetricData", err))?;
            for result in page.metric_data_results() {
                if let Some((member, metric)) = result.id().and_then(|it| series.get(it)) {
                    load.insert(member, *metric, samples(result));
                }
            }
        }
        Ok(())
    }
}

/// The id of a series in one request: it starts with a lower-case letter and has letters, digits and underscores only.
fn id(member: usize, metric: Metric) -> String {
    format!("m{member}_{}", metric.name().to_ascii_lowercase())
}

fn query(id: &str, member: &MemberId, metric: Metric) -> MetricDataQuery {
    let dimension = Dimension::builder().name("CacheClusterId").value(member.as_str()).build();
    let named = ApiMetric::builder()
        .namespace("AWS/ElastiCache")
        .metric_name(metric.name())
        .dimensions(dimension)
        .build();
    let minute = MetricStat::builder().metric(named).period(60).stat(metric.statistic()).build();
    MetricDataQuery::builder().id(id).metric_stat(minute).return_data(true).build()
}

fn samples(result: &MetricDataResult) -> Vec<Sample> {
    let at = |it: &DateTime| Timestamp::from_second(it.secs()).ok();
    result
        .timestamps()
        .iter()
        .zip(result.values())
        .filter_map(|(time, value)| Some(Sample { at: at(time)?, value: *value }))
        .collect()
}
