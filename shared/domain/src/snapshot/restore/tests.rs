//! What a restore asks for, waits for and refuses.

mod remarks;
mod shards;
mod users;

use super::planned::owner_of_restored;
use super::*;
use crate::Bytes;
use crate::alarm;
use crate::group::{Tls, Toggle};
use crate::snapshot::sample::{self, TICK};
use crate::snapshot::{SavedShard, SnapshotStatus};

fn restore() -> Restore {
    Restore {
        files: Vec::new(),
        manifest: None,
        snapshot: "orders-daily-202601020304".to_owned(),
        target: GroupId::parse("orders-back").unwrap(),
        from: None,
        secret: None,
        node_type: None,
    }
}

fn fresh() -> RestoreView {
    RestoreView {
        snapshot: Some(sample::snapshot("orders", TICK)),
        source: Some(sample::group("orders", 2)),
        ..RestoreView::default()
    }
}

/// The group as it is after the creation that the plan asks for.
fn made() -> GroupView {
    let Next::Do(RestoreStep::Create(plan)) = restore().plan(&fresh(), Catalog::embedded()) else {
        panic!("nothing is to be made");
    };
    sample::made(*plan, 2)
}

fn there() -> RestoreView {
    RestoreView { target: Some(made()), ..fresh() }
}

fn alarms(group: &GroupView) -> Vec<AlarmView> {
    let specs = alarm::wanted(&group.id, &group.member_ids, group.node_type.as_ref());
    specs.iter().map(|it| AlarmView::of(it, &[])).collect()
}

#[track_caller]
fn check_as(restore: &Restore, view: &RestoreView, expected: &str) {
    let said = match restore.plan(view, Catalog::embedded()) {
        Next::Settled => "settled".to_owned(),
        Next::Wait(wait) => format!("wait: {}", wait.on),
        Next::Refuse(refusal) => format!("refuse: {refusal}"),
        Next::Do(RestoreStep::Create(plan)) => format!(
            "create {} from {} like {}: {} {}, {}, {:?}",
            plan.target,
            plan.snapshot,
            plan.source.id,
            plan.shape,
            plan.node_type,
            plan.engine_version,
            plan.resilience
        ),
        Next::Do(RestoreStep::PutAlarms(set)) => format!("put {} alarms", set.specs.len()),
    };
    assert_eq!(said, expected);
}

#[track_caller]
fn check(view: &RestoreView, expected: &str) {
    check_as(&restore(), view, expected);
}

const CREATED: &str = "create orders-back from orders-daily-202601020304 like orders: 2 x cache.t4g.small, 7.1, MultiAz";

#[test]
fn the_new_group_is_like_its_source() {
    check(&fresh(), CREATED);
}

#[test]
fn its_tags_are_the_policies_of_the_source_and_where_it_comes_from() {
    let tags = made().tags.unwrap();
    let said: Vec<_> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(
        said,
        [
            "cachewarden:autoscale=full",
            "cachewarden:group=orders",
            "cachewarden:owner=arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1/Cache/restored/orders-back",
            "cachewarden:restored-from=orders-daily-202601020304",
            "cachewarden:secret=arn:aws:secretsmanager:us-east-1:123456789012:secret:orders-AbCdEf",
            "cachewarden:snapshot-keep=3",
            "team=shop",
        ]
    );
    assert!(tags.values().all(|it| tag::is_legal_value(it)));
    let owner = tags.get(tag::OWNER).unwrap();
    let longest = owner_of_restored(&"a".repeat(256), &made().id);
    assert!(tag::is_legal_value(&longest) && longest.ends_with("/restored/orders-back"), "{owner}");
}

