//! What speaks against it, before and on the way.

use super::*;
use crate::group::Tls;

fn spoilt(spoil: impl FnOnce(&mut GroupView, &mut SecretSeen)) -> SwitchView {
    let mut view = fresh();
    spoil(view.groups.group.as_mut().unwrap(), view.secret.as_mut().unwrap());
    view
}

fn put(tags: &mut Tags, key: &str, value: &str) {
    tags.insert(key.to_owned(), value.to_owned());
}

#[test]
fn what_cannot_be_led_by_a_secret_is_refused_with_the_other_way() {
    let check = |spoil: fn(&mut GroupView, &mut SecretSeen), expected: &str| {
        let said = words(&next(&forth(), &spoilt(spoil)));
        assert!(said.starts_with("refuse: ") && said.contains(expected), "{said}\n{expected}");
    };
    check(
        |group, _| {
            let owner = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1/Cache";
            put(group.tags.as_mut().unwrap(), tag::OWNER, owner);
        },
        "orders belongs to a stack, which knows it by its id and would not know another; leave out `by`",
    );
    check(|group, _| group.user_groups = vec!["people".to_owned()], "orders lets in users");
    check(|group, _| group.auth_token_enabled = false, "orders asks for no token");
    check(
        |group, _| drop(group.tags.as_mut().unwrap().remove(tag::SECRET)),
        "orders has no tag cachewarden:secret",
    );
    check(|_, seen| seen.secret.is_leaving = true, "waits for its deletion");
    check(
        |_, seen| drop(seen.secret.tags.remove(tag::OWNER)),
        "not our secret: it has no tag cachewarden:owner",
    );
    check(|_, seen| put(&mut seen.secret.tags, tag::GROUP, "others"), "is of others by its tag");
    check(
        |_, seen| {
            let owner = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1/Cache";
            put(&mut seen.secret.tags, tag::OWNER, owner);
        },
        "belongs to a stack, which writes the address of its own group into it",
    );
    check(
        |_, seen| put(&mut seen.secret.tags, tag::SECRET_FORMAT, "token"),
        "does not tell where to connect",
    );
    check(
        |_, seen| {
            let (token, _) = read(TOKEN, Credential::Token).unwrap();
            seen.current = Value::Token(token, None, None);
            seen.secret.tags.remove(tag::SECRET_FORMAT);
        },
        "does not tell where to connect",
    );
    check(
        |_, seen| seen.current = value(TOKEN, "elsewhere"),
        "leads to elsewhere:6379, and the group is at master.orders:6379",
    );
    check(
        |group, _| put(group.tags.as_mut().unwrap(), tag::DELETION_PROTECTION, "on"),
        "orders must not be deleted",
    );
    check(
        |group, _| {
            let goes = "orders-daily-202601020304 by 5e6f7a8b: goes";
            put(group.tags.as_mut().unwrap(), tag::IN_PLACE, goes);
        },
        "orders is being changed, as its tag cachewarden:in-place says",
    );
    // A group that was restored from one of a stack's is no stack's.
    let restored = spoilt(|group, _| {
        let owner =
            "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1/Cache/restored/orders";
        put(group.tags.as_mut().unwrap(), tag::OWNER, owner);
    });
    super::check(&restored, "make orders-r2");
}

#[test]
fn all_of_it_is_told_at_once_and_there_has_to_be_something() {
    let view = SwitchView {
        groups: InPlaceView {
            snapshot: None,
            ..spoilt(|group, _| {
                put(group.tags.as_mut().unwrap(), tag::DELETION_PROTECTION, "on");
                group.user_groups = vec!["people".to_owned()];
            })
            .groups
        },
        secret: None,
    };
    let said = words(&next(&forth(), &view));
    for part in ["lets in users", "must not be deleted", "there is no snapshot"] {
        assert!(said.contains(part), "{said}");
    }
    let gone = SwitchView { secret: None, ..fresh() };
    check(&gone, "refuse: there is no secret arn:");
    check(
        &SwitchView::default(),
        "refuse: there is no group orders whose place another could take",
    );
}

#[test]
fn one_at_a_time_and_nobody_elses_group_takes_a_place() {
    let (_, views) = road(&forth(), fresh());
    let asked = |snapshot: &str, request: &str| {
        let said = Said { snapshot: snapshot.to_owned(), request: request.to_owned(), ..said() };
        Switch::forth(said, DAY).unwrap()
    };
    let other = asked("another", "5e6f7a8b");
    let told = words(&next(&other, &views[1]));
    let expected = "refuse: orders-r2 is taking the place of orders already, from orders-daily-";
    assert!(told.starts_with(expected), "{told}");
    assert_eq!(other.clone().joined(&views[1]).unwrap(), other);
    let same = asked(SNAPSHOT, "5e6f7a8b");
    assert_eq!(same.joined(&views[1]).unwrap(), forth());
    // Once clients are led to the new one, the old one is no place to restore into.
    let told = words(&next(&other, views.last().unwrap()));
    assert!(told.starts_with("refuse: orders stands aside until 2026-01-04"), "{told}");
    let mut foreign = fresh();
    foreign.groups.stand_in = Some(group("orders-r2", policies(), "of somebody else"));
    check(&foreign, "refuse: the group orders-r2 is there and did not come to take the place");
    let mut untagged = views[1].clone();
    untagged.groups.stand_in.as_mut().unwrap().tags = Some(Tags::new());
    check(&untagged, "refuse: the group orders-r2 is there and did not come");
}

