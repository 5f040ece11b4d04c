//! The logs of the engine, and where ElastiCache delivers them.

use std::fmt;
use std::str::FromStr;

/// What is logged.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum LogKind {
    /// Commands that took long.
    Slow,
    /// What the engine says of itself.
    Engine,
}

impl LogKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Slow, Self::Engine];

    /// The property that states it.
    pub fn property(self) -> &'static str {
        match self {
            Self::Slow => "SlowLog",
            Self::Engine => "EngineLog",
        }
    }
}

/// Where a log goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LogDestination {
    /// A log group of CloudWatch Logs.
    Group(String),
    /// A delivery stream of Firehose.
    Stream(String),
}

/// How a log is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LogFormat {
    /// An object a line.
    #[default]
    Json,
    /// A sentence a line.
    Text,
}

/// Where a log goes, and how it is written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogDelivery {
    /// Where.
    pub to: LogDestination,
    /// How.
    pub format: LogFormat,
}

/// How far a delivery is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LogStatus {
    /// It is on.
    Active,
    /// It is on its way to on, to off, or to elsewhere.
    Changing,
    /// It does not work, for this reason of ElastiCache's.
    Failed(String),
}

/// A delivery as it was seen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogView {
    /// Of what.
    pub kind: LogKind,
    /// Where and how; nothing where it could not be read.
    pub delivery: Option<LogDelivery>,
    /// How far.
    pub status: LogStatus,
}

/// Why a text says no delivery.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "is not where a log goes: cloudwatch-logs:<log group> or kinesis-firehose:<delivery stream>, and then :json or :text"
)]
pub struct LogError;

/// For how many days a log group can keep what is in it.
pub const RETENTION_DAYS: [&str; 22] = [
    "1", "3", "5", "7", "14", "30", "60", "90", "120", "150", "180", "365", "400", "545", "731",
    "1096", "1827", "2192", "2557", "2922", "3288", "3653",
];

impl LogDestination {
    /// A log group, whose name has letters, digits and `. - _ / #`. Those of AWS's own begin with `aws/`.
    pub fn group(name: &str) -> Result<Self, LogError> {
        let legal = |it: char| it.is_ascii_alphanumeric() || ".-_/#".contains(it);
        let is_name =
            (1..=512).contains(&name.len()) && name.chars().all(legal) && !name.starts_with("aws/");
        is_name.then(|| Self::Group(name.to_owned())).ok_or(LogError)
    }

    /// A delivery stream, whose name has letters, digits and `. - _`.
    pub fn stream(name: &str) -> Result<Self, LogError> {
        let legal = |it: char| it.is_ascii_alphanumeric() || ".-_".contains(it);
        let is_name = (1..=64).contains(&name.len()) && name.chars().all(legal);
        is_name.then(|| Self::Stream(name.to_owned())).ok_or(LogError)
    }

    /// The name of a log group whose tags can be read. An ARN with `#` in it is none that CloudWatch Logs takes for tags, so nobody can
    /// tell whose such a log group is.
    pub fn taggable(&self) -> Option<&str> {
        match self {
            Self::Group(name) => Some(name.as_str()).filter(|it| !it.contains('#')),
            Self::Stream(_) => None,
        }
    }
}

impl FromStr for LogFormat {
    type Err = LogError;

    fn from_str(word: &str) -> Result<Self, LogError> {
        match word {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err(LogError),
        }
    }
}

impl FromStr for LogDelivery {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        let (kind, rest) = text.split_once(':').ok_or(LogError)?;
        // Neither kind of name has a colon in it.
        let (name, format) = match rest.split_once(':') {
            Some((name, format)) => (name, format.parse()?),
            None => (rest, LogFormat::default()),
        };
        let to = match kind {
            "cloudwatch-logs" => LogDestination::group(name)?,
            "kinesis-firehose" => LogDestination::stream(name)?,
            _ => return Err(LogError),
        };
        Ok(Self { to, format })
    }
}

impl fmt::Display for LogDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = match &self.to {
            LogDestination::Group(name) => ("cloudwatch-logs", name),
            LogDestination::Stream(name) => ("kinesis-firehose", name),
        };
        let format = match self.format {
            LogFormat::Json => "json",
            LogFormat::Text => "text",
        };
        write!(f, "{kind}:{name}:{format}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_written_as_it_is_read() {
        for (text, whole) in [
            ("cloudwatch-logs:/orders/slow", "cloudwatch-logs:/orders/slow:json"),
            ("cloudwatch-logs:/orders/slow:text", "cloudwatch-logs:/orders/slow:text"),
            ("kinesis-firehose:orders_slow:json", "kinesis-firehose:orders_slow:json"),
        ] {
            assert_eq!(text.parse::<LogDelivery>().unwrap().to_string(), whole);
        }
    }

    #[test]
    fn what_is_no_delivery_is_refused() {
        for text in [
            "",
            "/orders/slow",
            "s3:orders",
            "cloudwatch-logs:",
            "cloudwatch-logs:a b",
            "cloudwatch-logs:aws/a",
            "cloudwatch-logs:/a:xml",
            "cloudwatch-logs:/a:json:text",
            "kinesis-firehose:a/b",
        ] {
            assert_eq!(text.parse::<LogDelivery>(), Err(LogError), "{text}");
        }
        assert!(LogDestination::group(&"a".repeat(513)).is_err());
        assert!(LogDestination::stream(&"a".repeat(65)).is_err());
    }

    #[test]
    fn only_a_log_group_whose_name_fits_into_an_arn_can_be_ours() {
        for (to, expected) in [
            (LogDestination::group("/orders/slow"), Some("/orders/slow")),
            (LogDestination::group("/orders#1"), None),
            (LogDestination::stream("orders"), None),
        ] {
            assert_eq!(to.unwrap().taggable(), expected);
        }
    }
}
