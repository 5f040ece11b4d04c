//! Exports of snapshots to buckets (facts 5.6).

use super::super::model::{Snapshot, SnapshotStatus};
use super::super::tiering;
use super::super::work::{self, Work};
use super::file::Rdb;
use super::{list, set_status};
use crate::wire::query::Params;
use crate::{Refusal, State};

/// Why ElastiCache may not export to a bucket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Closed {
    /// It is in another region.
    Elsewhere,
    /// It is another account's.
    NotOurs,
    /// Its policy lets ElastiCache not list or read it.
    NoRead,
    /// Or not write to it.
    NoWrite,
    /// Or not read its permissions.
    NoReadAcp,
}

impl Closed {
    /// In the words of the API reference.
    pub(super) fn text(self, bucket: &str) -> String {
        let right = match self {
            Self::Elsewhere => return format!("The S3 bucket {bucket} is outside of the region."),
            Self::NotOurs => {
                return format!("The S3 bucket {bucket} is not owned by the authenticated user.");
            }
            Self::NoRead => "READ",
            Self::NoWrite => "WRITE",
            Self::NoReadAcp => "READ_ACP",
        };
        format!("ElastiCache has not been granted {right} permissions on the S3 Bucket {bucket}.")
    }
}

/// `CopySnapshot` into a bucket. The name is that of an object, which is longer than one of a snapshot may be (user guide, exporting).
pub(super) fn export(
    state: &mut State,
    source: &Snapshot,
    bucket: &str,
    params: &Params,
) -> Result<String, Refusal> {
    let target = params.required("TargetSnapshotName")?;
    let code = state.settings.switches.export_code;
    let refuse = |text: String| Err(Refusal::new(400, code, text));
    if 1000 < target.chars().count() {
        return refuse("TargetSnapshotName is longer than 1000 characters.".to_owned());
    }
    if let Some(why) = state.elasticache.closed_buckets.get(bucket) {
        return refuse(why.text(bucket));
    }
    if !state.elasticache.buckets.contains(bucket) {
        return refuse(format!("The S3 bucket {bucket} does not exist."));
    }
    if tiering::tiers(&source.source.node_type) {
        return refuse("A snapshot with data tiering cannot be exported.".to_owned());
    }
    // One file a shard. Its number and the ending are ElastiCache's own.
    let at = state.now;
    let of_shard = |shard: &String| {
        let bytes = source.source.share_of(shard, source.bytes);
        ((bucket.to_owned(), format!("{target}-{shard}.rdb")), Rdb { bytes, at })
    };
    let files: Vec<_> = source.source.shard_ids().iter().map(of_shard).collect();
    if let Some(((_, object), _)) =
        files.iter().find(|(place, _)| state.elasticache.files.contains_key(place))
    {
        let text = format!("The S3 bucket {bucket} already contains an object with key {object}.");
        return refuse(text);
    }
    state.elasticache.files.extend(files);
    set_status(state, &source.name, SnapshotStatus::Copying);
    let takes = state.settings.durations.copy_snapshot;
    let (from, target) = (source.name.clone(), String::new());
    let work = Work::SnapshotCopied { source: from, target, of_data: None };
    work::start(state, None, takes, [], work);
    list::one(state, &source.name)
}
