//! The end of a group.

use domain::GroupId;
use domain::provision::FinalSnapshot;

use crate::{ElastiCache, Fault, FaultKind};

impl ElastiCache {
    /// Deletes a group, its data first kept in a snapshot where one is named.
    ///
    /// A snapshot of that name is there already only where an earlier call of the same request, whose answer was lost, made it: then
    /// the group is on its way out, which the next look tells.
    pub async fn delete(&self, id: &GroupId, last: &FinalSnapshot) -> Result<(), Fault> {
        let name = match last {
            FinalSnapshot::Named(name) => Some(name.to_string()),
            FinalSnapshot::None => None,
        };
        let deleted = self
            .client
            .delete_replication_group()
            .replication_group_id(id.as_str())
            .retain_primary_cluster(false)
            .set_final_snapshot_identifier(name)
            .send()
            .await
            .map_err(|err| Fault::from_sdk("DeleteReplicationGroup", err));
        match deleted {
            Ok(_) => Ok(()),
            Err(fault) if fault.is_gone() => Ok(()),
            Err(fault) if fault.kind == FaultKind::Taken => {
                Err(Fault { kind: FaultKind::Busy, ..fault })
            }
            Err(fault) => Err(fault),
        }
    }
}
