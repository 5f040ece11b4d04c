//! What is done next where clients are led by their secret, in every state in which a run may have left it.

use std::collections::BTreeSet;

use super::*;
use crate::Tags;
use crate::alarm::AlarmView;
use crate::rotate::{Credential, Label, Labels, SecretView, Value, read};
use crate::snapshot::sample::{self, TICK, equipped as group};
use crate::snapshot::{SnapshotStatus, SnapshotView};

const SNAPSHOT: &str = "orders-daily-202601020304";
const BEFORE: &str = "orders-before-1a2b3c4d";
const VERSION: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";
const OLDER: &str = "1f8fad5b-d9cb-469f-a165-70867728950e";
const TOKEN: &str = "planted-token-0123456789";
const NOW: &str = "2026-01-03T12:00:00Z";
const DAY: SignedDuration = SignedDuration::from_hours(24);

fn id(text: &str) -> GroupId {
    GroupId::parse(text).unwrap()
}

fn said() -> Said {
    Said { group: id("orders"), snapshot: SNAPSHOT.to_owned(), request: "1a2b3c4d".to_owned() }
}

fn forth() -> Switch {
    Switch::forth(said(), DAY).unwrap()
}

fn back() -> Switch {
    Switch::back(id("orders-r2"), id("orders"), "5e6f7a8b".to_owned(), DAY).unwrap()
}

fn policies() -> Tags {
    let mut tags = sample::policy();
    let passing = [tag::ASKED, tag::AUTOSCALE_CHANGE, tag::AUTOSCALE_WATCH];
    for key in passing.into_iter().chain(["aws:cloudformation:stack-name"]) {
        tags.remove(key);
    }
    tags.insert(tag::OWNER.to_owned(), "by-hand/orders".to_owned());
    tags
}

fn value(token: &str, host: &str) -> Value {
    let text = format!(
        r#"{{"token":"{token}","username":"default","tls":true,"host":"{host}","port":6379,"team":"shop"}}"#
    );
    let (token, document) = read(&text, Credential::Token).unwrap();
    Value::Token(token, document, None)
}

fn version_id(text: &str) -> VersionId {
    VersionId::parse(text).unwrap()
}

fn labels(of: &[(&str, Label)]) -> Labels {
    of.iter().map(|(id, label)| (version_id(id), BTreeSet::from([*label]))).collect()
}

fn secret() -> SecretSeen {
    let arn = policies()[tag::SECRET].clone();
    let tags = [
        (tag::OWNER, "by-hand/orders"),
        (tag::GROUP, "orders"),
        (tag::SECRET_FORMAT, "json"),
        (tag::SECRET_WRITTEN, "json master.orders:6379"),
    ];
    SecretSeen {
        secret: SecretView {
            arn: Arn::parse(&arn).unwrap(),
            tags: tags.map(|(key, it)| (key.to_owned(), it.to_owned())).into(),
            rotation_enabled: true,
            is_leaving: false,
            labels: labels(&[(VERSION, Label::Current)]),
            last_rotated: None,
            next_rotation: None,
            last_changed: None,
        },
        current: value(TOKEN, "master.orders"),
        previous: Value::Absent,
        taken: Value::Absent,
    }
}

fn fresh() -> SwitchView {
    SwitchView {
        groups: InPlaceView {
            group: Some(group("orders", policies(), "a cache")),
            snapshot: Some(sample::snapshot("orders", TICK)),
            ..InPlaceView::default()
        },
        secret: Some(secret()),
    }
}

fn next(switch: &Switch, view: &SwitchView) -> Step {
    switch.plan(view, Catalog::embedded(), NOW.parse().unwrap())
}

fn words(next: &Step) -> String {
    match next {
        Next::Settled => "settled".to_owned(),
        Next::Wait(wait) => format!("wait: {}", wait.on),
        Next::Refuse(refusal) => format!("refuse: {refusal}"),
        Next::Do(step) => match step {
            SwitchStep::Create { plan, .. } => format!("make {} of {}", plan.target, plan.snapshot),
            SwitchStep::Save { name, .. } => format!("save {name}"),
            SwitchStep::PutAlarms(set) => format!("put {} alarms", set.specs.len()),
            SwitchStep::Hold { .. } => "hold".to_owned(),
            SwitchStep::SetAside { aside, .. } => format!("set aside until {}", aside.until),
            SwitchStep::Name { to, .. } => format!("name {to}"),
            SwitchStep::Lead { to, .. } => format!("lead to {to}"),
            SwitchStep::Adopt { group, .. } => format!("adopt {group}"),
            SwitchStep::Release { .. } => "release".to_owned(),
            SwitchStep::Dismiss { group, why } => format!("dismiss {group}: {why}"),
        },
    }
}

