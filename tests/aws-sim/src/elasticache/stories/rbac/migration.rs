//! The way between an AUTH token and user groups, which exclude each other (facts 2.2).

use super::super::{Caller, TOKEN, all, one};
use super::{FIRST, access, people, with_staff};
use crate::Access;

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
