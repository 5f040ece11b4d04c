//! Tables: what is seen of the groups, and where an update leads from there.

use super::super::parse::tests::spec;
use super::super::plan::tests::{NOW, Scene, at as time};
use super::super::{Around, Keep, Source};
use super::*;
use crate::{NodeType, tag};

const ID: &str = "orders-redis-production";
const SECOND: &str = "orders-redis-production-r2";
const WITH_DATA: (&str, &str) = ("Replacement", "with-data");
const WITHOUT_DATA: (&str, &str) = ("Replacement", "without-data");
const REFUSE: (&str, &str) = ("Replacement", "refuse");
const PLAIN: (&str, &str) = ("EnableEncryptionAtRest", "false");

fn id(text: &str) -> GroupId {
    GroupId::parse(text).unwrap()
}

fn snapshot() -> SnapshotName {
    name::transfer(&id(ID), "request-1").unwrap()
}

/// What the stack states now, and the cache as it stated it before.
fn scene(now: &[(&str, &str)]) -> (Wanted, GroupView) {
    let before = Scene::stated(&[]);
    let mut wanted = Scene::stated(now).wanted;
    wanted.before = Some(Box::new(spec(&[])));
    wanted.keep = Keep { node_type: true, nodes: true, shards: true, version: true };
    (wanted, before.seen.group.unwrap())
}

fn said(road: &Road) -> String {
    match road {
        Road::Stay => "stay".to_owned(),
        Road::Over(to) => format!("over to {to}"),
        Road::Back(to) => format!("back to {to}"),
        Road::Wait(wait) => format!("wait for {}", wait.on),
        Road::Refuse(refusal) => format!("refuse: {refusal}"),
    }
}

#[track_caller]
fn check(now: &[(&str, &str)], change: impl FnOnce(&mut GroupView), expected: &str) {
    let (wanted, mut group) = scene(now);
    change(&mut group);
    let physical = group.id.clone();
    let sight = Sight { group: Some(group), prior: None };
    let said = said(&road(&wanted, &physical, &sight, time(NOW)));
    assert!(said.starts_with(expected), "{said}\ndoes not start with\n{expected}");
}

fn tag_it(group: &mut GroupView, key: &str, value: &str) {
    group.tags.as_mut().unwrap().insert(key.to_owned(), value.to_owned());
}

#[test]
fn only_what_cannot_change_and_may_be_replaced_leads_to_another_group() {
    check(&[WITH_DATA], |_| {}, "stay");
    check(&[WITH_DATA, ("RedisNodeType", "cache.m7g.large")], |_| {}, "stay");
    let refused = "refuse: EnableEncryptionAtRest is true on the running cache";
    check(&[PLAIN, REFUSE], |_| {}, refused);
    check(&[PLAIN], |_| {}, "over to orders-redis-production-r2");
    check(&[PLAIN, WITH_DATA], |_| {}, "over to orders-redis-production-r2");
    check(&[("NetworkType", "dual_stack"), WITH_DATA], |_| {}, "over to");
    check(&[("EnableAuthToken", "false"), WITH_DATA], |_| {}, "over to");
    check(&[("ReplicationGroupId", "other"), WITH_DATA], |_| {}, "over to other");
    check(&[("ReplicationGroupId", "other")], |_| {}, "refuse: ReplicationGroupId is orders-");
    check(&[("ProjectName", "shop"), WITH_DATA], |_| {}, "over to shop-redis-production");
}

#[test]
fn what_no_snapshot_carries_is_refused_all_the_same() {
    let stated = [PLAIN, WITH_DATA];
    check(
        &stated,
        |it| it.cluster_enabled = true,
        "refuse: EnableEncryptionAtRest is true on the running cache and false in the template; ClusterMode is enabled",
    );
    check(&stated, |it| it.data_tiering = true, "refuse: EnableEncryptionAtRest");
    check(
        &[PLAIN, WITH_DATA, ("SnapshotName", "nightly")],
        |_| {},
        "refuse: EnableEncryptionAtRest is true on the running cache and false in the template; SnapshotName is nothing",
    );
    let own_id = ("ReplicationGroupId", ID);
    check(
        &[PLAIN, WITH_DATA, own_id],
        |_| {},
        "refuse: EnableEncryptionAtRest is true on the running cache and false in the template; that cannot change on a running cache, and the one that would take its place cannot have the id",
    );
    check(
        &stated,
        |it| tag_it(it, tag::DELETION_PROTECTION, "on"),
        "refuse: the replication group orders-redis-production is protected from deletion",
    );
    let (mut wanted, group) = scene(&[PLAIN, WITH_DATA, ("RedisEngineVersion", "7.0")]);
    wanted.keep.version = false;
    let sight = Sight { group: Some(group), prior: None };
    let said = said(&road(&wanted, &id(ID), &sight, time(NOW)));
    assert!(said.starts_with("refuse: RedisEngineVersion 7.0 is older than 7.1.0"), "{said}");
}

