//! Groups in cluster mode: one size for all shards, by the hottest of them.

use super::*;
use crate::autoscale::Held;
use crate::shard::ShardView;

/// Two shards, each a primary and a replica, cool.
fn sharded() -> View {
    of(&[("0001", 2), ("0002", 2)]).cool_shards()
}

/// These shards of so many members each, of which nobody says anything. In cluster mode no role is told but by the metrics.
fn of(shards: &[(&str, usize)]) -> View {
    let mut view = orders();
    view.1.clear();
    view.group().members.clear();
    view.group().member_ids.clear();
    view.group().cluster_enabled = true;
    for (shard, count) in shards {
        let mut members = Vec::new();
        for number in 1..=*count {
            view = view.member(&format!("{shard}-{number:03}"), Role::Replica);
            members.push(view.group().member_ids.last().unwrap().clone());
        }
        let shard = ShardView { id: (*shard).to_owned(), slots: Some(8192), members };
        view.group().shards.push(shard);
    }
    view.group().members.iter_mut().for_each(|it| it.role = None);
    view
}

impl View {
    fn cool_shards(self) -> Self {
        self.load_shards((20_000.0, 8_000.0), 40.0)
    }

    /// Each shard is asked for so many reads, which its replicas share, and so many writes a second, with each engine so busy.
    fn load_shards(mut self, (reads, writes): (f64, f64), busy: f64) -> Self {
        for shard in self.group().shards.clone() {
            self = self.load_shard(&shard.id, (reads, writes), busy);
        }
        self
    }

    fn load_shard(mut self, id: &str, (reads, writes): (f64, f64), busy: f64) -> Self {
        let shards = self.group().shards.clone();
        let shard = shards.iter().find(|it| it.id == id).unwrap();
        let replicas = f64::from(shard.replicas().max(1));
        for (at, member) in shard.members.iter().enumerate() {
            let mut tell = |metric, value| self.1.insert((member.clone(), metric), value);
            let is_primary = at == 0;
            tell(Metric::Primary, f64::from(u8::from(is_primary)));
            tell(Metric::Memory, 50.0);
            tell(Metric::UsedBytes, 200_000_000.0);
            tell(Metric::EngineCpu, busy);
            tell(Metric::Cpu, busy / 2.0);
            let alone = shard.members.len() == 1;
            let read = if is_primary && !alone { 0.0 } else { reads / replicas };
            tell(Metric::Reads, read * 60.0);
            tell(Metric::Writes, writes * 60.0);
        }
        self
    }
}

#[track_caller]
fn step(view: View) -> Step {
    let verdict = decide(Catalog::embedded(), &view.seen(), now());
    let Verdict::Plan(Next::Do(step)) = verdict else { panic!("{verdict:?}") };
    step
}

#[test]
fn shards_that_are_neither_hot_nor_idle_are_left_as_they_are() {
    check(sharded(), "Settled");
}

#[test]
fn one_shard_short_of_memory_makes_the_nodes_of_all_larger() {
    let full = || {
        let view = sharded().with("0002-001", Metric::Memory, 93.1);
        view.with("0002-001", Metric::UsedBytes, 374_000_000.0)
    };
    check(
        full(),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-0002-001 at 93.1 percent - the limit is 90",
    );
    assert!(step(full()).shards.is_empty());
    // All four nodes are paid for.
    let view = full().tagged(tag::AUTOSCALE_BUDGET, "93").seen();
    let verdict = decide(Catalog::embedded(), &view, now());
    let Verdict::Plan(Next::Refuse(Refusal::Held(Held::OverBudget { advice, .. }))) = verdict
    else {
        panic!("{verdict:?}")
    };
    let prices = [advice.before, advice.after].map(|it| it.unwrap().total.to_string());
    assert_eq!(prices, ["$46.72", "$93.44"]);
    check(
        full().tagged(tag::AUTOSCALE_BUDGET, "94"),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-0002-001 at 93.1 percent - the limit is 90",
    );
}

#[test]
fn replicas_busy_with_reads_in_one_shard_get_another_in_each() {
    let busy = |view: View| {
        view.load_shard("0002", (60_000.0, 1_000.0), 20.0).with("0002-002", Metric::EngineCpu, 88.0)
    };
    let begun = step(busy(sharded()));
    let Act::Begin(undertaking) = &begun.act else { panic!("{begun:?}") };
    assert_eq!(
        undertaking.to_string(),
        "replicas=2 from 1 at 2026-01-02T12:00:00Z for EngineCPUUtilization of orders-0002-002 at 88.0 percent - the limit is 80"
    );
    assert!(begun.shards.is_empty(), "all of them");
    // A shard that somebody gave more is not asked for: what it has already is refused (facts 4.4).
    let uneven = busy(of(&[("0001", 4), ("0002", 2)]).cool_shards());
    assert_eq!(step(uneven).shards, ["0002"]);
}

#[test]
fn replicas_go_where_no_shard_asks_for_them() {
    let calm = |view: View| view.load_shards((200.0, 100.0), 2.0);
    let begun = step(calm(of(&[("0001", 3), ("0002", 3)])));
    let Act::Begin(undertaking) = &begun.act else { panic!("{begun:?}") };
    assert!(undertaking.to_string().starts_with("replicas=1 from 2 "), "{undertaking}");
    assert!(begun.shards.is_empty(), "all of them");
    let one_is_busy = calm(of(&[("0001", 3), ("0002", 3)]));
    let one_is_busy = one_is_busy.load_shard("0002", (90_000.0, 1_000.0), 55.0);
    check(one_is_busy, "Settled");
}

