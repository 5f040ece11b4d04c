//! What a node reports behind which no real server stands (facts 6.2).
//!
//! Every value follows from what the model knows of the node, so that nothing needs to be kept but that.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::MINUTE;
use crate::elasticache::node_type::NodeType;

/// What the model knows of a node that serves.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    /// The replication group, or the cluster's own id.
    pub(super) group: Arc<str>,
    /// What it is there.
    pub(super) role: Role,
    /// Whether a snapshot is being taken of it.
    pub(super) saving: bool,
    /// Since when it serves.
    pub(super) since: Timestamp,
    /// Bytes of data.
    pub(super) used: u64,
    /// Bytes for data.
    pub(super) room: u64,
    /// Its node type.
    pub(super) kind: Option<&'static NodeType>,
}

/// What a node is in its group.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Role {
    /// It is in no group.
    Alone,
    /// It is the only one.
    Single,
    /// It has replicas.
    Primary,
    /// It is one.
    Replica,
}

/// A metric that nodes report.
pub(super) struct Reported {
    pub(super) name: &'static str,
    /// How often.
    pub(super) every: SignedDuration,
    by: fn(&Node) -> bool,
    value: fn(&Node) -> f64,
}

/// A metric by its name.
pub(super) fn find(name: &str) -> Option<&'static Reported> {
    let place = REPORTED.binary_search_by(|it| it.name.cmp(name)).ok()?;
    REPORTED.get(place)
}

/// The metrics that there are of whole groups as well (facts 6.1).
pub(super) const OF_GROUPS: [&str; 2] = [
    "DatabaseCapacityUsageCountedForEvictPercentage",
    "DatabaseMemoryUsageCountedForEvictPercentage",
];

/// The metric that there is of all nodes of one role.
pub(super) const OF_ROLES: &str = "EngineCPUUtilization";

impl Reported {
    /// What this node reports, if it does.
    pub(super) fn of(&self, node: &Node) -> Option<f64> {
        (self.by)(node).then(|| (self.value)(node))
    }

    const fn by(self, by: fn(&Node) -> bool) -> Self {
        Self { by, ..self }
    }

    const fn every_five_minutes(self) -> Self {
        Self { every: SignedDuration::from_mins(5), ..self }
    }
}

const fn by_all(name: &'static str, value: fn(&Node) -> f64) -> Reported {
    Reported { name, every: MINUTE, by: |_| true, value }
}

/// A calm load: what clients ask of every node in a minute.
const READS: f64 = 600.0;
const HITS: f64 = 540.0;
const WRITES: f64 = 120.0;
/// An item with its key, and a command without one, in bytes.
const ITEM: f64 = 1024.0;
const COMMAND: f64 = 64.0;
/// What that makes of a host with two vCPUs, in percent of both.
const CPU: f64 = 4.0;

/// All of them, in the order of their names.
pub(super) static REPORTED: &[Reported] = &[
    by_all("AuthenticationFailures", |_| 0.0),
    by_all("BytesUsedForCache", |it| bytes(it.used)),
    by_all("CPUCreditBalance", day_of_credits).by(earns_credits).every_five_minutes(),
    // A credit is one vCPU for one minute. The balance stays full, as this is less than what is earned.
    by_all("CPUCreditUsage", |_| CPU / 100.0 * 2.0 * 5.0).by(earns_credits).every_five_minutes(),
    by_all("CPUUtilization", |_| CPU),
    by_all("CacheHitRate", |_| HITS / READS * 100.0),
    by_all("CacheHits", |_| HITS),
    by_all("CacheMisses", |_| READS - HITS),
    by_all("CurrConnections", |_| 12.0),
    by_all("CurrItems", |it| (bytes(it.used) / ITEM).floor()),
    by_all("DatabaseCapacityUsageCountedForEvictPercentage", percent_used),
    by_all("DatabaseCapacityUsagePercentage", percent_used),
    by_all("DatabaseMemoryUsageCountedForEvictPercentage", percent_used),
    by_all("DatabaseMemoryUsagePercentage", percent_used),
    by_all("EngineCPUUtilization", |_| 5.0),
    by_all("Evictions", |_| 0.0),
    // Of the host: what is kept from the data is free, too.
    by_all("FreeableMemory", |it| {
        let all = it.kind.map_or(it.room, |kind| kind.maxmemory.max(it.room));
        bytes(all.saturating_sub(it.used))
    }),
    by_all("GetTypeCmds", |_| READS),
    by_all("IsMaster", |it| one_if(it.role != Role::Replica)),
    by_all("MasterLinkHealthStatus", |_| 1.0).by(is_replica),
    by_all("MemoryFragmentationRatio", |_| 1.05),
    by_all("NetworkBandwidthInAllowanceExceeded", |_| 0.0),
    by_all("NetworkBandwidthOutAllowanceExceeded", |_| 0.0),
    // What a client does not write to a replica, its primary does.
    by_all("NetworkBytesIn", |_| (READS + WRITES) * COMMAND + WRITES * ITEM),
    by_all("NetworkBytesOut", |it| HITS * ITEM + replicated(it)),
    by_all("NetworkConntrackAllowanceExceeded", |_| 0.0),
    by_all("NetworkPacketsIn", |_| READS + WRITES),
    by_all("NetworkPacketsOut", |_| READS + WRITES),
    by_all("NewConnections", |_| 1.0),
    by_all("Reclaimed", |_| 0.0),
    by_all("ReplicationBytes", replicated).by(|it| it.role == Role::Primary),
    by_all("ReplicationLag", |_| 0.0).by(is_replica),
    by_all("SaveInProgress", |it| one_if(it.saving)),
    by_all("SetTypeCmds", |_| WRITES),
    // Microseconds.
    by_all("SuccessfulReadRequestLatency", |_| 250.0),
    by_all("SuccessfulWriteRequestLatency", |_| 280.0),
    by_all("SwapUsage", |_| 0.0),
    by_all("TrafficManagementActive", |_| 0.0),
];