#[test]
fn what_comes_up_before_clients_are_led_away_takes_the_new_one_away() {
    let (_, views) = road(&forth(), fresh());
    let with = |spoil: fn(&mut SwitchView)| {
        let mut view = views[1].clone();
        spoil(&mut view);
        words(&next(&forth(), &view))
    };
    let told = with(|it| it.groups.stand_in.as_mut().unwrap().tls = Tls::Off);
    assert!(told.starts_with("dismiss orders-r2: nothing of orders was touched"), "{told}");
    let told = with(|it| {
        let tags = it.groups.group.as_mut().unwrap().tags.as_mut().unwrap();
        put(tags, "team", "sales");
    });
    assert!(told.contains("the tags is team=shop, not team=sales"), "{told}");
    let told = with(|it| it.groups.group = None);
    assert!(told.starts_with("dismiss orders-r2: somebody deleted orders meanwhile"), "{told}");
    let told = with(|it| {
        let failed = it.groups.stand_in.as_mut().unwrap();
        (failed.status, failed.tags) = (GroupStatus::CreateFailed, None);
        it.groups.events = vec!["no capacity".to_owned()];
    });
    assert!(told.starts_with("dismiss orders-r2: the group orders-r2 could not"), "{told}");
    let told = with(|it| {
        let saved = sample::snapshot("orders", TICK);
        let (name, status) = (BEFORE.to_owned(), SnapshotStatus::Failed);
        it.groups.before = Some(SnapshotView { name, status, ..saved });
    });
    assert_eq!(told, format!("dismiss orders-r2: the snapshot {BEFORE} is failed"));
    let told = with(|it| it.secret = None);
    assert!(told.starts_with("dismiss orders-r2: there is no secret"), "{told}");
}

#[test]
fn nobody_takes_the_new_one_away_from_clients_that_another_run_leads_there() {
    let (_, views) = road(&forth(), fresh());
    // The groups were looked at before the other run went on, and the secret after it.
    for at in [6, 7, 8] {
        let mut mixed = views[4].clone();
        mixed.secret.clone_from(&views[at].secret);
        let tags = mixed.groups.group.as_mut().unwrap().tags.as_mut().unwrap();
        put(tags, "team", "sales");
        let said = words(&next(&forth(), &mixed));
        assert!(!said.starts_with("dismiss"), "{at}: {said}");
    }
    // While the secret is held, what comes up has it let go of first.
    let mut held = views[4].clone();
    let tags = held.groups.group.as_mut().unwrap().tags.as_mut().unwrap();
    put(tags, "team", "sales");
    check(&held, "release");
    held.secret.clone_from(&views[3].secret);
    check(&held, "dismiss orders-r2: nothing of orders was touched");
    // And one whose place is taken half-way is gone on with where the old one is gone.
    let mut gone = views[6].clone();
    gone.groups.group = None;
    let (told, _) = road(&forth(), gone);
    assert_eq!(told, FORTH[6..]);
}

#[test]
fn what_takes_its_time_is_waited_for() {
    let (_, views) = road(&forth(), fresh());
    let with = |status: &str, is_new: bool| {
        let mut view = views[1].clone();
        let groups = &mut view.groups;
        let group = if is_new { &mut groups.stand_in } else { &mut groups.group };
        let group = group.as_mut().unwrap();
        (group.status, group.tags) = (GroupStatus::parse(status), None);
        words(&next(&forth(), &view))
    };
    assert_eq!(with("creating", true), "wait: the restore to finish");
    assert_eq!(with("available", true), "wait: the group to be free again");
    assert_eq!(with("deleting", true), "wait: the group to be deleted");
    assert_eq!(with("snapshotting", false), "wait: a snapshot to finish");
    assert_eq!(with("available", false), "wait: the group to be free again");
    let mut saving = views[2].clone();
    saving.groups.before.as_mut().unwrap().status = SnapshotStatus::Creating;
    check(&saving, "wait: the snapshot orders-before-1a2b3c4d to finish");
}

#[test]
fn there_is_no_way_back_from_a_group_that_nothing_took_the_place_of() {
    let view = SwitchView {
        groups: InPlaceView {
            stand_in: Some(group("orders", policies(), "a cache")),
            ..InPlaceView::default()
        },
        secret: Some(secret()),
    };
    check_back(&view, "refuse: orders does not stand aside");
    check_back(&SwitchView::default(), "refuse: orders does not stand aside");
    // While clients are being led, nobody leads them back.
    let (_, views) = road(&forth(), fresh());
    let SwitchView { groups, secret } = views[6].clone();
    let (group, stand_in) = (groups.stand_in, groups.group);
    let view = SwitchView { groups: InPlaceView { group, stand_in, ..groups }, secret };
    check_back(&view, "refuse: orders-r2 is taking the place of orders already");
    // One that came to nothing before clients were led away is taken back once nobody is at it.
    let (_, views) = road(&forth(), fresh());
    let SwitchView { groups, secret } = views[5].clone();
    let (group, stand_in) = (groups.stand_in, groups.group);
    let mut view = SwitchView { groups: InPlaceView { group, stand_in, ..groups }, secret };
    check_back(&view, "refuse: orders-r2 is taking the place of orders already");
    view.secret.as_mut().unwrap().secret.tags.remove(tag::IN_PLACE);
    check_back(&view, "adopt orders");
}

#[test]
fn what_a_group_says_of_what_came_later_is_left_to_that() {
    let (_, views) = road(&forth(), fresh());
    let mut later = views.last().unwrap().clone();
    let tags = later.groups.stand_in.as_mut().unwrap().tags.as_mut().unwrap();
    put(tags, tag::IN_PLACE, "orders-r2-daily-202601020304 by 5e6f7a8b: goes");
    check(&later, "settled");
}
