//! What a drill asks for, waits for and refuses, at every view.

use super::*;
use crate::snapshot::record::{Contents, Record};
use crate::snapshot::sample::{self, TICK};
use crate::snapshot::{SavedShard, SnapshotStatus};

const NAME: &str = "orders-daily-202601020304";
const ASKED: &str = "2026-01-02T04:00:00Z";
const NOW: &str = "2026-01-02T04:10:00Z";

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn drill() -> Drill {
    Drill::new(GroupId::parse("orders").unwrap(), NAME, at(ASKED))
}

fn fresh() -> DrillView {
    DrillView {
        snapshot: Some(sample::snapshot("orders", TICK)),
        source: Some(sample::group("orders", 2)),
        ..DrillView::default()
    }
}

/// The same, after its cost was counted.
fn charged() -> DrillView {
    let mut view = fresh();
    let tags = tags_of(view.source.as_mut());
    let bill = Bill::with(tags, Dollars(320), at(ASKED));
    tags.extend(bill.tags());
    view
}

fn tags_of(group: Option<&mut GroupView>) -> &mut Tags {
    group.unwrap().tags.as_mut().unwrap()
}

fn made_plan() -> Plan {
    let Next::Do(DrillStep::Create(plan)) = planned(&charged(), ASKED) else {
        panic!("nothing is to be made");
    };
    *plan
}

/// The group as it is after the creation that the plan asks for.
fn made() -> GroupView {
    sample::made(made_plan(), 1)
}

fn there() -> DrillView {
    DrillView { group: Some(made()), ..charged() }
}

fn counted(keys: u64) -> DrillView {
    let contents = Contents { keys, ..Contents::default() };
    DrillView { counted: Some(Ok(contents)), ..there() }
}

fn recorded(view: DrillView, keys: u64) -> DrillView {
    let record = Record { contents: Contents { keys, ..Contents::default() }, salt: 1 };
    marked(view, record.tags())
}

fn marked(mut view: DrillView, marks: Tags) -> DrillView {
    view.snapshot.as_mut().unwrap().tags.as_mut().unwrap().extend(marks);
    view
}

fn verified(time: &str) -> Tags {
    let took = SignedDuration::from_mins(10);
    Verified { at: at(time), keys: 7, took, is_compared: true }.tags()
}

fn failed(time: &str) -> Tags {
    Failed { at: at(time), why: "it has no keys".to_owned() }.tags()
}

fn means(ceiling: Ceiling) -> Means<'static> {
    Means { counts_keys: true, ceiling, catalog: Catalog::embedded() }
}

fn planned(view: &DrillView, now: &str) -> Next<DrillStep, Refusal> {
    drill().plan(view, means(Ceiling::Of(Dollars(100_000))), at(now))
}

fn words(next: Next<DrillStep, Refusal>) -> String {
    match next {
        Next::Settled => "settled".to_owned(),
        Next::Wait(wait) => format!("wait: {}", wait.on),
        Next::Refuse(refusal) => format!("refuse: {refusal}"),
        Next::Do(DrillStep::Charge { tags, .. }) => format!("charge {}", tags[tag::DRILLED]),
        Next::Do(DrillStep::Create(plan)) => format!(
            "create {}: {} {}, {:?}",
            plan.target, plan.shape, plan.node_type, plan.resilience
        ),
        Next::Do(DrillStep::Mark { tags, .. }) => {
            let (key, value) = tags.first_key_value().unwrap();
            format!("mark {key}={value}")
        }
        Next::Do(DrillStep::Delete(group)) => format!("delete {group}"),
    }
}

#[track_caller]
fn check_at(now: &str, view: &DrillView, expected: &str) {
    assert_eq!(words(planned(view, now)), expected);
}

#[track_caller]
fn check(view: &DrillView, expected: &str) {
    check_at(NOW, view, expected);
}

const ID: &str = "orders-drill-7e9b51f3";
const CREATED: &str = "create orders-drill-7e9b51f3: 1 x cache.t4g.micro, None";
const DELETED: &str = "delete orders-drill-7e9b51f3";

#[test]
fn it_is_counted_as_a_cost_and_then_made() {
    assert_eq!(id(&GroupId::parse("orders").unwrap()).unwrap().as_str(), ID);
    check(&fresh(), "charge 2026-01 0.0320 asked 2026-01-02T04:00:00Z");
    check(&charged(), CREATED);
}

