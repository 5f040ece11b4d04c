//! Metrics, asked for and put in.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::fields::Fields;
use super::reading::{Filter, Metrics};
use super::series::floor;
use super::{MINUTE, Metric, Sample, Statistic, epoch, invalid};
use crate::wire::json::set;
use crate::{Refusal, State};

/// The span that is asked for.
pub(super) fn span(fields: &Fields) -> Result<(Timestamp, Timestamp), Refusal> {
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
    let all = |samples: &[Sample]| Some(samples.to_vec());
    for (at, samples) in Metrics::of(state).periods(&metric, (from, until), period, all) {
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
