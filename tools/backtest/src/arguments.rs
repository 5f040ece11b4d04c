//! What the command line asks for.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use domain::engine::Engine;
use domain::{NodeType, Problems};

/// What was said, as far as it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Arguments {
    /// The file with the past.
    pub(crate) trace: Option<PathBuf>,
    /// The node type that the group had.
    pub(crate) node_type: Option<NodeType>,
    /// How many replicas it had.
    pub(crate) replicas: Option<u32>,
    /// What runs on it.
    pub(crate) engine: Option<Engine>,
    /// The fewest replicas that it may have.
    pub(crate) least: Option<u32>,
    /// The most.
    pub(crate) most: Option<u32>,
    /// The dollars that a minute of overload is worth.
    pub(crate) minute: Option<f64>,
    /// The share of reads that may miss: it is a cache then, and no store.
    pub(crate) misses: Option<f64>,
    /// The families of which a node type may be chosen.
    pub(crate) families: Vec<String>,
    /// Where the picture goes.
    pub(crate) picture: Option<PathBuf>,
    /// Only the past of the example is wanted.
    pub(crate) example: bool,
}

/// All that must be known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    /// The file with the past.
    pub(crate) trace: PathBuf,
    /// How the group is called: as the file.
    pub(crate) group: String,
    /// The node type that the group had.
    pub(crate) node_type: NodeType,
    /// How many replicas it had.
    pub(crate) replicas: u32,
    /// What runs on it.
    pub(crate) engine: Engine,
    /// The fewest replicas that it may have.
    pub(crate) least: u32,
    /// The most.
    pub(crate) most: u32,
    /// The dollars that a minute of overload is worth.
    pub(crate) minute: Option<f64>,
    /// The share of reads that may miss.
    pub(crate) misses: Option<f64>,
    /// The families of which a node type may be chosen, where they are said.
    pub(crate) families: Vec<String>,
    /// Where the picture goes.
    pub(crate) picture: PathBuf,
}

/// How it is called.
pub(crate) const USAGE: &str = "backtest --trace FILE --type cache.r7g.large --replicas 1 [--engine valkey] [--min 1] [--max 5] [--minute DOLLARS] \
     [--misses PERCENT] [--families m7g,r7g] [--picture backtest.svg], or backtest --example";

/// A group has no more replicas.
const REPLICAS_MAX: u32 = 5;

impl Arguments {
    /// Reads them, and tells every mistake.
    pub(crate) fn read(words: impl IntoIterator<Item = String>, problems: &mut Problems) -> Self {
        let mut said = Self::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            if word == "--example" {
                said.example = true;
                continue;
            }
            if !OPTIONS.contains(&word.as_str()) {
                problems.add(word, format!("is no option; {USAGE}"));
                continue;
            }
            match words.next() {
                Some(value) => said.take(&word, &value, problems),
                None => problems.add(word, "takes a value"),
            }
        }
        said.check(problems);
        said
    }

    fn take(&mut self, option: &str, value: &str, problems: &mut Problems) {
        match option {
            "--trace" => self.trace = Some(value.into()),
            "--picture" => self.picture = Some(value.into()),
            "--type" => self.node_type = problems.keep(option, NodeType::parse(value)),
            "--engine" => self.engine = problems.keep(option, value.parse()),
            "--replicas" => self.replicas = replicas(option, value, problems),
            "--min" => self.least = replicas(option, value, problems),
            "--max" => self.most = replicas(option, value, problems),
            "--minute" => self.minute = number(option, value, f64::MAX, problems),
            "--misses" => {
                self.misses = number(option, value, 100.0, problems).map(|it| it / 100.0);
            }
            "--families" => {
                let names = value.split(',').map(str::trim).filter(|it| !it.is_empty());
                self.families = names.map(str::to_owned).collect();
            }
            other => problems.add(other, "is no option"),
        }
    }

    /// What is missing, and what does not go together.
    fn check(&self, problems: &mut Problems) {
        if self.example {
            return;
        }
        let mut needs = |name: &str, is_there: bool, what: &str| {
            // One that was said and is wrong was told already.
            let is_told = problems.iter().any(|it| it.name == name);
            if !is_there && !is_told {
                problems.add(name, what);
            }
        };
        needs("--trace", self.trace.is_some(), "is needed: the CSV file with the past");
        needs("--type", self.node_type.is_some(), "is needed: the node type that the group had");
        needs("--replicas", self.replicas.is_some(), "is needed: how many the group had");
        let (least, most) = (self.least.unwrap_or(LEAST), self.most.unwrap_or(REPLICAS_MAX));
        if most < least {
            problems.add("--min", format!("{least} is more than --max, which is {most}"));
        }
    }

    /// All of it, where all that is needed was said.
    pub(crate) fn whole(self) -> Option<Asked> {
        let trace = self.trace?;
        let group = trace.file_stem().map(|it| it.to_string_lossy().into_owned());
        Some(Asked {
            group: group.unwrap_or_default(),
            trace,
            node_type: self.node_type?,
            replicas: self.replicas?,
            engine: self.engine.unwrap_or(Engine::Valkey),
            least: self.least.unwrap_or(LEAST),
            most: self.most.unwrap_or(REPLICAS_MAX),
            minute: self.minute,
            misses: self.misses,
            families: self.families,
            picture: self.picture.unwrap_or_else(|| "backtest.svg".into()),
        })
    }
}

