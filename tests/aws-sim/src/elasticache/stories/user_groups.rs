//! User groups: who may be in one, and how it changes.

use super::{Caller, all, one};
use crate::Refusal;

const PASSWORD: &str = "first-password-0000";

/// A caller with the users `app`, `own` whose name is `default`, and `key` of the engine valkey.
fn with_users(change: impl FnOnce(&mut crate::Settings)) -> Caller {
    let mut aws = Caller::new(change);
    for (id, name, engine) in
        [("app", "app", "redis"), ("own", "default", "redis"), ("key", "key", "valkey")]
    {
        let pairs = [
            ("UserId", id),
            ("UserName", name),
            ("Engine", engine),
            ("AccessString", "on ~* +@all"),
            ("Passwords.member.1", PASSWORD),
        ];
        aws.ask("CreateUser", &pairs).unwrap();
    }
    aws
}

fn fields<'a>(
    id: &'a str,
    engine: &'a str,
    list: &str,
    users: &[&'a str],
) -> Vec<(String, &'a str)> {
    let mut pairs = vec![("UserGroupId".to_owned(), id)];
    if !engine.is_empty() {
        pairs.push(("Engine".to_owned(), engine));
    }
    let numbered = users.iter().enumerate();
    pairs.extend(numbered.map(|(at, it)| (format!("{list}.member.{}", at + 1), *it)));
    pairs
}

fn create(aws: &mut Caller, id: &str, engine: &str, users: &[&str]) -> Result<String, Refusal> {
    let pairs = fields(id, engine, "UserIds", users);
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    aws.ask("CreateUserGroup", &pairs)
}

fn modify(aws: &mut Caller, id: &str, add: &[&str], remove: &[&str]) -> Result<String, Refusal> {
    let mut pairs = fields(id, "", "UserIdsToAdd", add);
    pairs.extend(fields(id, "", "UserIdsToRemove", remove).into_iter().skip(1));
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    aws.ask("ModifyUserGroup", &pairs)
}

fn group(aws: &mut Caller, id: &str) -> String {
    aws.ask("DescribeUserGroups", &[("UserGroupId", id)]).unwrap()
}

#[test]
fn a_group_is_made_over_a_while() {
    let mut aws = with_users(|_| {});
    let made = create(&mut aws, "Staff", "redis", &["Default", "app"]).unwrap();
    assert!(made.starts_with(
        r#"<CreateUserGroupResponse xmlns="http://elasticache.amazonaws.com/doc/2015-02-02/"><CreateUserGroupResult><UserGroupId>staff</UserGroupId><Status>creating</Status><Engine>redis</Engine><UserIds><member>app</member><member>default</member></UserIds><MinimumEngineVersion>6.0</MinimumEngineVersion><ReplicationGroups></ReplicationGroups><ServerlessCaches></ServerlessCaches><ARN>arn:aws:elasticache:us-east-1:123456789012:usergroup:staff</ARN>"#
    ), "{made}");
    let busy = modify(&mut aws, "staff", &[], &["app"]).unwrap_err();
    assert_eq!((busy.status, busy.code.as_str()), (400, "InvalidUserGroupState"));
    assert_eq!(aws.code("DeleteUserGroup", &[("UserGroupId", "staff")]), "InvalidUserGroupState");
    aws.pass(1);
    assert_eq!(one(&group(&mut aws, "STAFF"), "Status"), "active");
    let user = aws.ask("DescribeUsers", &[("UserId", "app")]).unwrap();
    assert_eq!(one(&user, "UserGroupIds"), "<member>staff</member>");
    let again = create(&mut aws, "staff", "redis", &["default"]).unwrap_err();
    assert_eq!((again.status, again.code.as_str()), (400, "UserGroupAlreadyExists"));
    let filter = [("SourceType", "user-group"), ("SourceIdentifier", "staff")];
    let events = aws.ask("DescribeEvents", &filter).unwrap();
    assert_eq!(all(&events, "Message"), ["User group staff created"]);
}

