use jiff::SignedDuration;

use super::*;
use crate::autoscale::{AlarmUpkeep, Sample};
use crate::{GroupId, MemberId, MemberView, Role};

/// A group of the seed, `orders`: two micro nodes, cool, with a full policy.
struct View(LoadView);

fn now() -> Timestamp {
    "2026-01-02T12:00:00Z".parse().unwrap()
}

fn node_type(name: &str) -> NodeType {
    NodeType::parse(name).unwrap()
}

fn orders() -> View {
    let group = GroupView {
        id: GroupId::parse("orders").unwrap(),
        arn: "arn:aws:elasticache:eu-west-1:123456789012:replicationgroup:orders".to_owned(),
        status: GroupStatus::Available,
        node_type: Some(node_type("cache.t4g.micro")),
        description: String::new(),
        cluster_enabled: false,
        automatic_failover: Toggle::Enabled,
        multi_az: Toggle::Enabled,
        transit_encryption: true,
        at_rest_encryption: true,
        auth_token_enabled: true,
        token_change: None,
        snapshot_retention_days: 7,
        snapshot_window: "03:00-05:00".to_owned(),
        auto_minor_version_upgrade: Some(true),
        primary_endpoint: None,
        reader_endpoint: None,
        member_ids: Vec::new(),
        members: Vec::new(),
        node_groups_settled: true,
        tags: Some(Tags::from([
            (tag::AUTOSCALE.to_owned(), "full".to_owned()),
            (tag::OWNER.to_owned(), "stack/Cache".to_owned()),
        ])),
    };
    let view = LoadView {
        group: Some(group),
        load: Some(Load::default()),
        allowed: Some(
            ["cache.m7g.large", "cache.t4g.medium", "cache.t4g.micro", "cache.t4g.small"]
                .map(node_type)
                .to_vec(),
        ),
        events: Some(Vec::new()),
        alarms: Some(AlarmUpkeep::default()),
    };
    View(view).member("001", Role::Primary).member("002", Role::Replica).cool()
}

impl View {
    fn group(&mut self) -> &mut GroupView {
        self.0.group.as_mut().unwrap()
    }

    fn member(mut self, number: &str, role: Role) -> Self {
        let id = MemberId::parse(&format!("orders-{number}")).unwrap();
        let node_type = self.group().node_type.clone();
        self.group().member_ids.push(id.clone());
        self.group().members.push(MemberView {
            id,
            status: "available".to_owned(),
            node_type,
            pending_node_type: None,
            engine: "redis".to_owned(),
            engine_version: "7.1.0".to_owned(),
            parameter_group: None,
            subnet_group: None,
            security_groups: Vec::new(),
            maintenance_window: String::new(),
            notification_topic: None,
            role: Some(role),
            endpoint: None,
            zone: None,
            created_at: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        });
        self
    }

    fn of_type(mut self, name: &str) -> Self {
        let group = self.group();
        group.node_type = Some(node_type(name));
        group.members.iter_mut().for_each(|it| it.node_type = Some(node_type(name)));
        self
    }

    fn tagged(mut self, key: &str, value: &str) -> Self {
        self.group().tags.as_mut().unwrap().insert(key.to_owned(), value.to_owned());
        self
    }

    fn status(mut self, status: GroupStatus) -> Self {
        self.group().status = status;
        self
    }

    /// Sets a metric of a member to one value for every minute of the window.
    fn with(mut self, number: &str, metric: Metric, value: f64) -> Self {
        let member = MemberId::parse(&format!("orders-{number}")).unwrap();
        let samples =
            (1..=15).map(|it| Sample { at: now() - SignedDuration::from_mins(it), value });
        let old = self.0.load.take().unwrap_or_default();
        let mut load = Load::default();
        for it in self.0.group.as_ref().unwrap().member_ids.clone() {
            for kind in Metric::ALL.into_iter().filter(|kind| (&it, *kind) != (&member, metric)) {
                load.insert(&it, kind, old.series(&it, kind).to_vec());
            }
        }
        load.insert(&member, metric, samples.collect());
        self.0.load = Some(load);
        self
    }

    /// Every member at a CPU of 40 % and half full: neither hot nor calm.
    fn cool(mut self) -> Self {
        let numbers: Vec<String> = self
            .group()
            .member_ids
            .iter()
            .map(|it| it.as_str().trim_start_matches("orders-").to_owned())
            .collect();
        for number in numbers {
            self = self
                .with(&number, Metric::Memory, 50.0)
                .with(&number, Metric::UsedBytes, 200_000_000.0)
                .with(&number, Metric::Cpu, 40.0)
                .with(&number, Metric::EngineCpu, 40.0);
        }
        self
    }

