//! Parameters of the engine: what a stack states, how a parameter group differs from that, and what ElastiCache would not take.

use std::collections::BTreeMap;

use serde_json::Value;

use super::property::{Properties, nearest};
use super::{Around, ParameterGroupView, Refusal, Step, Wanted, diff, labels, name};
use crate::GroupView;

/// Values by name.
pub type Parameters = BTreeMap<String, String>;

/// A parameter as ElastiCache describes it for a family.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct EngineParameter {
    /// The name.
    pub name: String,
    /// What it is where nobody set it.
    pub default: String,
    /// What it may be: words or ranges, joined by commas. Empty where ElastiCache does not tell.
    pub allowed: String,
    /// Whether it can be set at all.
    pub modifiable: bool,
}

/// What is dropped when memory runs out has a property of its own.
const MAXMEMORY_POLICY: &str = "maxmemory-policy";

/// What decides on cluster mode when a cache is made with the parameter group (facts 1.5); it follows from a property too.
const CLUSTER: &str = "cluster-enabled";

/// The values of the two in a parameter group in which nobody changed them (facts 4.2).
const DEFAULTS: [(&str, &str); 2] = [(MAXMEMORY_POLICY, "volatile-lru"), (CLUSTER, "no")];

/// No call takes more at once.
const AT_ONCE: usize = 20;

/// Parameters that are refused whatever their value, and why.
const REFUSED: [(&str, &str); 3] = [
    (MAXMEMORY_POLICY, "has a property of its own, MaxmemoryPolicy; state it there"),
    (CLUSTER, "follows from a property of its own, ClusterMode; state it there"),
    (
        "reserved-memory",
        "is a number of bytes that fits one node type only, and ElastiCache changes no node type with it; state reserved-memory-percent",
    ),
];

/// Reads parameters: a map, a list of `Key` and `Value`, or `timeout=60,activedefrag=yes`.
pub(super) fn read(read: &mut Properties<'_>) -> Parameters {
    const NAME: &str = "Parameters";
    let Some(pairs) = labels::pairs(read.map().get(NAME).unwrap_or(&Value::Null)) else {
        read.problems.add(
            NAME,
            "takes a map of texts, a list of Key and Value, or texts such as timeout=60 joined by commas",
        );
        return Parameters::new();
    };
    let mut parameters = Parameters::new();
    for (name, value) in pairs {
        let value = worded(value.trim());
        if let Some(rule) = broken(&name, &value) {
            read.problems.add(NAME, rule);
        } else if parameters.insert(name.clone(), value).is_some() {
            read.problems.add(NAME, format!("has {name} twice"));
        }
    }
    parameters
}

/// YAML takes a bare `yes` for a truth value, and CloudFormation hands it on as `true`, which no parameter takes.
fn worded(value: &str) -> String {
    match value {
        "true" => "yes",
        "false" => "no",
        value => value,
    }
    .to_owned()
}

fn broken(name: &str, value: &str) -> Option<String> {
    const LEN_MAX: usize = 100;
    let is_name = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
    if let Some((_, why)) = REFUSED.iter().find(|(it, _)| *it == name) {
        return Some(format!("{name} {why}"));
    }
    if name.is_empty() || LEN_MAX < name.len() || !name.chars().all(is_name) {
        let name: String = name.chars().take(LEN_MAX).collect();
        return Some(format!(
            "has the name \"{name}\": a parameter's is lower-case letters, digits and hyphens, such as timeout"
        ));
    }
    (LEN_MAX < value.len()).then(|| format!("{name} has a value of more than {LEN_MAX} characters"))
}

/// The family of the parameter group that a cache should have.
pub fn family(wanted: &Wanted, group: Option<&GroupView>) -> String {
    let release = group.map_or(wanted.spec.release(), |it| diff::wanted_release(wanted, it));
    release.family()
}

/// The family whose parameters have to be known to go on: where something is to be set, or was set by somebody else.
pub fn to_be_known(wanted: &Wanted, group: Option<&GroupView>, around: &Around) -> Option<String> {
    let family = family(wanted, group);
    let name = name::parameter_group(&wanted.spec.id, &family);
    let seen = around.parameter_groups.iter().find(|it| it.name == name);
    let seen = seen.map(|it| it.values.clone()).unwrap_or_default();
    let Change { mut set, reset } = change(wanted, &family, &seen, None);
    set.retain(|name, _| DEFAULTS.iter().all(|(known, _)| known != name));
    (!set.is_empty() || !reset.is_empty()).then_some(family)
}

/// Refuses what ElastiCache would, before anything is made.
pub(super) fn impossible(
    wanted: &Wanted,
    group: Option<&GroupView>,
    around: &Around,
) -> Option<Refusal> {
    let known = around.engine_parameters.as_deref()?;
    let family = family(wanted, group);
    let stated = sought(wanted, &family, Some(known));
    let wrong: Vec<String> = stated
        .iter()
        .filter(|(name, _)| *name != CLUSTER)
        .filter_map(|(name, value)| unfit(name, value, known))
        .collect();
    (!wrong.is_empty()).then_some(Refusal::Parameters { family, wrong })
}