#[track_caller]
fn check(view: &SwitchView, expected: &str) {
    let said = words(&next(&forth(), view));
    assert!(said.starts_with(expected), "{said}\nis not\n{expected}");
}

#[track_caller]
fn check_back(view: &SwitchView, expected: &str) {
    let said = words(&next(&back(), view));
    assert!(said.starts_with(expected), "{said}\nis not\n{expected}");
}

fn retag(group: &mut Option<GroupView>, arn: &str, added: Tags, gone: &[String]) {
    let group = group.as_mut().filter(|it| it.arn == arn).expect("the group that is tagged");
    let tags = group.tags.as_mut().unwrap();
    tags.extend(added);
    tags.retain(|key, _| !gone.contains(key));
}

/// What is there after a step, as if AWS took no time.
fn after(step: SwitchStep, view: &mut SwitchView) {
    let seen = view.secret.as_mut().unwrap();
    let groups = &mut view.groups;
    match step {
        SwitchStep::Create { plan, .. } => {
            groups.stand_in = Some(group(plan.target.as_str(), plan.tags, &plan.description));
        }
        SwitchStep::Save { name, .. } => {
            let of = groups.group.as_ref().unwrap().id.to_string();
            let saved = sample::snapshot(&of, TICK);
            groups.before = Some(SnapshotView { name: name.to_string(), ..saved });
        }
        SwitchStep::PutAlarms(set) => {
            groups.alarms.extend(set.specs.iter().map(|it| AlarmView::of(it, &[])));
        }
        SwitchStep::Hold { tags, .. } | SwitchStep::Name { tags, .. } => {
            seen.secret.tags.extend(tags);
        }
        SwitchStep::SetAside { arn, tags, gone, .. } => {
            retag(&mut groups.group, &arn, tags, &gone);
        }
        SwitchStep::Lead { from, version, text, .. } => {
            let (token, document) = read(text.expose(), Credential::Token).unwrap();
            let before = std::mem::replace(&mut seen.current, Value::Token(token, document, None));
            seen.previous = before;
            let (from, version) = (from.to_string(), version.to_string());
            seen.secret.labels = labels(&[(&version, Label::Current), (&from, Label::Previous)]);
        }
        SwitchStep::Adopt { arn, tags, gone, .. } => {
            retag(&mut groups.stand_in, &arn, tags, &gone);
        }
        SwitchStep::Release { .. } => drop(seen.secret.tags.remove(tag::IN_PLACE)),
        SwitchStep::Dismiss { .. } => groups.stand_in = None,
    }
}

/// All that is done from here on, until nothing is left to do.
fn road(switch: &Switch, mut view: SwitchView) -> (Vec<String>, Vec<SwitchView>) {
    let (mut told, mut views) = (Vec::new(), vec![view.clone()]);
    for _ in 0..30 {
        let next = next(switch, &view);
        told.push(words(&next));
        let Next::Do(step) = next else { return (told, views) };
        after(step, &mut view);
        views.push(view.clone());
    }
    panic!("it goes in circles: {told:?}");
}

/// What is there when clients were led forth, seen for the way back.
fn led() -> SwitchView {
    let (_, views) = road(&forth(), fresh());
    let SwitchView { groups, secret } = views.last().unwrap().clone();
    let (group, stand_in) = (groups.stand_in, groups.group);
    SwitchView { groups: InPlaceView { group, stand_in, ..InPlaceView::default() }, secret }
}

const FORTH: [&str; 10] = [
    "make orders-r2 of orders-daily-202601020304",
    "save orders-before-1a2b3c4d",
    "put 5 alarms",
    "hold",
    "set aside until 2026-01-04T12:00:00Z",
    "name orders-r2",
    "lead to orders-r2",
    "adopt orders-r2",
    "release",
    "settled",
];

