use super::*;
use crate::NodeType;

mod upkeep;

fn ids(names: &[&str]) -> Vec<MemberId> {
    names.iter().map(|it| MemberId::parse(it).unwrap()).collect()
}

fn orders(members: &[&str], node_type: &str) -> Vec<AlarmSpec> {
    let node_type = NodeType::parse(node_type).unwrap();
    wanted(&GroupId::parse("orders").unwrap(), &ids(members), Some(&node_type))
}

#[test]
fn one_alarm_of_each_kind_watches_all_members() {
    let alarms = orders(&["orders-003", "orders-001"], "cache.t4g.micro");
    let memory = alarms.iter().find(|it| it.name == "orders/memory").unwrap();
    assert_eq!(memory.members, ids(&["orders-001", "orders-003"]));
    let prefix = name_prefix(&GroupId::parse("orders").unwrap());
    assert!(alarms.iter().all(|it| it.name.starts_with(&prefix)));
    assert!(alarms.iter().all(|it| it.members == memory.members));
}

#[test]
fn thresholds_go_by_the_vcpus_and_the_memory_of_the_node_type() {
    #[track_caller]
    fn check(node_type: &str, expected: &[&str]) {
        let said: Vec<String> = orders(&["orders-001"], node_type)
            .iter()
            .map(|it| {
                let sign = if it.side == Side::Above { '>' } else { '<' };
                format!("{} {sign} {}", it.metric, it.threshold)
            })
            .collect();
        let rest = ["Evictions > 1000", "SwapUsage > 52428800"];
        let expected = [&expected[..2], &rest[..], &expected[2..]].concat();
        assert_eq!(said, expected, "{node_type}");
    }
    let (memory, little) = ("DatabaseMemoryUsagePercentage > 90", "FreeableMemory < 104857600");
    // One vCPU: the seed's threshold is the lower one.
    check("cache.t2.small", &["CPUUtilization > 75", memory, little]);
    check("cache.t4g.small", &["CPUUtilization > 45", memory, little]);
    check("cache.r7g.large", &["CPUUtilization > 45", memory, little]);
    check("cache.r7g.xlarge", &["EngineCPUUtilization > 90", memory, little]);
    check("cache.m6g.16xlarge", &["EngineCPUUtilization > 90", memory, little]);
    // 100 MB are a fifth of half a gigabyte.
    check("cache.t4g.micro", &["CPUUtilization > 45", memory, "FreeableMemory < 53687091.2"]);
    let disk = "DatabaseCapacityUsagePercentage > 90";
    check("cache.r6gd.xlarge", &["EngineCPUUtilization > 90", disk, little]);
    check("cache.z9.huge", &["EngineCPUUtilization > 90", memory, little]);
}

#[test]
fn no_data_is_missed_where_every_node_always_tells_it() {
    let missed = |node_type| -> Vec<&str> {
        let alarms = orders(&["orders-001"], node_type);
        let missed = alarms.iter().filter(|it| it.missing_data == MissingData::Missing);
        missed.map(|it| it.metric).collect()
    };
    let memory = ["DatabaseMemoryUsagePercentage", "FreeableMemory"];
    assert_eq!(missed("cache.t4g.micro"), [&["CPUUtilization"][..], &memory].concat());
    assert_eq!(missed("cache.m7g.xlarge"), [&["EngineCPUUtilization"][..], &memory].concat());
}

#[test]
fn more_members_than_an_alarm_takes_have_several() {
    let members: Vec<String> = (1..=12).map(|it| format!("orders-0001-{it:03}")).collect();
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    let alarms = orders(&members, "cache.t4g.micro");
    let swap: Vec<_> = alarms.iter().filter(|it| it.metric == "SwapUsage").collect();
    let names: Vec<&str> = swap.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["orders/swap", "orders/swap-2"]);
    let watched: Vec<MemberId> = swap.iter().flat_map(|it| it.members.clone()).collect();
    assert_eq!(watched, ids(&members));
}

#[test]
fn every_kind_has_a_name_and_a_metric_of_its_own() {
    let names: BTreeSet<&str> = Watch::ALL.iter().map(|it| it.suffix()).collect();
    let metrics: BTreeSet<&str> = Watch::ALL.iter().map(|it| it.metric()).collect();
    assert_eq!((names.len(), metrics.len()), (Watch::ALL.len(), Watch::ALL.len()));
}

#[test]
fn an_alarm_that_somebody_changed_is_put_right() {
    let specs = orders(&["orders-001"], "cache.t4g.micro");
    let [spec, ..] = specs.as_slice() else { panic!("nothing is watched") };
    let check = |what: &str, change: fn(&mut AlarmView)| {
        let mut alarm = AlarmView::of(spec, &[]);
        assert!(alarm.is_as(spec, &[]), "{what}");
        change(&mut alarm);
        assert!(!alarm.is_as(spec, &[]), "{what}");
    };
    check("metric", |it| it.metric = "CacheHits".to_owned());
    check("a member more", |it| it.members.push("orders-002".to_owned()));
    check("no member", |it| it.members.clear());
    check("statistic", |it| it.statistic = Some(Statistic::Sum));
    check("another statistic", |it| it.statistic = None);
    check("threshold", |it| it.threshold += 1.0);
    check("side", |it| it.side = Some(Side::Below));
    check("comparison", |it| it.side = None);
    check("period", |it| it.period_seconds = 300);
    check("periods", |it| it.periods = 5);
    check("periods of them", |it| it.periods_of_them = Some(1));
    check("missing data", |it| it.missing_data = Some(MissingData::NotBreaching));
    check("other missing data", |it| it.missing_data = None);
    check("actions", |it| it.actions_enabled = false);
    check("topics", |it| it.alarm_topics.push("arn:aws:sns:eu-west-1:1:other".to_owned()));
    check("topics of OK", |it| it.ok_topics.push("arn:aws:sns:eu-west-1:1:other".to_owned()));
}
