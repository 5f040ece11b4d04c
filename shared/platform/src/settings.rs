//! The environment of the functions: every variable, read once, with all mistakes told together.

use domain::price::Prices;
use domain::{Arn, Problems};
use tracing::level_filters::LevelFilter;

/// What `provision` needs.
#[derive(Clone, Debug)]
pub struct ProvisionSettings {
    /// `CACHEWARDEN_STATE_MACHINE_ARN`: the state machine that carries long work.
    pub state_machine: Arn,
    /// `CACHEWARDEN_ROTATE_FUNCTION_ARN`: the function that Secrets Manager calls for a rotation.
    pub rotate_function: Arn,
    /// `CACHEWARDEN_ALARM_TOPIC_ARN`: where the alarms of members publish; `autoscale` listens there.
    pub alarm_topic: Arn,
    /// `CACHEWARDEN_NODE_PRICES`: prices of this region, which stand in for those of the catalog.
    pub prices: Prices,
}

/// What `rotate` needs.
#[derive(Clone, Debug)]
pub struct RotateSettings {
    /// `CACHEWARDEN_TOPIC_ARN`: where people are told, if anywhere.
    pub topic: Option<Arn>,
}

/// What `snapshot` needs.
#[derive(Clone, Debug)]
pub struct SnapshotSettings {
    /// `CACHEWARDEN_STATE_MACHINE_ARN`: the state machine that carries long work.
    pub state_machine: Arn,
    /// `CACHEWARDEN_ALARM_TOPIC_ARN`: where the alarms of a restored group publish.
    pub alarm_topic: Arn,
    /// `CACHEWARDEN_TOPIC_ARN`: where people are told, if anywhere.
    pub topic: Option<Arn>,
    /// `CACHEWARDEN_COUNTS_KEYS`: whether the function stands where nodes can be reached, and counts keys. `true` or `false`, which is the
    /// default.
    pub counts_keys: bool,
}

/// What `autoscale` needs.
#[derive(Clone, Debug)]
pub struct AutoscaleSettings {
    /// `CACHEWARDEN_STATE_MACHINE_ARN`: the state machine that carries long work.
    pub state_machine: Arn,
    /// `CACHEWARDEN_ALARM_TOPIC_ARN`: where the alarms of new members publish.
    pub alarm_topic: Arn,
    /// `CACHEWARDEN_TOPIC_ARN`: where people are told, if anywhere.
    pub topic: Option<Arn>,
    /// `CACHEWARDEN_NODE_PRICES`: prices of this region, which stand in for those of the catalog.
    pub prices: Prices,
}

impl ProvisionSettings {
    /// Reads what `provision` needs.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut reader = Reader::new(lookup);
        let state_machine = reader.required(STATE_MACHINE, "states");
        let rotate_function = reader.required(ROTATE_FUNCTION, "lambda");
        let alarm_topic = reader.required(ALARM_TOPIC, "sns");
        let prices = reader.prices(state_machine.as_ref());
        match (state_machine, rotate_function, alarm_topic) {
            (Some(state_machine), Some(rotate_function), Some(alarm_topic)) => {
                reader.finish(Self { state_machine, rotate_function, alarm_topic, prices })
            }
            _ => Err(reader.problems),
        }
    }
}

impl RotateSettings {
    /// Reads what `rotate` needs.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut reader = Reader::new(lookup);
        let topic = reader.optional(TOPIC, "sns");
        reader.finish(Self { topic })
    }
}

impl SnapshotSettings {
    /// Reads what `snapshot` needs.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut reader = Reader::new(lookup);
        let topic = reader.optional(TOPIC, "sns");
        let state_machine = reader.required(STATE_MACHINE, "states");
        let counts_keys = reader.flag(COUNTS_KEYS);
        match (state_machine, reader.required(ALARM_TOPIC, "sns")) {
            (Some(state_machine), Some(alarm_topic)) => {
                reader.finish(Self { state_machine, alarm_topic, topic, counts_keys })
            }
            _ => Err(reader.problems),
        }
    }
}

impl AutoscaleSettings {
    /// Reads what `autoscale` needs.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut reader = Reader::new(lookup);
        let topic = reader.optional(TOPIC, "sns");
        let state_machine = reader.required(STATE_MACHINE, "states");
        let prices = reader.prices(state_machine.as_ref());
        match (state_machine, reader.required(ALARM_TOPIC, "sns")) {
            (Some(state_machine), Some(alarm_topic)) => {
                reader.finish(Self { state_machine, alarm_topic, topic, prices })
            }
            _ => Err(reader.problems),
        }
    }
}

/// The process's own environment, for the `read` functions.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

