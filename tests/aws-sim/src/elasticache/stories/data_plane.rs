//! What is asked of real servers, and that work waits for them.

use super::{Caller, TOKEN, one};
use crate::settings::DataPlane;
use crate::{Done, Effect};

/// A caller whose world has real servers behind it.
fn real() -> Caller {
    Caller::new(|it| it.data_plane = DataPlane::Real)
}

/// What an effect is, in a word, with the members that it names.
#[expect(clippy::wildcard_enum_match_arm, reason = "the rest is shown as it is")]
fn word(effect: &Effect) -> String {
    match effect {
        Effect::StartNode { node, .. } => format!("start {node}"),
        Effect::Replicate { replica, of, .. } => format!("replicate {replica} of {of}"),
        Effect::Promote { node, instead_of, graceful, .. } => {
            format!("promote {node} for {instead_of}{}", if *graceful { "" } else { ", lost" })
        }
        Effect::Accept { node, access, .. } => format!("accept {node} {}", access.passwords.len()),
        Effect::PointEndpoint { endpoint, to } => {
            let to: Vec<_> = to.iter().map(ToString::to_string).collect();
            let name = endpoint.host.split('.').next().unwrap_or_default();
            format!("point {name} [{}]", to.join(" "))
        }
        Effect::StopNode { node } => format!("stop {node}"),
        Effect::SaveSnapshot { node, snapshot, .. } => format!("save {node} {snapshot}"),
        other => format!("{other:?}"),
    }
}

/// Executes everything that is asked for until nothing more is.
fn execute(aws: &Caller) -> Vec<String> {
    let mut words = Vec::new();
    loop {
        let effects = aws.world.take_effects();
        if effects.is_empty() {
            return words;
        }
        words.extend(effects.iter().map(word));
        for effect in &effects {
            let saved = matches!(effect, Effect::SaveSnapshot { .. });
            let result = if saved { Done::Saved { bytes: 5 * 1024 * 1024 } } else { Done::Plain };
            if let Some(ticket) = effect.ticket() {
                aws.world.done(aws.now, ticket, Ok(result));
            }
        }
    }
}

fn with_group() -> Caller {
    let mut aws = real();
    aws.create("orders", "2", &[("AuthToken", TOKEN)]).unwrap();
    execute(&aws);
    aws.pass(8);
    assert_eq!(aws.status(), "available");
    execute(&aws);
    aws
}

#[test]
fn a_group_waits_for_its_servers() {
    let mut aws = real();
    aws.create("orders", "2", &[("AuthToken", TOKEN)]).unwrap();
    aws.pass(30);
    assert_eq!(aws.status(), "creating", "no server has answered yet");
    assert_eq!(
        execute(&aws),
        [
            "start orders-001.1",
            "start orders-002.2",
            "replicate orders-002.2 of orders-001.1",
            "point orders-001 [orders-001.1]",
            "point orders-002 [orders-002.2]",
            "point replica [orders-002.2]",
            "point master [orders-001.1]",
        ]
    );
    assert_eq!(aws.status(), "available");
}

#[test]
fn a_server_that_does_not_start_fails_the_group() {
    let mut aws = real();
    aws.create("orders", "1", &[]).unwrap();
    for effect in aws.world.take_effects() {
        let ticket = effect.ticket().unwrap();
        aws.world.done(aws.now, ticket, Err("no such file".to_owned()));
    }
    aws.pass(8);
    assert_eq!(aws.status(), "create-failed");
    assert!(aws.events().iter().any(|it| it.contains("no such file")));
}

#[test]
fn another_node_type_is_a_second_set_of_servers() {
    let mut aws = with_group();
    aws.modify(&[("CacheNodeType", "cache.t4g.small"), ("ApplyImmediately", "true")]).unwrap();
    let prepared = execute(&aws);
    assert_eq!(prepared[0], "start orders-001.3");
    assert_eq!(prepared[1], "replicate orders-001.3 of orders-001.1");
    aws.pass(20);
    let switched = execute(&aws);
    assert_eq!(
        switched[..2],
        ["promote orders-001.3 for orders-001.1", "replicate orders-002.4 of orders-001.3"]
    );
    assert!(switched.contains(&"point master [orders-001.3]".to_owned()));
    assert_eq!(switched[switched.len() - 2..], ["stop orders-001.1", "stop orders-002.2"]);
    assert_eq!(aws.status(), "available");
    assert_eq!(one(&aws.group(), "CacheNodeType"), "cache.t4g.small");
}

