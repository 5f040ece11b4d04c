//! The nodes of a drill: one for each shard, of the cheapest type into which the data fit.

use crate::catalog::Entry;
use crate::engine::{Engine, Release};
use crate::shard::Shape;
use crate::snapshot::SnapshotView;
use crate::snapshot::restore::planned;
use crate::snapshot::restore::rules::room;
use crate::{Bytes, Catalog, Dollars, GroupView, NodeType};

/// The shape of a drill's group: as many shards as a group like its source would have.
pub(super) fn shape(snapshot: &SnapshotView, source: &GroupView) -> Option<Shape> {
    Some(match planned::shape(snapshot, source).ok()? {
        Shape::Single { .. } => Shape::Single { nodes: 1 },
        Shape::Sharded { shards, .. } => Shape::Sharded { shards, replicas: 0 },
    })
}

/// The type of its nodes. Nothing, where the type that a restore would choose has to do.
pub(super) fn node_type(
    snapshot: &SnapshotView,
    source: &GroupView,
    catalog: &Catalog,
) -> Option<NodeType> {
    // It is a snapshot, and not files.
    let needs = planned::needs(Some(snapshot), shape(snapshot, source)?, false).1.size;
    cheapest(needs, snapshot, release(source)?, catalog).map(|it| it.node_type.clone())
}

/// What all nodes of a group cost for an hour, where that is known.
pub(in crate::snapshot) fn hour(
    node_type: &NodeType,
    shape: Shape,
    source: &GroupView,
    catalog: &Catalog,
) -> Option<Dollars> {
    let price = catalog.find(node_type)?.price(release(source)?.engine)?;
    Some(price.hour.times(shape.nodes().into()))
}

/// The cheapest type that is made, runs this and holds so much. What lies on SSD goes to such nodes only (facts 5.7), as the source has.
fn cheapest<'a>(
    needs: Bytes,
    snapshot: &SnapshotView,
    release: Release,
    catalog: &'a Catalog,
) -> Option<&'a Entry> {
    let from = snapshot.node_type.as_ref().and_then(|it| catalog.find(it));
    if from.is_some_and(|it| it.data_tiering) {
        return None;
    }
    // What is read takes more room for a while, and a small node has less of it over.
    let with_margin = Bytes(needs.0.saturating_add(needs.0 / 4));
    let is_fit = |it: &&Entry| {
        it.current
            && it.runs(release)
            && room(&it.node_type, catalog).is_some_and(|has| with_margin <= has)
    };
    let priced = |it: &'a Entry| Some((it.price(release.engine)?.hour, it));
    let fit = catalog.iter().filter(is_fit).filter_map(priced);
    fit.min_by_key(|(hour, it)| (*hour, it.usable, &it.node_type)).map(|it| it.1)
}

fn release(source: &GroupView) -> Option<Release> {
    let member = source.members.first()?;
    let engine: Engine = member.engine.parse().ok()?;
    Some(Release { engine, version: member.engine_version.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{SavedShard, sample};

    #[track_caller]
    fn check(spoil: impl FnOnce(&mut SnapshotView, &mut GroupView), expected: &str) {
        let mut snapshot = sample::snapshot("orders", sample::TICK);
        let mut source = sample::group("orders", 2);
        spoil(&mut snapshot, &mut source);
        let catalog = Catalog::embedded();
        let Some(shape) = shape(&snapshot, &source) else { panic!("it has no shape") };
        let said = match node_type(&snapshot, &source, catalog) {
            None => format!("{shape} as restored"),
            Some(it) => {
                let hour = hour(&it, shape, &source, catalog);
                format!("{shape} {it} for {}", hour.map_or("?".to_owned(), |it| it.0.to_string()))
            }
        };
        assert_eq!(said, expected);
    }

    fn holding(snapshot: &mut SnapshotView, size: u64) {
        snapshot.size = Some(Bytes(size));
        snapshot.shards[0].size = snapshot.size;
    }

    #[test]
    fn one_node_of_the_cheapest_type_that_holds_the_data_with_a_margin() {
        check(|_, _| {}, "1 x cache.t4g.micro for 160");
        // 384 MiB are for data, of which a fifth stays free.
        check(|it, _| holding(it, 300 << 20), "1 x cache.t4g.micro for 160");
        check(|it, _| holding(it, 310 << 20), "1 x cache.t4g.small for 320");
        check(|it, _| holding(it, 7 << 30), "1 x cache.r6g.large for 2060");
    }

    #[test]
    fn what_runs_decides_type_and_price() {
        let valkey = |group: &mut GroupView| {
            group.members.iter_mut().for_each(|it| {
                it.engine = "valkey".to_owned();
                it.engine_version = "8.1.0".to_owned();
            });
        };
        check(|_, it| valkey(it), "1 x cache.t4g.micro for 128");
        check(|_, it| it.members[0].engine_version = "odd".to_owned(), "1 x as restored");
    }

    #[test]
    fn a_shard_has_one_node() {
        let sharded = |snapshot: &mut SnapshotView, source: &mut GroupView| {
            source.cluster_enabled = true;
            snapshot.group = Some("orders".to_owned());
            let shard = |slots| SavedShard { size: Some(Bytes(1 << 20)), slots: vec![slots] };
            snapshot.shards = vec![shard((0, 8191)), shard((8192, 16383))];
        };
        check(sharded, "2 shards of 1 x cache.t4g.micro for 320");
    }

    #[test]
    fn what_lies_on_ssd_goes_to_the_sources_type() {
        let tiered = |snapshot: &mut SnapshotView, source: &mut GroupView| {
            let node_type = NodeType::parse("cache.r6gd.xlarge").ok();
            snapshot.node_type.clone_from(&node_type);
            source.node_type = node_type;
        };
        check(tiered, "1 x as restored");
    }

    #[test]
    fn what_fits_into_no_node_has_no_type() {
        check(|it, _| holding(it, 1 << 50), "1 x as restored");
    }
}
