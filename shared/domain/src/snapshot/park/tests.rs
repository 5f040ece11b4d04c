use super::*;
use crate::group::Endpoint;
use crate::snapshot::sample;
use crate::{Bytes, Role};

const NIGHT: &str = "2026-01-02T20:00:00Z";
const NAME: &str = "orders-park-202601022000";

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn group() -> GroupView {
    let mut group = sample::group("orders", 2);
    let tags = group.tags.as_mut().unwrap();
    for key in [tag::ASKED, tag::AUTOSCALE_CHANGE] {
        tags.remove(key);
    }
    tags.insert(tag::PARK.to_owned(), NIGHTLY.to_owned());
    group
}

fn tagged(mut group: GroupView, tags: Tags) -> GroupView {
    group.tags.as_mut().unwrap().extend(tags);
    group
}

fn is(mut group: GroupView, status: GroupStatus) -> GroupView {
    if status != GroupStatus::Available {
        group.tags = None;
    }
    group.status = status;
    group
}

/// A park snapshot of a group as it is, taken at this tick and in this state.
pub(crate) fn snapshot_of_group(group: &GroupView, tick: &str, state: State) -> SnapshotView {
    let tags = group.tags.clone().unwrap();
    let mut snapshot = sample::snapshot(group.id.as_str(), tick);
    snapshot.name = snapshot_of(&group.id, at(tick)).unwrap().to_string();
    snapshot.arn = format!("arn:snapshot:{}", snapshot.name);
    let mut all = memory::carried(group, &tags).unwrap();
    all.insert(tag::OWNER.to_owned(), owner(&group.id, &tags));
    all.insert(tag::GROUP.to_owned(), group.id.to_string());
    all.extend(state.tags());
    snapshot.tags = Some(all);
    snapshot
}

fn snapshot_at(tick: &str, state: State) -> SnapshotView {
    snapshot_of_group(&group(), tick, state)
}

fn snapshot(state: State) -> SnapshotView {
    snapshot_at(NIGHT, state)
}

fn as_(status: &str, snapshot: SnapshotView) -> SnapshotView {
    SnapshotView { status: SnapshotStatus::parse(status), ..snapshot }
}

fn subnets(parked: Option<&str>) -> SubnetGroupView {
    let mut tags = Tags::from([(tag::OWNER.to_owned(), owner_of_stack())]);
    tags.extend(parked.map(|it| (tag::PARKED.to_owned(), it.to_owned())));
    SubnetGroupView {
        name: "orders".to_owned(),
        arn: "arn:subnets".to_owned(),
        subnets: Vec::new(),
        tags,
    }
}

fn owner_of_stack() -> String {
    sample::policy()[tag::OWNER].clone()
}

fn parked() -> State {
    State::Parked(at(NIGHT))
}

fn seen(group: GroupView) -> ParkView {
    ParkView { group: Some(group), ..ParkView::default() }
}

fn with(group: GroupView, snapshot: SnapshotView) -> ParkView {
    ParkView { snapshot: Some(snapshot), ..seen(group) }
}

#[track_caller]
fn check_at(now: &str, view: &ParkView, expected: &str) {
    let park = Park::new(GroupId::parse("orders").unwrap(), at(NIGHT)).unwrap();
    let said = match park.plan(view, at(now), Catalog::embedded()) {
        Next::Settled => "settled".to_owned(),
        Next::Wait(wait) => format!("wait: {}", wait.on),
        Next::Refuse(why) => format!("refuse: {why}"),
        Next::Do(ParkStep::Save { name, of: ReadFrom::Member(member), .. }) => {
            format!("save {name} of {member}")
        }
        Next::Do(ParkStep::Save { name, .. }) => format!("save {name}"),
        Next::Do(ParkStep::Note { words, .. }) => words,
        Next::Do(ParkStep::Delete(group)) => format!("delete {group}"),
        Next::Do(ParkStep::DeleteAlarms(names)) => format!("delete alarms {names:?}"),
        Next::Do(ParkStep::Forget(name)) => format!("forget {name}"),
    };
    assert_eq!(said, expected);
}

