//! What is watched, and from which value on.
//!
//! Five things, since every metric in an alarm is paid for: the seed's four, and the one more by which AWS tells that memory is short.
//! For connections and hit rate AWS gives no threshold (facts 6.2), and how far a replica is behind `autoscale` reads where it matters.

use super::{AlarmSpec, MissingData, Side, Statistic, name_prefix};
use crate::catalog::Entry;
use crate::{Catalog, GroupId, MemberId, NodeType};

/// What is watched.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Watch {
    /// `CPUUtilization` of the host, on one or two vCPUs above 90 % of one of them (facts 6.2), and never above the seed's 75 %. The
    /// engine has one thread, so on two vCPUs the seed's own threshold would never be reached by it: it is busy at 45 %.
    Cpu,
    /// `EngineCPUUtilization` above 90 %, on four vCPUs or more: there the one thread is a small part of the host (facts 6.2).
    EngineCpu,
    /// `DatabaseMemoryUsagePercentage` above the seed's 90 %.
    Memory,
    /// `DatabaseCapacityUsagePercentage` above 90 %, in place of [`Watch::Memory`] on nodes that keep cold data on SSD: their memory is
    /// full by design.
    Capacity,
    /// The seed's: more than 1000 keys evicted in five minutes.
    Evictions,
    /// The seed's: more than 50 MB swapped.
    Swap,
    /// `FreeableMemory` below 100 MB (facts 6.2), or below a tenth of the node's memory where that is less. It tells of what buffers and
    /// forks take beside the data, before the node swaps.
    FreeableMemory,
}

impl Watch {
    /// Everything that is watched on one node type or another.
    pub const ALL: [Self; 7] = [
        Self::Cpu,
        Self::EngineCpu,
        Self::Memory,
        Self::Capacity,
        Self::Evictions,
        Self::Swap,
        Self::FreeableMemory,
    ];

    /// What is watched on a node type. Of one that nobody knows, the engine's own thread: that is right for any number of vCPUs.
    pub fn of(node: Option<&Entry>) -> [Self; 5] {
        let cpu =
            if node.is_some_and(|it| it.vcpu <= FEW_VCPUS) { Self::Cpu } else { Self::EngineCpu };
        let data =
            if node.is_some_and(|it| it.data_tiering) { Self::Capacity } else { Self::Memory };
        [cpu, data, Self::Evictions, Self::Swap, Self::FreeableMemory]
    }

