//! From a group that takes changes to the group as wanted.

use jiff::Timestamp;

use super::super::{
    Around, Every, GroupSpec, Keep, ParameterGroupView, Refusal, Replaced, Seen, Step,
    SubnetGroupView, Wanted, diff, fit, logs, name, parameters, source,
};
use super::alarm_upkeep;
use super::ask::{ask, was_seen};
use super::bounds::bounded;
use super::deliver::deliver;
use super::fixed::{immutable, impossible};
use super::make::{beside, secret};
use super::size::{fewer, resize};
use super::{access, token};
use crate::asked::{Asked, AskedField};
use crate::rotate::Form;
use crate::{Catalog, GroupView, Next, Tags, Wait, WaitingOn, tag};
use crate::{alarm, shard};

/// Changes a group that is `available` into the group as wanted.
pub(super) fn converge(
    wanted: &Wanted,
    group: &GroupView,
    seen: &Seen,
    now: Timestamp,
) -> Next<Step, Refusal> {
    if let Some(lagging) = group.members.iter().find(|it| !it.is_settled()) {
        return Next::Wait(Wait::slow(WaitingOn::Member(lagging.id.to_string())));
    }
    let (Some(tags), Some(around), true) = (&group.tags, &seen.around, group.is_settled()) else {
        return Next::Wait(Wait::slow(WaitingOn::Modification));
    };
    // What another request filled, from older keys, is not this one's; whoever asked for it takes it away.
    if wanted.replaces.is_some() && Replaced::read(tags) != wanted.replaces {
        return Next::Wait(Wait::slow(WaitingOn::Busy));
    }
    let closes = wanted.spec.protection.has_token();
    let wanted = &kept(wanted, group, tags, now);
    let refusal = impossible(wanted, group, tags, now)
        .or_else(|| parameters::impossible(wanted, Some(group), around))
        .or_else(|| fit::impossible(wanted, group, seen.used));
    if let Some(refusal) = refusal {
        return Next::Refuse(refusal);
    }
    if let Some(next) = access::missing_users(&wanted.spec, around, &group.user_groups) {
        return next;
    }
    let Some(subnet_group) = &around.subnet_group else {
        return Next::Do(Step::MakeSubnetGroup);
    };
    let disturbed = seen.others_may_act(now);
    let looked = Looked { group, tags, subnet_group, events: &seen.events, disturbed, now };
    let parameter_group = diff::parameter_group(wanted, group);
    let family = diff::wanted_release(wanted, group).family();
    beside(wanted, around, &parameter_group, &family)
        .or_else(|| upgrade_first(wanted, &looked))
        .or_else(|| resize(wanted, &looked))
        .or_else(|| diff::settings(wanted, group).map(|it| Next::Do(Step::SetSettings(it))))
        .or_else(|| upgrade(wanted, &looked))
        .or_else(|| access::access(wanted, &looked, around, closes))
        .or_else(|| logs::made(wanted, around).map(Next::Do))
        .or_else(|| deliver(wanted, &looked))
        .or_else(|| fewer(wanted, &looked))
        .or_else(|| tagged(wanted, group, around, tags))
        .or_else(|| rotated(wanted, around))
        .or_else(|| watched(wanted, group, around))
        .or_else(|| connected(group))
        .or_else(|| applied(group))
        .or_else(|| undisturbed(seen, now))
        .or_else(|| outdated(wanted, around, &parameter_group))
        .or_else(|| logs::outdated(wanted, group, around).map(Next::Do))
        .or_else(|| access::forgotten(wanted, group, around))
        .or_else(|| held_back(wanted, group, tags))
        .unwrap_or(Next::Settled)
}

/// A settled group, with all that a change of it is decided on.
pub(super) struct Looked<'a> {
    pub(super) group: &'a GroupView,
    pub(super) tags: &'a Tags,
    pub(super) subnet_group: &'a SubnetGroupView,
    pub(super) events: &'a [String],
    /// Whether a run that was stopped may still act on an older wish.
    pub(super) disturbed: bool,
    pub(super) now: Timestamp,
}