    /// Every member idle, with this many bytes of data.
    fn idle(mut self, used: f64) -> Self {
        let numbers: Vec<String> = self
            .group()
            .member_ids
            .iter()
            .map(|it| it.as_str().trim_start_matches("orders-").to_owned())
            .collect();
        for number in numbers {
            self = self
                .with(&number, Metric::Memory, 10.0)
                .with(&number, Metric::UsedBytes, used)
                .with(&number, Metric::Cpu, 5.0)
                .with(&number, Metric::EngineCpu, 4.0);
        }
        self
    }

    fn short_of_memory(self) -> Self {
        self.with("001", Metric::Memory, 93.1).with("001", Metric::UsedBytes, 374_000_000.0)
    }
}

/// What is decided, in a line.
#[track_caller]
fn check(view: View, expected: &str) {
    let said = match decide(Catalog::embedded(), &view.0, now()) {
        Verdict::Ask(question) => format!("Ask: {question:?}"),
        Verdict::Plan(Next::Settled) => "Settled".to_owned(),
        Verdict::Plan(Next::Wait(wait)) => format!("Wait: {}", wait.on),
        Verdict::Plan(Next::Refuse(refusal)) => format!("Refuse: {refusal}"),
        Verdict::Plan(Next::Do(step)) => match step.act {
            Act::Begin(it) => format!("Begin: {it}"),
            Act::Repeat(it) => format!("Repeat: {}", it.change),
            Act::NoteChanged { at } => format!("NoteChanged: {at}"),
            Act::PutAlarms { set } => format!("PutAlarms: {}", set.specs.len()),
            Act::DeleteAlarms { names } => format!("DeleteAlarms: {}", names.join(" ")),
            Act::Conclude(it) => format!(
                "Conclude: {} {} -> {}",
                it.undertaking.change,
                it.before.unwrap().total,
                it.after.unwrap().total
            ),
            Act::NoteFailure(it) => format!("NoteFailure: {} {:?}", it.failed.change, it.events),
            Act::Forget(it) => format!("Forget: {}", it.change),
        },
    };
    assert_eq!(said, expected);
}

// What load asks for.

#[test]
fn a_cool_group_is_left_as_it_is() {
    check(orders(), "Settled");
}

#[test]
fn a_node_short_of_memory_grows_to_the_next_size() {
    check(
        orders().short_of_memory(),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90",
    );
}

#[test]
fn any_member_short_of_memory_counts() {
    check(
        orders().with("002", Metric::Memory, 90.0),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-002 at 90.0 percent - the limit is 90",
    );
    check(orders().with("002", Metric::Memory, 89.9), "Settled");
}

#[test]
fn a_replica_busy_with_reads_gets_another() {
    let busy = || orders().with("002", Metric::EngineCpu, 88.0).with("002", Metric::Reads, 9000.0);
    let note = "Begin: replicas=2 from 1 at 2026-01-02T12:00:00Z for EngineCPUUtilization of orders-002 at 88.0 percent - the limit is 75";
    check(busy(), note);
    // The primary reads too, but the reads are what is shared.
    check(busy().with("001", Metric::EngineCpu, 91.0), note);
}

#[test]
fn a_replica_busy_with_writes_would_only_get_another_that_repeats_them() {
    check(
        orders().with("002", Metric::EngineCpu, 88.0).with("002", Metric::Reads, 100.0).with(
            "002",
            Metric::Writes,
            9000.0,
        ),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for EngineCPUUtilization of orders-002 at 88.0 percent - the limit is 75",
    );
}

#[test]
fn a_primary_busy_alone_needs_a_larger_node() {
    check(
        orders().with("001", Metric::Cpu, 75.0),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for CPUUtilization of orders-001 at 75.0 percent - the limit is 75",
    );
}

#[test]
fn memory_goes_before_cpu() {
    check(
        orders().short_of_memory().with("002", Metric::Cpu, 99.0),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90",
    );
}

// Bounds.

#[test]
fn replicas_end_at_their_bound_and_then_the_nodes_grow() {
    let busy = || orders().with("002", Metric::Cpu, 88.0).tagged(tag::AUTOSCALE_MAX_REPLICAS, "1");
    check(
        busy(),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for CPUUtilization of orders-002 at 88.0 percent - the limit is 75",
    );
    check(
        busy().tagged(tag::AUTOSCALE_MAX_NODE_TYPE, "cache.t4g.micro"),
        "Refuse: not growing although CPUUtilization of orders-002 at 88.0 percent - the limit is 75: already at the ceiling, cache.t4g.micro; raise cachewarden:autoscale-max-node-type to go on; replicas are 1 of 1",
    );
}