#[test]
fn what_speaks_against_it_is_said_before_anything_is_made() {
    let with = |change: fn(&mut RestoreView)| {
        let mut view = fresh();
        change(&mut view);
        view
    };
    check(&with(|it| it.snapshot = None), "refuse: there is no snapshot orders-daily-202601020304");
    check(
        &with(|it| it.snapshot.as_mut().unwrap().status = SnapshotStatus::Failed),
        "refuse: the snapshot orders-daily-202601020304 is failed",
    );
    check(
        &with(|it| it.source = None),
        "refuse: the group orders is gone, and a snapshot holds neither token, users nor network; name in `from` a group whose settings the new one takes",
    );
    check(
        &with(|it| it.snapshot.as_mut().unwrap().engine = "valkey".to_owned()),
        "refuse: the snapshot orders-daily-202601020304 is of valkey, its group would run redis",
    );
    check(
        &with(|it| it.snapshot.as_mut().unwrap().engine_version = "7.2.4".to_owned()),
        "refuse: the snapshot orders-daily-202601020304 is of version 7.2.4, newer than 7.1.0, which the new group would run",
    );
    check(
        &with(|it| it.snapshot.as_mut().unwrap().shards = vec![SavedShard::default(); 2]),
        "refuse: the snapshot orders-daily-202601020304 is of shards, and orders has cluster mode disabled; name in `from` a group that has it enabled",
    );
    check(
        &with(|it| drop(it.source.as_mut().unwrap().tags.as_mut().unwrap().remove(tag::SECRET))),
        "refuse: orders asks for a token, and has no cachewarden:secret tag; name the secret in `secret`",
    );
    check(
        &with(|it| it.source.as_mut().unwrap().status = GroupStatus::Deleting),
        "refuse: the group orders is deleting",
    );
    check(
        &with(|it| {
            let snapshot = it.snapshot.as_mut().unwrap();
            snapshot.tags = None;
            snapshot.member = None;
        }),
        "refuse: the snapshot orders-daily-202601020304 does not tell its group; name in `from` the group whose settings the new one takes",
    );
}

#[test]
fn a_busy_source_or_snapshot_is_waited_for() {
    let mut view = fresh();
    view.snapshot.as_mut().unwrap().status = SnapshotStatus::Creating;
    check(&view, "wait: the snapshot orders-daily-202601020304 to finish");
    let mut view = fresh();
    let source = view.source.as_mut().unwrap();
    (source.status, source.tags) = (GroupStatus::Snapshotting, None);
    check(&view, "wait: a modification to finish");
}

#[test]
fn data_that_no_longer_fit_get_a_larger_node() {
    let with = |size: u64| {
        let mut view = fresh();
        view.snapshot.as_mut().unwrap().size = Some(Bytes(size));
        view
    };
    // The source was made smaller since.
    let mut shrunk = with(900 << 20);
    shrunk.source.as_mut().unwrap().node_type = Some(NodeType::parse("cache.t4g.micro").unwrap());
    check(&shrunk, CREATED);
    check(&with(2 << 30), &CREATED.replace("small", "medium"));
    check(
        &with(50 << 30),
        "refuse: the data take 50.0 GiB, and no node type of the family has that; name one in `nodeType`",
    );
    let stated =
        Restore { node_type: Some(NodeType::parse("cache.t4g.micro").unwrap()), ..restore() };
    check_as(&stated, &fresh(), &CREATED.replace("small", "micro"));
    check_as(
        &stated,
        &with(2 << 30),
        "refuse: the data take 2.0 GiB, cache.t4g.micro has 384.0 MiB for them",
    );
}

#[test]
fn a_single_node_without_a_token_stays_one() {
    let mut view = fresh();
    let mut source = sample::group("orders", 1);
    (source.auth_token_enabled, source.tls) = (false, Tls::Off);
    source.tags.as_mut().unwrap().remove(tag::SECRET);
    view.source = Some(source);
    check(
        &view,
        "create orders-back from orders-daily-202601020304 like orders: 1 x cache.t4g.small, 7.1, None",
    );
}

#[test]
fn valkey_reads_what_redis_wrote() {
    let mut view = fresh();
    for member in &mut view.source.as_mut().unwrap().members {
        (member.engine, member.engine_version) = ("valkey".to_owned(), "8.0.1".to_owned());
    }
    check(&view, &CREATED.replace("7.1", "8.0"));
}