#[test]
fn what_was_begun_is_there_once_every_shard_has_it() {
    const UP: &str = "replicas=2 from 1 at 2026-01-02T11:59:55Z for x";
    const DOWN: &str = "replicas=1 from 2 at 2026-01-02T11:59:55Z for x";
    let noted = |shards: &[(&str, usize)], note: &str| {
        of(shards).cool_shards().tagged(tag::AUTOSCALE_CHANGE, note)
    };
    let repeated = |shards: &[(&str, usize)], note: &str| {
        let again = step(noted(shards, note));
        assert!(matches!(again.act, Act::Repeat(_)), "{again:?}");
        again.shards
    };
    assert_eq!(repeated(&[("0001", 3), ("0002", 2)], UP), ["0002"]);
    assert_eq!(repeated(&[("0001", 2), ("0002", 3)], DOWN), ["0002"]);
    for (shards, note) in [([3, 3], UP), ([3, 4], UP), ([2, 2], DOWN), ([2, 1], DOWN)] {
        let view = noted(&[("0001", shards[0]), ("0002", shards[1])], note);
        let view = if note == DOWN { view.tagged(tag::AUTOSCALE_MIN_REPLICAS, "1") } else { view };
        check(view, "NoteChanged: 2026-01-02T12:00:00Z");
    }
}

#[test]
fn two_that_scale_a_group_would_fight() {
    let full = || sharded().with("0002-001", Metric::UsedBytes, 374_000_000.0);
    let mut view = full();
    view.0.registered = None;
    check(view, "Ask: Registered");
    let mut view = full();
    view.0.registered = Some(vec!["elasticache:replication-group:Replicas".to_owned()]);
    check(
        view,
        "Refuse: Application Auto Scaling is registered on the group, for elasticache:replication-group:Replicas, and two that scale it would fight; deregister it there, or set cachewarden:autoscale to off",
    );
    // It takes no group without shards, and nobody asks.
    let mut view = orders().short_of_memory();
    view.0.registered = None;
    assert!(matches!(step(view).act, Act::Begin(_)));
    // Nor where nothing would be done.
    let mut view = sharded();
    view.0.registered = None;
    check(view, "Settled");
}

#[test]
fn a_member_that_is_in_no_shard_is_waited_for() {
    let mut view = sharded();
    view.group().shards[1].members.pop();
    check(view, "Wait: a modification to finish");
}

#[test]
fn a_member_that_says_nothing_moves_no_shard() {
    let mut view = sharded().load_shard("0001", (60_000.0, 1_000.0), 88.0);
    view.1.retain(|(member, _), _| member.as_str() != "orders-0002-002");
    check(
        view,
        "Refuse: too little data: BytesUsedForCache of orders-0002-002 has 0 samples in the last 15 minutes",
    );
}

#[test]
fn shards_without_replicas_get_none_unless_they_ask_for_one() {
    let bare = |zones: Toggle| {
        let mut view = of(&[("0001", 1), ("0002", 1)]).cool_shards();
        view.group().multi_az = zones;
        view
    };
    check(bare(Toggle::Disabled), "Settled");
    let begun = |view: View| step(view).act;
    let Act::Begin(it) = begun(bare(Toggle::Enabled)) else { panic!("nothing is begun") };
    assert_eq!(it.change, Change::Replicas(1), "a second zone needs one");
    let stated = bare(Toggle::Disabled).tagged(tag::AUTOSCALE_MIN_REPLICAS, "1");
    let Act::Begin(it) = begun(stated) else { panic!("nothing is begun") };
    assert_eq!(it.change, Change::Replicas(1));
}

#[test]
fn the_command_by_hand_names_shards_where_they_differ() {
    let command = |shards: &[(&str, usize)], to: u32| {
        Change::Replicas(to).command(of(shards).0.group.as_ref().unwrap())
    };
    assert_eq!(
        command(&[("0001", 2), ("0002", 2)], 2),
        "aws elasticache increase-replica-count --replication-group-id orders --new-replica-count 2 --apply-immediately"
    );
    assert_eq!(
        command(&[("0001", 2), ("0002", 3), ("0003", 2)], 2),
        "aws elasticache increase-replica-count --replication-group-id orders --replica-configuration NodeGroupId=0001,NewReplicaCount=2 NodeGroupId=0003,NewReplicaCount=2 --apply-immediately"
    );
}

#[test]
fn what_has_more_nodes_than_can_be_looked_at_is_left_alone_and_that_is_told() {
    let names: Vec<String> = (1..=51).map(|it| format!("{it:04}")).collect();
    let mut shards: Vec<(&str, usize)> = names.iter().map(|it| (it.as_str(), 3)).collect();
    let mut many = of(&shards);
    many.0.load = None;
    check(
        many.tagged(
            tag::AUTOSCALE_WATCH,
            "replicas=2 from 1 asked 2026-01-02T10:30:00Z at 2026-01-02T10:45:00Z",
        ),
        "Judge: replicas=2: gone",
    );
    let mut many = of(&shards);
    many.0.load = None;
    check(
        many,
        "Refuse: the group has 153 nodes, and no more than 150 are looked at: their metrics would not fit into the function's memory; size it by hand, and set cachewarden:autoscale to off",
    );
    // What was begun is seen to its end.
    let noted = of(&shards)
        .tagged(tag::AUTOSCALE_CHANGE, "replicas=2 from 1 at 2026-01-02T11:59:55Z for x");
    check(noted, "NoteChanged: 2026-01-02T12:00:00Z");
    shards.pop();
    let mut fewer = of(&shards);
    fewer.0.load = None;
    check(fewer, "Ask: Load");
}
