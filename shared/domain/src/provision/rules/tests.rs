use super::super::parse::tests::{owner, properties, spec};
use super::super::{Parsed, parse};
use super::*;

type Over<'a> = &'a [(&'a str, &'a str)];

fn with(over: Over<'_>) -> Map<String, Value> {
    let mut map = properties();
    for (name, value) in over {
        map.insert((*name).to_owned(), Value::from(*value));
    }
    map
}

fn told(parsed: Parsed) -> String {
    parsed.err().map_or("fine".to_owned(), |it| it.to_string())
}

/// What is told of a cache that is made so.
#[track_caller]
fn made(over: Over<'_>, expected: &str) {
    let told = told(parse(&with(over), &owner(), None));
    assert!(told.contains(expected), "{told:?} does not hold {expected:?}");
}

/// What is told of an update from one to the other.
#[track_caller]
fn updated(before: Over<'_>, now: Over<'_>, expected: &str) {
    let told = told(parse(&with(now), &owner(), Some(&with(before))));
    assert!(told.contains(expected), "{told:?} does not hold {expected:?}");
}

const NIGHT: (&str, &str) = ("SnapshotWindow", "03:00-05:00");
const AWAY: (&str, &str) = ("AlarmSnsTopicArn", "arn:aws:sns:us-east-1:123456789012:people");

#[test]
fn windows_may_touch_and_not_overlap() {
    let check = |window: &str, expected: &str| {
        made(&[NIGHT, ("MaintenanceWindow", window)], expected);
    };
    check(
        "sun:04:00-sun:06:00",
        "SnapshotWindow: 03:00-05:00 overlaps MaintenanceWindow sun:04:00-sun:06:00: ElastiCache wants the two apart",
    );
    check("sat:23:00-sun:03:30", "overlaps");
    check("sun:03:15-sun:04:45", "overlaps");
    check("mon:00:00-tue:02:00", "overlaps");
    check("sun:23:00-mon:03:01", "overlaps");
    check("sun:05:00-sun:07:00", "fine");
    check("sun:01:00-sun:03:00", "fine");
    check("sun:22:00-mon:01:00", "fine");
    let late = ("SnapshotWindow", "23:30-00:30");
    made(&[late, ("MaintenanceWindow", "mon:00:00-mon:02:00")], "overlaps");
    made(&[late, ("MaintenanceWindow", "mon:00:30-mon:02:00")], "fine");
    let overlapping = [NIGHT, ("MaintenanceWindow", "sun:04:00-sun:06:00")];
    made(&[&overlapping[..], &[("SnapshotRetentionLimit", "0")]].concat(), "fine");
    made(&[NIGHT], "fine");
}

#[test]
fn a_topic_stands_where_the_stack_stands() {
    made(&[("AlarmSnsTopicArn", "arn:aws:sns:eu-west-1:123456789012:people")], "fine");
    made(
        &[AWAY],
        "AlarmSnsTopicArn: \"arn:aws:sns:us-east-1:123456789012:people\" is in us-east-1, and the stack in eu-west-1",
    );
    // The topic of a central account.
    made(&[("AlarmSnsTopicArn", "arn:aws:sns:eu-west-1:210987654321:people")], "fine");
    made(&[AWAY, ("EnableAlarms", "false")], "fine");
    assert!(parse(&with(&[AWAY]), &Owner::new("stack", "Cache"), None).is_ok(), "no ARN, no rule");
}

#[test]
fn a_ceiling_runs_the_version() {
    let most = ("AutoscaleMaxNodeType", "cache.m7g.large");
    made(
        &[most, ("RedisEngineVersion", "6.0")],
        "AutoscaleMaxNodeType: cache.m7g.large runs Redis from 6.2 on, and RedisEngineVersion is 6.0",
    );
    made(&[most, ("RedisEngineVersion", "6.2")], "fine");
}

#[test]
fn a_cache_that_fails_over_keeps_a_replica() {
    let none = ("AutoscaleMinReplicas", "0");
    made(&[none], "AutoscaleMinReplicas: 0 is less than 1: a cache of RedisNumCacheNodes 2");
    made(&[none, ("EnableMultiAz", "false")], "0 is less than 1");
    made(&[none, ("RedisNumCacheNodes", "1")], "fine");
    let shards = ("ClusterMode", "enabled");
    made(
        &[none, shards],
        "AutoscaleMinReplicas: 0 is less than 1: a cache with EnableMultiAz true has a second zone",
    );
    made(&[none, shards, ("EnableMultiAz", "false")], "fine");
    made(&[("AutoscaleMinReplicas", "1")], "fine");
}

#[test]
fn an_old_version_does_not_upgrade_itself() {
    let old = ("RedisEngineVersion", "5.0.6");
    let rule = "is not heeded with RedisEngineVersion 5.0.6";
    made(&[old, ("AutoMinorVersionUpgrade", "true")], rule);
    made(&[old, ("AutoMinorVersionUpgrade", "false")], rule);
    made(&[old, ("AutoMinorVersionUpgrade", "")], "fine");
    made(&[old], "fine");
    made(&[("RedisEngineVersion", "6.0"), ("AutoMinorVersionUpgrade", "false")], "fine");
}

