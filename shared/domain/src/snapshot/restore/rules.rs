//! What speaks against a new group from a snapshot, whoever makes it: `snapshot` on a person's word, or `provision` for a stack.

use crate::engine::{Engine, Release, Version};
use crate::shard::Shape;
use crate::shard::new::even;
use crate::snapshot::saved::{self, Share};
use crate::snapshot::{Refusal, SnapshotStatus, SnapshotView, Unrestorable};
use crate::{Bytes, Catalog, Next, NodeType, Wait, WaitingOn};

/// The group that is to be made, as far as a snapshot has to go with it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// What it will run.
    pub release: Release,
    /// On which nodes.
    pub node_type: &'a NodeType,
    /// Whether cold keys are kept on SSD there.
    pub data_tiering: bool,
    /// How its keys are spread.
    pub shape: Shape,
}

/// Why a restore does not begin.
#[derive(Debug)]
pub(in crate::snapshot) enum Obstacle {
    /// It may later.
    Wait(Wait),
    /// It will not.
    Refuse(Refusal),
}

impl From<Unrestorable> for Obstacle {
    fn from(why: Unrestorable) -> Self {
        Self::Refuse(why.into())
    }
}

/// Everything that speaks against a group from a snapshot of this name, at once; or what has to be waited for. Nothing, where it may be made.
pub fn against<S>(
    name: &str,
    snapshot: Option<&SnapshotView>,
    target: Target<'_>,
    catalog: &Catalog,
) -> Option<Next<S, Vec<Refusal>>> {
    let Some(snapshot) = snapshot else {
        let why = Unrestorable::NoSnapshot { snapshot: name.to_owned() };
        return Some(Next::Refuse(vec![why.into()]));
    };
    let (mut wait, mut whys) = (None, Vec::new());
    match usable(snapshot) {
        Ok(()) => {}
        Err(Obstacle::Wait(it)) => wait = Some(it),
        Err(Obstacle::Refuse(why)) => whys.push(why),
    }
    let Target { release: Release { engine, version }, .. } = target;
    let checks = [
        shards(snapshot, target.shape.is_sharded()),
        reads(snapshot, engine.as_str(), Some(version)),
        tiers(snapshot, target.node_type, target.data_tiering, catalog),
        fits(target.node_type, saved::share(snapshot, &even(target.shape.shards())), catalog),
    ];
    whys.extend(checks.into_iter().filter_map(Result::err).map(Refusal::from));
    if whys.is_empty() { wait.map(Next::Wait) } else { Some(Next::Refuse(whys)) }
}

/// Whether a snapshot can be restored from, now or later.
pub(super) fn usable(snapshot: &SnapshotView) -> Result<(), Obstacle> {
    let name = snapshot.name.clone();
    match &snapshot.status {
        SnapshotStatus::Available => Ok(()),
        SnapshotStatus::Creating | SnapshotStatus::Copying | SnapshotStatus::Restoring => {
            Err(Obstacle::Wait(Wait::slow(WaitingOn::Snapshot(Some(name)))))
        }
        SnapshotStatus::Deleting | SnapshotStatus::Failed | SnapshotStatus::Strange(_) => {
            let (status, events) = (snapshot.status.clone(), Vec::new());
            Err(Obstacle::Refuse(Refusal::Failed { snapshot: name, status, events }))
        }
    }
}

/// Whether what runs reads what was written: nothing reads what a newer one wrote, and Valkey reads what Redis wrote, but not the other way.
pub(super) fn reads(
    snapshot: &SnapshotView,
    engine: &str,
    runs: Option<Version>,
) -> Result<(), Unrestorable> {
    let is_move =
        engine.parse() == Ok(Engine::Valkey) && snapshot.engine.parse() == Ok(Engine::Redis);
    let name = snapshot.name.clone();
    if engine != snapshot.engine && !is_move {
        let (has, wants) = (snapshot.engine.clone(), engine.to_owned());
        return Err(Unrestorable::Engine { snapshot: name, has, wants });
    }
    match (runs, snapshot.engine_version.parse::<Version>()) {
        (Some(runs), Ok(has)) if !is_move && runs < has && !runs.is_met_by(has) => {
            Err(Unrestorable::Newer {
                snapshot: name,
                has: has.to_string(),
                runs: runs.to_string(),
            })
        }
        (Some(_) | None, Ok(_) | Err(_)) => Ok(()),
    }
}

/// Shards go into shards; one can go into either.
fn shards(snapshot: &SnapshotView, is_sharded: bool) -> Result<(), Unrestorable> {
    if is_sharded || !snapshot.is_sharded() {
        return Ok(());
    }
    let shards = snapshot.shards.len();
    Err(Unrestorable::Shards { snapshot: snapshot.name.clone(), shards })
}

/// What lies on SSD stays there (facts 5.7).
pub(super) fn tiers(
    snapshot: &SnapshotView,
    node_type: &NodeType,
    data_tiering: bool,
    catalog: &Catalog,
) -> Result<(), Unrestorable> {
    let from = snapshot.node_type.as_ref();
    let tiered = from.filter(|it| catalog.find(it).is_some_and(|it| it.data_tiering));
    match tiered {
        Some(has) if !data_tiering => Err(Unrestorable::OnDisks {
            snapshot: snapshot.name.clone(),
            has: has.clone(),
            wants: node_type.clone(),
        }),
        Some(_) | None => Ok(()),
    }
}