/// A new group that the autoscaler has changed already is left as it made it, inside its bounds. So is a group whose stack stated before what the group
/// never was: that update was refused as a whole, and this is the way back from it.
pub(in super::super) fn kept(
    wanted: &Wanted,
    group: &GroupView,
    tags: &Tags,
    now: Timestamp,
) -> Wanted {
    let mut wanted = wanted.clone();
    if wanted.creating && tags.contains_key(tag::CHANGED) {
        wanted.keep.node_type = true;
        wanted.keep.nodes = true;
    }
    let was_refused = |it: &GroupSpec| {
        !immutable(it, group, tags, now).is_empty()
            || source::differs(it, Some(&wanted.spec), tags).is_some()
    };
    if wanted.before.as_deref().is_some_and(was_refused) {
        wanted.keep = Keep::ALL;
    } else {
        bounded(&mut wanted, group);
    }
    wanted.spec.secret_name = name::secret_that_stands(&wanted.spec.secret_name, &group.id, tags);
    token::keep(&mut wanted.spec, group, tags, now);
    wanted
}

/// A node type that does not run what runs, such as one of Valkey's own, comes after the upgrade.
pub(super) fn upgrade_first(wanted: &Wanted, seen: &Looked<'_>) -> Option<Next<Step, Refusal>> {
    let runs = diff::release(seen.group)?;
    let entry = Catalog::embedded().find(&wanted.spec.node_type)?;
    if wanted.keep.node_type || entry.runs(runs) { None } else { upgrade(wanted, seen) }
}

pub(super) fn upgrade(wanted: &Wanted, seen: &Looked<'_>) -> Option<Next<Step, Refusal>> {
    let &Looked { group, now, .. } = seen;
    let (runs, stated) = (diff::release(group)?, wanted.spec.release());
    if stated.is_met_by(runs) || stated < runs {
        let waits = || Next::Wait(Wait::slow(WaitingOn::Modification));
        return diff::engine_lags(group).then(waits);
    }
    let asked = Asked { field: AskedField::EngineVersion, value: stated.to_string(), at: now };
    let parameter_group = name::parameter_group(&wanted.spec.id, &stated.family());
    // In full: 5.0 without its patch would not be the 5.0.6 that a rollback states.
    let remembered = format!("{runs} at {now}");
    let beside = Tags::from([(tag::UPGRADED.to_owned(), remembered)]);
    let engine = Some(stated.engine).filter(|it| *it != runs.engine);
    let step = |mark| Step::Upgrade { engine, to: stated.version, parameter_group, mark };
    Some(ask(wanted, asked, step, beside, &runs.to_string(), seen))
}

pub(super) fn tagged(
    wanted: &Wanted,
    group: &GroupView,
    around: &Around,
    seen: &Tags,
) -> Option<Next<Step, Refusal>> {
    let token = wanted.spec.protection.has_token();
    if token && around.secret.is_none() {
        let name = wanted.spec.secret_name.clone();
        return Some(Next::Refuse(Refusal::SecretGone { name }));
    }
    if let Some(next) = secret(wanted, around, |_, _| false) {
        return Some(next);
    }
    let secret = around.secret.as_ref().filter(|_| token);
    if let Some(secret) = secret {
        let (missing, _) = diff::tag_changes(&diff::secret_tags(wanted), &secret.tags);
        if !missing.is_empty() {
            return Some(Next::Do(Step::TagSecret { arn: secret.arn.clone(), tags: missing }));
        }
        if let Some(step) = write_secret(wanted, group, secret) {
            return Some(Next::Do(step));
        }
    }
    let sought = diff::tags(wanted, secret.map(|it| it.arn.as_str()));
    let (missing, mut stale) = diff::tag_changes(&sought, seen);
    if !missing.is_empty() {
        return Some(Next::Do(Step::Tag { arn: group.arn.clone(), tags: missing }));
    }
    stale.extend(wanted.spec.deletion.stale(seen));
    if was_seen(wanted, group, seen) {
        stale.push(tag::ASKED);
    }
    let mut keys: Vec<String> = stale.into_iter().map(str::to_owned).collect();
    keys.extend(diff::dropped_tags(wanted, seen));
    (!keys.is_empty()).then(|| Next::Do(Step::Untag { arn: group.arn.clone(), keys }))
}

