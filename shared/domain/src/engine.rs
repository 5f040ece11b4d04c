//! The engine of a cache and its versions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What runs on the nodes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Redis OSS.
    Redis,
    /// Valkey, its open successor.
    Valkey,
}

impl Engine {
    /// The engines, by their words.
    pub const WORDS: [&str; 2] = ["redis", "valkey"];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Redis => "Redis",
            Self::Valkey => "Valkey",
        }
    }

    /// The word that the API uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Valkey => "valkey",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Engine {
    type Err = EngineError;

    fn from_str(word: &str) -> Result<Self, EngineError> {
        match word {
            "redis" => Ok(Self::Redis),
            "valkey" => Ok(Self::Valkey),
            _ => Err(EngineError::Engine(word.to_owned())),
        }
    }
}

/// Why an engine or a version is refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EngineError {
    /// Neither engine.
    #[error("\"{0}\" is not an engine, redis and valkey are")]
    Engine(String),
    /// Not two or three numbers with dots.
    #[error("\"{0}\" is not a version such as 7.1")]
    Version(String),
}

/// A version as the API writes it: `7.1`, or `7.0.7` in full.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Version {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
    /// The third number, where one was given.
    pub patch: Option<u16>,
}

impl Version {
    /// Tells whether an observed version satisfies this wanted one: a patch is compared only where one is wanted,
    /// since ElastiCache answers `7.1.0` to a group that was asked for `7.1`.
    pub fn is_met_by(self, observed: Self) -> bool {
        (self.major, self.minor) == (observed.major, observed.minor)
            && self.patch.is_none_or(|it| Some(it) == observed.patch)
    }

    /// This version as a new group is asked for it: from 6 on no patch is named.
    #[must_use]
    pub fn as_created(self) -> Self {
        if 6 <= self.major { Self { patch: None, ..self } } else { self }
    }

    /// Whether ElastiCache can install minor versions by itself: it takes the setting for older ones, and does not heed it.
    pub fn may_upgrade_itself(self) -> bool {
        6 <= self.major
    }

    /// The parameter group family of this version, such as `redis7`.
    ///
    /// Redis OSS up to 5 names families by minor (`redis5.0`), 6 is `redis6.x`, later ones by major alone.
    pub fn family(self, engine: Engine) -> String {
        match (engine, self.major) {
            (Engine::Redis, 0..=5) => format!("redis{}.{}", self.major, self.minor),
            (Engine::Redis, 6) => "redis6.x".to_owned(),
            (Engine::Redis | Engine::Valkey, major) => format!("{engine}{major}"),
        }
    }
}

/// An engine and its version. Valkey follows Redis OSS, so whatever version of it is newer than any of Redis.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Release {
    /// The engine.
    pub engine: Engine,
    /// Its version.
    pub version: Version,
}

impl Release {
    /// Whether users may log in with IAM (facts 2.3).
    pub fn knows_iam(self) -> bool {
        match self.engine {
            Engine::Redis => 7 <= self.version.major,
            Engine::Valkey => true,
        }
    }

    /// Tells whether what was seen satisfies this, which is wanted.
    pub fn is_met_by(self, observed: Self) -> bool {
        self.engine == observed.engine && self.version.is_met_by(observed.version)
    }

    /// Whether this is newer than what is stated, patches of the same minor aside.
    pub fn is_newer_than(self, stated: Self) -> bool {
        stated < self && !stated.is_met_by(self)
    }

    /// The parameter group family.
    pub fn family(self) -> String {
        self.version.family(self.engine)
    }
}

/// Redis stands as its version alone, as it did in tags before there was another engine.
impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.engine {
            Engine::Redis => self.version.fmt(f),
            Engine::Valkey => write!(f, "{} {}", self.engine, self.version),
        }
    }
}

impl FromStr for Release {
    type Err = EngineError;

    fn from_str(text: &str) -> Result<Self, EngineError> {
        let (engine, version) = match text.split_once(' ') {
            Some((engine, version)) => (engine.parse()?, version),
            None => (Engine::Redis, text),
        };
        Ok(Self { engine, version: version.parse()? })
    }
}

impl FromStr for Version {
    type Err = EngineError;

    fn from_str(text: &str) -> Result<Self, EngineError> {
        let wrong = || EngineError::Version(text.to_owned());
        let mut numbers = text.split('.');
        let mut next = || numbers.next().map(str::parse::<u16>);
        let (major, minor, patch) = (next(), next(), next());
        let (Some(Ok(major)), Some(Ok(minor)), None) = (major, minor, numbers.next()) else {
            return Err(wrong());
        };
        Ok(Self { major, minor, patch: patch.transpose().map_err(|_| wrong())? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        self.patch.map_or(Ok(()), |it| write!(f, ".{it}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn a_wanted_minor_is_met_by_any_patch_of_it() {
        assert!(version("7.1").is_met_by(version("7.1.0")));
        assert!(!version("7.1").is_met_by(version("7.0.7")));
        assert!(!version("7.1.1").is_met_by(version("7.1.0")));
    }

    #[test]
    fn families_follow_the_history_of_their_names() {
        assert_eq!(version("7.1").family(Engine::Redis), "redis7");
        assert_eq!(version("6.2").family(Engine::Redis), "redis6.x");
        assert_eq!(version("5.0.6").family(Engine::Redis), "redis5.0");
        assert_eq!(version("8.0").family(Engine::Valkey), "valkey8");
    }

    #[test]
    fn every_valkey_is_newer_than_every_redis() {
        let release = |text: &str| text.parse::<Release>().unwrap();
        let check = |seen: &str, stated: &str, expected: bool| {
            assert_eq!(release(seen).is_newer_than(release(stated)), expected, "{seen} {stated}");
        };
        check("valkey 7.2.6", "7.1", true);
        check("7.1.0", "valkey 7.2", false);
        check("valkey 8.0.1", "valkey 7.2", true);
        check("valkey 7.2.6", "valkey 7.2", false);
        check("7.1.0", "7.1", false);
        assert!(release("valkey 7.2").is_met_by(release("valkey 7.2.6")));
        assert!(!release("7.2").is_met_by(release("valkey 7.2.6")));
    }

    #[test]
    fn a_release_is_written_as_it_is_read() {
        for text in ["7.1", "5.0.6", "valkey 8.1", "valkey 8.0.1"] {
            assert_eq!(text.parse::<Release>().unwrap().to_string(), text);
        }
        assert_eq!("redis 7.1".parse::<Release>().unwrap().to_string(), "7.1");
        for text in ["", "memcached 1.6", "valkey", "valkey 8", "valkey 8.0 at"] {
            assert!(text.parse::<Release>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_version_has_two_or_three_numbers() {
        for text in ["7", "7.x", "7.1.0.0", "", "v7.1"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
