//! User groups on replication groups, and whom their nodes let in.

mod migration;
mod servers;

use super::{Caller, TOKEN, one};
use crate::Access;

const FIRST: &str = "first-password-0000";
const SECOND: &str = "second-password-000";

/// Makes the users `app`, `own` whose name is `default`, and `auto` that logs in with IAM; and the groups `staff` with the stock user and
/// `app`, `locked` with `own`, and `keys` of the engine valkey with `app`.
pub(crate) fn people(aws: &mut Caller) {
    let mut create = |id: &str, name: &str, how: (&str, &str)| {
        let pairs = [
            ("UserId", id),
            ("UserName", name),
            ("Engine", "redis"),
            ("AccessString", "on ~* +@all"),
            how,
        ];
        aws.ask("CreateUser", &pairs).unwrap();
    };
    create("app", "app", ("Passwords.member.1", FIRST));
    create("own", "default", ("Passwords.member.1", FIRST));
    create("auto", "auto", ("AuthenticationMode.Type", "iam"));
    let mut group = |id: &str, engine: &str, users: &[&str]| {
        let names: Vec<_> = (1..=users.len()).map(|it| format!("UserIds.member.{it}")).collect();
        let mut pairs = vec![("UserGroupId", id), ("Engine", engine)];
        pairs.extend(names.iter().map(String::as_str).zip(users.iter().copied()));
        aws.ask("CreateUserGroup", &pairs).unwrap();
    };
    group("staff", "redis", &["default", "app"]);
    group("locked", "redis", &["own"]);
    group("robots", "redis", &["default", "auto"]);
    group("keys", "valkey", &["app"]);
    aws.pass(1);
}

/// A caller with a group `orders` that has the user group `staff`.
pub(crate) fn with_staff(change: impl FnOnce(&mut crate::Settings)) -> Caller {
    let mut aws = Caller::new(change);
    people(&mut aws);
    aws.create("orders", "2", &[("UserGroupIds.member.1", "Staff")]).unwrap();
    aws.pass(20);
    aws
}

fn access(aws: &Caller) -> Access {
    aws.world.with(|state| {
        let host = state.elasticache.groups["orders"].primary_endpoint.host.clone();
        state.elasticache.access_at(&host).unwrap().clone()
    })
}

fn user_group(aws: &mut Caller, id: &str) -> String {
    aws.ask("DescribeUserGroups", &[("UserGroupId", id)]).unwrap()
}

#[test]
fn a_group_is_made_with_its_users() {
    let mut aws = with_staff(|_| {});
    let group = aws.group();
    assert_eq!(one(&group, "UserGroupIds"), "<member>staff</member>");
    assert_eq!(one(&group, "AuthTokenEnabled"), "false");
    assert_eq!(one(&aws.member("orders-001"), "AuthTokenEnabled"), "false");
    let staff = user_group(&mut aws, "staff");
    assert_eq!(one(&staff, "ReplicationGroups"), "<member>orders</member>");
    let access = access(&aws);
    assert!(access.admits(None), "the stock user needs no password");
    assert!(access.admits_user("default", "anything"));
    assert!(access.admits_user("app", FIRST));
    assert!(!access.admits_user("app", SECOND) && !access.admits_user("auto", FIRST));
    let tied = aws.ask("DeleteUserGroup", &[("UserGroupId", "staff")]).unwrap_err();
    assert_eq!((tied.status, tied.code.as_str()), (400, "InvalidUserGroupState"));
    aws.ask("DeleteReplicationGroup", &[("ReplicationGroupId", "orders")]).unwrap();
    aws.pass(5);
    assert_eq!(one(&user_group(&mut aws, "staff"), "ReplicationGroups"), "");
    aws.ask("DeleteUserGroup", &[("UserGroupId", "staff")]).unwrap();
}

