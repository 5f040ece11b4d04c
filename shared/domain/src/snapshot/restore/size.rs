//! A node type into which the data of a snapshot fit.

use super::rules::{fits, room};
use super::{Catalog, GroupView, NodeType, Obstacle, SnapshotView, Unrestorable};

/// The stated type where the data fit; else the source's, else the snapshot's, else the smallest larger one of the source's family.
///
/// Where the size or a type is not known, ElastiCache decides.
pub(super) fn node_type(
    stated: Option<&NodeType>,
    snapshot: &SnapshotView,
    source: &GroupView,
    catalog: &Catalog,
) -> Result<NodeType, Obstacle> {
    let needs = snapshot.size.unwrap_or_default();
    if let Some(stated) = stated {
        fits(stated, needs, catalog)?;
        return Ok(stated.clone());
    }
    let fits = |it: &&NodeType| room(it, catalog).is_none_or(|has| needs <= has);
    let known = source.node_type.iter().chain(&snapshot.node_type);
    if let Some(found) = known.clone().find(fits) {
        return Ok(found.clone());
    }
    let family = source.node_type.as_ref().map_or("", NodeType::family);
    let larger = catalog.family(family).into_iter().find(|it| needs <= it.usable);
    larger.map(|it| it.node_type.clone()).ok_or(Unrestorable::NothingFits { needs }.into())
}