#[test]
fn a_token_is_told_to_every_server() {
    let mut aws = with_group();
    aws.modify(&[("AuthToken", "second-token-000"), ("ApplyImmediately", "true")]).unwrap();
    aws.pass(2);
    assert_eq!(aws.status(), "modifying", "not before the servers know it");
    assert_eq!(execute(&aws), ["accept orders-001.1 2", "accept orders-002.2 2"]);
    assert_eq!(aws.status(), "available");
}

#[test]
fn a_failover_stops_the_old_primary_and_starts_another() {
    let mut aws = with_group();
    let shard = [("ReplicationGroupId", "orders"), ("NodeGroupId", "0001")];
    aws.ask("TestFailover", &shard).unwrap();
    assert_eq!(execute(&aws), ["stop orders-001.1"], "it is lost at once");
    aws.pass(1);
    let words = execute(&aws);
    assert_eq!(
        words[..3],
        [
            "promote orders-002.2 for orders-001.1, lost",
            "start orders-001.3",
            "replicate orders-001.3 of orders-002.2",
        ]
    );
    assert!(words.contains(&"point master [orders-002.2]".to_owned()));
    assert!(words.contains(&"point orders-001 []".to_owned()));
    aws.pass(5);
    assert!(execute(&aws).contains(&"point orders-001 [orders-001.3]".to_owned()));
    assert_eq!(aws.status(), "available");
}

#[test]
fn a_lost_node_without_a_replica_comes_back_empty() {
    let mut aws = real();
    aws.create("orders", "1", &[("AuthToken", TOKEN)]).unwrap();
    execute(&aws);
    aws.pass(8);
    execute(&aws);
    aws.world.with(|state| crate::elasticache::lose_primary(state, "orders"));
    assert_eq!(execute(&aws), ["stop orders-001.1", "start orders-001.2"]);
    aws.pass(10);
    assert!(execute(&aws).contains(&"point orders-001 [orders-001.2]".to_owned()));
    assert_eq!(aws.status(), "available");
}

#[test]
#[expect(clippy::wildcard_enum_match_arm, reason = "one effect is looked for")]
fn servers_have_the_defaults_of_aws_and_not_their_own() {
    let mut aws = real();
    aws.create("orders", "1", &[("AuthToken", TOKEN)]).unwrap();
    let effects = aws.world.take_effects();
    let parameters = effects.iter().find_map(|it| match it {
        Effect::StartNode { spec, .. } => Some(spec.parameters.clone()),
        _ => None,
    });
    let parameters = parameters.unwrap();
    let policy = parameters.iter().find(|it| it.0 == "maxmemory-policy").map(|it| it.1.clone());
    assert_eq!(policy.as_deref(), Some("volatile-lru"));
}

#[test]
fn snapshots_hold_real_data() {
    let mut aws = with_group();
    let take = [("SnapshotName", "one"), ("CacheClusterId", "orders-002")];
    aws.ask("CreateSnapshot", &take).unwrap();
    aws.pass(60);
    assert_eq!(aws.status(), "snapshotting");
    assert_eq!(execute(&aws), ["save orders-002.2 one"]);
    let there = aws.ask("DescribeSnapshots", &[("SnapshotName", "one")]).unwrap();
    assert_eq!(one(&there, "CacheSize"), "5 MB");
    aws.create("restored", "2", &[("SnapshotName", "one")]).unwrap();
    let effects = aws.world.take_effects();
    let load = |it: &Effect| {
        let Effect::StartNode { spec, .. } = it else { return None };
        Some(spec.load.clone())
    };
    let loads: Vec<_> = effects.iter().filter_map(load).collect();
    assert_eq!(loads, [Some("one".to_owned()), None], "the replica gets its data from the primary");
}

#[test]
fn a_deleted_group_leaves_no_server() {
    let mut aws = with_group();
    let last = [("ReplicationGroupId", "orders"), ("FinalSnapshotIdentifier", "last")];
    aws.ask("DeleteReplicationGroup", &last).unwrap();
    assert_eq!(execute(&aws), ["save orders-001.1 last"]);
    aws.pass(3);
    execute(&aws);
    aws.pass(5);
    let words = execute(&aws);
    assert!(words.contains(&"stop orders-001.1".to_owned()), "{words:?}");
    assert!(words.contains(&"stop orders-002.2".to_owned()));
    assert!(words.contains(&"point master []".to_owned()));
}

#[test]
fn a_retained_primary_keeps_its_own_address_only() {
    let mut aws = with_group();
    let retain = [("ReplicationGroupId", "orders"), ("RetainPrimaryCluster", "true")];
    aws.ask("DeleteReplicationGroup", &retain).unwrap();
    execute(&aws);
    aws.pass(5);
    assert_eq!(
        execute(&aws),
        [
            "point orders-002 []",
            "point master []",
            "point replica []",
            "stop orders-002.2",
            "point orders-001 [orders-001.1]",
        ]
    );
}
