//! One case, as a line of text that can be run again.

use std::fmt;
use std::str::FromStr;

use super::Mishap;

/// A flow, what goes wrong in it, at which call or event, and in a world of which seed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Case {
    /// The flow's name.
    pub flow: String,
    /// What goes wrong.
    pub mishap: Mishap,
    /// At which call, or event, counted from 0.
    pub at: usize,
    /// The seed.
    pub seed: u64,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.flow, self.mishap.word(), self.at, self.seed)
    }
}

impl FromStr for Case {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let [flow, mishap, at, seed] = parts.as_slice() else {
            return Err(format!("{text}: a case is FLOW/MISHAP/PLACE/SEED"));
        };
        let known = || Mishap::ALL.iter().map(Mishap::word).collect::<Vec<_>>().join(", ");
        Ok(Self {
            flow: (*flow).to_owned(),
            mishap: Mishap::of(mishap)
                .ok_or_else(|| format!("{text}: {mishap} is none of {}", known()))?,
            at: at.parse().map_err(|_| format!("{text}: {at} is no place"))?,
            seed: seed.parse().map_err(|_| format!("{text}: {seed} is no seed"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_read_as_it_is_written() {
        for mishap in Mishap::ALL.into_iter().chain([Mishap::no_capacity()]) {
            let case = Case { flow: "provision-create".to_owned(), mishap, at: 17, seed: 3 };
            assert_eq!(case.to_string().parse(), Ok(case));
        }
        for bad in ["", "a/dies-before/1", "a/sneezes/1/1", "a/slow/x/1", "a/slow/1/x"] {
            assert!(bad.parse::<Case>().is_err(), "{bad}");
        }
    }
}
