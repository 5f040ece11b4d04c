//! Tables: what is left, and the step that takes it away.

use super::super::plan::tests::{NOW, Scene, at, said};
use super::*;
use crate::provision::{Around, name};
use crate::snapshot::park::State;
use crate::snapshot::park::tests::snapshot_of_group;
use crate::snapshot::{Origin, SavedShard};
use crate::{Bytes, MemberId, SnapshotName, Tags};

const LAST: &str = "orders-redis-production-final-1a2b3c4d";

fn farewell() -> Farewell {
    let scene = Scene::stated(&[]);
    Farewell {
        last: SnapshotName::parse(LAST).unwrap(),
        stated: Deletion::default(),
        is_rollback: false,
        is_copy: false,
        group: scene.wanted.spec.id,
        owner: scene.wanted.owner,
        group_is_foreign: false,
    }
}

#[track_caller]
fn check(seen: &Seen, expected: &str) {
    let said = said(plan(&farewell(), seen, at(NOW)));
    assert!(said.starts_with(expected), "{said}\ndoes not start with\n{expected}");
}

fn standing() -> Scene {
    Scene::stated(&[])
}

/// The group is gone, the rest stands.
fn left_over() -> Scene {
    let mut scene = standing();
    scene.seen.group = None;
    scene
}

/// The last snapshot, in this state.
fn last(status: &str, size: Option<u64>) -> SnapshotView {
    SnapshotView {
        name: LAST.to_owned(),
        arn: String::new(),
        status: SnapshotStatus::parse(status),
        origin: Origin::Manual,
        group: None,
        member: Some("orders-redis-production-001".to_owned()),
        taken_at: None,
        size: size.map(Bytes),
        node_type: None,
        engine: "redis".to_owned(),
        engine_version: "7.1.0".to_owned(),
        shards: vec![SavedShard::default()],
        port: None,
        tags: None,
    }
}

fn with_last(status: &str, size: Option<u64>) -> Seen {
    Seen { last: Some(last(status, size)), ..standing().seen }
}

fn tagged(key: &str, value: &str) -> Scene {
    let (key, value) = (key.to_owned(), value.to_owned());
    standing().group(|it| drop(it.tags.as_mut().unwrap().insert(key, value)))
}

#[test]
fn nothing_of_a_group_goes_while_it_is_restored_in_place() {
    let stand_in = GroupId::parse("orders-redis-production-1a2b3c4d").ok();
    for mut scene in [standing(), left_over()] {
        scene.seen.stand_in.clone_from(&stand_in);
        check(&scene.seen, "Wait: the restore in place to finish, during which orders-redis-");
    }
}

#[test]
fn a_group_of_ours_goes_when_its_data_are_seen_to_be_kept() {
    let take = "Do: TakeLast { name: \"orders-redis-production-final-1a2b3c4d\", of: Member(\"orders-redis-production-001\")";
    check(&standing().seen, take);
    let wait = "Wait: the snapshot orders-redis-production-final-1a2b3c4d to finish";
    check(&with_last("creating", None), wait);
    for whole in ["available", "restoring", "copying"] {
        check(&with_last(whole, Some(3 << 20)), "Do: Group");
    }
    // An empty cache has a snapshot all the same.
    check(&with_last("available", Some(0)), "Do: Group");
}

#[test]
fn the_last_snapshot_is_of_the_primary_or_of_any_member() {
    let of = |scene: Scene| match plan(&farewell(), &scene.seen, at(NOW)) {
        Next::Do(Removal::TakeLast { of, tags, .. }) => {
            assert!(farewell().owner.owns(&tags) && !tags.contains_key(tag::TIER));
            format!("{of:?}")
        }
        other @ (Next::Settled | Next::Do(_) | Next::Wait(_) | Next::Refuse(_)) => said(other),
    };
    let promoted = standing().group(|it| {
        it.members[0].role = Some(Role::Replica);
        it.members[1].role = Some(Role::Primary);
    });
    assert_eq!(of(promoted), "Member(\"orders-redis-production-002\")");
    let untold = standing().group(|it| it.members.iter_mut().for_each(|it| it.role = None));
    assert_eq!(of(untold), "Member(\"orders-redis-production-001\")");
    let sharded = standing().group(|it| it.cluster_enabled = true);
    assert_eq!(of(sharded), "Group(\"orders-redis-production\")");
    let bare = standing().group(|it| {
        it.members.clear();
        it.member_ids.clear();
    });
    assert_eq!(of(bare), "Wait: the group to be free again");
}

#[test]
fn a_group_whose_last_snapshot_is_of_no_use_stays() {
    let stays = |how: &str| {
        format!(
            "Refuse: the last snapshot {LAST} {how}, so the replication group orders-redis-production stays with its data"
        )
    };
    for status in ["failed", "deleting", "exploding"] {
        check(&with_last(status, None), &stays(&format!("is {status}")));
        check(&with_last(status, Some(1)), &stays(&format!("is {status}")));
    }
    check(&with_last("available", None), &stays("is there and tells no size"));
    let mut gone = standing().seen;
    gone.events = vec![format!("orders-redis-production-001: Snapshot failed for '{LAST}'")];
    check(&gone, &stays("failed and is not there any more"));
    // What is said of another one says nothing of this one.
    gone.events = vec!["orders-redis-production-001: Snapshot failed for 'other'".to_owned()];
    check(&gone, "Do: TakeLast");
}

