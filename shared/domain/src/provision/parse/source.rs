//! What a new cache is filled from.

use super::super::Source;
use super::super::property::Properties;
use crate::shard::Shape;
use crate::{Arn, Owner};

const NAME: &str = "SnapshotName";
const ARNS: &str = "SnapshotArns";

/// A snapshot or a file. Of what is in either, nothing is known yet.
pub(super) fn source(read: &mut Properties<'_>, owner: &Owner, shape: Shape) -> Option<Source> {
    let stack = Arn::parse(owner.stack_id()).ok();
    let name = read.parsed(NAME, snapshot);
    let arns = read.list(ARNS);
    for arn in &arns {
        if let Err(rule) = rdb_file(arn, stack.as_ref()) {
            read.problems.add(ARNS, rule);
        }
    }
    // With shards ElastiCache puts each key where its slot is, from however many files.
    if !shape.is_sharded() && 1 < arns.len() {
        read.problems.add(
            ARNS,
            format!("has {} files: a cache without cluster mode is filled from one", arns.len()),
        );
    }
    match (name, arns.is_empty()) {
        (Some(_), false) => {
            read.problems.add(
                ARNS,
                "is stated, and so is SnapshotName: a cache is filled from one of the two",
            );
            None
        }
        (Some(name), true) => Some(Source::Snapshot(name)),
        (None, false) => Some(Source::Files(arns)),
        (None, true) => None,
    }
}

/// The name of a snapshot in small letters, as ElastiCache keeps it. An automatic one has a dot in it (facts 5.3).
fn snapshot(text: &str) -> Result<String, String> {
    const LEN_MAX: usize = 255;
    let legal = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '.';
    if text.starts_with("arn:") {
        return Err(format!(
            "\"{text}\" is an ARN; it takes the name alone, which is what follows snapshot: in it"
        ));
    }
    if LEN_MAX < text.len()
        || !text.chars().all(legal)
        || !text.starts_with(|it: char| it.is_ascii_alphabetic())
    {
        let shown: String = text.chars().take(100).collect();
        return Err(format!(
            "\"{shown}\" is not the name of a snapshot: letters, digits, hyphens, and the dot of an automatic one, a letter first"
        ));
    }
    Ok(text.to_ascii_lowercase())
}

/// Whether this names an object of S3 that may be an RDB file. Where its bucket is, its ARN does not say; the partition it does.
///
/// # Errors
///
/// What speaks against it, in words.
pub fn rdb_file(text: &str, stack: Option<&Arn>) -> Result<(), String> {
    let shown: String = text.chars().take(200).collect();
    let form = || {
        format!(
            "\"{shown}\" is not the ARN of an object, such as arn:aws:s3:::bucket/dumps/orders.rdb"
        )
    };
    let arn = Arn::parse(text).map_err(|_| form())?;
    let object = arn.resource().split_once('/').filter(|(bucket, _)| !bucket.is_empty());
    let (_, object) = object.filter(|_| arn.service() == "s3").ok_or_else(form)?;
    if !arn.region().is_empty() || !arn.account().is_empty() {
        let place = stack.map_or("the region of the cache".to_owned(), |it| {
            format!("{}, where the stack is", it.region())
        });
        return Err(format!(
            "\"{shown}\" names a region or an account, which the ARN of an object does not; the bucket has to be in {place}"
        ));
    }
    if let Some(stack) = stack.filter(|it| it.partition() != arn.partition()) {
        return Err(format!(
            "\"{shown}\" is of the partition {}, and the stack of {}: ElastiCache reads a bucket of its own region",
            arn.partition(),
            stack.partition()
        ));
    }
    if object.contains(',') {
        return Err(format!(
            "\"{shown}\" has a comma, which ElastiCache takes in no object's name"
        ));
    }
    if !object.to_ascii_lowercase().ends_with(".rdb") {
        return Err(format!("\"{shown}\" does not end in .rdb, as a file of Redis does"));
    }
    Ok(())
}