#[test]
fn a_new_group_takes_one_active_user_group_of_its_engine_over_tls() {
    let mut aws = Caller::new(|_| {});
    people(&mut aws);
    let late = [("UserGroupId", "late"), ("Engine", "redis"), ("UserIds.member.1", "default")];
    aws.ask("CreateUserGroup", &late).unwrap();
    let mut refused = |more: &[(&str, &str)], status: u16, code: &str| {
        let got = aws.create("orders", "1", more).expect_err(code);
        assert_eq!((got.status, got.code.as_str()), (status, code), "{more:?} {}", got.message);
        got.message
    };
    let staff = ("UserGroupIds.member.1", "staff");
    refused(&[("UserGroupIds.member.1", "late")], 400, "InvalidUserGroupState");
    refused(&[("UserGroupIds.member.1", "none")], 404, "UserGroupNotFound");
    let combination = "InvalidParameterCombination";
    refused(&[staff, ("UserGroupIds.member.2", "locked")], 400, combination);
    let told = refused(&[staff, ("TransitEncryptionEnabled", "false")], 400, combination);
    assert!(told.contains("requires encryption-in-transit"), "{told}");
    let told = refused(&[staff, ("AuthToken", TOKEN)], 400, combination);
    assert!(told.contains("can't be associated with auth token enabled"), "{told}");
    refused(&[("UserGroupIds.member.1", "keys")], 400, combination);
    refused(&[staff, ("EngineVersion", "5.0.6")], 400, combination);
    refused(&[("UserGroupIds.member.1", "robots"), ("EngineVersion", "6.2")], 400, combination);
    let valkey = [("Engine", "valkey"), ("EngineVersion", "8.0")];
    aws.create("one", "1", &[&valkey[..], &[("UserGroupIds.member.1", "keys")]].concat()).unwrap();
    aws.create("two", "1", &[&valkey[..], &[staff]].concat()).unwrap();
}

#[test]
fn a_user_group_comes_and_goes_over_minutes() {
    let mut aws = Caller::new(|_| {});
    people(&mut aws);
    aws.create("orders", "2", &[]).unwrap();
    aws.pass(8);
    // It is applied at once, whatever ApplyImmediately says.
    let answer = aws.modify(&[("UserGroupIdsToAdd.member.1", "locked")]).unwrap();
    assert_eq!(one(&answer, "Status"), "modifying");
    assert_eq!(one(&answer, "UserGroupIds"), "");
    assert_eq!(
        one(&answer, "PendingModifiedValues"),
        "<UserGroups><UserGroupIdsToAdd><member>locked</member></UserGroupIdsToAdd><UserGroupIdsToRemove></UserGroupIdsToRemove></UserGroups>"
    );
    assert!(access(&aws).admits(None), "not before it is done");
    assert_eq!(aws.code("DeleteUserGroup", &[("UserGroupId", "locked")]), "InvalidUserGroupState");
    let busy = aws.modify(&[("RemoveUserGroups", "true")]).unwrap_err();
    assert_eq!(busy.code, "InvalidReplicationGroupState");
    aws.pass(2);
    let group = aws.group();
    assert_eq!(one(&group, "Status"), "available");
    assert_eq!(one(&group, "UserGroupIds"), "<member>locked</member>");
    assert_eq!(one(&group, "PendingModifiedValues"), "");
    assert!(!access(&aws).admits(None) && access(&aws).admits(Some(FIRST)));
    // One takes the place of the other.
    let swap =
        [("UserGroupIdsToAdd.member.1", "staff"), ("UserGroupIdsToRemove.member.1", "locked")];
    aws.modify(&swap).unwrap();
    aws.pass(2);
    assert_eq!(one(&aws.group(), "UserGroupIds"), "<member>staff</member>");
    assert!(access(&aws).admits_user("app", FIRST) && !access(&aws).admits(Some(FIRST)));
    aws.modify(&[("UserGroupIdsToRemove.member.1", "staff")]).unwrap();
    aws.pass(2);
    assert_eq!(access(&aws), Access::open(), "without a group there is no control");
}

#[test]
fn a_user_group_may_wait_for_the_maintenance_window() {
    let mut aws = Caller::new(|it| it.switches.user_groups_change_at_once = false);
    people(&mut aws);
    aws.create("orders", "2", &[]).unwrap();
    aws.pass(8);
    aws.modify(&[("UserGroupIdsToAdd.member.1", "staff")]).unwrap();
    aws.pass(10);
    let group = aws.group();
    assert_eq!(one(&group, "UserGroupIds"), "");
    assert!(one(&group, "PendingModifiedValues").contains("<member>staff</member>"));
    assert_eq!(aws.code("DeleteUserGroup", &[("UserGroupId", "staff")]), "InvalidUserGroupState");
    aws.modify(&[("ApplyImmediately", "true")]).unwrap();
    aws.pass(2);
    assert_eq!(one(&aws.group(), "UserGroupIds"), "<member>staff</member>");
}