#[test]
fn a_snapshot_of_another_group_holds_nothing_of_this_one() {
    let mut other = with_last("available", Some(1));
    other.last.as_mut().unwrap().member = Some("other-001".to_owned());
    check(
        &other,
        "Refuse: the name of the last snapshot, orders-redis-production-final-1a2b3c4d, is taken by one of other",
    );
    // Its own member may be named otherwise.
    let id = MemberId::parse("other-001").unwrap();
    other.group.as_mut().unwrap().member_ids.push(id);
    check(&other, "Do: Group");
}

#[test]
fn a_protected_group_stays() {
    let protected = "Refuse: the replication group orders-redis-production is protected";
    check(&tagged(tag::DELETION_PROTECTION, "on").seen, protected);
    check(&tagged(tag::DELETION_PROTECTION, "off").seen, "Do: TakeLast");
    check(&tagged(tag::DELETION_PROTECTION, "unfinished").seen, "Do: TakeLast");
    // What could not be made is nothing to protect.
    let carcass = tagged(tag::DELETION_PROTECTION, "on").in_state("create-failed");
    check(&carcass.seen, "Do: Group");
}

#[test]
fn nothing_holds_up_the_rollback_of_a_create() {
    for (key, value) in [(tag::DELETION_PROTECTION, "on"), (tag::DELETION, "Retain")] {
        let stated = Deletion { policy: DeletionPolicy::Retain, protected: true };
        let rollback = Farewell { is_rollback: true, stated, ..farewell() };
        let plan = plan(&rollback, &tagged(key, value).seen, at(NOW));
        assert!(said(plan).starts_with("Do: TakeLast"), "{key}");
    }
}

#[test]
fn a_group_that_is_kept_is_let_go_of_and_all_around_it_stays() {
    let kept = tagged(tag::DELETION, "Retain");
    check(&kept.seen, "Do: Retain { arn:");
    let owner = farewell().owner.to_string();
    let told = kept.group(|it| {
        it.tags.as_mut().unwrap().insert(tag::RETAINED.to_owned(), owner);
    });
    check(&told.seen, "Do: LetGo { arn:");
    let free = told.group(|it| drop(it.tags.as_mut().unwrap().remove(tag::OWNER)));
    check(&free.seen, "Settled");
    assert!(farewell().has_let_go(free.seen.group.as_ref().unwrap()));
    let busy = free.in_state("modifying");
    check(&busy.seen, "Wait: a modification to finish");
    // One that another owner let go of is another's.
    let other = tagged(tag::RETAINED, "other").group(|it| {
        it.tags.as_mut().unwrap().remove(tag::OWNER);
    });
    check(&other.seen, "Do: Alarms");
}

#[test]
fn a_group_that_may_be_thrown_away_goes_at_once() {
    check(&tagged(tag::DELETION, "Delete").seen, "Do: Group");
    let stated = Deletion { policy: DeletionPolicy::Delete, protected: false };
    let stated = Farewell { stated, ..farewell() };
    assert_eq!(said(plan(&stated, &standing().seen, at(NOW))), "Do: Group");
    // The group knows better.
    let kept = tagged(tag::DELETION, "Snapshot");
    assert!(said(plan(&stated, &kept.seen, at(NOW))).starts_with("Do: TakeLast"));
}

#[test]
fn the_last_snapshot_is_looked_at_only_where_it_decides() {
    let turns = |scene: Scene| farewell().turns_on_last(scene.seen.group.as_ref().unwrap());
    assert!(turns(standing()));
    for scene in [
        standing().in_state("snapshotting"),
        standing().in_state("create-failed"),
        tagged(tag::DELETION, "Retain"),
        tagged(tag::DELETION, "Delete"),
        tagged(tag::DELETION_PROTECTION, "on"),
        standing().group(|it| it.tags = Some(Tags::new())),
    ] {
        assert!(!turns(scene));
    }
}

#[test]
fn a_group_that_could_not_be_made_has_no_data() {
    check(&standing().in_state("create-failed").seen, "Do: Group");
}

#[test]
fn a_busy_group_is_waited_for_since_a_delete_would_be_refused() {
    check(&standing().in_state("creating").seen, "Wait: the group to be created");
    check(&standing().in_state("modifying").seen, "Wait: a modification to finish");
    check(&standing().in_state("snapshotting").seen, "Wait: a snapshot to finish");
    check(&standing().in_state("deleting").seen, "Wait: the group to be deleted");
    check(&standing().in_state("migrating").seen, "Refuse: the replication group");
}

#[test]
fn nothing_goes_before_its_owner_is_known() {
    check(&standing().group(|it| it.tags = None).seen, "Wait: the group to be free again");
    let foreign = standing().in_state("creating").group(|it| it.description = "other".to_owned());
    check(&foreign.seen, "Wait: the group to be free again");
}

