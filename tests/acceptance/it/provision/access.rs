//! How clients connect, and as whom.

use std::time::Duration;

use aws_sim::elasticache::NodeView as Node;
use domain::group::Tls;
use platform::Secrets;

use super::stack::{GROUP, SECRET, Stack, properties};

const REFUSE: (&str, &str) = ("Replacement", "refuse");
const NO_TLS: (&str, &str) = ("EnableEncryptionInTransit", "false");
const NO_TOKEN: (&str, &str) = ("EnableAuthToken", "false");
const STAFF: (&str, &str) = ("UserGroupIds", "Staff");
const PASSWORD: &str = "password-of-the-app";

/// A user group of a user and the stock one.
async fn people(stack: &Stack) {
    let user = [
        ("UserId", "app"),
        ("UserName", "app"),
        ("Engine", "redis"),
        ("AccessString", "on ~* +@all"),
        ("Passwords.member.1", PASSWORD),
    ];
    stack.by_hand("CreateUser", &user);
    let staff = [
        ("UserGroupId", "staff"),
        ("Engine", "redis"),
        ("UserIds.member.1", "default"),
        ("UserIds.member.2", "app"),
    ];
    stack.by_hand("CreateUserGroup", &staff);
    stack.scene.pass(Duration::from_mins(5)).await;
}

fn every_node(stack: &Stack, holds: impl Fn(&Node) -> bool) -> bool {
    let nodes = stack.scene.world.with(|it| it.nodes());
    let ours: Vec<_> = nodes.iter().filter(|it| it.group == GROUP).collect();
    assert_eq!(ours.len(), 2);
    ours.into_iter().all(holds)
}

#[tokio::test(start_paused = true)]
async fn tls_comes_and_goes_in_place() {
    let stack = Stack::new().await;
    let (plain, tls) = (properties(&[NO_TLS]), properties(&[NO_TOKEN]));
    let answer = stack.create(&plain).await;
    assert!(answer["Data"]["RedisConnectionString"].as_str().unwrap().starts_with("redis://"));
    let answer = stack.update(&plain, &tls).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let group = stack.group().await.unwrap();
    assert_eq!(group.tls, Tls::Required);
    assert!(group.members.iter().all(|it| it.tls == Some(Tls::Required)));
    let endpoint = group.primary_endpoint.unwrap();
    assert_eq!(answer["Data"]["RedisConnectionString"], format!("rediss://{endpoint}"));
    assert_eq!(stack.effects_of("ModifyReplicationGroup"), 2, "over preferred");
    let preferred = properties(&[("TransitEncryptionMode", "preferred")]);
    assert_eq!(stack.update(&tls, &preferred).await["Status"], "SUCCESS");
    assert_eq!(stack.group().await.unwrap().tls, Tls::Preferred);
    assert_eq!(stack.update(&preferred, &plain).await["Status"], "SUCCESS");
    assert_eq!(stack.group().await.unwrap().tls, Tls::Off);
    assert_eq!(stack.effects_of("ModifyReplicationGroup"), 4);
}

