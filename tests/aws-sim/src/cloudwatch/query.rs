//! Metrics, asked for and put in.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::fields::{Fields, is_id};
use super::watched::Stat;
use super::{Metric, Sample, Statistic, epoch, invalid, modelled};
use crate::wire::json::set;
use crate::{Refusal, State};

pub(super) fn data(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    modelled::catch_up(state);
    let span = span(fields)?;
    let oldest_first = fields.text("ScanBy") == Some("TimestampAscending");
    let queries = fields.structures("MetricDataQueries");
    if queries.is_empty() || 500 < queries.len() {
        return Err(invalid("MetricDataQueries must have 1 to 500 queries"));
    }
    let mut ids = BTreeSet::new();
    let mut results = Vec::new();
    for query in &queries {
        let id = query.required("Id")?;
        if !is_id(id) || !ids.insert(id) {
            return Err(invalid(format!(
                "The value {id} for parameter Id is not valid or not unique."
            )));
        }
        let read = read(query)?;
        if query.flag("ReturnData") == Some(false) {
            continue;
        }
        let mut points =
            state.cloudwatch.store.periods(&read.metric, span, read.period, read.statistic);
        if !oldest_first {
            points.reverse();
        }
        results.push(json!({
            "Id": id,
            "Label": query.text("Label").unwrap_or(&read.metric.name),
            "Timestamps": points.iter().map(|(at, _)| epoch(*at)).collect::<Vec<_>>(),
            "Values": points.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
            "StatusCode": "Complete",
        }));
    }
    Ok(json!({ "MetricDataResults": results, "Messages": [] }))
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

pub(super) fn statistics(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    modelled::catch_up(state);
    let (span, metric) = (span(fields)?, fields.metric()?);
    // An operation of its own code for it.
    let period =
        fields.period().map_err(|it| Refusal { code: "InvalidParameterValue".to_owned(), ..it })?;
    let mut names = fields.texts("Statistics");
    names.extend(fields.texts("ExtendedStatistics"));
    if names.is_empty() {
        return Err(invalid("Must specify either Statistics or ExtendedStatistics"));
    }
    let store = &state.cloudwatch.store;
    let starts = store.periods(&metric, span, period, Statistic::SampleCount);
    let mut points = Vec::new();
    for (at, _) in starts {
        let mut point = json!({ "Timestamp": epoch(at), "Unit": "None" });
        for name in &names {
            let statistic = Statistic::parse(name);
            let statistic = statistic.ok_or_else(|| invalid(format!("{name} is no statistic")))?;
            let value = store.period(&metric, at, period, statistic);
            set(&mut point, name, value);
        }
        points.push(point);
    }
    Ok(json!({ "Label": metric.name, "Datapoints": points }))
}

pub(super) fn list(state: &mut State, fields: &Fields) -> Value {
    modelled::catch_up(state);
    let (namespace, name) = (fields.text("Namespace"), fields.text("MetricName"));
    let dimensions = fields.structures("Dimensions");
    let fits = |metric: &&Metric| {
        namespace.is_none_or(|it| metric.namespace == it)
            && name.is_none_or(|it| metric.name == it)
            && dimensions.iter().all(|wanted| {
                let name = wanted.text("Name").unwrap_or_default();
                let has = metric.dimensions.get(name);
                has.is_some_and(|has| wanted.text("Value").is_none_or(|it| has == it))
            })
    };
    let from: usize = fields.text("NextToken").and_then(|it| it.parse().ok()).unwrap_or(0);
    let found: Vec<&Metric> = state.cloudwatch.store.metrics().filter(fits).collect();
    let more = from.saturating_add(PAGE) < found.len();
    let shown = |it: &Metric| {
        let dimensions = it.dimensions.iter();
        let dimensions = dimensions.map(|(name, value)| json!({ "Name": name, "Value": value }));
        json!({
            "Namespace": it.namespace,
            "MetricName": it.name,
            "Dimensions": dimensions.collect::<Vec<_>>(),
        })
    };
    let page: Vec<Value> = found.into_iter().skip(from).take(PAGE).map(shown).collect();
    let mut answer = json!({ "Metrics": page });
    if more {
        set(&mut answer, "NextToken", from.saturating_add(PAGE).to_string());
    }
    answer
}

const PAGE: usize = 500;

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
