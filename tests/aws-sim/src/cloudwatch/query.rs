//! Metrics, asked for and put in.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::fields::{Fields, bad_token, is_id};
use super::modelled::Span;
use super::reading::{Filter, Metrics};
use super::series::floor;
use super::watched::Stat;
use super::{MINUTE, Metric, Sample, Statistic, epoch, invalid};
use crate::wire::json::set;
use crate::{Refusal, State};

/// `GetMetricData`. Where there is more than was asked for at once, the token says which query goes on, and after how many of its points.
pub(super) fn data(state: &State, fields: &Fields) -> Result<Value, Refusal> {
    let span = span(fields)?;
    let queries = fields.structures("MetricDataQueries");
    if queries.is_empty() || 500 < queries.len() {
        return Err(invalid("MetricDataQueries must have 1 to 500 queries"));
    }
    let asked = read_all(&queries)?;
    let mut room = at_most(fields)?;
    let (first, mut passed) = place(fields)?;
    let (mut results, mut next) = (Vec::new(), None);
    for (number, (query, stat)) in queries.iter().zip(&asked).enumerate().skip(first) {
        if query.flag("ReturnData") == Some(false) {
            continue;
        }
        if room == 0 {
            next = Some((number, 0));
            break;
        }
        let mut points = points(state, stat, span);
        if fields.text("ScanBy") != Some("TimestampAscending") {
            points.reverse();
        }
        let begun = std::mem::take(&mut passed);
        let shown: Vec<_> = points.iter().skip(begun).take(room).collect();
        room -= shown.len();
        let is_whole = points.len() <= begun.saturating_add(shown.len());
        results.push(json!({
            "Id": query.required("Id")?,
            "Label": query.text("Label").unwrap_or(&stat.metric.name),
            "Timestamps": shown.iter().map(|(at, _)| epoch(*at)).collect::<Vec<_>>(),
            "Values": shown.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
            "StatusCode": if is_whole { "Complete" } else { "PartialData" },
        }));
        if !is_whole {
            next = Some((number, begun.saturating_add(shown.len())));
            break;
        }
    }
    let mut answer = json!({ "MetricDataResults": results, "Messages": [] });
    if let Some((number, passed)) = next {
        set(&mut answer, "NextToken", format!("{number}.{passed}"));
    }
    Ok(answer)
}

/// So many points are answered at once.
const POINTS_MAX: usize = 100_800;

fn at_most(fields: &Fields) -> Result<usize, Refusal> {
    let Some(most) = fields.whole("MaxDatapoints") else { return Ok(POINTS_MAX) };
    let most = usize::try_from(most).ok().filter(|it| (1..=POINTS_MAX).contains(it));
    most.ok_or_else(|| invalid(format!("MaxDatapoints must be from 1 to {POINTS_MAX}")))
}

fn place(fields: &Fields) -> Result<(usize, usize), Refusal> {
    let Some(token) = fields.text("NextToken") else { return Ok((0, 0)) };
    let parts = token.split_once('.');
    let place = parts.and_then(|(query, passed)| Some((query.parse().ok()?, passed.parse().ok()?)));
    place.ok_or_else(bad_token)
}

fn points(state: &State, stat: &Stat, (from, until): Span) -> Vec<(Timestamp, f64)> {
    let from = floor(from, MINUTE.min(stat.period));
    let periods = Metrics::of(state).periods(&stat.metric, (from, until), stat.period);
    let value = |(at, samples): (Timestamp, Vec<Sample>)| Some((at, stat.statistic.of(&samples)?));
    periods.into_iter().filter_map(value).collect()
}

fn read_all(queries: &[Fields]) -> Result<Vec<Stat>, Refusal> {
    let mut ids = BTreeSet::new();
    for query in queries {
        let id = query.required("Id")?;
        if !is_id(id) || !ids.insert(id) {
            let text = format!("The value {id} for parameter Id is not valid or not unique.");
            return Err(invalid(text));
        }
    }
    queries.iter().map(read).collect()
}

fn read(query: &Fields) -> Result<Stat, Refusal> {
    let stat = query.value("MetricStat").cloned().map(Fields::new);
    let stat = stat.ok_or_else(|| {
        invalid("metric math is modelled in alarms only: a query here needs MetricStat")
    })?;
    Stat::of_query(&stat)
}

fn span(fields: &Fields) -> Result<(Timestamp, Timestamp), Refusal> {
    let (from, until) = (fields.required_time("StartTime")?, fields.required_time("EndTime")?);
    if until <= from {
        return Err(invalid("The parameter StartTime must be less than the parameter EndTime."));
    }
    Ok((from, until))
}