#[track_caller]
fn check(view: &ParkView, expected: &str) {
    check_at("2026-01-02T20:05:00Z", view, expected);
}

#[test]
fn the_keys_are_saved_first_from_the_replica() {
    check(&seen(group()), "save orders-park-202601022000 of orders-002");
    let creating =
        with(is(group(), GroupStatus::Snapshotting), as_("creating", snapshot(State::Taken)));
    check(&creating, "wait: the snapshot orders-park-202601022000 to finish");
}

#[test]
fn it_is_written_down_on_three_things_that_the_group_goes_and_then_it_goes() {
    check(&with(group(), snapshot(State::Taken)), "noted on the snapshot that the group goes");
    let mut view = with(group(), snapshot(parked()));
    view.subnet_group = Some(subnets(None));
    check(&view, "noted on its subnet group that the group goes");
    view.subnet_group = Some(subnets(Some("orders-park-202601012000")));
    check(&view, "noted on its subnet group that the group goes");
    view.subnet_group = Some(subnets(Some(NAME)));
    check(&view, "noted on it that the group goes");
    view.group = Some(tagged(group(), Place::Goes(NAME.to_owned()).tags()));
    check(&view, "delete orders");
    // Of an adopted group nobody of ours made the subnets.
    view.subnet_group = None;
    check(&view, "delete orders");
    // Who comes back late says so again, so that nobody takes the group for one that stays.
    check_at("2026-01-02T20:30:00Z", &view, "noted on the snapshot that the group goes");
}

#[test]
fn nothing_goes_without_a_snapshot_from_which_it_comes_back() {
    let goes = || tagged(group(), Place::Goes(NAME.to_owned()).tags());
    let empty = SnapshotView { size: None, ..snapshot(parked()) };
    check(
        &with(goes(), empty),
        "refuse: the snapshot orders-park-202601022000 is available but tells no size, so nothing proves that it holds data",
    );
    check(
        &with(goes(), as_("failed", snapshot(parked()))),
        "refuse: the snapshot orders-park-202601022000 is failed",
    );
    let mut silent = snapshot(parked());
    silent.tags = None;
    check(&with(goes(), silent), "wait: the snapshot orders-park-202601022000 to finish");
    let changed = "refuse: orders was changed after orders-park-202601022000 was asked for and would not come back as it is, so it stays; ask again, or the next schedule does";
    let mut poorer = snapshot(parked());
    poorer.tags.as_mut().unwrap().remove("team");
    check(&with(goes(), poorer), changed);
    let mut richer = snapshot(parked());
    richer.tags.as_mut().unwrap().insert("stage".to_owned(), "live".to_owned());
    check(&with(goes(), richer), changed);
    let mut moved = goes();
    moved.members.iter_mut().for_each(|it| it.security_groups = vec!["sg-2".to_owned()]);
    check(&with(moved, snapshot(parked())), changed);
    let huge = SnapshotView { size: Some(Bytes(1 << 50)), ..snapshot(parked()) };
    let Next::Refuse(_) = Park::new(GroupId::parse("orders").unwrap(), at(NIGHT)).unwrap().plan(
        &with(goes(), huge),
        at(NIGHT),
        Catalog::embedded(),
    ) else {
        panic!("it could not come back");
    };
    let mut failed = seen(goes());
    failed.events = vec!["Snapshot orders-park-202601022000 failed".to_owned()];
    check(
        &failed,
        "refuse: the snapshot orders-park-202601022000 was asked for and is not there: ElastiCache says \"Snapshot orders-park-202601022000 failed\"",
    );
}

