//! Data tiering: some node types keep data on disks too. They always do, and no others can (facts 4.2, 5.6, 5.7).

use super::check::bad_combination;
use super::model::Snapshot;
use super::node_type;
use crate::Refusal;
use crate::wire::query::Params;

/// Refuses a new group whose node type does not go with what is asked, or with the data that it is to hold. A snapshot whose settings
/// count says itself that its data is tiered. The first sentence is AWS's own, as reported in cloudposse/terraform-aws-elasticache-redis#157.
pub(super) fn check(
    params: &Params,
    node_type: &str,
    snapshot: Option<&Snapshot>,
    inherits: bool,
) -> Result<(), Refusal> {
    let tiered = snapshot.is_some_and(|it| tiers(&it.source.node_type));
    let asked = params.flag("DataTieringEnabled")?;
    let text = match (tiers(node_type), asked) {
        (true, None) if inherits && tiered => return Ok(()),
        (true, Some(false) | None) => {
            format!("When using the {node_type} node type, you must enable data tiering.")
        }
        (false, Some(true)) => format!("Data tiering is not supported for {node_type}."),
        (false, Some(false) | None) if tiered => {
            format!("A snapshot with data tiering cannot be restored to {node_type}.")
        }
        (true, Some(true)) | (false, Some(false) | None) => return Ok(()),
    };
    Err(bad_combination(text))
}

/// As the API writes it.
pub(super) fn word(node_type: &str) -> &'static str {
    if tiers(node_type) { "enabled" } else { "disabled" }
}

/// Whether nodes of this type keep data on disks too.
pub(super) fn tiers(node_type: &str) -> bool {
    node_type::find(node_type).is_some_and(node_type::NodeType::tiers_data)
}
