//! What the metrics of a minute would have said at another size.

use super::super::rebuild::{self, Credits, Sized};
use super::*;

/// A minute of one size as it would have been at another.
fn rebuilt(seen: &Minute, from: Size, to: Size, kind: Kind, credits: &mut Credits) -> Minute {
    let candidates = candidates();
    let sized = |size: Size| Sized { candidate: &candidates[size.at], size };
    rebuild::minute(seen, mix(), sized(from), sized(to), kind, false, credits)
}

fn at(seen: &Minute, from: Size, to: Size) -> Minute {
    rebuilt(seen, from, to, Kind::Store, &mut Credits::none())
}

#[track_caller]
fn is_near(one: f64, other: f64) {
    assert!((one - other).abs() <= 1e-9 * (1.0 + other.abs()), "{one} is not {other}");
}

#[test]
fn a_minute_at_another_size_and_back_is_the_same_minute() {
    let (one, other) = (size("m7g.large", 2), size("m7g.2xlarge", 1));
    let mut seen = minute(one, (90_000.0, 9000.0, 3.0 * GIB));
    // Its commands are slower than the model believes.
    (seen.primary, seen.replica) = (seen.primary * 1.7, seen.replica * 1.3);
    let there = at(&seen, one, other);
    assert!(there.primary < seen.primary && there.busiest() < seen.busiest());
    let back = at(&there, other, one);
    let values: [fn(&Minute) -> f64; 7] = [
        |it| it.primary,
        |it| it.replica,
        |it| it.reads,
        |it| it.by_replicas,
        |it| it.writes,
        |it| it.sent,
        |it| it.memory,
    ];
    for of in values {
        is_near(of(&back), of(&seen));
    }
    assert_eq!((there.replicas, back.replicas), (1, 2));
}

#[test]
fn an_engine_that_is_busier_than_the_model_says_is_so_everywhere() {
    let (one, other) = (size("m7g.large", 1), size("m7g.2xlarge", 1));
    let mut seen = minute(one, (10_000.0, 1000.0, GIB));
    seen.primary *= 9.0;
    let there = at(&seen, one, other);
    let types = candidates();
    is_near(there.primary, seen.primary * types[one.at].engine / types[other.at].engine);
    // An engine that nobody asks for anything is not calm for that.
    let mut seen = minute(one, (0.0, 0.0, GIB));
    seen.primary = 0.3;
    is_near(at(&seen, one, other).primary, 0.3 * types[one.at].engine / types[other.at].engine);
}

#[test]
fn an_engine_that_is_too_small_serves_less_and_its_metrics_say_no_more() {
    let (one, other) = (size("m7g.2xlarge", 1), size("m7g.large", 1));
    let seen = minute(one, (0.0, 300_000.0, GIB));
    let there = at(&seen, one, other);
    is_near(there.primary, 1.0);
    is_near(there.writes, 300_000.0 / (1.02 * 2.0));
}

#[test]
fn a_burstable_node_without_credits_serves_what_it_earns() {
    let (one, other) = (size("m7g.large", 1), size("t4g.medium", 1));
    let seen = minute(one, (0.0, 60_000.0, GIB));
    let earns = candidates()[other.at].earns.unwrap();
    let poor = at(&seen, one, other);
    is_near(poor.primary, (earns - 0.03) / 1.15);
    assert!(poor.writes < 0.6 * seen.writes, "{poor:?}");
    let mut credits = Credits::half(&candidates()[other.at]);
    let rich = rebuilt(&seen, one, other, Kind::Store, &mut credits);
    is_near(rich.writes, seen.writes);
    assert!(rich.credits.unwrap() < earns * 720.0, "they are spent");
}

#[test]
fn a_store_keeps_its_data_as_far_as_they_fit_and_a_cache_its_hits_in_proportion() {
    let (one, other) = (size("m7g.2xlarge", 1), size("m7g.large", 1));
    let seen = minute(one, (1000.0, 0.0, 2.0 * candidates()[other.at].usable));
    let store = at(&seen, one, other);
    is_near(store.memory, candidates()[other.at].usable);
    is_near(store.misses, 0.05);
    let kind = Kind::Cache { misses: 0.2 };
    let cache = rebuilt(&seen, one, other, kind, &mut Credits::none());
    is_near(cache.misses, 1.0 - 0.95 / 2.0);
    let larger = rebuilt(&seen, one, size("m7g.2xlarge", 2), kind, &mut Credits::none());
    is_near(larger.misses, 0.05);
}

#[test]
fn replicas_that_nobody_saw_get_the_reads_that_replicas_got_of_late() {
    let (one, other) = (size("m7g.large", 0), size("m7g.large", 1));
    let mut seen = minute(one, (50_000.0, 5000.0, GIB));
    seen.by_replicas = 0.0;
    seen.primary *= 1.2;
    let there = at(&seen, one, other);
    is_near(there.by_replicas, 35_000.0);
    // As the model is wrong of the primary, it is taken to be of the replica.
    is_near(there.replica, 1.2 * (0.8 * 5000.0 + 35_000.0) / candidates()[1].engine);
    assert!(there.primary < seen.primary);
}