#[test]
fn when_it_is_gone_its_alarms_go_and_what_was_parked_with_before() {
    let mut view = with(is(group(), GroupStatus::Deleting), snapshot(parked()));
    view.alarms = vec!["orders/cpu".to_owned()];
    check(&view, "delete alarms [\"orders/cpu\"]");
    view.group = None;
    check(&view, "delete alarms [\"orders/cpu\"]");
    view.alarms.clear();
    check(&view, "settled");
    let before = || snapshot_at("2026-01-01T20:00:00Z", State::Back(at("2026-01-02T06:00:00Z")));
    view.others = vec![before()];
    check(&view, "forget orders-park-202601012000");
    let spoil: [fn(&mut SnapshotView); 4] = [
        |it| drop(it.tags.as_mut().unwrap().insert(tag::OWNER.to_owned(), "other".to_owned())),
        |it| it.status = SnapshotStatus::Restoring,
        |it| it.tags.as_mut().unwrap().extend(State::Kept(Timestamp::UNIX_EPOCH).tags()),
        |it| it.name = "orders-park-202701012000".to_owned(),
    ];
    for spoil in spoil {
        let mut other = before();
        spoil(&mut other);
        view.others = vec![other];
        check(&view, "settled");
    }
    // While nothing proves that the newer one is whole, the older one stays.
    view.others = vec![before()];
    view.snapshot = Some(SnapshotView { size: None, ..snapshot(parked()) });
    check(&view, "settled");
}

#[test]
fn a_group_that_is_parked_already_is_settled_and_one_that_is_back_is_not_parked_twice() {
    let view = ParkView {
        others: vec![snapshot_at("2026-01-01T20:00:00Z", parked())],
        ..ParkView::default()
    };
    check(&view, "settled");
    for state in [State::Back(at(NIGHT)), State::Kept(at(NIGHT))] {
        check(&with(group(), snapshot(state)), "settled");
    }
    let again = tagged(group(), Place::Finished(NAME.to_owned()).tags());
    check(&with(again, snapshot(parked())), "settled");
    let last_night = tagged(group(), Place::Finished("orders-park-202601012000".to_owned()).tags());
    check(&seen(last_night), "save orders-park-202601022000 of orders-002");
    check(&ParkView::default(), "refuse: there is no group orders");
    let lost = ParkView { snapshot: Some(snapshot(State::Taken)), ..ParkView::default() };
    check(
        &lost,
        "refuse: somebody deleted orders before it was parked, and it is not brought back; orders-park-202601022000 holds what it had shortly before",
    );
}

#[test]
fn all_that_speaks_against_it_is_told_at_once() {
    let mut spoilt = group();
    let tags = spoilt.tags.as_mut().unwrap();
    for key in [tag::PARK, tag::SECRET] {
        tags.remove(key);
    }
    tags.insert(tag::DELETION_PROTECTION.to_owned(), "on".to_owned());
    tags.insert(tag::ASKED.to_owned(), "shards=3".to_owned());
    spoilt.global_datastore = Some("world".to_owned());
    let mut view = seen(spoilt);
    view.stand_in = GroupId::parse("orders-1a2b3c4d").ok();
    check(
        &view,
        "refuse: orders has no tag cachewarden:park that says nightly, and without it no group is parked; state NightPark for it, or tag it where no stack of ours has made it; orders must not be deleted: its tag cachewarden:deletion-protection says so; set it to off to have it parked; orders is being changed, as its tag cachewarden:asked says: \"shards=3\"; ask again when that is through, or take the tag off where nobody is at it; orders is being restored in place, and orders-1a2b3c4d stands in for it; ask again when that is through; orders is a member of the Global Datastore world, and would not come back as one; orders asks for a token, and has no cachewarden:secret tag; tag it with the ARN of the secret that holds it",
    );
    let mut drilled = seen(group());
    drilled.drill = GroupId::parse("orders-drill-1a2b3c4d").ok();
    check(&drilled, "wait: the drill to finish, whose group is orders-drill-1a2b3c4d");
    check_at(
        "2026-01-03T02:00:00Z",
        &seen(group()),
        "refuse: the snapshot would be one of 2026-01-02T20:00:00Z, and it is not that time; leave out `time` to take one now",
    );
}