#[test]
fn a_group_has_one_default_user_and_no_name_twice() {
    let mut aws = with_users(|_| {});
    let mut refused = |engine: &str, users: &[&str], status: u16, code: &str| {
        let got = create(&mut aws, "staff", engine, users).expect_err(code);
        assert_eq!((got.status, got.code.as_str()), (status, code), "{users:?}");
    };
    refused("redis", &[], 400, "DefaultUserRequired");
    refused("redis", &["app"], 400, "DefaultUserRequired");
    refused("redis", &["default", "own"], 400, "DuplicateUserName");
    refused("redis", &["default", "none"], 404, "UserNotFound");
    refused("redis", &["default", "key"], 400, "InvalidParameterCombination");
    refused("valkey", &["default", "key"], 400, "InvalidParameterCombination");
    refused("memcached", &["default"], 400, "InvalidParameterValue");
    let bad = create(&mut aws, "9staff", "redis", &["default"]).unwrap_err();
    assert_eq!(bad.code, "InvalidParameterValue");
    let missing = aws.ask("DescribeUserGroups", &[("UserGroupId", "staff")]).unwrap_err();
    assert_eq!((missing.status, missing.code.as_str()), (404, "UserGroupNotFound"));
    create(&mut aws, "keys", "valkey", &["key", "app"]).unwrap();
    create(&mut aws, "nobody", "valkey", &[]).unwrap();
}

#[test]
fn the_default_user_is_swapped_in_one_call() {
    let mut aws = with_users(|it| it.durations.user_group = jiff::SignedDuration::from_mins(2));
    create(&mut aws, "staff", "redis", &["default", "app"]).unwrap();
    aws.pass(2);
    assert_eq!(modify(&mut aws, "staff", &["own"], &[]).unwrap_err().code, "DuplicateUserName");
    assert_eq!(
        modify(&mut aws, "staff", &[], &["default"]).unwrap_err().code,
        "DefaultUserRequired"
    );
    let answer = modify(&mut aws, "staff", &["own"], &["default"]).unwrap();
    assert_eq!(one(&answer, "Status"), "modifying");
    assert_eq!(
        one(&answer, "PendingChanges"),
        "<UserIdsToRemove><member>default</member></UserIdsToRemove><UserIdsToAdd><member>own</member></UserIdsToAdd>"
    );
    assert_eq!(one(&answer, "UserIds"), "<member>app</member><member>default</member>");
    aws.pass(2);
    let after = group(&mut aws, "staff");
    assert_eq!(one(&after, "UserIds"), "<member>app</member><member>own</member>");
    assert!(all(&after, "PendingChanges").is_empty());
    let tied = aws.ask("DeleteUser", &[("UserId", "own")]).unwrap_err();
    assert_eq!((tied.status, tied.code.as_str()), (400, "DefaultUserAssociatedToUserGroup"));
}

#[test]
fn a_change_names_members_and_strangers_rightly() {
    let mut aws = with_users(|_| {});
    create(&mut aws, "staff", "redis", &["default", "app"]).unwrap();
    aws.pass(1);
    let mut refused = |add: &[&str], remove: &[&str], code: &str| {
        let got = modify(&mut aws, "staff", add, remove).expect_err(code);
        assert_eq!(got.code, code, "{add:?} {remove:?}");
        got.message
    };
    refused(&[], &[], "InvalidParameterCombination");
    refused(&["app"], &[], "InvalidParameterValue");
    let told = refused(&[], &["own"], "InvalidParameterValue");
    assert!(told.contains("not a member"), "{told}");
    refused(&["none"], &[], "UserNotFound");
    refused(&["own"], &["own"], "InvalidParameterCombination");
    refused(&["key"], &[], "InvalidParameterCombination");
    assert_eq!(modify(&mut aws, "none", &["app"], &[]).unwrap_err().code, "UserGroupNotFound");
    // A user of redis becomes one of valkey only where its groups take it.
    let engine = [("UserId", "app"), ("Engine", "valkey")];
    assert_eq!(aws.code("ModifyUser", &engine), "InvalidParameterCombination");
    modify(&mut aws, "staff", &[], &["app"]).unwrap();
    aws.pass(1);
    aws.ask("ModifyUser", &engine).unwrap();
}

