//! Groups that let in users instead of a token.

use super::*;

fn by_user(mut group: GroupView) -> GroupView {
    group.auth_token_enabled = false;
    group.user_groups = vec!["staff".to_owned()];
    group
}

fn with_users() -> RestoreView {
    let view = fresh();
    RestoreView { source: view.source.map(by_user), ..view }
}

fn planned(restore: &Restore) -> Plan {
    let Next::Do(RestoreStep::Create(plan)) = restore.plan(&with_users(), Catalog::embedded())
    else {
        panic!("nothing is to be made");
    };
    *plan
}

#[test]
fn the_new_group_lets_in_the_same_users_and_knows_no_token() {
    check(&with_users(), CREATED);
    let plan = planned(&restore());
    assert_eq!((plan.secret, plan.source.user_groups), (None, vec!["staff".to_owned()]));
    assert_eq!(plan.tags.get(tag::SECRET), None);
}

#[test]
fn a_secret_for_a_group_that_asks_for_no_token_is_refused() {
    let secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:other-AbCdEf";
    let named = Restore { secret: Arn::parse(secret).ok(), ..restore() };
    let why =
        "refuse: orders asks for no token; leave out `secret`, or name in `from` a group that does";
    check_as(&named, &with_users(), why);
    let mut open = fresh();
    open.source.as_mut().unwrap().auth_token_enabled = false;
    check_as(&named, &open, why);
    check_as(&named, &fresh(), CREATED);
}

#[test]
fn it_must_not_be_used_where_it_lets_in_others() {
    let mut view = RestoreView { target: Some(by_user(made())), ..with_users() };
    view.target.as_mut().unwrap().tags = Some(planned(&restore()).tags);
    check(&view, "put 5 alarms");
    let target = view.target.as_mut().unwrap();
    target.user_groups = vec!["guests".to_owned()];
    check(
        &view,
        "refuse: the group orders-back is there but must not be used: who logs in is the users of guests, not the users of staff",
    );
    view.target.as_mut().unwrap().user_groups.clear();
    check(
        &view,
        "refuse: the group orders-back is there but must not be used: who logs in is nobody by name, not the users of staff",
    );
}

#[test]
fn where_the_source_is_gone_nobody_guesses_who_logs_in() {
    let view = RestoreView { source: None, ..with_users() };
    check(
        &view,
        "refuse: the group orders is gone, and a snapshot holds neither token, users nor network; name in `from` a group whose settings the new one takes",
    );
}