#[test]
fn clients_are_led_only_to_what_was_seen_and_the_old_one_is_saved_before() {
    let (told, views) = road(&forth(), fresh());
    assert_eq!(told, FORTH);
    let last = views.last().unwrap();
    let to = last.groups.stand_in.as_ref().unwrap();
    let mut tags = to.tags.clone().unwrap();
    assert_eq!(
        tags.remove(tag::IN_PLACE).as_deref(),
        Some("orders-daily-202601020304 by 1a2b3c4d: finished")
    );
    assert_eq!(tags.remove(tag::RESTORED_FROM).as_deref(), Some(SNAPSHOT));
    assert_eq!(tags.remove(tag::TAKES).as_deref(), Some(VERSION));
    assert_eq!(tags, policies(), "the new one has the tags of the old one");
    let old = last.groups.group.as_ref().unwrap().tags.clone().unwrap();
    for key in [tag::SNAPSHOT_KEEP, tag::AUTOSCALE, tag::DRILL_DAYS] {
        assert!(!old.contains_key(key), "nobody acts on the one that stands aside: {old:?}");
    }
    assert!(old.values().all(|it| tag::is_legal_value(it)), "{old:?}");
    let seen = last.secret.as_ref().unwrap();
    assert_eq!(seen.secret.tags[tag::GROUP], "orders-r2");
    assert_eq!(seen.secret.tags[tag::SECRET_WRITTEN], "json master.orders-r2:6379");
    assert_eq!(seen.current.token(), value(TOKEN, "x").token());
    assert!(seen.leads_to(to) && seen.is_quiet());
}

#[test]
fn whoever_comes_after_a_death_goes_on_from_what_is_there() {
    let (told, views) = road(&forth(), fresh());
    for (index, view) in views.into_iter().enumerate() {
        let (rest, _) = road(&forth(), view);
        assert_eq!(rest, told[index..], "after {index} steps");
    }
    let (told, views) = road(&back(), led());
    for (index, view) in views.into_iter().enumerate() {
        let (rest, _) = road(&back(), view);
        assert_eq!(rest, told[index..], "after {index} steps back");
    }
}

#[test]
fn whoever_dies_between_the_tags_that_come_and_those_that_go_goes_on() {
    let (_, views) = road(&forth(), fresh());
    let mut half = views[4].clone();
    let Next::Do(SwitchStep::SetAside { tags, .. }) = next(&forth(), &half) else { panic!() };
    half.groups.group.as_mut().unwrap().tags.as_mut().unwrap().extend(tags);
    let (rest, _) = road(&forth(), half);
    assert_eq!(rest, FORTH[4..]);
    let mut half = views[7].clone();
    let Next::Do(SwitchStep::Adopt { tags, .. }) = next(&forth(), &half) else { panic!() };
    half.groups.stand_in.as_mut().unwrap().tags.as_mut().unwrap().extend(tags);
    let (rest, _) = road(&forth(), half);
    assert_eq!(rest, FORTH[7..]);
}

#[test]
fn the_way_back_is_the_same_the_other_way() {
    let (told, views) = road(&back(), led());
    assert_eq!(
        told,
        [
            "save orders-r2-before-5e6f7a8b",
            "put 5 alarms",
            "hold",
            "set aside until 2026-01-04T12:00:00Z",
            "name orders",
            "lead to orders",
            "adopt orders",
            "release",
            "settled",
        ]
    );
    let last = views.last().unwrap();
    let mut tags = last.groups.stand_in.as_ref().unwrap().tags.clone().unwrap();
    assert!(tags.remove(tag::TAKES).is_some());
    assert_eq!(tags, policies(), "it is as it was");
    // And whoever still asks for the way there is told.
    let SwitchView { groups, secret } = last.clone();
    let (group, stand_in) = (groups.stand_in, groups.group);
    let view = SwitchView { groups: InPlaceView { group, stand_in, ..groups }, secret };
    check(&view, "refuse: the clients of orders were led back to it, and orders-r2 stands aside");
}

#[test]
fn a_group_that_is_gone_is_no_reason_to_leave_clients_with_it() {
    let mut view = led();
    view.groups.group = None;
    let (told, _) = road(&back(), view);
    assert_eq!(told[1..4], ["hold", "name orders", "lead to orders"]);
}

