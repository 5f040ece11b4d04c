//! Memory, vCPU and price of each node type: a dated table, embedded.

use std::borrow::Cow;
use std::sync::LazyLock;

use jiff::civil::Date;
use serde::Deserialize;

use crate::engine::{Engine, Release, Version};
use crate::price::{Price, Prices};
use crate::{Bytes, Dollars, NodeType};

/// The node types that we know of.
#[derive(Clone, Debug)]
pub struct Catalog(Vec<Entry>);

/// What one node of a type has and costs.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the table")]
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
    /// The oldest Valkey that runs on it.
    pub valkey_from: Option<Version>,
    /// What the network carries all the time, in Gbit/s.
    pub network: f64,
    /// What it carries for a while, likewise; the largest carry no more than all the time.
    pub network_burst: f64,
    /// What a burstable one earns of CPU, and how much of it it can save.
    pub credits: Option<Credits>,
    /// Whether threads beside the engine's do the reading and writing (autoscaling B.3).
    pub enhanced_io: bool,
    /// The price under Redis OSS; types that are not sold with it have none.
    pub redis: Option<Price>,
    /// The same under Valkey.
    pub valkey: Option<Price>,
}

/// CPU credits, each of which is one vCPU for a minute. Nodes of ElastiCache have none at launch (autoscaling B.4).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Credits {
    /// What is earned in an hour.
    pub hour: f64,
    /// The most that is saved.
    pub most: f64,
}

impl Entry {
    /// The price of one node, where it is sold.
    pub fn price(&self, engine: Engine) -> Option<&Price> {
        match engine {
            Engine::Redis => self.redis.as_ref(),
            Engine::Valkey => self.valkey.as_ref(),
        }
    }

    /// The oldest version of this engine that runs on it, where any does.
    pub fn runs_from(&self, engine: Engine) -> Option<Version> {
        match engine {
            Engine::Redis => self.redis_from,
            Engine::Valkey => self.valkey_from,
        }
    }

    /// Whether this runs on it, patches aside.
    pub fn runs(&self, release: Release) -> bool {
        let minor = |it: Version| (it.major, it.minor);
        self.runs_from(release.engine).is_some_and(|it| minor(it) <= minor(release.version))
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

    /// The catalog that this build carries, at these prices where they tell one.
    pub fn at(prices: &Prices) -> Cow<'static, Self> {
        let mut catalog = Cow::Borrowed(Self::embedded());
        for (node_type, engine, price) in prices.iter() {
            let mut entries = catalog.to_mut().0.iter_mut();
            if let Some(entry) = entries.find(|it| it.node_type == *node_type) {
                match engine {
                    Engine::Redis => entry.redis = Some(price.clone()),
                    Engine::Valkey => entry.valkey = Some(price.clone()),
                }
            }
        }
        catalog
    }

    /// A type that costs less under this engine and is in nothing smaller: the cheapest, where there is one (pricing 5).
    pub fn better(&self, than: &Entry, engine: Engine) -> Option<&Entry> {
        let price = than.price(engine)?;
        let is_better = |it: &&Entry| {
            let cheaper = |of: &Price| of.region == price.region && of.hour < price.hour;
            it.price(engine).is_some_and(cheaper)
                && it.current
                && it.data_tiering == than.data_tiering
                && than.maxmemory <= it.maxmemory
                && than.vcpu <= it.vcpu
                && than.network <= it.network
        };
        self.0.iter().filter(is_better).min_by_key(|it| it.price(engine).map(|it| it.hour))
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
    min_valkey: String,
    net_baseline_gbps: f64,
    net_burst_gbps: Option<f64>,
    cpu_credits_per_hour: Option<f64>,
    cpu_credits_max: Option<f64>,
    enhanced_io: String,
    io_multiplexing: String,
    redis_usd_hour_use1: Option<f64>,
    valkey_usd_hour_use1: Option<f64>,
    price_date: Date,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        let price = |hour: Option<f64>| {
            hour.map(|it| Price {
                hour: Dollars::of(it),
                region: HERE.to_owned(),
                date: row.price_date,
            })
        };
        Self {
            network: row.net_baseline_gbps,
            network_burst: row.net_burst_gbps.unwrap_or(row.net_baseline_gbps),
            credits: row
                .cpu_credits_per_hour
                .zip(row.cpu_credits_max)
                .map(|(hour, most)| Credits { hour, most }),
            enhanced_io: row.enhanced_io == "yes" || row.io_multiplexing == "yes",
            redis: price(row.redis_usd_hour_use1),
            valkey: price(row.valkey_usd_hour_use1),
            node_type: row.node_type,
            current: row.generation_status.starts_with("current"),
            burstable: row.burstable == "yes",
            vcpu: row.vcpu,
            maxmemory: Bytes(row.maxmemory_bytes),
            usable: Bytes(row.usable_bytes_rmp25),
            data_tiering: row.data_tiering == "yes",
            redis_from: row.min_redis_oss.parse().ok(),
            valkey_from: row.min_valkey.parse().ok(),
        }
    }
}

/// The region whose prices the table holds.
const HERE: &str = "us-east-1";

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
        assert_eq!(micro.price(Engine::Redis).unwrap().hour, Dollars(160));
        assert!(micro.current && micro.burstable && !micro.data_tiering);
    }

    #[test]
    fn the_newest_types_run_valkey_only() {
        let runs = |name: &str, release: &str| entry(name).runs(release.parse().unwrap());
        assert!(runs("cache.t4g.micro", "5.0.6") && runs("cache.t4g.micro", "valkey 7.2"));
        assert!(!runs("cache.m7g.large", "6.0") && runs("cache.m7g.large", "6.2.6"));
        assert!(!runs("cache.m8g.large", "7.1") && runs("cache.m8g.large", "valkey 8.1"));
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
            let prices = [&entry.redis, &entry.valkey].into_iter().flatten();
            assert!(prices.into_iter().all(|it| it.hour != Dollars(0)), "{}", entry.node_type);
        }
    }

    #[test]
    fn a_better_type_is_told_and_never_a_lesser_one() {
        #[track_caller]
        fn check(name: &str, engine: Engine, expected: Option<&str>) {
            let better = Catalog::embedded().better(entry(name), engine);
            assert_eq!(better.map(|it| it.node_type.as_str()), expected, "{name}");
        }
        check("cache.t3.micro", Engine::Redis, Some("cache.t4g.micro"));
        check("cache.m5.large", Engine::Redis, Some("cache.m6g.large"));
        check("cache.r4.large", Engine::Redis, Some("cache.r6g.large"));
        check("cache.r5.xlarge", Engine::Redis, Some("cache.r6g.xlarge"));
        check("cache.c7gn.large", Engine::Valkey, Some("cache.c8gn.large"));
        check("cache.t4g.micro", Engine::Redis, None);
        check("cache.r7g.large", Engine::Redis, None);
    }
}