#[test]
fn a_change_may_not_be_seen_for_some_looks() {
    let mut aws = Caller::new(|it| it.switches.stale_looks = 1);
    people(&mut aws);
    aws.create("orders", "2", &[]).unwrap();
    aws.pass(8);
    aws.modify(&[("UserGroupIdsToAdd.member.1", "staff")]).unwrap();
    let stale = aws.group();
    assert_eq!(
        (one(&stale, "Status"), one(&stale, "PendingModifiedValues")),
        ("available".into(), String::new())
    );
    assert_eq!(one(&aws.group(), "Status"), "modifying");
}

#[test]
fn a_cluster_that_stands_alone_has_no_user_groups() {
    let mut aws = with_staff(|_| {});
    let retain = [("ReplicationGroupId", "orders"), ("RetainPrimaryCluster", "true")];
    aws.ask("DeleteReplicationGroup", &retain).unwrap();
    aws.pass(5);
    assert_eq!(one(&user_group(&mut aws, "staff"), "ReplicationGroups"), "");
    let access = aws.world.with(|state| state.elasticache.groups["orders-001"].access.clone());
    assert!(access.admits_user("app", FIRST), "its node lets in whom it knows");
    aws.ask("DeleteUserGroup", &[("UserGroupId", "staff")]).unwrap();
}

#[test]
fn what_comes_at_once_takes_the_node_type_not_along() {
    let mut aws = Caller::new(|_| {});
    people(&mut aws);
    aws.create("orders", "2", &[]).unwrap();
    aws.pass(8);
    let both = [("UserGroupIdsToAdd.member.1", "staff"), ("CacheNodeType", "cache.t4g.small")];
    aws.modify(&both).unwrap();
    aws.pass(2);
    let group = aws.group();
    assert_eq!(one(&group, "UserGroupIds"), "<member>staff</member>");
    assert_eq!(one(&group, "CacheNodeType"), "cache.t4g.micro");
    let pending = one(&aws.member("orders-001"), "PendingModifiedValues");
    assert!(pending.contains("cache.t4g.small"), "{pending}");
}

#[test]
fn wrong_changes_are_refused() {
    let mut aws = with_staff(|_| {});
    let mut refused = |more: &[(&str, &str)], code: &str| {
        let got = aws.modify(more).expect_err(code);
        assert_eq!(got.code, code, "{more:?} {}", got.message);
        got.message
    };
    let combination = "InvalidParameterCombination";
    refused(&[("UserGroupIdsToAdd.member.1", "none")], "UserGroupNotFound");
    refused(&[("UserGroupIdsToRemove.member.1", "none")], "UserGroupNotFound");
    refused(&[("UserGroupIdsToRemove.member.1", "locked")], "InvalidParameterValue");
    refused(&[("UserGroupIdsToAdd.member.1", "staff")], "InvalidParameterValue");
    refused(&[("UserGroupIdsToAdd.member.1", "locked")], combination);
    refused(&[("UserGroupIdsToAdd.member.1", "locked"), ("RemoveUserGroups", "true")], combination);
    let told = refused(&[("AuthToken", TOKEN)], combination);
    assert_eq!(
        told,
        "Auth tokens can't be enabled with a user group already associated. Pass RemoveUserGroups to proceed."
    );
    let told = refused(&[("AuthTokenUpdateStrategy", "DELETE")], "InvalidParameterValue");
    assert_eq!(told, "Auth token update strategy delete is not supported currently");
    let change = [("UserGroupId", "staff"), ("UserIdsToAdd.member.1", "auto")];
    aws.ask("ModifyUserGroup", &change).unwrap();
    let swap =
        [("UserGroupIdsToAdd.member.1", "locked"), ("UserGroupIdsToRemove.member.1", "staff")];
    aws.modify(&swap).unwrap();
    aws.pass(2);
    aws.modify(&[("RemoveUserGroups", "true")]).unwrap();
    aws.pass(2);
    let nothing = aws.modify(&[("RemoveUserGroups", "true")]).unwrap_err();
    assert_eq!(nothing.message, "No modifications were requested");
}