#[test]
fn its_group_is_as_closed_as_the_source_and_looked_after_by_nobody_else() {
    let plan = made_plan();
    let said: Vec<_> = plan.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(
        said,
        [
            "cachewarden:alarms=off",
            "cachewarden:drill=orders-daily-202601020304 asked 2026-01-02T04:00:00Z until 2026-01-02T06:00:00Z",
            "cachewarden:group=orders",
            "cachewarden:owner=arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1/Cache/restored/orders-drill-7e9b51f3",
            "team=shop",
        ]
    );
    assert!(plan.tags.values().all(|it| tag::is_legal_value(it)));
    let secret = sample::policy()[tag::SECRET].clone();
    assert_eq!(plan.secret, Some(secret));
    assert!(plan.source.logs.is_empty() && plan.source.snapshot_retention_days == 0);
    assert!(plan.source.members.iter().all(|it| it.notification_topic.is_none()));
    let spent = DrillView { group: Some(made()), ..charged() };
    assert_eq!(Ticket::of(spent.group.as_ref().unwrap()).unwrap().snapshot, NAME);
}

#[test]
fn shards_stay_as_many_with_one_node_each() {
    let mut view = charged();
    view.source.as_mut().unwrap().cluster_enabled = true;
    let snapshot = view.snapshot.as_mut().unwrap();
    snapshot.group = Some("orders".to_owned());
    let shard = |slots| SavedShard { size: Some(Bytes(1 << 20)), slots: vec![slots] };
    snapshot.shards = vec![shard((0, 8191)), shard((8192, 16383))];
    check(&view, "create orders-drill-7e9b51f3: 2 shards of 1 x cache.t4g.micro, Failover");
}

#[test]
fn what_is_not_there_yet_is_waited_for() {
    for (status, expected) in [
        (GroupStatus::Creating, "wait: the restore to finish"),
        (GroupStatus::Modifying, "wait: a modification to finish"),
        (GroupStatus::Snapshotting, "wait: a snapshot to finish"),
        (GroupStatus::Deleting, "wait: the group to be deleted"),
    ] {
        let mut view = there();
        let group = view.group.as_mut().unwrap();
        (group.status, group.tags) = (status, None);
        check(&view, expected);
    }
    let mut view = there();
    view.group.as_mut().unwrap().tags = None;
    check(&view, "wait: the group to be free again");
    let mut view = there();
    view.group.as_mut().unwrap().members[0].status = "creating".to_owned();
    check(&view, &format!("wait: the member {ID}-001"));
    check(&there(), "wait: the metrics to tell how many keys went along");
}

#[test]
fn keys_are_counted_once_the_group_is_there_and_whole_and_not_again() {
    assert!(drill().asks_for_count(&there()));
    assert!(!drill().asks_for_count(&fresh()));
    assert!(!drill().asks_for_count(&marked(there(), verified(NOW))));
    let mut view = there();
    view.group.as_mut().unwrap().members[0].status = "creating".to_owned();
    assert!(!drill().asks_for_count(&view));
}

#[test]
fn what_was_counted_is_held_against_the_record() {
    let mark = "mark cachewarden:verified=2026-01-02T04:10:00Z keys 95 in 600 s";
    check(&recorded(counted(95), 100), mark);
    check(&counted(95), &format!("{mark} without a record"));
    check(
        &recorded(counted(12), 100),
        "mark cachewarden:drill-failed=2026-01-02T04:10:00Z 12 keys where 100 were counted before the snapshot 12 keys are fewer than 90 of the 100 that had no end",
    );
}

#[test]
fn nodes_that_do_not_answer_are_asked_again_for_a_while() {
    let mut view = there();
    view.counted = Some(Err("its name does not resolve".to_owned()));
    check_at("2026-01-02T04:39:59Z", &view, "wait: its nodes to answer: its name does not resolve");
    check_at(
        "2026-01-02T04:40:00Z",
        &view,
        "mark cachewarden:drill-failed=2026-01-02T04:40:00Z its name does not resolve",
    );
}

#[test]
fn a_group_that_is_open_or_could_not_be_made_is_a_failure() {
    let mut open = counted(7);
    open.group.as_mut().unwrap().members[0].security_groups = vec!["sg-default".to_owned()];
    check(
        &open,
        "mark cachewarden:drill-failed=2026-01-02T04:10:00Z the group orders-drill-7e9b51f3 is there but must not be used: security groups is sg-default not sg-1",
    );
    let mut failed = there();
    failed.group.as_mut().unwrap().status = GroupStatus::CreateFailed;
    failed.events = vec!["no capacity".to_owned()];
    check(
        &failed,
        "mark cachewarden:drill-failed=2026-01-02T04:10:00Z the group orders-drill-7e9b51f3 could not be made: ElastiCache says no capacity delete it to use its id again",
    );
}

