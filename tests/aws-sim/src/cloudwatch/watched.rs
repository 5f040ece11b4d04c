//! What an alarm watches: one metric, or metric math over several.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::expression::{self, Names, Term};
use super::fields::{Fields, is_id};
use super::reading::Metrics;
use super::series::Point;
use super::{Metric, Statistic, invalid};
use crate::Refusal;
use crate::wire::json::set;

/// What an alarm watches.
#[derive(Clone, Debug, PartialEq)]
pub enum Watched {
    /// One metric.
    Metric(Stat),
    /// Metric math.
    Math(Math),
}

/// A statistic of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Stat {
    /// The metric.
    pub metric: Metric,
    /// The statistic, by its name.
    pub name: String,
    /// The statistic.
    pub statistic: Statistic,
    /// The unit, if one was asked for.
    pub unit: Option<String>,
    /// The length of a period.
    pub period: SignedDuration,
}

/// Metrics, and expressions over them, of which one is watched.
#[derive(Clone, Debug, PartialEq)]
pub struct Math {
    /// All, as they were given.
    pub entries: Vec<Entry>,
    /// The id of the one that is watched.
    pub watched: String,
    /// The length of a period, which all metrics share.
    pub period: SignedDuration,
    /// The expressions by their places among the entries, each after those that it refers to.
    order: Vec<usize>,
}

/// A metric or an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// Its label.
    pub label: Option<String>,
    /// The account that it is of, where it was given.
    pub account: Option<String>,
    /// What it is.
    pub what: What,
}

/// A metric or an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A metric.
    Stat(Stat),
    /// An expression, as it was given and as it was read.
    Expression(String, Term),
}

