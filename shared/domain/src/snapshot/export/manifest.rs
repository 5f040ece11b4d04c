//! What an export says of itself, so that whoever restores it knows what is in it and whether it is still that.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::FileView;
use crate::shard::{self, Range};
use crate::snapshot::{Origin, SavedShard, SnapshotStatus, SnapshotView};
use crate::{Bytes, NodeType, Tags, tag};

/// The version of the form, which readers of another refuse.
const FORM: u32 = 1;

/// A manifest.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// The version of this form.
    pub form: u32,
    /// The snapshot.
    pub snapshot: String,
    /// The group that it is of, where that is known.
    pub group: Option<String>,
    /// When its data were read.
    pub data_of: Option<Timestamp>,
    /// The engine.
    pub engine: String,
    /// Its version.
    pub engine_version: String,
    /// The node type that the data were on.
    pub node_type: Option<NodeType>,
    /// Whether the group was in cluster mode.
    pub cluster_mode: bool,
    /// What was counted when the snapshot was taken, as the tags of it say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// The sample beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// The files, one a shard.
    pub files: Vec<File>,
}

/// One of the files.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct File {
    /// The key of the object.
    pub key: String,
    /// Bytes.
    pub bytes: u64,
    /// S3's checksum of its contents.
    pub etag: String,
    /// The slots of its shard, `0-5461`; empty where the group was not in cluster mode, or where nobody told.
    pub slots: String,
    /// How much memory its data took.
    pub memory: Option<u64>,
}

/// A file that is not what the manifest says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mismatch {
    /// The key.
    pub key: String,
    /// What is wrong with it.
    pub why: String,
}

impl Manifest {
    /// What these files of a snapshot are.
    pub(super) fn of(snapshot: &SnapshotView, files: &[&FileView]) -> Self {
        let mut sorted = files.to_vec();
        sorted.sort();
        let shards = snapshot.shards.iter().map(Some).chain(std::iter::repeat(None));
        let file = |(it, shard): (&&FileView, Option<&SavedShard>)| File {
            key: it.key.clone(),
            bytes: it.size,
            etag: it.etag.clone(),
            slots: shard.map(|it| words(&it.slots)).unwrap_or_default(),
            memory: shard.and_then(|it| it.size).map(|it| it.0),
        };
        let tagged = |key: &str| snapshot.tags.as_ref().and_then(|it| it.get(key)).cloned();
        Self {
            form: FORM,
            snapshot: snapshot.name.clone(),
            group: snapshot.source().map(|it| it.to_string()),
            data_of: snapshot.data_at(),
            engine: snapshot.engine.clone(),
            engine_version: snapshot.engine_version.clone(),
            node_type: snapshot.node_type.clone(),
            cluster_mode: snapshot.is_sharded(),
            record: tagged(tag::RECORD),
            sample: tagged(tag::SAMPLE),
            files: sorted.iter().zip(shards).map(file).collect(),
        }
    }

    /// Reads a manifest.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(text).map_err(|err| err.to_string())?;
        if manifest.form != FORM {
            return Err(format!("it has the form {}, and this reads {FORM}", manifest.form));
        }
        if manifest.files.is_empty() {
            return Err("it names no files".to_owned());
        }
        Ok(manifest)
    }

    /// The manifest as it is written.
    pub fn write(&self) -> Vec<u8> {
        // A struct of texts and numbers is always JSON.
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        text
    }

    /// Whether the files are what the manifest says.
    ///
    /// # Errors
    ///
    /// The first that is not.
    pub fn compare(&self, seen: &[FileView]) -> Result<(), Mismatch> {
        for file in &self.files {
            let wrong = |why: String| Err(Mismatch { key: file.key.clone(), why });
            match seen.iter().find(|it| it.key == file.key) {
                None => return wrong("is not there".to_owned()),
                Some(it) if it.size != file.bytes => {
                    return wrong(format!("has {} bytes and not {}", it.size, file.bytes));
                }
                Some(it) if it.etag != file.etag => {
                    return wrong(format!("has the checksum {} and not {}", it.etag, file.etag));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// What the keys of all files begin with.
    pub fn begins(&self) -> String {
        let mut keys = self.files.iter().map(|it| it.key.as_str());
        let first = keys.next().unwrap_or_default();
        let common = |so_far: &str, key: &str| {
            let same = so_far.chars().zip(key.chars()).take_while(|(one, two)| one == two);
            same.map(|it| it.0).collect::<String>()
        };
        keys.fold(first.to_owned(), |so_far, key| common(&so_far, key))
    }

    /// The snapshot that the files hold, as a restore looks at one.
    pub fn saved(&self) -> SnapshotView {
        let shard = |it: &File| SavedShard {
            size: it.memory.map(Bytes),
            slots: shard::ranges(&it.slots).unwrap_or_default(),
        };
        let shards: Vec<SavedShard> = self.files.iter().map(shard).collect();
        let sizes: Option<Vec<u64>> = self.files.iter().map(|it| it.memory).collect();
        let group = |key: &str, value: &Option<String>| Some((key.to_owned(), value.clone()?));
        let tags: Tags = [
            group(tag::GROUP, &self.group),
            group(tag::RECORD, &self.record),
            group(tag::SAMPLE, &self.sample),
        ]
        .into_iter()
        .flatten()
        .collect();
        SnapshotView {
            name: self.snapshot.clone(),
            arn: String::new(),
            status: SnapshotStatus::Available,
            origin: Origin::Manual,
            group: self.group.clone().filter(|_| self.cluster_mode),
            member: None,
            taken_at: self.data_of,
            size: sizes.map(|it| Bytes(it.iter().sum())),
            node_type: self.node_type.clone(),
            engine: self.engine.clone(),
            engine_version: self.engine_version.clone(),
            shards,
            port: None,
            tags: Some(tags),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the file {} {}", self.key, self.why)
    }
}

fn words(slots: &[Range]) -> String {
    let one = |(first, last): &Range| format!("{first}-{last}");
    slots.iter().map(one).collect::<Vec<_>>().join(",")
}
