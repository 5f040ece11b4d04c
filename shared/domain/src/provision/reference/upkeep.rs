//! What is done for the keys while they are there, and when they go.

use super::{Default, OnUpdate, Property};

pub(super) const PROPERTIES: &[Property] = &[
    Property {
        name: "AlarmSnsTopicArn",
        takes: "the ARN of an SNS topic that alarms tell beside ours",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "CloudWatch tells topics of its own region; together with our own topic it has to fit into a tag of 256 characters",
    },
    Property {
        name: "DeletionPolicy",
        takes: "what a Delete leaves: `Snapshot`, the keys in a last snapshot that was seen to be whole before the group goes; `Retain`, the group and all that stands around it, which no stack owns any more; `Delete`, none of the keys",
        default: Default::Derived("`Snapshot`, or what `FinalSnapshot` says"),
        update: OnUpdate::InPlace,
        rule: "ElastiCache deletes a group also where the last snapshot failed that it was to take with it, so it is taken and seen to be whole before; what is retained keeps its token and the schedule of its rotation, which works as long as the rotation function stands",
    },
    Property {
        name: "DeletionProtection",
        takes: "true, false; true refuses every Delete but the rollback of a Create that was not finished",
        default: Default::Value("false"),
        update: OnUpdate::InPlace,
        rule: "none, ElastiCache has no such protection; it becomes a tag of the group",
    },
    Property {
        name: "EnableAlarms",
        takes: "true, false; five alarms over all nodes: CPU, memory, evictions, swap, free memory",
        default: Default::Value("true"),
        update: OnUpdate::InPlace,
        rule: "there are hardly any metrics of a whole group, so an alarm takes the highest or lowest value of any node, and is paid for each. CPU is that of the host up to two vCPUs, above 90 % of one of them (45 % of two), and that of the engine's thread from four on, above 90 %",
    },
    Property {
        name: "EngineLog",
        takes: "where the engine's own log goes: a map of `Group` (CloudWatch Logs) or `Stream` (Firehose), and `Format`, `json` or `text`; or `cloudwatch-logs:/orders/engine:json`, `kinesis-firehose:orders:text`",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "from Redis 6.2 on. Log group or stream must be there. A delivery that fails is asked for once more; then the request fails with ElastiCache's own words",
    },
    Property {
        name: "FinalSnapshot",
        takes: "true, false; the older spelling: false is `DeletionPolicy` `Delete`. The two may not disagree",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "none; it becomes a tag of the group, as `DeletionPolicy` does",
    },
    Property {
        name: "NotificationTopicArn",
        takes: "the ARN of an SNS topic of the stack's region and account that ElastiCache tells of its own events",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "one topic a group. An encrypted topic is taken and told nothing, so the request fails; a policy of the topic must not ask for `aws:SourceAccount`",
    },
    Property {
        name: "SlowLog",
        takes: "where commands go that took long; as `EngineLog`",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "from Redis 6.0 on; otherwise as `EngineLog`",
    },
    Property {
        name: "SnapshotKeep",
        takes: "0 to 365 scheduled snapshots are kept; 0 takes none",
        default: Default::Value("7"),
        update: OnUpdate::InPlace,
        rule: "manual snapshots stay until they are deleted",
    },
    Property {
        name: "SnapshotRetentionLimit",
        takes: "0 to 35 days of automatic snapshots; 0 is off",
        default: Default::Value("7"),
        update: OnUpdate::InPlace,
        rule: "ElastiCache keeps them 35 days at most",
    },
    Property {
        name: "SnapshotTiers",
        takes: "how many scheduled snapshots each tier keeps, in place of `SnapshotKeep`: a map of any of `Hourly`, `Daily`, `Weekly` and `Monthly`, such as `{Hourly: 24, Daily: 7}`; or `hourly=24,daily=7`. 365 in all at most; 0 leaves a tier out",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "ElastiCache takes 20 manual snapshots of a node in any 24 hours, so hourly ones leave out each fourth hour: 18 a day, and two for people and for the last one before a deletion. Those that were there before go only after two were taken by the tiers",
    },
    Property {
        name: "SnapshotWindow",
        takes: "`03:00-05:00`, UTC",
        default: Default::Derived("AWS chooses"),
        update: OnUpdate::InPlace,
        rule: "an hour at least; apart from the maintenance window",
    },
    Property {
        name: "Tags",
        takes: "tags of the replication group: a map, a list of `Key` and `Value`, or `team=shop,stage=live`; 30 at most, none that begins with `aws:` or `cachewarden:`",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "a resource has fifty tags, and ours take up to twenty; what others tag is left alone",
    },
];
