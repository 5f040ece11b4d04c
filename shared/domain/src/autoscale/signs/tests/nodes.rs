use super::*;
use SignKind::{Lag, OldEngine};

const ADVICE: &str = "its primary writes more than the replica or the network takes; no replica is removed while one is over 30 s behind";

/// What a replica told of its lag in the last three times.
fn behind(number: &str, lags: [f64; 3]) -> Scene {
    scene("cache.t4g.micro").tells(number, Metric::Lag, |it| {
        Some(match it {
            5 => lags[2],
            10 => lags[1],
            15 => lags[0],
            _ => 0.0,
        })
    })
}

#[test]
fn a_replica_that_is_far_behind_is_told() {
    holds(
        Lag,
        behind("002", [0.0, 0.0, 31.0]),
        &format!("ReplicationLag of orders-002 at 31 s - the limit is 30 s; {ADVICE}"),
    );
    is_silent(Lag, behind("002", [0.0, 0.0, 30.0]));
    is_silent(Lag, behind("002", [31.0, 31.0, 1.0]));
    is_silent(Lag, behind("001", [0.0, 0.0, 31.0]));
    let stale = |it: i64| (15 <= it).then_some(31.0);
    is_silent(Lag, scene("cache.t4g.micro").tells("002", Metric::Lag, stale));
}

#[test]
fn a_replica_that_falls_behind_is_told_before_it_is_far() {
    holds(
        Lag,
        behind("002", [2.0, 4.0, 6.0]),
        &format!(
            "ReplicationLag of orders-002 went from 2 s over 4 s to 6 s in the last 15 minutes - the limit is 5 s where it grows; {ADVICE}"
        ),
    );
    is_silent(Lag, behind("002", [2.0, 4.0, 5.0]));
    is_silent(Lag, behind("002", [4.0, 4.0, 6.0]));
    is_silent(Lag, behind("002", [2.0, 6.0, 6.0]));
    is_silent(Lag, behind("001", [2.0, 4.0, 6.0]));
    let hole = |it: i64| (it != 10).then(|| 20.0 - f64::from(i16::try_from(it).unwrap_or(20)));
    is_silent(Lag, scene("cache.t4g.micro").tells("002", Metric::Lag, hole));
}

#[test]
fn in_cluster_mode_the_metrics_tell_who_is_the_primary() {
    let scene = |is_primary: f64| {
        sharded("cache.m7g.large", 2).always("0002-001", Metric::Primary, is_primary).always(
            "0002-001",
            Metric::Lag,
            40.0,
        )
    };
    is_said(Lag, scene(0.0));
    is_silent(Lag, scene(1.0));
}

#[test]
fn the_replica_that_is_further_behind_is_named() {
    let scene = sharded("cache.m7g.large", 2).always("0001-002", Metric::Lag, 50.0).always(
        "0002-002",
        Metric::Lag,
        60.0,
    );
    let found = scene.found();
    assert!(found[0].seen.starts_with("ReplicationLag of orders-0002-002 at 60 s"), "{found:?}");
}

/// The members run these versions of this engine.
fn runs(engine: &str, versions: [&str; 2]) -> Scene {
    let mut scene = scene("cache.t4g.micro");
    for (member, version) in scene.group().members.iter_mut().zip(versions) {
        (member.engine, member.engine_version) = (engine.to_owned(), version.to_owned());
    }
    scene
}

#[test]
fn an_engine_under_which_a_change_of_type_interrupts_clients_is_told() {
    holds(
        OldEngine,
        runs("redis", ["5.0.6", "5.0.5"]),
        "orders-002 runs Redis 5.0.5, which is older than 5.0.6; a change of the node type interrupts clients for some seconds: upgrade the engine before it is needed",
    );
    is_silent(OldEngine, runs("redis", ["5.0.6", "5.0.6"]));
    is_said(OldEngine, runs("redis", ["4.0.10", "5.0.6"]));
    is_silent(OldEngine, runs("redis", ["6.2", "7.1"]));
    // Which it is nobody knows.
    is_silent(OldEngine, runs("redis", ["5.0", "whatever"]));
    is_silent(OldEngine, runs("valkey", ["5.0.5", "5.0.5"]));
    let mut sharded = sharded("cache.m7g.large", 2);
    sharded.group().members[0].engine_version = "5.0.5".to_owned();
    is_silent(OldEngine, sharded);
}
