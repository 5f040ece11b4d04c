//! A rotation and an alarm of the autoscaler come while a snapshot is tried, or while a group comes back under its name.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sim::cloudwatch::hold;
use aws_sim::elasticache::contents::Key;
use aws_sim::{Done, Effect, State};
use domain::alarm::Watch;
use domain::price::Prices;
use domain::{Arn, tag};
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use platform::settings::{AutoscaleSettings, RotateSettings};
use serde_json::{Value, json};

use acceptance::scene::dialler;

use super::stage::{GROUP, OWNER, Stage, summary};
use crate::autoscale::stage::alarm_event;
use crate::rotate::stage::asked::ask;
use crate::support::{ALARM_TOPIC, Ended, STATE_MACHINE, TOPIC, function_arn};

const SECRET: &str = "orders-token";
/// More than a micro node is let to hold, and less than the next does.
const FULL: u64 = 374_000_000;
const KEYS: usize = 300;

/// The group, and all three functions that look after it.
struct Account {
    stage: Stage,
    rotate: rotate::App,
    autoscale: autoscale::App,
    /// The answers that executions ended with, by function.
    ended: Vec<(String, Value)>,
    /// When each execution looks again.
    looks: BTreeMap<String, Timestamp>,
}

impl Account {
    /// A group with keys, a snapshot of them, and a secret that `rotate` rotates.
    async fn new() -> (Self, String) {
        let stage = Stage::new().await;
        let arn = |text| Arn::parse(text).unwrap();
        let scene = &stage.scene;
        scene.world.with(|it| {
            let secret = it.secrets.secrets.get_mut(SECRET).unwrap();
            secret.tags.insert(tag::OWNER.to_owned(), OWNER.to_owned());
            let key = |it: usize| {
                let value = format!("value {it}");
                (format!("key:{it:05}"), Key { key_type: "string", value, ends: false })
            };
            it.elasticache.write(GROUP, (0..KEYS).map(key));
        });
        let settings = RotateSettings { topic: Some(arn(TOPIC)) };
        let (clock, journal) = (scene.clock, scene.journal.clone());
        let dialler = dialler(&scene.world);
        let rotate = rotate::App::new(&scene.aws, settings, clock, journal.clone(), dialler);
        let settings = AutoscaleSettings {
            state_machine: arn(STATE_MACHINE),
            alarm_topic: arn(ALARM_TOPIC),
            topic: Some(arn(TOPIC)),
            prices: Prices::default(),
        };
        let autoscale = autoscale::App::new(&scene.aws, settings, clock, journal);
        stage.hours(1).await;
        let name = stage.good().pop().unwrap();
        scene.world.take_effects();
        let (ended, looks) = (Vec::new(), BTreeMap::new());
        (Self { stage, rotate, autoscale, ended, looks }, name)
    }

    /// Secrets Manager finds that a rotation is due.
    fn begin_rotation(&self) {
        let body = json!({
            "SecretId": SECRET, "RotationLambdaARN": function_arn("rotate"),
            "RotationRules": { "AutomaticallyAfterDays": 30 },
        });
        ask(&self.stage.scene, "secretsmanager", Some("RotateSecret"), body.to_string());
    }

    /// The data outgrow the nodes, and the alarm of that arrives.
    async fn outgrow(&self) {
        self.stage.scene.world.with(|it| {
            it.elasticache.groups.get_mut(GROUP).unwrap().bytes_used = FULL;
            for member in ["orders-001", "orders-002"] {
                hold(it, member, "CPUUtilization", 40.0);
                hold(it, member, "EngineCPUUtilization", 40.0);
            }
        });
        self.stage.scene.pass(Duration::from_mins(5)).await;
        let alarm = alarm_event("orders-001", Watch::Memory);
        let handle = |it| self.autoscale.handle(it);
        let ended = self.stage.scene.invoke("autoscale", alarm, &handle).await;
        assert!(matches!(ended, Ended::Answered(_)), "{ended:?}");
    }

    /// Half a minute of the account: Secrets Manager calls `rotate`, and each execution looks when it is time.
    async fn go_on(&mut self) {
        for effect in self.stage.scene.world.take_effects() {
            let Effect::InvokeFunction { payload, ticket, .. } = effect else { continue };
            let handle = |it: LambdaEvent<Value>| self.rotate.handle(it);
            let result = match self.stage.scene.invoke("rotate", payload, &handle).await {
                Ended::Answered(answer) => Ok(Done::Answered(answer)),
                Ended::Failed(why) => Err(why),
                Ended::Died => Err("Task timed out".to_owned()),
            };
            let scene = &self.stage.scene;
            scene.world.done(scene.now(), ticket, result);
        }
        for execution in self.stage.scene.running() {
            let now = self.stage.scene.now();
            if self.looks.get(&execution.name).is_some_and(|it| now < *it) {
                continue;
            }
            let function = execution.input["function"].as_str().unwrap().to_owned();
            let ended = if function.ends_with("autoscale") {
                let handle = |it| self.autoscale.handle(it);
                self.stage.scene.invoke("autoscale", execution.event(None), &handle).await
            } else {
                self.stage.send_only(execution.event(None)).await
            };
            let Ended::Answered(answer) = ended else { continue };
            if answer["status"] == "unfinished" {
                let wait = Duration::from_secs(answer["waitSeconds"].as_u64().unwrap());
                self.looks.insert(execution.name, now + wait);
            } else {
                let end = |it: &mut State| {
                    it.sfn.find(&execution.name).unwrap().status = "SUCCEEDED";
                };
                self.stage.scene.world.with(end);
                self.ended.push((function, answer));
            }
        }
        self.stage.scene.pass(Duration::from_secs(15)).await;
    }

