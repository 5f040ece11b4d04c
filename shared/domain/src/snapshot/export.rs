//! A snapshot as RDB files in S3, with a manifest that tells what they are.
//!
//! ElastiCache writes one file a shard (facts 5.6) and says nothing of when it is done but by the snapshot's status. The manifest is written last:
//! an export without one is not finished.

mod manifest;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::Timestamp;

use super::{Refusal, SnapshotStatus, SnapshotView};
use crate::{Arn, Catalog, Next, Wait, WaitingOn};

pub use manifest::{File, Manifest, Mismatch};

/// An export that is wanted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Export {
    /// Of this snapshot.
    pub snapshot: String,
    /// Into this bucket, which is in the region of the cache.
    pub bucket: String,
    /// The files are `<name>-<shard>.rdb`, and the manifest `<name>.manifest.json`.
    pub name: String,
}

/// Where an object lies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// `aws`, or what stands there in other parts of the world.
    partition: String,
    /// The bucket.
    pub bucket: String,
    /// The key in it.
    pub key: String,
}

impl Place {
    /// Reads the ARN of an object, such as `arn:aws:s3:::bucket/orders.manifest.json`.
    ///
    /// # Errors
    ///
    /// What speaks against it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rule = || {
            format!(
                "{text:.200} is not the ARN of an object, such as arn:aws:s3:::bucket/orders.manifest.json"
            )
        };
        let arn = Arn::parse(text).map_err(|_| rule())?;
        let place = arn.resource().split_once('/');
        let place = place.filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty());
        let is_object =
            arn.service() == "s3" && arn.region().is_empty() && arn.account().is_empty();
        let (bucket, key) = place.filter(|_| is_object).ok_or_else(rule)?;
        let partition = arn.partition().to_owned();
        Ok(Self { partition, bucket: bucket.to_owned(), key: key.to_owned() })
    }

    /// The ARN of another object in the same bucket.
    pub fn beside(&self, key: &str) -> String {
        format!("arn:{}:s3:::{}/{key}", self.partition, self.bucket)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in the bucket {}", self.key, self.bucket)
    }
}

/// An object as it was seen.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct FileView {
    /// The key.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// What S3 says of its contents: another where they are others.
    pub etag: String,
    /// When it was written.
    pub written_at: Timestamp,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExportView {
    /// The snapshot with its tags.
    pub snapshot: Option<SnapshotView>,
    /// What begins alike in the bucket.
    pub files: Vec<FileView>,
    /// The manifest, if it is there and can be read.
    pub manifest: Option<Result<Manifest, String>>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum ExportStep {
    /// Have ElastiCache write the files.
    Copy,
    /// Say what they are.
    Describe(Box<Manifest>),
}

/// Why an export is not made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unexportable {
    /// There is no such snapshot.
    NoSnapshot { snapshot: String },
    /// It cannot be exported (facts 5.6).
    OnDisks { snapshot: String },
    /// Something else has the name.
    NameTaken { bucket: String, key: String, why: String },
    /// ElastiCache is done, and files are missing.
    Incomplete { bucket: String, files: usize, shards: usize },
}

impl Export {
    /// The key of the manifest.
    pub fn manifest_key(&self) -> String {
        format!("{}.manifest.json", self.name)
    }

    /// What the keys of the files begin with.
    pub fn prefix(&self) -> String {
        format!("{}-", self.name)
    }

