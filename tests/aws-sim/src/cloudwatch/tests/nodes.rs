//! What modelled nodes report, and that the past stays what it was.

use super::*;
use crate::elasticache::lose_primary;
use crate::settings::Switches;

/// Bytes for data of a `cache.t4g.micro`, less the reserved quarter.
const ROOM: u64 = 402_653_184;

impl Scene {
    fn with_switches(switches: Switches) -> Self {
        let settings = Settings { switches, ..Settings::default() };
        let now = settings.start;
        Self { world: World::new(settings), now }
    }

    /// A call to ElastiCache.
    #[track_caller]
    fn ask(&self, action: &str, fields: &str) {
        let scope = "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/elasticache/aws4_request, Signature=0";
        let request = Request {
            method: "POST".to_owned(),
            uri: "/".to_owned(),
            headers: vec![("authorization".to_owned(), scope.to_owned())],
            body: format!("Action={action}&Version=2015-02-02&{fields}").into_bytes(),
        };
        let response = self.world.call(self.now, &request);
        assert_eq!(response.status, 200, "{action}: {}", response.text());
    }

    /// A group of two that has just become available.
    fn with_group(switches: Switches) -> Self {
        let mut scene = Self::with_switches(switches);
        scene.create("orders", 2);
        scene.pass(20);
        scene
    }

    fn create(&self, id: &str, members: u32) {
        let failover = if members == 1 { "" } else { "&AutomaticFailoverEnabled=true" };
        self.ask(
            "CreateReplicationGroup",
            &format!(
                "ReplicationGroupId={id}&ReplicationGroupDescription=x&CacheNodeType=cache.t4g.micro&NumCacheClusters={members}{failover}"
            ),
        );
    }

    fn pass(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
        self.world.advance(self.now);
    }

    fn fill(&self, percent: u64) {
        self.world.with(|it| it.elasticache.fill("orders", ROOM / 100 * percent));
    }

    /// The values of the last minutes, oldest first, rounded. A minute without one is left out.
    fn last(&self, minutes: i64, metric: &str, dimensions: &[(&str, &str)]) -> Vec<f64> {
        let dimensions = dimensions.iter().map(|(name, it)| json!({ "Name": name, "Value": it }));
        let stat = json!({ "Period": 60, "Stat": "Average", "Metric": { "Namespace": "AWS/ElastiCache",
            "MetricName": metric, "Dimensions": dimensions.collect::<Vec<_>>() } });
        let end = self.now.as_second();
        let answer = self.ok(
            "GetMetricData",
            json!({ "StartTime": end - minutes * 60, "EndTime": end, "ScanBy": "TimestampAscending",
                "MetricDataQueries": [{ "Id": "a", "MetricStat": stat }] }),
        );
        let values = answer["MetricDataResults"][0]["Values"].as_array().unwrap().clone();
        values.iter().map(|it| it.as_f64().unwrap().round()).collect()
    }

    fn of(&self, minutes: i64, metric: &str, member: &str) -> Vec<f64> {
        self.last(minutes, metric, &[("CacheClusterId", member)])
    }

    /// All metrics that are listed, page by page, as `name{dimensions}`.
    fn listed(&self, wanted: &Value) -> Vec<String> {
        let (mut all, mut wanted) = (Vec::new(), wanted.clone());
        loop {
            let page = self.ok("ListMetrics", wanted.clone());
            let metrics = page["Metrics"].as_array().unwrap();
            assert!(metrics.len() <= 500);
            all.extend(metrics.iter().map(|it| {
                let dimensions = it["Dimensions"].as_array().unwrap().iter();
                let values = dimensions.map(|it| it["Value"].as_str().unwrap());
                let values = values.collect::<Vec<_>>().join(",");
                format!("{}{{{values}}}", it["MetricName"].as_str().unwrap())
            }));
            if page["NextToken"].is_null() {
                return all;
            }
            wanted["NextToken"] = page["NextToken"].clone();
        }
    }
}

const USED: &str = "DatabaseMemoryUsagePercentage";
const NOTHING: [f64; 0] = [];