#[test]
fn an_id_that_is_taken_is_never_touched() {
    let mut view = there();
    view.target = Some(sample::group("orders-back", 2));
    check(
        &view,
        "refuse: the group orders-back is there already: Cachewarden did not restore it; nothing was touched, name another",
    );
    let mut other = made();
    other.description = description("another");
    other.tags.as_mut().unwrap().insert(tag::RESTORED_FROM.to_owned(), "another".to_owned());
    view.target = Some(other);
    check(
        &view,
        "refuse: the group orders-back is there already: restored from another; nothing was touched, name another",
    );
}

#[test]
fn a_group_on_its_way_is_waited_for() {
    let with = |status: &str| {
        let mut view = there();
        let target = view.target.as_mut().unwrap();
        (target.status, target.tags) = (GroupStatus::parse(status), None);
        view.events = vec!["no capacity".to_owned()];
        view
    };
    check(&with("creating"), "wait: the restore to finish");
    check(&with("modifying"), "wait: a modification to finish");
    check(&with("available"), "wait: the group to be free again");
    check(
        &with("create-failed"),
        "refuse: the group orders-back could not be made: ElastiCache says \"no capacity\"; delete it to use its id again",
    );
    check(&with("deleting"), "refuse: the group orders-back is deleting");
    let mut view = there();
    view.target.as_mut().unwrap().members[1].status = "creating".to_owned();
    check(&view, "wait: the member orders-back-002");
}

#[test]
fn it_is_good_only_when_every_value_was_read_back() {
    let spoilt = |spoil: fn(&mut GroupView)| {
        let mut view = there();
        spoil(view.target.as_mut().unwrap());
        view
    };
    let check_differs = |view: &RestoreView, what: &str| {
        check(
            view,
            &format!("refuse: the group orders-back is there but must not be used: {what}"),
        );
    };
    check_differs(&spoilt(|it| it.tls = Tls::Off), "TLS is off, not on");
    check_differs(&spoilt(|it| it.auth_token_enabled = false), "the token is off, not on");
    check_differs(&spoilt(|it| it.at_rest_encryption = false), "encryption at rest is off, not on");
    check_differs(
        &spoilt(|it| it.members[1].security_groups = vec!["sg-default".to_owned()]),
        "security groups is sg-default, not sg-1",
    );
    check_differs(
        &spoilt(|it| it.members[0].parameter_group = Some("default.redis7".to_owned())),
        "the parameter group is default.redis7, not orders-redis7",
    );
    check_differs(
        &spoilt(|it| (it.automatic_failover, it.multi_az) = (Toggle::Disabled, Toggle::Disabled)),
        "failover is off, not on over several zones",
    );
    check_differs(
        &spoilt(|it| {
            it.members.truncate(1);
            it.member_ids.truncate(1);
            it.tls = Tls::Off;
        }),
        "TLS is off, not on, the number of nodes is 1, not 2 or more",
    );
}

#[test]
fn its_members_get_alarms_and_then_it_is_done() {
    let mut view = there();
    let all = alarms(view.target.as_ref().unwrap());
    check(&view, "put 5 alarms");
    view.alarms = all[1..].to_vec();
    check(&view, "put 1 alarms");
    view.alarms = all;
    check(&view, "settled");
}

#[test]
fn a_source_without_alarms_asks_for_none() {
    let mut view = fresh();
    let off = (tag::ALARMS.to_owned(), "off".to_owned());
    view.source.as_mut().unwrap().tags.as_mut().unwrap().extend([off.clone()]);
    let mut target = made();
    target.tags.as_mut().unwrap().extend([off]);
    view.target = Some(target);
    check(&view, "settled");
}

#[test]
fn a_source_that_is_scaled_meanwhile_is_no_difference() {
    let mut view = there();
    view.alarms = alarms(view.target.as_ref().unwrap());
    let source = view.source.as_mut().unwrap();
    *source = sample::group("orders", 4);
    source.node_type = Some(NodeType::parse("cache.t4g.medium").unwrap());
    check(&view, "settled");
}
