//! How soon CloudFormation hears of what has come about.

use std::time::Duration;

use aws_sim::State;
use aws_sim::elasticache::model::Status;
use jiff::SignedDuration;
use serde_json::Value;

use super::stack::{GROUP, Stack, properties};

/// The longest that a look at a change is put off.
const POLL_INTERVAL: SignedDuration = SignedDuration::from_secs(15);

/// What is done after the last look: tags and alarms, and the answer.
const WORK: SignedDuration = SignedDuration::from_secs(5);

/// Plays a request, and tells how long after the group first was as wanted its answer came.
async fn lag(
    stack: &Stack,
    request: impl Future<Output = Value>,
    is_wanted: impl Fn(&State) -> bool,
) -> SignedDuration {
    let watch = async {
        // Two hours: no request takes longer.
        for _ in 0..7200 {
            stack.scene.pass(Duration::from_secs(1)).await;
            let is_real = stack.scene.world.with(|it| {
                let is_at_rest = |status: Status| status == Status::Available;
                it.elasticache.groups.get(GROUP).is_some_and(|it| is_at_rest(it.status))
                    && is_wanted(it)
            });
            if is_real {
                return stack.scene.now();
            }
        }
        panic!("it never came about");
    };
    let (answer, real_at) = tokio::join!(request, watch);
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let answered = stack.scene.world.with(|it| it.callbacks.answers.last().unwrap().at);
    answered.duration_since(real_at)
}

fn members(state: &State) -> usize {
    state.elasticache.groups[GROUP].members.len()
}

fn node_type(state: &State) -> String {
    state.elasticache.groups[GROUP].node_type.clone()
}

#[tokio::test(start_paused = true)]
async fn an_answer_comes_within_one_poll_interval_of_the_change() {
    let stack = Stack::new().await;
    let (first, larger) = (properties(&[]), properties(&[("RedisNodeType", "cache.t4g.small")]));
    let more = properties(&[("RedisNodeType", "cache.t4g.small"), ("RedisNumCacheNodes", "3")]);
    let lags = [
        lag(&stack, stack.create(&first), |it| members(it) == 2).await,
        lag(&stack, stack.update(&first, &larger), |it| node_type(it) == "cache.t4g.small").await,
        lag(&stack, stack.update(&larger, &more), |it| members(it) == 3).await,
    ];
    for lag in lags {
        assert!(lag <= POLL_INTERVAL + WORK, "{lags:?}");
    }
}
