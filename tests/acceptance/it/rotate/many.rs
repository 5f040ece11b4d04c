//! One function for many secrets: those that wait hold up none of the others.

use std::time::Duration;

use aws_sim::fault::{Fault, Rule};
use aws_sim::settings::Settings;
use jiff::SignedDuration;
use serde_json::json;

use super::stage::{FIRST, Stage, USER, make_secret, make_user_secret};
use crate::support::Ended;

#[tokio::test(start_paused = true)]
async fn a_sweep_looks_at_every_secret_before_it_waits_for_one() {
    let mut settings = Settings::default();
    settings.durations.user = SignedDuration::from_mins(50);
    let stage = Stage::of_user(settings).await;
    for number in 0..5 {
        make_user_secret(&stage.scene, &format!("waiting-{number}"), FIRST);
    }
    for number in 0..24 {
        make_secret(&stage.scene, &format!("token-{number}"), FIRST);
    }
    // A change that is still going on when the sweep comes, and long after.
    stage.cache(&[
        ("Action", "ModifyUser"),
        ("Version", "2015-02-02"),
        ("UserId", USER),
        ("Passwords.member.1", FIRST),
    ]);
    for _ in 0..3 {
        let before = stage.now();
        let lines = stage.sweep_lines().await;
        assert!(stage.now().duration_since(before) < SignedDuration::from_secs(130));
        let with = |text: &str| lines.iter().filter(|it| it.contains(text)).count();
        assert_eq!(lines.len(), 30);
        assert_eq!(with("waiting for the change of the user app"), 6, "{lines:?}");
        assert_eq!(with("token-"), 24);
        assert_eq!(with("no time left"), 0, "{lines:?}");
        stage.scene.pass(Duration::from_mins(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_status_ends_in_time_and_names_what_it_did_not_look_at() {
    let stage = Stage::new().await;
    for number in 10..99 {
        make_secret(&stage.scene, &format!("token-{number}"), FIRST);
    }
    let ask = async |event| match stage.call(event).await {
        Ended::Answered(answer) => answer,
        other @ (Ended::Failed(_) | Ended::Died) => panic!("{other:?}"),
    };
    let all = ask(json!({ "action": "status" })).await;
    assert_eq!(all["summary"], "looked at 90 secrets, and changed nothing");
    let names: Vec<_> = all["secrets"].as_array().unwrap().iter().map(|it| &it["arn"]).collect();
    assert!(names.is_sorted_by_key(|it| it.as_str().unwrap()), "in their order: {names:?}");

    let slow = Fault::Slow(Duration::from_secs(8));
    stage.befall(Rule::operation("DescribeSecret", slow).times(1000));
    let before = stage.now();
    let some = ask(json!({ "action": "plan" })).await;
    let took = stage.now().duration_since(before);
    assert!(took <= SignedDuration::from_mins(2), "{took}");
    let seen = some["secrets"].as_array().unwrap().len();
    assert!((50..90).contains(&seen), "four at once, each with eight seconds: {seen}");
    let summary = some["summary"].as_str().unwrap();
    assert!(
        summary.contains(&format!("; no time was left for {}: token-", 90 - seen)),
        "{summary}"
    );
    let (_, how) = summary.split_once("ask for one alone, as by ").unwrap();
    let one = ask(serde_json::from_str(how).unwrap()).await;
    assert_eq!(one["secrets"].as_array().unwrap().len(), 1, "{one}");
}
