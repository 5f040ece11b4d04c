//! Events to a topic, and logs.

use super::*;
use crate::asked::Asked;
use crate::log::{LogKind, LogStatus, LogView};

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:events";
const STATED: [(&str, &str); 3] = [
    ("NotificationTopicArn", TOPIC),
    ("SlowLog", "cloudwatch-logs:/orders/slow"),
    ("EngineLog", "kinesis-firehose:orders:text"),
];

/// As a group is that has all of it.
fn delivered() -> Scene {
    Scene::stated(&STATED)
}

fn view(kind: LogKind, to: &str, status: LogStatus) -> LogView {
    LogView { kind, delivery: to.parse().ok(), status }
}

/// The logs of a spec, as they are when all went well.
pub(super) fn logs_of(spec: &crate::provision::GroupSpec) -> Vec<LogView> {
    let active = |(kind, to)| LogView { kind, delivery: Some(to), status: LogStatus::Active };
    spec.logs().into_iter().map(active).collect()
}

fn slow(status: LogStatus) -> LogView {
    view(LogKind::Slow, "cloudwatch-logs:/orders/slow", status)
}

#[test]
fn what_is_told_as_stated_is_settled() {
    check(delivered(), "Settled");
}

#[test]
fn topic_and_logs_are_asked_for_in_one_call() {
    let bare = delivered().group(|it| {
        it.logs.clear();
        it.members[1].notification_topic = None;
    });
    check(bare.clone(), "Do: Ask { arn: \"arn:aws:elasticache:eu-west-1:1:replicationgroup:orders");
    let Next::Do(Step::Ask { asked, .. }) = plan(&bare.wanted, &bare.seen, at(NOW)) else {
        panic!()
    };
    assert!(tag::is_legal_value(&asked.called(at(NOW))));
    let asked = bare.tag(tag::ASKED, &asked.to_string());
    let Next::Do(step) = plan(&asked.wanted, &asked.seen, at(NOW)) else { panic!() };
    let Step::SetDelivery { change, .. } = step else { panic!("{step:?}") };
    assert_eq!(change.logs.len(), 2);
    assert!(change.topic.is_some());
}

#[test]
fn what_is_not_stated_is_turned_off() {
    let off = settled().group(|it| {
        it.logs = vec![slow(LogStatus::Active)];
        it.members[0].notification_topic = Some(TOPIC.to_owned());
    });
    let Next::Do(Step::Ask { asked, .. }) = plan(&off.wanted, &off.seen, at(NOW)) else { panic!() };
    let asked = off.tag(tag::ASKED, &asked.to_string());
    let Next::Do(Step::SetDelivery { change, .. }) = plan(&asked.wanted, &asked.seen, at(NOW))
    else {
        panic!()
    };
    assert_eq!(format!("{change:?}"), "DeliveryChange { topic: Some(Off), logs: [(Slow, None)] }");
}

#[test]
fn a_delivery_that_is_on_its_way_is_waited_for() {
    let scene = delivered().group(|it| it.logs[0].status = LogStatus::Changing);
    check(scene, "Wait: a modification to finish");
}

#[test]
fn a_delivery_that_fails_is_tried_once_and_then_told_with_the_services_words() {
    let failed = delivered().group(|it| {
        it.logs[0].status = LogStatus::Failed("there is no such log group".to_owned());
        it.members[1].notification_topic = None;
    });
    let Next::Do(Step::Ask { asked, .. }) = plan(&failed.wanted, &failed.seen, at(NOW)) else {
        panic!()
    };
    let asked = Asked { at: at("2026-01-02T02:51:00Z"), ..asked };
    let called = asked.called(at("2026-01-02T02:51:00Z"));
    let tried = failed.tag(tag::ASKED, &asked.to_string()).called(&called);
    let told = said(plan(&tried.wanted, &tried.seen, at(NOW)));
    for expected in [
        "Refuse: ",
        "SlowLog to cloudwatch-logs:/orders/slow:json failed: there is no such log group",
        "NotificationTopicArn arn:aws:sns:eu-west-1:123456789012:events is not active",
        "of orders-redis-production-002",
    ] {
        assert!(told.contains(expected), "{told}");
    }
}
