//! Another group in the place of the one that a stack has, with its keys; and back from every point on the way.

mod counted;
mod elsewhere;
mod without;

use std::time::Duration;

use aws_sim::elasticache::model::{SnapshotStatus, Status};
use aws_sim::fault::{Fault, Rule, Shortage};
use domain::tag;
use platform::Secrets;
use serde_json::{Value, json};

use super::refusal::assert_failed;
use super::stack::{GROUP, Stack, properties};

const SECOND: &str = "orders-redis-production-r2";
const BYTES: u64 = 5_000_000;

const REFUSE: (&str, &str) = ("Replacement", "refuse");

/// Nothing at rest is encrypted, which no running cache can change.
fn plain(over: &[(&str, &str)]) -> Value {
    let changed = [("EnableEncryptionAtRest", "false"), ("Replacement", "with-data")];
    properties(&[&changed, over].concat())
}

async fn stands() -> (Stack, Value) {
    let stack = Stack::new().await;
    let before = properties(&[]);
    assert_eq!(stack.create(&before).await["Status"], "SUCCESS");
    stack.scene.world.with(|it| it.elasticache.fill(GROUP, BYTES));
    (stack, before)
}

impl Stack {
    /// An update of the group that CloudFormation knows by this id.
    async fn update_of(&self, physical_id: &str, before: &Value, now: &Value) -> Value {
        self.play(&self.update_request(physical_id, before, now)).await
    }

    fn update_request(&self, physical_id: &str, before: &Value, now: &Value) -> Value {
        let mut event = self.request("Update", Some(physical_id), now);
        event["OldResourceProperties"] = before.clone();
        event
    }

    fn bytes_of(&self, group: &str) -> Option<u64> {
        self.scene.world.with(|it| it.elasticache.groups.get(group).map(|it| it.bytes_used))
    }

    fn tags_of(&self, group: &str) -> domain::Tags {
        self.scene.world.with(|it| it.elasticache.groups[group].tags.clone())
    }

    /// The names of snapshots that hold this word, but for those on their way out.
    fn snapshots(&self, word: &str) -> Vec<String> {
        self.scene.world.with(|it| {
            let all = it.elasticache.snapshots.values();
            let stay = all.filter(|it| it.status != SnapshotStatus::Deleting);
            stay.map(|it| it.name.clone()).filter(|it| it.contains(word)).collect()
        })
    }

    /// Everything that is called after this group, by what it is.
    fn left_of(&self, group: &str) -> Vec<String> {
        self.scene.world.with(|it| {
            let cache = &it.elasticache;
            let mut left = Vec::new();
            left.extend(cache.groups.get(group).map(|it| format!("group {}", it.status.word())));
            left.extend(cache.subnet_groups.get(group).map(|_| "subnet group".to_owned()));
            let of_family =
                |it: &&String| it.rsplit_once("-redis7").is_some_and(|(of, _)| of == group);
            let parameters = cache.parameter_groups.keys().filter(of_family).count();
            left.extend((0 < parameters).then(|| format!("{parameters} parameter group")));
            let prefix = format!("{group}/");
            let alarms = it.cloudwatch.alarms.keys().filter(|it| it.starts_with(&prefix)).count();
            left.extend((0 < alarms).then(|| format!("{alarms} alarms")));
            let of_group = |it: &&aws_sim::secrets::Secret| {
                it.tags.get(tag::GROUP).is_some_and(|it| it == group)
            };
            let secrets = it.secrets.secrets.values().filter(of_group);
            left.extend(secrets.map(|it| {
                if it.gone_at.is_some() { "secret on its way out" } else { "secret" }.to_owned()
            }));
            left
        })
    }

    /// The secret that the stack is told of opens the nodes of this group, and nothing else does.
    async fn is_opened(&self, group: &str, answer: &Value) {
        let secret = answer["Data"]["RedisAuthTokenSecretArn"].as_str().unwrap();
        let token = Secrets::new(&self.scene.aws).token(secret).await.unwrap();
        for node in self.scene.world.with(|it| it.nodes()).iter().filter(|it| it.group == group) {
            assert!(node.access.admits(Some(token.expose())) && !node.access.admits(None));
        }
    }
}

const STANDS: [&str; 5] =
    ["group available", "subnet group", "1 parameter group", "5 alarms", "secret"];

