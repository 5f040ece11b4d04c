//! The whole program, as the local cloud runs it: over HTTP, with real servers behind the nodes. Needs `redis-server` and `redis-cli`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod around;
#[path = "real_redis/scene.rs"]
mod scene;

use scene::{Client, Scene, ends};

const T1: &str = "token-one-of-16!&#$^<>-";
const T2: &str = "token-two-of-16!&#$^<>-";

#[test]
fn a_cache_lives_and_nobody_is_locked_out() {
    let mut scene = Scene::start();
    create(&mut scene);
    let client = Client::start(&scene.ca, &scene.primary, T1);
    rotate_token(&scene, &client);
    snapshot_and_restore(&scene);
    grow_under_a_client(&scene, &client);
    fail_over(&scene, &client);
    alarm(&scene);
    client.stop();
    delete(&scene);
    scene.stop();
}

#[test]
fn a_rotation_calls_the_function_and_reset_clears_everything() {
    let mut scene = Scene::start();
    scene.json("secretsmanager.CreateSecret", r#"{"Name":"s","SecretString":"one"}"#);
    let function = "arn:aws:lambda:us-east-1:123456789012:function:rotate";
    let fields = format!(r#"{{"SecretId":"s","RotationLambdaARN":"{function}"}}"#);
    scene.json("secretsmanager.RotateSecret", &fields);
    let told = scene.until("the function is called", || {
        scene.heard().into_iter().find(|it| it.contains("createSecret"))
    });
    assert!(told.contains("function%3Arotate/invocations"), "{told}");
    // The function of this scene answers, and does nothing: the fourth step is called, and found wanting.
    scene
        .until("finishSecret", || scene.heard().into_iter().find(|it| it.contains("finishSecret")));
    create(&mut scene);
    assert_eq!(scene.servers(), 2);
    scene.post("/_sim/reset", "");
    scene.no_server_is_left();
    assert!(scene.get("/_sim/state").contains("\"groups\": []"));
    let gone = scene.query("DescribeReplicationGroups", &[("ReplicationGroupId", "orders")]);
    assert!(gone.contains("ReplicationGroupNotFoundFault"), "{gone}");
    scene.stop();
}

fn create(scene: &mut Scene) {
    scene.query(
        "CreateCacheParameterGroup",
        &[
            ("CacheParameterGroupName", "orders"),
            ("CacheParameterGroupFamily", "redis7"),
            ("Description", "x"),
        ],
    );
    let parameter = "ParameterNameValues.ParameterNameValue.1";
    scene.query(
        "ModifyCacheParameterGroup",
        &[
            ("CacheParameterGroupName", "orders"),
            (&format!("{parameter}.ParameterName"), "maxmemory-policy"),
            (&format!("{parameter}.ParameterValue"), "allkeys-lru"),
        ],
    );
    scene.query(
        "CreateReplicationGroup",
        &[
            ("ReplicationGroupId", "orders"),
            ("ReplicationGroupDescription", "x"),
            ("Engine", "redis"),
            ("EngineVersion", "7.1"),
            ("CacheNodeType", "cache.t4g.micro"),
            ("NumCacheClusters", "2"),
            ("AutomaticFailoverEnabled", "true"),
            ("CacheParameterGroupName", "orders"),
            ("TransitEncryptionEnabled", "true"),
            ("AuthToken", T1),
        ],
    );
    let shown = scene.available("orders");
    scene.primary = ends(&shown, "<PrimaryEndpoint><Address>", "<");
    scene.check(None, "PING", "NOAUTH");
    scene.check(Some(T2), "PING", "WRONGPASS");
    scene.check(Some(T1), "PING", "PONG");
    scene.check(Some(T1), "SET kept 1", "OK");
}

fn modify(scene: &Scene, changes: &[(&str, &str)]) {
    let mut fields = vec![("ReplicationGroupId", "orders"), ("ApplyImmediately", "true")];
    fields.extend(changes);
    let answer = scene.query("ModifyReplicationGroup", &fields);
    assert!(answer.contains("<ModifyReplicationGroupResult>"), "{answer}");
    scene.available("orders");
}

fn rotate_token(scene: &Scene, client: &Client) {
    modify(scene, &[("AuthToken", T2), ("AuthTokenUpdateStrategy", "ROTATE")]);
    scene.check(Some(T1), "PING", "PONG");
    scene.check(Some(T2), "PING", "PONG");
    client.use_token(T2);
    modify(scene, &[("AuthToken", T2), ("AuthTokenUpdateStrategy", "SET")]);
    scene.check(Some(T1), "PING", "WRONGPASS");
    scene.check(Some(T2), "PING", "PONG");
    assert_eq!(client.errors(), 0, "a rotation disturbs nobody");
}

fn snapshot_and_restore(scene: &Scene) {
    scene.query("CreateSnapshot", &[("SnapshotName", "s"), ("CacheClusterId", "orders-002")]);
    scene.until("the snapshot", || {
        let shown = scene.query("DescribeSnapshots", &[("SnapshotName", "s")]);
        shown.contains("<SnapshotStatus>available</SnapshotStatus>").then_some(())
    });
    scene.available("orders");
    scene.check(Some(T2), "DEL kept", "1");
    scene.query(
        "CreateReplicationGroup",
        &[
            ("ReplicationGroupId", "restored"),
            ("ReplicationGroupDescription", "x"),
            ("CacheNodeType", "cache.t4g.micro"),
            ("NumCacheClusters", "1"),
            ("SnapshotName", "s"),
            ("TransitEncryptionEnabled", "true"),
            ("AuthToken", T1),
        ],
    );
    let shown = scene.available("restored");
    let address = ends(&shown, "<PrimaryEndpoint><Address>", "<");
    scene.check_at(&address, Some(T1), "GET kept", "1");
    scene.query("DeleteReplicationGroup", &[("ReplicationGroupId", "restored")]);
    scene.gone("restored");
    scene.check_at(&address, Some(T1), "PING", "refused");
}

fn grow_under_a_client(scene: &Scene, client: &Client) {
    let before = client.errors();
    scene.check(Some(T2), "INFO memory", "maxmemory:25165824");
    modify(scene, &[("CacheNodeType", "cache.t4g.small")]);
    // 1471026299 bytes, a quarter reserved, a sixteenth of it here.
    scene.check(Some(T2), "INFO memory", "maxmemory:68954357");
    scene.check(Some(T2), "INFO memory", "maxmemory_policy:allkeys-lru");
    let broken = client.errors() - before;
    assert!((1..=2).contains(&broken), "one switch, not {broken} errors");
    client.still_counts();
}

fn fail_over(scene: &Scene, client: &Client) {
    let primary = |scene: &Scene| {
        let state = scene.get("/_sim/state");
        let at = state.find("\"role\": \"primary\"").unwrap();
        ends(&state[..at], "\"id\": \"", "\"")
    };
    assert_eq!(primary(scene), "orders-001");
    scene.post("/_sim/failover", r#"{"group":"orders"}"#);
    scene.available("orders");
    assert_eq!(primary(scene), "orders-002");
    scene.check(Some(T2), "INFO replication", "connected_slaves:1");
    client.still_counts();
}

fn alarm(scene: &Scene) {
    scene.json(
        "GraniteServiceVersion20100801.PutMetricAlarm",
        r#"{"AlarmName":"orders-002-memory","Namespace":"AWS/ElastiCache","MetricName":"DatabaseMemoryUsagePercentage",
            "Dimensions":[{"Name":"CacheClusterId","Value":"orders-002"}],"Statistic":"Average","Period":60,"EvaluationPeriods":3,
            "Threshold":90,"ComparisonOperator":"GreaterThanThreshold","AlarmActions":["arn:aws:sns:us-east-1:123456789012:alarms"],
            "OKActions":["arn:aws:sns:us-east-1:123456789012:alarms"]}"#,
    );
    let told = |word: &'static str| {
        scene.until(word, || {
            let notice = format!("%22NewStateValue%22%3A%22{word}%22");
            scene
                .heard()
                .into_iter()
                .find(|it| it.contains("Action=Publish") && it.contains(&notice))
        })
    };
    told("OK");
    scene.check(Some(T2), "BGSAVE", "NOPERM");
    scene.fill(T2, 94);
    let message = told("ALARM");
    assert!(message.contains("TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A123456789012%3Aalarms"));
    let alarms =
        scene.heard().iter().filter(|it| it.contains("NewStateValue%22%3A%22ALARM")).count();
    assert_eq!(alarms, 1, "an alarm acts once");
    scene.check(Some(T2), "FLUSHALL", "OK");
    scene.until("OK again", || {
        let fine = "%22OldStateValue%22%3A%22ALARM%22";
        scene.heard().into_iter().find(|it| it.contains(fine))
    });
}

fn delete(scene: &Scene) {
    scene.query(
        "DeleteReplicationGroup",
        &[("ReplicationGroupId", "orders"), ("FinalSnapshotIdentifier", "last")],
    );
    scene.gone("orders");
    let shown = scene.query("DescribeSnapshots", &[("SnapshotName", "last")]);
    assert!(shown.contains("<SnapshotStatus>available</SnapshotStatus>"), "{shown}");
    scene.check(Some(T2), "PING", "refused");
    scene.no_server_is_left();
}
