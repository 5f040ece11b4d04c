//! Another node type: written down, asked for, looked for.

use super::*;

fn larger() -> Scene {
    Scene::stated(&[("RedisNodeType", "cache.t4g.small")])
}

#[test]
fn a_node_type_is_written_down_then_asked_for_then_looked_for() {
    check(
        larger(),
        "Do: Ask { arn: \"arn:aws:elasticache:eu-west-1:1:replicationgroup:orders-redis-production\", asked: Asked { field: NodeType, value: \"cache.t4g.small\", at: 2026-01-02T03:00:00Z }",
    );
    let asked = larger().tag(tag::ASKED, "node-type=cache.t4g.small at 2026-01-02T02:59:00Z");
    check(
        asked,
        "Do: SetNodeType { to: NodeType(\"cache.t4g.small\"), mark: Mark { arn: \"arn:aws:elasticache:eu-west-1:1:subnetgroup:orders\", tags: {\"cachewarden:called\": \"node-type=cache.t4g.small at 2026-01-02T02:59:00Z called at 2026-01-02T03:00:00Z\"} } }",
    );
    let done = larger().of(2, "cache.t4g.small", "7.1.0");
    let done = done.tag(tag::ASKED, "node-type=cache.t4g.small at 2026-01-02T02:51:00Z");
    check(
        done,
        "Do: Untag { arn: \"arn:aws:elasticache:eu-west-1:1:replicationgroup:orders-redis-production\", keys: [\"cachewarden:asked\"] }",
    );
}

#[test]
fn a_change_that_did_not_take_is_told() {
    let asked = "node-type=cache.t4g.small at 2026-01-02T02:54:00Z";
    let called =
        |at: &str| larger().tag(tag::ASKED, asked).called(&format!("{asked} called at {at}"));
    // A moment after the call, the look may be stale.
    check(called("2026-01-02T02:55:01Z"), "Wait: a modification to finish");
    // The call was never made, however long ago it was written down; or the mark is of another call.
    check(larger().tag(tag::ASKED, asked), "Do: SetNodeType");
    let other = "node-type=cache.t4g.small at 2026-01-02T02:00:00Z called at 2026-01-02T02:00:01Z";
    check(larger().tag(tag::ASKED, asked).called(other), "Do: SetNodeType");
    let mut scene = called("2026-01-02T02:55:00Z");
    scene.seen.events = vec!["Failed applying modification".to_owned()];
    check(
        scene,
        "Refuse: the change of node-type to cache.t4g.small did not take, it is cache.t4g.micro still: its events say: Failed applying modification",
    );
}

#[test]
fn what_an_earlier_request_asked_for_says_nothing_about_this_one() {
    check(larger().tag(tag::ASKED, "node-type=cache.t4g.small at 2026-01-02T02:00:00Z"), "Do: Ask");
    check(
        larger().tag(tag::ASKED, "node-type=cache.t4g.medium at 2026-01-02T02:59:00Z"),
        "Do: Ask",
    );
    check(larger().tag(tag::ASKED, "written by hand"), "Do: Ask");
}

#[test]
fn what_the_autoscaler_asked_for_is_its_own_business() {
    let asked = settled().tag(tag::ASKED, "node-type=cache.t4g.small at 2026-01-02T02:59:00Z");
    check(asked.wanting(|it| it.keep.node_type = true), "Settled");
}

#[test]
fn one_member_that_lags_is_not_there_yet() {
    let small = NodeType::parse("cache.t4g.micro").unwrap();
    let scene = larger().of(2, "cache.t4g.small", "7.1.0");
    check(
        scene.group(|it| it.members[1].node_type = Some(small)),
        "Wait: the member orders-redis-production-002",
    );
}
