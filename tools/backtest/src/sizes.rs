//! The node types that a group may have.

use domain::Catalog;
use domain::autoscale::sizing::{Candidate, Size};

use crate::arguments::Asked;

/// The node types, and the one that the group had.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sizes {
    /// Those that may be chosen.
    pub(crate) candidates: Vec<Candidate>,
    /// What it had.
    pub(crate) size: Size,
    /// The node type of it.
    pub(crate) has: Candidate,
}

/// The share of a node's memory that is reserved.
const RESERVED: f64 = 0.25;
/// Of these families one may be chosen where nobody says of which.
const FAMILIES: [&str; 3] = ["t4g", "m7g", "r7g"];

/// The current node types of the families asked for that are sold with the engine, and the one that the group had.
///
/// # Errors
///
/// Why there is none, in words.
pub(crate) fn of(asked: &Asked) -> Result<Sizes, String> {
    let catalog = Catalog::embedded();
    let engine = asked.engine;
    let lacks = || format!("{} is not sold with {}", asked.node_type, engine.name());
    let entry = catalog.find(&asked.node_type).ok_or_else(lacks)?;
    let has = Candidate::of(entry, engine, RESERVED).ok_or_else(lacks)?;
    let usual: Vec<String> = FAMILIES.map(str::to_owned).to_vec();
    let families = if asked.families.is_empty() { &usual } else { &asked.families };
    let unknown: Vec<&str> = families
        .iter()
        .map(String::as_str)
        .filter(|name| !catalog.iter().any(|it| is_of(it.node_type.family(), name)))
        .collect();
    if !unknown.is_empty() {
        return Err(format!("the catalog has no family {}", unknown.join(", ")));
    }
    let is_open = |family: &str| families.iter().any(|it| is_of(family, it));
    let mut candidates: Vec<Candidate> = catalog
        .iter()
        .filter(|it| it.current && !it.data_tiering && is_open(it.node_type.family()))
        .filter_map(|it| Candidate::of(it, engine, RESERVED))
        .collect();
    let at = if let Some(at) = candidates.iter().position(|it| it.node_type == has.node_type) {
        at
    } else {
        candidates.push(has.clone());
        candidates.len() - 1
    };
    Ok(Sizes { candidates, size: Size { at, replicas: asked.replicas }, has })
}

/// Whether a family is the one of this name, with or without what all begin with.
fn is_of(family: &str, name: &str) -> bool {
    let bare = |it: &str| it.strip_prefix("cache.").unwrap_or(it).to_owned();
    bare(family) == bare(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Problems;

    use crate::arguments::Arguments;

    fn sizes(line: &str) -> Result<Sizes, String> {
        let line = format!("--trace a.csv --replicas 2 {line}");
        let mut problems = Problems::default();
        let said = Arguments::read(line.split_whitespace().map(str::to_owned), &mut problems);
        of(&said.whole().unwrap())
    }

    #[test]
    fn the_usual_families_are_open_and_so_is_what_the_group_had() {
        let names = |it: &Sizes| -> Vec<String> {
            it.candidates.iter().map(|it| it.node_type.to_string()).collect()
        };
        let of_usual = sizes("--type cache.r7g.large").unwrap();
        let all = names(&of_usual);
        assert!(
            ["cache.t4g.micro", "cache.m7g.16xlarge"]
                .iter()
                .all(|it| all.contains(&(*it).to_owned()))
        );
        assert!(all.iter().all(|it| FAMILIES.iter().any(|of| it.contains(of))), "{all:?}");
        assert_eq!(all[of_usual.size.at], "cache.r7g.large");
        assert_eq!(of_usual.size.replicas, 2);
        let other = sizes("--type cache.r6g.large --families m7g").unwrap();
        let all = names(&other);
        assert_eq!(all.last().unwrap(), "cache.r6g.large");
        assert!(all.iter().rev().skip(1).all(|it| it.starts_with("cache.m7g.")), "{all:?}");
    }

    #[test]
    fn what_is_not_sold_is_told() {
        assert!(
            sizes("--type cache.z9.huge").is_err_and(|it| it.contains("is not sold with Valkey"))
        );
        let told = sizes("--type cache.r7g.large --families r7g,q1,q2").unwrap_err();
        assert!(told.contains("no family q1, q2"), "{told}");
    }
}
