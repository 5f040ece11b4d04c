//! Memory, vCPU and price of each node type: a dated table, embedded.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::{
    Bytes, Dollars, NodeType,
    engine::{Engine, Version},
};

/// The node types that we know of.
#[derive(Clone, Debug)]
pub struct Catalog(Vec<Entry>);

/// What one node of a type has and costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The type.
    pub node_type: NodeType,
    /// Whether AWS still makes new nodes of it.
    pub current: bool,
    /// Whether its CPU is paid for with credits.
    pub burstable: bool,
    /// How many vCPUs it has.
    pub vcpu: u16,
    /// What `maxmemory` is set to, before the reserve (facts 4.2).
    pub maxmemory: Bytes,
    /// What is left for data under the default reserve of 25 % (facts 4.2).
    pub usable: Bytes,
    /// Whether it keeps cold data on SSD.
    pub data_tiering: bool,
    /// The oldest Redis OSS that runs on it; the newest generations run Valkey only.
    pub redis_from: Option<Version>,
    /// The price of an hour under Redis OSS in us-east-1, on `price_date`; types no longer sold have none.
    pub redis_hour: Option<Dollars>,
    /// The same under Valkey.
    pub valkey_hour: Option<Dollars>,
    /// The day on which the prices were read.
    pub price_date: String,
}

impl Entry {
    /// The price of one node for an hour in us-east-1, where it is sold.
    pub fn hour(&self, engine: Engine) -> Option<Dollars> {
        match engine {
            Engine::Redis => self.redis_hour,
            Engine::Valkey => self.valkey_hour,
        }
    }
}

impl Catalog {
    /// The catalog that this build carries.
    #[expect(
        clippy::expect_used,
        reason = "the table is part of the build, and a test reads every line of it"
    )]
    pub fn embedded() -> &'static Self {
        static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
            Catalog::parse(include_str!("node_types.csv"))
                .expect("the embedded table is well formed") // proven: every_line_of_the_table_is_read
        });
        &CATALOG
    }

    fn parse(table: &str) -> Result<Self, csv::Error> {
        csv::Reader::from_reader(table.as_bytes())
            .deserialize::<Row>()
            .map(|row| row.map(Entry::from))
            .collect::<Result<Vec<_>, _>>()
            .map(Self)
    }

    /// What is known of a type.
    pub fn find(&self, node_type: &NodeType) -> Option<&Entry> {
        self.0.iter().find(|it| it.node_type == *node_type)
    }

    /// The types of one family, the smallest first.
    pub fn family<'a>(&'a self, family: &str) -> Vec<&'a Entry> {
        let mut entries: Vec<_> =
            self.0.iter().filter(|it| it.node_type.family() == family).collect();
        entries.sort_by_key(|it| (it.maxmemory, it.vcpu));
        entries
    }

    /// Every type.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }
}

/// A line of `node_types.csv`; the columns that nobody reads are left out.
#[derive(Deserialize)]
struct Row {
    node_type: NodeType,
    generation_status: String,
    burstable: String,
    vcpu: u16,
    maxmemory_bytes: u64,
    usable_bytes_rmp25: u64,
    data_tiering: String,
    min_redis_oss: String,
    redis_usd_hour_use1: Option<f64>,
    valkey_usd_hour_use1: Option<f64>,
    price_date: String,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        Self {
            node_type: row.node_type,
            current: row.generation_status.starts_with("current"),
            burstable: row.burstable == "yes",
            vcpu: row.vcpu,
            maxmemory: Bytes(row.maxmemory_bytes),
            usable: Bytes(row.usable_bytes_rmp25),
            data_tiering: row.data_tiering == "yes",
            redis_from: row.min_redis_oss.parse().ok(),
            redis_hour: row.redis_usd_hour_use1.map(dollars),
            valkey_hour: row.valkey_usd_hour_use1.map(dollars),
            price_date: row.price_date,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an hourly price is a small positive number with four decimals"
)]
fn dollars(price: f64) -> Dollars {
    Dollars((price * Dollars::SCALE as f64).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> &'static Entry {
        Catalog::embedded().find(&NodeType::parse(name).unwrap()).unwrap()
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = include_str!("node_types.csv").lines().filter(|it| !it.is_empty()).count();
        assert_eq!(Catalog::parse(include_str!("node_types.csv")).unwrap().0.len(), lines - 1);
    }

    #[test]
    fn the_smallest_type_is_as_the_seed_knows_it() {
        let micro = entry("cache.t4g.micro");
        assert_eq!(micro.vcpu, 2);
        assert_eq!(micro.maxmemory, Bytes(536_870_912));
        assert_eq!(micro.hour(Engine::Redis), Some(Dollars(160)));
        assert!(micro.current && micro.burstable && !micro.data_tiering);
    }

    #[test]
    fn a_family_grows_from_its_smallest() {
        let sizes: Vec<_> =
            Catalog::embedded().family("t4g").iter().map(|it| it.node_type.to_string()).collect();
        assert_eq!(sizes, ["cache.t4g.micro", "cache.t4g.small", "cache.t4g.medium"]);
    }

    #[test]
    fn the_reserve_is_never_larger_than_the_memory() {
        for entry in Catalog::embedded().iter() {
            assert!(entry.usable < entry.maxmemory, "{}", entry.node_type);
            assert!(entry.redis_hour != Some(Dollars(0)), "{}", entry.node_type);
        }
    }
}