#[test]
fn a_deleted_user_leaves_its_groups() {
    let mut aws = with_users(|_| {});
    create(&mut aws, "staff", "redis", &["default", "app"]).unwrap();
    aws.pass(1);
    aws.ask("DeleteUser", &[("UserId", "app")]).unwrap();
    assert_eq!(
        create(&mut aws, "b", "redis", &["default", "app"]).unwrap_err().code,
        "UserNotFound"
    );
    aws.pass(1);
    assert_eq!(one(&group(&mut aws, "staff"), "UserIds"), "<member>default</member>");
}

#[test]
fn a_group_goes_after_a_while_and_its_users_stay() {
    let mut aws = with_users(|_| {});
    create(&mut aws, "staff", "redis", &["own", "app"]).unwrap();
    aws.pass(1);
    let answer = aws.ask("DeleteUserGroup", &[("UserGroupId", "staff")]).unwrap();
    assert_eq!(one(&answer, "Status"), "deleting");
    assert_eq!(modify(&mut aws, "staff", &[], &["app"]).unwrap_err().code, "InvalidUserGroupState");
    aws.pass(1);
    assert_eq!(aws.code("DeleteUserGroup", &[("UserGroupId", "staff")]), "UserGroupNotFound");
    aws.ask("DeleteUser", &[("UserId", "own")]).unwrap();
    assert!(aws.events().contains(&"User group staff deleted".to_owned()));
}

#[test]
fn there_are_so_many_groups_and_users_of_one_and_no_more() {
    let mut aws = with_users(|it| {
        it.switches.rbac_quotas.user_groups = 1;
        it.switches.rbac_quotas.users_of_group = 2;
    });
    let many = create(&mut aws, "all", "valkey", &["app", "own", "key"]).unwrap_err();
    assert_eq!((many.status, many.code.as_str()), (400, "UserGroupQuotaExceeded"));
    create(&mut aws, "staff", "valkey", &["app", "own"]).unwrap();
    aws.pass(1);
    let refused = modify(&mut aws, "staff", &["key"], &[]).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterCombination");
    let second = create(&mut aws, "more", "redis", &["default"]).unwrap_err();
    assert_eq!(second.code, "UserGroupQuotaExceeded");
}

#[test]
fn groups_come_in_pages_and_have_tags() {
    let mut aws = with_users(|_| {});
    for number in 0..21 {
        create(&mut aws, &format!("staff-{number:02}"), "redis", &["default"]).unwrap();
    }
    let page = aws.ask("DescribeUserGroups", &[("MaxRecords", "20")]).unwrap();
    assert_eq!(all(&page, "UserGroupId").len(), 20);
    let marker = one(&page, "Marker");
    let rest = aws.ask("DescribeUserGroups", &[("Marker", &marker)]).unwrap();
    assert_eq!(
        (all(&rest, "UserGroupId"), one(&rest, "Marker")),
        (vec!["staff-20".into()], String::new())
    );
    let arn = one(&rest, "ARN");
    let tag = [("ResourceName", arn.as_str()), ("Tags.Tag.1.Key", "a"), ("Tags.Tag.1.Value", "b")];
    aws.ask("AddTagsToResource", &tag).unwrap();
    let tags = aws.ask("ListTagsForResource", &[("ResourceName", &arn)]).unwrap();
    assert_eq!(one(&tags, "TagList"), "<Tag><Key>a</Key><Value>b</Value></Tag>");
    let tagged = aws.world.with(|state| {
        let tagged = state.elasticache.tagged(state).into_iter();
        tagged.map(|(arn, tags)| (arn, tags.clone())).collect::<Vec<_>>()
    });
    assert!(tagged.iter().any(|(it, tags)| *it == arn && tags.len() == 1));
    let nothing = arn.replace("staff-20", "none");
    assert_eq!(aws.code("ListTagsForResource", &[("ResourceName", &nothing)]), "UserGroupNotFound");
}