#[track_caller]
fn back_at(now: &str, view: &UnparkView, expected: &str) {
    let snapshot = view.snapshot.as_ref().map(|it| it.name.clone());
    let unpark = Unpark { group: GroupId::parse("orders").unwrap(), snapshot };
    let said = match unpark.plan(view, at(now), Catalog::embedded()) {
        Next::Settled => "settled".to_owned(),
        Next::Wait(wait) => format!("wait: {}", wait.on),
        Next::Refuse(why) => format!("refuse: {why}"),
        Next::Do(UnparkStep::Make(plan)) => format!("make {} of {}", plan.target, plan.snapshot),
        Next::Do(UnparkStep::PutAlarms(set)) => format!("{} alarms", set.specs.len()),
        Next::Do(UnparkStep::Finish { tags, .. }) => format!("finish {:?}", tags.values()),
        Next::Do(UnparkStep::Close { tags, .. }) => format!("close {:?}", tags.values()),
        Next::Do(UnparkStep::Bury { group, why }) => format!("bury {group}: {why}"),
    };
    assert_eq!(said, expected);
}

const MORNING: &str = "2026-01-03T06:00:00Z";

#[track_caller]
fn back(view: &UnparkView, expected: &str) {
    back_at(MORNING, view, expected);
}

fn morning(group: Option<GroupView>, state: State) -> UnparkView {
    UnparkView { group, snapshot: Some(snapshot(state)), ..UnparkView::default() }
}

#[test]
fn a_parked_group_is_made_of_its_snapshot_as_it_was() {
    let view = morning(None, parked());
    back(&view, "make orders of orders-park-202601022000");
    let plan = unpark::plan_of(
        &GroupId::parse("orders").unwrap(),
        view.snapshot.as_ref().unwrap(),
        Catalog::embedded(),
    );
    let plan = plan.unwrap();
    let was = group();
    let mut tags = super::super::in_place::mark::kept(was.tags.as_ref().unwrap());
    tags.insert(tag::PARKED.to_owned(), format!("back from {NAME}: unfinished"));
    assert_eq!(plan.tags, tags);
    assert_eq!(plan.description, was.description);
    assert_eq!((plan.shape.nodes(), plan.port), (2, 6379));
    assert_eq!(plan.secret.as_ref(), was.tags.as_ref().unwrap().get(tag::SECRET));
    let members = &plan.source.members;
    assert_eq!(members[0].role, Some(Role::Primary));
    assert_eq!(members[1].parameter_group.as_deref(), Some("orders-redis7"));
    let address = was.primary_endpoint.map(|it: Endpoint| it.to_string());
    assert_eq!(plan.source.primary_endpoint.map(|it| it.to_string()), address);
}

#[test]
fn it_is_back_when_it_was_looked_through_and_that_is_written_down() {
    let mut view = morning(Some(is(group(), GroupStatus::Creating)), parked());
    back(&view, "wait: the restore to finish");
    let there = tagged(group(), Place::Unfinished(NAME.to_owned()).tags());
    view.group = Some(there.clone());
    back(&view, "5 alarms");
    let mut open = there.clone();
    open.auth_token_enabled = false;
    view.group = Some(open);
    back(&view, "refuse: the group orders is there but must not be used: the token is off, not on");
    let mut quiet = there;
    quiet.tags.as_mut().unwrap().insert(tag::ALARMS.to_owned(), "off".to_owned());
    view.group = Some(quiet);
    back(&view, "finish [\"back from orders-park-202601022000: finished\"]");
    view.group = Some(tagged(group(), Place::Finished(NAME.to_owned()).tags()));
    back(&view, "close [\"back at 2026-01-03T06:00:00Z\"]");
    back(&morning(Some(group()), State::Back(at(NIGHT))), "settled");
}

