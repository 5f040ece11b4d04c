use proptest::prelude::*;

use super::*;

/// What a group may look like: any size of its family, any number of members, any load, any policy.
#[derive(Clone, Debug)]
struct Any {
    node_type: &'static str,
    ceiling: Option<&'static str>,
    mode: &'static str,
    replicas: u32,
    bounds: (u32, u32),
    failover: bool,
    /// Of each metric of each member; the sign and the size of some are absurd.
    values: Vec<f64>,
    /// For so many minutes they are told.
    minutes: i64,
    /// When automatic snapshots are taken. It is noon.
    window: &'static str,
}

const TYPES: [&str; 6] = [
    "cache.t4g.micro",
    "cache.t4g.small",
    "cache.t4g.medium",
    "cache.m7g.large",
    "cache.m7g.xlarge",
    "cache.r6gd.xlarge",
];

fn any_group() -> impl Strategy<Value = Any> {
    let value = prop_oneof![
        8 => 0.0..120.0_f64,
        2 => 1e6..1e10_f64,
        1 => Just(f64::NAN),
        1 => Just(-1.0),
        1 => Just(1e18),
    ];
    (
        prop::sample::select(TYPES.to_vec()),
        prop::option::of(prop::sample::select(TYPES.to_vec())),
        prop::sample::select(vec!["off", "recommend", "up-only", "full"]),
        0..=5_u32,
        (0..=5_u32, 0..=5_u32),
        any::<bool>(),
        prop::collection::vec(value, Metric::ALL.len() * 6),
        prop::sample::select(vec![2_i64, 12, 300, 3000, DAYS]),
        prop::sample::select(vec!["03:00-05:00", "11:30-12:30", "12:20-13:20", "23:00-00:00"]),
    )
        .prop_map(
            |(node_type, ceiling, mode, replicas, bounds, failover, values, minutes, window)| Any {
                node_type,
                ceiling,
                mode,
                replicas,
                bounds,
                failover: failover && 0 < replicas,
                values,
                minutes,
                window,
            },
        )
}

fn view(any: &Any) -> View {
    let mut view = orders().tagged(tag::AUTOSCALE, any.mode);
    view.group().members.clear();
    view.group().member_ids.clear();
    view = view.member("001", Role::Primary);
    for number in 0..any.replicas {
        view = view.member(&format!("{:03}", number + 2), Role::Replica);
    }
    view = view
        .of_type(any.node_type)
        .tagged(tag::AUTOSCALE_MIN_REPLICAS, &any.bounds.0.to_string())
        .tagged(tag::AUTOSCALE_MAX_REPLICAS, &any.bounds.1.to_string());
    if let Some(ceiling) = any.ceiling {
        view = view.tagged(tag::AUTOSCALE_MAX_NODE_TYPE, ceiling);
    }
    let toggle = if any.failover { Toggle::Enabled } else { Toggle::Disabled };
    view.group().automatic_failover = toggle;
    view.group().multi_az = toggle;
    let mut values = any.values.iter().cycle();
    for id in view.group().member_ids.clone() {
        for metric in Metric::ALL {
            let value = *values.next().unwrap();
            // Bytes in proportion to what a node has, so that something fits sometimes.
            let value = if metric == Metric::UsedBytes { value * 4e6 } else { value };
            view.1.insert((id.clone(), metric), value);
        }
    }
    view = view.for_minutes(any.minutes);
    any.window.clone_into(&mut view.group().snapshot_window);
    view.0.allowed = Some(TYPES.map(node_type).to_vec());
    view
}

#[expect(clippy::cast_precision_loss, reason = "memory sizes are far below 2^53")]
fn as_f64(bytes: u64) -> f64 {
    bytes as f64
}

fn memory(node_type: &NodeType) -> u64 {
    Catalog::embedded().find(node_type).unwrap().maxmemory.0
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_load_and_no_policy_leads_outside_the_bounds(any in any_group()) {
        let view = view(&any).seen();
        let verdict = decide(Catalog::embedded(), &view, now());
        let Verdict::Plan(Next::Do(step)) = verdict else { return Ok(()) };
        let Act::Begin(undertaking) = step.act else { panic!("nothing was begun before") };
        prop_assert!(["up-only", "full"].contains(&any.mode));
        prop_assert!(any.window != "11:30-12:30", "a call into a window");
        prop_assert!(any.bounds.0 <= any.bounds.1, "bounds that contradict each other move nothing");
        let from = node_type(any.node_type);
        match &undertaking.change {
            Change::NodeType(to) => {
                prop_assert!(*to != from);
                if memory(&from) < memory(to) {
                    if let Some(ceiling) = any.ceiling.map(node_type) {
                        prop_assert!(memory(to) <= memory(&ceiling));
                        prop_assert!([from.family(), ceiling.family()].contains(&to.family()));
                    } else {
                        prop_assert_eq!(to.family(), from.family());
                    }
                } else {
                    prop_assert_eq!(any.mode, "full");
                    let days = &view.load.as_ref().unwrap().days;
                    let peak = |it| days.peak(it, Metric::UsedBytes).unwrap();
                    let ids = &view.group.as_ref().unwrap().member_ids;
                    let used = ids.iter().map(peak).fold(0.0, f64::max);
                    let usable = Catalog::embedded().find(to).unwrap().usable.0;
                    prop_assert!(used <= as_f64(usable) * 0.85, "{} in {}", used, usable);
                }
                let tiering = |it: &NodeType| Catalog::embedded().find(it).unwrap().data_tiering;
                prop_assert_eq!(tiering(to), tiering(&from));
            }
            Change::Replicas(to) if any.replicas < *to => {
                prop_assert!(*to <= any.bounds.1);
            }
            Change::Replicas(to) => {
                prop_assert_eq!(any.mode, "full");
                prop_assert!(any.bounds.0.max(u32::from(any.failover)) <= *to);
            }
        }
        for value in undertaking.tags().values() {
            prop_assert!(tag::is_legal_value(value), "{}", value);
        }
    }

    #[test]
    fn nothing_is_done_to_a_group_that_is_busy(any in any_group(), which in 0..5_usize) {
        let mut view = view(&any);
        match which {
            0 => view = view.status(GroupStatus::Modifying),
            1 => view = view.status(GroupStatus::Snapshotting),
            2 => view.group().members[0].status = "modifying".to_owned(),
            3 => view.group().node_groups_settled = false,
            _ => view.group().token_change = Some("SETTING".to_owned()),
        }
        let verdict = decide(Catalog::embedded(), &view.seen(), now());
        match verdict {
            Verdict::Plan(Next::Wait(_)) => {}
            Verdict::Plan(Next::Refuse(Refusal::Off)) => prop_assert_eq!(any.mode, "off"),
            Verdict::Plan(Next::Refuse(Refusal::BadPolicy(_))) => {
                prop_assert!(any.bounds.1 < any.bounds.0);
            }
            other @ (Verdict::Ask(_) | Verdict::Plan(_)) => prop_assert!(false, "{:?}", other),
        }
    }
}
