//! Every property of `Custom::RedisCache`: the reference page is made of these tables, and a name that is in none is refused.

mod access;
mod autoscale;
mod engine;
mod network;
mod resource;
mod size;
mod upkeep;
mod upstash;

use std::fmt;

/// A property, as `docs/properties.md` tells of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Property {
    /// The name.
    pub name: &'static str,
    /// What it takes: type and bounds.
    pub takes: &'static str,
    /// What counts where it is absent or empty.
    pub default: Default,
    /// What an update does with it.
    pub update: OnUpdate,
    /// What AWS has to do with it.
    pub rule: &'static str,
}

/// What counts where a property is absent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Default {
    /// This very value, which may as well be stated.
    Value(&'static str),
    /// What this describes: it follows from other properties, or is AWS's choice.
    Derived(&'static str),
    /// Nothing, and that is as good.
    Absent,
    /// Nothing, and that is a mistake.
    Required,
}

/// What an update does where a property changes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnUpdate {
    /// It changes without replacing the group.
    InPlace,
    /// So it does, and clients reconnect.
    BriefInterruption,
    /// Another group takes its place, with its keys, or it is refused, as `Replacement` says.
    Replacement,
    /// The update is refused before anything is touched.
    CannotChange,
}

impl fmt::Display for Default {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => write!(f, "`{value}`"),
            Self::Derived(words) => f.write_str(words),
            Self::Absent => f.write_str("–"),
            Self::Required => f.write_str("required"),
        }
    }
}

impl fmt::Display for OnUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InPlace => "in place",
            Self::BriefInterruption => "in place, brief interruption",
            Self::Replacement => "replacement",
            Self::CannotChange => "cannot change",
        })
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, takes, default, update, rule } = self;
        write!(f, "| `{name}` | {takes} | {default} | {update} | {rule} |")
    }
}

/// All of them, by name.
pub fn properties() -> Vec<&'static Property> {
    let mut all: Vec<_> = TABLES.iter().copied().flatten().collect();
    all.sort_unstable_by_key(|it| it.name);
    all
}

const TABLES: [&[Property]; 8] = [
    access::PROPERTIES,
    autoscale::PROPERTIES,
    engine::PROPERTIES,
    network::PROPERTIES,
    resource::PROPERTIES,
    size::PROPERTIES,
    upkeep::PROPERTIES,
    upstash::PROPERTIES,
];

/// The names of all properties.
pub fn names() -> Vec<&'static str> {
    properties().iter().map(|it| it.name).collect()
}

/// The table of the reference page.
pub fn table() -> String {
    let head = [
        "| property | takes | default | an update | behind it |".to_owned(),
        "| --- | --- | --- | --- | --- |".to_owned(),
    ];
    let rows = properties().into_iter().map(ToString::to_string);
    let lines: Vec<String> = head.into_iter().chain(rows).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::parse;
    use super::super::parse::tests::{owner, properties as stated, spec};
    use super::*;

    #[test]
    fn each_property_is_there_once() {
        let mut names = names();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn a_default_that_is_stated_changes_nothing() {
        let nothing_said = parse(&stated(), &owner(), None);
        let mut all_said = stated();
        for property in properties() {
            if let Default::Value(value) = property.default {
                all_said.insert(property.name.to_owned(), Value::from(value));
            }
        }
        assert_eq!(parse(&all_said, &owner(), None), nothing_said);
        assert!(nothing_said.is_ok());
    }

    #[test]
    fn a_default_that_is_a_value_is_the_one_that_counts() {
        let default =
            |name| properties().into_iter().find(|it| it.name == name).map(|it| it.default);
        let spec = spec(&[]);
        assert_eq!(default("RedisNodeType"), Some(Default::Value("cache.t4g.micro")));
        assert_eq!(spec.node_type.as_str(), "cache.t4g.micro");
        for property in properties() {
            if property.default == Default::Required && property.name != "ServiceToken" {
                let mut lacking = stated();
                lacking.remove(property.name);
                let told = parse(&lacking, &owner(), None).unwrap_err().to_string();
                assert!(told.contains(&format!("{}: is missing", property.name)), "{told}");
            }
        }
    }
}