#[test]
fn without_its_keys_even_what_no_snapshot_carries_leads_to_another_group() {
    let stated = [PLAIN, WITHOUT_DATA];
    let second = "over to orders-redis-production-r2";
    check(&[WITHOUT_DATA], |_| {}, "stay");
    check(&stated, |_| {}, second);
    check(&[WITHOUT_DATA], |it| it.cluster_enabled = true, second);
    check(&[WITHOUT_DATA], |it| it.data_tiering = true, second);
    check(&[PLAIN, WITHOUT_DATA, ("SnapshotName", "nightly")], |_| {}, second);
    // Keys of today are not given up for those of a snapshot by its name alone.
    check(&[WITHOUT_DATA, ("SnapshotName", "nightly")], |_| {}, "stay");
    check(
        &stated,
        |it| tag_it(it, tag::DELETION_PROTECTION, "on"),
        "refuse: the replication group orders-redis-production is protected from deletion",
    );
}

#[test]
fn a_group_without_the_keys_of_the_old_one_is_filled_as_the_stack_states() {
    let source = |now: &[(&str, &str)]| {
        let (wanted, group) = scene(now);
        let moved = moved(&wanted, &group, &id(SECOND), &snapshot());
        let marked =
            Tags::from([(tag::REPLACES.to_owned(), moved.replaces.clone().unwrap().to_string())]);
        assert!(tag::is_legal_value(&marked[tag::REPLACES]));
        assert_eq!(Replaced::read(&marked), moved.replaces);
        moved.source()
    };
    assert_eq!(source(&[PLAIN, WITHOUT_DATA]), None);
    let nightly = ("SnapshotName", "nightly");
    let stated = Some(Source::Snapshot("nightly".to_owned()));
    assert_eq!(source(&[PLAIN, WITHOUT_DATA, nightly]), stated);
    let carried = Some(Source::Snapshot(snapshot().to_string()));
    assert_eq!(source(&[PLAIN, WITH_DATA, nightly]), carried);
}

#[test]
fn a_group_that_is_busy_gone_or_somebody_elses_is_not_left() {
    let stated = [PLAIN, WITH_DATA];
    check(&stated, |it| it.status = GroupStatus::Modifying, "wait for");
    check(&stated, |it| it.status = GroupStatus::Snapshotting, "wait for");
    // What asks for no other group is waited for by the plan.
    check(&[], |it| it.status = GroupStatus::Modifying, "stay");
    check(&[], |it| it.status = GroupStatus::Snapshotting, "stay");
    check(&stated, |it| it.tags = None, "wait for");
    check(&stated, |it| it.status = GroupStatus::CreateFailed, "stay");
    check(&stated, |it| tag_it(it, tag::OWNER, "somebody"), "stay");
    let other = [("ReplicationGroupId", "other"), WITH_DATA];
    check(&other, |it| tag_it(it, tag::OWNER, "somebody"), "refuse: the replication group orders-");
    check(&other, |it| it.status = GroupStatus::CreateFailed, "refuse: the replication group");
    let (wanted, _) = scene(&stated);
    assert_eq!(road(&wanted, &id(ID), &Sight::default(), time(NOW)), Road::Stay);
    let (wanted, _) = scene(&other);
    let gone = said(&road(&wanted, &id(ID), &Sight::default(), time(NOW)));
    assert!(gone.starts_with("refuse: the replication group orders-redis-production is not there"));
}

/// The group that took the other's place stands, the rest of the stack failed, and what stood before is asked for again.
fn taken_back() -> (Wanted, Sight) {
    let (there, prior) = scene(&[PLAIN, WITH_DATA]);
    let (mut wanted, mut prior) = (Scene::stated(&[]).wanted, prior);
    wanted.before = Some(Box::new(there.spec.clone()));
    let mut group = prior.clone();
    group.id = id(SECOND);
    group.description = name::description(&group.id, &wanted.owner);
    group.at_rest_encryption = false;
    for member in &mut group.members {
        member.subnet_group = Some(SECOND.to_owned());
    }
    let replaced = Replaced { group: id(ID), snapshot: snapshot(), with_data: true };
    tag_it(&mut group, tag::REPLACES, &replaced.to_string());
    tag_it(&mut prior, tag::REPLACED_BY, SECOND);
    (wanted, Sight { group: Some(group), prior: Some(prior) })
}

fn prior(sight: &mut Sight) -> &mut GroupView {
    sight.prior.as_mut().unwrap()
}

#[test]
fn the_way_back_is_open_until_the_end_of_the_other_group_is_asked_for() {
    let check = |change: fn(&mut Wanted, &mut Sight), expected: &str| {
        let (mut wanted, mut sight) = taken_back();
        wanted.spec.replacement = Some(Replacement::Refuse);
        change(&mut wanted, &mut sight);
        let said = said(&road(&wanted, &id(SECOND), &sight, time(NOW)));
        assert!(said.starts_with(expected), "{said}\ndoes not start with\n{expected}");
    };
    check(|_, _| {}, "back to orders-redis-production");
    // The stack wants what stands.
    check(|wanted, _| wanted.spec.at_rest = false, "stay");
    let closed = "refuse: EnableEncryptionAtRest is false on the running cache";
    check(|_, sight| drop(prior(sight).tags.as_mut().unwrap().remove(tag::REPLACED_BY)), closed);
    check(|_, sight| sight.prior = None, closed);
    check(
        |_, sight| tag_it(prior(sight), tag::REPLACED_BY, "orders-redis-production-r2 unfinished"),
        closed,
    );
    check(|_, sight| prior(sight).at_rest_encryption = false, closed);
    check(|_, sight| tag_it(prior(sight), tag::OWNER, "somebody"), closed);
    check(|_, sight| prior(sight).status = GroupStatus::Deleting, closed);
    check(|_, sight| prior(sight).status = GroupStatus::Snapshotting, "wait for");
    check(
        |wanted, sight| {
            wanted.spec.replacement = Some(Replacement::WithData);
            sight.prior = None;
        },
        "over to orders-redis-production-r3",
    );
}

