//! CloudWatch metrics of a node, taken from two looks at a real server (facts 6.2).

use std::time::Duration;

use super::info::Info;

/// What one server did between two looks.
#[derive(Clone, Debug)]
pub struct Load {
    /// The member.
    pub member: String,
    /// The replication group.
    pub group: String,
    /// Whether it is the primary.
    pub primary: bool,
    /// Bytes of data, as the server counts them.
    pub used_memory: u64,
    /// Name and value of each metric, as AWS names them.
    pub metrics: Vec<(&'static str, f64)>,
}

/// What one look at a server found, and how to scale it.
pub(crate) struct Look<'a> {
    pub(crate) info: &'a Info,
    /// The look before. A server that just started has none: everything that it counts is new.
    pub(crate) before: &'a Info,
    /// The time between them.
    pub(crate) passed: Duration,
    /// So many bytes of AWS are one here.
    pub(crate) memory_scale: f64,
    /// So many cores of AWS are one here.
    pub(crate) cpu_scale: f64,
    /// So many seconds of AWS are one here.
    pub(crate) time_scale: f64,
    /// The vCPUs of the node type.
    pub(crate) vcpus: f64,
}

impl Look<'_> {
    /// How much a counter grew.
    fn grown(&self, name: &str) -> f64 {
        (self.info.number(name) - self.before.number(name)).max(0.0)
    }

    /// What the engine's time was spent with, for as long as it was on AWS. A share of its time is the same here and there; without this, a second's worth
    /// of commands would seem to keep it busy for many.
    fn worked(&self, grown: f64) -> f64 {
        grown * self.time_scale
    }

    /// The share of a core, in percent, that these counters of seconds make.
    fn cpu(&self, counters: [&str; 2]) -> f64 {
        let busy: f64 = counters.iter().map(|it| self.grown(it)).sum();
        let passed = self.passed.as_secs_f64().max(0.001);
        (busy / passed * 100.0 * self.cpu_scale).min(100.0)
    }

    /// How often commands of a kind were called.
    fn calls(&self, commands: &[&str]) -> f64 {
        let calls = |info: &Info, command: &str| {
            let text = info.text(&format!("cmdstat_{command}")).to_owned();
            let calls = text.strip_prefix("calls=").and_then(|it| it.split(',').next());
            calls.and_then(|it| it.parse::<f64>().ok()).unwrap_or_default()
        };
        commands.iter().map(|it| (calls(self.info, it) - calls(self.before, it)).max(0.0)).sum()
    }

    /// The metrics, names as in facts 6.2.
    pub(crate) fn metrics(&self) -> Vec<(&'static str, f64)> {
        let info = self.info;
        let engine = self.cpu(["used_cpu_user_main_thread", "used_cpu_sys_main_thread"]);
        let host = (self.cpu(["used_cpu_user", "used_cpu_sys"]) / self.vcpus).min(100.0);
        let (used, most) = (info.number("used_memory"), info.number("maxmemory").max(1.0));
        let counted = (used - info.number("mem_not_counted_for_evict")).max(0.0);
        let worked = |name| self.worked(self.grown(name));
        let (hits, misses) = (worked("keyspace_hits"), worked("keyspace_misses"));
        let mut metrics = vec![
            ("CPUUtilization", host),
            ("EngineCPUUtilization", engine),
            // Of the host: what AWS keeps from the data by default is free, too.
            ("FreeableMemory", (most / 0.75 - used).max(0.0) * self.memory_scale),
            // Nothing here ever swaps for the sake of a simulated node.
            ("SwapUsage", 0.0),
            ("NetworkBytesIn", worked("total_net_input_bytes")),
            ("NetworkBytesOut", worked("total_net_output_bytes")),
            ("BytesUsedForCache", used * self.memory_scale),
            ("DatabaseMemoryUsagePercentage", used / most * 100.0),
            ("DatabaseCapacityUsagePercentage", used / most * 100.0),
            ("DatabaseMemoryUsageCountedForEvictPercentage", counted / most * 100.0),
            ("DatabaseCapacityUsageCountedForEvictPercentage", counted / most * 100.0),
            ("MemoryFragmentationRatio", info.number("mem_fragmentation_ratio")),
            ("Evictions", self.grown("evicted_keys")),
            ("Reclaimed", self.grown("expired_keys")),
            ("CurrItems", info.keys()),
            ("CurrConnections", info.number("connected_clients")),
            ("NewConnections", self.grown("total_connections_received")),
            ("AuthenticationFailures", self.grown("acl_access_denied_auth")),
            ("CacheHits", hits),
            ("CacheMisses", misses),
            ("GetTypeCmds", self.worked(self.calls(&READS))),
            ("SetTypeCmds", self.worked(self.calls(&WRITES))),
            ("IsMaster", f64::from(u8::from(info.is_primary()))),
            ("SaveInProgress", info.number("rdb_bgsave_in_progress")),
        ];
        if 0.0 < hits + misses {
            metrics.push(("CacheHitRate", hits / (hits + misses) * 100.0));
        }
        if info.is_primary() {
            metrics.push(("ReplicationBytes", worked("master_repl_offset")));
        } else {
            let up = info.text("master_link_status") == "up";
            let lag = if up {
                info.number("master_last_io_seconds_ago").max(0.0) - 1.0
            } else {
                info.number("master_link_down_since_seconds")
            };
            metrics.push(("ReplicationLag", lag.max(0.0)));
            metrics.push(("MasterLinkHealthStatus", f64::from(u8::from(up))));
        }
        metrics
    }
}

