//! A sandbox that dies at any call, before the call has its effect or after, and what the next one makes of it.

use aws_sim::fault::Side;
use serde_json::Value;

use super::stack::{GROUP, Stack, properties};

/// What a stack goes through before the deaths, and the request during which they come.
#[derive(Clone, Copy, Debug)]
enum Story {
    Create,
    Update,
    Rollback,
    Delete,
}

impl Story {
    fn stated() -> (Value, Value) {
        let larger = [
            ("RedisNodeType", "cache.t4g.small"),
            ("RedisNumCacheNodes", "3"),
            ("SnapshotRetentionLimit", "3"),
        ];
        (properties(&[]), properties(&larger))
    }

    async fn set(self) -> Stack {
        let stack = Stack::new().await;
        let (before, now) = Self::stated();
        match self {
            Self::Create => {}
            Self::Update | Self::Delete => drop(stack.create(&before).await),
            Self::Rollback => {
                stack.create(&before).await;
                stack.update(&before, &now).await;
            }
        }
        stack
    }

    /// The request, and all that comes of it.
    async fn run(self, stack: &Stack) {
        let (before, now) = Self::stated();
        let event = match self {
            Self::Create => stack.request("Create", None, &before),
            Self::Update | Self::Rollback => {
                let (old, new) =
                    if matches!(self, Self::Update) { (&before, &now) } else { (&now, &before) };
                let mut event = stack.request("Update", Some(GROUP), new);
                event["OldResourceProperties"] = old.clone();
                event
            }
            Self::Delete => stack.request("Delete", Some(GROUP), &before),
        };
        stack.deliver(&event).await;
        stack.settle().await;
        let answers = stack.answers(&event);
        assert!(!answers.is_empty(), "CloudFormation waits an hour");
        // The answer may be sent again by one who cannot know that it was; it must then be the same.
        for answer in &answers {
            assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
            assert_eq!(answer["PhysicalResourceId"], GROUP);
        }
        assert!(answers.len() <= 2, "{answers:#?}");
        self.check(stack).await;
    }

    async fn check(self, stack: &Stack) {
        let left = stack.left().await;
        let stands = |alarms: &str| {
            ["group available", "subnet group", "parameter group", alarms, "secret"]
                .map(str::to_owned)
                .to_vec()
        };
        let group = stack.group().await;
        let said = group.as_ref().map(|it| {
            let node_type = it.node_type.as_ref().unwrap();
            format!("{} x {node_type}, {} days", it.members.len(), it.snapshot_retention_days)
        });
        let asked =
            group.and_then(|it| it.tags).is_some_and(|it| it.contains_key(domain::tag::ASKED));
        assert!(!asked, "what was seen is still asked for");
        match self {
            Self::Create | Self::Rollback => {
                assert_eq!(left, stands("10 alarms"));
                assert_eq!(said.unwrap(), "2 x cache.t4g.micro, 7 days");
            }
            Self::Update => {
                assert_eq!(left, stands("15 alarms"));
                assert_eq!(said.unwrap(), "3 x cache.t4g.small, 3 days");
            }
            Self::Delete => {
                assert_eq!(left, ["secret on its way out"]);
                let snapshots = stack.scene.world.with(|it| it.elasticache.snapshots.len());
                assert_eq!(snapshots, 1);
            }
        }
    }
}

/// The story undisturbed, then once for each call and side.
async fn dies_everywhere(story: Story) {
    let stack = story.set().await;
    let before = stack.scene.world.with(|it| it.calls.len());
    story.run(&stack).await;
    // What `run` looks at in the end are calls, too, but none that can be struck: the rule is spent or gone by then.
    let calls = stack
        .scene
        .world
        .with(|it| it.calls.iter().skip(before).take_while(|it| it.operation != "PUT").count())
        + 1;
    let mut deaths = 0;
    for call in 0..calls {
        for side in [Side::BeforeEffect, Side::AfterEffect] {
            let stack = story.set().await;
            stack.scene.cut(call, side);
            stack.mortal.set(true);
            story.run(&stack).await;
            assert!(!stack.mortal.get(), "{story:?}: nobody died at call {call}");
            deaths += 1;
        }
    }
    println!("{story:?}: {deaths} deaths at {calls} calls");
}

#[tokio::test(start_paused = true)]
async fn a_create_that_dies_anywhere_is_finished_by_the_next() {
    dies_everywhere(Story::Create).await;
}

#[tokio::test(start_paused = true)]
async fn an_update_that_dies_anywhere_is_finished_by_the_next() {
    dies_everywhere(Story::Update).await;
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_dies_anywhere_is_finished_by_the_next() {
    dies_everywhere(Story::Rollback).await;
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_dies_anywhere_is_finished_by_the_next() {
    dies_everywhere(Story::Delete).await;
}
