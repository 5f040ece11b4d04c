//! What real servers are told of users, and that users wait for them.

use super::super::{Caller, one};
use super::{FIRST, SECOND, with_staff};
use crate::Effect;
use crate::settings::DataPlane;

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
