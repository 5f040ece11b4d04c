mod busy;
mod clients;
mod keys;
mod nodes;
mod shards;

use jiff::SignedDuration;

use super::*;
use crate::autoscale::plan::tests::{now, orders};
use crate::autoscale::{Loads, Metric, Sample};
use crate::shard::ShardView;
use crate::{GroupView, MemberId, NodeType, tag};

/// As many minutes as are read.
const DAYS: i64 = 3 * 24 * 60;
const DAY: i64 = 24 * 60;

/// The group `orders`: a primary, 001, and a replica, 002, of which nothing was told.
struct Scene(LoadView);

fn scene(node_type: &str) -> Scene {
    let view = orders().of_type(node_type).0;
    Scene(LoadView { load: Some(Loads::default()), ..view })
}

/// The same in cluster mode: so many shards of a primary and a replica, whose roles nobody tells but their metrics.
fn sharded(node_type: &str, shards: u32) -> Scene {
    let mut scene = scene(node_type);
    let group = scene.group();
    group.cluster_enabled = true;
    let one = group.members.remove(0);
    (group.members, group.member_ids) = (Vec::new(), Vec::new());
    for shard in 1..=shards {
        let members = [1, 2].map(|it| member(&format!("{shard:04}-{it:03}")));
        group.member_ids.extend(members.clone());
        for id in members.clone() {
            group.members.push(crate::MemberView { id, role: None, ..one.clone() });
        }
        let members = members.to_vec();
        group.shards.push(ShardView { id: format!("{shard:04}"), slots: None, members });
    }
    scene
}

fn member(number: &str) -> MemberId {
    MemberId::parse(&format!("orders-{number}")).unwrap()
}

impl Scene {
    fn group(&mut self) -> &mut GroupView {
        self.0.group.as_mut().unwrap()
    }

    fn tagged(mut self, key: &str, value: &str) -> Self {
        self.group().tags.as_mut().unwrap().insert(key.to_owned(), value.to_owned());
        self
    }

    /// What a member told so many minutes ago, for three days.
    fn tells(mut self, number: &str, metric: Metric, value: impl Fn(i64) -> Option<f64>) -> Self {
        let step = usize::try_from(metric.minutes()).unwrap();
        let of = |minutes: i64| {
            let at = now() - SignedDuration::from_mins(minutes);
            value(minutes).map(|value| Sample { at, value })
        };
        let samples = (metric.minutes()..=DAYS).step_by(step).filter_map(of).collect();
        self.0.load.as_mut().unwrap().days.insert(&member(number), metric, samples);
        self
    }

    /// It told this all the time.
    fn always(self, number: &str, metric: Metric, value: f64) -> Self {
        self.tells(number, metric, |_| Some(value))
    }

    /// It told one thing in so many of the last minutes, and another before.
    fn of_late(self, number: &str, metric: Metric, minutes: i64, late: f64, before: f64) -> Self {
        self.tells(number, metric, |it| Some(if it <= minutes { late } else { before }))
    }

    fn found(&self) -> Vec<Sign> {
        signs(Catalog::embedded(), &self.0, now())
    }
}

/// A sign holds, and says this.
#[track_caller]
fn holds(kind: SignKind, scene: Scene, expected: &str) {
    let found = scene.found();
    let said: Vec<String> =
        found.iter().filter(|it| it.kind == kind).map(ToString::to_string).collect();
    assert_eq!(said, [expected]);
    // A mail of SNS has lines of its own.
    assert!(expected.chars().all(|it| it.is_ascii_graphic() || it == ' '), "{expected}");
}

/// A sign does not hold.
#[track_caller]
fn is_silent(kind: SignKind, scene: Scene) {
    let found = scene.found();
    let said = found.iter().find(|it| it.kind == kind);
    assert!(said.is_none(), "{said:?}");
}

/// A sign holds, whatever it says.
#[track_caller]
fn is_said(kind: SignKind, scene: Scene) {
    let found = scene.found();
    assert!(found.iter().any(|it| it.kind == kind), "{found:?}");
}

#[test]
fn of_a_group_that_tells_nothing_nothing_is_said() {
    assert_eq!(scene("cache.t4g.micro").found(), []);
    assert_eq!(sharded("cache.m7g.large", 3).found(), []);
}

#[test]
fn of_a_calm_group_nothing_is_said() {
    let calm = orders().idle(100_000_000.0).seen();
    assert_eq!(signs(Catalog::embedded(), &calm, now()), []);
}

#[test]
fn where_no_metrics_were_read_nothing_is_said() {
    let old = |load| {
        let mut scene = scene("cache.t4g.micro");
        scene.group().members[0].engine_version = "4.0.10".to_owned();
        scene.0.load = load;
        scene.found().len()
    };
    assert_eq!(old(Some(Loads::default())), 1);
    assert_eq!(old(None), 0);
    let gone = LoadView { group: None, load: Some(Loads::default()), ..LoadView::default() };
    assert_eq!(signs(Catalog::embedded(), &gone, now()), []);
}

#[test]
fn the_words_are_what_they_were_and_a_tag_may_hold_them() {
    let words = SignKind::ALL.map(SignKind::word);
    let were = [
        "evictions-of-a-store",
        "clients-limit",
        "lag",
        "slow-commands",
        "one-hot-shard",
        "primary-reads",
        "connections",
        "misses",
        "host-cpu",
        "old-engine",
    ];
    assert_eq!(words, were);
    assert!(words.iter().all(|it| tag::is_legal_value(it) && !it.contains(' ')));
    assert!(SignKind::ALL.is_sorted());
}

#[test]
fn the_gravest_is_said_first() {
    let scene = scene("cache.t4g.micro")
        .always("001", Metric::Evictions, 1.0)
        .always("001", Metric::Connections, 17_000.0)
        .always("002", Metric::Lag, 31.0)
        .always("001", Metric::EngineCpu, 90.0)
        .always("002", Metric::EngineCpu, 90.0)
        .always("001", Metric::Reads, 600.0);
    let mut scene = scene;
    scene.group().members[1].engine_version = "5.0.5".to_owned();
    let kinds: Vec<&str> = scene.found().iter().map(|it| it.kind.word()).collect();
    assert_eq!(
        kinds,
        [
            "evictions-of-a-store",
            "clients-limit",
            "lag",
            "slow-commands",
            "primary-reads",
            "old-engine"
        ]
    );
}

#[test]
fn a_type_that_the_catalog_does_not_know_says_nothing_of_what_it_takes() {
    let scene = |name: &str| {
        let mut scene = scene("cache.m7g.xlarge")
            .always("001", Metric::Connections, 64_000.0)
            .always("001", Metric::Cpu, 90.0)
            .always("001", Metric::EngineCpu, 20.0);
        let of = NodeType::parse(name).ok();
        scene.group().members.iter_mut().for_each(|it| it.node_type = of.clone());
        scene.found().len()
    };
    assert_eq!(scene("cache.m7g.xlarge"), 2);
    assert_eq!(scene("cache.z9.huge"), 0);
}
