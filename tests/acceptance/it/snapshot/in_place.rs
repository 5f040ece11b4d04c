//! A group from a snapshot in the place of the one that there is.

mod stack;

use std::time::Duration;

use aws_sim::State;
use aws_sim::elasticache::model::{SnapshotStatus, Status};
use aws_sim::fault::{Fault, Rule, Shortage};
use serde_json::{Value, json};

use super::promote::automatic;
use super::stage::{BYTES, GROUP, OWNER, Stage, summary};

/// What the group holds when it is restored: more than its snapshot.
const SINCE: u64 = 150 << 20;

/// A group that was written to since its snapshot.
async fn with_snapshot() -> (Stage, String) {
    let stage = Stage::new().await;
    stage.hours(1).await;
    let name = stage.good().pop().unwrap();
    stage.scene.world.with(|it| it.elasticache.fill(GROUP, SINCE));
    (stage, name)
}

fn event(snapshot: &str) -> Value {
    json!({ "action": "restore-in-place", "snapshot": snapshot, "group": GROUP })
}

/// What must be as it was, and as nobody else would make it.
fn settings(state: &State) -> String {
    let group = &state.elasticache.groups[GROUP];
    let mut tags = group.tags.clone();
    tags.remove("cachewarden:in-place");
    format!(
        "{} {} {:?} {:?} {:?} {:?} {:?} {:?} {} {:?} {:?} {:?}",
        group.description,
        group.node_type,
        group.version,
        group.security_groups,
        group.subnet_group,
        group.parameter_group,
        group.maintenance_window,
        group.failover,
        group.multi_az,
        group.access,
        group.members.keys(),
        tags,
    )
}

/// What is there in the end, when the one that stood in has gone: who stands, and what the group holds.
async fn left(stage: &Stage) -> (u64, Vec<String>) {
    stage.scene.pass(Duration::from_mins(20)).await;
    (bytes(stage), stage.groups())
}

fn bytes(stage: &Stage) -> u64 {
    stage.scene.world.with(|it| it.elasticache.groups[GROUP].bytes_used)
}

/// The snapshot that is the way back.
fn before(stage: &Stage) -> Vec<String> {
    stage.good().into_iter().filter(|it| it.contains("-before-")).collect()
}

fn deletions(stage: &Stage) -> usize {
    stage.scene.world.calls_to("DeleteReplicationGroup")
}

#[tokio::test(start_paused = true)]
async fn a_group_comes_back_under_its_name_with_the_keys_of_the_snapshot_and_all_else_as_it_was() {
    let (stage, name) = with_snapshot().await;
    let was = stage.scene.world.with(|it| settings(it));
    let said = summary(&stage.send(event(&name)).await);
    assert!(said.starts_with("settled: orders: "), "{said}");
    let way_back = before(&stage).pop().unwrap();
    for part in [
        "orders is there: 2 x cache.t4g.micro, endpoint ",
        "the endpoint is master.orders.",
        &format!(
            "its keys are those of {name}, and the way back is restore-in-place with {way_back}"
        ),
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(stage.scene.world.with(|it| settings(it)), was);
    assert_eq!(left(&stage).await, (BYTES, vec![GROUP.to_owned()]));
    stage.scene.world.with(|it| {
        assert_eq!(it.elasticache.groups[GROUP].tags["cachewarden:owner"], OWNER);
        assert_eq!(it.elasticache.snapshots[&way_back].bytes, SINCE);
        assert_eq!(it.elasticache.snapshots[&way_back].tags["cachewarden:group"], GROUP);
        let alarms: Vec<_> = it.cloudwatch.alarms.keys().collect();
        assert_eq!(alarms.len(), 5, "{alarms:?}");
    });
    let told = stage.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].subject.starts_with("orders: restored"), "{told:?}");
    stage.keeps_its_secrets();
    // And back again, by the word that was given.
    let said = summary(&stage.send(event(&way_back)).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!((bytes(&stage), before(&stage).len()), (SINCE, 2));
    assert_eq!(stage.scene.world.with(|it| settings(it)), was);
}

