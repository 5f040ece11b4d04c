//! The parameters of each family, as the user guide lists them (`ParameterGroups.Redis`, 2023).

use super::super::check::bad_value;
use crate::Refusal;

/// A parameter: name, default, type, allowed values, whether a change needs a restart, whether it can be changed, and the families that
/// have it.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) default: &'static str,
    pub(super) kind: &'static str,
    pub(super) allowed: &'static str,
    pub(super) at_once: bool,
    pub(super) modifiable: bool,
    families: Families,
}

/// Which families have a parameter.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Families {
    All,
    UpToRedis6,
    FromRedis6,
    FromRedis7,
}

impl Families {
    fn has(self, family: &str) -> bool {
        let early = ["redis5.0", "redis6.x"].contains(&family);
        match self {
            Self::All => true,
            Self::UpToRedis6 => early,
            Self::FromRedis6 => family != "redis5.0",
            Self::FromRedis7 => !early,
        }
    }
}

impl Parameter {
    /// The first version that has it, of those that are offered.
    pub(super) fn since(&self) -> &'static str {
        match self.families {
            Families::All | UpToRedis6 => "5.0.6",
            FromRedis6 => "6.0.5",
            FromRedis7 => "7.0.7",
        }
    }
}

const fn number(name: &'static str, default: &'static str, allowed: &'static str) -> Parameter {
    let (at_once, modifiable, families) = (true, true, Families::All);
    Parameter { name, default, kind: "integer", allowed, at_once, modifiable, families }
}

const fn word(name: &'static str, default: &'static str, allowed: &'static str) -> Parameter {
    Parameter { kind: "string", ..number(name, default, allowed) }
}

const fn yes_or_no(name: &'static str, default: &'static str) -> Parameter {
    word(name, default, "yes,no")
}

const fn fixed(parameter: Parameter) -> Parameter {
    Parameter { at_once: false, modifiable: false, ..parameter }
}

const fn on_reboot(parameter: Parameter) -> Parameter {
    Parameter { at_once: false, ..parameter }
}

const fn only(families: Families, parameter: Parameter) -> Parameter {
    Parameter { families, ..parameter }
}

use Families::{FromRedis6, FromRedis7, UpToRedis6};

const POLICIES: &str = "volatile-lru,allkeys-lru,volatile-lfu,allkeys-lfu,volatile-random,allkeys-random,volatile-ttl,noeviction";

/// What `notify-keyspace-events` may be made of.
const EVENTS: &str = "KEg$lshzxetdmnA";

/// What decides on cluster mode, for as long as a cluster is there.
pub(super) const CLUSTER: &str = "cluster-enabled";