const OPTIONS: [&str; 10] = [
    "--trace",
    "--type",
    "--replicas",
    "--engine",
    "--min",
    "--max",
    "--minute",
    "--misses",
    "--families",
    "--picture",
];

/// Where one node fails, another must be there.
const LEAST: u32 = 1;

fn replicas(option: &str, value: &str, problems: &mut Problems) -> Option<u32> {
    let count = parsed(value).filter(|it| *it <= REPLICAS_MAX);
    if count.is_none() {
        problems.add(option, format!("\"{value}\" is no number from 0 to {REPLICAS_MAX}"));
    }
    count
}

fn number(option: &str, value: &str, most: f64, problems: &mut Problems) -> Option<f64> {
    let number = parsed(value).filter(|it: &f64| it.is_finite() && 0.0 <= *it && *it <= most);
    if number.is_none() {
        let most = if most < f64::MAX { format!(" to {most}") } else { " on".to_owned() };
        problems.add(option, format!("\"{value}\" is no number from 0{most}"));
    }
    number
}

fn parsed<T: FromStr>(value: &str) -> Option<T>
where
    T::Err: Display,
{
    value.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> (Arguments, Problems) {
        let mut problems = Problems::default();
        let said = Arguments::read(line.split_whitespace().map(str::to_owned), &mut problems);
        (said, problems)
    }

    #[test]
    fn a_whole_line_is_read() {
        let (said, problems) = read(
            "--trace past/orders.csv --type cache.r7g.large --replicas 2 --engine redis --min 0 --max 3 --minute 0.25 --misses 16 \
             --families m7g,r7g --picture out.svg",
        );
        assert!(problems.is_empty(), "{problems}");
        let asked = said.whole().unwrap();
        assert_eq!((asked.group.as_str(), asked.node_type.as_str()), ("orders", "cache.r7g.large"));
        assert_eq!((asked.replicas, asked.least, asked.most), (2, 0, 3));
        assert_eq!((asked.minute, asked.misses), (Some(0.25), Some(0.16)));
        assert_eq!(
            (asked.engine, asked.families),
            (Engine::Redis, vec!["m7g".to_owned(), "r7g".to_owned()])
        );
        assert_eq!(asked.picture, PathBuf::from("out.svg"));
    }

    #[test]
    fn what_is_not_said_is_usual() {
        let (said, problems) = read("--trace a.csv --type cache.r7g.large --replicas 1");
        assert!(problems.is_empty(), "{problems}");
        let asked = said.whole().unwrap();
        assert_eq!((asked.engine, asked.least, asked.most), (Engine::Valkey, 1, 5));
        assert_eq!((asked.minute, asked.picture), (None, PathBuf::from("backtest.svg")));
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let (_, problems) = read(
            "--type large --replicas 9 --engine memcached --min 4 --max 2 --minute -1 --misses 101 --speed 3 --picture",
        );
        let told = problems.to_string();
        for part in [
            "--type: ",
            "--replicas: \"9\" is no number from 0 to 5",
            "--engine: \"memcached\" is not an engine",
            "--min: 4 is more than --max, which is 2",
            "--minute: \"-1\" is no number from 0 on",
            "--misses: \"101\" is no number from 0 to 100",
            "--speed: is no option",
            "--picture: takes a value",
            "--trace: is needed",
        ] {
            assert!(told.contains(part), "no \"{part}\" in {told}");
        }
        assert_eq!(told.matches("--replicas:").count(), 1, "{told}");
    }

    #[test]
    fn the_example_needs_nothing_else() {
        let (said, problems) = read("--example");
        assert!(said.example && problems.is_empty());
    }
}
