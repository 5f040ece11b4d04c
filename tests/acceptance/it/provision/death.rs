//! A sandbox that dies at any call, before the call has its effect or after, and what the next one makes of it.

use aws_sim::Settings;
use aws_sim::fault::Side;
use aws_sim::settings::Durations;
use serde_json::Value;

use super::stack::{GROUP, Stack, properties};

/// What a stack goes through before the deaths, and the request during which they come.
#[derive(Clone, Copy, Debug)]
enum Story {
    Create,
    Update,
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
        // A fortieth of the time, so that most calls are steps and few are looks that find it still busy.
        let durations = Durations::default().faster(40);
        let stack = Stack::with(Settings { durations, ..Settings::default() }).await;
        if !matches!(self, Self::Create) {
            stack.create(&Self::stated().0).await;
        }
        stack
    }

    fn request(self, stack: &Stack) -> Value {
        let (before, now) = Self::stated();
        match self {
            Self::Create => stack.request("Create", None, &before),
            Self::Update => update(stack, &before, &now),
            Self::Delete => stack.request("Delete", Some(GROUP), &before),
        }
    }

    /// The request, and all that comes of it.
    async fn run(self, stack: &Stack) {
        let event = self.request(stack);
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
            Self::Create => {
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

fn update(stack: &Stack, before: &Value, now: &Value) -> Value {
    let mut event = stack.request("Update", Some(GROUP), now);
    event["OldResourceProperties"] = before.clone();
    event
}

impl Story {
    /// How many calls the story makes undisturbed, its answer with them.
    async fn calls(self) -> usize {
        let stack = self.set().await;
        let before = stack.scene.world.with(|it| it.calls.len());
        self.run(&stack).await;
        // What `run` looks at in the end comes after the answer.
        let is_before = |it: &&aws_sim::CallRecord| it.operation != "PUT";
        stack.scene.world.with(|it| it.calls.iter().skip(before).take_while(is_before).count()) + 1
    }
}

/// The story once for each call and side.
async fn dies_everywhere(story: Story) {
    let calls = story.calls().await;
    for call in 0..calls {
        for side in [Side::BeforeEffect, Side::AfterEffect] {
            let stack = story.set().await;
            stack.scene.cut(call, side);
            stack.mortal.set(true);
            story.run(&stack).await;
            assert!(!stack.mortal.get(), "{story:?}: nobody died at call {call}");
        }
    }
    told(&format!("{story:?}: {} deaths at {calls} calls", 2 * calls));
}

#[expect(clippy::print_stdout, reason = "how many cases ran is worth knowing")]
fn told(count: &str) {
    println!("{count}");
}

#[tokio::test(start_paused = true)]
async fn a_create_that_dies_anywhere_is_finished_by_the_next() {
    dies_everywhere(Story::Create).await;
}

#[tokio::test(start_paused = true)]
async fn an_update_that_dies_anywhere_is_finished_by_the_next() {
    dies_everywhere(Story::Update).await;
}

/// CloudFormation gives up on an update at any call of it, and asks for the old state again.
#[tokio::test(start_paused = true)]
async fn a_rollback_works_from_every_half_state() {
    let story = Story::Update;
    let calls = story.calls().await;
    let (before, now) = Story::stated();
    for call in 0..calls {
        let stack = story.set().await;
        stack.scene.cut(call, Side::AfterEffect);
        stack.mortal.set(true);
        let event = story.request(&stack);
        tokio::select! {
            () = async { stack.deliver(&event).await; stack.settle().await; } => {},
            () = stack.has_died() => {},
        }
        let rollback = update(&stack, &now, &before);
        stack.deliver(&rollback).await;
        // The older execution still runs, if there is one; the newer ends it.
        let newest = stack.scene.running().pop().unwrap();
        stack.carry(&newest).await;
        let answer = stack.answer(&rollback);
        assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
        assert!(stack.scene.running().is_empty());
        Story::Create.check(&stack).await;
    }
    told(&format!("Rollback: from {calls} half states"));
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_dies_anywhere_is_finished_by_the_next() {
    dies_everywhere(Story::Delete).await;
}
