//! What comes of a change, by the hour before it and the hour since.

use super::*;
use crate::autoscale::load::{Metric, Sample};
use crate::autoscale::sizing::tests::{GIB, candidates, minute, size};
use crate::autoscale::sizing::{Candidate, Size};

/// When the history begins, as minutes from the epoch.
const BEGIN: i64 = 29_000_000;

fn time(minute: i64) -> Timestamp {
    Timestamp::from_second((BEGIN + minute) * 60).unwrap()
}

fn change(text: &str) -> Change {
    text.parse().unwrap()
}

/// A change that was asked for after two hours, and was there twenty minutes later.
fn watch(from: &str, to: &str) -> Watch {
    Watch { change: change(to), from: change(from), asked: time(120), at: time(140) }
}

/// A group through a change of it.
struct Group {
    watch: Watch,
    types: (&'static str, &'static str),
    kind: Kind,
    /// What was seen before it was asked for, and since it is there.
    hours: (Minute, Minute),
    /// How many minutes of the hour before, and of that since, are silent.
    silent: (usize, usize),
    /// How many minutes ago the last of it was.
    ago: usize,
}

impl Group {
    fn of(watch: Watch, before: (Size, (f64, f64, f64)), after: (Size, (f64, f64, f64))) -> Self {
        let name = |it: Size| ["t4g.medium", "m7g.large", "r7g.large", "m7g.xlarge"][it.at];
        Self {
            watch,
            types: (name(before.0), name(after.0)),
            kind: Kind::Store,
            hours: (minute(before.0, before.1), minute(after.0, after.1)),
            silent: (0, 0),
            ago: 0,
        }
    }

    fn effect(&self) -> Effect {
        // While it is changed everything is at its end, and so it was at other times: neither of them counts.
        let full = Minute { primary: 1.0, replica: 1.0, memory: 1e12, misses: 1.0, ..self.hours.0 };
        let mut minutes = vec![Some(full); 60];
        minutes.extend(vec![Some(self.hours.0); 60]);
        minutes.extend(vec![Some(full); 20]);
        minutes.extend(vec![Some(self.hours.1); 60]);
        minutes.extend(vec![Some(full); 5 + self.ago]);
        minutes.iter_mut().skip(60).take(self.silent.0).for_each(|it| *it = None);
        minutes.iter_mut().skip(140).take(self.silent.1).for_each(|it| *it = None);
        let all = candidates();
        let of = |name: &str| -> Candidate { all[size(name, 0).at].clone() };
        let (from, to) = (of(self.types.0), of(self.types.1));
        let rule = Rule::guarded();
        let terms = Terms { rule: &rule, kind: self.kind, from: &from, to: &to };
        let history = History::new(BEGIN, &minutes);
        compare(&self.watch, (&history, &history), &terms)
    }

    #[track_caller]
    fn check(&self, verdict: Verdict, said: &str) {
        let effect = self.effect();
        assert_eq!((effect.verdict, effect.to_string().as_str()), (verdict, said));
        let is_news = matches!(verdict, Verdict::NoHelp | Verdict::Worse(_));
        assert_eq!(effect.is_news(), is_news);
    }
}

const ONE: &str = "replicas=1";
const TWO: &str = "replicas=2";
const LARGE: &str = "node-type=cache.m7g.large";
const LARGER: &str = "node-type=cache.m7g.xlarge";

/// So many thousand commands a second, a tenth of them writes.
fn load(thousands: f64) -> (f64, f64, f64) {
    (thousands * 900.0, thousands * 100.0, 3.0 * GIB)
}

/// A group that got a second replica.
fn replicated(after: (f64, f64, f64)) -> Group {
    let (one, two) = (size("m7g.large", 1), size("m7g.large", 2));
    Group::of(watch(ONE, TWO), (one, load(190.0)), (two, after))
}

/// One whose primary got a larger node, for writes.
fn larger(before: f64, after: f64) -> Group {
    let of = |writes: f64| (1_000.0, writes * 1000.0, GIB);
    let sizes = (size("m7g.large", 1), size("m7g.xlarge", 1));
    Group::of(watch(LARGE, LARGER), (sizes.0, of(before)), (sizes.1, of(after)))
}

/// One whose nodes were made smaller.
fn smaller(after: (f64, f64, f64)) -> Group {
    let sizes = (size("m7g.xlarge", 1), size("m7g.large", 1));
    Group::of(watch(LARGER, LARGE), (sizes.0, load(60.0)), (sizes.1, after))
}