pub(super) fn rotated(wanted: &Wanted, around: &Around) -> Option<Next<Step, Refusal>> {
    let secret = around.secret.as_ref().filter(|_| wanted.spec.protection.has_token())?;
    let arn = secret.arn.clone();
    let every = match &wanted.spec.rotation_schedule {
        Some(schedule) => Every::Schedule(schedule.clone()),
        None => Every::Days(wanted.spec.rotation_days),
    };
    match (every, &secret.rotation) {
        (Every::Days(0), None) => None,
        (Every::Days(0), Some(_)) => Some(Next::Do(Step::CancelRotation { arn })),
        (every, Some(it))
            if it.is_every(&every) && it.function == wanted.rotate_function.as_str() =>
        {
            None
        }
        (every, _) => Some(Next::Do(Step::ScheduleRotation { arn, every })),
    }
}

pub(super) fn watched(
    wanted: &Wanted,
    group: &GroupView,
    around: &Around,
) -> Option<Next<Step, Refusal>> {
    let alarm::Upkeep { put, delete, .. } = alarm_upkeep(wanted, group, around);
    if !put.is_empty() {
        return Some(Next::Do(Step::PutAlarms(put)));
    }
    if delete.is_empty() { None } else { Some(Next::Do(Step::DeleteAlarms(delete))) }
}

/// A group without an endpoint is of no use to a stack yet, and neither is one with keys that no shard takes.
pub(super) fn connected(group: &GroupView) -> Option<Next<Step, Refusal>> {
    let endpoint = group.primary_endpoint.as_ref().or(group.configuration_endpoint.as_ref());
    if endpoint.is_none() {
        return Some(Next::Wait(Wait::slow(WaitingOn::Creation)));
    }
    let lacking = shard::incomplete(&group.shards)?;
    Some(Next::Wait(Wait::slow(WaitingOn::Slots(lacking.id.clone()))))
}

/// Parameters that were set a moment ago are on their way to the nodes.
pub(super) fn applied(group: &GroupView) -> Option<Next<Step, Refusal>> {
    let lagging = group.members.iter().find(|it| it.parameter_status == "applying")?;
    Some(Next::Wait(Wait::short(WaitingOn::Member(lagging.id.to_string()))))
}

/// What is as wanted stays so only when nobody of before can still act on an older wish.
pub(super) fn undisturbed(seen: &Seen, now: Timestamp) -> Option<Next<Step, Refusal>> {
    seen.others_may_act(now).then(|| Next::Wait(Wait::slow(WaitingOn::Modification)))
}

/// A parameter group of ours of another family than the one in use is left over from an upgrade, or from one that was taken back.
///
/// It goes when nobody of before can still ask for it. One that somebody gave to other nodes too, such as those of a restored group,
/// stays: ElastiCache does not let it go.
pub(super) fn outdated(
    wanted: &Wanted,
    around: &Around,
    in_use: &str,
) -> Option<Next<Step, Refusal>> {
    let is_over = |it: &&ParameterGroupView| {
        it.name != in_use
            && wanted.owner.owns(&it.tags)
            && !around.parameters_of_others.contains(&it.name)
    };
    let over = around.parameter_groups.iter().find(is_over)?;
    Some(Next::Do(Step::DeleteParameterGroup { name: over.name.clone() }))
}

/// What a Delete is told is written last of all: a group that never got so far must not hold up the rollback of its Create.
pub(super) fn held_back(
    wanted: &Wanted,
    group: &GroupView,
    tags: &Tags,
) -> Option<Next<Step, Refusal>> {
    let (missing, _) = diff::tag_changes(&wanted.spec.deletion.when_made(), tags);
    (!missing.is_empty()).then(|| Next::Do(Step::Tag { arn: group.arn.clone(), tags: missing }))
}

/// Writes the secret in its form. While an older token is in its grace, its label is needed; `rotate` writes the secret after it.
fn write_secret(
    wanted: &Wanted,
    group: &GroupView,
    secret: &super::super::SecretView,
) -> Option<Step> {
    let written = diff::secret_written(wanted, group);
    let has = secret.tags.get(tag::SECRET_WRITTEN).map_or(Form::Plain.word(), String::as_str);
    let is_due = has != written && secret.is_closed;
    is_due.then(|| Step::WriteSecret { arn: secret.arn.clone(), written })
}