    /// Whether an object may be one of the files: the name, a hyphen, the number of a shard.
    fn is_file(&self, key: &str) -> bool {
        let rest = key.strip_prefix(&self.prefix()).and_then(|it| it.strip_suffix(".rdb"));
        rest.is_some_and(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()))
    }

    /// Plans the next step.
    pub fn plan(&self, view: &ExportView, catalog: &Catalog) -> Next<ExportStep, Refusal> {
        let Some(snapshot) = &view.snapshot else {
            let snapshot = self.snapshot.clone();
            return Next::Refuse(Unexportable::NoSnapshot { snapshot }.into());
        };
        if let Some(found) = &view.manifest {
            return self.described(snapshot, view, found);
        }
        match &snapshot.status {
            SnapshotStatus::Available => {}
            SnapshotStatus::Creating | SnapshotStatus::Copying | SnapshotStatus::Restoring => {
                let on = WaitingOn::Snapshot(Some(snapshot.name.clone()));
                return Next::Wait(Wait::slow(on));
            }
            SnapshotStatus::Deleting | SnapshotStatus::Failed | SnapshotStatus::Strange(_) => {
                let (status, events) = (snapshot.status.clone(), Vec::new());
                let snapshot = self.snapshot.clone();
                return Next::Refuse(Refusal::Failed { snapshot, status, events });
            }
        }
        let node = snapshot.node_type.as_ref().and_then(|it| catalog.find(it));
        if node.is_some_and(|it| it.data_tiering) {
            let snapshot = self.snapshot.clone();
            return Next::Refuse(Unexportable::OnDisks { snapshot }.into());
        }
        let files: Vec<&FileView> = view.files.iter().filter(|it| self.is_file(&it.key)).collect();
        if files.is_empty() {
            return Next::Do(ExportStep::Copy);
        }
        self.describe(snapshot, &files)
    }

    /// Says what the files are, where they are those of this snapshot.
    fn describe(&self, snapshot: &SnapshotView, files: &[&FileView]) -> Next<ExportStep, Refusal> {
        let is_older = |it: &&&FileView| snapshot.taken_at.is_some_and(|at| it.written_at < at);
        if let Some(older) = files.iter().find(is_older) {
            let why = format!("it was written at {}, before the snapshot was", older.written_at);
            return Next::Refuse(self.taken(&older.key, why));
        }
        let (found, shards) = (files.len(), snapshot.shards.len().max(1));
        if found != shards {
            let bucket = self.bucket.clone();
            let why = Unexportable::Incomplete { bucket, files: found, shards };
            return Next::Refuse(why.into());
        }
        Next::Do(ExportStep::Describe(Box::new(Manifest::of(snapshot, files))))
    }

    /// An export that was made is made; one of something else keeps its name.
    fn described(
        &self,
        snapshot: &SnapshotView,
        view: &ExportView,
        found: &Result<Manifest, String>,
    ) -> Next<ExportStep, Refusal> {
        let key = self.manifest_key();
        let manifest = match found {
            Ok(manifest) => manifest,
            Err(why) => return Next::Refuse(self.taken(&key, format!("it cannot be read: {why}"))),
        };
        if manifest.snapshot != snapshot.name || manifest.data_of != snapshot.data_at() {
            let why = format!("it is the manifest of the snapshot {}", manifest.snapshot);
            return Next::Refuse(self.taken(&key, why));
        }
        match manifest.compare(&view.files) {
            Ok(()) => Next::Settled,
            Err(mismatch) => Next::Refuse(self.taken(&key, mismatch.to_string())),
        }
    }

    fn taken(&self, key: &str, why: String) -> Refusal {
        let (bucket, key) = (self.bucket.clone(), key.to_owned());
        Unexportable::NameTaken { bucket, key, why }.into()
    }
}

impl fmt::Display for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "export {} to {} as {}", self.snapshot, self.bucket, self.name)
    }
}

impl fmt::Display for Unexportable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSnapshot { snapshot } => write!(f, "there is no snapshot {snapshot}"),
            Self::OnDisks { snapshot } => write!(
                f,
                "the snapshot {snapshot} keeps cold keys on SSD, and ElastiCache exports none of those"
            ),
            Self::NameTaken { bucket, key, why } => write!(
                f,
                "the object {key} is in the bucket {bucket} already: {why}; nothing was overwritten, say another `name`"
            ),
            Self::Incomplete { bucket, files, shards } => write!(
                f,
                "there are {files} files in the bucket {bucket}, and the snapshot has {shards} shards; delete them, or say another `name`"
            ),
        }
    }
}