#[tokio::test(start_paused = true)]
async fn a_token_comes_to_a_cache_that_had_neither_it_nor_tls() {
    let stack = Stack::new().await;
    let (plain, full) = (properties(&[NO_TLS]), properties(&[]));
    stack.create(&plain).await;
    let answer = stack.update(&plain, &full).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let secrets = Secrets::new(&stack.scene.aws);
    let secret = secrets.find(SECRET).await.unwrap().unwrap();
    assert_eq!(answer["Data"]["RedisAuthTokenSecretArn"], secret.arn);
    let token = secrets.token(SECRET).await.unwrap();
    let is_shut = |it: &Node| it.access.admits(Some(token.expose())) && !it.access.admits(None);
    assert!(every_node(&stack, is_shut), "it is required, and not merely accepted");
    stack.assert_secrecy().await;
    // The rollback right after keeps it, and says so.
    let answer = stack.update(&full, &plain).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let info = answer["Data"]["DeploymentInfo"].as_str().unwrap();
    assert!(info.contains("TLS and an AUTH token that is not stated"), "{info}");
    assert!(every_node(&stack, is_shut));
    // Days later it is refused, where the stack refuses another cache in its place.
    stack.scene.pass(Duration::from_hours(48)).await;
    let refusing = properties(&[NO_TLS, REFUSE]);
    let answer = stack.update(&full, &refusing).await;
    assert_eq!(answer["Status"], "FAILED");
    let reason = answer["Reason"].as_str().unwrap();
    assert!(reason.contains("which a cache with a token cannot have"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn users_take_the_place_of_the_token_and_it_comes_back() {
    let stack = Stack::new().await;
    people(&stack).await;
    let (token, users) = (properties(&[]), properties(&[STAFF]));
    stack.create(&token).await;
    let secrets = Secrets::new(&stack.scene.aws);
    let value = secrets.token(SECRET).await.unwrap();
    let answer = stack.update(&token, &users).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(answer["Data"]["RedisAuthTokenSecretArn"], "");
    let info = answer["Data"]["DeploymentInfo"].as_str().unwrap();
    assert!(info.contains("TLS and users of staff"), "{info}");
    let by_user = |it: &Node| {
        it.access.admits_user("app", PASSWORD) && !it.access.admits(Some(value.expose()))
    };
    assert!(every_node(&stack, by_user));
    assert!(secrets.find(SECRET).await.unwrap().unwrap().deleted);
    // An update that changes nothing makes no change.
    let calls = stack.effects_of("ModifyReplicationGroup");
    assert_eq!(stack.update(&users, &users).await["Status"], "SUCCESS");
    assert_eq!(stack.effects_of("ModifyReplicationGroup"), calls);
    let answer = stack.update(&users, &token).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(stack.group().await.unwrap().user_groups, Vec::<String>::new());
    let by_token = |it: &Node| {
        it.access.admits(Some(value.expose()))
            && !it.access.admits(None)
            && !it.access.admits_user("app", PASSWORD)
    };
    assert!(every_node(&stack, by_token), "it is the token of before");
    let expected = ["group available", "subnet group", "parameter group", "5 alarms", "secret"];
    assert_eq!(stack.left().await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_cache_is_made_with_its_users() {
    let stack = Stack::new().await;
    let users = properties(&[STAFF]);
    let answer = stack.create(&users).await;
    assert_eq!(answer["Status"], "FAILED");
    let reason = answer["Reason"].as_str().unwrap();
    assert!(reason.contains("the user group staff of UserGroupIds does not exist"), "{reason}");
    assert_eq!(stack.left().await, Vec::<String>::new(), "nothing was made");
    people(&stack).await;
    let answer = stack.create(&users).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert!(every_node(&stack, |it| it.access.admits_user("app", PASSWORD)));
    let left = stack.left().await;
    assert_eq!(left, ["group available", "subnet group", "parameter group", "5 alarms"]);
    // And without: whoever connects by TLS.
    let nobody = properties(&[NO_TOKEN]);
    assert_eq!(stack.update(&users, &nobody).await["Status"], "SUCCESS");
    assert!(every_node(&stack, |it| it.access.admits(None)));
    assert_eq!(stack.update(&nobody, &users).await["Status"], "SUCCESS");
    assert_eq!(stack.delete(GROUP, &users).await["Status"], "SUCCESS");
    assert_eq!(stack.left().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn tls_is_not_turned_on_under_a_version_that_cannot() {
    let stack = Stack::new().await;
    let old = ("RedisEngineVersion", "6.2");
    let (plain, tls) = (properties(&[old, NO_TLS]), properties(&[old, NO_TOKEN, REFUSE]));
    stack.create(&plain).await;
    let answer = stack.update(&plain, &tls).await;
    assert_eq!(answer["Status"], "FAILED");
    let reason = answer["Reason"].as_str().unwrap();
    assert!(reason.contains("required, which takes Redis 7.0.5, in the template"), "{reason}");
    assert_eq!(stack.effects_of("ModifyReplicationGroup"), 0);
    // With a newer version it goes, whichever of the two comes first to mind.
    let answer = stack.update(&plain, &properties(&[NO_TOKEN])).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(stack.group().await.unwrap().tls, Tls::Required);
}

#[tokio::test(start_paused = true)]
async fn users_that_log_in_with_iam_under_a_version_that_does_not_know_it_are_told_first() {
    let stack = Stack::new().await;
    people(&stack).await;
    let user = [
        ("UserId", "robot"),
        ("UserName", "robot"),
        ("Engine", "redis"),
        ("AccessString", "on ~* +@all"),
        ("AuthenticationMode.Type", "iam"),
    ];
    stack.by_hand("CreateUser", &user);
    stack.scene.pass(Duration::from_mins(5)).await;
    let old = properties(&[STAFF, ("RedisEngineVersion", "6.2")]);
    let joins = [("UserGroupId", "staff"), ("UserIdsToAdd.member.1", "robot")];
    stack.by_hand("ModifyUserGroup", &joins);
    stack.scene.pass(Duration::from_mins(5)).await;
    let answer = stack.create(&old).await;
    assert_eq!(answer["Status"], "FAILED");
    let reason = answer["Reason"].as_str().unwrap();
    assert!(reason.contains("has the user robot, who logs in with IAM"), "{reason}");
    assert!(reason.contains("RedisEngineVersion is 6.2"), "{reason}");
    assert_eq!(stack.left().await, Vec::<String>::new(), "nothing was made");
    let leaves = [("UserGroupId", "staff"), ("UserIdsToRemove.member.1", "robot")];
    stack.by_hand("ModifyUserGroup", &leaves);
    stack.scene.pass(Duration::from_mins(5)).await;
    let answer = stack.create(&old).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
}
