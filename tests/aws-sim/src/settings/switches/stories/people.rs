//! Users, user groups, and the way between them and an AUTH token.

use super::groups::{ended, orders, within};
use super::{Story, Switches};
use crate::elasticache::stories::rbac::{people, with_staff};
use crate::elasticache::stories::{Caller, TOKEN};

const NOW: (&str, &str) = ("ApplyImmediately", "true");
const ADD_STAFF: (&str, &str) = ("UserGroupIdsToAdd.member.1", "staff");

pub(super) const STORIES: &[Story] = &[
    Story {
        switch: "delete_takes_token",
        take: |to, from| to.delete_takes_token = from.delete_takes_token,
        tell: |switches| {
            let mut aws = orders("1", switches);
            people(&mut aws);
            let delete = ("AuthTokenUpdateStrategy", "DELETE");
            ended(aws.modify(&[ADD_STAFF, delete, ("AuthToken", TOKEN), NOW]))
        },
        usual: "InvalidParameterCombination",
        otherwise: "accepted",
    },
    Story {
        switch: "set_after_user_groups",
        take: |to, from| to.set_after_user_groups = from.set_after_user_groups,
        tell: |switches| {
            let mut aws = with_staff(|it| it.switches = switches);
            let (remove, set) = (("RemoveUserGroups", "true"), ("AuthTokenUpdateStrategy", "SET"));
            ended(aws.modify(&[remove, set, ("AuthToken", TOKEN), NOW]))
        },
        usual: "InvalidParameterValue",
        otherwise: "accepted",
    },
    Story {
        switch: "user_groups_change_at_once",
        take: |to, from| to.user_groups_change_at_once = from.user_groups_change_at_once,
        tell: user_groups_after_a_modify,
        usual: "has staff",
        otherwise: "is to get staff",
    },
    Story {
        switch: "rbac_quotas",
        take: |to, from| to.rbac_quotas = from.rbac_quotas,
        tell: one_group_more_than_a_hundred,
        usual: "UserGroupQuotaExceeded",
        otherwise: "accepted",
    },
];

fn user_groups_after_a_modify(switches: Switches) -> String {
    let mut aws = Caller::new(|it| it.switches = switches);
    people(&mut aws);
    aws.create("orders", "2", &[]).unwrap();
    aws.pass(20);
    aws.modify(&[ADD_STAFF]).unwrap();
    aws.pass(20);
    let group = aws.group();
    match within(&group, "PendingModifiedValues", "member").as_str() {
        "" => format!("has {}", within(&group, "UserGroupIds", "member")),
        pending => format!("is to get {pending}"),
    }
}

fn one_group_more_than_a_hundred(switches: Switches) -> String {
    let mut aws = Caller::new(|it| it.switches = switches);
    let mut create = |number: u32| {
        let name = format!("staff-{number}");
        let default = ("UserIds.member.1", "default");
        aws.ask("CreateUserGroup", &[("UserGroupId", &name), ("Engine", "redis"), default])
    };
    for number in 0..100 {
        create(number).unwrap();
    }
    ended(create(100))
}