/// Whether data of this size have room on nodes of this type, as far as that is known.
pub(super) fn fits(
    node_type: &NodeType,
    needs: Share,
    catalog: &Catalog,
) -> Result<(), Unrestorable> {
    match room(node_type, catalog) {
        Some(has) if has < needs.size => {
            Err(Unrestorable::WouldNotFit { node_type: node_type.clone(), needs, has })
        }
        Some(_) | None => Ok(()),
    }
}

/// The memory that a type has for data, under the usual reserve (facts 4.2). How much goes onto SSD, nobody tells.
pub(super) fn room(node_type: &NodeType, catalog: &Catalog) -> Option<Bytes> {
    catalog.find(node_type).filter(|it| !it.data_tiering).map(|it| it.usable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{SavedShard, sample};

    #[track_caller]
    fn check(change: impl FnOnce(&mut SnapshotView), runs: &str, node_type: &str, expected: &str) {
        let mut snapshot = sample::snapshot("orders", sample::TICK);
        change(&mut snapshot);
        let node_type = NodeType::parse(node_type).unwrap();
        let target = Target {
            release: runs.parse().unwrap(),
            node_type: &node_type,
            data_tiering: node_type.family().ends_with("gd"),
            shape: Shape::Single { nodes: 1 },
        };
        let catalog = Catalog::embedded();
        let said = match against::<()>(&snapshot.name, Some(&snapshot), target, catalog) {
            None => "may be made".to_owned(),
            Some(Next::Wait(wait)) => format!("waits for {}", wait.on),
            Some(Next::Refuse(whys)) => {
                whys.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
            }
            Some(Next::Do(()) | Next::Settled) => unreachable!("it takes no step"),
        };
        assert_eq!(said, expected);
    }

    const SMALL: &str = "cache.t4g.small";
    const NAME: &str = "orders-daily-202601020304";

    #[test]
    fn what_reads_and_holds_it_may_be_made_of_it() {
        for runs in ["7.1", "valkey 7.2", "valkey 8.1"] {
            check(|_| {}, runs, SMALL, "may be made");
        }
        check(|it| it.engine_version = "6.2.6".to_owned(), "7.0", SMALL, "may be made");
        check(|it| it.size = None, "7.1", SMALL, "may be made");
        let tiered = |it: &mut SnapshotView| {
            it.node_type = NodeType::parse("cache.r6gd.xlarge").ok();
            it.size = Some(Bytes(1 << 40));
        };
        check(tiered, "7.1", "cache.r6gd.2xlarge", "may be made");
    }

    #[test]
    fn all_that_speaks_against_it_is_told_at_once() {
        let spoilt = |it: &mut SnapshotView| {
            it.status = SnapshotStatus::Failed;
            it.engine = "valkey".to_owned();
            it.shards = vec![SavedShard::default(); 3];
            it.node_type = NodeType::parse("cache.r6gd.xlarge").ok();
            it.size = Some(Bytes(3 << 30));
        };
        let expected = format!(
            "the snapshot {NAME} is failed; the snapshot {NAME} has 3 shards, and the new group would have one; the snapshot {NAME} is of valkey, its group would run redis; the snapshot {NAME} keeps cold keys on SSD, as cache.r6gd.xlarge does and {SMALL} does not; the data take 3.0 GiB, {SMALL} has 1.0 GiB for them"
        );
        check(spoilt, "7.1", SMALL, &expected);
    }

    #[test]
    fn one_shard_alone_is_known_by_its_slots() {
        let lone = |it: &mut SnapshotView| {
            it.group = Some("orders".to_owned());
            it.shards = vec![SavedShard { size: None, slots: vec![(0, 16383)] }];
        };
        let expected = format!(
            "the snapshot {NAME} is of a group with cluster mode enabled, which the new group would not have"
        );
        check(lone, "7.1", SMALL, &expected);
        // By its group alone it may be of one without.
        check(|it| it.group = Some("orders".to_owned()), "7.1", SMALL, "may be made");
    }

    #[test]
    fn a_newer_version_of_the_same_engine_is_not_read() {
        let expected = format!(
            "the snapshot {NAME} is of version 7.1.0, newer than 7.0, which the new group would run"
        );
        check(|_| {}, "7.0", SMALL, &expected);
    }

    #[test]
    fn what_is_in_use_is_waited_for_where_nothing_speaks_against_it() {
        let busy = |it: &mut SnapshotView| it.status = SnapshotStatus::Restoring;
        check(busy, "7.1", SMALL, &format!("waits for the snapshot {NAME} to finish"));
        let newer = |it: &mut SnapshotView| {
            it.status = SnapshotStatus::Restoring;
            it.engine_version = "7.2.4".to_owned();
        };
        let expected = format!(
            "the snapshot {NAME} is of version 7.2.4, newer than 7.1, which the new group would run"
        );
        check(newer, "7.1", SMALL, &expected);
    }

    #[test]
    fn one_that_is_not_there_is_named() {
        let node_type = NodeType::parse(SMALL).unwrap();
        let target = Target {
            release: "7.1".parse().unwrap(),
            node_type: &node_type,
            data_tiering: false,
            shape: Shape::Single { nodes: 1 },
        };
        let said = against::<()>("nightly", None, target, Catalog::embedded());
        assert_eq!(
            said,
            Some(Next::Refuse(vec![
                Unrestorable::NoSnapshot { snapshot: "nightly".to_owned() }.into()
            ]))
        );
    }
}
