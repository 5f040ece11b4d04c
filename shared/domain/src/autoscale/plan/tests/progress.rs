use super::*;

#[test]
fn a_busy_group_is_waited_for() {
    check(
        orders().short_of_memory().status(GroupStatus::Modifying),
        "Wait: a modification to finish",
    );
    check(
        orders().short_of_memory().status(GroupStatus::Snapshotting),
        "Wait: a snapshot to finish",
    );
    check(
        orders().short_of_memory().status(GroupStatus::Creating),
        "Wait: the group to be created",
    );
    check(orders().status(GroupStatus::Deleting), "Refuse: the group is deleting");
    check(orders().status(GroupStatus::CreateFailed), "Refuse: the group is create-failed");
    check(
        orders().status(GroupStatus::Strange("merging".to_owned())),
        "Refuse: the group is merging",
    );
    let mut member = orders().short_of_memory();
    member.group().members[1].status = "rebooting cluster nodes".to_owned();
    check(member, "Wait: the member orders-002");
    let mut token = orders().short_of_memory();
    token.group().token_change = Some("ROTATING".to_owned());
    check(token, "Wait: an AUTH token change to be applied");
    check(
        orders().short_of_memory().status(GroupStatus::Available),
        "Wait: the group to be free again",
    );
}

#[test]
fn a_busy_group_is_waited_for_only_where_it_is_known_to_be_ours() {
    let statuses = [
        GroupStatus::Available,
        GroupStatus::Creating,
        GroupStatus::Modifying,
        GroupStatus::Snapshotting,
        GroupStatus::Deleting,
        GroupStatus::CreateFailed,
        GroupStatus::Strange("merging".to_owned()),
    ];
    for status in statuses {
        let mut unasked = orders().status(status.clone());
        unasked.0.listed = None;
        check(unasked, "Ask: ListedTags");
        let mut foreign = orders().status(status.clone());
        foreign.0.listed = Some(Tags::new());
        check(foreign, "Refuse: the group has no cachewarden:autoscale tag");
        check(
            orders().tagged(tag::AUTOSCALE, "off").status(status),
            "Refuse: autoscaling of the group is off",
        );
    }
    let mut foreign = orders();
    foreign.group().tags = Some(Tags::new());
    foreign.group().members[1].status = "modifying".to_owned();
    check(foreign, "Refuse: the group has no cachewarden:autoscale tag");
    check(
        orders().tagged(tag::AUTOSCALE, "always").status(GroupStatus::Modifying),
        "Wait: a modification to finish",
    );
    check(
        under_way("replicas=2 from 1", "2026-01-02T11:59:58Z")
            .tagged(tag::AUTOSCALE, "off")
            .status(GroupStatus::Modifying),
        "Wait: a modification to finish",
    );
}

#[test]
fn a_change_that_waits_for_the_maintenance_window_is_not_carried_out_by_ours() {
    let mut view = orders().short_of_memory();
    view.group().members[0].pending_node_type = Some(node_type("cache.t4g.medium"));
    check(
        view,
        "Refuse: a change to cache.t4g.medium waits for the maintenance window, and any change now would carry it out; apply or revert it to go on",
    );
    let upgrade = "Refuse: a change to engine version 7.2 waits for the maintenance window, and any change now would carry it out; apply or revert it to go on";
    let mut view = orders().short_of_memory();
    view.group().members[1].pending_engine_version = Some("7.2".to_owned());
    check(view, upgrade);
    let mut begun = under_way("replicas=2 from 1", "2026-01-02T11:59:58Z");
    begun.group().members[1].pending_engine_version = Some("7.2".to_owned());
    check(begun, upgrade);
    let mut ours =
        under_way("node-type=cache.t4g.small from cache.t4g.micro", "2026-01-02T11:59:58Z");
    ours.group().members[1].pending_node_type = Some(node_type("cache.t4g.small"));
    check(ours, "Repeat: node-type=cache.t4g.small");
}

