//! What a person has to be told of a group beside its size: signs that something is amiss which no size, or not only a size, puts right (autoscaling D.7).
//!
//! In reading order: `look` is what they are read from, `keys`, `clients`, `nodes`, `busy` and `shards` have one function for each sign. A sign is said
//! while it holds and by what the members told, and the version that they run: where they are silent, so is it.

mod busy;
mod clients;
mod keys;
mod look;
mod nodes;
mod shards;

use std::fmt;

use jiff::Timestamp;

use super::LoadView;
use crate::Catalog;
use look::Look;

/// A sign that more than a size is amiss.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sign {
    /// Which it is.
    pub kind: SignKind,
    /// What was seen, of whom, and from where on it counts.
    pub seen: String,
    /// What it means, and what to do.
    pub advice: String,
}

/// What is amiss, the gravest first.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SignKind {
    /// A store dropped keys.
    Evictions,
    /// A member has nearly as many connections as its type takes.
    ClientsLimit,
    /// A replica is behind its primary, or falls behind.
    Lag,
    /// An engine is busy with few commands.
    SlowCommands,
    /// One shard has far more to do or to hold than the others.
    OneHotShard,
    /// A primary is busy with reads that its replicas could answer.
    PrimaryReads,
    /// There are far more connections than a day ago, and no more commands.
    Connections,
    /// Far more reads miss than a day ago, with the same memory and load.
    Misses,
    /// A host is busy beside its engine.
    HostCpu,
    /// The engine is one of which a change of the node type interrupts clients.
    OldEngine,
}

impl SignKind {
    /// All of them, the gravest first.
    pub const ALL: [Self; 10] = [
        Self::Evictions,
        Self::ClientsLimit,
        Self::Lag,
        Self::SlowCommands,
        Self::OneHotShard,
        Self::PrimaryReads,
        Self::Connections,
        Self::Misses,
        Self::HostCpu,
        Self::OldEngine,
    ];

    /// Its word, which a tag may hold. It stays the same: what was told is known again by it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Evictions => "evictions-of-a-store",
            Self::ClientsLimit => "clients-limit",
            Self::Lag => "lag",
            Self::SlowCommands => "slow-commands",
            Self::OneHotShard => "one-hot-shard",
            Self::PrimaryReads => "primary-reads",
            Self::Connections => "connections",
            Self::Misses => "misses",
            Self::HostCpu => "host-cpu",
            Self::OldEngine => "old-engine",
        }
    }

    /// The sign, where it holds.
    fn look_for(self, look: &Look<'_>) -> Option<Sign> {
        match self {
            Self::Evictions => keys::evictions(look),
            Self::ClientsLimit => clients::limit(look),
            Self::Lag => nodes::lag(look),
            Self::SlowCommands => busy::slow_commands(look),
            Self::OneHotShard => shards::one_hot(look),
            Self::PrimaryReads => busy::primary_reads(look),
            Self::Connections => clients::connections(look),
            Self::Misses => keys::misses(look),
            Self::HostCpu => busy::host_cpu(look),
            Self::OldEngine => nodes::old_engine(look),
        }
    }
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.seen, self.advice)
    }
}

/// The signs that hold now of a group whose metrics were read, the gravest first; of each kind one, of the member that has it worst.
pub fn signs(catalog: &Catalog, view: &LoadView, now: Timestamp) -> Vec<Sign> {
    let (Some(group), Some(loads)) = (&view.group, &view.load) else { return Vec::new() };
    let look = Look { catalog, view, group, load: &loads.days, now };
    SignKind::ALL.into_iter().filter_map(|it| it.look_for(&look)).collect()
}

#[cfg(test)]
mod tests;
