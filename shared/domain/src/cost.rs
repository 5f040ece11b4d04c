//! What a cache costs in a month.

pub mod bill;
mod support;

use std::fmt;

use jiff::civil::Date;

use crate::{Catalog, Dollars, NodeType, engine::Engine};

/// The hours that AWS counts in a month.
pub const HOURS_A_MONTH: u64 = 730;

/// What the nodes cost, on demand. [`bill`] has what is paid beside them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MonthlyCost {
    /// The sum over all nodes.
    pub total: Dollars,
    /// The region whose prices these are.
    pub region: String,
    /// The day on which the prices were read.
    pub price_date: Date,
}

/// Estimates the month of `nodes` nodes of a type, or nothing where the catalog has no price for it.
pub fn monthly(
    catalog: &Catalog,
    node_type: &NodeType,
    engine: Engine,
    nodes: u64,
) -> Option<MonthlyCost> {
    let price = catalog.find(node_type)?.price(engine)?;
    let total = price.hour.times(HOURS_A_MONTH).times(nodes);
    Some(MonthlyCost { total, region: price.region.clone(), price_date: price.date })
}

impl fmt::Display for MonthlyCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} a month ({} on demand, {})", self.total, self.region, self.price_date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(name: &str) -> String {
        let node_type = NodeType::parse(name).unwrap();
        let price = Catalog::embedded().find(&node_type).unwrap().price(Engine::Redis).unwrap();
        format!("{}", price.hour.0)
    }

    #[test]
    fn the_seeds_two_micro_nodes_cost_about_23_dollars() {
        let micro = NodeType::parse("cache.t4g.micro").unwrap();
        let cost = monthly(Catalog::embedded(), &micro, Engine::Redis, 2).unwrap();
        assert_eq!(cost.total.to_string(), "$23.36");
        assert_eq!(cost.to_string(), "$23.36 a month (us-east-1 on demand, 2026-10-02)");
        let cost = monthly(Catalog::embedded(), &micro, Engine::Valkey, 2).unwrap();
        assert_eq!(cost.total.to_string(), "$18.69");
    }

    /// In hundredths of a cent. The seed has 0.149 for `cache.m7g.large`, which is the price of `cache.m6g.large` (pricing 4).
    #[test]
    fn the_prices_of_the_seed_hold_but_one() {
        let hours = ["t4g.micro", "t3.micro", "t4g.small", "t3.small", "m6g.large", "m7g.large"]
            .map(|it| hour(&format!("cache.{it}")));
        assert_eq!(hours, ["160", "170", "320", "340", "1490", "1580"]);
    }

    #[test]
    fn an_unknown_type_has_no_price() {
        let unknown = NodeType::parse("cache.z9.huge").unwrap();
        assert_eq!(monthly(Catalog::embedded(), &unknown, Engine::Redis, 2), None);
    }
}
