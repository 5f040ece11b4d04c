//! Traces from files: what a group of one's own was asked for.
//!
//! A file has a line for each sample and these columns: `minute` from the beginning, `reads` and `writes` a second, `bytes` of data. Samples may be
//! further apart: between them a straight line is drawn. `to_replicas`, the share of the reads that goes to replicas, and `value`, the bytes of a
//! value, are read from the first line where the columns are there, and are 0.7 and 500 otherwise.

use std::fs;
use std::path::Path;

use super::{DAY, Load, Trace, count};

/// A sample, as it stands in a file.
#[derive(Clone, Copy, Debug)]
struct Sample {
    minute: f64,
    reads: f64,
    writes: f64,
    bytes: f64,
}

/// The most minutes of a trace: some months.
const MINUTES_MAX: f64 = 300_000.0;

/// Every trace of a folder, by the names of the files that end in `.csv`.
///
/// # Errors
///
/// What cannot be read, with the file and the line.
pub(crate) fn all(folder: &Path) -> Result<Vec<Trace>, String> {
    let told = |why: std::io::Error| format!("{}: {why}", folder.display());
    let entries: Result<Vec<_>, _> = fs::read_dir(folder).map_err(told)?.collect();
    let mut paths: Vec<_> = entries.map_err(told)?.into_iter().map(|it| it.path()).collect();
    paths.retain(|it| it.extension().is_some_and(|it| it == "csv"));
    paths.sort();
    if paths.is_empty() {
        return Err(format!("{} has no file that ends in .csv", folder.display()));
    }
    let one = |path: &std::path::PathBuf| {
        let told = |why: String| format!("{}: {why}", path.display());
        let text = fs::read_to_string(path).map_err(|why| told(why.to_string()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        read(&name, &text).map_err(told)
    };
    paths.iter().map(one).collect()
}

/// Reads a trace.
fn read(name: &str, text: &str) -> Result<Trace, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|why| why.to_string())?.clone();
    let place = |column: &str| header.iter().position(|it| it == column);
    let needs = |column: &str| {
        place(column).ok_or_else(|| {
            format!("has no column {column}; minute, reads, writes and bytes are needed")
        })
    };
    let columns = [needs("minute")?, needs("reads")?, needs("writes")?, needs("bytes")?];
    let mut samples: Vec<Sample> = Vec::new();
    let (mut to_replicas, mut value) = (0.7, 500.0);
    for (at, record) in reader.records().enumerate() {
        let line = at + 2;
        let record = record.map_err(|why| why.to_string())?;
        let number = |place: usize| {
            number(&record, place).ok_or_else(|| {
                format!("line {line} has no number of 0 or more in column {}", place + 1)
            })
        };
        let [minute, reads, writes, bytes] = columns;
        let sample = Sample {
            minute: number(minute)?,
            reads: number(reads)?,
            writes: number(writes)?,
            bytes: number(bytes)?,
        };
        if samples.last().is_some_and(|it| sample.minute <= it.minute)
            || MINUTES_MAX < sample.minute
        {
            return Err(format!(
                "line {line}: minute {} is not after the one before it, or above {MINUTES_MAX}",
                sample.minute
            ));
        }
        if samples.is_empty() {
            to_replicas = place("to_replicas").map_or(Ok(to_replicas), number)?;
            value = place("value").map_or(Ok(value), number)?;
        }
        samples.push(sample);
    }
    let minutes = between(&samples);
    if minutes.len() < 4 * DAY {
        return Err(format!("has {} minutes; four days are needed", minutes.len()));
    }
    if 1.0 < to_replicas {
        return Err(format!("to_replicas is {to_replicas}, which is no share"));
    }
    let warm_up = (7 * DAY).min(minutes.len() * 3 / 10).max(2 * DAY);
    Ok(Trace { name: name.to_owned(), minutes, to_replicas, value, misses_max: None, warm_up })
}

fn number(record: &csv::StringRecord, place: usize) -> Option<f64> {
    let number: f64 = record.get(place)?.parse().ok()?;
    (number.is_finite() && 0.0 <= number).then_some(number)
}

/// Each minute, on straight lines between the samples.
fn between(samples: &[Sample]) -> Vec<Load> {
    let Some(first) = samples.first() else { return Vec::new() };
    let mut minutes = Vec::new();
    for pair in samples.windows(2) {
        let [one, other] = pair else { continue };
        while first.minute + count(minutes.len()) <= other.minute {
            let at =
                (first.minute + count(minutes.len()) - one.minute) / (other.minute - one.minute);
            let of = |one: f64, other: f64| one + (other - one) * at;
            minutes.push(Load {
                reads: of(one.reads, other.reads),
                writes: of(one.writes, other.writes),
                data: of(one.bytes, other.bytes).max(1e6),
                curve: None,
            });
        }
    }
    minutes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(step: usize, days: usize) -> String {
        let of = |at: usize| format!("{},{},10,5000000,0.25\n", at * step, 100 + at * step);
        let all: String = (0..=days * DAY / step).map(of).collect();
        format!("minute,reads,writes,bytes,to_replicas\n{all}")
    }

    #[test]
    fn a_line_is_drawn_between_samples() {
        let trace = read("mine", &lines(30, 7)).unwrap();
        assert_eq!(
            (trace.minutes.len(), trace.to_replicas, trace.value),
            (7 * DAY + 1, 0.25, 500.0)
        );
        assert_eq!(trace.warm_up, (7 * DAY + 1) * 3 / 10);
        let reads: Vec<f64> = trace.minutes.iter().map(|it| it.reads).collect();
        assert!(reads.iter().enumerate().all(|(at, it)| (it - 100.0 - count(at)).abs() < 1e-6));
    }

    #[test]
    fn what_is_no_trace_is_told() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            let told = read("mine", text).unwrap_err();
            assert!(told.contains(expected), "{told}");
        }
        check("minute,reads,bytes\n", "has no column writes");
        check("minute,reads,writes,bytes\n0,1,2,3\n", "four days are needed");
        check(
            "minute,reads,writes,bytes\n0,one,2,3\n",
            "line 2 has no number of 0 or more in column 2",
        );
        check("minute,reads,writes,bytes\n0,NaN,2,3\n", "line 2 has no number");
        check("minute,reads,writes,bytes\n0,1,2,3\n0,1,2,3\n", "line 3: minute 0 is not after");
        check(&lines(30, 7).replace("0.25", "7"), "which is no share");
    }
}
