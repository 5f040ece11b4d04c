//! `GetMetricData`: points of many metrics at once, page by page.

use std::collections::BTreeSet;

use jiff::Timestamp;
use minicbor::Encoder;
use serde_json::{Value, json};

use super::fields::{Fields, bad_token, is_id};
use super::modelled::Span;
use super::query::span;
use super::reading::Metrics;
use super::series::floor;
use super::watched::Stat;
use super::{MINUTE, Sample, cbor, epoch, invalid};
use crate::wire::json::set;
use crate::{Refusal, State};

/// An answer.
#[derive(Debug)]
pub(super) struct Page {
    results: Vec<Series>,
    next: Option<String>,
}

/// What it says of one query.
#[derive(Clone, Debug)]
struct Series {
    id: String,
    label: String,
    points: Vec<(Timestamp, f64)>,
    is_whole: bool,
}

impl Page {
    /// Where there is more than was asked for at once, the token says which query goes on, and after how many of its points.
    pub(super) fn of(state: &State, fields: &Fields) -> Result<Self, Refusal> {
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
            points.drain(..begun.min(points.len()));
            let is_whole = points.len() <= room;
            points.truncate(room);
            room -= points.len();
            if !is_whole {
                next = Some((number, begun.saturating_add(points.len())));
            }
            let id = query.required("Id")?.to_owned();
            let label = query.text("Label").unwrap_or(&stat.metric.name).to_owned();
            results.push(Series { id, label, points, is_whole });
            if !is_whole {
                break;
            }
        }
        Ok(Self { results, next: next.map(|(number, passed)| format!("{number}.{passed}")) })
    }

    /// As JSON has it.
    pub(super) fn value(&self) -> Value {
        let shown = |it: &Series| {
            json!({
                "Id": it.id,
                "Label": it.label,
                "Timestamps": it.points.iter().map(|(at, _)| epoch(*at)).collect::<Vec<_>>(),
                "Values": it.points.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
                "StatusCode": it.status(),
            })
        };
        let results: Vec<Value> = self.results.iter().map(shown).collect();
        let mut answer = json!({ "MetricDataResults": results, "Messages": [] });
        if let Some(next) = &self.next {
            set(&mut answer, "NextToken", next.clone());
        }
        answer
    }

    /// The same in CBOR. A page may have a hundred thousand points, and a tree of values of them costs more than all else about it.
    pub(super) fn cbor(&self) -> Vec<u8> {
        let points: usize = self.results.iter().map(|it| it.points.len()).sum();
        let room = points.saturating_mul(POINT_BYTES).saturating_add(BESIDE_BYTES);
        cbor::body(room, |it| self.write(it))
    }

    fn write(&self, encoder: &mut Encoder<Vec<u8>>) -> cbor::Written {
        encoder.map(2 + u64::from(self.next.is_some()))?;
        encoder.str("MetricDataResults")?.array(self.results.len() as u64)?;
        for series in &self.results {
            encoder.map(5)?.str("Id")?.str(&series.id)?.str("Label")?.str(&series.label)?;
            encoder.str("StatusCode")?.str(series.status())?;
            encoder.str("Timestamps")?.array(series.points.len() as u64)?;
            for (at, _) in &series.points {
                cbor::write_time(encoder, *at)?;
            }
            encoder.str("Values")?.array(series.points.len() as u64)?;
            for (_, value) in &series.points {
                // As in JSON: what is no number is nothing.
                if value.is_finite() {
                    encoder.f64(*value)?
                } else {
                    encoder.null()?
                };
            }
        }
        encoder.str("Messages")?.array(0)?;
        if let Some(next) = &self.next {
            encoder.str("NextToken")?.str(next)?;
        }
        Ok(())
    }
}

/// A time with its tag, and a value.
const POINT_BYTES: usize = 10 + 9;
/// All else, most of the time. Where it is not enough, more is taken.
const BESIDE_BYTES: usize = 1 << 14;

impl Series {
    fn status(&self) -> &'static str {
        if self.is_whole { "Complete" } else { "PartialData" }
    }
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
    let value = |samples: &[Sample]| stat.statistic.of(samples);
    Metrics::of(state).periods(&stat.metric, (from, until), stat.period, value)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;

    #[test]
    fn both_protocols_say_the_same() {
        let at = |millisecond: i64| {
            Timestamp::from_millisecond(1_767_225_600_000 + millisecond).unwrap()
        };
        let series = |id: &str, points: &[(Timestamp, f64)], is_whole| Series {
            id: id.to_owned(),
            label: format!("of {id}"),
            points: points.to_vec(),
            is_whole,
        };
        let points = [(at(0), 1.0), (at(60_250), 2.5), (at(120_000), f64::NAN)];
        let results = vec![series("a", &points, true), series("b", &points[..1], false)];
        for next in [None, Some("1.1".to_owned())] {
            let page = Page { results: results.clone(), next };
            let body = page.cbor();
            let read = cbor::read(&Request { body, ..Request::default() }).unwrap();
            assert_eq!(read, page.value());
        }
        assert_eq!(Page { results, next: None }.value()["MetricDataResults"][0]["Values"][1], 2.5);
    }
}