#[test]
fn somebody_elses_group_stays_and_what_is_ours_beside_it_goes() {
    let foreign = standing().group(|it| it.tags = Some(Tags::new())).around(|it| it.alarms.clear());
    check(&foreign.seen, "Do: ParameterGroup");
    let mut gone = foreign.seen;
    gone.around = Some(Around::default());
    check(&gone, "Settled");
}

#[test]
fn what_stands_around_goes_in_this_order() {
    let mut scene = left_over();
    check(&scene.seen, "Do: Alarms([\"orders-redis-production/cpu\"");
    scene = scene.around(|it| it.alarms.clear());
    check(&scene.seen, "Do: ParameterGroup { name: \"orders-redis-production-redis7\" }");
    scene = scene.around(|it| it.parameter_groups.clear());
    check(&scene.seen, "Do: SubnetGroup");
    scene = scene.around(|it| it.subnet_group = None);
    check(&scene.seen, "Do: Secret");
    check(&scene.clone().around(|it| it.secret.as_mut().unwrap().deleted = true).seen, "Settled");
    check(&scene.around(|it| it.secret = None).seen, "Settled");
}

#[test]
fn a_log_group_goes_when_nothing_else_writes_to_it_and_nobody_holds_it() {
    let mut scene = Scene::stated(&[("SlowLog", "cloudwatch-logs:/orders/slow")]);
    scene.seen.group = None;
    let scene = scene.around(|it| {
        it.alarms.clear();
        it.parameter_groups.clear();
        it.subnet_group = None;
    });
    check(&scene.seen, "Do: LogGroup { name: \"/orders/slow\" }");
    let stays = |change: fn(&mut Around)| check(&scene.clone().around(change).seen, "Do: Secret");
    stays(|it| it.log_groups[0].tags.clear());
    stays(|it| it.log_groups[0].protected = true);
    stays(|it| it.logs_of_others.extend(["/orders/slow".to_owned()]));
}

#[test]
fn what_carries_another_owner_or_another_group_stays() {
    let scene = left_over().around(|it| {
        it.alarms.clear();
        it.parameter_groups[0].tags.clear();
        it.subnet_group.as_mut().unwrap().tags.clear();
        it.secret.as_mut().unwrap().tags.clear();
    });
    check(&scene.seen, "Settled");
    let other = left_over().around(|it| {
        it.alarms.clear();
        it.parameter_groups.clear();
        it.subnet_group = None;
        it.secret.as_mut().unwrap().tags.insert(tag::GROUP.to_owned(), "other".to_owned());
    });
    check(&other.seen, "Settled");
}

#[test]
fn not_there_proves_nothing_while_a_stopped_run_may_still_make_it() {
    let mut scene = left_over();
    scene.seen.others_ended = Some(at("2026-01-02T02:59:00Z"));
    check(&scene.seen, "Wait: the group to be created");
    scene.seen.others_ended = Some(at("2026-01-02T02:57:50Z"));
    check(&scene.seen, "Do: Alarms");
}

#[test]
fn a_group_that_is_known_to_be_foreign_is_not_even_waited_for() {
    let foreign = standing().in_state("creating").around(|it| it.alarms.clear());
    let plan = plan(&Farewell { group_is_foreign: true, ..farewell() }, &foreign.seen, at(NOW));
    assert!(said(plan).starts_with("Do: ParameterGroup"));
    assert!(name::final_snapshot(&farewell().group, "r").is_ok());
}

/// The group is parked with a snapshot in this state, and was as this makes it.
fn parked(was: Scene, state: State) -> (Seen, String) {
    let snapshot = snapshot_of_group(&was.seen.group.unwrap(), "2026-01-01T20:00:00Z", state);
    let name = snapshot.name.clone();
    (left_over().around(|it| it.parked = Some(Box::new(snapshot))).seen, name)
}

#[test]
fn of_a_parked_group_its_snapshot_stays_and_says_so_before_anything_else_goes() {
    let since = at("2026-01-01T20:05:00Z");
    for policy in ["Snapshot", "Delete", "Retain"] {
        let (seen, name) = parked(tagged(tag::DELETION, policy), State::Parked(since));
        check(&seen, &format!("Do: KeepParked {{ name: \"{name}\""));
        assert_eq!(farewell().kept_parked(&seen), None);
    }
    let (seen, name) = parked(standing(), State::Kept(since));
    check(&seen, "Do: Alarms(");
    assert_eq!(farewell().kept_parked(&seen), Some(name));
    let (seen, _) = parked(tagged(tag::DELETION, "Retain"), State::Kept(since));
    check(&seen, "Settled");
    let (seen, _) = parked(tagged(tag::DELETION_PROTECTION, "on"), State::Parked(since));
    check(&seen, "Refuse: the replication group orders-redis-production is protected");
    // One that is back, or another stack's, is nothing to a deletion.
    let (seen, _) = parked(standing(), State::Back(since));
    check(&seen, "Do: Alarms(");
    let (seen, _) = parked(tagged(tag::OWNER, "another/Cache"), State::Parked(since));
    check(&seen, "Do: Alarms(");
}
