//! Stories of `rotate`: no client fails, and no old credential survives.

mod calls;
mod forms;
pub(crate) mod grants;
mod many;
mod operators;
mod overlap;
mod refusals;
mod shards;
mod slow;
mod soak;
pub(crate) mod stage;
mod told;
mod users;

use std::time::Duration;

use aws_sim::settings::{RotateToNewest, Settings};
use jiff::SignedDuration;
use serde_json::{Value, json};

use self::stage::{FIRST, GROUP, Stage, make_secret, uuid};
use crate::support::Ended;

const HOUR: Duration = Duration::from_hours(1);
const QUARTER: Duration = Duration::from_mins(15);

#[track_caller]
fn failed(ended: Ended) -> String {
    match ended {
        Ended::Failed(why) => why,
        other @ (Ended::Answered(_) | Ended::Died) => panic!("{other:?}"),
    }
}

fn lines_of(stage: &Stage, text: &str) -> usize {
    stage.records().iter().filter(|it| it.to_string().contains(text)).count()
}

#[tokio::test(start_paused = true)]
async fn a_rotation_changes_the_token_and_the_sweep_revokes_the_old_one() {
    let stage = Stage::new().await;
    stage.rotate().await;

    let new = stage.value("AWSCURRENT").unwrap();
    assert_ne!(new, FIRST);
    assert_eq!(stage.value("AWSPREVIOUS").as_deref(), Some(FIRST));
    for (_, access) in stage.access() {
        assert_eq!(
            access.passwords,
            [FIRST.to_owned(), new.clone()],
            "both are valid for the grace"
        );
    }
    assert_eq!(stage.scene.world.calls_to("ModifyReplicationGroup"), 1);
    assert_eq!(stage.scene.world.calls_to("PutSecretValue"), 1);

    let early = stage.sweep_lines().await;
    assert!(early[0].contains("AWSCURRENT is valid, and the old token until 2026-"), "{early:?}");
    stage.scene.pass(HOUR).await;
    let due = stage.sweep_lines().await;
    assert!(due[0].contains("a change is being applied"), "{due:?}");
    stage.scene.pass(QUARTER).await;
    for _ in 0..3 {
        let over = stage.sweep_lines().await;
        assert!(over[0].contains("only AWSCURRENT is valid, on every node"), "{over:?}");
    }
    stage.is_closed();
    assert_eq!(lines_of(&stage, "saw every node refuse the old token and no password"), 1);
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn three_rotations_never_lock_anybody_out() {
    let stage = Stage::new().await;
    for _ in 0..3 {
        stage.rotate().await;
        for _ in 0..6 {
            stage.scene.pass(QUARTER).await;
            stage.sweep().await;
            stage.holds();
        }
        stage.is_closed();
    }
    assert_eq!(stage.scene.world.calls_to("ModifyReplicationGroup"), 6);
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn every_step_may_come_twice() {
    let stage = Stage::new().await;
    let version = stage.stage_by_hand("twice");
    for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
        for _ in 0..2 {
            let mut ended = stage.step(step, &version).await;
            // A group of this world takes its two minutes, and so may a step that waits for it.
            for _ in 0..3 {
                if matches!(ended, Ended::Answered(_)) {
                    break;
                }
                ended = stage.step(step, &version).await;
            }
            assert!(matches!(ended, Ended::Answered(_)), "{step}: {ended:?}");
            stage.holds();
        }
    }
    assert_eq!(stage.version("AWSCURRENT"), Some(version));
    assert_eq!(stage.scene.world.calls_to("ModifyReplicationGroup"), 1);
    assert_eq!(stage.scene.world.calls_to("PutSecretValue"), 1);
}

#[tokio::test(start_paused = true)]
async fn two_calls_at_once_send_the_token_once() {
    let stage = Stage::new().await;
    let version = stage.stage_by_hand("beside");
    let (one, other) =
        tokio::join!(stage.step("createSecret", &version), stage.step("createSecret", &version));
    assert!(
        matches!(one, Ended::Answered(_)) || matches!(other, Ended::Answered(_)),
        "{one:?} {other:?}"
    );
    for _ in 0..3 {
        tokio::join!(stage.step("setSecret", &version), stage.step("setSecret", &version));
        stage.holds();
    }
    let ended = stage.step("testSecret", &version).await;
    assert!(matches!(ended, Ended::Answered(_)), "{ended:?}");
    stage.holds();
    let accepted = stage.scene.world.with(|it| {
        it.calls
            .iter()
            .filter(|it| it.operation == "ModifyReplicationGroup" && it.status == 200)
            .count()
    });
    assert_eq!(accepted, 1);
}

#[tokio::test(start_paused = true)]
async fn a_group_without_a_token_gets_one_and_its_open_door_is_closed() {
    for keeps_optional in [false, true] {
        let mut settings = Settings::default();
        settings.switches.rotate_keeps_optional = keeps_optional;
        let stage = Stage::of(settings, None).await;
        let lines = stage.sweep_lines().await;
        assert!(
            lines[0].contains("asks for no token: anybody in its network gets in; rotate now"),
            "{lines:?}"
        );
        stage.rotate().await;
        assert!(stage.access().iter().all(|(_, access)| access.passwordless));
        let open = stage.sweep_lines().await;
        assert!(open[0].contains("and access without a password until"), "{open:?}");
        for _ in 0..6 {
            stage.scene.pass(QUARTER).await;
            stage.sweep().await;
            stage.holds();
        }
        stage.is_closed();
        stage.keeps_its_secrets();
    }
}

#[tokio::test(start_paused = true)]
async fn a_test_only_run_passes_on_a_healthy_secret_and_fails_on_another() {
    let stage = Stage::new().await;
    stage.manager(
        "RotateSecret",
        json!({
            "SecretId": stage.secret,
            "RotationLambdaARN": stage::function(),
            "RotateImmediately": false,
            "RotationRules": { "AutomaticallyAfterDays": 30 },
        }),
    );
    stage.drive().await;
    assert_eq!(lines_of(&stage, "\"asked\":\"testSecret\""), 1);
    assert_eq!(stage.records().last().unwrap()["outcome"], "settled");
    assert_eq!(stage.value("AWSCURRENT").as_deref(), Some(FIRST));
    assert_eq!(stage.scene.world.calls_to("ModifyReplicationGroup"), 0);

    stage.put_by_hand("a-token-that-no-node-knows");
    let version = stage.stage_by_hand("sick");
    let why = failed(stage.step("testSecret", &version).await);
    assert!(why.contains("AWSCURRENT does not open orders-001, orders-002"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_busy_group_fails_fast_and_the_rotation_is_finished_later() {
    let stage = Stage::new().await;
    stage.cache(&[
        ("Action", "CreateSnapshot"),
        ("Version", "2015-02-02"),
        ("SnapshotName", "orders-now"),
        ("CacheClusterId", "orders-002"),
    ]);
    let version = stage.stage_by_hand("busy");
    stage.step("createSecret", &version).await;
    let before = stage.now();
    let why = failed(stage.step("setSecret", &version).await);
    assert!(
        why.starts_with("Unfinished: waiting for a snapshot to finish; nothing is lost"),
        "{why}"
    );
    assert!(stage.now().duration_since(before) < SignedDuration::from_secs(10));
    assert_eq!(stage.scene.world.calls_to("ModifyReplicationGroup"), 0);

    // Nobody calls again, but for the sweep.
    for _ in 0..8 {
        stage.scene.pass(QUARTER).await;
        stage.sweep().await;
        stage.holds();
    }
    assert_eq!(stage.version("AWSCURRENT"), Some(version));
    stage.is_closed();
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn a_rotation_that_is_turned_off_under_way_is_finished_all_the_same() {
    let stage = Stage::new().await;
    let version = stage.stage_by_hand("off");
    stage.step("createSecret", &version).await;
    stage.step("setSecret", &version).await;
    stage.manager("CancelRotateSecret", json!({ "SecretId": stage.secret }));
    let why = failed(stage.step("testSecret", &version).await);
    assert!(why.contains("rotation is off for this secret"), "{why}");

    for _ in 0..8 {
        stage.scene.pass(QUARTER).await;
        stage.sweep().await;
        stage.holds();
    }
    assert_eq!(stage.version("AWSCURRENT"), Some(version));
    stage.is_closed();
}

#[tokio::test(start_paused = true)]
async fn a_change_of_half_an_hour_is_waited_for_by_nobody() {
    let mut settings = Settings::default();
    settings.durations.token = SignedDuration::from_mins(30);
    let stage = Stage::with(settings).await;
    let version = stage.stage_by_hand("slow");
    stage.step("createSecret", &version).await;
    let before = stage.now();
    let why = failed(stage.step("setSecret", &version).await);
    assert!(why.contains("waiting for an AUTH token change to be applied"), "{why}");
    assert!(stage.now().duration_since(before) <= SignedDuration::from_mins(2));
    for _ in 0..12 {
        stage.scene.pass(QUARTER).await;
        stage.sweep().await;
        stage.holds();
    }
    assert_eq!(stage.version("AWSCURRENT"), Some(version));
    assert_eq!(stage.scene.world.calls_to("ModifyReplicationGroup"), 2, "one ROTATE and one SET");
    stage.is_closed();
}

#[tokio::test(start_paused = true)]
async fn looks_that_lag_send_nothing_twice() {
    for newest in
        [RotateToNewest::PushesOldestOut, RotateToNewest::Refused, RotateToNewest::Nothing]
    {
        for stale_looks in [1, 4, 12] {
            let mut settings = Settings::default();
            settings.switches.stale_looks = stale_looks;
            settings.switches.rotate_to_newest = newest;
            let stage = Stage::with(settings).await;
            stage.rotate().await;
            for _ in 0..6 {
                stage.scene.pass(QUARTER).await;
                stage.sweep().await;
                stage.holds();
            }
            stage.is_closed();
            assert_ne!(stage.value("AWSCURRENT").as_deref(), Some(FIRST));
            assert_eq!(
                stage.scene.world.calls_to("ModifyReplicationGroup"),
                2,
                "{newest:?} {stale_looks}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_never_sent_where_the_one_in_use_is_unknown() {
    let stage = Stage::new().await;
    stage.put_by_hand("a-token-that-no-node-knows");
    let version = stage.stage_by_hand("locked");
    stage.step("createSecret", &version).await;
    let why = failed(stage.step("setSecret", &version).await);
    assert!(
        why.starts_with("Refused: neither AWSPENDING nor AWSCURRENT opens orders-001, orders-002"),
        "{why}"
    );
    let lines = stage.sweep_lines().await;
    assert!(lines[0].contains("a rotation to version"), "{lines:?}");
    assert_eq!(stage.scene.world.calls_to("ModifyReplicationGroup"), 0);
    for (_, access) in stage.access() {
        assert_eq!(access.passwords, [FIRST]);
    }
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn a_rotation_given_up_is_taken_up_by_the_next() {
    let stage = Stage::new().await;
    let lost = stage.stage_by_hand("lost");
    stage.step("createSecret", &lost).await;
    stage.step("setSecret", &lost).await;
    stage.scene.pass(QUARTER).await;
    let token = stage.value("AWSPENDING").unwrap();
    stage.unstage_by_hand(&lost);
    let lines = stage.sweep_lines().await;
    assert!(
        lines[0].contains("whose rotation was given up, is still valid; rotate now"),
        "{lines:?}"
    );

    stage.rotate().await;
    assert_eq!(stage.value("AWSCURRENT"), Some(token), "the group knew it already");
    for _ in 0..6 {
        stage.scene.pass(QUARTER).await;
        stage.sweep().await;
        stage.holds();
    }
    stage.is_closed();
    assert_eq!(stage.scene.world.calls_to("ModifyReplicationGroup"), 2, "one ROTATE and one SET");
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn a_node_that_does_not_answer_stops_the_rotation_and_is_named() {
    let stage = Stage::new().await;
    let version = stage.stage_by_hand("deaf");
    stage.step("createSecret", &version).await;
    stage.deafen(Some("orders-002"));
    for step in ["setSecret", "testSecret"] {
        let why = failed(stage.step(step, &version).await);
        assert!(
            why.contains(
                "waiting for the member orders-002 to take logins: cannot connect to orders-002"
            ),
            "{why}"
        );
        assert!(why.contains("nothing listens there"), "{why}");
    }
    assert_eq!(stage.scene.world.calls_to("ModifyReplicationGroup"), 0);
    stage.deafen(None);
    for _ in 0..8 {
        stage.scene.pass(QUARTER).await;
        stage.sweep().await;
        stage.holds();
    }
    stage.is_closed();
}

#[tokio::test(start_paused = true)]
async fn a_test_that_fails_promotes_nothing() {
    let stage = Stage::new().await;
    let version = stage.stage_by_hand("untested");
    stage.step("createSecret", &version).await;
    let why = failed(stage.step("testSecret", &version).await);
    assert!(
        why.contains("AWSPENDING does not open orders-001, orders-002, so it is not made current"),
        "{why}"
    );
    assert_eq!(stage.value("AWSCURRENT").as_deref(), Some(FIRST));
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_wrongly_is_refused_with_its_reason_and_changes_nothing() {
    let stage = Stage::new().await;
    let version = stage.stage_by_hand("wrong");
    let changes = |stage: &Stage| {
        ["PutSecretValue", "ModifyReplicationGroup", "UpdateSecretVersionStage", "TagResource"]
            .map(|it| stage.scene.world.calls_to(it))
    };
    let before = changes(&stage);
    let why = failed(stage.step("revokeSecret", &version).await);
    assert!(why.contains("revokeSecret is not a step; the steps are createSecret"), "{why}");
    let body = json!({ "Name": "foreign", "SecretString": "planted-foreign-token-0123456789" });
    let foreign = stage.manager("CreateSecret", body);
    for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
        let why = failed(stage.step(step, &uuid("never staged")).await);
        assert!(why.contains("is not staged for rotation: the secret does not list it"), "{why}");
        let event =
            json!({ "Step": step, "SecretId": foreign["ARN"], "ClientRequestToken": version });
        let why = failed(stage.call(event).await);
        assert!(
            why.starts_with("Refused: not our secret: it has no tag cachewarden:owner"),
            "{why}"
        );
    }
    assert_eq!(changes(&stage), before);
}

#[tokio::test(start_paused = true)]
async fn one_broken_secret_does_not_stop_the_others() {
    let stage = Stage::new().await;
    let secret = |name: &str| make_secret(&stage.scene, name, "planted-other-token-0123456789");
    let (lost, foreign, odd) = (secret("lost-token"), secret("foreign-token"), secret("odd-token"));
    let tag = |secret: &str, key: &str, value: &str| {
        let tags = json!([{ "Key": key, "Value": value }]);
        stage.manager("TagResource", json!({ "SecretId": secret, "Tags": tags }));
    };
    tag(&lost, "cachewarden:group", "nowhere");
    tag(&odd, "cachewarden:grace-minutes", "soon");
    stage
        .manager("UntagResource", json!({ "SecretId": foreign, "TagKeys": ["cachewarden:owner"] }));
    stage.rotate().await;
    for _ in 0..6 {
        stage.scene.pass(QUARTER).await;
        let lines = stage.sweep_lines().await;
        assert_eq!(lines.len(), 4);
        for expected in [
            "lost-token: the replication group nowhere does not exist",
            "foreign-token: not our secret: it has no tag cachewarden:owner",
            "odd-token: the tag cachewarden:grace-minutes of the secret is wrong",
        ] {
            assert!(lines.iter().any(|it| it.starts_with(expected)), "{expected}: {lines:?}");
        }
    }
    stage.is_closed();
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn every_example_event_is_understood() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/rotate");
    let stage = Stage::new().await;
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let event: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let ended = stage.call(event).await;
        match path.file_stem().unwrap().to_str().unwrap() {
            "sweep" | "status" | "plan" => {
                assert!(
                    matches!(&ended, Ended::Answered(it) if it["status"] == "settled"),
                    "{ended:?}"
                );
            }
            // Nobody turned rotation on here, and there is no such user.
            "rotate-group" | "rotate-user" => {
                assert!(
                    matches!(&ended, Ended::Answered(it) if it["status"] == "refused"),
                    "{ended:?}"
                );
            }
            "unknown-step" => assert!(failed(ended).contains("revokeSecret is not a step")),
            // The secret of the example is not in this account.
            step => assert!(failed(ended).contains("the secret arn:"), "{step}"),
        }
        seen += 1;
    }
    assert_eq!(seen, 11);
    assert_eq!(GROUP, "orders");
}
