//! What the operator allows, written as tags on the group.

use jiff::SignedDuration;

use crate::alarm::Wish;
use crate::{Catalog, NodeType, Problems, Tags, tag};

/// How much the autoscaler may do by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// Nothing.
    Off,
    /// Tell a person what it would do.
    Recommend,
    /// Grow, never shrink.
    UpOnly,
    /// Grow and shrink.
    Full,
}

/// A node type, or a whole family of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Named {
    /// All sizes of a family, such as `cache.r7g`.
    Family(String),
    /// One type.
    Type(NodeType),
}

impl Named {
    /// Whether this one is meant.
    pub fn names(&self, node_type: &NodeType) -> bool {
        match self {
            Self::Family(family) => node_type.family() == family,
            Self::Type(it) => it == node_type,
        }
    }
}

/// What the data is: whether some of it may go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Data {
    /// None of it.
    Store,
    /// What has no room is fetched again. As a share of all reads, so many may miss; where that is not said, the memory is left as it is.
    Cache { misses: Option<f64> },
}

/// The policy of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// How much it may do.
    pub mode: Mode,
    /// The largest node type. Without one, the largest of the group's own family.
    pub max_node_type: Option<NodeType>,
    /// The node types and families that it may have. Without any, its own family and the ceiling's.
    pub node_types: Vec<Named>,
    /// The fewest replicas that are left.
    pub min_replicas: u32,
    /// The most replicas that are made.
    pub max_replicas: u32,
    /// The most that the nodes may cost, in dollars a month.
    pub budget: Option<f64>,
    /// What a minute of overload is worth, in dollars. Without it, an hour of what the group costs (autoscaling D.8).
    pub minute: Option<f64>,
    /// What the data is. Without it, the eviction policy tells.
    pub data: Option<Data>,
    /// How long to leave the group alone after a change, in place of [`Policy::UP_COOLDOWN`] and [`Policy::DOWN_COOLDOWN`].
    pub cooldown: Option<SignedDuration>,
    /// What alarms there shall be.
    pub alarms: Wish,
}

impl Policy {
    /// After a change, before the next growth: the new nodes' sync load would alarm again (the group needs some minutes of calm).
    pub const UP_COOLDOWN: SignedDuration = SignedDuration::from_mins(10);
    /// After a change, before anything shrinks: caches fill slowly, and a shrink too early is paid for twice.
    pub const DOWN_COOLDOWN: SignedDuration = SignedDuration::from_mins(60);
    /// ElastiCache has no more replicas in a shard (facts 4.4).
    pub const REPLICAS_MAX: u32 = 5;
    /// Where an operator says nothing: one copy is left, as Multi-AZ and failover ask for (facts 4.4).
    pub const MIN_REPLICAS: u32 = 1;
    /// For so long after it grew the node type does not shrink: what made it grow may come again (autoscaling D.5).
    pub const DWELL: SignedDuration = SignedDuration::from_hours(6);
    /// A cooldown of more than a day is a mistake of the unit.
    const COOLDOWN_MINUTES_MAX: i64 = 24 * 60;

    /// Reads the policy from the tags of a group, with all mistakes together. A group without the tag has none: it is not ours to scale.
    pub fn read(tags: &Tags, catalog: &Catalog) -> Result<Option<Self>, Problems> {
        let Some(mode) = tags.get(tag::AUTOSCALE) else { return Ok(None) };
        let mut problems = Problems::default();
        let mode = mode_of(mode).unwrap_or_else(|| {
            problems.add(
                tag::AUTOSCALE,
                format!("\"{mode}\" is none of off, recommend, up-only, full"),
            );
            Mode::Off
        });
        let read = |key: &'static str| Said { key, text: said(tags, key) };
        let (ceiling, named) =
            (read(tag::AUTOSCALE_MAX_NODE_TYPE), read(tag::AUTOSCALE_NODE_TYPES));
        let (least, most) = (read(tag::AUTOSCALE_MIN_REPLICAS), read(tag::AUTOSCALE_MAX_REPLICAS));
        let policy = Self {
            mode,
            max_node_type: ceiling.node_type(catalog, &mut problems),
            node_types: named.node_types(catalog, &mut problems),
            min_replicas: least.replicas(Self::MIN_REPLICAS, &mut problems),
            max_replicas: most.replicas(Self::REPLICAS_MAX, &mut problems),
            budget: read(tag::AUTOSCALE_BUDGET).dollars(&mut problems),
            minute: read(tag::AUTOSCALE_MINUTE).dollars(&mut problems),
            data: read(tag::AUTOSCALE_DATA).data(&mut problems),
            cooldown: read(tag::AUTOSCALE_COOLDOWN_MINUTES).cooldown(&mut problems),
            alarms: Wish::read(tags, &mut problems),
        };
        policy.check(&mut problems);
        if problems.is_empty() { Ok(Some(policy)) } else { Err(problems) }
    }

