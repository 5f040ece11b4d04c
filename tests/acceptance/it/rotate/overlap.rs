//! What comes between one rotation and the next: a grace, and the hands of people.

use std::time::Duration;

use super::stage::{FIRST, Stage};

const QUARTER: Duration = Duration::from_mins(15);

#[tokio::test(start_paused = true)]
async fn a_second_rotation_does_not_cut_the_grace_of_the_first_short() {
    let stage = Stage::new().await;
    stage.rotate().await;
    let first = stage.value("AWSCURRENT").unwrap();
    stage.scene.pass(QUARTER).await;
    stage.rotate().await;
    assert_eq!(stage.value("AWSCURRENT").as_ref(), Some(&first), "it waits");
    for (member, access) in stage.access() {
        assert!(access.admits(Some(FIRST)), "{member} is closed to clients in their grace");
    }
    let said = stage.said.borrow().join("\n");
    assert!(said.contains("waiting for the grace of the old token to end at 2026-"), "{said}");
    // The sweep goes on with it when the grace is over, and revokes what came before after another.
    for _ in 0..16 {
        stage.scene.pass(QUARTER).await;
        stage.sweep().await;
        stage.holds();
    }
    assert_ne!(stage.value("AWSCURRENT"), Some(first));
    stage.is_closed();
    // The grace that a person takes away is none.
    let second = stage.value("AWSCURRENT");
    stage.rotate().await;
    stage.tag("cachewarden:grace-minutes", "0");
    stage.rotate().await;
    assert_ne!(stage.value("AWSCURRENT"), second);
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn a_value_put_by_hand_after_a_rotation_stops_no_later_one() {
    let stage = Stage::new().await;
    stage.rotate().await;
    for _ in 0..6 {
        stage.scene.pass(QUARTER).await;
        stage.sweep().await;
    }
    let known = stage.value("AWSCURRENT").unwrap();
    stage.put_by_hand("a-token-that-no-node-knows");
    let lines = stage.sweep_lines().await;
    assert!(lines[0].contains("AWSCURRENT does not open orders-001"), "{lines:?}");
    // The person corrects it, and the next rotation begins and ends like any other.
    stage.put_by_hand(&known);
    stage.rotate().await;
    assert_ne!(stage.value("AWSCURRENT"), Some(known));
    stage.holds();
}
