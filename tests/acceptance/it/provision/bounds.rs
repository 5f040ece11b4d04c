//! What others did to the size, outside of what the autoscaler may do.

use std::time::Duration;

use serde_json::json;

use super::stack::{GROUP, Stack, properties};

const BOUNDS: [(&str, &str); 2] = [("AutoscaleMinReplicas", "1"), ("AutoscaleMaxReplicas", "2")];

/// Somebody has the cache have so many replicas.
async fn somebody_sets(stack: &Stack, action: &str, replicas: &str) {
    stack.by_hand(
        action,
        &[
            ("ReplicationGroupId", GROUP),
            ("NewReplicaCount", replicas),
            ("ApplyImmediately", "true"),
        ],
    );
    stack.scene.pass(Duration::from_mins(20)).await;
}

#[tokio::test(start_paused = true)]
async fn replicas_that_somebody_took_out_of_the_bounds_are_brought_back_to_the_nearest() {
    let stack = Stack::new().await;
    let stated = properties(&BOUNDS);
    assert_eq!(stack.create(&stated).await["Status"], "SUCCESS");
    somebody_sets(&stack, "IncreaseReplicaCount", "2").await;
    stack.changes();
    let kept = |days: &'static str| properties(&[&BOUNDS[..], &[("SnapshotKeep", days)]].concat());
    let answer = stack.update(&stated, &stated).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let sizes = |stack: &Stack| -> Vec<String> {
        stack.changes().into_iter().filter(|it| it.ends_with("ReplicaCount")).collect()
    };
    assert_eq!(sizes(&stack), [""; 0], "inside the bounds it is the autoscaler's");

    somebody_sets(&stack, "IncreaseReplicaCount", "5").await;
    stack.changes();
    let asked = json!({ "action": "plan", "properties": kept("9"), "before": stated });
    let told = stack.invoke(asked).await;
    let words = told["changes"].to_string();
    assert!(words.contains("replica"), "{told:#}");
    let answer = stack.update(&stated, &kept("9")).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(sizes(&stack), ["DecreaseReplicaCount"]);
    assert_eq!(stack.group().await.unwrap().members.len(), 3, "and not the two that it began with");
    let group = stack.group().await.unwrap();
    let prefix = format!("{GROUP}-");
    let numbers = group.member_ids.iter().map(|it| it.as_str().trim_start_matches(&prefix));
    stack.watches(&numbers.collect::<Vec<_>>()).await;

    // Bounds that the stack itself moves are kept as well, and the way back leaves what is inside the old ones.
    let wider = properties(&[("RedisNumCacheNodes", "2"), ("AutoscaleMaxReplicas", "1")]);
    let answer = stack.update(&kept("9"), &wider).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(stack.group().await.unwrap().members.len(), 2);
    stack.changes();
    let answer = stack.update(&wider, &kept("9")).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(sizes(&stack), [""; 0]);
}