#[tokio::test(start_paused = true)]
async fn a_change_that_cannot_be_made_in_place_takes_the_keys_along_to_another_group() {
    let (stack, before) = stands().await;
    let now = plain(&[("RedisNumCacheNodes", "3")]);
    let answer = stack.update_of(GROUP, &before, &now).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(answer["PhysicalResourceId"], SECOND);
    assert_eq!(answer["Data"]["ReplicationGroupId"], SECOND);
    let info = answer["Data"]["DeploymentInfo"].as_str().unwrap();
    assert!(
        info.contains("3 x cache.t4g.micro") && info.contains("not encrypted at rest"),
        "{info}"
    );
    assert!(
        info.contains(&format!(
            "in the place of {GROUP}: what was written to that after its snapshot"
        )),
        "{info}"
    );
    assert_eq!(stack.bytes_of(SECOND), Some(BYTES));
    stack.is_opened(SECOND, &answer).await;
    // Both stand side by side, and the old one is as it was.
    assert_eq!(stack.left_of(GROUP), STANDS);
    assert_eq!(stack.left_of(SECOND), STANDS);
    assert_eq!(stack.bytes_of(GROUP), Some(BYTES));
    assert!(stack.scene.world.with(|it| it.elasticache.groups[GROUP].at_rest));
    assert_eq!(stack.snapshots("-move-").len(), 1);

    // The rest of the stack is done, and CloudFormation cleans up.
    let gone = stack.delete(GROUP, &before).await;
    assert_eq!(gone["Status"], "SUCCESS", "{gone:#}");
    assert_eq!(stack.left_of(GROUP), ["secret on its way out"]);
    assert_eq!(stack.left_of(SECOND), STANDS);
    assert_eq!(stack.snapshots("-move-"), Vec::<String>::new(), "it is needed no longer");
    assert_eq!(stack.snapshots("-final-").len(), 1, "as with every group that goes");

    // From now on it is the stack's cache like any other.
    let grown = plain(&[("SnapshotKeep", "3")]);
    let answer = stack.update_of(SECOND, &now, &grown).await;
    assert_eq!(
        (&answer["Status"], &answer["PhysicalResourceId"]),
        (&json!("SUCCESS"), &json!(SECOND)),
        "{answer:#}"
    );
    assert!(!stack.tags_of(SECOND).contains_key(tag::REPLACES), "there is no way back any more");
    stack.changes();
    assert_eq!(stack.update_of(SECOND, &grown, &grown).await["Status"], "SUCCESS");
    assert_eq!(stack.changes(), ["StartExecution"], "and what changes nothing makes no change");
    assert_eq!(stack.delete(SECOND, &grown).await["Status"], "SUCCESS");
    assert_eq!(stack.left_of(SECOND), ["secret on its way out"]);
    stack.assert_secrecy().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_word_of_the_stack_the_keys_go_along_and_the_id_stays() {
    let (stack, before) = stands().await;
    let another = properties(&[("ReplicationGroupId", "till")]);
    assert_failed(&stack.update_of(GROUP, &before, &another).await, "state Replacement with-data");
    assert_eq!(stack.update_of(GROUP, &another, &before).await["Status"], "SUCCESS");
    let now = properties(&[("EnableEncryptionAtRest", "false")]);
    let answer = stack.update_of(GROUP, &before, &now).await;
    assert_eq!(answer["PhysicalResourceId"], SECOND, "{answer:#}");
    assert_eq!((stack.bytes_of(GROUP), stack.bytes_of(SECOND)), (Some(BYTES), Some(BYTES)));
    // An id that is given beside it is one too many still.
    let both = properties(&[("ReplicationGroupId", "till")]);
    assert_failed(&stack.update_of(SECOND, &now, &both).await, "state Replacement with-data");
}

#[tokio::test(start_paused = true)]
async fn where_the_stack_refuses_it_nothing_is_replaced() {
    let (stack, before) = stands().await;
    let now = properties(&[("EnableEncryptionAtRest", "false"), REFUSE]);
    let answer = stack.update_of(GROUP, &before, &now).await;
    assert_failed(&answer, "Replacement with-data has another cache take its place");
    assert_eq!(answer["PhysicalResourceId"], GROUP);
    assert_eq!(stack.update_of(GROUP, &now, &before).await["Status"], "SUCCESS");
    assert_eq!(stack.left_of(SECOND), Vec::<String>::new());
    assert_eq!(stack.snapshots(""), Vec::<String>::new());
    // What no snapshot carries, and what would have the same name, is refused with the word as well.
    let own = plain(&[("ReplicationGroupId", GROUP)]);
    assert_failed(
        &stack.update_of(GROUP, &before, &own).await,
        "state another ReplicationGroupId with it",
    );
    assert_eq!(stack.update_of(GROUP, &own, &before).await["Status"], "SUCCESS");
    let held = properties(&[("DeletionProtection", "true")]);
    assert_eq!(stack.update_of(GROUP, &before, &held).await["Status"], "SUCCESS");
    assert_failed(&stack.update_of(GROUP, &held, &plain(&[])).await, "is protected from deletion");
    assert_eq!(stack.update_of(GROUP, &plain(&[]), &held).await["Status"], "SUCCESS");
    assert_eq!(stack.left_of(GROUP), STANDS);
    assert_eq!(stack.snapshots(""), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_stack_whose_rest_fails_gets_its_old_group_back() {
    let (stack, before) = stands().await;
    let now = plain(&[("RedisNodeType", "cache.t4g.small")]);
    assert_eq!(stack.update_of(GROUP, &before, &now).await["PhysicalResourceId"], SECOND);
    // Clients were told of it already.
    stack.scene.world.with(|it| it.elasticache.fill(SECOND, 2 * BYTES));
    let answer = stack.update_of(SECOND, &now, &before).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(answer["PhysicalResourceId"], GROUP);
    stack.is_opened(GROUP, &answer).await;
    assert_eq!(stack.delete(SECOND, &now).await["Status"], "SUCCESS");
    assert_eq!(stack.left_of(SECOND), ["secret on its way out"]);
    assert_eq!(stack.left_of(GROUP), STANDS);
    assert_eq!(stack.bytes_of(GROUP), Some(BYTES));
    let last = stack.snapshots("-final-");
    let bytes = stack.scene.world.with(|it| it.elasticache.snapshots[&last[0]].bytes);
    assert_eq!((last.len(), bytes), (1, 2 * BYTES), "what they wrote is in its last snapshot");
    // The next update ends it, and another try goes the same way.
    assert_eq!(stack.update_of(GROUP, &before, &before).await["Status"], "SUCCESS");
    let answer = stack.update_of(GROUP, &before, &now).await;
    assert_eq!(answer["PhysicalResourceId"], SECOND, "{answer:#}");
    assert_eq!(stack.bytes_of(SECOND), Some(BYTES));
    assert_eq!(stack.delete(GROUP, &before).await["Status"], "SUCCESS");
    assert_eq!(stack.left_of(SECOND), STANDS);
    assert_eq!(stack.snapshots("-move-"), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn there_is_no_way_back_to_a_group_whose_end_was_asked_for() {
    let (stack, before) = stands().await;
    let now = plain(&[]);
    assert_eq!(stack.update_of(GROUP, &before, &now).await["PhysicalResourceId"], SECOND);
    // CloudFormation's clean-up comes, and fails: the old group stays, with older and older keys.
    stack.scene.world.with(|it| it.faults.failing_snapshots = 1);
    assert_failed(&stack.delete(GROUP, &before).await, "so the replication group");
    stack.scene.world.with(|it| it.elasticache.fill(SECOND, 3 * BYTES));
    let refusing = properties(&[REFUSE]);
    let answer = stack.update_of(SECOND, &now, &refusing).await;
    assert_failed(&answer, "EnableEncryptionAtRest is false on the running cache");
    assert_eq!(answer["PhysicalResourceId"], SECOND);
    assert_eq!(stack.bytes_of(SECOND), Some(3 * BYTES));
    // Where nobody refuses it, it goes on to a third one, with the keys of today.
    let answer = stack.update_of(SECOND, &now, &before).await;
    assert_eq!(answer["PhysicalResourceId"], "orders-redis-production-r3", "{answer:#}");
    assert_eq!(stack.bytes_of("orders-redis-production-r3"), Some(3 * BYTES));
}

#[tokio::test(start_paused = true)]
async fn a_group_that_could_not_take_the_place_leaves_nothing() {
    for when in [Shortage::Later, Shortage::AtOnce] {
        let (stack, before) = stands().await;
        let now = plain(&[("RedisNodeType", "cache.t4g.small")]);
        stack.scene.world.with(|it| {
            it.faults.shortages.insert("cache.t4g.small".to_owned(), when);
        });
        let answer = stack.update_of(GROUP, &before, &now).await;
        assert_failed(&answer, "another node type, fewer nodes or subnets in other zones");
        assert_eq!(answer["PhysicalResourceId"], GROUP);
        let answer = stack.update_of(GROUP, &now, &before).await;
        assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
        assert_eq!(answer["PhysicalResourceId"], GROUP);
        assert_eq!(stack.left_of(SECOND), ["secret on its way out"]);
        assert_eq!(stack.snapshots(""), Vec::<String>::new());
        assert_eq!(stack.left_of(GROUP), STANDS);
    }
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_cannot_be_taken_leaves_all_as_it_was() {
    let (stack, before) = stands().await;
    stack.scene.world.with(|it| it.faults.failing_snapshots = 1);
    let now = plain(&[]);
    let answer = stack.update_of(GROUP, &before, &now).await;
    assert_failed(&answer, "which was to carry the keys of orders-redis-production over, failed");
    assert_eq!(stack.update_of(GROUP, &now, &before).await["Status"], "SUCCESS");
    assert_eq!(stack.snapshots(""), Vec::<String>::new(), "a failed one goes too");
    assert_eq!(stack.left_of(SECOND), Vec::<String>::new());
    assert_eq!(stack.left_of(GROUP), STANDS);
    assert_eq!(stack.effects_of("CreateReplicationGroup"), 1);
    // The next try takes another one.
    assert_eq!(stack.update_of(GROUP, &before, &now).await["PhysicalResourceId"], SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_had_its_snapshots_of_today_is_told_of() {
    let (stack, before) = stands().await;
    let code = "SnapshotQuotaExceededFault".to_owned();
    let full = Rule::operation("CreateSnapshot", Fault::Answer(400, code, "Too many.".to_owned()));
    stack.scene.world.with(|it| it.faults.add(full.times(1)));
    let now = plain(&[]);
    let answer = stack.update_of(GROUP, &before, &now).await;
    assert_failed(&answer, "the snapshot that was to carry the keys over could not be taken");
    assert_failed(&answer, "try again when the oldest of them is a day old");
    assert_eq!(stack.update_of(GROUP, &now, &before).await["Status"], "SUCCESS");
    assert_eq!(stack.left_of(GROUP), STANDS);
    assert!(!stack.tags_of(GROUP).contains_key(tag::REPLACED_BY));
}

#[tokio::test(start_paused = true)]
async fn what_would_be_refused_of_the_new_group_is_refused_before_its_keys_are_saved() {
    let (stack, before) = stands().await;
    let now = plain(&[("UserGroupIds", "staff"), ("EnableAuthToken", "")]);
    let answer = stack.update_of(GROUP, &before, &now).await;
    assert_failed(&answer, "the user group staff of UserGroupIds does not exist");
    assert_eq!(stack.snapshots(""), Vec::<String>::new());
    assert_eq!(stack.left_of(SECOND), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_replacement_that_is_taken_back_on_its_way_leaves_nothing() {
    // While the keys are saved, while the new group is made, and when all but the answer is done.
    for seconds in [20, 60, 100, 200] {
        let (stack, before) = stands().await;
        let now = plain(&[]);
        let update = stack.update_request(GROUP, &before, &now);
        let back = stack.update_request(GROUP, &now, &before);
        stack.deliver(&update).await;
        let running = stack.scene.running();
        let taken_back = async {
            stack.scene.pass(Duration::from_secs(seconds)).await;
            stack.deliver(&back).await;
            let newer = stack.scene.running().pop().unwrap();
            stack.carry(&newer).await;
        };
        tokio::join!(stack.carry(&running[0]), taken_back);
        let answer = stack.answer(&back);
        assert_eq!(answer["Status"], "SUCCESS", "{seconds}: {answer:#}");
        assert_eq!(answer["PhysicalResourceId"], GROUP);
        assert_eq!(stack.left_of(GROUP), STANDS, "{seconds}");
        let left = stack.left_of(SECOND);
        assert!(left.is_empty() || left == ["secret on its way out"], "{seconds}: {left:?}");
        assert_eq!(stack.snapshots("-move-"), Vec::<String>::new(), "{seconds}");
        assert!(!stack.tags_of(GROUP).contains_key(tag::REPLACED_BY), "{seconds}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_try_left_with_older_keys_is_not_taken_for_the_new_group() {
    let (stack, before) = stands().await;
    let now = plain(&[]);
    let first = stack.update_request(GROUP, &before, &now);
    stack.deliver(&first).await;
    let running = stack.scene.running();
    let second = stack.update_request(GROUP, &before, &now);
    let again = async {
        stack.scene.pass(Duration::from_secs(90)).await;
        assert_eq!(stack.left_of(SECOND)[0], "group creating");
        stack.scene.world.with(|it| it.elasticache.fill(GROUP, 2 * BYTES));
        stack.deliver(&second).await;
        let newer = stack.scene.running().pop().unwrap();
        stack.carry(&newer).await;
    };
    tokio::join!(stack.carry(&running[0]), again);
    let answer = stack.answer(&second);
    assert_eq!(answer["PhysicalResourceId"], SECOND, "{answer:#}");
    assert_eq!(stack.bytes_of(SECOND), Some(2 * BYTES));
    assert_eq!(stack.left_of(SECOND), STANDS);
    assert_eq!(stack.delete(GROUP, &before).await["Status"], "SUCCESS");
    assert_eq!(stack.snapshots("-move-"), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_the_autoscaler_made_of_the_old_group_goes_along() {
    let (stack, before) = stands().await;
    let grown = properties(&[("RedisNodeType", "cache.t4g.small"), ("RedisNumCacheNodes", "3")]);
    assert_eq!(stack.update_of(GROUP, &before, &grown).await["Status"], "SUCCESS");
    // To the stack, it still is what it first stated.
    let answer = stack.update_of(GROUP, &before, &plain(&[])).await;
    let info = answer["Data"]["DeploymentInfo"].as_str().unwrap();
    assert!(info.contains("3 x cache.t4g.small"), "{info}");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_stays_by_its_policy_stays_when_another_takes_its_place() {
    let stack = Stack::new().await;
    let before = properties(&[("DeletionPolicy", "Retain")]);
    assert_eq!(stack.create(&before).await["Status"], "SUCCESS");
    let answer = stack.update_of(GROUP, &before, &plain(&[])).await;
    assert_eq!(answer["PhysicalResourceId"], SECOND, "{answer:#}");
    assert_eq!(stack.delete(GROUP, &before).await["Status"], "SUCCESS");
    assert_eq!(stack.left_of(GROUP), STANDS);
    assert!(!stack.tags_of(GROUP).contains_key(tag::OWNER));
    let status = stack.scene.world.with(|it| it.elasticache.groups[SECOND].status);
    assert_eq!(status, Status::Available);
}

#[tokio::test(start_paused = true)]
async fn a_replacement_is_told_with_its_words_and_its_cost_before_it_is_done() {
    let (stack, before) = stands().await;
    let stack_id = "arn:aws:cloudformation:us-east-1:123456789012:stack/orders/0a1b";
    let plan = |before: &Value, now: &Value, physical: &str| {
        json!({
            "action": "plan", "properties": now, "before": before, "stackId": stack_id,
            "physicalId": physical,
        })
    };
    let now = plain(&[]);
    stack.changes();
    let told = stack.invoke(plan(&before, &now, GROUP)).await;
    assert_eq!(stack.changes(), Vec::<String>::new(), "a plan changes nothing");
    assert_eq!((&told["status"], &told["group"]), (&json!("settled"), &json!(SECOND)), "{told:#}");
    let words: Vec<_> =
        told["changes"].as_array().unwrap().iter().map(|it| it["what"].as_str().unwrap()).collect();
    assert!(
        words[0].contains(
            "carries its keys over: what is written to orders-redis-production after it stays there"
        ),
        "{words:#?}"
    );
    let expected = [
        "make the replication group orders-redis-production-r2: 2 x cache.t4g.micro, Redis 7.1, filled from the snapshot orders-redis-production-move-",
        "have the stack's outputs lead from orders-redis-production to orders-redis-production-r2, and to a secret of its own",
        "take a last snapshot of orders-redis-production-001",
        "delete the replication group orders-redis-production",
    ];
    let mut rest = words.iter();
    for expected in expected {
        assert!(rest.any(|it| it.starts_with(expected)), "{expected}: {words:#?}");
    }
    assert!(
        told["monthlyCost"]["meanwhile"].as_str().unwrap().starts_with("both stand side by side"),
        "{told:#}"
    );
    let switch = told["changes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["effect"] == "replacement, clients go to other addresses");
    assert_eq!(switch.count(), 1);
    let answer = stack.update_of(GROUP, &before, &now).await;
    assert_eq!(told["monthlyCost"]["after"], answer["Data"]["EstimatedMonthlyCost"]);
    // The way back, and what comes after.
    let told = stack.invoke(plan(&now, &before, SECOND)).await;
    assert_eq!((&told["status"], &told["group"]), (&json!("settled"), &json!(GROUP)), "{told:#}");
    stack.delete(GROUP, &before).await;
    let told = stack.invoke(plan(&now, &properties(&[REFUSE]), SECOND)).await;
    assert!(
        told["summary"]
            .as_str()
            .unwrap()
            .starts_with("it would be refused: EnableEncryptionAtRest is false"),
        "{told:#}"
    );
    let taken = stack.snapshots("-final-");
    let status = stack.scene.world.with(|it| it.elasticache.snapshots[&taken[0]].status);
    assert_eq!(status, SnapshotStatus::Available);
}
