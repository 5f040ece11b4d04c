//! CloudWatch metrics of the members of a group, read at once.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric as ApiMetric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy,
};
use domain::MemberId;
use domain::autoscale::{Load, Loads, Metric, Sample};
use jiff::{SignedDuration, Timestamp};

use crate::{Aws, Fault, abreast};

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

    /// The load of these members over [`Load::DAYS`], and over [`Load::WEEK`] by the hour; of former members as much of it as tells what clients asked
    /// for. One request for each, in pages, as long as there are no more members than one takes.
    pub async fn loads(
        &self,
        members: &[MemberId],
        former: &[MemberId],
        now: Timestamp,
    ) -> Result<Loads, Fault> {
        let day = |it: SignedDuration| now.saturating_sub(it).unwrap_or(now);
        let recent = (day(Load::DAYS), now);
        let before = (day(Load::WEEK), day(Load::DAYS));
        let (mut days, mut week) = (Load::default(), Load::default());
        let mut series = of(members, &Metric::ALL);
        series.extend(of(former, &Metric::OF_FORMER));
        let hours = of(members, &Metric::OF_THE_WEEK);
        let (by_minute, by_hour) = tokio::join!(
            self.read(&series, Metric::minutes, recent, &mut days),
            self.read(&hours, |_| 60, before, &mut week)
        );
        by_minute.and(by_hour)?;
        Ok(Loads { days, week })
    }

    /// The same of more days, as fine as CloudWatch keeps them; from when on, and how many minutes are told together.
    pub async fn days(
        &self,
        members: &[MemberId],
        former: &[MemberId],
        days: i64,
        now: Timestamp,
    ) -> Result<(Load, Timestamp, u16), Fault> {
        let together = if days <= Load::KEPT_DAYS.0 { 1 } else { 5 };
        let from = now.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(now);
        let mut load = Load::coarse(together);
        let mut series = of(members, &Metric::ALL);
        series.extend(of(former, &Metric::OF_FORMER));
        let minutes = |it: Metric| it.minutes().max(i64::from(together));
        self.read(&series, minutes, (from, now), &mut load).await?;
        Ok((load, from, together))
    }

    /// What the keys of these members took over the last [`Load::WINDOW`], by the minute.
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

    async fn of(
        &self,
        members: &[MemberId],
        metrics: &[Metric],
        now: Timestamp,
    ) -> Result<Load, Fault> {
        let mut load = Load::default();
        let span = (now.saturating_sub(Load::WINDOW).unwrap_or(now), now);
        self.read(&of(members, metrics), |_| 1, span, &mut load).await?;
        Ok(load)
    }

    /// Reads series over a span, each summed up for so many minutes.
    async fn read(
        &self,
        wanted: &[(MemberId, Metric)],
        minutes: impl Fn(Metric) -> i64,
        span: (Timestamp, Timestamp),
        load: &mut Load,
    ) -> Result<(), Fault> {
        let chunks: Vec<_> = wanted.chunks(SERIES_MAX).collect();
        let minutes = &minutes;
        let read = abreast(&chunks, |some| async move {
            let mut load = Load::default();
            self.read_some(some, minutes, span, &mut load).await.map(|()| load)
        });
        for part in read.await {
            load.join(part?);
        }
        Ok(())
    }

    async fn read_some(
        &self,
        wanted: &[(MemberId, Metric)],
        minutes: &impl Fn(Metric) -> i64,
        (from, until): (Timestamp, Timestamp),
        load: &mut Load,
    ) -> Result<(), Fault> {
        let series: BTreeMap<String, &(MemberId, Metric)> =
            wanted.iter().enumerate().map(|(at, it)| (id(at, it.1), it)).collect();
        let queries = series
            .iter()
            .map(|(id, (member, metric))| query(id, member, *metric, minutes(*metric)));
        // CloudWatch keeps minutes and hours: a start in the middle of one would cost the first sample.
        let longest = wanted.iter().map(|it| minutes(it.1)).max().unwrap_or(1) * 60;
        let start = from.as_second().div_euclid(longest) * longest;
        let mut pages = self
            .client
            .get_metric_data()
            .start_time(DateTime::from_secs(start))
            .end_time(DateTime::from_secs(until.as_second()))
            .scan_by(ScanBy::TimestampAscending)
            .set_metric_data_queries(Some(queries.collect()))
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

/// One `GetMetricData` takes so many series: those of thirty members, which only a group with shards has.
const SERIES_MAX: usize = 500;

/// Each of these metrics of each of these members.
fn of(members: &[MemberId], metrics: &[Metric]) -> Vec<(MemberId, Metric)> {
    members.iter().flat_map(|it| metrics.iter().map(|metric| (it.clone(), *metric))).collect()
}

/// The id of a series in one request: it starts with a lower-case letter and has letters, digits and underscores only.
fn id(number: usize, metric: Metric) -> String {
    format!("m{number}_{}", metric.name().to_ascii_lowercase())
}

fn query(id: &str, member: &MemberId, metric: Metric, minutes: i64) -> MetricDataQuery {
    let dimension = Dimension::builder().name("CacheClusterId").value(member.as_str()).build();
    let named = ApiMetric::builder()
        .namespace("AWS/ElastiCache")
        .metric_name(metric.name())
        .dimensions(dimension)
        .build();
    let period = i32::try_from(minutes * 60).unwrap_or(i32::MAX);
    let stat = MetricStat::builder().metric(named).period(period).stat(metric.statistic()).build();
    MetricDataQuery::builder().id(id).metric_stat(stat).return_data(true).build()
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
