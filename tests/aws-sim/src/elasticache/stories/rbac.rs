//! User groups on replication groups, whom their nodes let in, and the way between them and an AUTH token.

use super::{Caller, TOKEN, all, one};
use crate::settings::DataPlane;
use crate::{Access, Effect};

const FIRST: &str = "first-password-0000";
const SECOND: &str = "second-password-000";

/// Makes the users `app`, `own` whose name is `default`, and `auto` that logs in with IAM; and the groups `staff` with the stock user and
/// `app`, `locked` with `own`, and `keys` of the engine valkey with `app`.
fn people(aws: &mut Caller) {
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
fn with_staff(change: impl FnOnce(&mut crate::Settings)) -> Caller {
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
fn what_waits_for_the_window_excludes_the_other_kind_too() {
    let mut aws = Caller::new(|it| it.switches.user_groups_change_at_once = false);
    people(&mut aws);
    aws.create("orders", "2", &[]).unwrap();
    aws.pass(8);
    let (add, token) = (("UserGroupIdsToAdd.member.1", "staff"), ("AuthToken", TOKEN));
    aws.modify(&[add]).unwrap();
    assert_eq!(aws.modify(&[token]).unwrap_err().code, "InvalidParameterCombination");
    aws.modify(&[token, ("RemoveUserGroups", "true")]).unwrap();
    let pending = one(&aws.group(), "PendingModifiedValues");
    assert!(pending.contains("ROTATING") && !pending.contains("staff"), "{pending}");
    assert_eq!(aws.modify(&[add]).unwrap_err().code, "InvalidParameterCombination");
    aws.modify(&[add, ("AuthTokenUpdateStrategy", "DELETE")]).unwrap();
    let pending = one(&aws.group(), "PendingModifiedValues");
    assert!(!pending.contains("ROTATING") && pending.contains("staff"), "{pending}");
    aws.modify(&[("ApplyImmediately", "true")]).unwrap();
    aws.pass(2);
    assert_eq!(one(&aws.group(), "UserGroupIds"), "<member>staff</member>");
    assert!(access(&aws).admits_user("app", FIRST) && !access(&aws).admits(Some(TOKEN)));
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

#[test]
fn delete_leads_from_a_token_to_user_groups() {
    let mut aws = Caller::with_group("2", |_| {});
    people(&mut aws);
    let add = ("UserGroupIdsToAdd.member.1", "staff");
    let told = aws.modify(&[add]).unwrap_err();
    assert_eq!(told.code, "InvalidParameterCombination");
    assert_eq!(
        told.message,
        "User group can't be associated with auth token enabled. Pass AuthStrategy delete to proceed"
    );
    let delete = ("AuthTokenUpdateStrategy", "DELETE");
    let with_token = aws.modify(&[add, delete, ("AuthToken", TOKEN)]).unwrap_err();
    assert_eq!(with_token.code, "InvalidParameterCombination");
    aws.modify(&[add, delete, ("ApplyImmediately", "true")]).unwrap();
    assert!(
        all(&aws.group(), "AuthTokenStatus").is_empty(),
        "that is neither ROTATING nor SETTING"
    );
    assert!(access(&aws).admits(Some(TOKEN)), "not before it is done");
    aws.pass(2);
    let group = aws.group();
    assert_eq!(one(&group, "AuthTokenEnabled"), "false");
    assert!(all(&group, "AuthTokenLastModifiedDate").is_empty());
    let access = access(&aws);
    assert!(!access.admits(Some(TOKEN)) && access.admits_user("app", FIRST));
}

#[test]
fn delete_takes_the_token_where_aws_does() {
    let mut aws = Caller::with_group("1", |it| it.switches.delete_takes_token = true);
    people(&mut aws);
    let delete = [
        ("UserGroupIdsToAdd.member.1", "locked"),
        ("AuthTokenUpdateStrategy", "DELETE"),
        ("AuthToken", TOKEN),
    ];
    aws.modify(&delete).unwrap();
    aws.pass(2);
    assert!(!access(&aws).admits(Some(TOKEN)) && access(&aws).admits(Some(FIRST)));
}

#[test]
fn rotate_leads_from_user_groups_to_a_token_that_is_optional() {
    let mut aws = with_staff(|_| {});
    let to_token = |strategy| {
        [
            ("RemoveUserGroups", "true"),
            ("AuthToken", TOKEN),
            ("AuthTokenUpdateStrategy", strategy),
            ("ApplyImmediately", "true"),
        ]
    };
    assert_eq!(aws.modify(&to_token("SET")).unwrap_err().code, "InvalidParameterValue");
    aws.modify(&to_token("ROTATE")).unwrap();
    let pending = one(&aws.group(), "PendingModifiedValues");
    assert!(pending.contains("<AuthTokenStatus>ROTATING</AuthTokenStatus>"));
    assert!(pending.contains("<UserGroupIdsToRemove><member>staff</member>"));
    aws.pass(2);
    let group = aws.group();
    assert_eq!(one(&group, "UserGroupIds"), "");
    assert_eq!(one(&group, "AuthTokenEnabled"), "true");
    assert!(!one(&group, "AuthTokenLastModifiedDate").is_empty());
    assert_eq!(access(&aws), Access::tokens(vec![TOKEN.to_owned()], true));
    let set =
        [("AuthToken", TOKEN), ("AuthTokenUpdateStrategy", "SET"), ("ApplyImmediately", "true")];
    aws.modify(&set).unwrap();
    aws.pass(2);
    assert!(!access(&aws).admits(None) && access(&aws).admits(Some(TOKEN)));
}

#[test]
fn set_leads_from_user_groups_to_a_token_where_aws_allows_it() {
    let mut aws = with_staff(|it| it.switches.set_after_user_groups = true);
    let set = [
        ("RemoveUserGroups", "true"),
        ("AuthToken", TOKEN),
        ("AuthTokenUpdateStrategy", "SET"),
        ("ApplyImmediately", "true"),
    ];
    aws.modify(&set).unwrap();
    aws.pass(2);
    assert_eq!(access(&aws), Access::tokens(vec![TOKEN.to_owned()], false));
}

#[test]
fn a_user_changes_while_new_servers_are_prepared() {
    let mut aws = with_staff(|it| it.data_plane = DataPlane::Real);
    finish(&aws);
    assert_eq!(aws.status(), "available");
    aws.modify(&[("CacheNodeType", "cache.t4g.small"), ("ApplyImmediately", "true")]).unwrap();
    finish(&aws);
    aws.ask("ModifyUser", &[("UserId", "app"), ("Passwords.member.1", SECOND)]).unwrap();
    aws.pass(1);
    let user = aws.ask("DescribeUsers", &[("UserId", "app")]).unwrap();
    assert_eq!(one(&user, "Status"), "modifying", "not before the servers know it");
    assert_eq!(accepted(&finish(&aws)), ["orders-001.1", "orders-002.2"]);
    let user = aws.ask("DescribeUsers", &[("UserId", "app")]).unwrap();
    assert_eq!(one(&user, "Status"), "active");
    aws.pass(20);
    let effects = finish(&aws);
    assert_eq!(accepted(&effects), ["orders-001.3", "orders-002.4"]);
    let knows = |it: &Effect| matches!(it, Effect::Accept { access, .. } if access.admits_user("app", SECOND));
    assert_eq!(effects.iter().filter(|it| knows(it)).count(), 2);
    assert!(!format!("{effects:?}").contains(SECOND), "no password is printed");
    assert_eq!(aws.status(), "available");
}

#[test]
fn a_deleted_user_is_there_until_the_servers_have_forgotten_it() {
    let mut aws = with_staff(|it| it.data_plane = DataPlane::Real);
    finish(&aws);
    aws.ask("DeleteUser", &[("UserId", "app")]).unwrap();
    aws.pass(1);
    let user = aws.ask("DescribeUsers", &[("UserId", "app")]).unwrap();
    assert_eq!(one(&user, "Status"), "deleting");
    let effects = finish(&aws);
    assert_eq!(accepted(&effects), ["orders-001.1", "orders-002.2"]);
    let knows = |it: &Effect| matches!(it, Effect::Accept { access, .. } if access.admits_user("app", FIRST));
    assert!(!effects.iter().any(knows));
    assert_eq!(aws.code("DescribeUsers", &[("UserId", "app")]), "UserNotFound");
}

/// The servers that were told whom to let in.
fn accepted(effects: &[Effect]) -> Vec<String> {
    let node = |it: &Effect| {
        let Effect::Accept { node, .. } = it else { return None };
        Some(node.to_string())
    };
    effects.iter().filter_map(node).collect()
}

/// Executes everything that is asked for until nothing more is.
fn finish(aws: &Caller) -> Vec<Effect> {
    let mut all = Vec::new();
    loop {
        let effects = aws.world.take_effects();
        if effects.is_empty() {
            return all;
        }
        for ticket in effects.iter().filter_map(Effect::ticket) {
            aws.world.done(aws.now, ticket, Ok(crate::Done::Plain));
        }
        all.extend(effects);
    }
}