pub(super) fn statistics(state: &State, fields: &Fields) -> Result<Value, Refusal> {
    let ((from, until), metric) = (span(fields)?, fields.metric()?);
    // An operation of its own code for it.
    let period =
        fields.period().map_err(|it| Refusal { code: "InvalidParameterValue".to_owned(), ..it })?;
    let mut names = fields.texts("Statistics");
    names.extend(fields.texts("ExtendedStatistics"));
    if names.is_empty() {
        return Err(invalid("Must specify either Statistics or ExtendedStatistics"));
    }
    let from = floor(from, MINUTE.min(period));
    let mut points = Vec::new();
    for (at, samples) in Metrics::of(state).periods(&metric, (from, until), period) {
        let mut point = json!({ "Timestamp": epoch(at), "Unit": "None" });
        for name in &names {
            let statistic = Statistic::parse(name);
            let statistic = statistic.ok_or_else(|| invalid(format!("{name} is no statistic")))?;
            set(&mut point, name, statistic.of(&samples));
        }
        points.push(point);
    }
    Ok(json!({ "Label": metric.name, "Datapoints": points }))
}

/// `ListMetrics`. The token is the metric that was told last, so that a page costs the same wherever it is.
pub(super) fn list(state: &State, fields: &Fields) -> Result<Value, Refusal> {
    let dimensions = fields.structures("Dimensions");
    let dimensions = dimensions.iter().map(|it| Ok((it.required("Name")?, it.text("Value"))));
    let since = match fields.text("RecentlyActive") {
        None => LISTED,
        Some("PT3H") => RECENT,
        Some(other) => return Err(bad_value(format!("{other} is no value of RecentlyActive"))),
    };
    let filter = Filter {
        namespace: fields.text("Namespace"),
        name: fields.text("MetricName"),
        dimensions: dimensions.collect::<Result<_, Refusal>>()?,
        since: state.now - since,
    };
    let after = fields.text("NextToken").map(|it| {
        metric_of(it).ok_or_else(|| bad_value(format!("{it} is no token that was given out here")))
    });
    let after = after.transpose()?;
    let found = Metrics::of(state).listed(&filter, after.as_ref(), PAGE.saturating_add(1));
    let more = PAGE < found.len();
    let page: Vec<&Metric> = found.iter().take(PAGE).collect();
    let shown = |it: &&Metric| {
        let dimensions = it.dimensions.iter();
        let dimensions = dimensions.map(|(name, value)| json!({ "Name": name, "Value": value }));
        json!({
            "Namespace": it.namespace,
            "MetricName": it.name,
            "Dimensions": dimensions.collect::<Vec<_>>(),
        })
    };
    let mut answer = json!({ "Metrics": page.iter().map(shown).collect::<Vec<_>>() });
    if let Some(last) = page.last().filter(|_| more) {
        let token = json!([last.namespace, last.name, last.dimensions]);
        set(&mut answer, "NextToken", token.to_string());
    }
    Ok(answer)
}

const PAGE: usize = 500;
/// Metrics that were not written for two weeks are not listed.
const LISTED: SignedDuration = SignedDuration::from_hours(24 * 14);
const RECENT: SignedDuration = SignedDuration::from_hours(3);

fn metric_of(token: &str) -> Option<Metric> {
    let (namespace, name, dimensions) = serde_json::from_str(token).ok()?;
    Some(Metric { namespace, name, dimensions })
}

fn bad_value(text: String) -> Refusal {
    Refusal::new(400, "InvalidParameterValue", text)
}

pub(super) fn put(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let namespace = fields.required("Namespace")?.to_owned();
    if namespace.starts_with("AWS/") {
        let text = "The value AWS/ for parameter Namespace is invalid.";
        return Err(Refusal::new(400, "InvalidParameterValue", text));
    }
    let mut samples = Vec::new();
    for datum in fields.structures("MetricData") {
        let metric = Metric {
            namespace: namespace.clone(),
            name: datum.required("MetricName")?.to_owned(),
            dimensions: datum.dimensions()?,
        };
        let at = datum.time("Timestamp")?.unwrap_or(state.now);
        for sample in read_samples(&datum, at)? {
            samples.push((metric.clone(), sample));
        }
    }
    for (metric, sample) in samples {
        state.cloudwatch.store.add(metric, [sample]);
    }
    Ok(json!({}))
}

fn read_samples(datum: &Fields, at: Timestamp) -> Result<Vec<Sample>, Refusal> {
    if let Some(value) = datum.number("Value") {
        return Ok(vec![Sample::one(at, value)]);
    }
    if let Some(set) = datum.value("StatisticValues").cloned().map(Fields::new) {
        let part =
            |name: &str| set.number(name).ok_or_else(|| invalid(format!("{name} is missing")));
        let (sum, count) = (part("Sum")?, part("SampleCount")?);
        return Ok(vec![Sample { at, sum, count, min: part("Minimum")?, max: part("Maximum")? }]);
    }
    let numbers = |name: &str| {
        let list = datum.value(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_f64).collect::<Vec<_>>()
    };
    let (values, counts) = (numbers("Values"), numbers("Counts"));
    if values.is_empty() {
        return Err(invalid("a datum needs Value, Values or StatisticValues"));
    }
    let counts = counts.into_iter().chain(std::iter::repeat(1.0));
    let one = |(value, count): (f64, f64)| Sample {
        at,
        sum: value * count,
        count,
        min: value,
        max: value,
    };
    Ok(values.into_iter().zip(counts).map(one).collect())
}
