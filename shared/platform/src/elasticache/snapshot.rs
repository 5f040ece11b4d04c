//! Snapshots: as they are, one more, one less.

use aws_sdk_elasticache::operation::describe_snapshots::builders::DescribeSnapshotsFluentBuilder;
use aws_sdk_elasticache::types::{NodeSnapshot, Snapshot};
use domain::shard;
use domain::snapshot::take::ReadFrom;
use domain::snapshot::{self, Origin, SavedShard, SnapshotStatus, SnapshotView};
use domain::{Bytes, GroupView, NodeType, SnapshotName, Tags};
use jiff::Timestamp;

use super::group::api_tags;
use super::network::{done_if_gone, look_again_if_taken};
use crate::{ElastiCache, Fault};

const DESCRIBE: &str = "DescribeSnapshots";

impl ElastiCache {
    /// Looks at one snapshot by its name, which may be an automatic one's, or finds it gone. Its slots are asked for, its tags are not.
    pub async fn snapshot(&self, name: &str) -> Result<Option<SnapshotView>, Fault> {
        let request = self.client.describe_snapshots().snapshot_name(name);
        let answer = request.show_node_group_config(true).send().await;
        match answer.map_err(|err| Fault::from_sdk(DESCRIBE, err)) {
            Ok(answer) => Ok(answer.snapshots().first().map(view)),
            Err(fault) if fault.is_gone() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// The snapshots of the account that somebody asked for, as far as their names are wanted. Their tags are not looked at.
    ///
    /// All pages are read: a snapshot of a group that is not in cluster mode only names the member, and former members count too (facts 5.4).
    pub async fn snapshots(
        &self,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<SnapshotView>, Fault> {
        // The filter says `user` where the field says `manual` (facts 5.4).
        self.every_page(|it| it.snapshot_source("user"), is_wanted).await
    }

    /// The same, one after another, for whoever has no room for all of them at once.
    pub async fn each_snapshot(
        &self,
        is_wanted: impl Fn(&str) -> bool,
        take: impl FnMut(SnapshotView),
    ) -> Result<(), Fault> {
        self.each_of_pages(|it| it.snapshot_source("user"), is_wanted, take).await
    }

    /// The automatic snapshots of the account, as far as their names are wanted. The filter says `system` where the field says `automated`.
    pub async fn automatic_snapshots(
        &self,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<SnapshotView>, Fault> {
        self.every_page(|it| it.snapshot_source("system"), is_wanted).await
    }

    /// The snapshots that somebody asked for of a group as it stands: those of former members are not among them. Their tags are not looked at.
    pub async fn snapshots_of(&self, group: &GroupView) -> Result<Vec<SnapshotView>, Fault> {
        type Pages = DescribeSnapshotsFluentBuilder;
        let of_users = |it: Pages| it.snapshot_source("user");
        if group.cluster_enabled {
            let of_group = |it: Pages| of_users(it).replication_group_id(group.id.as_str());
            return self.every_page(of_group, |_| true).await;
        }
        let mut found = Vec::new();
        for member in &group.member_ids {
            let of_member = |it: Pages| of_users(it).cache_cluster_id(member.as_str());
            match self.every_page(of_member, |_| true).await {
                Ok(more) => found.extend(more),
                Err(fault) if fault.is_gone() => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(found)
    }

    async fn every_page(
        &self,
        narrowed: impl FnOnce(DescribeSnapshotsFluentBuilder) -> DescribeSnapshotsFluentBuilder,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<SnapshotView>, Fault> {
        let mut found = Vec::new();
        self.each_of_pages(narrowed, is_wanted, |it| found.push(it)).await?;
        Ok(found)
    }

    async fn each_of_pages(
        &self,
        narrowed: impl FnOnce(DescribeSnapshotsFluentBuilder) -> DescribeSnapshotsFluentBuilder,
        is_wanted: impl Fn(&str) -> bool,
        mut take: impl FnMut(SnapshotView),
    ) -> Result<(), Fault> {
        let pages = self.client.describe_snapshots().max_records(50);
        let mut pages = narrowed(pages).into_paginator().items().send();
        while let Some(snapshot) = pages.next().await {
            let snapshot = snapshot.map_err(|err| Fault::from_sdk(DESCRIBE, err))?;
            if snapshot.snapshot_name().is_some_and(&is_wanted) {
                take(view(&snapshot));
            }
        }
        Ok(())
    }

    /// Asks for a snapshot. One of that name is looked at again: it may be ours, from a call whose answer was lost.
    pub async fn take_snapshot(
        &self,
        name: &SnapshotName,
        of: &ReadFrom,
        tags: &Tags,
    ) -> Result<(), Fault> {
        let request = self
            .client
            .create_snapshot()
            .snapshot_name(name.as_str())
            .set_tags(Some(api_tags(tags)));
        let request = match of {
            ReadFrom::Member(member) => request.cache_cluster_id(member.as_str()),
            ReadFrom::Group(group) => request.replication_group_id(group.as_str()),
        };
        let taken = request.send().await.map_err(|err| Fault::from_sdk("CreateSnapshot", err));
        look_again_if_taken(taken.map(drop))
    }

    /// Asks for a copy of a snapshot under the same key. One of that name is looked at again: it may be ours, from a call whose answer was lost.
    pub async fn copy_snapshot(
        &self,
        from: &str,
        name: &SnapshotName,
        tags: &Tags,
    ) -> Result<(), Fault> {
        let copied = self
            .client
            .copy_snapshot()
            .source_snapshot_name(from)
            .target_snapshot_name(name.as_str())
            .set_tags(Some(api_tags(tags)))
            .send()
            .await
            .map_err(|err| Fault::from_sdk("CopySnapshot", err));
        look_again_if_taken(copied.map(drop))
    }

    /// Has a snapshot written into a bucket, as one file a shard whose key begins so (facts 5.6). Nothing is overwritten.
    pub async fn export_snapshot(&self, from: &str, bucket: &str, name: &str) -> Result<(), Fault> {
        let asked = self
            .client
            .copy_snapshot()
            .source_snapshot_name(from)
            .target_snapshot_name(name)
            .target_bucket(bucket)
            .send()
            .await;
        asked.map(drop).map_err(|err| Fault::from_sdk("CopySnapshot", err))
    }

    /// Deletes a snapshot, and gives the state that it is in now, where the answer tells one. One that is gone is no mistake.
    pub async fn delete_snapshot(
        &self,
        name: &SnapshotName,
    ) -> Result<Option<SnapshotStatus>, Fault> {
        let deleted = self
            .client
            .delete_snapshot()
            .snapshot_name(name.as_str())
            .send()
            .await
            .map_err(|err| Fault::from_sdk("DeleteSnapshot", err));
        match deleted {
            Ok(answer) => {
                let status = answer.snapshot().and_then(|it| it.snapshot_status());
                Ok(status.map(SnapshotStatus::parse))
            }
            Err(fault) => done_if_gone(Err(fault)).map(|()| None),
        }
    }
}

fn view(api: &Snapshot) -> SnapshotView {
    let text = |it: Option<&str>| it.unwrap_or_default().to_owned();
    let shards = api.node_snapshots();
    SnapshotView {
        name: text(api.snapshot_name()),
        arn: text(api.arn()),
        status: SnapshotStatus::parse(api.snapshot_status().unwrap_or_default()),
        // A word that we do not know counts as ElastiCache's own: such a snapshot is never deleted.
        origin: match api.snapshot_source() {
            Some("manual") => Origin::Manual,
            Some(_) | None => Origin::Automated,
        },
        group: api.replication_group_id().map(str::to_owned),
        member: api.cache_cluster_id().map(str::to_owned),
        taken_at: shards.iter().filter_map(taken_at).min(),
        size: whole_size(shards),
        node_type: api.cache_node_type().and_then(|it| NodeType::parse(it).ok()),
        engine: text(api.engine()),
        engine_version: text(api.engine_version()),
        shards: shards.iter().map(saved).collect(),
        port: api.port().and_then(|it| u16::try_from(it).ok()),
        tags: None,
    }
}

fn saved(shard: &NodeSnapshot) -> SavedShard {
    let slots = shard.node_group_configuration().and_then(|it| it.slots());
    SavedShard {
        size: shard.cache_size().and_then(snapshot::size),
        slots: slots.and_then(shard::ranges).unwrap_or_default(),
    }
}

fn taken_at(shard: &NodeSnapshot) -> Option<Timestamp> {
    Timestamp::from_second(shard.snapshot_create_time()?.secs()).ok()
}

/// The size of all shards, if each tells its own.
fn whole_size(shards: &[NodeSnapshot]) -> Option<Bytes> {
    let sizes: Option<Vec<Bytes>> =
        shards.iter().map(|it| snapshot::size(it.cache_size()?)).collect();
    let sizes = sizes.filter(|it| !it.is_empty())?;
    Some(Bytes(sizes.iter().map(|it| it.0).sum()))
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticache::types::NodeGroupConfiguration;

    use super::*;

    fn shard(size: &str, second: i64) -> NodeSnapshot {
        let at = aws_smithy_types::DateTime::from_secs(second);
        NodeSnapshot::builder().cache_size(size).snapshot_create_time(at).build()
    }

    #[test]
    fn several_shards_are_one_restore_point() {
        let seen = view(
            &Snapshot::builder()
                .snapshot_name("orders-daily-202601020304")
                .snapshot_status("available")
                .snapshot_source("manual")
                .node_snapshots(shard("3 MB", 200))
                .node_snapshots(shard("1 GB", 100))
                .build(),
        );
        assert_eq!(seen.size, Some(Bytes((3 << 20) + (1 << 30))));
        assert_eq!(seen.taken_at, Timestamp::from_second(100).ok());
        assert_eq!((seen.shards.len(), seen.origin), (2, Origin::Manual));
        assert!(seen.shards.iter().all(|it| it.slots.is_empty()), "nobody asked for slots");
    }

    #[test]
    fn slots_are_read_where_they_are_told() {
        let slots = |it: &str| NodeGroupConfiguration::builder().slots(it).build();
        let seen = view(
            &Snapshot::builder()
                .replication_group_id("orders")
                .node_snapshots(
                    NodeSnapshot::builder().node_group_configuration(slots("0-99,200-299")).build(),
                )
                .build(),
        );
        assert_eq!(seen.shards, [SavedShard { size: None, slots: vec![(0, 99), (200, 299)] }]);
        assert!(seen.is_sharded());
    }

    #[test]
    fn a_shard_without_a_size_leaves_the_whole_without_one() {
        assert_eq!(whole_size(&[shard("3 MB", 1), shard("", 1)]), None);
        assert_eq!(whole_size(&[]), None);
    }

    #[test]
    fn what_we_do_not_know_is_not_ours() {
        let seen = view(&Snapshot::builder().snapshot_source("imported").build());
        assert_eq!(seen.origin, Origin::Automated);
        assert!(!seen.status.is_whole());
    }
}