#[test]
fn what_must_not_be_deleted_is_not_parked() {
    let (night, held) = (("NightPark", "true"), ("DeletionProtection", "true"));
    let rule = "NightPark: is true, and DeletionProtection is true: a cache that is parked is deleted for the night";
    made(&[night, held], rule);
    updated(&[held], &[night, held], rule);
    updated(&[night], &[night, held], rule);
    made(&[night], "fine");
    made(&[held], "fine");
    made(&[held, ("NightPark", "false")], "fine");
    // From one to the other, and back after a request that was refused.
    updated(&[held], &[night], "fine");
    updated(&[night, held], &[held], "fine");
    updated(&[night, held], &[night], "fine");
}

/// Every value that a rule is against, as it may have stood before there was the rule.
const STOOD: Over<'static> = &[
    NIGHT,
    AWAY,
    ("MaintenanceWindow", "sun:04:00-sun:06:00"),
    ("AutoscaleMaxNodeType", "cache.m7g.large"),
    ("AutoscaleMinReplicas", "0"),
    ("AutoMinorVersionUpgrade", "true"),
    ("RedisEngineVersion", "5.0.6"),
];

#[test]
fn all_rules_are_told_at_once() {
    let bad = with(&[STOOD, &[("Colour", "red")]].concat());
    let problems = parse(&bad, &owner(), None).unwrap_err();
    let names: Vec<_> = problems.iter().map(|it| it.name.as_str()).collect();
    let expected = [
        "Colour",
        "SnapshotWindow",
        "AlarmSnsTopicArn",
        "AutoscaleMaxNodeType",
        "AutoscaleMinReplicas",
        "AutoMinorVersionUpgrade",
    ];
    assert_eq!(names, expected);
}

#[test]
fn an_update_is_not_refused_for_what_stood_before_the_rule() {
    updated(STOOD, STOOD, "fine");
    let now = [STOOD, &[("SnapshotKeep", "3"), ("RotationDays", "7")]].concat();
    updated(STOOD, &now, "fine");
    updated(&now, STOOD, "fine");
    let spelt = [STOOD, &[("SnapshotRetentionLimit", " 7 ")]].concat();
    updated(&spelt, &[STOOD, &[("SnapshotRetentionLimit", "7")]].concat(), "fine");
}

#[test]
fn the_way_back_from_an_update_that_broke_a_rule_is_free() {
    // The update is refused; on the way back it is what stood before, and has to be read too.
    updated(&[], STOOD, "overlaps");
    updated(STOOD, &[], "fine");
    updated(STOOD, STOOD, "fine");
}

#[test]
fn what_aws_does_not_heed_may_come_back() {
    let old = [
        ("AutoscaleMaxNodeType", "cache.m7g.large"),
        ("AutoscaleMinReplicas", "0"),
        ("AutoMinorVersionUpgrade", "true"),
        ("RedisEngineVersion", "5.0.6"),
    ];
    updated(&[("RedisEngineVersion", "5.0.6")], &old, "fine");
}

#[test]
fn what_aws_refuses_is_refused_where_it_is_new() {
    let sunday = ("MaintenanceWindow", "sun:04:00-sun:06:00");
    let off = ("SnapshotRetentionLimit", "0");
    updated(&[NIGHT, sunday, off], &[NIGHT, sunday], "overlaps");
    updated(&[sunday], &[NIGHT, sunday], "overlaps");
    updated(&[AWAY, ("EnableAlarms", "false")], &[AWAY], "of its own region");
}

#[test]
fn the_topics_have_room_in_their_tag() {
    let ours = Arn::parse("arn:aws:sns:eu-west-1:123456789012:cachewarden-alarms").unwrap();
    let topic = |length: usize| {
        let start = "arn:aws:sns:eu-west-1:123456789012:";
        spec(&[("AlarmSnsTopicArn", &format!("{start}{}", "t".repeat(length - start.len())))])
    };
    let room = tag::VALUE_LEN_MAX - ours.as_str().len() - 1;
    assert_eq!(topics(&topic(room), None, &ours), Ok(()));
    let long = topic(room + 1);
    let problems = topics(&long, None, &ours).unwrap_err().to_string();
    assert!(problems.contains("make 257 characters"), "{problems}");
    assert_eq!(topics(&long, Some(&long), &ours), Ok(()), "it stood before");
    assert_eq!(topics(&spec(&[]), None, &ours), Ok(()));
}

#[test]
fn events_go_to_a_topic_of_the_stacks_region_and_account() {
    let topic = |place: &str| format!("arn:aws:sns:{place}:events");
    let of =
        |place: &str, expected: &str| made(&[("NotificationTopicArn", &topic(place))], expected);
    of("eu-west-1:123456789012", "fine");
    of(
        "us-east-1:123456789012",
        "of us-east-1 in account 123456789012, and the stack of eu-west-1",
    );
    of("eu-west-1:210987654321", "ElastiCache tells a topic of its own region and account");
    let away = topic("us-east-1:123456789012");
    updated(&[("NotificationTopicArn", &away)], &[("NotificationTopicArn", &away)], "fine");
}

#[test]
fn a_key_is_one_of_the_stacks_region_and_has_something_to_encrypt() {
    let key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd";
    made(&[("KmsKeyArn", key)], "fine");
    made(&[("KmsKeyArn", &key.replace("eu-west-1", "us-east-1"))], "a key of its own region");
    made(&[("KmsKeyArn", &key.replace("key/1234abcd", "alias/orders"))], "is not the ARN of a key");
    made(&[("KmsKeyArn", &key.replace(":kms:", ":sns:"))], "is an ARN of sns, not of kms");
    made(&[("KmsKeyArn", key), ("EnableEncryptionAtRest", "false")], "nothing to encrypt with it");
}
