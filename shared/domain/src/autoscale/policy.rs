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

/// The policy of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// How much it may do.
    pub mode: Mode,
    /// The largest node type. Without one, the largest of the group's own family.
    pub max_node_type: Option<NodeType>,
    /// The fewest replicas that are left.
    pub min_replicas: u32,
    /// The most replicas that are made.
    pub max_replicas: u32,
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
    /// A cooldown of more than a day is a mistake of the unit.
    const COOLDOWN_MINUTES_MAX: i64 = 24 * 60;

    /// Reads the policy from the tags of a group, with all mistakes together. A group without the tag has none: it is not ours to scale.
    pub fn read(tags: &Tags, catalog: &Catalog) -> Result<Option<Self>, Problems> {
        let Some(mode) = tags.get(tag::AUTOSCALE) else { return Ok(None) };
        let mut problems = Problems::default();
        let policy = Self {
            mode: mode_of(mode).unwrap_or_else(|| {
                problems.add(
                    tag::AUTOSCALE,
                    format!("\"{mode}\" is none of off, recommend, up-only, full"),
                );
                Mode::Off
            }),
            max_node_type: tags
                .get(tag::AUTOSCALE_MAX_NODE_TYPE)
                .and_then(|it| ceiling(it, catalog, &mut problems)),
            min_replicas: replicas(
                tags,
                tag::AUTOSCALE_MIN_REPLICAS,
                Self::MIN_REPLICAS,
                &mut problems,
            ),
            max_replicas: replicas(
                tags,
                tag::AUTOSCALE_MAX_REPLICAS,
                Self::REPLICAS_MAX,
                &mut problems,
            ),
            cooldown: tags
                .get(tag::AUTOSCALE_COOLDOWN_MINUTES)
                .and_then(|it| cooldown(it, &mut problems)),
            alarms: Wish::read(tags, &mut problems),
        };
        if policy.max_replicas < policy.min_replicas {
            problems.add(
                tag::AUTOSCALE_MIN_REPLICAS,
                format!(
                    "{} is more than the {} of {}",
                    policy.min_replicas,
                    policy.max_replicas,
                    tag::AUTOSCALE_MAX_REPLICAS
                ),
            );
        }
        if problems.is_empty() { Ok(Some(policy)) } else { Err(problems) }
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

fn ceiling(text: &str, catalog: &Catalog, problems: &mut Problems) -> Option<NodeType> {
    if text.is_empty() {
        return None;
    }
    let node_type = problems.keep(tag::AUTOSCALE_MAX_NODE_TYPE, NodeType::parse(text))?;
    if catalog.find(&node_type).is_none() {
        problems.add(tag::AUTOSCALE_MAX_NODE_TYPE, format!("{text} is not in the catalog"));
        return None;
    }
    Some(node_type)
}

fn replicas(tags: &Tags, key: &'static str, without: u32, problems: &mut Problems) -> u32 {
    let Some(text) = tags.get(key).filter(|it| !it.is_empty()) else { return without };
    match text.parse::<u32>() {
        Ok(count) if count <= Policy::REPLICAS_MAX => count,
        Ok(_) | Err(_) => {
            problems.add(key, format!("\"{text}\" is not a number from 0 to 5"));
            without
        }
    }
}

fn cooldown(text: &str, problems: &mut Problems) -> Option<SignedDuration> {
    match text.parse::<i64>() {
        Ok(minutes) if (0..=Policy::COOLDOWN_MINUTES_MAX).contains(&minutes) => {
            Some(SignedDuration::from_mins(minutes))
        }
        Ok(_) | Err(_) => {
            problems.add(
                tag::AUTOSCALE_COOLDOWN_MINUTES,
                format!("\"{text}\" is not a number of minutes from 0 to 1440"),
            );
            None
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