#[test]
fn what_was_reported_stays_whatever_becomes_of_the_node() {
    let mut scene = Scene::with_group(Switches::default());
    scene.fill(10);
    scene.pass(2);
    scene.fill(90);
    scene.pass(3);
    let past = [10.0, 10.0, 90.0, 90.0, 90.0];
    assert_eq!(scene.of(5, USED, "orders-001"), past, "nobody had asked before");
    scene.fill(50);
    assert_eq!(scene.of(5, USED, "orders-001"), past);
    scene.pass(1);
    assert_eq!(scene.of(6, USED, "orders-001"), [10.0, 10.0, 90.0, 90.0, 90.0, 50.0]);
    assert_eq!(scene.of(6, "IsMaster", "orders-002"), [0.0; 6]);
    scene.world.with(|it| lose_primary(it, "orders"));
    scene.pass(60);
    assert_eq!(scene.of(2, "IsMaster", "orders-002"), [1.0, 1.0]);
    let end = scene.now;
    scene.now = end - SignedDuration::from_mins(60);
    assert_eq!(scene.of(6, "IsMaster", "orders-002"), [0.0; 6]);
    assert_eq!(scene.of(6, USED, "orders-001"), [10.0, 10.0, 90.0, 90.0, 90.0, 50.0]);
    scene.now = end;
    scene.ask(
        "ModifyReplicationGroup",
        "ReplicationGroupId=orders&CacheNodeType=cache.t4g.small&ApplyImmediately=true",
    );
    scene.pass(60);
    assert_eq!(scene.of(1, USED, "orders-001"), [18.0], "half of a micro");
    scene.ask("DeleteReplicationGroup", "ReplicationGroupId=orders");
    scene.pass(60);
    assert_eq!(scene.of(1, USED, "orders-001"), NOTHING);
    assert!(scene.of(240, USED, "orders-001").contains(&90.0), "it has left its past");
}

#[test]
fn a_minute_shows_what_was_at_its_end_and_a_held_value_what_it_was_then() {
    let mut scene = Scene::with_group(Switches::default());
    let cpu = |scene: &Scene, value| {
        scene.world.with(|it| hold(it, "orders-001", "CPUUtilization", value));
    };
    scene.pass(2);
    cpu(&scene, 70.0);
    scene.pass(2);
    cpu(&scene, 80.0);
    cpu(&scene, 85.0);
    assert_eq!(scene.of(4, "CPUUtilization", "orders-001"), [4.0, 4.0, 70.0, 70.0]);
    scene.now += SignedDuration::from_secs(30);
    scene.world.advance(scene.now);
    cpu(&scene, 20.0);
    scene.fill(30);
    scene.now += SignedDuration::from_secs(90);
    scene.world.advance(scene.now);
    assert_eq!(scene.of(6, "CPUUtilization", "orders-001"), [4.0, 4.0, 70.0, 70.0, 20.0, 20.0]);
    assert_eq!(scene.of(3, USED, "orders-001"), [0.0, 30.0, 30.0]);
    assert_eq!(scene.of(3, "CPUUtilization", "orders-002"), [4.0, 4.0, 4.0]);
}

#[test]
fn a_node_reports_from_its_first_whole_minute_until_it_goes() {
    let mut scene = Scene::with_switches(Switches::default());
    scene.create("orders", 1);
    scene.pass(1);
    assert_eq!(scene.of(1, "CPUUtilization", "orders-001"), NOTHING);
    scene.pass(59);
    let served = scene.of(60, "CPUUtilization", "orders-001").len();
    let made = scene.world.with(|it| it.settings.durations.create.as_mins());
    let made = usize::try_from(made).unwrap();
    assert_eq!(served, 60 - made);
    assert_eq!(scene.of(60, "CPUCreditBalance", "orders-001").len(), served / 5);
    assert_eq!(scene.of(60, "ReplicationLag", "orders-001"), NOTHING, "it has no replica");
    scene.ask("DeleteReplicationGroup", "ReplicationGroupId=orders");
    scene.pass(60);
    assert_eq!(scene.of(1, "CPUUtilization", "orders-001"), NOTHING);
    // Another of that name has nothing to do with it.
    scene.create("orders", 1);
    scene.pass(1);
    assert_eq!(scene.of(1, "CPUUtilization", "orders-001"), NOTHING);
    scene.pass(60);
    assert_eq!(scene.of(1, "CPUUtilization", "orders-001"), [4.0]);
}

const OF_GROUP: [(&str, &str); 1] = [("ReplicationGroupId", "orders")];
const COUNTED: &str = "DatabaseMemoryUsageCountedForEvictPercentage";
const ENGINE: &str = "EngineCPUUtilization";

fn of_role(role: &'static str) -> [(&'static str, &'static str); 2] {
    [OF_GROUP[0], ("Role", role)]
}