const STATE_MACHINE: &str = "CACHEWARDEN_STATE_MACHINE_ARN";
const ROTATE_FUNCTION: &str = "CACHEWARDEN_ROTATE_FUNCTION_ARN";
const ALARM_TOPIC: &str = "CACHEWARDEN_ALARM_TOPIC_ARN";
const TOPIC: &str = "CACHEWARDEN_TOPIC_ARN";
const COUNTS_KEYS: &str = "CACHEWARDEN_COUNTS_KEYS";
const NODE_PRICES: &str = "CACHEWARDEN_NODE_PRICES";
/// How much is logged.
pub(crate) const LOG_LEVEL: &str = "CACHEWARDEN_LOG_LEVEL";

/// Reads variables and collects what is wrong with them.
struct Reader<L> {
    lookup: L,
    problems: Problems,
}

impl<L: Fn(&str) -> Option<String>> Reader<L> {
    fn new(lookup: L) -> Self {
        let mut reader = Self { lookup, problems: Problems::default() };
        reader.log_level();
        reader
    }

    /// The log itself goes on at `info` where its level cannot be read: somebody has to tell of it.
    fn log_level(&mut self) {
        let Some(value) = self.value(LOG_LEVEL) else { return };
        if value.parse::<LevelFilter>().is_err() {
            let rule = format!("{value} is not one of off, error, warn, info, debug and trace");
            self.problems.add(LOG_LEVEL, rule);
        }
    }

    fn required(&mut self, name: &str, service: &str) -> Option<Arn> {
        let value = self.value(name);
        if value.is_none() {
            self.problems.add(name, format!("is not set; it takes the ARN of {service}"));
        }
        self.arn(name, service, &value?)
    }

    fn optional(&mut self, name: &str, service: &str) -> Option<Arn> {
        let value = self.value(name)?;
        self.arn(name, service, &value)
    }

    fn flag(&mut self, name: &str) -> bool {
        match self.value(name).as_deref() {
            Some("true") => true,
            Some("false") | None => false,
            Some(other) => {
                self.problems.add(name, format!("{other} is neither true nor false"));
                false
            }
        }
    }

    /// Prices of the region in which this runs, which is that of everything around it.
    fn prices(&mut self, here: Option<&Arn>) -> Prices {
        let text = self.value(NODE_PRICES).unwrap_or_default();
        match Prices::parse(&text, here.map_or("", Arn::region)) {
            Ok(prices) => prices,
            Err(errors) => {
                for error in errors {
                    self.problems.add(NODE_PRICES, error.to_string());
                }
                Prices::default()
            }
        }
    }

    /// A template gives an empty string where a parameter was left out.
    fn value(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|it| !it.is_empty())
    }

    fn arn(&mut self, name: &str, service: &str, value: &str) -> Option<Arn> {
        let arn = self.problems.keep(name, Arn::parse(value))?;
        if arn.service() == service {
            return Some(arn);
        }
        self.problems
            .add(name, format!("{value} is an ARN of {}, not of {service}", arn.service()));
        None
    }

    fn finish<T>(self, settings: T) -> Result<T, Problems> {
        if self.problems.is_empty() { Ok(settings) } else { Err(self.problems) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_named() {
        let lookup = |name: &str| match name {
            STATE_MACHINE => Some("arn:aws:sns:eu-west-1:1:oops".to_owned()),
            ROTATE_FUNCTION => Some("rotate".to_owned()),
            LOG_LEVEL => Some("loud".to_owned()),
            NODE_PRICES => Some("cache.t4g.micro redis free 2026-11-01".to_owned()),
            _ => None,
        };
        let said = ProvisionSettings::read(lookup).unwrap_err().to_string();
        for name in [STATE_MACHINE, ROTATE_FUNCTION, ALARM_TOPIC, LOG_LEVEL, NODE_PRICES] {
            assert!(said.contains(name), "{said}");
        }
        assert!(said.contains("is an ARN of sns, not of states"), "{said}");
    }

    #[test]
    fn a_flag_is_true_or_false() {
        let flag = |value: &str| {
            let arn = |service| Some(format!("arn:aws:{service}:eu-west-1:1:x"));
            SnapshotSettings::read(|name| match name {
                STATE_MACHINE => arn("states"),
                ALARM_TOPIC => arn("sns"),
                COUNTS_KEYS => Some(value.to_owned()),
                _ => None,
            })
            .map(|it| it.counts_keys)
        };
        assert!(flag("true").unwrap() && !flag("false").unwrap() && !flag("").unwrap());
        let said = flag("yes").unwrap_err().to_string();
        assert_eq!(said, format!("{COUNTS_KEYS}: yes is neither true nor false"));
    }

    #[test]
    fn an_empty_variable_is_an_unset_one() {
        let settings = RotateSettings::read(|_| Some(String::new())).unwrap();
        assert_eq!(settings.topic, None);
    }

    #[test]
    fn a_level_alone_that_cannot_be_read_is_a_mistake_too() {
        let level = |level: &str| {
            let level = level.to_owned();
            RotateSettings::read(move |name| (name == LOG_LEVEL).then(|| level.clone())).is_ok()
        };
        assert!(level("debug") && !level("loud"));
    }
}
