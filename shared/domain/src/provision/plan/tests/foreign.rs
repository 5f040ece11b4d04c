//! What belongs to somebody else.

use super::*;

#[test]
fn nothing_of_somebody_else_is_touched() {
    let foreign = |tags: &mut Tags| {
        tags.insert(tag::OWNER.to_owned(), "another stack/Cache".to_owned());
    };
    check(
        settled().tag(tag::OWNER, "another stack/Cache"),
        "Refuse: the replication group orders-redis-production exists and belongs to somebody else",
    );
    check(settled().group(|it| it.tags = Some(Tags::new())), "Refuse: the replication group");
    check(
        settled().around(|it| foreign(&mut it.subnet_group.as_mut().unwrap().tags)),
        "Refuse: the subnet group orders-redis-production exists and does not carry",
    );
    check(
        settled().around(|it| foreign(&mut it.parameter_groups[0].tags)),
        "Refuse: the parameter group",
    );
    check(
        settled().around(|it| foreign(&mut it.secret.as_mut().unwrap().tags)),
        "Refuse: the secret orders-redis-auth-token-production exists",
    );
}

#[test]
fn whose_a_busy_group_is_its_description_tells() {
    let foreign =
        |scene: Scene| scene.group(|it| it.description = "made in the console".to_owned());
    check(foreign(settled().in_state("creating")), "Wait: the group to be free again");
    check(foreign(settled().in_state("create-failed")), "Refuse: the replication group");
}