#[tokio::test(start_paused = true)]
async fn the_same_event_twice_restores_in_place_once() {
    let (stage, name) = with_snapshot().await;
    assert!(summary(&stage.send(event(&name)).await).starts_with("settled"));
    let (deleted, way_back) = (deletions(&stage), before(&stage));
    let said = summary(&stage.send_again(event(&name)).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!((deletions(&stage), before(&stage)), (deleted, way_back));
}

#[tokio::test(start_paused = true)]
async fn a_second_one_for_another_snapshot_is_refused_and_for_the_same_joins() {
    let (stage, name) = with_snapshot().await;
    let other = stage.taken_of(GROUP).await;
    stage.send_only(event(&name)).await;
    let running = stage.scene.running();
    assert_eq!(running.len(), 1);
    // The one that stands in is being made.
    let carried = running[0].event(None);
    stage.send_only(carried).await;
    assert_eq!(stage.groups().len(), 2, "{:?}", stage.groups());
    let said = summary(&stage.send_only(event(&other)).await);
    let expected =
        format!("refused: orders: orders is being restored in place already, from {name}");
    assert!(said.starts_with(&expected), "{said}");
    let said = summary(&stage.send_only(event(&name)).await);
    assert!(said.starts_with("unfinished"), "{said}");
    let request = |at: usize| stage.scene.running()[at].input["event"]["request"].clone();
    assert_eq!(stage.scene.running().len(), 2);
    assert_eq!(request(0), request(1));
    let said = summary(&stage.send(json!({ "action": "status" })).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!(left(&stage).await, (BYTES, vec![GROUP.to_owned()]));
    assert_eq!((deletions(&stage), before(&stage).len()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn what_speaks_against_a_restore_in_place_is_told_and_nothing_is_touched() {
    let (stage, name) = with_snapshot().await;
    stage.add("others", 1, &[("cachewarden:snapshot-keep", "2")]).await;
    stage.add("strange", 1, &[]).await;
    let of_others = stage.taken_of("others").await;
    let by_itself = automatic(&stage, GROUP).await;
    let tag = |key: &str, value: &str| {
        stage.scene.world.with(|it| {
            let tags = &mut it.elasticache.groups.get_mut(GROUP).unwrap().tags;
            if value.is_empty() {
                tags.remove(key);
            } else {
                tags.insert(key.to_owned(), value.to_owned());
            }
        });
    };
    let before = (stage.groups(), stage.good());
    let refused = async |event: Value, why: &str| {
        let mut whole = json!({ "action": "restore-in-place", "group": GROUP, "snapshot": name });
        whole.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
        let said = summary(&stage.send(whole).await);
        assert!(said.starts_with("refused: ") && said.contains(why), "{event}: {said}");
        assert_eq!((stage.groups(), stage.good()), before, "{event}");
    };
    for (event, why) in [
        (json!({ "snapshot": "nowhere" }), "there is no snapshot nowhere"),
        (json!({ "group": "new" }), "there is no group new whose place another could take"),
        (
            json!({ "group": "strange", "from": GROUP }),
            "strange has neither the tag cachewarden:owner",
        ),
        (
            json!({ "snapshot": of_others }),
            "is of others, and would take the place of all keys of orders",
        ),
        (json!({ "from": "others" }), "is of orders, and not of others, which `from` names"),
        (json!({ "snapshot": by_itself }), "promote it, and restore the copy"),
        (json!({ "secret": "orders-token" }), "secret: \"orders-token\" is not an ARN"),
    ] {
        refused(event, why).await;
    }
    for (key, value, why) in [
        ("cachewarden:deletion-protection", "on", "orders must not be deleted"),
        (
            "cachewarden:asked",
            "node-type=cache.t4g.small at 2026-01-02T03:04:05Z",
            "orders is being changed",
        ),
        ("cachewarden:autoscale-change", "replicas=2 from 1", "orders is being changed"),
        ("cachewarden:replaced-by", "orders-r2 unfinished", "orders is being changed"),
    ] {
        tag(key, value);
        refused(json!({}), why).await;
        refused(json!({ "snapshot": "nowhere" }), "there is no snapshot nowhere").await;
        tag(key, "");
    }
    assert_eq!(deletions(&stage), 0);
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn a_plan_tells_the_steps_and_takes_none() {
    let (stage, name) = with_snapshot().await;
    let before = (stage.groups(), stage.good());
    let event =
        json!({ "action": "plan", "of": "restore-in-place", "snapshot": name, "group": GROUP });
    let said = summary(&stage.send(event).await);
    assert!(said.starts_with("settled: orders: would have asked for orders-"), "{said}");
    assert!(said.contains("deleted orders, which is not there for as long as"), "{said}");
    assert_eq!((stage.groups(), stage.good()), before);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_does_not_restore_takes_nothing_away() {
    for shortage in [Shortage::AtOnce, Shortage::Later] {
        let (stage, name) = with_snapshot().await;
        stage.scene.world.with(|it| {
            it.faults.shortages.insert("cache.t4g.micro".to_owned(), shortage);
        });
        let said = summary(&stage.send(event(&name)).await);
        assert!(!said.starts_with("settled"), "{said}");
        assert!(said.to_ascii_lowercase().contains("capacity"), "{said}");
        assert_eq!(left(&stage).await, (SINCE, vec![GROUP.to_owned()]));
        assert!(before(&stage).is_empty());
        assert_eq!(stage.told().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_way_back_nothing_is_taken_away() {
    let (stage, name) = with_snapshot().await;
    stage.scene.world.with(|it| it.faults.failing_snapshots = 1);
    let said = summary(&stage.send(event(&name)).await);
    assert!(said.starts_with("refused: orders: ") && said.contains("-before-"), "{said}");
    assert_eq!(left(&stage).await, (SINCE, vec![GROUP.to_owned()]));
    // A node that had its snapshots of the day.
    let (stage, name) = with_snapshot().await;
    for count in 1..20 {
        let hand = format!("by-hand-{count}");
        let fields = [("CacheClusterId", "orders-002"), ("SnapshotName", hand.as_str())];
        stage.scene.by_hand("CreateSnapshot", &fields);
        stage.scene.pass(Duration::from_mins(20)).await;
    }
    let said = summary(&stage.send(event(&name)).await);
    assert!(said.contains("ElastiCache takes 20 manual snapshots of a node"), "{said}");
    assert_eq!(left(&stage).await, (SINCE, vec![GROUP.to_owned()]));
}

/// Carries the execution on until this is so.
async fn until(stage: &Stage, is_so: impl Fn(&State) -> bool) {
    for _ in 0..400 {
        if stage.scene.world.with(|it| is_so(it)) {
            return;
        }
        let execution = stage.scene.running().into_iter().next().unwrap();
        stage.send_only(execution.event(None)).await;
        stage.scene.pass(Duration::from_secs(15)).await;
    }
    panic!("it never came to that");
}

fn is_gone(state: &State) -> bool {
    !state.elasticache.groups.contains_key(GROUP)
}

/// What there is of the group could not be made.
fn fails(stage: &Stage) {
    stage.scene.world.with(|it| {
        it.faults.shortages.insert("cache.t4g.micro".to_owned(), Shortage::Later);
    });
}

#[tokio::test(start_paused = true)]
async fn a_group_that_cannot_be_made_of_the_wanted_snapshot_comes_back_as_it_was() {
    let (stage, name) = with_snapshot().await;
    let was = stage.scene.world.with(|it| settings(it));
    stage.send_only(event(&name)).await;
    until(&stage, is_gone).await;
    fails(&stage);
    let is_failed = |it: &State| {
        it.elasticache.groups.get(GROUP).is_some_and(|it| it.status == Status::CreateFailed)
    };
    until(&stage, is_failed).await;
    stage.scene.world.with(|it| it.faults.shortages.clear());
    let said = summary(&stage.send(json!({ "action": "status" })).await);
    assert!(said.starts_with("refused: orders: "), "{said}");
    assert!(said.contains("is there as it was before, made of orders-before-"), "{said}");
    assert!(said.to_ascii_lowercase().contains("capacity"), "{said}");
    assert_eq!(left(&stage).await, (SINCE, vec![GROUP.to_owned()]));
    assert_eq!(stage.scene.world.with(|it| settings(it)), was);
    let told = stage.told();
    assert!(told[0].subject.starts_with("orders: as it was before"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn where_it_comes_back_from_neither_the_one_that_stands_in_serves_and_the_same_event_goes_on()
{
    let (stage, name) = with_snapshot().await;
    stage.send_only(event(&name)).await;
    until(&stage, is_gone).await;
    fails(&stage);
    let said = summary(&stage.send(json!({ "action": "status" })).await);
    assert!(said.starts_with("refused: orders: orders is not there"), "{said}");
    let told = stage.told();
    assert!(told[0].subject.starts_with("orders: NOT THERE"), "{told:?}");
    let stand_in = stage.groups().into_iter().find(|it| it != GROUP).unwrap();
    assert!(
        said.contains(&format!("{stand_in} has the keys of the wanted snapshot at ")),
        "{said}"
    );
    stage.scene.world.with(|it| {
        assert_eq!(it.elasticache.groups[&stand_in].bytes_used, BYTES);
        it.faults.shortages.clear();
    });
    stage.scene.by_hand("DeleteReplicationGroup", &[("ReplicationGroupId", GROUP)]);
    stage.scene.pass(Duration::from_mins(20)).await;
    let said = summary(&stage.send(event(&name)).await);
    assert!(said.contains("is there as it was before"), "{said}");
    assert_eq!(left(&stage).await, (SINCE, vec![GROUP.to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_refused_for_long_while_the_group_is_not_there_is_made_again() {
    let (stage, name) = with_snapshot().await;
    stage.send_only(event(&name)).await;
    until(&stage, is_gone).await;
    let at = stage.calls();
    stage.befall(Rule::call(at + 8, Fault::Denied).lasting());
    let said = summary(&stage.send(json!({ "action": "status" })).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!(left(&stage).await, (BYTES, vec![GROUP.to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn what_somebody_changed_during_the_rehearsal_stays_and_the_rest_is_called_off() {
    let (stage, name) = with_snapshot().await;
    stage.send_only(event(&name)).await;
    until(&stage, |it| it.elasticache.groups.len() == 2).await;
    stage.scene.world.with(|it| {
        let group = it.elasticache.groups.get_mut(GROUP).unwrap();
        group.security_groups = vec!["sg-new".to_owned()];
    });
    let said = summary(&stage.send(json!({ "action": "status" })).await);
    assert!(said.contains("security groups is sg-cache, not sg-new"), "{said}");
    assert_eq!(left(&stage).await, (SINCE, vec![GROUP.to_owned()]));
    assert!(before(&stage).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_a_restore_in_place_may_need_is_not_pruned_meanwhile() {
    let stage = Stage::new().await;
    stage.stock(5).await;
    let oldest = stage.good().remove(0);
    stage.send_only(event(&oldest)).await;
    until(&stage, |it| it.elasticache.groups.len() == 2).await;
    let said = summary(&stage.send_only(json!({ "action": "prune" })).await);
    assert!(said.contains("deletes nothing while orders is restored in place"), "{said}");
    assert_eq!(stage.snapshots().len(), 5);
    let said = summary(&stage.send(json!({ "action": "status" })).await);
    assert!(said.starts_with("settled"), "{said}");
    left(&stage).await;
    let said = summary(&stage.send(json!({ "action": "prune" })).await);
    assert!(said.starts_with("settled"), "{said}");
    // Three are kept, and the way back beside them.
    assert_eq!((stage.good().len(), before(&stage).len()), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn shards_come_back_in_place_with_their_slots() {
    let stage = Stage::new().await;
    stage.add_sharded("many", 3).await;
    let name = stage.taken_of("many").await;
    stage.scene.world.with(|it| it.elasticache.fill("many", SINCE));
    let shards = |it: &mut State| {
        let group = &it.elasticache.groups["many"];
        let slots = group.shards.iter().flat_map(|it| &it.all);
        let slots: Vec<_> = slots.map(|(id, it)| format!("{id} {:?}", it.slots)).collect();
        (slots, group.members.len())
    };
    let was = stage.scene.world.with(shards);
    let event = json!({ "action": "restore-in-place", "snapshot": name, "group": "many" });
    let said = summary(&stage.send(event).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!(stage.scene.world.with(shards), was);
    assert_eq!(stage.scene.world.with(|it| it.elasticache.groups["many"].bytes_used), BYTES);
    let way_back = before(&stage).pop().unwrap();
    let is_whole = |it: &mut State| it.elasticache.snapshots[&way_back].status;
    assert_eq!(stage.scene.world.with(is_whole), SnapshotStatus::Available);
}