    /// What is wrong with the value of one of these tags, if anything is.
    pub fn problem_of(key: &'static str, text: &str, catalog: &Catalog) -> Option<String> {
        let mut problems = Problems::default();
        let said = Said { key, text: text.trim() };
        match key {
            tag::AUTOSCALE_NODE_TYPES => drop(said.node_types(catalog, &mut problems)),
            tag::AUTOSCALE_BUDGET | tag::AUTOSCALE_MINUTE => drop(said.dollars(&mut problems)),
            tag::AUTOSCALE_DATA => drop(said.data(&mut problems)),
            _ => {}
        }
        let rules: Vec<&str> = problems.iter().map(|it| it.rule.as_str()).collect();
        (!rules.is_empty()).then(|| rules.join("; "))
    }

    /// What contradicts itself.
    fn check(&self, problems: &mut Problems) {
        if self.max_replicas < self.min_replicas {
            problems.add(
                tag::AUTOSCALE_MIN_REPLICAS,
                format!(
                    "{} is more than the {} of {}",
                    self.min_replicas,
                    self.max_replicas,
                    tag::AUTOSCALE_MAX_REPLICAS
                ),
            );
        }
    }

    /// How long after a change the group is left alone before it may grow again.
    pub fn up_cooldown(&self) -> SignedDuration {
        self.cooldown.unwrap_or(Self::UP_COOLDOWN)
    }

    /// How long after a change the group is left alone before it may shrink.
    pub fn down_cooldown(&self) -> SignedDuration {
        self.cooldown.unwrap_or(Self::DOWN_COOLDOWN)
    }
}

fn mode_of(word: &str) -> Option<Mode> {
    match word {
        "off" => Some(Mode::Off),
        "recommend" => Some(Mode::Recommend),
        "up-only" => Some(Mode::UpOnly),
        "full" => Some(Mode::Full),
        _ => None,
    }
}

fn said<'a>(tags: &'a Tags, key: &str) -> &'a str {
    tags.get(key).map_or("", |it| it.trim())
}

/// A tag and its value, which is empty where it says nothing.
#[derive(Clone, Copy)]
struct Said<'a> {
    key: &'static str,
    text: &'a str,
}

