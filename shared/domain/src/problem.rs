//! Mistakes in what a user wrote, collected so that all are told at once.

use std::fmt;

/// One mistake: which property, what it held, and the rule that it breaks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// The property, parameter or variable, as the user spells it.
    pub name: String,
    /// What is wrong with its value, a fragment that reads on from the name.
    pub rule: String,
}

/// Every mistake found so far, in the order of their finding.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a mistake.
    pub fn add(&mut self, name: impl Into<String>, rule: impl Into<String>) {
        self.0.push(Problem { name: name.into(), rule: rule.into() });
    }

    /// Notes the error of a parse, and hands on its success.
    pub fn keep<T, E: fmt::Display>(&mut self, name: &str, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|err| self.add(name, err.to_string())).ok()
    }

    /// Tells whether nothing was wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The mistakes, in the order of their finding.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { "; " };
            write!(f, "{gap}{}: {}", problem.name, problem.rule)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_told_in_one_line() {
        let mut problems = Problems::default();
        problems.add("RedisNodeType", "cache.r9.huge is not a node type");
        let kept = problems.keep("Replicas", "x".parse::<u8>());
        assert_eq!(kept, None);
        assert_eq!(
            problems.to_string(),
            "RedisNodeType: cache.r9.huge is not a node type; Replicas: invalid digit found in string"
        );
    }
}
