//! Another engine, and other versions of one.

use super::{Caller, TOKEN, all, one};
use crate::settings::DataPlane;
use crate::{Done, Settings};

const VALKEY: [(&str, &str); 3] =
    [("Engine", "valkey"), ("EngineVersion", "7.2"), ("ApplyImmediately", "true")];

/// A caller with a group of this engine and version.
fn with(engine: &str, version: &str, nodes: &str, change: impl FnOnce(&mut Settings)) -> Caller {
    let mut aws = Caller::new(change);
    let more = [("Engine", engine), ("EngineVersion", version)];
    aws.create("orders", nodes, &more).unwrap();
    aws.pass(20);
    assert_eq!(aws.status(), "available");
    aws
}

fn runs(aws: &mut Caller, member: &str) -> (String, String) {
    let member = aws.member(member);
    (one(&member, "Engine"), one(&member, "EngineVersion"))
}

fn pair(engine: &str, version: &str) -> (String, String) {
    (engine.to_owned(), version.to_owned())
}

fn pending(aws: &mut Caller, member: &str) -> String {
    one(&one(&aws.member(member), "PendingModifiedValues"), "EngineVersion")
}

#[test]
fn another_engine_comes_to_one_member_after_another() {
    let mut aws = with("redis", "7.1", "3", |_| {});
    let answer = aws.modify(&VALKEY).unwrap();
    assert_eq!(one(&answer, "Engine"), "redis", "it is not done yet");
    aws.pass(7);
    assert_eq!(runs(&mut aws, "orders-002"), pair("valkey", "7.2.6"));
    assert_eq!(pending(&mut aws, "orders-002"), "");
    assert_eq!(runs(&mut aws, "orders-003"), pair("redis", "7.1.0"));
    assert_eq!(pending(&mut aws, "orders-003"), "7.2.6");
    assert_eq!(all(&aws.group(), "CurrentRole"), ["primary", "replica", "replica"]);
    aws.pass(7);
    let group = aws.group();
    assert_eq!(all(&group, "CurrentRole"), ["replica", "primary", "replica"], "its turn is last");
    assert_eq!(one(&group, "Engine"), "redis");
    assert_eq!(runs(&mut aws, "orders-001"), pair("redis", "7.1.0"));
    let text = "Failover from primary node orders-001 to replica node orders-002 completed";
    assert!(aws.events().contains(&text.to_owned()));
    aws.pass(6);
    let group = aws.group();
    assert_eq!((one(&group, "Status"), one(&group, "Engine")), pair("available", "valkey"));
    let member = aws.member("orders-001");
    assert_eq!(one(&member, "CacheParameterGroupName"), "default.valkey7");
    assert_eq!(runs(&mut aws, "orders-001"), pair("valkey", "7.2.6"));
    assert_eq!(aws.modify(&VALKEY).unwrap_err().message, "No modifications were requested");
}

#[test]
fn an_upgrade_may_leave_the_primary_where_it_was() {
    let mut aws = with("redis", "7.0", "2", |it| it.switches.upgrade_fails_over = false);
    aws.modify(&[("EngineVersion", "7.1"), ("ApplyImmediately", "true")]).unwrap();
    aws.pass(20);
    assert_eq!(all(&aws.group(), "CurrentRole"), ["primary", "replica"]);
    assert_eq!(runs(&mut aws, "orders-001"), pair("redis", "7.1.0"));
}

#[test]
fn without_failover_nobody_answers_for_a_primary_that_is_upgraded() {
    let mut aws = Caller::new(|_| {});
    aws.create("orders", "2", &[("AutomaticFailoverEnabled", "false")]).unwrap();
    aws.pass(20);
    let answers = |aws: &Caller| {
        aws.world.with(|state| {
            let host = state.elasticache.groups["orders"].primary_endpoint.host.clone();
            state.elasticache.access_at(&host).is_some()
        })
    };
    aws.modify(&VALKEY).unwrap();
    aws.pass(9);
    assert!(answers(&aws), "the replica has its turn");
    aws.pass(2);
    assert!(!answers(&aws));
    aws.pass(9);
    assert!(answers(&aws));
    assert_eq!(all(&aws.group(), "CurrentRole"), ["primary", "replica"]);
}