#[test]
fn a_busy_user_group_is_not_attached() {
    let mut aws = with_staff(|_| {});
    let change = [("UserGroupId", "locked"), ("UserIdsToAdd.member.1", "app")];
    aws.ask("ModifyUserGroup", &change).unwrap();
    let swap =
        [("UserGroupIdsToAdd.member.1", "locked"), ("UserGroupIdsToRemove.member.1", "staff")];
    assert_eq!(aws.modify(&swap).unwrap_err().code, "InvalidUserGroupState");
    aws.pass(1);
    aws.modify(&swap).unwrap();
}

#[test]
fn two_passwords_overlap_while_a_user_is_rotated() {
    let mut aws = with_staff(|it| it.durations.user = jiff::SignedDuration::from_mins(2));
    let mut rotate = |passwords: &[&str]| {
        let names: Vec<_> =
            (1..=passwords.len()).map(|it| format!("Passwords.member.{it}")).collect();
        let mut pairs = vec![("UserId", "app")];
        pairs.extend(names.iter().map(String::as_str).zip(passwords.iter().copied()));
        aws.ask("ModifyUser", &pairs).unwrap();
        aws.pass(1);
        let before = access(&aws);
        aws.pass(1);
        (before, access(&aws))
    };
    let (meanwhile, after) = rotate(&[SECOND, FIRST]);
    assert!(meanwhile.admits_user("app", FIRST) && !meanwhile.admits_user("app", SECOND));
    assert!(after.admits_user("app", FIRST) && after.admits_user("app", SECOND));
    // A list of one replaces both.
    let (_, after) = rotate(&[SECOND]);
    assert!(!after.admits_user("app", FIRST) && after.admits_user("app", SECOND));
}

#[test]
fn what_becomes_of_users_becomes_of_access() {
    let mut aws = with_staff(|_| {});
    let mut then = |operation: &str, pairs: &[(&str, &str)]| {
        aws.ask(operation, pairs).unwrap();
        aws.pass(1);
        access(&aws)
    };
    let off = then("ModifyUser", &[("UserId", "app"), ("AccessString", "~* +@all")]);
    assert!(!off.admits_user("app", FIRST), "without on it is off");
    let on = then("ModifyUser", &[("UserId", "app"), ("AppendAccessString", "on")]);
    assert!(on.admits_user("app", FIRST));
    let swap = [
        ("UserGroupId", "staff"),
        ("UserIdsToAdd.member.1", "own"),
        ("UserIdsToRemove.member.1", "default"),
    ];
    let swapped = then("ModifyUserGroup", &swap);
    assert!(!swapped.admits(None) && swapped.admits(Some(FIRST)));
    let gone = then("DeleteUser", &[("UserId", "app")]);
    assert!(!gone.admits_user("app", FIRST) && gone.admits_user("default", FIRST));
    let iam =
        then("ModifyUserGroup", &[("UserGroupId", "staff"), ("UserIdsToAdd.member.1", "auto")]);
    assert!(!iam.admits_user("auto", FIRST) && !iam.admits_user("auto", ""));
}

#[test]
fn a_group_of_an_old_engine_gets_no_user_that_logs_in_with_iam() {
    let mut aws = Caller::new(|_| {});
    people(&mut aws);
    let old = [("EngineVersion", "6.2"), ("UserGroupIds.member.1", "staff")];
    aws.create("orders", "1", &old).unwrap();
    aws.pass(8);
    let change = [("UserGroupId", "staff"), ("UserIdsToAdd.member.1", "auto")];
    assert_eq!(aws.code("ModifyUserGroup", &change), "InvalidParameterCombination");
    let iam = [("UserId", "app"), ("AuthenticationMode.Type", "iam")];
    assert_eq!(aws.code("ModifyUser", &iam), "InvalidParameterCombination");
    let engine = [("UserGroupId", "staff"), ("Engine", "valkey")];
    assert_eq!(aws.code("ModifyUserGroup", &engine), "InvalidParameterCombination");
}
