//! What a new cache is filled from.

use std::fmt;

use super::{GroupSpec, Refusal, Seen, Wanted};
use crate::owner::short_hash;
use crate::snapshot::restore::rules::{Target, against};
use crate::{Catalog, Next, Tags, tag};

/// What a new cache is filled from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Source {
    /// A snapshot of this name, which may be an automatic one's.
    Snapshot(String),
    /// RDB files, by the ARNs of their objects: one, or with shards any number.
    Files(Vec<String>),
}

impl Source {
    /// The name of the snapshot.
    pub fn snapshot(&self) -> Option<&str> {
        match self {
            Self::Snapshot(name) => Some(name),
            Self::Files(_) => None,
        }
    }

    /// The ARNs of the files.
    pub fn files(&self) -> &[String] {
        match self {
            Self::Snapshot(_) => &[],
            Self::Files(arns) => arns,
        }
    }

    /// The value of the tag that the cache has of it. An object may have a name that no tag takes, or that has no room in it.
    pub fn mark(&self) -> String {
        match self {
            Self::Snapshot(name) => name.clone(),
            Self::Files(arns) => {
                let whole = arns.join(" ");
                if tag::is_legal_value(&whole) {
                    return whole;
                }
                format!("rdb-{}", short_hash(&whole))
            }
        }
    }

    fn property(&self) -> &'static str {
        match self {
            Self::Snapshot(_) => "SnapshotName",
            Self::Files(_) => "SnapshotArns",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snapshot(name) => write!(f, "the snapshot {name}"),
            Self::Files(arns) => f.write_str(&arns.join(", ")),
        }
    }
}

/// What speaks against a cache from its snapshot, or what has to be waited for; found before anything is made. What is in a file, only
/// ElastiCache sees.
pub(super) fn impossible<S>(wanted: &Wanted, seen: &Seen) -> Option<Next<S, Refusal>> {
    let spec = &wanted.spec;
    let named = wanted.source()?;
    let name = named.snapshot()?;
    let snapshot = seen.around.as_ref().and_then(|it| it.source.as_ref());
    let target = Target {
        release: spec.release(),
        node_type: &spec.node_type,
        data_tiering: spec.data_tiering,
        shape: spec.shape,
    };
    match against(name, snapshot, target, Catalog::embedded())? {
        Next::Refuse(whys) => Some(Next::Refuse(Refusal::Source { whys })),
        Next::Wait(wait) => Some(Next::Wait(wait)),
        Next::Do(step) => Some(Next::Do(step)),
        Next::Settled => None,
    }
}

/// What a stack states of it that cannot be had on a cache that stands, and what that one was filled from. To fill it again would be to
/// throw away what is in it; where nothing is stated any more, nothing is asked for.
///
/// A cache that lacks the tag, which somebody took off, is held against what the stack stated otherwise, before or after.
pub(super) fn differs(
    stated: &GroupSpec,
    otherwise: Option<&GroupSpec>,
    tags: &Tags,
) -> Option<(&'static str, String, String)> {
    let source = stated.source.as_ref()?;
    let wants = source.mark();
    let is_same = match tags.get(tag::RESTORED_FROM) {
        Some(has) => *has == wants,
        None => otherwise.is_some_and(|it| it.source.as_ref() == Some(source)),
    };
    let has = || tags.get(tag::RESTORED_FROM).map_or("nothing", String::as_str).to_owned();
    (!is_same).then(|| (source.property(), has(), wants))
}
