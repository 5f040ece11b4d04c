//! How many calls a request makes that change something.

use super::stack::{Stack, properties};

/// What only reads, by the verbs with which AWS names it.
const READS: [&str; 3] = ["Describe", "List", "Get"];

impl Stack {
    /// The calls since the last look that change something, in their order. The answer to CloudFormation is none.
    pub(super) fn changes(&self) -> Vec<String> {
        let calls = self.scene.world.with(|it| std::mem::take(&mut it.calls));
        let changes = calls.into_iter().map(|it| it.operation);
        changes.filter(|it| it != "PUT" && !READS.iter().any(|read| it.starts_with(read))).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_that_changes_nothing_makes_no_change() {
    let stack = Stack::new().await;
    stack.create(&properties(&[])).await;
    stack.changes();
    // Another spelling of what stands, as CloudFormation may send it.
    let again = properties(&[("RedisNumCacheNodes", " 2 "), ("EnableAlarms", "True")]);
    let answer = stack.update(&properties(&[]), &again).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    // The execution is what keeps a late duplicate of the event from undoing a newer update; it is no change of the cache.
    assert_eq!(stack.changes(), ["StartExecution"]);
}

#[tokio::test(start_paused = true)]
async fn a_cache_of_two_nodes_is_made_with_twelve_calls_at_most() {
    let stack = Stack::new().await;
    let answer = stack.create(&properties(&[])).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let changes = stack.changes();
    assert!(changes.len() <= 12, "{changes:?}");
    assert!(changes.contains(&"CreateReplicationGroup".to_owned()), "{changes:?}");
}