#[test]
fn a_group_that_did_not_go_is_left_once_nobody_has_it_go_any_more() {
    for place in [Tags::new(), Place::Goes(NAME.to_owned()).tags()] {
        let view = morning(Some(tagged(group(), place)), parked());
        back_at(
            "2026-01-02T20:59:59Z",
            &view,
            "wait: the group to be parked with orders-park-202601022000, which is under way",
        );
        back_at("2026-01-02T21:00:00Z", &view, "close [\"back at 2026-01-02T21:00:00Z\"]");
    }
    back(&morning(Some(group()), State::Taken), "settled");
}

#[test]
fn somebody_elses_group_is_not_touched_and_a_carcass_of_ours_is_buried() {
    let mut other = group();
    other.tags.as_mut().unwrap().insert(tag::OWNER.to_owned(), "another/Cache".to_owned());
    let taken = "refuse: a group orders is there that was not made of orders-park-202601022000, and is somebody else's; it was not touched; delete or rename it to have the parked one back, or set the tag cachewarden:parked of the snapshot to taken";
    back(&morning(Some(other), parked()), taken);
    let mut carcass = group();
    carcass.status = GroupStatus::CreateFailed;
    back(&morning(Some(carcass.clone()), parked()), taken);
    let ours = tagged(carcass, Place::Unfinished(NAME.to_owned()).tags());
    let mut view = morning(Some(ours), parked());
    view.events = vec!["no capacity".to_owned()];
    back(
        &view,
        "bury orders: orders could not be made of orders-park-202601022000: ElastiCache says \"no capacity\"; what there was of it is being deleted, the snapshot stays, and the next unpark tries again",
    );
}

#[test]
fn what_cannot_come_back_is_told() {
    back(
        &UnparkView::default(),
        "refuse: there is no group orders, and no snapshot that it was parked with",
    );
    back(&UnparkView { group: Some(group()), ..UnparkView::default() }, "settled");
    back(
        &morning(None, State::Kept(at(NIGHT))),
        "refuse: the stack of orders deleted it while it was parked, and orders-park-202601022000 is the last snapshot of it; make a new one of that with the action restore",
    );
    back(
        &morning(None, State::Taken),
        "refuse: somebody deleted orders before it was parked, and it is not brought back; orders-park-202601022000 holds what it had shortly before",
    );
    back(
        &morning(None, State::Back(at(NIGHT))),
        "refuse: there is no group orders, and no snapshot that it was parked with",
    );
    let mut spoilt = morning(None, parked());
    let tags = spoilt.snapshot.as_mut().unwrap().tags.as_mut().unwrap();
    tags.retain(|key, _| !key.starts_with(tag::PARK_MEMORY));
    back(
        &spoilt,
        "refuse: orders-park-202601022000 does not tell what orders was beside its keys, since somebody changed its tags; make it of that with the action restore, and a group in `from` that it is to be like",
    );
}

#[test]
fn no_policy_prunes_what_a_group_is_parked_with() {
    let prune = super::super::prune::Prune {
        group: GroupId::parse("orders").unwrap(),
        tags: sample::policy(),
    };
    let ours = |day: u8| sample::snapshot("orders", &format!("2026-01-{day:02}T03:00:00Z"));
    let mut snapshots: Vec<_> = (1..9).map(ours).collect();
    snapshots.push(snapshot_at("2026-01-01T20:00:00Z", parked()));
    let view = super::super::prune::PruneView { snapshots, ..Default::default() };
    let sorted = prune.sorted(&view);
    let of_park = sorted.iter().find(|it| it.snapshot.name.contains("-park-")).unwrap();
    assert!(!of_park.is_dropped(), "{}", of_park.verdict);
    assert!(sorted.iter().any(super::super::retention::Sorted::is_dropped));
}
