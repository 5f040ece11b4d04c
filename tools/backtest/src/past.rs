//! A past from a CSV file.
//!
//! A file has a line for each sample and these columns, in any order: `minute` from the beginning or from the epoch (UTC), `reads` and `writes` a second of all
//! clients, `bytes` of data. These may be there beside them: `to_replicas`, the share of the reads that replicas serve (else 0.7), `value`, the bytes of a
//! value (else 500), `primary` and `replica`, how busy the engines of the primary and of the busiest replica were as a share of one (else what the model says of
//! the node type), `sent`, the bytes a second of the member that sent most (likewise), and `misses`, the share of the reads that missed (else 0).
//!
//! These are the columns of the traces of `bench-autoscale` and more. A sample stands for as many minutes as there are between two at least; what is
//! further apart is a gap, of which nothing is known.

use domain::Problems;
use domain::autoscale::sizing::carry::{self, Demand, Mix};
use domain::autoscale::sizing::{Candidate, Minute};

/// A past.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Past {
    /// Its first minute.
    pub(crate) from: i64,
    /// How many minutes a sample stands for.
    pub(crate) every: usize,
    /// Whether misses are told.
    pub(crate) has_misses: bool,
    /// The columns that nobody reads.
    pub(crate) ignored: Vec<String>,
    rows: Vec<Row>,
}

/// A sample, as it stands in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Row {
    minute: i64,
    reads: f64,
    writes: f64,
    bytes: f64,
    to_replicas: Option<f64>,
    value: Option<f64>,
    primary: Option<f64>,
    replica: Option<f64>,
    sent: Option<f64>,
    misses: Option<f64>,
}

const NEEDED: [&str; 4] = ["minute", "reads", "writes", "bytes"];
const SHARES: [&str; 4] = ["to_replicas", "primary", "replica", "misses"];
const AMOUNTS: [&str; 2] = ["value", "sent"];

/// The most minutes from the first to the last: some months.
const MINUTES_MAX: i64 = 300_000;
/// Samples are no further apart: in an hour a group can be overloaded and calm again.
const EVERY_MAX: i64 = 60;
/// The bytes of a reply beside its value.
const BESIDE_VALUE: f64 = 80.0;

/// Reads a file, and tells every mistake in it.
pub(crate) fn read(name: &str, text: &str, problems: &mut Problems) -> Option<Past> {
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let header = problems.keep(name, reader.headers().cloned())?;
    let missing: Vec<&str> =
        NEEDED.into_iter().filter(|it| !header.iter().any(|column| column == *it)).collect();
    if !missing.is_empty() {
        let rule =
            format!("has no column {}; {} are needed", missing.join(", "), NEEDED.join(", "));
        problems.add(format!("{name}, line 1"), rule);
        return None;
    }
    let mut lines = Lines { name, header: &header, problems, rows: Vec::new() };
    for record in reader.records() {
        lines.add(record);
    }
    let rows = lines.rows;
    let from = rows.first().map(|it| it.minute);
    if rows.is_empty() && problems.is_empty() {
        problems.add(name, "has no line below its header");
    }
    let (Some(from), Some(last)) = (from, rows.last()) else { return None };
    if MINUTES_MAX < last.minute.saturating_sub(from) {
        problems.add(name, format!("spans more than {MINUTES_MAX} minutes"));
    }
    let apart = rows.iter().zip(rows.iter().skip(1)).map(|(one, other)| other.minute - one.minute);
    let every = apart.min().unwrap_or(1);
    if EVERY_MAX < every {
        problems.add(name, format!("has samples {every} minutes apart, {EVERY_MAX} are the most"));
    }
    let is_read = |it: &str| NEEDED.contains(&it) || SHARES.contains(&it) || AMOUNTS.contains(&it);
    Some(Past {
        from,
        every: usize::try_from(every).unwrap_or(1),
        has_misses: header.iter().any(|it| it == "misses"),
        ignored: header.iter().filter(|it| !is_read(it)).map(str::to_owned).collect(),
        rows,
    })
}

/// The lines that were read so far.
struct Lines<'a> {
    name: &'a str,
    header: &'a csv::StringRecord,
    problems: &'a mut Problems,
    rows: Vec<Row>,
}