/// What makes a parameter group of ours as it should be.
pub(super) fn step(
    wanted: &Wanted,
    family: &str,
    group: &ParameterGroupView,
    known: Option<&[EngineParameter]>,
) -> Option<Step> {
    let Change { set, reset } = change(wanted, family, &group.values, known);
    let parameter_group = group.name.clone();
    if !set.is_empty() {
        let values = set.into_iter().take(AT_ONCE).collect();
        return Some(Step::SetParameters { parameter_group, values });
    }
    let names: Vec<String> = reset.into_iter().take(AT_ONCE).collect();
    (!names.is_empty()).then_some(Step::ResetParameters { parameter_group, names })
}

struct Change {
    set: Parameters,
    reset: Vec<String>,
}

/// What a value that is its default counts for, set or not, is the same.
fn change(
    wanted: &Wanted,
    family: &str,
    seen: &Parameters,
    known: Option<&[EngineParameter]>,
) -> Change {
    let default = |name: &str| {
        let told = known.and_then(|it| it.iter().find(|it| it.name == name));
        let told = told.map(|it| it.default.as_str());
        let ours = || DEFAULTS.into_iter().find(|(it, _)| *it == name).map(|(_, value)| value);
        told.or_else(ours)
    };
    let is = |has: Option<&str>, value: &str| has.is_some_and(|has| is_same(has, value));
    let mut set = sought(wanted, family, known);
    let is_stated = set.clone();
    set.retain(|name, value| {
        !is(seen.get(name).map(String::as_str).or_else(|| default(name)), value)
    });
    let others = seen.iter().filter(|(name, _)| !is_stated.contains_key(*name));
    let changed = others.filter(|(name, value)| !is(default(name), value));
    Change { set, reset: changed.map(|(name, _)| name.clone()).collect() }
}

/// What the parameter group of a family should have. Where a newer version is kept than the one stated, which is how a stack comes back
/// from an upgrade that failed, its family may lack what the older one has: there is no way back to it, so that is left out.
fn sought(wanted: &Wanted, family: &str, known: Option<&[EngineParameter]>) -> Parameters {
    let mut sought = wanted.spec.parameters.clone();
    if let Some(known) = known.filter(|_| family != wanted.spec.release().family()) {
        sought.retain(|name, _| known.iter().any(|it| it.name == *name));
    }
    sought.insert(MAXMEMORY_POLICY.to_owned(), wanted.spec.maxmemory_policy.clone());
    if wanted.spec.shape.is_sharded() {
        sought.insert(CLUSTER.to_owned(), "yes".to_owned());
    }
    sought
}

fn is_same(one: &str, other: &str) -> bool {
    let number = |it: &str| it.parse::<i64>().ok();
    one == other || number(one).is_some_and(|it| number(other) == Some(it))
}

/// Why ElastiCache would not take a parameter, as far as what it tells of the family says so.
fn unfit(name: &str, value: &str, known: &[EngineParameter]) -> Option<String> {
    let Some(found) = known.iter().find(|it| it.name == name) else {
        let names: Vec<&str> = known.iter().map(|it| it.name.as_str()).collect();
        let hint =
            nearest(name, &names).map_or(String::new(), |it| format!("; did you mean {it}?"));
        return Some(format!("{name} is not one of them{hint}"));
    };
    if !found.modifiable {
        return Some(format!("{name} cannot be set"));
    }
    (takes(&found.allowed, value) == Some(false))
        .then(|| format!("{name} is \"{value}\" and takes {}", found.allowed))
}

/// Whether a value is among those that are allowed; `None` where they are written in a way that nobody here can read.
fn takes(allowed: &str, value: &str) -> Option<bool> {
    let parts: Vec<&str> = allowed.split(',').map(str::trim).collect();
    let is_word = |it: &&str| {
        it.starts_with(|it: char| it.is_ascii_lowercase())
            && it.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-')
    };
    if 1 < parts.len() && parts.iter().all(is_word) {
        return Some(parts.contains(&value));
    }
    let ranges: Option<Vec<(i64, i64)>> = parts.iter().map(|it| range(it)).collect();
    let Ok(number) = value.parse::<i64>() else { return ranges.map(|_| false) };
    Some(ranges?.iter().any(|(least, most)| (least..=most).contains(&&number)))
}

/// A number, `0-100`, or `16-`, which has no upper bound. A number may be negative.
fn range(text: &str) -> Option<(i64, i64)> {
    let dash = text.char_indices().skip(1).find(|(_, it)| *it == '-').map(|(at, _)| at);
    let Some(dash) = dash else { return text.parse().ok().map(|it| (it, it)) };
    let least = text.get(..dash)?.parse().ok()?;
    let most = text.get(dash + 1..)?;
    Some((least, if most.is_empty() { i64::MAX } else { most.parse().ok()? }))
}

#[cfg(test)]
mod tests;
