use super::*;
use crate::provision::parameters::Parameters;
use SignKind::{Evictions, Misses};

/// What the hour had of a metric, and the time before.
type Then = (f64, f64);

/// Of two members each tells this. Of the reads every five minutes so many missed in the last hour, and before.
struct Hour {
    reads: f64,
    missed: Then,
    memory: Then,
    commands: Then,
    evictions: Then,
}

const HOUR: Hour = Hour {
    reads: 1_000.0,
    missed: (200.0, 100.0),
    memory: (1e9, 1e9),
    commands: (6_000.0, 6_000.0),
    evictions: (0.0, 0.0),
};

impl Hour {
    fn scene(&self) -> Scene {
        let late = |it: Then| move |minutes: i64| Some(if minutes <= 60 { it.0 } else { it.1 });
        let (missed, reads) = (self.missed, self.reads);
        ["001", "002"].into_iter().fold(scene("cache.m7g.large"), |scene, it| {
            scene
                .tells(it, Metric::Misses, late(missed))
                .tells(it, Metric::Hits, late((reads - missed.0, reads - missed.1)))
                .tells(it, Metric::UsedBytes, late(self.memory))
                .tells(it, Metric::Reads, late(self.commands))
                .tells(it, Metric::Evictions, late(self.evictions))
        })
    }
}

/// The same group where one metric of both members is not told as it is.
fn without(metric: Metric, is_told: impl Fn(i64) -> bool + Copy) -> Scene {
    let whole = HOUR.scene();
    let mut scene = scene("cache.m7g.large");
    let days = &whole.0.load.as_ref().unwrap().days;
    let kept = [Metric::Misses, Metric::Hits, Metric::UsedBytes, Metric::Reads, Metric::Evictions];
    for (number, of) in ["001", "002"].into_iter().flat_map(|it| kept.map(|of| (it, of))) {
        let samples = days.series(&member(number), of);
        scene = scene.tells(number, of, |it| {
            let at = now() - SignedDuration::from_mins(it);
            let value = samples.iter().find(|it| it.at == at).map(|it| it.value);
            value.filter(|_| of != metric || is_told(it))
        });
    }
    scene
}

#[test]
fn more_misses_with_the_same_memory_and_load_are_of_the_keys() {
    holds(
        Misses,
        HOUR.scene(),
        "20.0 % of the reads of orders missed in the last hour and 10.0 % in the same hour a day ago, with memory and commands the same by 20 % - the limit is 2 times as many and 5 % more; keys or their TTL changed, not the load; another size does not bring them back",
    );
    is_silent(Misses, Hour { missed: (199.0, 100.0), ..HOUR }.scene());
    is_said(Misses, Hour { missed: (91.0, 40.0), ..HOUR }.scene());
    is_silent(Misses, Hour { missed: (89.0, 40.0), ..HOUR }.scene());
    // Of two members.
    is_said(Misses, Hour { reads: 50.0, missed: (20.0, 4.0), ..HOUR }.scene());
    is_silent(Misses, Hour { reads: 49.0, missed: (20.0, 4.0), ..HOUR }.scene());
}

#[test]
fn misses_that_come_with_another_memory_or_load_are_no_sign() {
    for more in [1.19, 0.81] {
        is_said(Misses, Hour { memory: (more * 1e9, 1e9), ..HOUR }.scene());
        is_said(Misses, Hour { commands: (more * 6_000.0, 6_000.0), ..HOUR }.scene());
    }
    for more in [1.21, 0.79] {
        is_silent(Misses, Hour { memory: (more * 1e9, 1e9), ..HOUR }.scene());
        is_silent(Misses, Hour { commands: (more * 6_000.0, 6_000.0), ..HOUR }.scene());
    }
}

#[test]
fn misses_of_keys_that_had_no_room_are_no_sign() {
    is_said(Misses, Hour { evictions: (119.0, 100.0), ..HOUR }.scene());
    is_silent(Misses, Hour { evictions: (121.0, 100.0), ..HOUR }.scene());
}

#[test]
fn the_same_hour_is_the_one_a_day_ago() {
    let at = |from: i64| {
        let late = move |late: f64, then: f64, before: f64| {
            move |it: i64| match it {
                ..=60 => Some(late),
                it if from < it && it <= from + 60 => Some(then),
                _ => Some(before),
            }
        };
        scene("cache.m7g.large")
            .tells("001", Metric::Misses, late(200.0, 100.0, 200.0))
            .tells("001", Metric::Hits, late(800.0, 900.0, 800.0))
            .always("001", Metric::UsedBytes, 1e9)
            .always("001", Metric::Reads, 6_000.0)
            .always("001", Metric::Evictions, 0.0)
    };
    is_said(Misses, at(DAY));
    is_silent(Misses, at(DAY + 60));
    is_silent(Misses, at(DAY - 60));
}