impl Lines<'_> {
    fn add(&mut self, record: Result<csv::StringRecord, csv::Error>) {
        let Some(record) = self.problems.keep(self.name, record) else { return };
        let line = record.position().map_or(0, csv::Position::line);
        let mut is_whole = true;
        let mut row = Row::default();
        for (place, column) in self.header.iter().enumerate() {
            let text = record.get(place).unwrap_or_default();
            if let Err(rule) = row.take(column, text) {
                is_whole = false;
                self.problems.add(format!("{}, line {line}, {column}", self.name), rule);
            }
        }
        let before = self.rows.last().map(|it| it.minute);
        if let Some(before) = before.filter(|it| is_whole && row.minute <= *it) {
            let rule = format!("{} is not after {before}, which is before it", row.minute);
            self.problems.add(format!("{}, line {line}, minute", self.name), rule);
            return;
        }
        if is_whole {
            self.rows.push(row);
        }
    }
}

impl Row {
    /// Takes what stands in a column over.
    fn take(&mut self, column: &str, text: &str) -> Result<(), String> {
        let amount = || number(text).ok_or_else(|| format!("\"{text}\" is no number of 0 or more"));
        let share = || {
            let told = || format!("\"{text}\" is no share from 0 to 1");
            number(text).filter(|it| *it <= 1.0).ok_or_else(told).map(Some)
        };
        match column {
            "minute" => self.minute = whole(text)?,
            "reads" => self.reads = amount()?,
            "writes" => self.writes = amount()?,
            "bytes" => self.bytes = amount()?,
            "value" => self.value = Some(amount()?),
            "sent" => self.sent = Some(amount()?),
            "to_replicas" => self.to_replicas = share()?,
            "primary" => self.primary = share()?,
            "replica" => self.replica = share()?,
            "misses" => self.misses = share()?,
            _ => {}
        }
        Ok(())
    }

    /// What the metrics of a group of this size would have said.
    fn minute(&self, candidate: &Candidate, replicas: u32) -> Minute {
        let demand = Demand { reads: self.reads, writes: self.writes };
        let to_replicas = if replicas == 0 { 0.0 } else { self.to_replicas.unwrap_or(0.7) };
        let mix = Mix { to_replicas, bytes: self.value.unwrap_or(500.0) + BESIDE_VALUE };
        let (primary, replica) = carry::busy(demand, mix, candidate.engine, replicas);
        let replica = if replicas == 0 { 0.0 } else { self.replica.unwrap_or(replica) };
        Minute {
            reads: self.reads,
            by_replicas: self.reads * to_replicas,
            writes: self.writes,
            primary: self.primary.unwrap_or(primary).min(1.0),
            replica: replica.min(1.0),
            memory: self.bytes.min(candidate.usable),
            sent: self.sent.unwrap_or_else(|| carry::sent(demand, mix, replicas)),
            misses: self.misses.unwrap_or_default(),
            credits: None,
            replicas,
        }
    }
}

impl Past {
    /// Each minute of a group that had this size; those behind a sample are silent.
    pub(crate) fn minutes(&self, candidate: &Candidate, replicas: u32) -> Vec<Option<Minute>> {
        let place = |it: &Row| usize::try_from(it.minute - self.from).unwrap_or_default();
        let len = self.rows.last().map_or(0, |it| place(it) + self.every);
        let mut minutes = vec![None; len];
        for row in &self.rows {
            if let Some(minute) = minutes.get_mut(place(row)) {
                *minute = Some(row.minute(candidate, replicas));
            }
        }
        minutes
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|it: &f64| it.is_finite() && 0.0 <= *it)
}

/// A minute; some programs write whole numbers with a fraction of nothing.
fn whole(text: &str) -> Result<i64, String> {
    let text_of = text.strip_suffix(".0").unwrap_or(text);
    let minute = text_of.parse().ok().filter(|it: &i64| (0..=MINUTE_MAX).contains(it));
    minute.ok_or_else(|| format!("\"{text}\" is no whole number of minutes"))
}

