//! A node type into which the data of a snapshot fit.

use super::rules::{fits, room};
use super::{Catalog, GroupView, NodeType, Obstacle, SnapshotView, Unrestorable};
use crate::snapshot::saved::Share;

/// The stated type where the data fit; else the source's, else the snapshot's, else the smallest larger one of the source's family.
///
/// Where the size or a type is not known, ElastiCache decides.
pub(super) fn node_type(
    stated: Option<&NodeType>,
    needs: Share,
    snapshot: Option<&SnapshotView>,
    source: &GroupView,
    catalog: &Catalog,
) -> Result<NodeType, Obstacle> {
    if let Some(stated) = stated {
        fits(stated, needs, catalog)?;
        return Ok(stated.clone());
    }
    let fits = |it: &&NodeType| room(it, catalog).is_none_or(|has| needs.size <= has);
    let known = source.node_type.iter().chain(snapshot.and_then(|it| it.node_type.as_ref()));
    if let Some(found) = known.clone().find(fits) {
        return Ok(found.clone());
    }
    let family = source.node_type.as_ref().map_or("", NodeType::family);
    let larger = catalog.family(family).into_iter().find(|it| needs.size <= it.usable);
    larger.map(|it| it.node_type.clone()).ok_or(Unrestorable::NothingFits { needs }.into())
}