#[test]
fn the_ceiling_is_never_passed() {
    check(
        orders()
            .of_type("cache.t4g.small")
            .short_of_memory()
            .tagged(tag::AUTOSCALE_MAX_NODE_TYPE, "cache.t4g.small"),
        "Refuse: not growing although DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90: already at the ceiling, cache.t4g.small; raise cachewarden:autoscale-max-node-type to go on; replicas are 1 of 5",
    );
}

#[test]
fn a_type_that_elasticache_does_not_allow_is_not_asked_for() {
    let mut view = orders().short_of_memory();
    view.0.allowed = Some(vec![node_type("cache.r7g.large")]);
    check(
        view,
        "Refuse: not growing although DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90: ElastiCache allows none of cache.t4g.small cache.t4g.medium; replicas are 1 of 5",
    );
}

// Modes.

#[test]
fn each_mode_does_no_more_than_it_may() {
    check(
        orders().short_of_memory().tagged(tag::AUTOSCALE, "off"),
        "Refuse: autoscaling of the group is off",
    );
    check(
        orders().short_of_memory().tagged(tag::AUTOSCALE, "recommend"),
        "Refuse: would make node-type=cache.t4g.small because of DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90",
    );
    let small_and_idle = || orders().of_type("cache.t4g.small").idle(100_000_000.0);
    check(small_and_idle().tagged(tag::AUTOSCALE, "up-only"), "Settled");
    check(
        small_and_idle(),
        "Begin: node-type=cache.t4g.micro from cache.t4g.small at 2026-01-02T12:00:00Z for data of 95.4 MiB and CPU at 5.0 percent at most in 15 minutes",
    );
}

#[test]
fn advice_has_its_price_and_its_command() {
    let view = orders().short_of_memory().tagged(tag::AUTOSCALE, "recommend");
    let Verdict::Plan(Next::Refuse(Refusal::Recommended(advice))) =
        decide(Catalog::embedded(), &view.0, now())
    else {
        panic!("expected advice");
    };
    assert_eq!(advice.before.unwrap().total.to_string(), "$23.36");
    assert_eq!(advice.after.unwrap().total.to_string(), "$46.72");
    assert_eq!(
        advice.command,
        "aws elasticache modify-replication-group --replication-group-id orders --cache-node-type cache.t4g.small --apply-immediately"
    );
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let mut view = orders().short_of_memory();
    view.group().tags = Some(Tags::new());
    check(view, "Refuse: the group has no cachewarden:autoscale tag");
    let mut gone = orders();
    gone.0.group = None;
    check(gone, "Refuse: the group or the member is not there any more");
}

#[test]
fn a_policy_that_cannot_be_read_moves_nothing() {
    check(
        orders().short_of_memory().tagged(tag::AUTOSCALE, "always"),
        "Refuse: the policy tags cannot be followed: cachewarden:autoscale: \"always\" is none of off, recommend, up-only, full; put them right to go on",
    );
}

#[test]
fn cluster_mode_and_a_foreign_engine_are_left_alone() {
    let mut sharded = orders().short_of_memory();
    sharded.group().cluster_enabled = true;
    check(
        sharded,
        "Refuse: the group is in cluster mode, where shards are counted and not only replicas; Application Auto Scaling does that",
    );
    let mut foreign = orders().short_of_memory();
    foreign.group().members[0].engine = "memcached".to_owned();
    check(foreign, "Refuse: the engine \"memcached\" is not known");
}

// Calm.

#[test]
fn a_calm_group_gives_back_a_replica_first() {
    check(
        orders().member("003", Role::Replica).idle(100_000_000.0),
        "Begin: replicas=1 from 2 at 2026-01-02T12:00:00Z for CPU at 5.0 percent at most in 15 minutes",
    );
}

#[test]
fn failover_keeps_its_replica_whatever_the_policy_says() {
    let one = || orders().idle(1000.0).tagged(tag::AUTOSCALE_MIN_REPLICAS, "0");
    check(one(), "Settled");
    let mut without = one();
    without.group().automatic_failover = Toggle::Disabled;
    without.group().multi_az = Toggle::Disabled;
    check(
        without,
        "Begin: replicas=0 from 1 at 2026-01-02T12:00:00Z for CPU at 5.0 percent at most in 15 minutes",
    );
}

#[test]
fn a_shrink_waits_for_data_that_fits_with_its_margin() {
    check(
        orders().of_type("cache.t4g.small").idle(250_000_000.0),
        "Refuse: not shrinking: the data takes 238.4 MiB, cache.t4g.micro has 230.4 MiB for it with a margin",
    );
}

