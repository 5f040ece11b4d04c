//! What no running group can change.

use super::*;

#[test]
fn what_a_running_group_cannot_change_is_refused() {
    for (change, field) in [
        (
            Box::new(|it: &mut GroupView| it.at_rest_encryption = false)
                as Box<dyn Fn(&mut GroupView)>,
            "EnableEncryptionAtRest",
        ),
        (
            Box::new(|it: &mut GroupView| it.members[0].subnet_group = Some("other".to_owned())),
            "the subnet group",
        ),
        (Box::new(|it: &mut GroupView| it.cluster_enabled = true), "ClusterMode"),
    ] {
        check(settled().group(change), &format!("Refuse: {field} is "));
    }
}

#[test]
fn everything_that_cannot_change_is_told_at_once() {
    let scene = settled().group(|it| {
        it.at_rest_encryption = false;
        it.cluster_enabled = true;
    });
    check(
        scene,
        "Refuse: EnableEncryptionAtRest is false on the running cache and true in the template; ClusterMode is enabled on the running cache and disabled",
    );
    let renamed = Scene::stated(&[("Environment", "staging"), ("ReplicationGroupId", "orders")])
        .tag(
            tag::SECRET,
            "arn:aws:secretsmanager:eu-west-1:1:secret:orders-redis-auth-token-production-AbCdEf",
        );
    check(renamed, "Refuse: the secret's name, made of ProjectName and Environment, is orders-");
}

#[test]
fn the_way_back_from_what_cannot_change_changes_nothing() {
    for over in [
        ("EnableEncryptionAtRest", "false"),
        ("EnableAuthToken", "false"),
        ("Environment", "staging"),
    ] {
        let id = ("ReplicationGroupId", "orders-redis-production");
        let mut scene = settled().of(3, "cache.t4g.small", "7.1.0");
        scene.wanted.before = Some(Box::new(spec(&[over, id, ("RedisNumCacheNodes", "4")])));
        check(scene, "Settled");
    }
}

#[test]
fn nodes_with_ssd_stay_in_their_family() {
    let tiered = |node_type: &'static str| {
        let stated = [("RedisNodeType", node_type), ("EnableDataTiering", "true")];
        Scene::stated(&stated).of(2, "cache.r6gd.xlarge", "7.1.0")
    };
    check(tiered("cache.r6gd.xlarge"), "Settled");
    check(tiered("cache.r6gd.2xlarge"), "Do: Ask");
    let off =
        Scene::stated(&[("RedisNodeType", "cache.r6g.xlarge")]).of(2, "cache.r6gd.xlarge", "7.1.0");
    check(
        off.group(|it| it.data_tiering = true),
        "Refuse: EnableDataTiering is true on the running cache and false in the template",
    );
    let other =
        Scene::stated(&[("RedisNodeType", "cache.r6gd.xlarge"), ("EnableDataTiering", "true")]);
    check(
        other.of(2, "cache.r7gd.xlarge", "7.1.0"),
        "Refuse: the family of RedisNodeType, whose cold keys are on SSD, is r7gd on the running cache and r6gd in the template",
    );
}
