use super::*;
use SignKind::{ClientsLimit, Connections};

/// So many connections in the last quarter of an hour, and before; and commands a second now and a day ago.
fn storm(now: f64, before: f64, commands: (f64, f64)) -> Scene {
    scene("cache.m7g.large").of_late("001", Metric::Connections, 15, now, before).of_late(
        "001",
        Metric::Reads,
        15,
        commands.0 * 60.0,
        commands.1 * 60.0,
    )
}

#[test]
fn many_more_connections_and_no_more_commands_are_told() {
    holds(
        Connections,
        storm(600.0, 300.0, (119.0, 100.0)),
        "CurrConnections of orders-001 at 600, 2 times or more the 300 of the same time a day ago and the 300 of the day since, with 119 commands a second and 100 a day ago; clients do not close their connections or keep no pool: look at CLIENT LIST; cache.m7g.large takes 65000",
    );
    is_silent(Connections, storm(599.0, 300.0, (100.0, 100.0)));
    is_silent(Connections, storm(600.0, 300.0, (121.0, 100.0)));
    is_said(Connections, storm(600.0, 300.0, (10.0, 100.0)));
    is_said(Connections, storm(600.0, 300.0, (0.0, 0.0)));
    is_said(Connections, storm(500.0, 100.0, (100.0, 100.0)));
    is_silent(Connections, storm(499.0, 100.0, (100.0, 100.0)));
}

#[test]
fn as_many_connections_as_a_day_ago_or_in_the_day_since_are_no_storm() {
    let before = |more: i64| {
        scene("cache.m7g.large")
            .tells("001", Metric::Connections, |it| {
                Some(match it {
                    ..=15 => 600.0,
                    it if it == more => 301.0,
                    _ => 300.0,
                })
            })
            .always("001", Metric::Reads, 60.0)
    };
    // At the same time.
    is_silent(Connections, before(DAY + 5));
    is_silent(Connections, before(DAY + 15));
    is_said(Connections, before(DAY + 20));
    // In the day since, but for the hour in which it began.
    is_silent(Connections, before(DAY));
    is_silent(Connections, before(65));
    is_said(Connections, before(55));
}

#[test]
fn without_a_day_to_compare_with_no_storm_is_told() {
    let young = |hours: i64, metric: Metric| {
        let of = move |it: Metric, late: f64, before: f64| {
            move |minutes: i64| {
                let value = if minutes <= 15 { late } else { before };
                (it != metric || minutes <= hours * 60).then_some(value)
            }
        };
        scene("cache.m7g.large")
            .tells("001", Metric::Connections, of(Metric::Connections, 600.0, 100.0))
            .tells("001", Metric::Reads, of(Metric::Reads, 60.0, 60.0))
    };
    is_said(Connections, young(25, Metric::Connections));
    is_silent(Connections, young(24, Metric::Connections));
    is_said(Connections, young(25, Metric::Reads));
    is_silent(Connections, young(24, Metric::Reads));
    let no_commands =
        scene("cache.m7g.large").of_late("001", Metric::Connections, 15, 600.0, 100.0);
    is_silent(Connections, no_commands);
    let stale = scene("cache.m7g.large")
        .tells("001", Metric::Connections, |it| {
            (15 < it).then_some(if it < 31 { 600.0 } else { 1.0 })
        })
        .always("001", Metric::Reads, 60.0);
    is_silent(Connections, stale);
}

#[test]
fn the_member_with_most_connections_is_named_and_its_writes_are_commands_too() {
    let scene = |writes: f64| {
        storm(600.0, 100.0, (100.0, 100.0))
            .of_late("002", Metric::Connections, 15, 700.0, 100.0)
            .of_late("002", Metric::Writes, 15, writes, 600.0)
    };
    let found = scene(600.0).found();
    assert!(found[0].seen.starts_with("CurrConnections of orders-002 at 700"), "{found:?}");
    let found = scene(1_000.0).found();
    assert!(found[0].seen.starts_with("CurrConnections of orders-001 at 600"), "{found:?}");
}

#[test]
fn nearly_as_many_connections_as_a_type_takes_are_told() {
    let at = |number: &str, minutes: i64, connections: f64| {
        scene("cache.t4g.micro").of_late(
            number,
            Metric::Connections,
            minutes,
            connections,
            15_000.0,
        )
    };
    holds(
        ClientsLimit,
        at("002", 15, 16_001.0),
        "CurrConnections of orders-002 at 16001 of the 20000 that cache.t4g.micro takes - the limit is 80 %; beyond that clients are refused: look at CLIENT LIST, have clients keep a pool, and set the parameter timeout to close what is idle",
    );
    is_silent(ClientsLimit, at("002", 15, 16_000.0));
    let ago = scene("cache.t4g.micro")
        .tells("001", Metric::Connections, |it| Some(if it == 15 { 16_001.0 } else { 1.0 }));
    is_said(ClientsLimit, ago);
    let ago = scene("cache.t4g.micro")
        .tells("001", Metric::Connections, |it| Some(if it == 20 { 16_001.0 } else { 1.0 }));
    is_silent(ClientsLimit, ago);
}

#[test]
fn a_member_is_held_against_its_own_type_and_the_fullest_is_named() {
    let mut scene = scene("cache.m7g.large").always("001", Metric::Connections, 53_000.0).always(
        "002",
        Metric::Connections,
        18_000.0,
    );
    is_said(ClientsLimit, Scene(scene.0.clone()));
    scene.group().members[1].node_type = NodeType::parse("cache.t4g.micro").ok();
    let found = scene.found();
    assert!(
        found[0].seen.starts_with("CurrConnections of orders-002 at 18000 of the 20000"),
        "{found:?}"
    );
}
