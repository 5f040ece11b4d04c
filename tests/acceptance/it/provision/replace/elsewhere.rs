//! Another group under another id, which a stack states, and with it in another VPC.

use aws_sim::fault::{Fault, Rule};
use serde_json::json;

use super::super::refusal::assert_failed;
use super::super::stack::{GROUP, SECRET, properties};
use super::{BYTES, STANDS, stands};

#[tokio::test(start_paused = true)]
async fn another_id_is_another_group_with_the_keys_and_a_secret_of_its_own() {
    let (stack, before) = stands().await;
    let now = properties(&[("ReplicationGroupId", "till"), ("Replacement", "with-data")]);
    let answer = stack.update_of(GROUP, &before, &now).await;
    assert_eq!(
        (&answer["Status"], &answer["PhysicalResourceId"]),
        (&json!("SUCCESS"), &json!("till")),
        "{answer:#}"
    );
    assert_eq!(stack.bytes_of("till"), Some(BYTES));
    stack.is_opened("till", &answer).await;
    let own = answer["Data"]["RedisAuthTokenSecretArn"].as_str().unwrap();
    assert!(own.contains(SECRET) && !own.ends_with(SECRET), "{own}");
    // The rest of the stack fails.
    let back = stack.update_of("till", &now, &before).await;
    assert_eq!(
        (&back["Status"], &back["PhysicalResourceId"]),
        (&json!("SUCCESS"), &json!(GROUP)),
        "{back:#}"
    );
    stack.is_opened(GROUP, &back).await;
    assert_eq!(stack.delete("till", &now).await["Status"], "SUCCESS");
    assert_eq!(stack.left_of("till"), ["secret on its way out"]);
    // Once more, to its end; then the word need not stand any longer.
    assert_eq!(stack.update_of(GROUP, &before, &now).await["PhysicalResourceId"], "till");
    assert_eq!(stack.delete(GROUP, &before).await["Status"], "SUCCESS");
    assert_eq!(stack.left_of(GROUP), ["secret on its way out"]);
    let without = properties(&[("ReplicationGroupId", "till")]);
    let answer = stack.update_of("till", &now, &without).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(stack.left_of("till"), STANDS);
    stack.is_opened("till", &answer).await;
}

#[tokio::test(start_paused = true)]
async fn another_vpc_takes_another_id_and_that_is_told() {
    let (stack, before) = stands().await;
    let code = "InvalidSubnet".to_owned();
    let no = Fault::Answer(400, code, "Subnets are not all in the same VPC.".to_owned());
    stack.scene.world.with(|it| it.faults.add(Rule::operation("ModifyCacheSubnetGroup", no)));
    let subnets = |over: &[(&str, &str)]| {
        let mut stated = properties(over);
        stated["PrivateSubnetIds"] = json!(["subnet-1a", "subnet-1b"]);
        stated
    };
    let elsewhere = subnets(&[]);
    let answer = stack.update_of(GROUP, &before, &elsewhere).await;
    assert_failed(&answer, "a subnet group stays in its VPC");
    assert_failed(&answer, "another ReplicationGroupId with Replacement with-data");
    assert_eq!(stack.update_of(GROUP, &elsewhere, &before).await["Status"], "SUCCESS");
    let moved = subnets(&[("ReplicationGroupId", "till"), ("Replacement", "with-data")]);
    let answer = stack.update_of(GROUP, &before, &moved).await;
    assert_eq!(answer["PhysicalResourceId"], "till", "{answer:#}");
    assert_eq!(stack.bytes_of("till"), Some(BYTES));
    let subnets =
        |id: &str| stack.scene.world.with(|it| it.elasticache.subnet_groups[id].subnets.clone());
    assert_eq!(subnets("till"), ["subnet-1a", "subnet-1b"]);
    assert_eq!(subnets(GROUP), ["subnet-0a", "subnet-0b"]);
}