/// A minute of the year 3871; seconds and milliseconds since the epoch are beyond it.
const MINUTE_MAX: i64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use domain::engine::Engine;
    use domain::{Catalog, NodeType};

    fn large() -> Candidate {
        let node_type = NodeType::parse("cache.m7g.large").unwrap();
        Candidate::of(Catalog::embedded().find(&node_type).unwrap(), Engine::Valkey, 0.25).unwrap()
    }

    fn past(text: &str) -> Past {
        let mut problems = Problems::default();
        let past = read("orders.csv", text, &mut problems);
        assert!(problems.is_empty(), "{problems}");
        past.unwrap()
    }

    #[test]
    fn a_sample_stands_for_the_minutes_up_to_the_next_and_what_is_further_apart_is_a_gap() {
        let past = past("minute,reads,writes,bytes\n100,1,2,3\n105,4,5,6\n120,7,8,9\n");
        assert_eq!((past.from, past.every, past.has_misses), (100, 5, false));
        let minutes = past.minutes(&large(), 1);
        assert_eq!(minutes.len(), 25);
        let known: Vec<usize> = (0..25).filter(|it| minutes[*it].is_some()).collect();
        assert_eq!(known, [0, 5, 20]);
        assert!((minutes[5].unwrap().reads - 4.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_not_told_is_modelled_and_what_is_told_is_taken() {
        let text = "minute,reads,writes,bytes,time\n0,150000,0,1000,noon\n1,150000,0,9e99,noon\n";
        let modelled = past(text);
        assert_eq!(modelled.ignored, ["time"]);
        let minutes = modelled.minutes(&large(), 1);
        let minute = minutes[0].unwrap();
        assert!((minute.primary - 0.3).abs() < 1e-9 && (minute.replica - 0.7).abs() < 1e-9);
        assert!((minute.sent - 0.7 * 150_000.0 * 580.0).abs() < 1.0);
        assert!((minutes[1].unwrap().memory - large().usable).abs() < 1.0);
        let alone = modelled.minutes(&large(), 0)[0].unwrap();
        assert!((alone.primary - 1.0).abs() < 1e-9 && alone.by_replicas.abs() < 1e-9);
        let told = past(
            "bytes,minute,reads,writes,primary,replica,sent,misses,to_replicas\n5,0,100,1,0.25,0.5,77,0.125,0.5\n",
        );
        assert!(told.has_misses);
        let it = told.minutes(&large(), 1)[0].unwrap();
        let values = [it.primary, it.replica, it.sent, it.misses, it.by_replicas, it.memory];
        let expected = [0.25, 0.5, 77.0, 0.125, 50.0, 5.0];
        assert!(values.iter().zip(expected).all(|(one, other)| (one - other).abs() < 1e-9));
    }

    #[test]
    fn every_mistake_is_told_with_its_line_column_value_and_rule() {
        let mut problems = Problems::default();
        let text = "minute,reads,writes,bytes,misses\n0,one,2,3,0\n1,1,-2,3,7\n1.5,1,2,NaN,0\n4,1,2,3,0\n4,1,2,3,0\n5,1\n";
        read("orders.csv", text, &mut problems);
        let told: Vec<String> =
            problems.iter().map(|it| format!("{}: {}", it.name, it.rule)).collect();
        let expected = [
            "orders.csv, line 2, reads: \"one\" is no number of 0 or more",
            "orders.csv, line 3, writes: \"-2\" is no number of 0 or more",
            "orders.csv, line 3, misses: \"7\" is no share from 0 to 1",
            "orders.csv, line 4, minute: \"1.5\" is no whole number of minutes",
            "orders.csv, line 4, bytes: \"NaN\" is no number of 0 or more",
            "orders.csv, line 6, minute: 4 is not after 4, which is before it",
            "orders.csv, line 7, writes: \"\" is no number of 0 or more",
            "orders.csv, line 7, bytes: \"\" is no number of 0 or more",
            "orders.csv, line 7, misses: \"\" is no share from 0 to 1",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_file_that_is_no_past_is_told() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            let mut problems = Problems::default();
            read("orders.csv", text, &mut problems);
            assert!(problems.to_string().contains(expected), "{problems}");
        }
        check("", "has no column minute, reads, writes, bytes");
        check("minute,reads\n", "orders.csv, line 1: has no column writes, bytes");
        check("minute,reads,writes,bytes\n", "has no line below its header");
        check("minute,reads,writes,bytes\n0,1,2,3\n90,1,2,3\n", "samples 90 minutes apart");
        check("minute,reads,writes,bytes\n0,1,2,3\n1,1,2,3\n300002,1,2,3\n", "spans more than");
        // Milliseconds since the epoch.
        check("minute,reads,writes,bytes\n1796022000000,1,2,3\n", "is no whole number of minutes");
    }
}
