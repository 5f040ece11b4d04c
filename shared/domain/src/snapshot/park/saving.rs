//! What a month of nights saves: the nodes that are not there, less the snapshot that is.

use std::fmt;

use crate::cost::bill;
use crate::provision::diff;
use crate::snapshot::drill::size;
use crate::{Bytes, Catalog, Dollars, GroupView, NodeType};

/// How many hours a night has, where nobody says.
pub const HOURS: u32 = 12;
/// How many nights are counted as a month.
const NIGHTS: u64 = 30;

/// What a month of nights saves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Saving {
    /// The nodes.
    pub nodes: u32,
    /// Their type.
    pub node_type: Option<NodeType>,
    /// What all of them cost for an hour, where that is known.
    pub hour: Option<Dollars>,
    /// The hours of a night.
    pub hours: u32,
    /// What the snapshot costs for a month, where its size is known: at most, before it is taken.
    pub stored: Option<Dollars>,
}

impl Saving {
    /// The saving of a group that is parked for so many hours a night. Before there is a snapshot, as much is counted as its nodes hold.
    pub fn of(group: &GroupView, size: Option<Bytes>, hours: u32, catalog: &Catalog) -> Self {
        let shape = diff::shape(group);
        let node_type = group.node_type.clone();
        let entry = node_type.as_ref().and_then(|it| catalog.find(it));
        let most = entry
            .filter(|it| !it.data_tiering)
            .map(|it| Bytes(it.maxmemory.0.saturating_mul(shape.shards().into())));
        let hour = node_type.as_ref().and_then(|it| size::hour(it, shape, group, catalog));
        let stored = size.or(most).map(bill::snapshots);
        Self { nodes: shape.nodes(), node_type, hour, hours, stored }
    }

    /// What a month saves, where both prices are known. Nothing, where the snapshot costs as much.
    pub fn month(&self) -> Option<Dollars> {
        let nights = self.nights()?;
        let stored = self.stored?;
        Some(Dollars(nights.0.saturating_sub(stored.0)))
    }

    fn nights(&self) -> Option<Dollars> {
        Some(self.hour?.times(u64::from(self.hours)).times(NIGHTS))
    }
}

impl fmt::Display for Saving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { nodes, node_type, hours, .. } = self;
        let node_type = node_type.as_ref().map_or("nodes of an unknown type", |it| it.as_str());
        match (self.month(), self.nights(), self.stored) {
            (Some(month), Some(nights), Some(stored)) => write!(
                f,
                "saves {month} a month: {nights} for {nodes} x {node_type} in {NIGHTS} nights of {hours} h, less {stored} for the snapshot"
            ),
            (_, Some(nights), _) => write!(
                f,
                "saves {nights} a month for {nodes} x {node_type} in {NIGHTS} nights of {hours} h, less an unknown sum for the snapshot"
            ),
            (..) => write!(
                f,
                "saves an unknown sum a month: nobody knows a price of {nodes} x {node_type}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::sample;

    #[test]
    fn a_month_of_nights_saves_the_nodes_less_the_snapshot() {
        let group = sample::group("orders", 2);
        let of = |size, hours| Saving::of(&group, size, hours, Catalog::embedded()).to_string();
        // Two nodes of $0.032 an hour, and $0.085 a GiB.
        assert_eq!(
            of(Some(Bytes(1 << 30)), HOURS),
            "saves $22.96 a month: $23.04 for 2 x cache.t4g.small in 30 nights of 12 h, less $0.09 for the snapshot"
        );
        assert!(of(Some(Bytes(1 << 30)), 10).contains("nights of 10 h"));
        assert!(of(None, HOURS).starts_with("saves $22.9"), "{}", of(None, HOURS));
        assert_eq!(
            Saving::of(&group, Some(Bytes(1 << 50)), 1, Catalog::embedded()).month(),
            Some(Dollars(0))
        );
    }

    #[test]
    fn where_no_price_is_known_nothing_is_guessed() {
        let mut group = sample::group("orders", 2);
        group.node_type = NodeType::parse("cache.z9.huge").ok();
        let saving = Saving::of(&group, None, HOURS, Catalog::embedded());
        assert_eq!(
            saving.to_string(),
            "saves an unknown sum a month: nobody knows a price of 2 x cache.z9.huge"
        );
        assert_eq!(saving.month(), None);
    }
}