impl Said<'_> {
    fn node_type(self, catalog: &Catalog, problems: &mut Problems) -> Option<NodeType> {
        if self.text.is_empty() {
            return None;
        }
        let node_type = problems.keep(self.key, NodeType::parse(self.text))?;
        if catalog.find(&node_type).is_none() {
            problems.add(self.key, format!("{} is not in the catalog", self.text));
            return None;
        }
        Some(node_type)
    }

    fn node_types(self, catalog: &Catalog, problems: &mut Problems) -> Vec<Named> {
        let named = |word: &str, problems: &mut Problems| {
            let family = word.strip_prefix("cache.").unwrap_or(word);
            if !catalog.family(family).is_empty() {
                return Some(Named::Family(family.to_owned()));
            }
            Said { text: word, ..self }.node_type(catalog, problems).map(Named::Type)
        };
        self.text.split_whitespace().filter_map(|it| named(it, problems)).collect()
    }

    fn replicas(self, without: u32, problems: &mut Problems) -> u32 {
        if self.text.is_empty() {
            return without;
        }
        match self.text.parse::<u32>() {
            Ok(count) if count <= Policy::REPLICAS_MAX => count,
            Ok(_) | Err(_) => {
                problems.add(self.key, format!("\"{}\" is not a number from 0 to 5", self.text));
                without
            }
        }
    }

    fn dollars(self, problems: &mut Problems) -> Option<f64> {
        if self.text.is_empty() {
            return None;
        }
        match self.text.parse::<f64>() {
            Ok(dollars) if dollars.is_finite() && 0.0 < dollars => Some(dollars),
            Ok(_) | Err(_) => {
                problems
                    .add(self.key, format!("\"{}\" is not a number of dollars above 0", self.text));
                None
            }
        }
    }

    fn data(self, problems: &mut Problems) -> Option<Data> {
        let mut words = self.text.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (None, ..) => return None,
            (Some("store"), None, None) => return Some(Data::Store),
            (Some("cache"), None, None) => return Some(Data::Cache { misses: None }),
            (Some("cache"), Some(misses), None) => {
                if let Ok(percent) = misses.parse::<f64>()
                    && 0.0 < percent
                    && percent < 100.0
                {
                    return Some(Data::Cache { misses: Some(percent / 100.0) });
                }
            }
            _ => {}
        }
        problems.add(
            self.key,
            format!(
                "\"{}\" is neither store nor cache, nor cache and the percentage of reads that may miss",
                self.text
            ),
        );
        None
    }

    fn cooldown(self, problems: &mut Problems) -> Option<SignedDuration> {
        if self.text.is_empty() {
            return None;
        }
        match self.text.parse::<i64>() {
            Ok(minutes) if (0..=Policy::COOLDOWN_MINUTES_MAX).contains(&minutes) => {
                Some(SignedDuration::from_mins(minutes))
            }
            Ok(_) | Err(_) => {
                problems.add(
                    self.key,
                    format!("\"{}\" is not a number of minutes from 0 to 1440", self.text),
                );
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tags: &[(&str, &str)], expected: &str) {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let said = match Policy::read(&tags.collect(), Catalog::embedded()) {
            Ok(None) => "none".to_owned(),
            Ok(Some(it)) => format!(
                "{:?} up to {} with {} to {} replicas, cooldown {} and {}",
                it.mode,
                it.max_node_type.as_ref().map_or("its family", NodeType::as_str),
                it.min_replicas,
                it.max_replicas,
                it.up_cooldown().as_mins(),
                it.down_cooldown().as_mins(),
            ),
            Err(problems) => problems.to_string(),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn a_group_without_the_tag_has_no_policy() {
        check(&[("cachewarden:owner", "a/b")], "none");
    }

    #[test]
    fn the_mode_alone_is_a_policy() {
        check(
            &[(tag::AUTOSCALE, "full")],
            "Full up to its family with 1 to 5 replicas, cooldown 10 and 60",
        );
        check(
            &[
                (tag::AUTOSCALE, "up-only"),
                (tag::AUTOSCALE_MAX_NODE_TYPE, "cache.t4g.medium"),
                (tag::AUTOSCALE_MIN_REPLICAS, "0"),
                (tag::AUTOSCALE_MAX_REPLICAS, "3"),
                (tag::AUTOSCALE_COOLDOWN_MINUTES, "0"),
            ],
            "UpOnly up to cache.t4g.medium with 0 to 3 replicas, cooldown 0 and 0",
        );
    }

    #[test]
    fn an_empty_value_is_no_value() {
        check(
            &[
                (tag::AUTOSCALE, "off"),
                (tag::AUTOSCALE_MAX_NODE_TYPE, ""),
                (tag::AUTOSCALE_MAX_REPLICAS, ""),
            ],
            "Off up to its family with 1 to 5 replicas, cooldown 10 and 60",
        );
    }

    fn read(tags: &[(&str, &str)]) -> Result<Policy, String> {
        let mode = [(tag::AUTOSCALE, "full")];
        let tags = tags.iter().chain(&mode).map(|(key, value)| ((*key).into(), (*value).into()));
        match Policy::read(&tags.collect(), Catalog::embedded()) {
            Ok(policy) => Ok(policy.unwrap()),
            Err(problems) => Err(problems.to_string()),
        }
    }

    #[test]
    fn types_and_families_budget_worth_and_data_are_read() {
        let policy = read(&[
            (tag::AUTOSCALE_NODE_TYPES, "cache.r7g cache.t4g.medium"),
            (tag::AUTOSCALE_BUDGET, "250"),
            (tag::AUTOSCALE_MINUTE, "0.5"),
            (tag::AUTOSCALE_DATA, "cache 2.5"),
        ])
        .unwrap();
        let medium = NodeType::parse("cache.t4g.medium").unwrap();
        assert_eq!(policy.node_types, [Named::Family("r7g".to_owned()), Named::Type(medium)]);
        assert_eq!((policy.budget, policy.minute), (Some(250.0), Some(0.5)));
        assert_eq!(policy.data, Some(Data::Cache { misses: Some(0.025) }));
        let data = |text: &str| read(&[(tag::AUTOSCALE_DATA, text)]).unwrap().data;
        assert_eq!(data("store"), Some(Data::Store));
        assert_eq!(data("cache"), Some(Data::Cache { misses: None }));
        assert_eq!(data(" "), None);
    }

    #[test]
    fn what_is_no_type_no_sum_and_no_data_is_named_with_its_rule() {
        let said = read(&[
            (tag::AUTOSCALE_NODE_TYPES, "cache.r9.huge r7"),
            (tag::AUTOSCALE_BUDGET, "0"),
            (tag::AUTOSCALE_MINUTE, "NaN"),
            (tag::AUTOSCALE_DATA, "cache 0"),
        ]);
        assert_eq!(
            said.unwrap_err(),
            "cachewarden:autoscale-node-types: cache.r9.huge is not in the catalog; \
             cachewarden:autoscale-node-types: \"r7\" is not a node type such as cache.t4g.micro; \
             cachewarden:autoscale-budget: \"0\" is not a number of dollars above 0; \
             cachewarden:autoscale-minute-worth: \"NaN\" is not a number of dollars above 0; \
             cachewarden:autoscale-data: \"cache 0\" is neither store nor cache, nor cache and the percentage of reads that may miss"
        );
    }

    #[test]
    fn every_mistake_is_named() {
        check(
            &[
                (tag::AUTOSCALE, "yes"),
                (tag::AUTOSCALE_MAX_NODE_TYPE, "cache.r9.huge"),
                (tag::AUTOSCALE_MIN_REPLICAS, "4"),
                (tag::AUTOSCALE_MAX_REPLICAS, "3"),
                (tag::AUTOSCALE_COOLDOWN_MINUTES, "-1"),
                (tag::ALARM_TOPICS, "nowhere"),
            ],
            "cachewarden:autoscale: \"yes\" is none of off, recommend, up-only, full; \
             cachewarden:autoscale-max-node-type: cache.r9.huge is not in the catalog; \
             cachewarden:autoscale-cooldown-minutes: \"-1\" is not a number of minutes from 0 to 1440; \
             cachewarden:alarm-topic: \"nowhere\" is not an ARN (arn:partition:service:region:account:resource); \
             cachewarden:autoscale-min-replicas: 4 is more than the 3 of cachewarden:autoscale-max-replicas",
        );
        check(
            &[
                (tag::AUTOSCALE, "full"),
                (tag::AUTOSCALE_MAX_REPLICAS, "6"),
                (tag::AUTOSCALE_MIN_REPLICAS, "one"),
            ],
            "cachewarden:autoscale-min-replicas: \"one\" is not a number from 0 to 5; \
             cachewarden:autoscale-max-replicas: \"6\" is not a number from 0 to 5",
        );
    }
}