/// Alphabetical. The default eviction policy is `volatile-lru` (facts 4.2). Those whose default depends on the node type are not here.
const PARAMETERS: &[Parameter] = &[
    only(FromRedis6, word("acl-pubsub-default", "allchannels", "resetchannels,allchannels")),
    only(FromRedis6, number("acllog-max-len", "128", "1-10000")),
    number("active-defrag-cycle-max", "75", "1-75"),
    number("active-defrag-cycle-min", "25", "1-75"),
    number("active-defrag-ignore-bytes", "104857600", "10485760-104857600"),
    number("active-defrag-max-scan-fields", "1000", "1-1000000"),
    number("active-defrag-threshold-lower", "10", "1-100"),
    number("active-defrag-threshold-upper", "100", "1-100"),
    only(FromRedis6, number("active-expire-effort", "1", "1-10")),
    yes_or_no("activedefrag", "no"),
    only(UpToRedis6, on_reboot(yes_or_no("activerehashing", "yes"))),
    fixed(word("appendfsync", "everysec", "always,everysec,no")),
    fixed(yes_or_no("appendonly", "no")),
    number("client-output-buffer-limit-normal-hard-limit", "0", "0-"),
    number("client-output-buffer-limit-normal-soft-limit", "0", "0-"),
    number("client-output-buffer-limit-normal-soft-seconds", "0", "0-"),
    number("client-output-buffer-limit-pubsub-hard-limit", "33554432", "0-"),
    number("client-output-buffer-limit-pubsub-soft-limit", "8388608", "0-"),
    number("client-output-buffer-limit-pubsub-soft-seconds", "60", "0-"),
    fixed(number("client-output-buffer-limit-replica-soft-seconds", "60", "0-")),
    number("client-query-buffer-limit", "1073741824", "1048576-1073741824"),
    yes_or_no("close-on-replica-write", "yes"),
    on_reboot(yes_or_no(CLUSTER, "no")),
    on_reboot(number("databases", "16", "1-1200000")),
    only(FromRedis7, number("hash-max-listpack-entries", "512", "0-")),
    only(FromRedis7, number("hash-max-listpack-value", "64", "0-")),
    only(UpToRedis6, number("hash-max-ziplist-entries", "512", "0-")),
    only(UpToRedis6, number("hash-max-ziplist-value", "64", "0-")),
    number("hll-sparse-max-bytes", "3000", "0-"),
    only(FromRedis7, yes_or_no("latency-tracking", "no")),
    yes_or_no("lazyfree-lazy-eviction", "yes"),
    yes_or_no("lazyfree-lazy-expire", "yes"),
    yes_or_no("lazyfree-lazy-server-del", "yes"),
    only(FromRedis6, yes_or_no("lazyfree-lazy-user-del", "no")),
    number("lfu-decay-time", "1", "0-"),
    number("lfu-log-factor", "10", "1-"),
    number("list-compress-depth", "0", "0-"),
    only(UpToRedis6, yes_or_no("lua-replicate-commands", "yes")),
    fixed(number("maxclients", "65000", "1-65000")),
    word("maxmemory-policy", "volatile-lru", POLICIES),
    number("maxmemory-samples", "3", "1-"),
    number("min-replicas-max-lag", "10", "0-"),
    number("min-replicas-to-write", "0", "0-"),
    word("notify-keyspace-events", "", ""),
    number("proto-max-bulk-len", "536870912", "1048576-536870912"),
    number("repl-backlog-size", "1048576", "16384-"),
    number("repl-backlog-ttl", "3600", "0-"),
    fixed(number("repl-timeout", "60", "0-")),
    fixed(yes_or_no("replica-allow-chaining", "no")),
    fixed(yes_or_no("replica-ignore-maxmemory", "yes")),
    fixed(yes_or_no("replica-lazy-flush", "yes")),
    number("reserved-memory-percent", "25", "0-100"),
    number("set-max-intset-entries", "512", "0-"),
    number("slowlog-log-slower-than", "10000", "-1-"),
    number("slowlog-max-len", "128", "0-"),
    number("stream-node-max-bytes", "4096", "0-"),
    number("stream-node-max-entries", "100", "0-"),
    number("tcp-keepalive", "300", "0-"),
    number("timeout", "0", "0,20-"),
    only(FromRedis6, number("tracking-table-max-keys", "1000000", "1-100000000")),
    only(FromRedis7, number("zset-max-listpack-entries", "128", "0-")),
    only(FromRedis7, number("zset-max-listpack-value", "64", "0-")),
    only(UpToRedis6, number("zset-max-ziplist-entries", "128", "0-")),
    only(UpToRedis6, number("zset-max-ziplist-value", "64", "0-")),
];

/// Those of a family.
pub(super) fn of_family(family: &str) -> impl Iterator<Item = &'static Parameter> {
    PARAMETERS.iter().filter(move |it| it.families.has(family))
}

/// What a node has where nobody said otherwise.
pub(in super::super) fn defaults() -> impl Iterator<Item = (String, String)> {
    PARAMETERS.iter().map(|it| (it.name.to_owned(), it.default.to_owned()))
}

/// Those that can be changed and wait for a reboot (user guide, rebooting nodes): name and default.
pub(super) fn of_reboots() -> impl Iterator<Item = (&'static str, &'static str)> {
    let waits = PARAMETERS.iter().filter(|it| it.modifiable && !it.at_once && it.name != CLUSTER);
    waits.map(|it| (it.name, it.default))
}