#[test]
fn nothing_shrinks_on_missing_data() {
    let mut view = orders().of_type("cache.t4g.small").idle(1000.0);
    let mut load = Load::default();
    for id in view.group().member_ids.clone() {
        for metric in Metric::ALL {
            let samples = view.0.load.as_ref().unwrap().series(&id, metric).to_vec();
            load.insert(&id, metric, samples.into_iter().rev().take(11).collect());
        }
    }
    view.0.load = Some(load);
    check(
        view,
        "Refuse: too little data: DatabaseMemoryUsagePercentage of orders-001 has 11 samples in the last 15 minutes, it takes 12",
    );
}

#[test]
fn a_group_without_data_is_not_touched() {
    let mut view = orders();
    view.0.load = Some(Load::default());
    check(
        view,
        "Refuse: too little data: DatabaseMemoryUsagePercentage of orders-001 has 0 samples in the last 15 minutes, it takes 1",
    );
}

#[test]
fn a_replica_that_lags_is_no_time_to_shrink() {
    check(
        orders().member("003", Role::Replica).idle(1000.0).with("002", Metric::Lag, 31.0),
        "Refuse: not shrinking: orders-002 is 31 s behind its primary",
    );
}

// Cooldown.

#[test]
fn after_a_change_the_group_is_left_alone() {
    check(
        orders().short_of_memory().tagged(tag::CHANGED, "2026-01-02T11:51:00Z"),
        "Refuse: the last change is too recent; looks again after 2026-01-02T12:01:00Z",
    );
    check(
        orders()
            .of_type("cache.t4g.small")
            .idle(1000.0)
            .tagged(tag::CHANGED, "2026-01-02T11:01:00Z"),
        "Refuse: the last change is too recent; looks again after 2026-01-02T12:01:00Z",
    );
    check(
        orders()
            .short_of_memory()
            .tagged(tag::CHANGED, "2026-01-02T11:51:00Z")
            .tagged(tag::AUTOSCALE_COOLDOWN_MINUTES, "5"),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90",
    );
}

#[test]
fn a_new_group_is_not_shrunk_before_it_is_filled() {
    let mut view = orders().of_type("cache.t4g.small").idle(1000.0);
    view.group().members[1].created_at = Some("2026-01-02T11:30:00Z".parse().unwrap());
    check(view, "Refuse: the last change is too recent; looks again after 2026-01-02T12:30:00Z");
}

// One operation at a time.

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
    let mut untold = orders().short_of_memory();
    untold.group().tags = None;
    check(untold, "Wait: the group to be free again");
}

#[test]
fn a_change_that_waits_for_the_maintenance_window_is_not_carried_out_by_ours() {
    let mut view = orders().short_of_memory();
    view.group().members[0].pending_node_type = Some(node_type("cache.t4g.medium"));
    check(
        view,
        "Refuse: a change to cache.t4g.medium waits for the maintenance window, and any change now would carry it out; apply or revert it to go on",
    );
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

// A change under way.

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
    check(under_way("replicas=0 from 1", "2026-01-02T11:59:58Z"), "Repeat: replicas=0");
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
    wrong.0.alarms = Some(AlarmUpkeep {
        put: alarm::wanted(
            &GroupId::parse("orders").unwrap(),
            &[MemberId::parse("orders-002").unwrap()],
        ),
        delete: vec!["orders-003-cpu".to_owned()],
    });
    check(wrong, "PutAlarms: 5");
    let mut orphans = made();
    orphans.0.alarms =
        Some(AlarmUpkeep { put: Vec::new(), delete: vec!["orders-003-cpu".to_owned()] });
    check(orphans, "DeleteAlarms: orders-003-cpu");
    check(made(), "NoteChanged: 2026-01-02T12:00:00Z");
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
    check(
        orders()
            .short_of_memory()
            .tagged(tag::AUTOSCALE_FAILED, "node-type=cache.t4g.small at 2026-01-02T11:30:00Z"),
        "Refuse: node-type=cache.t4g.small did not take the last time; not tried again before 2026-01-02T12:30:00Z",
    );
    check(
        orders()
            .short_of_memory()
            .tagged(tag::AUTOSCALE_FAILED, "node-type=cache.t4g.small at 2026-01-02T11:00:00Z"),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90",
    );
}

#[test]
fn a_change_that_is_dropped_without_a_word_is_given_up_in_the_end() {
    let silent = |at| under_way("replicas=2 from 1", at);
    check(silent("2026-01-02T11:41:00Z"), "Repeat: replicas=2");
    check(silent("2026-01-02T11:39:00Z"), "Wait: a modification to finish");
    check(silent("2026-01-02T11:38:00Z"), "NoteFailure: replicas=2 []");
}

// Frugality.

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
        without_types(orders().with("002", Metric::Cpu, 88.0)),
        "Begin: replicas=2 from 1 at 2026-01-02T12:00:00Z for CPUUtilization of orders-002 at 88.0 percent - the limit is 75",
    );
}