#[test]
fn only_three_metrics_are_of_a_group_and_a_switch_takes_them_away() {
    let mut scene = Scene::with_group(Switches::default());
    scene.pass(2);
    assert_eq!(scene.last(2, COUNTED, &OF_GROUP), [0.0, 0.0]);
    assert_eq!(scene.last(2, ENGINE, &of_role("Primary")), [5.0, 5.0]);
    assert_eq!(scene.last(2, ENGINE, &of_role("Replica")), [5.0, 5.0]);
    let node = [("CacheClusterId", "orders-001"), ("CacheNodeId", "0001")];
    assert_eq!(scene.last(2, "CurrConnections", &node), [12.0, 12.0]);
    for (metric, dimensions) in [
        (ENGINE, &OF_GROUP[..]),
        ("CPUUtilization", &of_role("Primary")),
        ("CPUUtilization", &OF_GROUP),
        (ENGINE, &of_role("primary")),
        (ENGINE, &[("CacheClusterId", "orders")]),
        (ENGINE, &[("CacheClusterId", "orders-001"), ("CacheNodeId", "0002")]),
        (ENGINE, &[("CacheNodeId", "0001")]),
    ] {
        assert_eq!(scene.last(2, metric, dimensions), NOTHING, "{metric} {dimensions:?}");
    }
    scene.world.with(|it| it.settings.switches.roles_in_lower_case = true);
    assert_eq!(scene.last(2, ENGINE, &of_role("primary")), [5.0, 5.0]);
    assert_eq!(scene.last(2, ENGINE, &of_role("Primary")), NOTHING);
    scene.world.with(|it| it.settings.switches.group_metrics = false);
    assert_eq!(scene.last(2, COUNTED, &OF_GROUP), NOTHING);
    assert_eq!(scene.last(2, ENGINE, &of_role("primary")), NOTHING);
    assert_eq!(scene.of(2, COUNTED, "orders-001"), [0.0, 0.0], "its nodes go on");
}

#[test]
fn the_switch_of_group_metrics_is_heeded_where_real_nodes_are_measured_too() {
    for (group_metrics, roles_in_lower_case, wanted) in
        [(true, false, [1, 1, 0]), (true, true, [1, 0, 1]), (false, false, [0, 0, 0])]
    {
        let switches = Switches { group_metrics, roles_in_lower_case, ..Switches::default() };
        let mut scene = Scene::with_switches(switches.clone());
        let load = Load {
            member: "orders-001".to_owned(),
            group: "orders".to_owned(),
            primary: true,
            used_memory: 1,
            metrics: vec![(COUNTED, 7.0), (ENGINE, 8.0)],
        };
        scene.world.with(|it| it.cloudwatch.measured(it.now, &load, &switches));
        scene.pass(1);
        let found = [
            scene.last(1, COUNTED, &OF_GROUP),
            scene.last(1, ENGINE, &of_role("Primary")),
            scene.last(1, ENGINE, &of_role("primary")),
        ];
        assert_eq!(found.map(|it| it.len()), wanted);
        assert_eq!(scene.of(1, ENGINE, "orders-001"), [8.0]);
    }
}

#[test]
fn a_cluster_that_stands_alone_has_no_metrics_of_a_group() {
    let mut scene = Scene::with_group(Switches::default());
    scene.ask("DeleteReplicationGroup", "ReplicationGroupId=orders&RetainPrimaryCluster=true");
    scene.pass(60);
    assert_eq!(scene.of(2, "IsMaster", "orders-001"), [1.0, 1.0]);
    assert_eq!(scene.of(2, "IsMaster", "orders-002"), NOTHING);
    assert_eq!(scene.last(2, COUNTED, &OF_GROUP), NOTHING);
    assert_eq!(scene.last(2, COUNTED, &[("ReplicationGroupId", "orders-001")]), NOTHING);
    assert!(!scene.last(70, COUNTED, &OF_GROUP).is_empty(), "its group had them");
}

#[test]
fn metrics_are_listed_page_by_page_each_once() {
    let mut scene = Scene::with_switches(Switches::default());
    for number in 0..20 {
        scene.create(&format!("group-{number:02}"), 2);
    }
    scene.pass(60);
    let datum = json!([{ "MetricName": "Size", "Value": 1.0 }]);
    for namespace in ["AAA", "Ours"] {
        scene.ok("PutMetricData", json!({ "Namespace": namespace, "MetricData": datum }));
    }
    let all = scene.listed(&json!({}));
    // A primary reports 36 of the metrics and a replica 37, each twice; a group has two and one for each role.
    assert_eq!(all.len(), 20 * ((36 + 37) * 2 + 4) + 2);
    assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len() - 1);
    let of_one = json!([{ "Name": "CacheClusterId", "Value": "group-07-002" }]);
    assert_eq!(scene.listed(&json!({ "Dimensions": of_one })).len(), 37 * 2);
    let named = json!({ "Namespace": "AWS/ElastiCache", "MetricName": "ReplicationBytes",
        "Dimensions": [{ "Name": "CacheNodeId" }] });
    let primaries: Vec<String> =
        (0..20).map(|it| format!("ReplicationBytes{{group-{it:02}-001,0001}}")).collect();
    assert_eq!(scene.listed(&named), primaries);
    let groups = json!({ "MetricName": ENGINE, "Dimensions": [{ "Name": "Role" }] });
    assert_eq!(scene.listed(&groups).len(), 40);
    scene.refused("ListMetrics", json!({ "NextToken": "1" }), "InvalidParameterValueException");
    scene.refused(
        "ListMetrics",
        json!({ "RecentlyActive": "PT1H" }),
        "InvalidParameterValueException",
    );
}