/// Whether a change of this one waits for a reboot.
pub(in super::super) fn needs_reboot(name: &str) -> bool {
    of_reboots().any(|(it, _)| it == name)
}

/// The parameter of this name, if its family has it and lets it be changed.
pub(super) fn changeable(family: &str, name: &str) -> Result<&'static Parameter, Refusal> {
    let found = of_family(family).find(|it| it.name == name);
    let found = found.ok_or_else(|| {
        bad_value(format!("Could not find parameter with name: {name} and family {family}."))
    })?;
    if !found.modifiable {
        return Err(bad_value(format!("The parameter {name} cannot be modified.")));
    }
    Ok(found)
}

/// Refuses a value that a parameter of this family cannot have.
pub(super) fn check(family: &str, name: &str, value: &str) -> Result<(), Refusal> {
    let found = changeable(family, name)?;
    let legal = match found.kind {
        "integer" => value.parse::<i64>().is_ok_and(|it| in_range(it, found.allowed)),
        _ if name == "notify-keyspace-events" => value.chars().all(|it| EVENTS.contains(it)),
        _ => found.allowed.split(',').any(|it| it == value),
    };
    if legal {
        return Ok(());
    }
    Err(bad_value(format!(
        "The parameter value {value} is invalid for {name}. Allowed values: {}",
        found.allowed
    )))
}

/// Whether a number is in `0-100`, `16-` (no upper bound) or `0,20-`.
fn in_range(number: i64, allowed: &str) -> bool {
    allowed.split(',').any(|it| {
        let dash = it.char_indices().skip(1).find(|(_, it)| *it == '-').map(|(at, _)| at);
        let Some((low, high)) = dash.and_then(|at| Some((it.get(..at)?, it.get(at + 1..)?))) else {
            return it.parse() == Ok(number);
        };
        low.parse::<i64>().is_ok_and(|low| low <= number)
            && (high.is_empty() || high.parse::<i64>().is_ok_and(|high| number <= high))
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::engine::FAMILIES;
    use super::*;

    #[test]
    fn values_are_checked_against_what_is_allowed() {
        for (name, value, legal) in [
            ("maxmemory-policy", "allkeys-lru", true),
            ("maxmemory-policy", "lru", false),
            ("reserved-memory-percent", "101", false),
            ("timeout", "0", true),
            ("timeout", "10", false),
            ("timeout", "60", true),
            ("slowlog-log-slower-than", "-1", true),
            ("slowlog-log-slower-than", "-2", false),
            ("slowlog-max-len", "many", false),
            ("notify-keyspace-events", "", true),
            ("notify-keyspace-events", "Kg$Ex", true),
            ("notify-keyspace-events", "all", false),
            ("databases", "0", false),
            ("cluster-enabled", "yes", true),
            ("cluster-enabled", "on", false),
            ("appendonly", "yes", false),
            ("maxclients", "100", false),
            ("no-such", "1", false),
        ] {
            assert_eq!(check("redis7", name, value).is_ok(), legal, "{name}={value}");
        }
    }

    #[test]
    fn families_differ() {
        for (name, families) in [
            ("activerehashing", ["redis5.0", "redis6.x"].as_slice()),
            ("hash-max-ziplist-value", &["redis5.0", "redis6.x"]),
            ("hash-max-listpack-value", &["redis7", "valkey7", "valkey8"]),
            ("acllog-max-len", &["redis6.x", "redis7", "valkey7", "valkey8"]),
            ("timeout", &FAMILIES),
        ] {
            let having: Vec<_> =
                FAMILIES.into_iter().filter(|it| changeable(it, name).is_ok()).collect();
            assert_eq!(having, families, "{name}");
        }
    }

    #[test]
    fn parameters_are_alphabetical_and_their_defaults_legal() {
        assert!(PARAMETERS.is_sorted_by_key(|it| it.name));
        for family in FAMILIES {
            for it in of_family(family).filter(|it| it.modifiable) {
                assert!(check(family, it.name, it.default).is_ok(), "{family}: {}", it.name);
            }
        }
    }
}