/// The vCPUs of a node type: two up to `large`, then doubling (facts 4.2).
pub(crate) fn vcpus(node_type: &str) -> f64 {
    let size = node_type.rsplit('.').next().unwrap_or_default();
    match size.strip_suffix("xlarge") {
        Some("") => 4.0,
        Some(times) => times.parse::<f64>().map_or(2.0, |it| it * 4.0),
        None => 2.0,
    }
}

const READS: [&str; 26] = [
    "bitcount",
    "exists",
    "get",
    "getbit",
    "getrange",
    "hget",
    "hgetall",
    "hlen",
    "hmget",
    "keys",
    "llen",
    "lrange",
    "mget",
    "scan",
    "scard",
    "sismember",
    "smembers",
    "strlen",
    "ttl",
    "type",
    "xlen",
    "xrange",
    "zcard",
    "zrange",
    "zrangebyscore",
    "zscore",
];

const WRITES: [&str; 24] = [
    "append", "decr", "del", "expire", "getset", "hdel", "hincrby", "hset", "incr", "incrby",
    "lpop", "lpush", "lrem", "mset", "rpop", "rpush", "sadd", "set", "setex", "setnx", "srem",
    "unlink", "xadd", "zadd",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_scaled_and_counts_what_is_new() {
        let before = Info::read("evicted_keys:5\nused_cpu_user:1.0\ncmdstat_get:calls=10,usec=1");
        let info = Info::read(
            "role:slave\nmaster_link_status:up\nmaster_last_io_seconds_ago:0\nused_memory:90\nmaxmemory:100\nevicted_keys:7\nused_cpu_user:2.0\ncmdstat_get:calls=15,usec=1",
        );
        let look = Look {
            info: &info,
            before: &before,
            passed: Duration::from_secs(2),
            memory_scale: 16.0,
            cpu_scale: 1.0,
            time_scale: 20.0,
            vcpus: vcpus("cache.t4g.micro"),
        };
        let metrics = look.metrics();
        let value = |name: &str| metrics.iter().find(|it| it.0 == name).map(|it| it.1).unwrap();
        let near = |name: &str, wanted: f64| assert!((value(name) - wanted).abs() < 1e-9, "{name}");
        near("DatabaseMemoryUsagePercentage", 90.0);
        near("BytesUsedForCache", 1440.0);
        near("Evictions", 2.0);
        near("CPUUtilization", 25.0);
        near("GetTypeCmds", 100.0);
        near("ReplicationLag", 0.0);
    }

    #[test]
    fn vcpus_double_above_large() {
        let all = ["cache.t4g.micro", "cache.r7g.large", "cache.r7g.xlarge", "cache.r7g.4xlarge"];
        assert_eq!(all.map(|it| vcpus(it).to_string()), ["2", "2", "4", "16"]);
    }
}