#[test]
fn an_engine_that_waits_for_the_maintenance_window_shows_on_members_only() {
    let mut aws = with("redis", "6.2", "2", |_| {});
    aws.modify(&VALKEY[..2]).unwrap();
    let group = aws.group();
    assert_eq!((one(&group, "Status"), one(&group, "Engine")), pair("available", "redis"));
    assert_eq!(one(&group, "PendingModifiedValues"), "");
    assert_eq!(pending(&mut aws, "orders-001"), "7.2.6");
    assert_eq!(one(&aws.member("orders-001"), "CacheParameterGroupName"), "default.redis6.x");
    // The start is a Thursday, the window on Sunday at five.
    aws.pass(4 * 24 * 60);
    assert_eq!(one(&aws.group(), "Engine"), "valkey");
    assert_eq!(one(&aws.member("orders-001"), "CacheParameterGroupName"), "default.valkey7");
}

fn parameters(aws: &mut Caller, name: &str, family: &str) {
    let pairs = [
        ("CacheParameterGroupName", name),
        ("CacheParameterGroupFamily", family),
        ("Description", "of orders"),
    ];
    aws.ask("CreateCacheParameterGroup", &pairs).unwrap();
}

#[test]
fn own_parameters_need_a_group_of_the_family_to_come() {
    let mut aws = Caller::new(|_| {});
    parameters(&mut aws, "old", "redis7");
    parameters(&mut aws, "new", "valkey8");
    aws.create("orders", "2", &[("CacheParameterGroupName", "old")]).unwrap();
    aws.pass(20);
    let to = [("Engine", "valkey"), ("EngineVersion", "8.0"), ("ApplyImmediately", "true")];
    let refused = aws.modify(&to).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterCombination");
    assert_eq!(refused.message, "redis parameter group is not applicable to engine valkey");
    let name = "CacheParameterGroupName";
    let refused = aws.modify(&[(name, "new")]).unwrap_err();
    assert_eq!(refused.message, "valkey parameter group is not applicable to engine redis");
    let refused = aws.modify(&[&to[..], &[(name, "default.valkey7")]].concat()).unwrap_err();
    assert_eq!(
        refused.message,
        "Expected a parameter group of family valkey8 but found one of family valkey7"
    );
    aws.modify(&[&to[..], &[(name, "new")]].concat()).unwrap();
    assert_eq!(one(&aws.member("orders-001"), name), "old", "the engine is not there yet");
    assert_eq!(
        aws.code("DeleteCacheParameterGroup", &[(name, "new")]),
        "InvalidCacheParameterGroupState"
    );
    aws.pass(20);
    assert_eq!(one(&aws.member("orders-001"), name), "new");
    aws.ask("DeleteCacheParameterGroup", &[(name, "old")]).unwrap();
}

#[test]
fn a_version_of_another_family_may_need_its_parameter_group_named() {
    let to = [("EngineVersion", "8.0"), ("ApplyImmediately", "true")];
    for moves in [false, true] {
        let mut aws =
            with("valkey", "7.2", "2", |it| it.switches.upgrade_moves_default_parameters = moves);
        assert_eq!(aws.modify(&to).is_ok(), moves);
        if !moves {
            let named = [&to[..], &[("CacheParameterGroupName", "default.valkey8")]].concat();
            aws.modify(&named).unwrap();
        }
        aws.pass(20);
        assert_eq!(runs(&mut aws, "orders-001"), pair("valkey", "8.0.1"));
        assert_eq!(one(&aws.member("orders-001"), "CacheParameterGroupName"), "default.valkey8");
    }
}

#[test]
fn an_engine_without_a_version_is_the_newest_or_refused() {
    for needs in [false, true] {
        let mut aws =
            with("redis", "7.1", "1", |it| it.switches.engine_change_needs_version = needs);
        let changed = aws.modify(&[("Engine", "valkey"), ("ApplyImmediately", "true")]);
        assert_eq!(changed.is_err(), needs);
        aws.pass(20);
        let expected = if needs { pair("redis", "7.1.0") } else { pair("valkey", "8.1.0") };
        assert_eq!(runs(&mut aws, "orders-001"), expected);
    }
}