#[test]
fn a_token_that_was_changed_since_opens_nothing_that_stood_aside() {
    let mut view = led();
    let seen = view.secret.as_mut().unwrap();
    seen.current = value("another-token-0123456789", "master.orders-r2");
    seen.secret.labels = labels(&[(OLDER, Label::Current)]);
    check_back(&view, "refuse: orders may not take the token that the secret holds now");
    // The same token as another version is the same token.
    let mut view = led();
    let seen = view.secret.as_mut().unwrap();
    seen.taken = seen.current.clone();
    seen.secret.labels = labels(&[(OLDER, Label::Current)]);
    check_back(&view, "save");
    let (_, views) = road(&forth(), fresh());
    let mut rotated = views[4].clone();
    let seen = rotated.secret.as_mut().unwrap();
    seen.current = value("another-token-0123456789", "master.orders");
    seen.secret.labels = labels(&[(OLDER, Label::Current)]);
    check(&rotated, "release");
    rotated.secret.as_mut().unwrap().secret.tags.remove(tag::IN_PLACE);
    check(&rotated, "dismiss orders-r2: orders-r2 may not take the token");
}

#[test]
fn a_rotation_comes_first_and_waits_for_nobody_who_waits_for_it() {
    let rotating = |at: usize| {
        let (_, views) = road(&forth(), fresh());
        let mut view = views[at].clone();
        let seen = view.secret.as_mut().unwrap();
        seen.secret.labels = labels(&[(VERSION, Label::Current), (OLDER, Label::Pending)]);
        view
    };
    check(&rotating(0), "refuse: a rotation of the secret arn:");
    check(&rotating(3), "wait: the rotation of arn:");
    check(&rotating(4), "release");
    // A token that is in its grace opens the old one still, and would open it on the way back.
    let mut grace = fresh();
    let seen = grace.secret.as_mut().unwrap();
    seen.previous = value("another-token-0123456789", "master.orders");
    seen.secret.labels = labels(&[(VERSION, Label::Current), (OLDER, Label::Previous)]);
    check(&grace, "refuse: a rotation of the secret arn:");
    let seen = grace.secret.as_mut().unwrap();
    let proven = format!("{VERSION} at 2026-01-01T00:00:00Z");
    seen.secret.tags.insert(tag::REVOKED.to_owned(), proven);
    check(&grace, "make orders-r2");
}

#[test]
fn whoever_holds_the_secret_is_alone_and_lets_go_by_the_time() {
    let (_, views) = road(&forth(), fresh());
    let held = |text: &str| {
        let mut view = views[3].clone();
        let tags = &mut view.secret.as_mut().unwrap().secret.tags;
        tags.insert(tag::IN_PLACE.to_owned(), text.to_owned());
        view
    };
    check(&held("orders-r2 by 5e6f7a8b until 2026-01-03T12:20:00Z"), "wait: another address");
    check(&held("orders-r2 by 5e6f7a8b until 2026-01-03T11:59:00Z"), "hold");
    // With little time left it is held anew before anything is written.
    check(&held("orders-r2 by 1a2b3c4d until 2026-01-03T12:10:00Z"), "hold");
    check(&held("orders-r2 by 1a2b3c4d until 2026-01-03T12:20:00Z"), "set aside");
}

#[test]
fn a_text_put_into_the_secret_meanwhile_is_kept() {
    let (_, views) = road(&forth(), fresh());
    let mut view = views[6].clone();
    let Next::Do(SwitchStep::Lead { version: one, .. }) = next(&forth(), &view) else { panic!() };
    let seen = view.secret.as_mut().unwrap();
    let text = format!(
        r#"{{"token":"{TOKEN}","host":"master.orders","port":6379,"team":"sales","more":1}}"#
    );
    let (token, document) = read(&text, Credential::Token).unwrap();
    seen.current = Value::Token(token, document, None);
    seen.taken = seen.current.clone();
    seen.secret.labels = labels(&[(OLDER, Label::Current)]);
    // What the old one is said to take is the version that is about to be.
    check(&view, "set aside");
    let (told, views) = road(&forth(), view);
    assert_eq!(told[1..], FORTH[6..]);
    let last = views.last().unwrap().secret.as_ref().unwrap();
    assert_ne!(last.version(), Some(&one));
    let text = last.leading_to(last.current.document().unwrap().address().as_ref().unwrap());
    let text = text.unwrap();
    assert!(text.expose().contains(r#""team":"sales""#) && text.expose().contains(r#""more":1"#));
}

mod against;
mod ends;