#[test]
fn what_is_written_is_read_again() {
    for (from, to, expected) in [
        (
            "node-type=cache.t4g.micro",
            "node-type=cache.t4g.small",
            "node-type=cache.t4g.small from cache.t4g.micro asked 2025-02-19T23:20:00Z at 2025-02-19T23:40:00Z",
        ),
        (ONE, TWO, "replicas=2 from 1 asked 2025-02-19T23:20:00Z at 2025-02-19T23:40:00Z"),
    ] {
        let watch = watch(from, to);
        assert_eq!(watch.tags()[tag::AUTOSCALE_WATCH], expected);
        assert!(tag::is_legal_value(expected));
        assert_eq!(Watch::read(&watch.tags()), Some(watch.clone()));
        assert_eq!(watch.tags().into_keys().collect::<Vec<_>>(), Watch::KEYS);
        let Watch { change, from, asked, at } = watch.clone();
        let undertaking = Undertaking { change, from, at: asked, why: "CPU".to_owned() };
        assert_eq!(Watch::of(&undertaking, at), watch);
    }
    for text in [
        "",
        "replicas=2 from 1 at 2026-01-02T03:04:05Z",
        "replicas=2 asked 2026-01-02T03:04:05Z at 2026-01-02T03:04:05Z",
        "replicas=2 from 1 asked noon at 2026-01-02T03:04:05Z",
        "shards=2 from 1 asked 2026-01-02T03:04:05Z at 2026-01-02T03:04:05Z",
    ] {
        let tags = Tags::from([(tag::AUTOSCALE_WATCH.to_owned(), text.to_owned())]);
        assert_eq!(Watch::read(&tags), None, "{text}");
    }
}

#[test]
fn a_change_is_judged_an_hour_after_it_is_there() {
    let watch = watch(ONE, TWO);
    assert!(!watch.is_due(time(200) - SignedDuration::from_secs(1)));
    assert!(watch.is_due(time(200)));
}

#[test]
fn replicas_that_take_their_share_are_as_hoped() {
    replicated(load(190.0)).check(
        Verdict::AsHoped,
        "in the hour before, the busiest engine was at 90 percent and the memory at 63; in the hour since, at 50 and 63",
    );
    // Twice as much is asked for since, which keeps them as busy as they were before.
    replicated(load(340.0)).check(
        Verdict::AsHoped,
        "in the hour before, the busiest engine was at 90 percent and the memory at 63; in the hour since, at 90 and 63",
    );
}

#[test]
fn a_replica_that_nobody_reads_from_is_no_help_and_told() {
    let mut group = replicated(load(190.0));
    group.hours.1.replica = group.hours.0.replica * 0.95;
    group.check(
        Verdict::NoHelp,
        "in the hour before, the busiest engine was at 90 percent and the memory at 63; in the hour since, at 85 and 63; \
         a command takes as much of it as before, with 190000 of them a second then and 190000 since",
    );
    // A tenth less is help.
    group.hours.1.replica = group.hours.0.replica * 0.89;
    assert_eq!(group.effect().verdict, Verdict::AsHoped);
    // Fewer commands keep it less busy, and each of them takes as much.
    group.hours.1 = Minute {
        replica: group.hours.0.replica * 0.5,
        reads: 85_500.0,
        writes: 9_500.0,
        ..group.hours.1
    };
    assert_eq!(group.effect().verdict, Verdict::NoHelp);
}

#[test]
fn a_larger_node_whose_engine_is_no_faster_is_told() {
    let mut group = larger(130.0, 130.0);
    assert_eq!(group.effect().verdict, Verdict::AsHoped);
    group.hours.1.primary = group.hours.0.primary;
    assert_eq!(group.effect().verdict, Verdict::NoHelp);
    // One that was not busy grew for something else.
    let mut calm = larger(110.0, 110.0);
    calm.hours.1.primary = calm.hours.0.primary;
    assert_eq!(calm.effect().verdict, Verdict::AsHoped);
    // And of one that has more memory alone nobody hoped for a faster engine.
    let of = (1_000.0, 130_000.0, GIB);
    let sizes = (size("m7g.large", 1), size("r7g.large", 1));
    let roomy = Group::of(watch(LARGE, "node-type=cache.r7g.large"), (sizes.0, of), (sizes.1, of));
    assert_eq!(roomy.effect().verdict, Verdict::AsHoped);
}

#[test]
fn an_engine_that_idles_tells_nothing_of_a_command() {
    let idle = |busy: f64| {
        let mut group = replicated(load(19.0));
        group.hours.1 = Minute { primary: busy, replica: busy, ..group.hours.1 };
        group.hours.0 = Minute { primary: 0.2, replica: 0.2, ..group.hours.0 };
        group
    };
    assert_eq!(idle(0.2).effect().verdict, Verdict::NoHelp);
    assert_eq!(idle(0.199).effect().verdict, Verdict::AsHoped);
    let mut before = idle(0.2);
    before.hours.0 = Minute { primary: 0.199, replica: 0.199, ..before.hours.0 };
    assert_eq!(before.effect().verdict, Verdict::AsHoped);
}

#[test]
fn commands_that_are_reckoned_from_the_engine_tell_nothing_of_it() {
    // Nothing but scripts: a twentieth of what such an engine takes is what they count as.
    let mut group = larger(130.0, 130.0);
    for hour in [&mut group.hours.0, &mut group.hours.1] {
        *hour = Minute { reads: 0.0, writes: hour.primary * 0.05 * 250_000.0, ..*hour };
    }
    assert_eq!(group.effect().verdict, Verdict::AsHoped);
    for hour in [&mut group.hours.0, &mut group.hours.1] {
        hour.writes *= 1.01;
    }
    assert_eq!(group.effect().verdict, Verdict::NoHelp);
}