#[expect(clippy::cast_precision_loss, reason = "bytes of a node are exact in 53 bits")]
fn bytes(count: u64) -> f64 {
    count as f64
}

fn one_if(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}

fn percent_used(node: &Node) -> f64 {
    bytes(node.used) / bytes(node.room.max(1)) * 100.0
}

fn is_replica(node: &Node) -> bool {
    node.role == Role::Replica
}

fn replicated(node: &Node) -> f64 {
    if node.role == Role::Primary { WRITES * ITEM } else { 0.0 }
}

/// Burstable nodes, but those of the oldest family.
fn earns_credits(node: &Node) -> bool {
    node.kind.is_some_and(|it| ["t3", "t4g"].contains(&it.family()))
}

/// As many credits as a node keeps: those of a day, of which each size of EC2 earns its own number in an hour.
fn day_of_credits(node: &Node) -> f64 {
    let is_micro = node.kind.is_some_and(|it| it.name.rsplit('.').next() == Some("micro"));
    24.0 * if is_micro { 12.0 } else { 24.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elasticache::node_type;

    fn node(role: Role, kind: &str) -> Node {
        Node {
            group: "orders".into(),
            role,
            saving: false,
            since: Timestamp::UNIX_EPOCH,
            used: 1 << 20,
            room: 4 << 20,
            kind: node_type::find(kind),
        }
    }

    #[test]
    fn every_metric_is_found_by_its_name() {
        for reported in REPORTED {
            assert!(std::ptr::eq(find(reported.name).unwrap(), reported), "{}", reported.name);
        }
        assert!(find("CPUUtilisation").is_none());
        assert!(OF_GROUPS.iter().chain([&OF_ROLES]).all(|it| find(it).is_some()));
    }

    #[track_caller]
    fn check(name: &str, role: Role, kind: &str, wanted: Option<f64>) {
        assert_eq!(find(name).unwrap().of(&node(role, kind)), wanted, "{name}, {role:?}, {kind}");
    }

    #[test]
    fn some_are_reported_by_some_nodes_only() {
        let micro = "cache.t4g.micro";
        check("CPUCreditBalance", Role::Primary, micro, Some(288.0));
        check("CPUCreditBalance", Role::Primary, "cache.t3.medium", Some(576.0));
        check("CPUCreditBalance", Role::Primary, "cache.t2.micro", None);
        check("CPUCreditUsage", Role::Replica, "cache.r7g.large", None);
        check("ReplicationBytes", Role::Primary, micro, Some(122_880.0));
        check("ReplicationBytes", Role::Single, micro, None);
        check("ReplicationBytes", Role::Replica, micro, None);
        check("ReplicationLag", Role::Replica, micro, Some(0.0));
        check("ReplicationLag", Role::Primary, micro, None);
        check("IsMaster", Role::Alone, micro, Some(1.0));
        check("CurrItems", Role::Single, micro, Some(1024.0));
        check("DatabaseMemoryUsagePercentage", Role::Single, micro, Some(25.0));
    }
}
