//! The end of a group.

use domain::GroupId;

use super::network::done_if_gone;
use crate::{ElastiCache, Fault};

impl ElastiCache {
    /// Deletes a group, and with it what no snapshot holds; one that is gone is no mistake.
    ///
    /// ElastiCache is never asked for a final snapshot: it deletes the group also where that fails (facts 5.5).
    pub async fn delete(&self, id: &GroupId) -> Result<(), Fault> {
        let deleted = self
            .client
            .delete_replication_group()
            .replication_group_id(id.as_str())
            .retain_primary_cluster(false)
            .send()
            .await
            .map_err(|err| Fault::from_sdk("DeleteReplicationGroup", err));
        done_if_gone(deleted.map(drop))
    }
}