#[test]
fn what_others_made_of_the_old_group_goes_along_where_the_stack_did_not_change_it() {
    let (mut wanted, mut group) = scene(&[
        PLAIN,
        WITH_DATA,
        ("PreferredZones", "eu-west-1a,eu-west-1b"),
        ("RedisEngineVersion", "7.0"),
    ]);
    group.node_type = NodeType::parse("cache.m7g.large").ok();
    let third = group.member_ids[0].clone();
    group.member_ids.push(third);
    let there = moved(&wanted, &group, &id(SECOND), &snapshot());
    let spec = &there.spec;
    assert_eq!((spec.id.as_str(), spec.shape.nodes()), (SECOND, 3));
    assert_eq!(
        (spec.node_type.as_str(), spec.version.to_string().as_str()),
        ("cache.m7g.large", "7.1")
    );
    assert_ne!(spec.secret_name, wanted.spec.secret_name);
    assert!(spec.zones.is_empty() && there.before.is_none() && there.creating);
    wanted.keep = Keep::default();
    let there = moved(&wanted, &group, &id(SECOND), &snapshot());
    assert_eq!((there.spec.shape.nodes(), there.spec.node_type.as_str()), (2, "cache.t4g.micro"));
    assert_eq!((there.spec.version.to_string().as_str(), there.spec.zones.len()), ("7.0", 2));
}

#[test]
fn what_stands_where_the_new_group_is_to_come_is_told_apart() {
    let (wanted, group) = scene(&[PLAIN, WITH_DATA]);
    let moved = moved(&wanted, &group, &id(SECOND), &snapshot());
    let free = Seen { around: Some(Around::default()), ..Seen::default() };
    let look = |seen: &Seen| ahead(&moved, seen, &group, time(NOW));
    assert_eq!(look(&free), Ahead::Free);
    let there = |mark: Option<&str>| {
        let mut there = group.clone();
        there.id = id(SECOND);
        there.description = name::description(&there.id, &wanted.owner);
        if let Some(mark) = mark {
            tag_it(&mut there, tag::REPLACES, mark);
        }
        Seen { group: Some(there), ..free.clone() }
    };
    let mark = moved.replaces.as_ref().unwrap().to_string();
    assert_eq!(look(&there(Some(&mark))), Ahead::Ours);
    assert_eq!(look(&there(Some(&format!("{ID} by {ID}-older")))), Ahead::Stale);
    assert!(matches!(look(&there(Some("another by another-move"))), Ahead::Refuse(_)));
    assert!(matches!(look(&there(None)), Ahead::Refuse(_)), "a cache of ours that is no copy");
    let mut busy = there(None);
    busy.group.as_mut().unwrap().tags = None;
    assert!(matches!(look(&busy), Ahead::Wait(_)));
    let mut foreign = there(Some(&mark));
    tag_it(foreign.group.as_mut().unwrap(), tag::OWNER, "somebody");
    assert!(matches!(look(&foreign), Ahead::Refuse(Refusal::Foreign { .. })));
}

#[test]
fn what_a_request_that_failed_has_left_is_known_by_both() {
    let (_, mut group) = scene(&[]);
    assert_eq!(Successor::read(&group), None);
    let counts = |had, has| Progress::Finished(Some(keys::Counts { had, has }));
    for progress in [
        Progress::Unfinished,
        Progress::Counting(time(NOW)),
        Progress::Finished(None),
        counts(Some(12), Some(9)),
        counts(Some(12), None),
        counts(None, None),
    ] {
        let successor = Successor { id: id(SECOND), progress };
        group.tags.as_mut().unwrap().extend(successor.tags());
        assert!(tag::is_legal_value(&successor.to_string()));
        assert_eq!(Successor::read(&group), Some(successor));
    }
    let mut copy = group.clone();
    assert_eq!(is_left_of(&copy, &id(ID)), Some(false), "a cache of ours that is no copy");
    tag_it(&mut copy, tag::REPLACES, &format!("{ID} by {ID}-move"));
    assert_eq!(is_left_of(&copy, &id(ID)), Some(true));
    assert_eq!(is_left_of(&copy, &id("other")), Some(false));
    copy.tags = None;
    assert_eq!(is_left_of(&copy, &id(ID)), None);
    copy.status = GroupStatus::CreateFailed;
    assert_eq!(is_left_of(&copy, &id(ID)), Some(true));
}
