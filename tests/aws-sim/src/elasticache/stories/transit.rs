//! Encryption in transit is turned on and off under clients that go on.

use super::{Caller, TOKEN, all, one};
use crate::World;
use crate::settings::{DataPlane, Settings};

const PREFERRED: [(&str, &str); 3] = [
    ("TransitEncryptionEnabled", "true"),
    ("TransitEncryptionMode", "preferred"),
    ("ApplyImmediately", "true"),
];
const REQUIRED: [(&str, &str); 2] =
    [("TransitEncryptionMode", "required"), ("ApplyImmediately", "true")];
const BACK: [(&str, &str); 2] =
    [("TransitEncryptionMode", "preferred"), ("ApplyImmediately", "true")];
const OFF: [(&str, &str); 2] =
    [("TransitEncryptionEnabled", "false"), ("ApplyImmediately", "true")];

/// A caller with a group of two that speaks no TLS.
fn plain(change: impl FnOnce(&mut Settings)) -> Caller {
    let mut aws = Caller::new(change);
    aws.create("orders", "2", &[("TransitEncryptionEnabled", "false")]).unwrap();
    aws.pass(20);
    assert_eq!(aws.status(), "available");
    aws
}

fn change(aws: &mut Caller, to: &[(&str, &str)]) {
    aws.modify(to).unwrap();
    aws.pass(10);
    assert_eq!(aws.status(), "available");
}

/// The primary's address, the reader's and those of the nodes.
fn addresses(aws: &mut Caller) -> Vec<String> {
    all(&aws.group(), "Address")
}

/// Whether an address admits a client with TLS, and one without.
fn admits(aws: &Caller, host: &str) -> (bool, bool) {
    let at = aws.world.with(|state| state.elasticache.transit_at(host));
    at.map_or((false, false), |it| (it.admits(true), it.admits(false)))
}

fn refused(aws: &mut Caller, to: &[(&str, &str)]) -> String {
    let refusal = aws.modify(to).unwrap_err();
    assert_eq!(refusal.code, "InvalidParameterCombination", "{}", refusal.message);
    refusal.message
}

#[test]
fn clients_move_to_tls_in_two_steps() {
    let mut aws = plain(|_| {});
    let before = addresses(&mut aws);
    assert_eq!(admits(&aws, &before[0]), (false, true));
    aws.modify(&PREFERRED).unwrap();
    let group = aws.group();
    assert_eq!(one(&group, "Status"), "modifying");
    let pending = one(&group, "PendingModifiedValues");
    assert_eq!(one(&pending, "TransitEncryptionEnabled"), "true");
    assert_eq!(one(&pending, "TransitEncryptionMode"), "preferred");
    let pending = one(&aws.member("orders-002"), "PendingModifiedValues");
    assert_eq!(one(&pending, "TransitEncryptionMode"), "preferred");
    assert_eq!(admits(&aws, &before[0]), (false, true), "it is not done yet");
    aws.pass(10);
    let group = aws.group();
    assert_eq!(one(&group, "PendingModifiedValues"), "");
    assert_eq!(one(&group, "TransitEncryptionMode"), "preferred");
    let during = addresses(&mut aws);
    assert!(during[0].starts_with("master.orders.") && during[1].starts_with("replica.orders."));
    for host in [&before[0], &before[1], &during[0], &during[1], &during[2]] {
        assert_eq!(admits(&aws, host), (true, true), "{host}");
    }
    assert_eq!(admits(&aws, &before[2]), (false, false), "names of nodes go at once");
    change(&mut aws, &REQUIRED);
    assert_eq!(addresses(&mut aws), during);
    assert_eq!(admits(&aws, &during[0]), (true, false));
    assert_eq!(admits(&aws, &before[0]), (false, false), "the old names are gone");
    assert_eq!(one(&aws.member("orders-001"), "TransitEncryptionMode"), "required");
}

#[test]
fn nodes_may_keep_their_old_names_while_both_kinds_come() {
    let mut aws = plain(|it| it.switches.plain_node_names_stay = true);
    let before = addresses(&mut aws);
    change(&mut aws, &PREFERRED);
    assert_eq!(admits(&aws, &before[3]), (true, true));
    let is_primary = |host: &str| aws.world.with(|state| state.elasticache.is_primary_at(host));
    assert!(is_primary(&before[0]) && is_primary(&before[2]) && !is_primary(&before[3]));
    change(&mut aws, &REQUIRED);
    assert_eq!(admits(&aws, &before[3]), (false, false));
}

#[test]
fn encryption_goes_off_in_two_steps_too() {
    for returns in [true, false] {
        let mut aws = Caller::new(|it| it.switches.plain_names_return = returns);
        aws.create("orders", "2", &[]).unwrap();
        aws.pass(20);
        let with = addresses(&mut aws);
        assert!(refused(&mut aws, &OFF).contains("set TransitEncryptionMode to preferred first"));
        change(&mut aws, &BACK);
        assert_eq!(addresses(&mut aws), with);
        assert_eq!(admits(&aws, &with[0]), (true, true));
        change(&mut aws, &OFF);
        let group = aws.group();
        assert_eq!(one(&group, "TransitEncryptionEnabled"), "false");
        assert!(!group.contains("TransitEncryptionMode"));
        let without = addresses(&mut aws);
        assert_eq!(without == with, !returns);
        assert_eq!(admits(&aws, &without[0]), (false, true));
        change(&mut aws, &PREFERRED);
        assert_eq!(addresses(&mut aws), with);
    }
}

