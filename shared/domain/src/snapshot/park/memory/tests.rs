use proptest::prelude::*;

use super::*;
use crate::log::{LogDelivery, LogDestination, LogFormat};
use crate::snapshot::sample;

/// The group as a park snapshot with these tags tells it.
fn told(group: &GroupView, carried: Tags) -> GroupView {
    let mut snapshot = sample::snapshot(group.id.as_str(), sample::TICK);
    let mut tags = carried;
    tags.insert(tag::OWNER.to_owned(), owner(&group.id, group.tags.as_ref().unwrap()));
    tags.insert(tag::GROUP.to_owned(), group.id.to_string());
    tags.extend(super::super::State::Taken.tags());
    assert!(tags.len() <= TAGS_MAX - 2, "{}", tags.len());
    assert!(tags.values().all(|it| tag::is_legal_value(it)), "{tags:?}");
    snapshot.tags = Some(tags);
    read(&group.id, &snapshot).unwrap()
}

/// What is the same of a group that was parked: all that a new one is made with.
fn comparable(group: &GroupView) -> String {
    let mut words = words(group);
    words.retain(|it| !it.starts_with("zone:"));
    words.sort();
    format!("{words:?} {:?}", mark::kept(group.tags.as_ref().unwrap()))
}

#[track_caller]
fn goes_through(group: &GroupView) {
    let carried = carried(group, group.tags.as_ref().unwrap()).unwrap();
    assert_eq!(comparable(&told(group, carried)), comparable(group));
}

#[test]
fn a_group_goes_through_the_tags_of_its_snapshot() {
    for nodes in 1..4 {
        goes_through(&sample::group("orders", nodes));
    }
    let mut adopted = sample::group("orders", 2);
    adopted.tags.as_mut().unwrap().remove(tag::OWNER);
    goes_through(&adopted);
    assert!(
        !told(&adopted, carried(&adopted, adopted.tags.as_ref().unwrap()).unwrap())
            .tags
            .unwrap()
            .contains_key(tag::OWNER)
    );
}

#[test]
fn words_tell_a_person_what_the_group_was() {
    let group = sample::group("orders", 2);
    let carried = carried(&group, group.tags.as_ref().unwrap()).unwrap();
    let first = &carried["cachewarden:park-memory-1"];
    assert!(first.starts_with("node-type:cache.t4g.small nodes:2 engine:redis"), "{first}");
    assert!(first.contains(" tls:required token:on "), "{first}");
    assert_eq!(carried["cachewarden:was:snapshot-keep"], "3");
    assert_eq!(carried["team"], "shop");
    assert!(!carried.contains_key("aws:cloudformation:stack-name"));
}

#[test]
fn what_does_not_fit_is_refused_with_its_numbers() {
    let mut group = sample::group("orders", 2);
    let tags = group.tags.as_mut().unwrap();
    tags.extend((0..46).map(|it| (format!("people-{it}"), "x".to_owned())));
    let said = carried(&group, group.tags.as_ref().unwrap()).unwrap_err().to_string();
    assert!(said.starts_with("what orders is beside its keys takes "), "{said}");
    assert!(said.contains("which can have 50"), "{said}");
}

#[test]
fn what_somebody_spoilt_is_not_taken_for_a_group() {
    let group = sample::group("orders", 2);
    let whole = carried(&group, group.tags.as_ref().unwrap()).unwrap();
    let first = format!("{}1", tag::PARK_MEMORY);
    for spoilt in ["", "nodes", "nodes:2", "nodes:many tls:required node-type:cache.t4g.small"] {
        let mut tags = whole.clone();
        tags.retain(|key, _| !key.starts_with(tag::PARK_MEMORY));
        tags.insert(first.clone(), spoilt.to_owned());
        let mut snapshot = sample::snapshot("orders", sample::TICK);
        snapshot.tags = Some(tags);
        assert_eq!(read(&group.id, &snapshot), None, "{spoilt}");
    }
}

prop_compose! {
    fn any_group()(
        nodes in 1..7_usize,
        shards in proptest::option::of(1..9_u32),
        description in ".{0,120}",
        users in proptest::collection::vec("[a-z]{1,40}", 0..3),
        security in proptest::collection::vec("sg-[0-9a-f]{17}", 0..6),
        log in "[a-zA-Z0-9._/#-]{1,200}",
        key in proptest::option::of("[a-f0-9-]{36}"),
        tls in 0..3_usize,
        flags in proptest::collection::vec(any::<bool>(), 6),
        people in 0..28_usize,
        value in "[a-zA-Z0-9 +=._:/@-]{0,256}",
    ) -> GroupView {
        let mut group = sample::group("orders", nodes);
        group.description = description;
        group.user_groups = users;
        group.tls = [Tls::Off, Tls::Preferred, Tls::Required][tls];
        group.kms_key = key.map(|it| format!("arn:aws:kms:us-east-1:123456789012:key/{it}"));
        group.auto_minor_version_upgrade = Some(flags[0]).filter(|_| flags[1]);
        group.at_rest_encryption = flags[2];
        group.auth_token_enabled = flags[3];
        group.data_tiering = flags[4];
        if flags[5] {
            let delivery = LogDelivery { to: LogDestination::Group(log), format: LogFormat::Text };
            let (kind, status) = (LogKind::Slow, LogStatus::Active);
            group.logs = vec![LogView { kind, delivery: Some(delivery), status }];
        }
        if let Some(shards) = shards {
            let shards_ids = ids(&group.id, Some(shards), 2).unwrap();
            let model = group.members[0].clone();
            group.member_ids = shards_ids.iter().flatten().cloned().collect();
            group.members = group.member_ids.iter().map(|id| MemberView { id: id.clone(), ..model.clone() }).collect();
            group.shards = shards_ids.into_iter().enumerate().map(shard).collect();
            group.cluster_enabled = true;
            group.configuration_endpoint = group.primary_endpoint.take();
        }
        for member in &mut group.members {
            member.security_groups.clone_from(&security);
        }
        let tags = group.tags.as_mut().unwrap();
        tags.extend((0..people).map(|it| (format!("people:{it}"), value.clone())));
        group
    }
}

proptest! {
    /// Whatever an ordinary group is like, it fits, and comes back so.
    #[test]
    fn every_group_goes_through_the_tags_of_its_snapshot(group in any_group()) {
        let carried = carried(&group, group.tags.as_ref().unwrap()).unwrap();
        prop_assert_eq!(comparable(&told(&group, carried)), comparable(&group));
    }

    #[test]
    fn parts_are_the_whole_again_and_none_may_be_trimmed(words in proptest::collection::vec("[a-z:=0-9]{1,300}", 1..20)) {
        let parts = parts(&words);
        prop_assert_eq!(parts.concat(), words.join(" "));
        for part in parts {
            prop_assert!(part.trim() == part && part.chars().count() <= tag::VALUE_LEN_MAX);
        }
    }
}
