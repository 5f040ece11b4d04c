//! What is otherwise than on the source and harms nobody.

use super::*;
use crate::log::{LogKind, LogStatus, LogView};

#[track_caller]
fn check_remarks(spoil: fn(&mut GroupView), expected: &[&str]) {
    let mut view = there();
    spoil(view.target.as_mut().unwrap());
    let said: Vec<_> = restore().remarks(&view).iter().map(ToString::to_string).collect();
    assert_eq!(said, expected);
    check(&view, "put 5 alarms");
}

#[test]
fn what_harms_nobody_is_told_and_the_group_is_good() {
    check_remarks(|_| {}, &[]);
    check_remarks(
        |it| {
            for member in &mut it.members {
                member.maintenance_window = "mon:01:00-mon:02:00".to_owned();
                member.notification_topic = Some("arn:aws:sns:us-east-1:1:other".to_owned());
            }
        },
        &[
            "the maintenance window is mon:01:00-mon:02:00, not sun:05:00-sun:06:00",
            "the topic is arn:aws:sns:us-east-1:1:other, not none",
        ],
    );
    check_remarks(
        |it| (it.snapshot_window, it.snapshot_retention_days) = ("08:00-09:00".to_owned(), 0),
        &[
            "the retention of automatic snapshots is off, not 7 days",
            "the snapshot window is 08:00-09:00, not 03:00-04:00",
        ],
    );
    check_remarks(|it| it.kms_key = Some("key".to_owned()), &["the key is key, not none"]);
    check_remarks(
        |it| it.auto_minor_version_upgrade = Some(false),
        &["the upgrade of minor versions is off, not on"],
    );
    check_remarks(
        |it| it.network_type = "dual_stack".to_owned(),
        &["the network is dual_stack led to by ipv4, not ipv4 led to by ipv4"],
    );
}

#[test]
fn a_log_that_is_not_delivered_is_told_with_its_reason() {
    let log = |status| LogView {
        kind: LogKind::Slow,
        delivery: "cloudwatch-logs:/orders/slow".parse().ok(),
        status,
    };
    let mut view = there();
    view.source.as_mut().unwrap().logs = vec![log(LogStatus::Active)];
    let said = |view: &RestoreView| {
        restore().remarks(view).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(said(&view), ["the slow log is off, not cloudwatch-logs:/orders/slow:json"]);
    view.target.as_mut().unwrap().logs = vec![log(LogStatus::Failed("no such group".to_owned()))];
    assert_eq!(
        said(&view),
        [
            "the slow log is cloudwatch-logs:/orders/slow:json, which fails: no such group, not cloudwatch-logs:/orders/slow:json"
        ]
    );
    view.target.as_mut().unwrap().logs = vec![log(LogStatus::Active)];
    assert_eq!(said(&view), [""; 0]);
}

#[test]
fn a_tag_that_is_otherwise_is_told() {
    let mut view = there();
    let tags = view.target.as_mut().unwrap().tags.as_mut().unwrap();
    tags.insert("team".to_owned(), "other".to_owned());
    tags.insert("more".to_owned(), "is no matter".to_owned());
    let said: Vec<_> = restore().remarks(&view).iter().map(ToString::to_string).collect();
    assert_eq!(said, ["the tags is team=other, not team=shop"]);
}

#[test]
fn nothing_is_told_of_a_group_that_is_not_there() {
    let mut view = there();
    view.target.as_mut().unwrap().status = GroupStatus::Modifying;
    view.source.as_mut().unwrap().snapshot_retention_days = 1;
    assert_eq!(restore().remarks(&view), []);
}