#[test]
fn what_skips_a_step_is_refused() {
    let mut aws = plain(|_| {});
    let on = [("TransitEncryptionEnabled", "true")];
    assert!(refused(&mut aws, &on).contains("preferred first"));
    assert!(refused(&mut aws, &[&on[..], &REQUIRED].concat()).contains("preferred first"));
    let told = "To modify transit encryption mode, set encryption-in-transit as enabled.";
    assert_eq!(refused(&mut aws, &BACK), told);
    assert_eq!(refused(&mut aws, &[&OFF[..], &[PREFERRED[1]]].concat()), told);
    assert_eq!(refused(&mut aws, &OFF), "No modifications were requested");
    let strange = [on[0], ("TransitEncryptionMode", "optional")];
    assert_eq!(aws.modify(&strange).unwrap_err().code, "InvalidParameterValue");
    change(&mut aws, &PREFERRED);
    assert_eq!(refused(&mut aws, &PREFERRED[..2]), "No modifications were requested");
}

#[test]
fn old_versions_have_it_from_the_start_or_never() {
    let mut aws = Caller::new(|_| {});
    let old = [("EngineVersion", "6.2"), ("TransitEncryptionEnabled", "false")];
    aws.create("orders", "2", &old).unwrap();
    aws.pass(20);
    let told = "Transit encryption mode is not supported for engine version 6.2.6. Please use engine version 7.0.5 or higher.";
    assert_eq!(refused(&mut aws, &PREFERRED), told);
    let wanted = [("EngineVersion", "6.2"), PREFERRED[1]];
    assert_eq!(aws.create("other", "1", &wanted).unwrap_err().message, told);
    let wanted = [("TransitEncryptionEnabled", "false"), PREFERRED[1]];
    assert_eq!(aws.create("other", "1", &wanted).unwrap_err().code, "InvalidParameterCombination");
    aws.create("other", "1", &[PREFERRED[1]]).unwrap();
    aws.pass(20);
    let other = aws.ask("DescribeReplicationGroups", &[("ReplicationGroupId", "other")]).unwrap();
    assert_eq!(one(&other, "TransitEncryptionMode"), "preferred");
}

#[test]
fn access_control_and_preferred_exclude_each_other() {
    let both = "Transit encryption preferred is not supported with redis access control.";
    let mut aws = Caller::with_group("2", |_| {});
    let told =
        "Modification of transit encryption is not supported for access control enabled clusters.";
    assert_eq!(refused(&mut aws, &BACK), told);
    assert_eq!(refused(&mut aws, &[("TransitEncryptionEnabled", "true")]), told, "unchanged");
    let wanted = [("AuthToken", TOKEN), PREFERRED[1]];
    assert_eq!(aws.create("other", "1", &wanted).unwrap_err().message, both);
    let mut aws = plain(|_| {});
    change(&mut aws, &PREFERRED);
    let token = [("AuthToken", TOKEN), ("ApplyImmediately", "true")];
    assert_eq!(refused(&mut aws, &token), both);
    aws.modify(&REQUIRED[..1]).unwrap();
    assert_eq!(refused(&mut aws, &token[..1]), both, "it waits for the maintenance window");
    aws.modify(&[("ApplyImmediately", "true")]).unwrap();
    aws.pass(10);
    change(&mut aws, &token);
    assert_eq!(one(&aws.group(), "AuthTokenEnabled"), "true");
}

#[test]
fn a_change_may_wait_for_its_window_or_be_refused() {
    let mut aws = plain(|_| {});
    aws.modify(&PREFERRED[..2]).unwrap();
    let group = aws.group();
    assert_eq!(one(&group, "Status"), "available");
    let pending = one(&group, "PendingModifiedValues");
    assert_eq!(one(&pending, "TransitEncryptionMode"), "preferred");
    // The start is a Thursday, the window on Sunday at five.
    aws.pass(4 * 24 * 60);
    assert_eq!(one(&aws.group(), "TransitEncryptionMode"), "preferred");
    let mut aws = plain(|it| it.switches.transit_needs_apply_immediately = true);
    assert_eq!(aws.modify(&PREFERRED[..2]).unwrap_err().code, "InvalidParameterValue");
    change(&mut aws, &PREFERRED);
}

#[test]
fn real_servers_do_not_change_how_they_listen() {
    let mut aws = Caller::new(|it| it.data_plane = DataPlane::Real);
    let told = aws.create("orders", "1", &[PREFERRED[1]]).unwrap_err().message;
    assert!(told.contains("not modelled here where nodes are real servers"), "{told}");
    aws.create("orders", "1", &[]).unwrap();
}

/// Connects as a client would, and tells whether it gets an answer.
fn connects(world: &World, host: &str, tls: bool) -> bool {
    if tls { world.connect(host).is_ok() } else { world.connect_plain(host).is_ok() }
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_tls_ends_when_tls_is_required() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let mut aws = plain(|_| {});
    change(&mut aws, &PREFERRED);
    let host = addresses(&mut aws)[0].clone();
    // A world's own clock is that of its clients.
    let passed = aws.now.duration_since(aws.world.clock());
    tokio::time::sleep(passed.try_into().unwrap()).await;
    let mut client = aws.world.connect_plain(&host).unwrap();
    let mut answer = [0; 7];
    client.write_all(b"PING\r\n").await.unwrap();
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"+PONG\r\n");
    change(&mut aws, &REQUIRED);
    assert!(connects(&aws.world, &host, true) && !connects(&aws.world, &host, false));
    client.write_all(b"PING\r\n").await.unwrap();
    assert_eq!(client.read(&mut answer).await.unwrap(), 0, "it is cut");
}