#[test]
fn what_another_function_asked_for_is_left_to_it() {
    let asked = |at: &str| {
        orders()
            .short_of_memory()
            .tagged(tag::ASKED, &format!("node-type=cache.t4g.medium at {at}"))
    };
    check(
        asked("2026-01-02T11:58:00Z"),
        "Refuse: somebody else asked for node-type=cache.t4g.medium at 2026-01-02T11:58:00Z, which is not there yet",
    );
    check(
        asked("2026-01-02T11:00:00Z"),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90",
    );
}

fn under_way(change: &str, at: &str) -> View {
    orders().short_of_memory().tagged(tag::AUTOSCALE_CHANGE, &format!("{change} at {at} for x"))
}

#[test]
fn what_is_noted_is_done() {
    check(
        under_way("node-type=cache.t4g.small from cache.t4g.micro", "2026-01-02T12:00:00Z"),
        "Repeat: node-type=cache.t4g.small",
    );
    check(under_way("replicas=2 from 1", "2026-01-02T11:59:58Z"), "Repeat: replicas=2");
    check(
        under_way("replicas=1 from 2", "2026-01-02T11:59:58Z").member("003", Role::Replica),
        "Repeat: replicas=1",
    );
}

#[test]
fn a_note_that_the_policy_of_now_does_not_allow_is_taken_away() {
    const AT: &str = "2026-01-02T11:59:58Z";
    let grown = || under_way("node-type=cache.t4g.small from cache.t4g.micro", AT);
    let shrunk = || {
        under_way("node-type=cache.t4g.micro from cache.t4g.small", AT).of_type("cache.t4g.small")
    };
    let fewer = || under_way("replicas=1 from 2", AT).member("003", Role::Replica);
    let more = || under_way("replicas=2 from 1", AT);

    check(grown().tagged(tag::AUTOSCALE, "up-only"), "Repeat: node-type=cache.t4g.small");
    check(grown().tagged(tag::AUTOSCALE, "recommend"), "Forget: node-type=cache.t4g.small");
    check(
        grown().tagged(tag::AUTOSCALE_MAX_NODE_TYPE, "cache.t4g.micro"),
        "Forget: node-type=cache.t4g.small",
    );
    check(shrunk(), "Repeat: node-type=cache.t4g.micro");
    check(shrunk().tagged(tag::AUTOSCALE, "up-only"), "Forget: node-type=cache.t4g.micro");
    check(fewer().tagged(tag::AUTOSCALE, "up-only"), "Forget: replicas=1");
    check(fewer().tagged(tag::AUTOSCALE_MIN_REPLICAS, "2"), "Forget: replicas=1");
    check(under_way("replicas=0 from 1", AT), "Forget: replicas=0");
    check(more().tagged(tag::AUTOSCALE, "up-only"), "Repeat: replicas=2");
    check(more().tagged(tag::AUTOSCALE_MAX_REPLICAS, "1"), "Forget: replicas=2");
}

#[test]
fn a_note_left_by_a_death_is_done_later() {
    check(
        under_way("node-type=cache.t4g.small from cache.t4g.micro", "2026-01-02T11:45:00Z"),
        "Repeat: node-type=cache.t4g.small",
    );
}

#[test]
fn a_note_of_a_policy_that_was_turned_off_is_taken_away() {
    check(
        under_way("replicas=2 from 1", "2026-01-02T11:59:58Z").tagged(tag::AUTOSCALE, "off"),
        "Forget: replicas=2",
    );
}

fn made() -> View {
    under_way("node-type=cache.t4g.small from cache.t4g.micro", "2026-01-02T11:50:00Z")
        .of_type("cache.t4g.small")
}

#[test]
fn available_is_not_done_until_every_member_has_the_value() {
    let mut half = made();
    half.group().members[1].node_type = Some(node_type("cache.t4g.micro"));
    check(half, "Repeat: node-type=cache.t4g.small");
}

