//! What a group needs, and then the group.

use super::super::{Around, Refusal, Seen, Step, Wanted, diff, logs, name, parameters, source};
use super::access;
use crate::{Next, Owner, Tags, Wait, WaitingOn, tag};

/// Makes what a group needs, and then the group.
pub(super) fn make(wanted: &Wanted, seen: &Seen) -> Next<Step, Refusal> {
    let Some(around) = &seen.around else { return Next::Wait(Wait::short(WaitingOn::Busy)) };
    if let Some(next) = access::missing_users(&wanted.spec, around, &[]) {
        return next;
    }
    if let Some(refusal) = parameters::impossible(wanted, None, around) {
        return Next::Refuse(refusal);
    }
    if let Some(next) = source::impossible(wanted, seen) {
        return next;
    }
    let family = wanted.spec.release().family();
    let parameter_group = name::parameter_group(&wanted.spec.id, &family);
    if let Some(next) = beside(wanted, around, &parameter_group, &family) {
        return next;
    }
    if let Some(step) = logs::made(wanted, around) {
        return Next::Do(step);
    }
    if let Some(next) = secret(wanted, around, Owner::follows) {
        return next;
    }
    let token = wanted.spec.protection.has_token();
    let secret = around.secret.as_ref().filter(|_| token);
    if let Some(secret) = secret.filter(|it| !wanted.owner.owns(&it.tags)) {
        let tags = diff::secret_tags(wanted);
        return Next::Do(Step::TagSecret { arn: secret.arn.clone(), tags });
    }
    let secret = secret.map(|it| it.arn.clone());
    let mut tags = diff::tags(wanted, secret.as_deref());
    tags.extend(wanted.spec.deletion.while_making());
    // What the stack states of it is held against this mark later on, also of a group that another one's keys filled.
    let mark = wanted.spec.source.clone().or_else(|| wanted.source()).map(|it| it.mark());
    tags.extend(mark.map(|it| (tag::RESTORED_FROM.to_owned(), it)));
    tags.extend(wanted.park_tags());
    Next::Do(Step::MakeGroup { parameter_group, secret, tags })
}

/// Makes and puts right the subnet group and the parameter group; `None` where both are as they should be.
pub(super) fn beside(
    wanted: &Wanted,
    around: &Around,
    parameter_group: &str,
    family: &str,
) -> Option<Next<Step, Refusal>> {
    let foreign = |what, name: &str| {
        Some(Next::Refuse(Refusal::ForeignThing { what, name: name.to_owned() }))
    };
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort_unstable();
        list
    };
    match &around.subnet_group {
        None => return Some(Next::Do(Step::MakeSubnetGroup)),
        Some(it) if !wanted.owner.owns(&it.tags) => return foreign("subnet group", &it.name),
        Some(it) if sorted(&it.subnets) != sorted(&wanted.spec.subnets) => {
            return Some(Next::Do(Step::ChangeSubnets));
        }
        Some(_) => {}
    }
    match around.parameter_groups.iter().find(|it| it.name == parameter_group) {
        None => Some(Next::Do(Step::MakeParameterGroup {
            name: parameter_group.to_owned(),
            family: family.to_owned(),
        })),
        Some(it) if !wanted.owner.owns(&it.tags) => foreign("parameter group", &it.name),
        Some(it) => {
            let known = around.engine_parameters.as_deref();
            parameters::step(wanted, family, it, known).map(Next::Do)
        }
    }
}

/// Makes the secret of a group that is still to be made; `None` where it is there or not needed. It is there before the group, so
/// that a crash between the two loses no token.
///
/// While no group is there, the secret that the same resource of a deleted stack of this name left for this very group is taken over
/// with its token: to the operator it is the same stack, and its name is taken for a week.
pub(super) fn secret(
    wanted: &Wanted,
    around: &Around,
    takes_over: fn(&Owner, &Tags) -> bool,
) -> Option<Next<Step, Refusal>> {
    if !wanted.spec.protection.has_token() {
        return None;
    }
    let of_group = |it: &Tags| it.get(tag::GROUP).is_some_and(|it| it == wanted.spec.id.as_str());
    let may_have =
        |it: &Tags| wanted.owner.owns(it) || of_group(it) && takes_over(&wanted.owner, it);
    match &around.secret {
        None => Some(Next::Do(Step::MakeSecret)),
        Some(it) if !may_have(&it.tags) => Some(Next::Refuse(Refusal::ForeignThing {
            what: "secret",
            name: wanted.spec.secret_name.clone(),
        })),
        Some(it) if it.deleted => Some(Next::Do(Step::RestoreSecret { arn: it.arn.clone() })),
        Some(_) => None,
    }
}