#[test]
fn what_is_not_told_of_both_hours_is_compared_with_nothing() {
    let all = [Metric::Misses, Metric::Hits, Metric::UsedBytes, Metric::Reads, Metric::Evictions];
    for metric in all {
        is_said(Misses, without(metric, |_| true));
        is_silent(Misses, without(metric, |it| it <= 60));
        is_silent(Misses, without(metric, |it| 60 < it));
        is_silent(Misses, without(metric, |_| false));
        // A part is missing, in which a minute or two more are no matter.
        is_silent(Misses, without(metric, |it| it <= DAY || DAY + 15 < it));
        is_said(Misses, without(metric, |it| it <= DAY || DAY + 10 < it));
    }
}

/// A member that drops so many keys every five minutes, since so many minutes.
fn drops(keys: f64, minutes: i64) -> Scene {
    scene("cache.t4g.micro")
        .tells("002", Metric::Evictions, |it| Some(if it == minutes { keys } else { 0.0 }))
}

const DROPPED: &str = "Evictions of orders-002 at 1 in the last 15 minutes - the limit of a store is 0; data went that was not to go: give it a larger type, have keys expire, or set cachewarden:autoscale-data to cache where they may go";

#[test]
fn a_store_that_drops_keys_is_told() {
    holds(Evictions, drops(1.0, 15), DROPPED);
    is_silent(Evictions, drops(1.0, 20));
    is_silent(Evictions, drops(0.0, 5));
    is_silent(Evictions, scene("cache.t4g.micro"));
    holds(Evictions, drops(1.0, 5).tagged(tag::AUTOSCALE_DATA, "store"), DROPPED);
    is_silent(Evictions, drops(1.0, 5).tagged(tag::AUTOSCALE_DATA, "cache"));
    is_silent(Evictions, drops(1.0, 5).tagged(tag::AUTOSCALE_DATA, "cache 5"));
    // A policy that cannot be read says nothing of the data.
    is_silent(Evictions, drops(1.0, 5).tagged(tag::AUTOSCALE_DATA, "whatever"));
}

#[test]
fn the_member_that_drops_most_is_named() {
    let both = drops(5.0, 5).always("001", Metric::Evictions, 3.0);
    let found = both.found();
    assert!(found[0].seen.starts_with("Evictions of orders-001 at 9"), "{found:?}");
}

/// Its parameter group is the operator's, with this policy, where it was read.
fn under(mut scene: Scene, policy: Option<&str>) -> Scene {
    scene.group().members[0].parameter_group = Some("theirs".to_owned());
    let of = |it: &str| Parameters::from([("maxmemory-policy".to_owned(), it.to_owned())]);
    scene.0.parameters = policy.map(of);
    scene
}

#[test]
fn the_parameters_say_whether_data_is_a_store_and_unread_they_say_nothing() {
    is_said(Evictions, under(drops(1.0, 5), Some("volatile-lru")));
    is_silent(Evictions, under(drops(1.0, 5), Some("allkeys-lru")));
    is_silent(Evictions, under(drops(1.0, 5), None));
    // The operator's word goes before.
    let store = drops(1.0, 5).tagged(tag::AUTOSCALE_DATA, "store");
    is_said(Evictions, under(store, None));
    let mut foreign = under(drops(1.0, 5).tagged(tag::AUTOSCALE_DATA, "store"), None);
    foreign.group().tags.as_mut().unwrap().remove(tag::OWNER);
    is_said(Evictions, foreign);
}

#[test]
fn keys_that_lay_for_a_day_are_dropped_without_harm_where_any_key_may_be() {
    let store = |items: f64, policy: &str| {
        let scene = drops(1.0, 5).tagged(tag::AUTOSCALE_DATA, "store");
        under(scene.always("002", Metric::Items, items), Some(policy))
    };
    // One key in a quarter of an hour is 96 a day.
    is_silent(Evictions, store(97.0, "allkeys-lru"));
    is_said(Evictions, store(96.0, "allkeys-lru"));
    is_said(Evictions, store(97.0, "volatile-lru"));
    let unknown = drops(1.0, 5).tagged(tag::AUTOSCALE_DATA, "store");
    is_said(Evictions, under(unknown, Some("allkeys-lru")));
}
