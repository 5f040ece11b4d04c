//! RDB files in buckets, which a new group may be filled from (facts 5.6, 5.7).

use jiff::Timestamp;

use super::super::check::{bad_combination, bad_value};
use super::export::Closed;
use crate::settings::DataPlane;
use crate::wire::query::Params;
use crate::{Refusal, State};

const PARAMETER: &str = "SnapshotArns";

/// A file that somebody exported, or put there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rdb {
    /// Its data.
    pub bytes: u64,
    /// When it was written.
    pub at: Timestamp,
}

/// The files that a new group is asked to be filled from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in super::super) struct Files {
    /// The data of all of them.
    pub(in super::super) bytes: u64,
    /// Why one of them cannot be read.
    pub(in super::super) unreadable: Option<String>,
}

/// Reads which files are asked for.
pub(in super::super) fn asked(state: &State, params: &Params) -> Result<Option<Files>, Refusal> {
    let arns = params.list(PARAMETER, "SnapshotArn");
    if arns.is_empty() {
        return Ok(None);
    }
    if params.has("SnapshotName") {
        return Err(bad_combination("Specify SnapshotName or SnapshotArns, not both"));
    }
    if state.settings.data_plane == DataPlane::Real {
        let text =
            "SnapshotArns: files in buckets are not modelled here where nodes are real servers";
        return Err(bad_combination(text));
    }
    let (mut bytes, mut unreadable) = (0_u64, None);
    for arn in &arns {
        let (bucket, object) = place(arn)?;
        match found(state, bucket, object) {
            Ok(file) => bytes = bytes.saturating_add(file.bytes),
            Err(why) => unreadable = unreadable.or(Some(why)),
        }
    }
    match unreadable {
        Some(why) if state.settings.switches.unreadable_file_refused_at_once => Err(bad_value(why)),
        unreadable => Ok(Some(Files { bytes, unreadable })),
    }
}

/// Refuses files that do not go with the shards that are asked for. The first sentence is AWS's own, as reported in pulumi/pulumi-aws#2343.
pub(in super::super) fn check(params: &Params, sharded: bool) -> Result<(), Refusal> {
    let shards = params.structures("NodeGroupConfiguration", "NodeGroupConfiguration");
    let has_slots = !shards.is_empty() && shards.iter().all(|it| it.has("Slots"));
    if sharded && !has_slots {
        return Err(bad_combination(
            "Slots must be provided when restoring from snapshot ARNs with cluster mode enabled",
        ));
    }
    if !sharded && 1 < params.list(PARAMETER, "SnapshotArn").len() {
        return Err(bad_combination(
            "With cluster mode disabled, SnapshotArns takes the one file of the one node group",
        ));
    }
    Ok(())
}

/// Bucket and object.
fn place(arn: &str) -> Result<(&str, &str), Refusal> {
    let place = arn.strip_prefix("arn:aws:s3:::").and_then(|it| it.split_once('/'));
    let place = place.filter(|(bucket, object)| !bucket.is_empty() && !object.is_empty());
    match place {
        Some((_, object)) if object.contains(',') => {
            Err(bad_value(format!("Invalid {PARAMETER}: {object} contains a comma")))
        }
        Some(place) => Ok(place),
        None => Err(bad_value(format!("Invalid {PARAMETER}: {arn} is not the ARN of an object"))),
    }
}

fn found(state: &State, bucket: &str, object: &str) -> Result<Rdb, String> {
    let elasticache = &state.elasticache;
    match elasticache.closed_buckets.get(bucket) {
        // Reading needs no right to write.
        None | Some(Closed::NoWrite) => {}
        Some(why) => return Err(why.text(bucket)),
    }
    let file = elasticache.files.get(&(bucket.to_owned(), object.to_owned()));
    file.copied()
        .ok_or_else(|| format!("The object {object} in the S3 bucket {bucket} could not be read."))
}