/// What is told once for each metric where there is math.
pub(super) const EXCLUDED: [&str; 7] =
    ["Namespace", "MetricName", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic"];

/// As many metrics, and as many expressions.
const ENTRIES_MAX: usize = 10;

impl Watched {
    /// What a new alarm in this account is to watch.
    pub(super) fn read(fields: &Fields, account: &str) -> Result<Self, Refusal> {
        let entries = fields.structures("Metrics");
        if entries.is_empty() {
            return Stat::of_alarm(fields).map(Self::Metric);
        }
        let given = |it: &Value| it.as_array().is_none_or(|it| !it.is_empty());
        if let Some(name) = EXCLUDED.into_iter().find(|it| fields.value(it).is_some_and(given)) {
            return Err(invalid(format!("{name} should not be set if list of Metrics is set.")));
        }
        Math::read(&entries, account).map(Self::Math)
    }

    /// The metrics that it is about.
    pub fn metrics(&self) -> impl Iterator<Item = &Metric> {
        let (one, entries) = match self {
            Self::Metric(stat) => (Some(stat), [].as_slice()),
            Self::Math(math) => (None, math.entries.as_slice()),
        };
        let of_entries = entries.iter().filter_map(|it| match &it.what {
            What::Stat(stat) => Some(&stat.metric),
            What::Expression(..) => None,
        });
        one.map(|it| &it.metric).into_iter().chain(of_entries)
    }

    /// The length of a period.
    pub fn period(&self) -> SignedDuration {
        match self {
            Self::Metric(stat) => stat.period,
            Self::Math(math) => math.period,
        }
    }

    /// The value of the period that begins here, if it has one.
    pub(super) fn value(&self, metrics: Metrics<'_>, from: Timestamp) -> Option<f64> {
        match self {
            Self::Metric(stat) => stat.value(metrics, from),
            Self::Math(math) => math.value(metrics, from),
        }
    }
}

impl Stat {
    fn of_alarm(fields: &Fields) -> Result<Self, Refusal> {
        let name = fields.text("Statistic").or(fields.text("ExtendedStatistic"));
        let name = name.ok_or_else(|| invalid("The parameter Statistic is required."))?;
        Self::of(fields, fields.metric()?, name)
    }

    /// Of the structure `MetricStat`.
    pub(super) fn of_query(stat: &Fields) -> Result<Self, Refusal> {
        let metric = stat.value("Metric").cloned().map(Fields::new);
        let metric = metric.ok_or_else(|| invalid("MetricStat has no Metric"))?.metric()?;
        Self::of(stat, metric, stat.required("Stat")?)
    }

    fn of(fields: &Fields, metric: Metric, name: &str) -> Result<Self, Refusal> {
        let statistic = Statistic::parse(name);
        Ok(Self {
            metric,
            name: name.to_owned(),
            statistic: statistic.ok_or_else(|| invalid(format!("{name} is no statistic")))?,
            unit: fields.text("Unit").map(str::to_owned),
            period: fields.period()?,
        })
    }

    fn value(&self, metrics: Metrics<'_>, from: Timestamp) -> Option<f64> {
        metrics.period(&self.metric, from, self.period, self.statistic)
    }
}

impl Math {
    fn read(given: &[Fields], account: &str) -> Result<Self, Refusal> {
        let mut names = Names::default();
        let mut ids = BTreeSet::new();
        for entry in given {
            let id = entry.required("Id")?;
            if !is_id(id) || !ids.insert(id) {
                let text = format!("The value {id} for parameter Id is not valid or not unique.");
                return Err(invalid(text));
            }
            let is_metric = entry.value("MetricStat").is_some();
            if is_metric == entry.value("Expression").is_some() {
                let text = format!("{id} must have either MetricStat or Expression, and not both.");
                return Err(invalid(text));
            }
            let same = if is_metric { &mut names.metrics } else { &mut names.expressions };
            same.push(id.to_owned());
        }
        for (what, list) in [("metrics", &names.metrics), ("expressions", &names.expressions)] {
            if ENTRIES_MAX < list.len() {
                return Err(invalid(format!(
                    "Alarms on math expressions cannot contain more than {ENTRIES_MAX} individual {what}."
                )));
            }
        }
        let mut watched = given.iter().filter(|it| it.flag("ReturnData").unwrap_or(true));
        let (Some(one), None) = (watched.next(), watched.next()) else {
            return Err(invalid("Exactly one element of the metrics list should return data."));
        };
        let watched = one.required("Id")?.to_owned();
        let entries: Vec<Entry> =
            given.iter().map(|it| Entry::read(it, &names, account)).collect::<Result<_, _>>()?;
        let order = order(&entries)?;
        let period = period(given, &entries)?;
        Ok(Self { entries, watched, period, order })
    }

    fn value(&self, metrics: Metrics<'_>, from: Timestamp) -> Option<f64> {
        let mut points: BTreeMap<&str, Point> = BTreeMap::new();
        for entry in &self.entries {
            if let What::Stat(stat) = &entry.what {
                let point = Point::new(stat.value(metrics, from), metrics.has(&stat.metric));
                points.insert(&entry.id, point);
            }
        }
        for entry in self.order.iter().filter_map(|it| self.entries.get(*it)) {
            if let What::Expression(_, term) = &entry.what {
                let point = term.point(&|id| points.get(id).copied().unwrap_or_default());
                points.insert(&entry.id, point);
            }
        }
        points.get(self.watched.as_str())?.value
    }

    /// As `DescribeAlarms` and a topic list them, which write a dimension differently.
    pub(super) fn listed(&self, dimension: fn((&String, &String)) -> Value) -> Vec<Value> {
        let listed = |entry: &Entry| {
            let mut listed = json!({ "Id": entry.id, "ReturnData": entry.id == self.watched });
            match &entry.what {
                What::Expression(text, _) => set(&mut listed, "Expression", text.clone()),
                What::Stat(stat) => {
                    let dimensions = stat.metric.dimensions.iter().map(dimension);
                    let mut shown = json!({
                        "Metric": {
                            "Dimensions": dimensions.collect::<Vec<_>>(),
                            "MetricName": stat.metric.name,
                            "Namespace": stat.metric.namespace,
                        },
                        "Period": stat.period.as_secs(),
                        "Stat": stat.name,
                    });
                    if let Some(unit) = &stat.unit {
                        set(&mut shown, "Unit", unit.clone());
                    }
                    set(&mut listed, "MetricStat", shown);
                }
            }
            for (name, value) in [("Label", &entry.label), ("AccountId", &entry.account)] {
                if let Some(value) = value {
                    set(&mut listed, name, value.clone());
                }
            }
            listed
        };
        self.entries.iter().map(listed).collect()
    }
}

impl Entry {
    fn read(given: &Fields, names: &Names, here: &str) -> Result<Self, Refusal> {
        let id = given.required("Id")?.to_owned();
        let account = given.text("AccountId").map(str::to_owned);
        if account.as_ref().is_some_and(|it| it != here) {
            return Err(invalid("metrics of other accounts are not modelled here"));
        }
        let what = if let Some(stat) = given.value("MetricStat").cloned().map(Fields::new) {
            What::Stat(Stat::of_query(&stat)?)
        } else {
            What::read(&id, given.required("Expression")?, names)?
        };
        Ok(Self { id, label: given.text("Label").map(str::to_owned), account, what })
    }
}

impl What {
    fn read(id: &str, text: &str, names: &Names) -> Result<Self, Refusal> {
        if EXPRESSION_MAX < text.chars().count() {
            let text = format!("an Expression has at most {EXPRESSION_MAX} characters");
            return Err(invalid(text));
        }
        let term = expression::parse(text, names);
        let term = term.map_err(|why| invalid(format!("Error in expression '{id}': {why}.")))?;
        Ok(Self::Expression(text.to_owned(), term))
    }
}

const EXPRESSION_MAX: usize = 2048;

/// The places of the expressions, each after those that it refers to.
fn order(entries: &[Entry]) -> Result<Vec<usize>, Refusal> {
    let mut waiting: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for (place, entry) in entries.iter().enumerate() {
        if let What::Expression(_, term) = &entry.what {
            let refers_to = term.refers_to().into_iter().collect();
            waiting.insert(&entry.id, (place, refers_to));
        }
    }
    let mut order = Vec::new();
    while !waiting.is_empty() {
        let is_ready =
            |refers_to: &BTreeSet<&str>| !refers_to.iter().any(|it| waiting.contains_key(it));
        let ready = waiting.iter().find(|(_, (_, refers_to))| is_ready(refers_to));
        let Some((id, place)) = ready.map(|(id, (place, _))| (*id, *place)) else {
            let ids = waiting.into_keys().collect::<Vec<_>>().join(", ");
            return Err(invalid(format!("Error in expressions {ids}: they refer to themselves.")));
        };
        waiting.remove(id);
        order.push(place);
    }
    Ok(order)
}

/// The period of all metrics. An expression may name it once more.
fn period(given: &[Fields], entries: &[Entry]) -> Result<SignedDuration, Refusal> {
    let stats = entries.iter().filter_map(|it| match &it.what {
        What::Stat(stat) => Some(stat.period),
        What::Expression(..) => None,
    });
    let named = given.iter().filter(|it| it.value("Period").is_some()).map(Fields::period);
    let periods: BTreeSet<SignedDuration> = stats.map(Ok).chain(named).collect::<Result<_, _>>()?;
    match (periods.first(), periods.len()) {
        (Some(period), 1) => Ok(*period),
        (_, _) => Err(invalid("All metrics of an alarm must have the same Period.")),
    }
}
