use super::*;
use crate::Tags;
use crate::tag;

fn node_type(name: &str) -> NodeType {
    NodeType::parse(name).unwrap()
}

fn policy(tags: &[(&str, &str)]) -> Policy {
    let mode = [(tag::AUTOSCALE, "full")];
    let tags = tags.iter().chain(&mode).map(|(key, value)| ((*key).into(), (*value).into()));
    Policy::read(&tags.collect::<Tags>(), Catalog::embedded()).unwrap().unwrap()
}

fn asked(policy: &Policy) -> Asked<'_> {
    Asked {
        shards: 1,
        policy,
        engine: Engine::Redis,
        version: Some("7.1.0".parse().unwrap()),
        reserve: Reserve::DEFAULT,
        usable: None,
        clients: 10.0,
        failed: &[],
    }
}

/// What a group of this type is offered under these tags, each with what is left for data of what there is, and what is left out.
#[track_caller]
fn check(current: &str, tags: &[(&str, &str)], change: impl Fn(&mut Asked<'_>), expected: &str) {
    let policy = policy(tags);
    let mut asked = asked(&policy);
    change(&mut asked);
    let said = match Offer::of(Catalog::embedded(), &node_type(current), &asked) {
        None => "nothing".to_owned(),
        Some(offer) => {
            assert_eq!(offer.current().unwrap().node_type, node_type(current));
            let share = |it: &Candidate| {
                let all = as_f64(Catalog::embedded().find(&it.node_type).unwrap().maxmemory.0);
                format!("{} {:.0}", short(&it.node_type), it.usable / all * 100.0)
            };
            let out = offer.out.iter().map(|(it, why)| format!("{} {why}", short(it)));
            offer.candidates.iter().map(share).chain(out).collect::<Vec<_>>().join(", ")
        }
    };
    assert_eq!(said, expected);
}

fn short(node_type: &NodeType) -> &str {
    node_type.as_str().trim_start_matches("cache.")
}

fn nothing(_: &mut Asked<'_>) {}

#[test]
fn without_a_word_it_is_the_family_and_small_ones_keep_more_for_themselves() {
    check("cache.t4g.small", &[], nothing, "t4g.micro 50, t4g.small 75, t4g.medium 75");
    check("cache.t4g.medium", &[], nothing, "t4g.micro 50, t4g.small 70, t4g.medium 75");
}

#[test]
fn a_ceiling_of_another_family_brings_that_family_in_up_to_itself() {
    let ceiling = [(tag::AUTOSCALE_MAX_NODE_TYPE, "cache.m7g.xlarge")];
    let expected = "t4g.micro 50, t4g.small 75, t4g.medium 75, m7g.large 75, m7g.xlarge 75";
    check("cache.t4g.small", &ceiling, nothing, expected);
    let below = [(tag::AUTOSCALE_MAX_NODE_TYPE, "cache.t4g.micro")];
    check("cache.t4g.small", &below, nothing, "t4g.micro 50, t4g.small 75");
}

#[test]
fn what_is_listed_is_all_that_it_may_have_besides_what_it_has() {
    let listed = [(tag::AUTOSCALE_NODE_TYPES, "cache.m7g.large  cache.t4g")];
    let expected = "t4g.micro 50, t4g.small 70, t4g.medium 75, m7g.large 75, r7g.large 75";
    check("cache.r7g.large", &listed, nothing, expected);
    let below = [listed[0], (tag::AUTOSCALE_MAX_NODE_TYPE, "cache.t4g.small")];
    check("cache.r7g.large", &below, nothing, "t4g.micro 50, t4g.small 70, r7g.large 75");
}

#[test]
fn data_tiering_is_never_crossed() {
    let tiered = [(tag::AUTOSCALE_NODE_TYPES, "cache.r6gd cache.r6g.large")];
    check("cache.r6g.xlarge", &tiered, nothing, "r6g.large 75, r6g.xlarge 75");
}

#[test]
fn a_type_that_the_catalog_does_not_know_is_offered_nothing() {
    check("cache.z1.small", &[], nothing, "nothing");
}

#[test]
fn a_type_that_runs_newer_versions_only_is_left_out_and_that_is_said() {
    let old = |it: &mut Asked<'_>| it.version = Some("5.0.6".parse().unwrap());
    let ceiling = [(tag::AUTOSCALE_NODE_TYPES, "cache.t3.micro cache.m7g.large")];
    let expected = "t3.micro 50, t3.small 75, m7g.large runs newer versions of the engine only";
    check("cache.t3.small", &ceiling, old, expected);
}

#[test]
fn a_type_that_takes_too_few_clients_is_left_out() {
    let crowd = |it: &mut Asked<'_>| it.clients = 16_001.0;
    let expected = "t4g.small 75, t4g.medium 75, t4g.micro takes too few clients";
    check("cache.t4g.small", &[], crowd, expected);
    let few = |it: &mut Asked<'_>| it.clients = 16_000.0;
    check("cache.t4g.small", &[], few, "t4g.micro 50, t4g.small 75, t4g.medium 75");
    // What it has, it has.
    let crowd = |it: &mut Asked<'_>| it.clients = 19_000.0;
    check("cache.t4g.micro", &[], crowd, "t4g.micro 75, t4g.small 70, t4g.medium 75");
}

#[test]
fn a_type_that_did_not_take_is_not_tried_again_yet() {
    let failed = [node_type("cache.t4g.medium")];
    let policy = policy(&[]);
    let asked = Asked { usable: Some(1e9), failed: &failed, ..asked(&policy) };
    let offer = Offer::of(Catalog::embedded(), &node_type("cache.t4g.small"), &asked).unwrap();
    assert_eq!(offer.out, [(node_type("cache.t4g.medium"), Out::Failed)]);
    assert_eq!(offer.candidates.len(), 2);
    let usable = offer.current().unwrap().usable;
    assert!((usable - 1e9).abs() < 1.0, "what the metrics tell of it counts: {usable}");
}

#[test]
fn what_is_reserved_in_bytes_keeps_the_node_type() {
    let bytes = |it: &mut Asked<'_>| it.reserve = Reserve::Bytes(536_870_912.0);
    let why = Out::ReservedBytes;
    let expected = format!("t4g.small 64, t4g.micro {why}, t4g.medium {why}");
    check("cache.t4g.small", &[], bytes, &expected);
    let half = |it: &mut Asked<'_>| it.reserve = Reserve::Share(0.5);
    check("cache.t4g.small", &[], half, "t4g.micro 50, t4g.small 50, t4g.medium 50");
}

#[test]
fn memory_that_is_not_to_shrink_leaves_the_larger_ones() {
    let policy = policy(&[]);
    let asked = asked(&policy);
    let mut offer = Offer::of(Catalog::embedded(), &node_type("cache.t4g.small"), &asked).unwrap();
    offer.no_less_memory();
    let left: Vec<&str> = offer.candidates.iter().map(|it| short(&it.node_type)).collect();
    assert_eq!((left, offer.has), (vec!["t4g.small", "t4g.medium"], 0));
}

#[test]
fn a_type_takes_so_many_clients() {
    for (name, clients) in [
        ("cache.t4g.micro", 20_000.0),
        ("cache.t2.medium", 20_000.0),
        ("cache.t4g.medium", 46_000.0),
        ("cache.m7g.large", 65_000.0),
    ] {
        let entry = Catalog::embedded().find(&NodeType::parse(name).unwrap()).unwrap();
        assert!((clients_max(entry) - clients).abs() < 0.5, "{name}");
    }
}
