//! The month of a cache with all that is paid beside its nodes (pricing 3 and 6).

use std::fmt;

use jiff::civil::Date;

use super::{HOURS_A_MONTH, support};
use crate::engine::{Engine, Version};
use crate::price::Price;
use crate::{Bytes, Catalog, Dollars, NodeType};

/// What is paid for.
#[derive(Clone, Debug, PartialEq)]
pub struct Bill<'a> {
    /// Where it stands.
    pub region: &'a str,
    /// What runs on its nodes.
    pub engine: Engine,
    /// Its version, where that is known.
    pub version: Option<Version>,
    /// The type of its nodes.
    pub node_type: &'a NodeType,
    /// How many there are.
    pub nodes: u64,
    /// Among how many of them the keys are shared: a snapshot is of one node of each.
    pub shards: u64,
    /// How many snapshots are kept at most, by ElastiCache and by us.
    pub snapshots: u64,
    /// Whether there is a secret.
    pub secret: bool,
    /// How many metrics its alarms watch: an alarm on metric math is paid for each.
    pub alarm_metrics: u64,
    /// The day for which this is.
    pub today: Date,
}

/// What a month comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// What is paid in any case.
    pub lines: Vec<Line>,
    /// What the snapshots cost at most: it depends on the data.
    pub snapshots: Option<Line>,
    /// The price of a node that it is made with.
    pub price: Price,
    /// The same nodes under Valkey, where that is cheaper and they run Redis OSS.
    pub valkey: Option<Dollars>,
    /// A type that costs less and is in nothing smaller, and what its nodes cost.
    pub better: Option<(NodeType, Dollars)>,
    /// What a reader should know of the prices.
    pub caveats: Vec<String>,
}

/// One thing that is paid for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// What.
    pub what: String,
    /// For a month.
    pub month: Dollars,
}

/// Why there is no estimate: nothing is guessed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unknown {
    /// The type is not in the catalog.
    #[error("the catalog does not know {0}")]
    NodeType(NodeType),
    /// It has no price under this engine.
    #[error("the catalog has no price for {0} under {1}")]
    Price(NodeType, Engine),
}

/// A secret, for a month.
const SECRET: Dollars = Dollars(4_000);
/// A metric in an alarm, for a month.
const ALARM_METRIC: Dollars = Dollars(1_000);
/// A GiB of snapshots, for a month. The first snapshot is free.
const SNAPSHOT_GIB: Dollars = Dollars(850);

/// What snapshots of this size cost together for a month.
pub fn snapshots(stored: Bytes) -> Dollars {
    let month = u128::from(SNAPSHOT_GIB.0) * u128::from(stored.0) / (1 << 30);
    Dollars(u64::try_from(month).unwrap_or(u64::MAX))
}
/// After so long, prices should be read again.
const FRESH_DAYS: i64 = 90;

impl Bill<'_> {
    /// Sums it up.
    ///
    /// # Errors
    ///
    /// A node type, or a price of it, that nobody knows.
    pub fn estimate(&self, catalog: &Catalog) -> Result<Estimate, Unknown> {
        let entry = catalog.find(self.node_type);
        let entry = entry.ok_or_else(|| Unknown::NodeType(self.node_type.clone()))?;
        let no_price = || Unknown::Price(self.node_type.clone(), self.engine);
        let price = entry.price(self.engine).ok_or_else(no_price)?;
        let nodes = self.of_nodes(price);
        let mut lines = vec![line(format!("{} x {}", self.nodes, self.node_type), nodes)];
        let version = self.version.map(|it| (it, support::surcharge(self.engine, it, self.today)));
        if let Some((version, percent)) = version.filter(|it| 0 < it.1) {
            let words = format!("extended support of {} {version}, {percent} %", self.engine);
            lines.push(line(words, Dollars(nodes.times(percent).0 / 100)));
        }
        if self.secret {
            lines.push(line("secret".to_owned(), SECRET));
        }
        if 0 < self.alarm_metrics {
            let words = format!("{} alarm metrics", self.alarm_metrics);
            lines.push(line(words, ALARM_METRIC.times(self.alarm_metrics)));
        }
        let valkey = (self.engine == Engine::Redis).then(|| entry.price(Engine::Valkey)).flatten();
        let valkey = valkey.filter(|it| it.region == price.region && it.hour < price.hour);
        let better = catalog
            .better(entry, self.engine)
            .and_then(|it| Some((it.node_type.clone(), self.of_nodes(it.price(self.engine)?))));
        Ok(Estimate {
            lines,
            snapshots: self.snapshots(entry.maxmemory),
            valkey: valkey.map(|it| self.of_nodes(it)),
            better,
            caveats: self.caveats(price),
            price: price.clone(),
        })
    }

    fn of_nodes(&self, price: &Price) -> Dollars {
        price.hour.times(HOURS_A_MONTH).times(self.nodes)
    }

    /// A node can hold no more than its `maxmemory`, and a cache no more than all of its primaries.
    fn snapshots(&self, node: Bytes) -> Option<Line> {
        let most = Bytes(node.0.saturating_mul(self.shards));
        let paid = self.snapshots.saturating_sub(1);
        let month = snapshots(Bytes(most.0.saturating_mul(paid)));
        let words = format!("{paid} snapshots beyond the free one, of {most} at most");
        (0 < paid).then(|| line(words, month))
    }

    fn caveats(&self, price: &Price) -> Vec<String> {
        let is_elsewhere = price.region != self.region;
        let elsewhere = is_elsewhere
            .then(|| format!("{} has prices of its own, which NodePrices can state", self.region));
        let age = (self.today - price.date).get_days();
        let is_old = FRESH_DAYS < i64::from(age);
        let old = is_old.then(|| format!("they are {age} days old, read them again"));
        elsewhere.into_iter().chain(old).collect()
    }
}

fn line(what: String, month: Dollars) -> Line {
    Line { what, month }
}

impl Estimate {
    /// What is paid in any case.
    pub fn total(&self) -> Dollars {
        self.lines.iter().map(|it| it.month).sum()
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what, self.month)
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.lines.iter().map(ToString::to_string).collect();
        write!(f, "{} a month: {}", self.total(), lines.join(", "))?;
        if let Some(snapshots) = &self.snapshots {
            write!(f, "; up to {} more for {}", snapshots.month, snapshots.what)?;
        }
        f.write_str("; traffic between zones is $0.01 a GB each way and not in it")?;
        write!(f, ". On demand in {}, prices of {}", self.price.region, self.price.date)?;
        for caveat in &self.caveats {
            write!(f, "; {caveat}")?;
        }
        if let Some((node_type, nodes)) = &self.better {
            write!(f, ". {node_type} is in nothing smaller, and its nodes cost {nodes}")?;
        }
        if let Some(valkey) = self.valkey {
            write!(f, ". Under Valkey the nodes cost {valkey}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
