//! Groups that let in users instead of a token.

use std::time::Duration;

use domain::Tags;
use domain::group::Transit;
use domain::shard::Shape;
use serde_json::json;

use super::stage::{BYTES, GROUP, OWNER, Stage, like, summary};

/// A group that lets in the users of `staff`, and a snapshot of it.
pub(in crate::snapshot) async fn with_users() -> (Stage, String) {
    let stage = Stage::new().await;
    let user = [
        ("UserId", "app"),
        ("UserName", "app"),
        ("Engine", "redis"),
        ("AccessString", "on ~* +@all"),
        ("Passwords.member.1", "password-of-the-app"),
    ];
    stage.scene.by_hand("CreateUser", &user);
    let staff = [
        ("UserGroupId", "staff"),
        ("Engine", "redis"),
        ("UserIds.member.1", "default"),
        ("UserIds.member.2", "app"),
    ];
    stage.scene.by_hand("CreateUserGroup", &staff);
    stage.scene.pass(Duration::from_mins(5)).await;
    let tags = [("cachewarden:owner", OWNER), ("cachewarden:snapshot-keep", "2")];
    let tags: Tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let transit = Transit::TlsWithUsers(vec!["staff".to_owned()]);
    stage.make(like("shop", Shape::Single { nodes: 2 }, transit, tags)).await;
    let name = stage.taken_of("shop").await;
    (stage, name)
}

#[tokio::test(start_paused = true)]
async fn the_same_users_are_let_in_and_nobody_else() {
    let (stage, name) = with_users().await;
    let event = json!({ "action": "restore", "snapshot": name, "group": "shop-back" });
    let said = summary(&stage.send(event).await);
    assert!(said.starts_with("settled: shop-back"), "{said}");
    assert!(said.contains("token off, for the users of staff"), "{said}");
    stage.scene.world.with(|it| {
        let groups = &it.elasticache.groups;
        let (source, made) = (&groups["shop"], &groups["shop-back"]);
        assert_eq!(made.user_groups, ["staff"]);
        assert_eq!(made.access, source.access);
        assert!(!made.access.has_token() && !made.access.users.is_empty());
        assert_eq!(made.bytes_used, BYTES);
        assert_eq!(made.tags.get("cachewarden:secret"), None);
    });
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn a_group_that_lets_in_others_must_not_be_used() {
    let (stage, name) = with_users().await;
    let event = json!({ "action": "restore", "snapshot": name, "group": "shop-back" });
    stage.send_only(event.clone()).await;
    stage.scene.pass(Duration::from_mins(30)).await;
    stage.scene.world.with(|it| {
        it.elasticache.groups.get_mut("shop-back").unwrap().user_groups.clear();
    });
    let said = summary(&stage.send(event).await);
    let why = "must not be used: who logs in is nobody by name, not the users of staff";
    assert!(said.contains(why), "{said}");
}

#[tokio::test(start_paused = true)]
async fn where_the_source_is_gone_somebody_has_to_say_who_logs_in() {
    let (stage, name) = with_users().await;
    stage.scene.by_hand("DeleteReplicationGroup", &[("ReplicationGroupId", "shop")]);
    stage.scene.pass(Duration::from_mins(30)).await;
    let before = stage.groups();
    let event = json!({ "action": "restore", "snapshot": name, "group": "shop-back" });
    let said = summary(&stage.send(event).await);
    let why = "the group shop is gone, and a snapshot holds neither token, users nor network; name in `from` a group whose settings the new one takes";
    assert!(said.contains(why), "{said}");
    assert_eq!(stage.groups(), before);
    let event =
        json!({ "action": "restore", "snapshot": name, "group": "shop-back", "from": GROUP });
    let said = summary(&stage.send(event).await);
    assert!(said.contains("token on"), "{said}");
    let access = |id: &str| stage.scene.world.with(|it| it.elasticache.groups[id].access.clone());
    assert_eq!(access("shop-back"), access(GROUP));
}