#[test]
fn what_is_no_longer_reported_is_listed_for_two_weeks() {
    let mut scene = Scene::with_group(Switches::default());
    scene.pass(5);
    scene.ask("DeleteReplicationGroup", "ReplicationGroupId=orders");
    let names = json!({ "MetricName": USED });
    let recent = json!({ "MetricName": USED, "RecentlyActive": "PT3H" });
    let listed = |scene: &Scene| (scene.listed(&names).len(), scene.listed(&recent).len());
    scene.pass(60);
    assert_eq!(listed(&scene), (4, 4));
    scene.pass(4 * 60);
    assert_eq!(listed(&scene), (4, 0));
    scene.pass(14 * 24 * 60);
    assert_eq!(listed(&scene), (0, 0));
}

#[test]
fn metric_data_comes_in_pages_of_as_many_points_as_are_asked_for() {
    let mut scene = Scene::with_group(Switches::default());
    scene.pass(5);
    let end = scene.now.as_second();
    let query = |id: &str, member: &str| {
        json!({ "Id": id, "MetricStat": { "Period": 60, "Stat": "Average", "Metric": {
            "Namespace": "AWS/ElastiCache", "MetricName": USED,
            "Dimensions": [{ "Name": "CacheClusterId", "Value": member }] } } })
    };
    let queries =
        json!([query("a", "orders-001"), query("none", "orders"), query("b", "orders-002")]);
    let mut ask = json!({ "StartTime": end - 300, "EndTime": end, "MaxDatapoints": 3, "MetricDataQueries": queries });
    let mut pages = Vec::new();
    loop {
        let page = scene.ok("GetMetricData", ask.clone());
        let results = page["MetricDataResults"].as_array().unwrap().iter();
        let shown = results.map(|it| {
            let (id, status) = (it["Id"].as_str().unwrap(), it["StatusCode"].as_str().unwrap());
            format!("{id}: {} {status}", it["Values"].as_array().unwrap().len())
        });
        pages.push(shown.collect::<Vec<_>>().join(", "));
        if page["NextToken"].is_null() {
            break;
        }
        ask["NextToken"] = page["NextToken"].clone();
    }
    assert_eq!(
        pages,
        [
            "a: 3 PartialData",
            "a: 2 Complete, none: 0 Complete, b: 1 PartialData",
            "b: 3 PartialData",
            "b: 1 Complete"
        ]
    );
    ask["NextToken"] = json!("later");
    scene.refused("GetMetricData", ask.clone(), "InvalidNextToken");
    ask["MaxDatapoints"] = json!(0);
    scene.refused("GetMetricData", ask, "ValidationError");
}

#[test]
fn members_of_shards_report_from_their_coming_to_their_going() {
    let mut scene = Scene::with_switches(Switches::default());
    scene.ask(
        "CreateReplicationGroup",
        "ReplicationGroupId=orders&ReplicationGroupDescription=x&CacheNodeType=cache.t4g.micro&AutomaticFailoverEnabled=true&CacheParameterGroupName=default.redis7.cluster.on&NumNodeGroups=2&ReplicasPerNodeGroup=1",
    );
    scene.pass(20);
    scene.fill(80);
    scene.pass(3);
    for (member, is_primary) in [("orders-0001-001", 1.0), ("orders-0002-002", 0.0)] {
        assert_eq!(scene.of(2, USED, member), [40.0; 2], "{member} has its half");
        assert_eq!(scene.of(2, "IsMaster", member), [is_primary; 2], "{member}");
    }
    let reshard = |scene: &Scene, more: &str| {
        let fields =
            format!("ReplicationGroupId=orders&ApplyImmediately=true&NodeGroupCount={more}");
        scene.ask("ModifyReplicationGroupShardConfiguration", &fields);
    };
    reshard(&scene, "4");
    scene.pass(5);
    assert_eq!(scene.of(5, USED, "orders-0003-001"), NOTHING, "it is being made");
    scene.pass(8);
    assert_eq!(scene.of(2, USED, "orders-0003-001"), [0.0; 2], "no slot has come yet");
    scene.pass(20);
    assert_eq!(scene.of(2, USED, "orders-0003-001"), [20.0; 2]);
    assert_eq!(scene.of(2, USED, "orders-0001-001"), [20.0; 2]);
    reshard(&scene, "3&NodeGroupsToRemove.NodeGroupToRemove.1=0003");
    scene.pass(60);
    assert_eq!(scene.of(30, USED, "orders-0003-001"), NOTHING, "it is gone");
}
