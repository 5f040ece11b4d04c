//! What is told: events in pages, topics that hear nothing, versions that are offered.

use super::{Caller, all, one};
use crate::Effect;

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:orders";

fn codes(aws: &mut Caller, asked: &[&[(&str, &str)]]) -> Vec<String> {
    asked.iter().map(|it| aws.code("DescribeEvents", it)).collect()
}

#[test]
fn events_come_in_pages_that_do_not_shift() {
    let mut aws = Caller::new(|_| {});
    for number in 0..5 {
        aws.create(&format!("g{number}"), "6", &[]).unwrap();
        aws.pass(8);
    }
    let page = |aws: &mut Caller, marker: &str| {
        aws.ask("DescribeEvents", &[("MaxRecords", "20"), ("Marker", marker)]).unwrap()
    };
    let first = page(&mut aws, "");
    assert_eq!(all(&first, "Event").len(), 20);
    let marker = one(&first, "Marker");
    let second = page(&mut aws, &marker);
    assert_eq!(all(&second, "Event").len(), 15);
    assert_eq!(one(&second, "Marker"), "");
    // The hour that is looked at goes on; what was seen is not seen again, and nothing is left out.
    aws.pass(40);
    let later = page(&mut aws, &marker);
    assert_eq!(all(&later, "Event"), all(&second, "Event"));
}

#[test]
fn what_is_asked_of_events_must_go_together() {
    let mut aws = Caller::with_group("2", |_| {});
    let source = ("SourceIdentifier", "orders");
    let (start, end) = ("2026-01-01T00:00:00Z", "2026-01-01T00:30:00Z");
    let codes = codes(
        &mut aws,
        &[
            &[source],
            &[("SourceType", "cluster")],
            &[("StartTime", start), ("Duration", "60")],
            &[("StartTime", end), ("EndTime", start)],
            &[("StartTime", "yesterday")],
            &[("Duration", "0")],
            &[("Duration", "20161")],
            &[("MaxRecords", "19")],
            &[("MaxRecords", "101")],
        ],
    );
    let (value, combination) = ("InvalidParameterValue", "InvalidParameterCombination");
    assert_eq!(
        codes,
        [combination, value, combination, combination, value, value, value, value, value]
    );
    let of_group = [("SourceType", "replication-group"), source, ("Duration", "20160")];
    let found = aws.ask("DescribeEvents", &of_group).unwrap();
    assert_eq!(all(&found, "SourceIdentifier"), ["orders"]);
    let between = [("StartTime", start), ("EndTime", "2026-01-01T00:07:00Z")];
    assert_eq!(all(&aws.ask("DescribeEvents", &between).unwrap(), "Event").len(), 0);
}

#[test]
fn some_topics_hear_nothing() {
    for (encrypted, shown) in [(true, "inactive"), (false, "active")] {
        let mut aws = Caller::new(|_| {});
        aws.world.with(|state| {
            let sns = &mut state.sns;
            let topics = if encrypted { &mut sns.encrypted } else { &mut sns.guarded };
            topics.insert(TOPIC.to_owned());
        });
        aws.create("orders", "1", &[("NotificationTopicArn", TOPIC)]).unwrap();
        aws.pass(10);
        assert_eq!(one(&aws.member("orders-001"), "TopicStatus"), shown);
        let heard = aws.world.take_effects();
        assert!(!heard.iter().any(|it| matches!(it, Effect::Publish { .. })), "{heard:?}");
        assert!(aws.events().contains(&"Cache cluster created".to_owned()));
    }
}

#[test]
fn the_default_version_is_the_newest() {
    let mut aws = Caller::new(|_| {});
    let mut versions = |asked: &[(&str, &str)]| {
        all(&aws.ask("DescribeCacheEngineVersions", asked).unwrap(), "EngineVersion")
    };
    let default = ("DefaultOnly", "true");
    assert_eq!(versions(&[default]), ["7.1", "8.1"]);
    assert_eq!(versions(&[default, ("Engine", "redis")]), ["7.1"]);
    assert_eq!(versions(&[default, ("Engine", "redis"), ("EngineVersion", "6")]), ["6.2"]);
    assert_eq!(versions(&[default, ("CacheParameterGroupFamily", "valkey7")]), ["7.2"]);
    assert_eq!(versions(&[("EngineVersion", "6")]), [""; 0]);
    assert_eq!(versions(&[("CacheParameterGroupFamily", "redis7")]), ["7.0", "7.1"]);
}