#[test]
fn a_made_change_is_followed_by_its_alarms_its_time_and_its_news() {
    let mut wrong = made();
    wrong.0.alarms = Some(alarm::Upkeep {
        put: alarm::wanted(
            &GroupId::parse("orders").unwrap(),
            &[MemberId::parse("orders-002").unwrap()],
            None,
        ),
        delete: vec!["orders/cpu-2".to_owned()],
        ..alarm::Upkeep::default()
    });
    check(wrong, "PutAlarms: 5");
    let mut orphans = made();
    orphans.0.alarms =
        Some(alarm::Upkeep { delete: vec!["orders/cpu-2".to_owned()], ..Default::default() });
    check(orphans, "DeleteAlarms: orders/cpu-2");
    let mut theirs = made();
    theirs.0.alarms =
        Some(alarm::Upkeep { foreign: vec!["orders/cpu".to_owned()], ..Default::default() });
    check(theirs, "NoteChanged: 2026-01-02T12:00:00Z, up 2026-01-02T12:00:00Z");
    check(made(), "NoteChanged: 2026-01-02T12:00:00Z, up 2026-01-02T12:00:00Z");
    check(
        made().tagged(tag::CHANGED, "2026-01-02T11:59:59Z"),
        "Conclude: node-type=cache.t4g.small $23.36 -> $46.72",
    );
}

#[test]
fn a_change_that_elasticache_dropped_is_not_tried_in_a_circle() {
    let dropped = |at| {
        let mut view = under_way("node-type=cache.t4g.small from cache.t4g.micro", at);
        view.0.events = Some(vec![
            "Failed applying modification to cache node type to cache.t4g.small.".to_owned(),
        ]);
        view
    };
    let failure = r#"NoteFailure: node-type=cache.t4g.small ["Failed applying modification to cache node type to cache.t4g.small."]"#;
    check(dropped("2026-01-02T11:58:00Z"), failure);
    check(
        dropped("2026-01-02T11:58:00Z")
            .tagged(tag::AUTOSCALE_FAILED, "node-type=cache.t4g.small at 2026-01-02T12:00:00Z"),
        "Forget: node-type=cache.t4g.small",
    );
    let failed = |at: &str| {
        let what = format!("node-type=cache.t4g.small at {at}");
        orders().short_of_memory().tagged(tag::AUTOSCALE_FAILED, &what)
    };
    check(
        failed("2026-01-02T11:30:00Z"),
        "Begin: node-type=cache.t4g.medium from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90",
    );
    check(
        failed("2026-01-02T11:30:00Z").tagged(tag::AUTOSCALE_MAX_NODE_TYPE, "cache.t4g.small"),
        "Refuse: not growing although DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90: already at the ceiling, cache.t4g.small; raise cachewarden:autoscale-max-node-type to go on; cache.t4g.small: did not take the last time; replicas are 1 of 5",
    );
    check(
        failed("2026-01-02T11:00:00Z"),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90",
    );
}

#[test]
fn replicas_that_did_not_take_are_not_tried_in_a_circle() {
    check(
        orders()
            .busy_with_reads()
            .tagged(tag::AUTOSCALE_FAILED, "replicas=2 at 2026-01-02T08:00:00Z times 2"),
        "Refuse: replicas=2 did not take the last time; not tried again before 2026-01-02T14:00:00Z",
    );
}

#[test]
fn where_one_change_was_denied_no_other_is_tried() {
    let denied = "node-type=cache.t4g.small at 2026-01-02T11:30:00Z denied";
    check(
        orders().short_of_memory().tagged(tag::AUTOSCALE_FAILED, denied),
        "Refuse: node-type=cache.t4g.small was denied the last time; not tried again before 2026-01-02T12:30:00Z",
    );
}

#[test]
fn a_change_that_is_dropped_without_a_word_is_given_up_in_the_end() {
    let silent = |at| under_way("replicas=2 from 1", at);
    check(silent("2026-01-02T11:41:00Z"), "Repeat: replicas=2");
    check(silent("2026-01-02T11:39:00Z"), "Wait: a modification to finish");
    check(silent("2026-01-02T11:38:00Z"), "NoteFailure: replicas=2 []");
}

