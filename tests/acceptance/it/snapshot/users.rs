//! Groups that let in users are counted as one of them, whose password is in a secret of ours.

use std::time::Duration;

use aws_sim::elasticache::contents::Key;
use domain::rotate::{Draft, Form};
use domain::snapshot::drill;
use domain::snapshot::record::Record;
use domain::{GroupId, Tags, tag};
use platform::Secrets;
use serde_json::json;

use super::restore::users::with_users;
use super::stage::{Stage, summary};

/// The group of the users.
pub(in crate::snapshot) const SHOP: &str = "shop";
/// Enough to count by, and no more.
const READS: &str = "on ~* +@read +@connection +info";
/// What many users of an application may do.
const SAFE: &str = "on ~* +@all -@dangerous";
/// What one may do who has keys of his own.
const OWN_KEYS: &str = "on ~cart:* +@all";

/// One more user of `staff` who may do this, and a secret of ours with the password.
pub(in crate::snapshot) async fn let_in(stage: &Stage, id: &str, access_string: &str) {
    let secrets = Secrets::new(&stage.scene.aws);
    let tags = [(tag::OWNER, "shop"), (tag::USER, id)];
    let tags: Tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let draft = Draft::of_token(Form::Plain, None);
    secrets.make(id, "the password of a user", &tags, &draft).await.unwrap();
    let password = secrets.password(id).await.unwrap();
    let name = format!("the-{id}");
    let user = [
        ("UserId", id),
        ("UserName", &name),
        ("Engine", "redis"),
        ("AccessString", access_string),
        ("Passwords.member.1", password.expose()),
    ];
    stage.scene.by_hand("CreateUser", &user);
    stage.scene.pass(Duration::from_mins(5)).await;
    let joins = [("UserGroupId", "staff"), ("UserIdsToAdd.member.1", id)];
    stage.scene.by_hand("ModifyUserGroup", &joins);
    stage.scene.pass(Duration::from_mins(5)).await;
}

/// Takes one, and tells what the journal says of its count, and the record.
async fn taken(stage: &Stage) -> (String, Option<Record>) {
    let name = stage.taken_of(SHOP).await;
    let records = stage.scene.journal.records();
    let mut done = records.iter().rev().filter_map(|it| it["decided"].as_str());
    let done = done.find(|it| it.contains("keys")).unwrap().to_owned();
    let tags = stage.scene.world.with(|it| it.elasticache.snapshots[&name].tags.clone());
    (done, Record::read(&tags).unwrap())
}

fn write(stage: &Stage, keys: usize) {
    let key = |it: usize| {
        let key = Key { key_type: "string", value: format!("value {it}"), ends: false };
        (format!("key:{it:03}"), key)
    };
    stage.scene.world.with(|it| it.elasticache.write(SHOP, (0..keys).map(key)));
}

/// No password is anywhere but where it belongs.
#[track_caller]
fn keeps_its_secrets(stage: &Stage) {
    stage.keeps_its_secrets();
    let records = stage.scene.journal.records();
    stage.scene.world.with(|it| {
        assert_eq!(it.leaks(), [] as [String; 0]);
        assert!(!records.iter().any(|record| it.secret_values.are_in(&record.to_string())));
    });
}

#[tokio::test(start_paused = true)]
async fn a_group_with_users_is_counted_as_one_of_them() {
    let (stage, _) = with_users().await;
    write(&stage, 40);
    let (done, record) = taken(&stage).await;
    let why = "with its keys not counted: shop lets in users, and no secret is tagged cachewarden:owner and cachewarden:user with the id of one of them";
    assert!(done.contains(why), "{done}");
    assert_eq!(record, None, "and no snapshot is held up by that");
    let_in(&stage, "counter", READS).await;
    let before = stage.calls();
    let (done, record) = taken(&stage).await;
    assert!(done.ends_with("from shop-002, with 40 keys as counted then"), "{done}");
    assert_eq!(record.unwrap().contents.keys, 40);
    // Who there is is asked once.
    let calls = stage.calls_since(before);
    let count = |name: &str| calls.iter().filter(|it| *it == name).count();
    assert_eq!(["DescribeUserGroups", "DescribeUsers", "GetSecretValue"].map(count), [1, 1, 1]);
    keeps_its_secrets(&stage);
}

#[tokio::test(start_paused = true)]
async fn who_may_not_read_all_of_it_is_tried_before_the_next_and_told() {
    let (stage, _) = with_users().await;
    write(&stage, 12);
    let_in(&stage, "b-cart", OWN_KEYS).await;
    let_in(&stage, "a-shop", SAFE).await;
    let_in(&stage, "c-off", "off ~* +@all").await;
    let (done, record) = taken(&stage).await;
    let shut = |who: &str| {
        format!(
            "the keys of shop-002 could not be counted: {who} may not read all of it; `on ~* +@read +@connection +info` is enough for that"
        )
    };
    let off = "the keys of shop-002 could not be counted: it refuses the password of the-c-off in the secret";
    let whys = [shut("the-a-shop"), shut("the-b-cart"), off.to_owned()].join("; ");
    assert!(done.ends_with(&format!("with its keys not counted: {whys}")), "{done}");
    assert_eq!(record, None);
    // The last of them may.
    let_in(&stage, "d-last", READS).await;
    let (_, record) = taken(&stage).await;
    assert_eq!(record.unwrap().contents.keys, 12);
    keeps_its_secrets(&stage);
}

#[tokio::test(start_paused = true)]
async fn a_group_with_users_is_tried_and_lets_in_the_same_ones() {
    let (stage, name) = with_users().await;
    write(&stage, 25);
    let event = json!({ "action": "drill", "group": SHOP });
    let before = stage.groups();
    let said = summary(&stage.send(event.clone()).await);
    let why = "refused: shop: shop lets in users, and no secret is tagged";
    assert!(said.starts_with(why), "{said}");
    assert_eq!(
        stage
            .scene
            .world
            .with(|it| it.elasticache.snapshots[&name].tags.clone())
            .get(tag::DRILL_FAILED),
        None
    );
    let_in(&stage, "counter", READS).await;
    let name = stage.taken_of(SHOP).await;
    let said = summary(&stage.send(event).await);
    assert!(said.contains(&format!("{name} restores: 25 keys")), "{said}");
    assert_eq!(stage.groups(), before);
    let id = drill::id(&GroupId::parse(SHOP).unwrap()).unwrap().to_string();
    let made = stage.scene.world.with(|it| {
        let mut all = it.calls.iter().filter(|it| it.operation == "CreateReplicationGroup");
        all.next_back().unwrap().parameters.clone()
    });
    assert_eq!(made["ReplicationGroupId"], id);
    assert_eq!(made["UserGroupIds.member.1"], "staff");
    assert!(!made.contains_key("AuthToken"));
    keeps_its_secrets(&stage);
}