    /// Goes on until this is so.
    async fn until(&mut self, is_so: impl Fn(&State) -> bool) {
        for _ in 0..2_000 {
            if self.stage.scene.world.with(|it| is_so(it)) {
                return;
            }
            self.go_on().await;
        }
        panic!("it never came to that: {:?}", self.ended);
    }

    /// Goes on until nobody has anything left to do; gives the last words of `snapshot`.
    async fn end(&mut self) -> String {
        let rests = |it: &State| {
            it.sfn.running().next().is_none() && it.secrets.secrets[SECRET].rotation.run.is_none()
        };
        self.until(rests).await;
        self.stage.scene.pass(Duration::from_mins(20)).await;
        let of_snapshot = self.ended.iter().rfind(|it| it.0.ends_with("snapshot"));
        summary(&Ended::Answered(of_snapshot.unwrap().1.clone()))
    }

    fn current(&self) -> String {
        let current =
            |it: &mut State| it.secrets.secrets[SECRET].text("AWSCURRENT").unwrap().to_owned();
        self.stage.scene.world.with(current)
    }

    /// The secret opens every node, and nothing of the drill or the stand-in is left.
    #[track_caller]
    fn is_whole(&self) {
        let current = self.current();
        assert_eq!(self.stage.groups(), [GROUP]);
        for node in self.stage.scene.world.with(|it| it.nodes()) {
            let (member, access) = (&node.member, &node.access);
            assert!(access.admits(Some(&current)), "the current secret does not open {member}");
        }
        for record in self.stage.scene.journal.records() {
            assert!(!record.to_string().contains(&current), "{record}");
        }
        self.stage.keeps_its_secrets();
    }

    fn node_type(&self) -> String {
        self.stage.scene.world.with(|it| it.elasticache.groups[GROUP].node_type.clone())
    }
}

/// How many groups there are.
fn groups(state: &State) -> usize {
    state.elasticache.groups.len()
}

fn is_gone(state: &State) -> bool {
    !state.elasticache.groups.contains_key(GROUP)
}

#[tokio::test(start_paused = true)]
async fn a_rotation_during_a_drill_harms_neither() {
    let (mut account, name) = Account::new().await;
    let first = account.current();
    account.stage.send_only(json!({ "action": "drill", "snapshot": name })).await;
    account.until(|it| groups(it) == 2).await;
    account.begin_rotation();
    let said = account.end().await;
    assert!(said.contains(&format!("{name} restores: {KEYS} keys, ")), "{said}");
    assert_ne!(account.current(), first);
    account.is_whole();
}

#[tokio::test(start_paused = true)]
async fn an_alarm_during_a_drill_scales_the_group_and_the_drill_comes_to_its_verdict() {
    let (mut account, name) = Account::new().await;
    account.stage.send_only(json!({ "action": "drill", "snapshot": name })).await;
    account.until(|it| groups(it) == 2).await;
    account.outgrow().await;
    let said = account.end().await;
    assert!(said.contains(&format!("{name} restores: {KEYS} keys, ")), "{said}");
    assert_eq!(account.node_type(), "cache.t4g.small");
    account.is_whole();
}

fn in_place(snapshot: &str) -> Value {
    json!({ "action": "restore-in-place", "snapshot": snapshot, "group": GROUP })
}

/// After so many quarters of a minute: while another is made to stand in, while there is a way back, while the group is not there, and later.
fn moments() -> impl Iterator<Item = usize> {
    (5..170).step_by(33)
}

#[tokio::test(start_paused = true)]
async fn a_rotation_during_a_restore_in_place_leaves_a_secret_that_opens_the_group() {
    for at in moments() {
        let (mut account, name) = Account::new().await;
        account.stage.send_only(in_place(&name)).await;
        for _ in 0..at {
            account.go_on().await;
        }
        let first = account.current();
        account.begin_rotation();
        let said = account.end().await;
        assert!(said.starts_with("settled"), "{at}: {said}");
        account.is_whole();
        // One that was given up while there was no group comes to its end the next time.
        account.begin_rotation();
        account.end().await;
        assert_ne!(account.current(), first, "{at}");
        account.is_whole();
    }
}

#[tokio::test(start_paused = true)]
async fn an_alarm_during_a_restore_in_place_takes_nothing_away() {
    for at in moments() {
        let (mut account, name) = Account::new().await;
        account.stage.send_only(in_place(&name)).await;
        for _ in 0..at {
            account.go_on().await;
        }
        if account.stage.scene.world.with(|it| is_gone(it)) {
            continue;
        }
        account.outgrow().await;
        let said = account.end().await;
        let is_told = said.starts_with("settled") || said.contains("orders is being changed");
        assert!(is_told, "{at}: {said}");
        account.is_whole();
    }
}
