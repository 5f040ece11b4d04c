//! What the command line asks for.

use std::path::PathBuf;

/// What is asked for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct Arguments {
    /// Of these seeds.
    pub(crate) seeds: Vec<u64>,
    /// And of the traces in this folder.
    pub(crate) traces: Option<PathBuf>,
    /// Only those whose names begin so.
    pub(crate) only: String,
    /// Each decision of ours is told.
    pub(crate) shows: bool,
    /// Every policy is set to more and to less, and compared at the same cost and at the same overload.
    pub(crate) curves: bool,
    /// Ours is tried without each of its parts.
    pub(crate) ablations: bool,
    /// All are tried in harder worlds.
    pub(crate) stress: bool,
}

/// How it is called.
pub(crate) const USAGE: &str = "bench-autoscale [--traces FOLDER] [--only NAME] [--decisions] [--curves] [--ablations] [--stress] [SEED...]";

impl Arguments {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// What cannot be read, in words.
    pub(crate) fn read(words: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut asked = Self::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} takes a value; {USAGE}"));
            match word.as_str() {
                "--traces" => asked.traces = Some(value()?.into()),
                "--only" => asked.only = value()?,
                "--decisions" => asked.shows = true,
                "--curves" => asked.curves = true,
                "--ablations" => asked.ablations = true,
                "--stress" => asked.stress = true,
                seed => match seed.parse() {
                    Ok(seed) => asked.seeds.push(seed),
                    Err(_) => {
                        return Err(format!("\"{seed}\" is neither an option nor a seed; {USAGE}"));
                    }
                },
            }
        }
        if asked.seeds.is_empty() && asked.traces.is_none() {
            asked.seeds.push(1);
        }
        Ok(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Arguments, String> {
        Arguments::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn seeds_and_options_are_read() {
        let asked = read("--traces shapes 2 --only noisy 3 --decisions --stress").unwrap();
        let expected = Arguments {
            seeds: vec![2, 3],
            traces: Some("shapes".into()),
            only: "noisy".to_owned(),
            shows: true,
            stress: true,
            ..Arguments::default()
        };
        assert_eq!(asked, expected);
    }

    #[test]
    fn without_anything_the_first_seed_is_meant() {
        assert_eq!(read("").unwrap().seeds, [1]);
        assert!(read("--traces shapes").unwrap().seeds.is_empty());
    }

    #[test]
    fn what_is_neither_is_told() {
        assert!(read("two").unwrap_err().starts_with("\"two\" is neither an option nor a seed"));
        assert!(read("--only").unwrap_err().starts_with("--only takes a value"));
    }
}
