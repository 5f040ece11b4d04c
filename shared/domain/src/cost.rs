//! What a cache costs in a month.

use std::fmt;

use crate::{Catalog, Dollars, NodeType, engine::Engine};

/// The hours that AWS counts in a month.
pub const HOURS_A_MONTH: u64 = 730;

/// An estimate: nodes only, on demand, in us-east-1; backups, traffic and other regions are not in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MonthlyCost {
    /// The sum over all nodes.
    pub total: Dollars,
    /// The day on which the prices were read.
    pub price_date: String,
}

/// Estimates the month of `nodes` nodes of a type, or nothing where the catalog has no price for it.
pub fn monthly(
    catalog: &Catalog,
    node_type: &NodeType,
    engine: Engine,
    nodes: u64,
) -> Option<MonthlyCost> {
    let entry = catalog.find(node_type)?;
    let total = entry.hour(engine)?.times(HOURS_A_MONTH).times(nodes);
    Some(MonthlyCost { total, price_date: entry.price_date.clone() })
}

impl fmt::Display for MonthlyCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} a month (us-east-1 on demand, {})", self.total, self.price_date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_two_micro_nodes_cost_about_23_dollars() {
        let micro = NodeType::parse("cache.t4g.micro").unwrap();
        let cost = monthly(Catalog::embedded(), &micro, Engine::Redis, 2).unwrap();
        assert_eq!(cost.total.to_string(), "$23.36");
    }

    #[test]
    fn an_unknown_type_has_no_price() {
        let unknown = NodeType::parse("cache.z9.huge").unwrap();
        assert_eq!(monthly(Catalog::embedded(), &unknown, Engine::Redis, 2), None);
    }
}