    /// The last part of the alarm's name.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::EngineCpu => "engine-cpu",
            Self::Memory => "memory",
            Self::Capacity => "capacity",
            Self::Evictions => "evictions",
            Self::Swap => "swap",
            Self::FreeableMemory => "freeable-memory",
        }
    }

    /// The metric.
    pub fn metric(self) -> &'static str {
        match self {
            Self::Cpu => "CPUUtilization",
            Self::EngineCpu => "EngineCPUUtilization",
            Self::Memory => "DatabaseMemoryUsagePercentage",
            Self::Capacity => "DatabaseCapacityUsagePercentage",
            Self::Evictions => "Evictions",
            Self::Swap => "SwapUsage",
            Self::FreeableMemory => "FreeableMemory",
        }
    }

    /// The value from which on it alarms on a node type, in the metric's own unit.
    pub fn threshold(self, node: Option<&Entry>) -> f64 {
        match self {
            Self::Cpu => {
                let vcpus = node.map_or(FEW_VCPUS, |it| it.vcpu.max(1));
                SEED_CPU.min(BUSY_THREAD / f64::from(vcpus))
            }
            Self::EngineCpu => BUSY_THREAD,
            Self::Memory | Self::Capacity => 90.0,
            Self::Evictions => 1000.0,
            Self::Swap => 50.0 * MB,
            Self::FreeableMemory => {
                node.map_or(LITTLE_MEMORY, |it| LITTLE_MEMORY.min(exact(it.maxmemory.0) / 10.0))
            }
        }
    }

    fn side(self) -> Side {
        match self {
            Self::FreeableMemory => Side::Below,
            Self::Cpu
            | Self::EngineCpu
            | Self::Memory
            | Self::Capacity
            | Self::Evictions
            | Self::Swap => Side::Above,
        }
    }

    /// What no data means. A gauge that every node always tells is missed: its alarm says that it has too little data. Evictions and
    /// swap are what happens to a node; where nothing is told, nothing happened.
    fn missing_data(self) -> MissingData {
        match self {
            Self::Cpu | Self::EngineCpu | Self::Memory | Self::Capacity | Self::FreeableMemory => {
                MissingData::Missing
            }
            Self::Evictions | Self::Swap => MissingData::NotBreaching,
        }
    }

    /// How it is summed up, over how many seconds, and how many such periods make it a state and not a moment.
    fn periods(self) -> (Statistic, u32, u32) {
        match self {
            Self::Cpu | Self::EngineCpu | Self::Memory | Self::Capacity | Self::FreeableMemory => {
                (Statistic::Average, 60, 3)
            }
            Self::Evictions => (Statistic::Sum, 300, 1),
            Self::Swap => (Statistic::Average, 300, 1),
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Cpu | Self::EngineCpu => {
                "add replicas for reads, scale up for writes, or look for expensive commands"
            }
            Self::Memory | Self::Capacity => "scale up, or shorten the time to live of keys",
            Self::Evictions => {
                "keys are dropped for want of memory: scale up or change the eviction policy"
            }
            Self::Swap => "the node is short of memory: scale up",
            Self::FreeableMemory => {
                "buffers, connections or a fork take what is left beside the data: raise reserved-memory-percent or scale up"
            }
        }
    }

    /// One of the alarms on these members; there are several where the members are too many for one.
    fn spec(
        self,
        group: &GroupId,
        node: Option<&Entry>,
        place: usize,
        members: &[MemberId],
    ) -> AlarmSpec {
        let (statistic, period_seconds, periods) = self.periods();
        let which = match self.side() {
            Side::Above => "highest",
            Side::Below => "lowest",
        };
        AlarmSpec {
            name: match place {
                0 => format!("{}{}", name_prefix(group), self.suffix()),
                more => format!("{}{}-{}", name_prefix(group), self.suffix(), more + 1),
            },
            description: format!(
                "The {which} {} of any node of {group}: {}",
                self.metric(),
                self.advice()
            ),
            members: members.to_vec(),
            metric: self.metric(),
            statistic,
            threshold: self.threshold(node),
            side: self.side(),
            period_seconds,
            periods,
            missing_data: self.missing_data(),
        }
    }
}

/// The alarms that a group with these members of this type should have.
pub fn wanted(
    group: &GroupId,
    members: &[MemberId],
    node_type: Option<&NodeType>,
) -> Vec<AlarmSpec> {
    let node = node_type.and_then(|it| Catalog::embedded().find(it));
    let mut members = members.to_vec();
    members.sort();
    let chunks: Vec<&[MemberId]> = members.chunks(MEMBERS_MAX).collect();
    let of = |watch: Watch| {
        let chunks = chunks.iter().enumerate();
        chunks.map(move |(place, members)| watch.spec(group, node, place, members))
    };
    Watch::of(node).into_iter().flat_map(of).collect()
}

#[expect(clippy::cast_precision_loss, reason = "the memory of a node is exact in 53 bits")]
fn exact(bytes: u64) -> f64 {
    bytes as f64
}

/// As many metrics as one alarm takes (facts 6.1).
const MEMBERS_MAX: usize = 10;

/// Up to so many vCPUs, the engine's thread is told by the CPU of the host (facts 6.2).
const FEW_VCPUS: u16 = 2;

/// The share of its vCPU in percent from which on the engine's thread is busy (facts 6.2).
const BUSY_THREAD: f64 = 90.0;

/// The seed's threshold of a host's CPU, in percent.
const SEED_CPU: f64 = 75.0;

const MB: f64 = 1024.0 * 1024.0;

/// Less free memory than this is little (facts 6.2).
const LITTLE_MEMORY: f64 = 100.0 * MB;