#[test]
fn its_group_goes_whatever_came_of_it() {
    check(&marked(there(), verified(NOW)), DELETED);
    check(&marked(there(), failed(NOW)), DELETED);
    check(&marked(charged(), verified(NOW)), "settled");
    check(
        &marked(charged(), failed(NOW)),
        "refuse: the snapshot orders-daily-202601020304 did not stand the drill: it has no keys",
    );
    // What came of an earlier one says nothing of this one.
    check(&marked(charged(), verified("2026-01-02T03:59:59Z")), CREATED);
    check(&marked(charged(), failed("2026-01-02T03:59:59Z")), CREATED);
    // The snapshot may have gone meanwhile.
    check(&DrillView { snapshot: None, ..there() }, DELETED);
    check(
        &DrillView { snapshot: None, ..charged() },
        "refuse: there is no snapshot orders-daily-202601020304",
    );
}

#[test]
fn its_group_goes_when_its_time_is_over_and_none_is_made_after() {
    check_at(
        "2026-01-02T06:00:00Z",
        &counted(7),
        "mark cachewarden:drill-failed=2026-01-02T06:00:00Z it was not done by 2026-01-02T06:00:00Z when its group had to go",
    );
    check_at("2026-01-02T08:00:00Z", &counted(7), DELETED);
    let expected = "refuse: the drill was asked for at 2026-01-02T04:00:00Z, and that is too long ago to begin it; ask again";
    check_at("2026-01-02T06:00:00Z", &charged(), expected);
    // Another snapshot's is waited for, and torn down where nobody did.
    let mut other = counted(7);
    let group = other.group.as_mut().unwrap();
    let ticket = Ticket { snapshot: "another".to_owned(), ..Ticket::of(group).unwrap() };
    group.description = ticket.description();
    group.tags.as_mut().unwrap().insert(tag::DRILL.to_owned(), ticket.to_string());
    check(&other, "wait: the group to be deleted");
    check_at("2026-01-02T06:00:00Z", &other, DELETED);
}

#[test]
fn a_group_that_no_drill_made_is_not_touched() {
    let taken = "refuse: the group orders-drill-7e9b51f3 is there, and no drill made it; nothing was touched, rename or delete it to have drills";
    let spoil: [fn(&mut GroupView); 3] = [
        |it| it.description = "somebody's".to_owned(),
        |it| drop(it.tags.as_mut().unwrap().remove(tag::DRILL)),
        |it| drop(it.tags.as_mut().unwrap().remove(tag::OWNER)),
    ];
    for spoil in spoil {
        let mut view = marked(counted(7), verified(NOW));
        spoil(view.group.as_mut().unwrap());
        check(&view, taken);
        check_at("2026-02-02T06:00:00Z", &view, taken);
    }
}

#[test]
fn everything_that_speaks_against_it_is_told_before_it_costs_anything() {
    let mut gone = fresh();
    gone.source = None;
    check(&gone, "refuse: there is no group orders");
    let mut theirs = fresh();
    theirs.snapshot.as_mut().unwrap().status = SnapshotStatus::Failed;
    tags_of(theirs.source.as_mut()).insert(tag::OWNER.to_owned(), "another/Cache".to_owned());
    check(
        &theirs,
        "refuse: the snapshot orders-daily-202601020304 is not one of ours of a group that is there, so a drill would leave its mark on somebody else's; promote it, or restore it; the snapshot orders-daily-202601020304 is failed",
    );
    let mut foreign = fresh();
    foreign.snapshot.as_mut().unwrap().tags = Some(Tags::new());
    assert!(words(planned(&foreign, NOW)).contains("is not one of ours"));
    let mut in_use = fresh();
    in_use.snapshot.as_mut().unwrap().tags = None;
    check(&in_use, "wait: the snapshot orders-daily-202601020304 to finish");
    let mut empty = fresh();
    empty.snapshot.as_mut().unwrap().size = None;
    assert!(words(planned(&empty, NOW)).contains("tells no size"));
    let mut busy = fresh();
    let source = busy.source.as_mut().unwrap();
    (source.status, source.tags) = (GroupStatus::Modifying, None);
    check(&busy, "wait: a modification to finish");
}

