//! Engines and their versions.

use crate::Refusal;

/// A version of an engine.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Version(pub [u32; 3]);

impl Version {
    /// Whether it is of this major and minor version.
    pub fn is_of(self, major: u32, minor: u32) -> bool {
        matches!(self.0, [one, two, _] if (one, two) == (major, minor))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// What can be asked for, what it becomes, and the parameter group family of it.
const OFFERED: &[(&str, &str, [u32; 3], &str)] = &[
    ("redis", "5.0.6", [5, 0, 6], "redis5.0"),
    ("redis", "6.0", [6, 0, 5], "redis6.x"),
    ("redis", "6.2", [6, 2, 6], "redis6.x"),
    ("redis", "6.x", [6, 2, 6], "redis6.x"),
    ("redis", "7.0", [7, 0, 7], "redis7"),
    ("redis", "7.1", [7, 1, 0], "redis7"),
    ("valkey", "7.2", [7, 2, 6], "valkey7"),
    ("valkey", "8.0", [8, 0, 1], "valkey8"),
    ("valkey", "8.1", [8, 1, 0], "valkey8"),
];

/// The families that parameter groups can have.
pub const FAMILIES: [&str; 5] = ["redis5.0", "redis6.x", "redis7", "valkey7", "valkey8"];

/// All that is offered, as `DescribeCacheEngineVersions` lists it: engine, version, family.
pub fn offered() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let listed = OFFERED.iter().filter(|(_, asked, ..)| *asked != "6.x");
    listed.map(|(engine, asked, _, family)| (*engine, *asked, *family))
}

/// What this engine and version, or the newest of it, become.
pub fn resolve(engine: &str, asked: Option<&str>) -> Result<Version, Refusal> {
    let of_engine = || OFFERED.iter().filter(|(name, ..)| *name == engine);
    if of_engine().next().is_none() {
        let text = format!("Invalid engine {engine}. Valid values are: redis, valkey, memcached");
        return Err(Refusal::new(400, "InvalidParameterValue", text));
    }
    let found = match asked {
        None => of_engine().next_back(),
        Some(asked) => of_engine()
            .find(|(_, name, version, _)| *name == asked || Version(*version).to_string() == asked),
    };
    found.map(|(_, _, version, _)| Version(*version)).ok_or_else(|| {
        let asked = asked.unwrap_or_default();
        let text = format!("Cannot find version {asked} for {engine}");
        Refusal::new(400, "InvalidParameterCombination", text)
    })
}

/// The family of parameter groups that this version takes.
pub fn family(engine: &str, version: Version) -> &'static str {
    let found = OFFERED.iter().find(|(name, _, it, _)| *name == engine && Version(*it) == version);
    found.map_or("redis7", |(.., family)| family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_filled_in_as_aws_shows_them() {
        assert_eq!(resolve("redis", Some("7.1")).unwrap().to_string(), "7.1.0");
        assert_eq!(resolve("redis", Some("7.0.7")).unwrap().to_string(), "7.0.7");
        assert_eq!(resolve("valkey", None).unwrap(), Version([8, 1, 0]));
        assert_eq!(resolve("redis", Some("9")).unwrap_err().code, "InvalidParameterCombination");
        assert_eq!(family("redis", Version([6, 2, 6])), "redis6.x");
    }
}