#[test]
fn only_the_first_valkey_goes_back() {
    let back = [("Engine", "redis"), ("EngineVersion", "7.1"), ("ApplyImmediately", "true")];
    let mut aws = with("valkey", "7.2", "2", |_| {});
    let refused = aws.modify(&[("Engine", "redis"), ("EngineVersion", "7.0")]).unwrap_err();
    assert_eq!(refused.message, "Cannot modify valkey from 7.2.6 to redis 7.0.7");
    aws.modify(&back).unwrap();
    aws.pass(20);
    assert_eq!(runs(&mut aws, "orders-002"), pair("redis", "7.1.0"));
    assert_eq!(one(&aws.member("orders-002"), "CacheParameterGroupName"), "default.redis7");
    let mut aws = with("valkey", "8.0", "2", |_| {});
    let refused = aws.modify(&back).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterCombination");
    assert_eq!(refused.message, "Cannot modify valkey from 8.0.1 to redis 7.1.0");
    let refused = aws.modify(&[("EngineVersion", "7.2")]).unwrap_err();
    assert_eq!(refused.message, "Cannot modify valkey from 8.0.1 to 7.2.6");
    let refused = aws.modify(&[("Engine", "memcached")]).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterValue");
}

#[test]
fn users_of_valkey_hold_a_group_back() {
    let mut aws = Caller::new(|_| {});
    let user = [
        ("UserId", "own"),
        ("UserName", "default"),
        ("Engine", "valkey"),
        ("AccessString", "on ~* +@all"),
        ("Passwords.member.1", TOKEN),
    ];
    aws.ask("CreateUser", &user).unwrap();
    let staff = [("UserGroupId", "staff"), ("Engine", "valkey"), ("UserIds.member.1", "own")];
    aws.ask("CreateUserGroup", &staff).unwrap();
    aws.pass(1);
    let more = [("Engine", "valkey"), ("EngineVersion", "7.2"), ("UserGroupIds.member.1", "staff")];
    aws.create("orders", "2", &more).unwrap();
    aws.pass(20);
    let back = [("Engine", "redis"), ("EngineVersion", "7.1"), ("ApplyImmediately", "true")];
    assert_eq!(aws.modify(&back).unwrap_err().code, "InvalidParameterCombination");
    aws.modify(&[&back[..], &[("RemoveUserGroups", "true")]].concat()).unwrap();
    aws.pass(20);
    assert_eq!(one(&aws.group(), "Engine"), "redis");
}

#[test]
fn a_second_set_of_servers_has_the_new_engine_at_once() {
    let mut aws = with("redis", "7.1", "2", |_| {});
    aws.modify(&[&VALKEY[..], &[("CacheNodeType", "cache.t4g.small")]].concat()).unwrap();
    aws.pass(19);
    assert_eq!(runs(&mut aws, "orders-002"), pair("redis", "7.1.0"));
    aws.pass(1);
    assert_eq!(runs(&mut aws, "orders-002"), pair("valkey", "7.2.6"));
    assert_eq!(all(&aws.group(), "CurrentRole"), ["primary", "replica"]);
    aws.world.with(|state| state.faults.rollbacks = 1);
    let to = [
        ("EngineVersion", "8.0"),
        ("CacheParameterGroupName", "default.valkey8"),
        ("CacheNodeType", "cache.t4g.micro"),
        ("ApplyImmediately", "true"),
    ];
    aws.modify(&to).unwrap();
    aws.pass(20);
    assert_eq!(aws.status(), "available");
    assert_eq!(runs(&mut aws, "orders-002"), pair("valkey", "7.2.6"));
    assert_eq!(one(&aws.member("orders-002"), "CacheParameterGroupName"), "default.valkey7");
}

#[test]
fn real_servers_hand_over_before_the_last_turn() {
    let mut aws = Caller::new(|it| it.data_plane = DataPlane::Real);
    aws.create("orders", "2", &[]).unwrap();
    let end = |aws: &Caller| {
        let effects = aws.world.take_effects();
        for ticket in effects.iter().filter_map(crate::Effect::ticket) {
            aws.world.done(aws.now, ticket, Ok(Done::Plain));
        }
        effects
    };
    end(&aws);
    aws.pass(8);
    end(&aws);
    aws.modify(&VALKEY).unwrap();
    aws.pass(10);
    let promoted = aws.world.take_effects();
    assert!(matches!(promoted[0], crate::Effect::Promote { graceful: true, .. }), "{promoted:?}");
    aws.pass(30);
    assert_eq!(aws.status(), "modifying", "it waits for the server that takes over");
    for ticket in promoted.iter().filter_map(crate::Effect::ticket) {
        aws.world.done(aws.now, ticket, Ok(Done::Plain));
    }
    aws.pass(11);
    let configured = end(&aws);
    assert!(configured.iter().any(|it| matches!(it, crate::Effect::Configure { .. })));
    assert_eq!(one(&aws.group(), "Engine"), "valkey");
}