#[test]
fn nothing_is_asked_that_the_decision_does_not_turn_on() {
    let unasked = |mut view: View| {
        view.0.load = None;
        view.0.allowed = None;
        view.0.events = None;
        view.0.alarms = None;
        view
    };
    check(unasked(orders()), "Ask: Load");
    check(unasked(orders().status(GroupStatus::Modifying)), "Wait: a modification to finish");
    check(
        unasked(orders().tagged(tag::AUTOSCALE, "off")),
        "Refuse: autoscaling of the group is off",
    );
    check(
        unasked(orders().tagged(tag::CHANGED, "2026-01-02T11:59:00Z")),
        "Refuse: the last change is too recent; looks again after 2026-01-02T12:09:00Z",
    );
    check(unasked(under_way("replicas=2 from 1", "2026-01-02T12:00:00Z")), "Repeat: replicas=2");
    let without_types = |mut view: View| {
        view.0.allowed = None;
        view
    };
    check(without_types(orders().short_of_memory()), "Ask: AllowedTypes");
    check(without_types(orders()), "Settled");
    check(
        without_types(orders().busy_with_reads()),
        "Begin: replicas=2 from 1 at 2026-01-02T12:00:00Z for EngineCPUUtilization of orders-002 at 88.0 percent - the limit is 80",
    );
}

const JUDGED: &str = "replicas=2 from 1 asked 2026-01-02T10:30:00Z at 2026-01-02T10:45:00Z";

#[test]
fn what_came_of_a_change_is_looked_at_an_hour_after_it() {
    let three =
        || orders().member("003", Role::Replica).cool().tagged(tag::AUTOSCALE_MIN_REPLICAS, "2");
    check(
        three().tagged(tag::AUTOSCALE_WATCH, JUDGED),
        "Judge: replicas=2: in the hour before, the busiest engine was at 40 percent and the memory at 50; in the hour since, at 40 and 50; a command takes as much of it as before, with 32000 of them a second then and 32000 since",
    );
    let soon = "replicas=2 from 1 asked 2026-01-02T10:50:00Z at 2026-01-02T11:00:01Z";
    check(three().tagged(tag::AUTOSCALE_WATCH, soon), "Settled");
    let mut unread = three().tagged(tag::AUTOSCALE_WATCH, JUDGED);
    unread.0.load = None;
    check(unread, "Ask: Load");
}

#[test]
fn what_came_of_a_node_type_that_may_be_had_no_longer_is_looked_at_too() {
    let small = orders().of_type("cache.t4g.small");
    let small = small.tagged(tag::AUTOSCALE_NODE_TYPES, "cache.t4g.medium").tagged(
        tag::AUTOSCALE_WATCH,
        "node-type=cache.t4g.small from cache.t4g.micro asked 2026-01-02T10:30:00Z at 2026-01-02T10:45:00Z",
    );
    check(
        small.idle(200_000_000.0),
        "Judge: node-type=cache.t4g.small: in the hour before, the busiest engine was at 6 percent and the memory at 50; in the hour since, at 6 and 50",
    );
}

#[test]
fn what_is_hot_does_not_wait_for_a_look_back() {
    let full = orders().member("003", Role::Replica).cool().short_of_memory();
    check(
        full.tagged(tag::AUTOSCALE_WATCH, JUDGED),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90",
    );
}

#[test]
fn a_look_back_comes_also_where_nothing_may_be_changed() {
    let advised = orders().member("003", Role::Replica).cool();
    let advised = advised.tagged(tag::AUTOSCALE, "recommend").tagged(tag::AUTOSCALE_WATCH, JUDGED);
    let verdict = decide(Catalog::embedded(), &advised.seen(), now());
    let Verdict::Plan(Next::Do(step)) = verdict else { panic!("{verdict:?}") };
    assert!(matches!(step.act, Act::Judge(_)), "{step:?}");
}

#[test]
fn what_somebody_changed_again_is_not_judged() {
    check(orders().tagged(tag::AUTOSCALE_WATCH, JUDGED), "Judge: replicas=2: gone");
}

#[test]
fn a_look_back_reads_whether_data_may_go() {
    let mut shrunk = orders().of_type("cache.t4g.small").cool().tagged(
        tag::AUTOSCALE_WATCH,
        "node-type=cache.t4g.small from cache.t4g.medium asked 2026-01-02T10:30:00Z at 2026-01-02T10:45:00Z",
    );
    shrunk.group().members[0].parameter_group = Some("theirs".to_owned());
    shrunk.0.parameters = None;
    check(shrunk, "Ask: Parameters(\"theirs\")");
}
