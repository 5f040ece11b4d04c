use super::super::upkeep::{AlarmSet, Upkeep};
use super::super::*;
use crate::snapshot::sample;
use crate::{GroupStatus, GroupView, NodeType, Tags, tag};

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:people";

/// A group of two nodes with these tags.
fn tagged(tags: &[(&str, &str)]) -> GroupView {
    let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    GroupView { tags: Some(tags.collect()), ..sample::group("orders", 2) }
}

fn set_of(group: &GroupView) -> AlarmSet {
    AlarmSet::in_passing(group).unwrap().unwrap()
}

/// The alarms of a set as they would be seen, telling these topics.
fn seen(set: &AlarmSet, topics: &[&str]) -> Vec<AlarmView> {
    let topics: Vec<String> = topics.iter().map(|it| (*it).to_owned()).collect();
    set.specs.iter().map(|it| AlarmView::of(it, &topics)).collect()
}

/// What is put, deleted and left alone.
#[track_caller]
fn check(upkeep: &Upkeep, expected: [&[&str]; 3]) {
    let put: Vec<&str> = upkeep.put.iter().map(|it| it.name.as_str()).collect();
    assert_eq!([put, names(&upkeep.delete), names(&upkeep.foreign)], expected);
}

fn names(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

#[test]
fn alarms_of_others_are_neither_overwritten_nor_deleted() {
    let set = set_of(&tagged(&[(tag::ALARMS, "on"), (tag::ALARM_TOPICS, TOPIC)]));
    let mut there = seen(&set, &[TOPIC]);
    check(&set.upkeep(&there, |_| true), [&[], &[], &[]]);
    check(&set.upkeep(&there, |_| false), [&[], &[], &[]]);

    there[0].threshold = 60.0;
    let former = AlarmView { name: "orders/cpu-2".to_owned(), ..there[1].clone() };
    there.push(former);
    check(&set.upkeep(&there, |_| true), [&["orders/cpu"], &["orders/cpu-2"], &[]]);
    check(&set.upkeep(&there, |_| false), [&[], &[], &["orders/cpu"]]);
}

#[test]
fn another_node_type_is_watched_otherwise() {
    let mut group = tagged(&[(tag::AUTOSCALE, "off"), (tag::ALARM_TOPICS, TOPIC)]);
    let there = seen(&set_of(&group), &[TOPIC]);
    group.node_type = Some(NodeType::parse("cache.m7g.xlarge").unwrap());
    let upkeep = set_of(&group).upkeep(&there, |_| true);
    check(&upkeep, [&["orders/engine-cpu"], &["orders/cpu"], &[]]);
}

#[test]
fn only_a_group_of_ours_that_is_at_rest_is_seen_to_in_passing() {
    let sets = |group: &GroupView| AlarmSet::in_passing(group).map(|it| it.is_some());
    assert_eq!(sets(&tagged(&[(tag::AUTOSCALE, "off")])), Ok(true));
    assert_eq!(sets(&tagged(&[(tag::ALARMS, "off")])), Ok(true), "what is left behind goes");
    assert_eq!(sets(&tagged(&[("team", "shop")])), Ok(false));
    let mut group = tagged(&[(tag::ALARMS, "on")]);
    group.status = GroupStatus::Modifying;
    assert_eq!(sets(&group), Ok(false));
    group = GroupView { status: GroupStatus::Available, tags: None, ..group };
    assert_eq!(sets(&group), Ok(false));
    let problems = sets(&tagged(&[(tag::ALARMS, "on"), (tag::ALARM_TOPICS, "nowhere")]));
    assert!(problems.unwrap_err().to_string().starts_with("cachewarden:alarm-topic: \"nowhere\""));
}

#[test]
fn alarms_belong_to_the_group_and_its_owner() {
    let set = set_of(&tagged(&[(tag::ALARMS, "on"), (tag::OWNER, "stack/Cache"), ("team", "a")]));
    let expected = [(tag::GROUP, "orders"), (tag::OWNER, "stack/Cache")];
    let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(set.tags, Tags::from(expected));
    let off = set_of(&tagged(&[(tag::ALARMS, "off")]));
    assert_eq!(off.specs, Vec::new());
}

#[test]
fn two_installations_do_not_turn_a_topic_to_and_fro() {
    let of_any = set_of(&tagged(&[(tag::AUTOSCALE, "full")]));
    let there = seen(&of_any, &[TOPIC]);
    assert!(of_any.upkeep(&there, |_| true).is_nothing(), "whichever it tells");
    let mute = seen(&of_any, &[]);
    assert_eq!(of_any.upkeep(&mute, |_| true).put.len(), 5, "it has to tell one");
    let named = set_of(&tagged(&[(tag::AUTOSCALE, "full"), (tag::ALARM_TOPICS, TOPIC)]));
    assert!(named.upkeep(&there, |_| true).is_nothing());
    let elsewhere = seen(&named, &["arn:aws:sns:us-east-1:123456789012:other"]);
    assert_eq!(named.upkeep(&elsewhere, |_| true).put.len(), 5);
}