#[test]
fn the_drills_of_a_month_cost_no_more_than_they_may() {
    #[track_caller]
    fn check(view: &DrillView, ceiling: &str, expected: &str) {
        let ceiling = Ceiling::parse(ceiling).unwrap();
        assert_eq!(words(drill().plan(view, means(ceiling), at(NOW))), expected);
    }
    let mut view = fresh();
    view.spent_elsewhere = Dollars(5_000);
    let first = Bill::with(&Tags::new(), Dollars(4_700), at("2026-01-01T04:00:00Z"));
    tags_of(view.source.as_mut()).extend(first.tags());
    let added = "charge 2026-01 0.5020 asked 2026-01-02T04:00:00Z";
    check(&view, "1.002", added);
    check(&view, "none", added);
    check(
        &view,
        "1",
        "refuse: the drill may cost $0.03, those of this month may have cost $0.97, and together they may cost $1.00; raise DrillCostCeiling, or wait for the next month",
    );
    // Those of another month are over and done with.
    let last = Bill::with(&Tags::new(), Dollars(99_000), at("2025-12-31T04:00:00Z"));
    tags_of(view.source.as_mut()).extend(last.tags());
    view.spent_elsewhere = Dollars(0);
    check(&view, "0.05", "charge 2026-01 0.0320 asked 2026-01-02T04:00:00Z");
    // What was counted for this one, or for one that was asked for meanwhile, is not counted again.
    check(&charged(), "0.01", CREATED);
    let later = Bill::with(&Tags::new(), Dollars(320), at("2026-01-02T04:00:01Z"));
    tags_of(view.source.as_mut()).extend(later.tags());
    check(&view, "0.01", CREATED);
}

#[test]
fn what_has_no_price_is_made_only_where_it_may_cost_anything() {
    let mut view = fresh();
    let odd = crate::NodeType::parse("cache.z9.huge").ok();
    view.source.as_mut().unwrap().node_type.clone_from(&odd);
    let snapshot = view.snapshot.as_mut().unwrap();
    snapshot.node_type = odd;
    snapshot.size = Some(Bytes(1 << 50));
    snapshot.shards[0].size = snapshot.size;
    assert_eq!(
        words(planned(&view, NOW)),
        "refuse: what cache.z9.huge costs is not known, and the drills of a month may cost $10.00; state it in NodePrices, or set DrillCostCeiling to none"
    );
    let free = drill().plan(&view, means(Ceiling::None), at(NOW));
    assert_eq!(words(free), format!("create {ID}: 1 x cache.z9.huge, None"));
}

#[test]
fn what_could_not_be_counted_is_not_made() {
    let mut users = fresh();
    users.source.as_mut().unwrap().user_groups = vec!["staff".to_owned()];
    check(
        &users,
        "refuse: orders lets in users, and no secret is tagged cachewarden:owner and cachewarden:user with the id of one of them, so that nobody could count the keys; tag the secret that holds the password of one who may read all of them",
    );
    users.users = vec![UserId::parse("app").unwrap()];
    check(&users, "charge 2026-01 0.0320 asked 2026-01-02T04:00:00Z");
    let outside = Means { counts_keys: false, ..means(Ceiling::None) };
    assert_eq!(
        words(drill().plan(&fresh(), outside, at(NOW))),
        "refuse: this function stands outside of the VPC and could not count the keys of a drill; deploy it with PrivateSubnetIds"
    );
}

#[test]
fn what_others_cost_is_asked_only_where_it_could_begin() {
    let asks = |view: &DrillView, now: &str| drill().asks_for_cost(view, at(now));
    assert!(asks(&fresh(), NOW));
    assert!(!asks(&fresh(), "2026-01-02T06:00:00Z"));
    assert!(!asks(&there(), NOW));
    assert!(!asks(&marked(fresh(), verified(NOW)), NOW));
}

#[test]
fn whose_passwords_there_are_is_asked_only_where_one_is_needed() {
    let asks = |view: &DrillView| drill().asks_for_users(view, at(NOW));
    assert!(!asks(&fresh()));
    let [mut open, mut made] = [fresh(), there()];
    for view in [&mut open, &mut made] {
        view.source.as_mut().unwrap().user_groups = vec!["staff".to_owned()];
    }
    assert!(asks(&open));
    assert!(!asks(&made));
}
