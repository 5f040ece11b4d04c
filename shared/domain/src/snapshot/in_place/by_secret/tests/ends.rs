//! When a group that stands aside goes, and when it does not.

use super::*;

fn aside() -> EndingView {
    let SwitchView { groups, secret } = led();
    let saved = sample::snapshot("orders", TICK);
    EndingView {
        group: groups.stand_in,
        by: groups.group,
        secret,
        saved: Some(SnapshotView { name: BEFORE.to_owned(), ..saved }),
    }
}

#[track_caller]
fn check(view: &EndingView, when: When, now: &str, expected: &str) {
    let ending = Ending { group: id("orders"), when };
    let said = match ending.plan(view, now.parse().unwrap()) {
        Next::Settled => "settled".to_owned(),
        Next::Wait(wait) => format!("wait: {}", wait.on),
        Next::Refuse(why) => format!("refuse: {why}"),
        Next::Do(EndingStep::Delete(group)) => format!("delete {group}"),
    };
    assert!(said.starts_with(expected), "{said}\nis not\n{expected}");
}

const LATER: &str = "2026-01-04T12:00:00Z";

fn spoilt(spoil: impl FnOnce(&mut EndingView)) -> EndingView {
    let mut view = aside();
    spoil(&mut view);
    view
}

#[test]
fn it_goes_when_its_time_is_up_or_at_a_word() {
    check(&aside(), When::Over, NOW, "settled");
    check(&aside(), When::Over, LATER, "delete orders");
    check(&aside(), When::Now, NOW, "delete orders");
    let deleting = spoilt(|it| it.group.as_mut().unwrap().status = GroupStatus::Deleting);
    check(&deleting, When::Over, LATER, "settled");
    check(&EndingView::default(), When::Over, LATER, "settled");
    check(&EndingView::default(), When::Now, NOW, "refuse: orders does not stand aside");
    let back = spoilt(|it| {
        it.group.as_mut().unwrap().tags.as_mut().unwrap().remove(tag::IN_PLACE);
    });
    check(&back, When::Over, LATER, "settled");
    check(&back, When::Now, NOW, "refuse: orders does not stand aside");
}

#[test]
fn it_stays_while_it_may_be_needed() {
    let stays = |spoil: fn(&mut EndingView), expected: &str| {
        for when in [When::Over, When::Now] {
            check(&spoilt(spoil), when, LATER, expected);
        }
    };
    stays(
        |it| it.secret.as_mut().unwrap().current = value(TOKEN, "master.orders"),
        "refuse: orders stays, since the secret arn:",
    );
    stays(|it| it.secret = None, "refuse: orders stays, since the secret arn:");
    stays(|it| it.by = None, "refuse: orders stays, since the secret arn:");
    stays(
        |it| {
            let tags = it.by.as_mut().unwrap().tags.as_mut().unwrap();
            tags.insert("cachewarden:was:snapshot-keep".to_owned(), "3".to_owned());
        },
        "refuse: orders stays, since the secret arn:",
    );
    stays(
        |it| it.by.as_mut().unwrap().status = GroupStatus::CreateFailed,
        "refuse: orders stays, since the secret arn:",
    );
    stays(|it| it.saved = None, "refuse: orders stays, since orders-before-1a2b3c4d, the snapshot");
    stays(
        |it| it.saved.as_mut().unwrap().status = SnapshotStatus::Failed,
        "refuse: orders stays, since orders-before-1a2b3c4d, the snapshot",
    );
    stays(
        |it| {
            let tags = it.group.as_mut().unwrap().tags.as_mut().unwrap();
            tags.insert(tag::DELETION_PROTECTION.to_owned(), "on".to_owned());
        },
        "refuse: orders must not be deleted",
    );
    stays(
        |it| it.group.as_mut().unwrap().status = GroupStatus::Modifying,
        "wait: a modification to finish",
    );
    stays(|it| it.by.as_mut().unwrap().tags = None, "wait: the group to be free again");
}