#[test]
fn a_smaller_node_that_is_too_busy_or_too_full_is_worse_and_told() {
    assert_eq!(smaller(load(60.0)).effect().verdict, Verdict::AsHoped);
    smaller(load(180.0)).check(
        Verdict::Worse(Over::Engine(0.80)),
        "in the hour before, the busiest engine was at 17 percent and the memory at 31; in the hour since, at 85 and 63; the limit of an engine is 80",
    );
    assert_eq!(smaller(load(168.0)).effect().verdict, Verdict::AsHoped);
    let stored = |gib: f64| smaller((54_000.0, 6_000.0, gib * GIB));
    stored(4.4).check(
        Verdict::Worse(Over::Memory(0.90)),
        "in the hour before, the busiest engine was at 17 percent and the memory at 31; in the hour since, at 28 and 92; the limit of the memory is 90",
    );
    assert_eq!(stored(4.3).effect().verdict, Verdict::AsHoped);
    let mut full = smaller((162_000.0, 18_000.0, 4.4 * GIB));
    assert_eq!(full.effect().verdict, Verdict::Worse(Over::Memory(0.90)));
    // What grew and is hot still is asked for again by the next look, and no news.
    full.watch = watch(ONE, TWO);
    assert_eq!(full.effect().verdict, Verdict::AsHoped);
}

#[test]
fn fewer_replicas_that_are_too_busy_are_worse() {
    let fewer = |thousands: f64| {
        let (one, two) = (size("m7g.large", 1), size("m7g.large", 2));
        Group::of(watch(TWO, ONE), (two, load(60.0)), (one, load(thousands)))
    };
    assert_eq!(fewer(60.0).effect().verdict, Verdict::AsHoped);
    assert_eq!(fewer(180.0).effect().verdict, Verdict::Worse(Over::Engine(0.80)));
}

#[test]
fn a_smaller_cache_that_misses_more_than_it_may_is_worse() {
    let cache = |misses: f64| {
        let mut group = smaller((54_000.0, 6_000.0, 4.7 * GIB));
        group.kind = Kind::Cache { misses: 0.16 };
        group.hours.1.misses = misses;
        group
    };
    assert_eq!(cache(0.15).effect().verdict, Verdict::AsHoped);
    cache(0.2).check(
        Verdict::Worse(Over::Misses(0.16)),
        "in the hour before, the busiest engine was at 17 percent and the memory at 31; in the hour since, at 28 and 98; \
         5.0 percent of the reads missed before, 20.0 since, and 16.0 may",
    );
}

#[test]
fn an_hour_of_which_most_is_silent_tells_nothing() {
    let silent = |minutes| Group { silent: minutes, ..smaller(load(180.0)) };
    assert_eq!(silent((30, 30)).effect().verdict, Verdict::Worse(Over::Engine(0.80)));
    silent((31, 0)).check(
        Verdict::Unknown,
        "too little is known to tell what came of it: 29 minutes of the hour before, and 60 of the hour since",
    );
    assert_eq!(silent((0, 31)).effect().verdict, Verdict::Unknown);
}

#[test]
fn a_change_of_which_only_hours_are_known_by_now_is_not_judged() {
    let ago = |minutes| Group { ago: minutes, ..smaller(load(180.0)) };
    assert_eq!(ago(2 * 1440 - 115).effect().verdict, Verdict::Worse(Over::Engine(0.80)));
    assert_eq!(ago(2 * 1440 - 114).effect().verdict, Verdict::Unknown);
}

#[test]
fn the_room_before_a_change_is_what_its_metrics_told_then() {
    let [one, two] = ["orders-001", "orders-002"].map(|it| MemberId::parse(it).unwrap());
    let mut days = Load::default();
    let at = |minute: i64, value: f64| Sample { at: time(minute), value };
    for (id, bytes) in [(&one, 400.0), (&two, 300.0)] {
        days.insert(id, Metric::Memory, vec![at(118, 50.0), at(130, 25.0), at(150, 25.0)]);
        // What was told after the percentage is of another minute.
        days.insert(
            id,
            Metric::UsedBytes,
            vec![at(118, bytes), at(119, 1.0), at(130, 3.0 * bytes)],
        );
    }
    let room =
        |days: &Load, ids: &[&MemberId]| watch(LARGE, LARGER).room(ids.iter().copied(), days);
    assert_eq!(room(&days, &[&one, &two]), Some(600.0));
    assert_eq!(room(&days, &[&one]), Some(800.0));
    // Of nineteen percent the digits do not tell the whole.
    days.insert(&two, Metric::Memory, vec![at(119, 19.0)]);
    assert_eq!(room(&days, &[&two]), None);
    assert_eq!(room(&days, &[&one, &two]), Some(800.0));
}
