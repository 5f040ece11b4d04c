//! From what is there to the cache as stated, one step at a time.

use jiff::{SignedDuration, Timestamp};

use super::diff::{self, NodeTypeSeen};
use super::{
    Around, Difference, GroupSpec, Keep, Mark, Refusal, Seen, Step, SubnetGroupView, Wanted, name,
};
use crate::alarm::{self, AlarmSpec, AlarmView};
use crate::asked::{Asked, AskedField};
use crate::{Arn, GroupStatus, GroupView, Next, Owner, Tags, Wait, WaitingOn, tag};

/// Plans the next step towards the cache as wanted.
pub fn plan(wanted: &Wanted, seen: &Seen, now: Timestamp) -> Next<Step, Refusal> {
    let Some(group) = &seen.group else { return make(wanted, seen) };
    match ownership(group, &wanted.owner) {
        Ownership::Ours => {}
        Ownership::Foreign => return Next::Refuse(Refusal::Foreign { group: group.id.clone() }),
        Ownership::Unknown => return Next::Wait(Wait::slow(WaitingOn::Busy)),
    }
    match &group.status {
        GroupStatus::Creating => Next::Wait(Wait::slow(WaitingOn::Creation)),
        GroupStatus::Modifying => Next::Wait(Wait::slow(WaitingOn::Modification)),
        GroupStatus::Snapshotting => Next::Wait(Wait::slow(WaitingOn::Snapshot(None))),
        // One that is on its way out is waited for, and then made anew.
        GroupStatus::Deleting => Next::Wait(Wait::slow(WaitingOn::Deletion)),
        GroupStatus::CreateFailed => Next::Refuse(Refusal::CreateFailed {
            group: group.id.clone(),
            events: seen.events.clone(),
        }),
        GroupStatus::Strange(_) => {
            Next::Refuse(Refusal::Strange { group: group.id.clone(), status: group.status.clone() })
        }
        GroupStatus::Available => converge(wanted, group, seen, now),
    }
}

/// Whose a group is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ownership {
    /// The owner's who asks.
    Ours,
    /// Somebody else's.
    Foreign,
    /// Its state keeps the answer back for now.
    Unknown,
}

/// Tells whose a group is: by its tags, or by its description while its state keeps the tags back (facts 1.2).
pub fn ownership(group: &GroupView, owner: &Owner) -> Ownership {
    let described = group.description == name::description(&group.id, owner);
    match (&group.tags, &group.status) {
        (Some(tags), _) if owner.owns(tags) => Ownership::Ours,
        (None, _) if described => Ownership::Ours,
        // Of a group that could not be made, the tags will never be told.
        (Some(_), _) | (None, GroupStatus::CreateFailed) => Ownership::Foreign,
        (None, _) => Ownership::Unknown,
    }
}

/// Makes what a group needs, and then the group.
fn make(wanted: &Wanted, seen: &Seen) -> Next<Step, Refusal> {
    let Some(around) = &seen.around else { return Next::Wait(Wait::short(WaitingOn::Busy)) };
    let family = name::family(wanted.spec.version);
    let parameter_group = name::parameter_group(&wanted.spec.id, &family);
    if let Some(next) = beside(wanted, around, &parameter_group, &family) {
        return next;
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
    Next::Do(Step::MakeGroup { parameter_group, secret, tags })
}

/// Makes and puts right the subnet group and the parameter group; `None` where both are as they should be.
fn beside(
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
    let policy = &wanted.spec.maxmemory_policy;
    match around.parameter_groups.iter().find(|it| it.name == parameter_group) {
        None => Some(Next::Do(Step::MakeParameterGroup {
            name: parameter_group.to_owned(),
            family: family.to_owned(),
        })),
        Some(it) if !wanted.owner.owns(&it.tags) => foreign("parameter group", &it.name),
        Some(it) if it.maxmemory_policy.as_deref().unwrap_or(DEFAULT_POLICY) != policy => {
            Some(Next::Do(Step::SetMaxmemoryPolicy {
                parameter_group: parameter_group.to_owned(),
                policy: policy.clone(),
            }))
        }
        Some(_) => None,
    }
}

/// What a parameter group has that nobody changed (facts 4.2).
const DEFAULT_POLICY: &str = "volatile-lru";

/// Makes the secret of a group that is still to be made; `None` where it is there or not needed. It is there before the group, so
/// that a crash between the two loses no token.
///
/// While no group is there, the secret that the same resource of a deleted stack of this name left for this very group is taken over
/// with its token: to the operator it is the same stack, and its name is taken for a week.
fn secret(
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

/// Changes a group that is `available` into the group as wanted.
fn converge(
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
    let wanted = &kept(wanted, group, tags);
    if let Some(refusal) = impossible(wanted, group, tags, now) {
        return Next::Refuse(refusal);
    }
    let Some(subnet_group) = &around.subnet_group else {
        return Next::Do(Step::MakeSubnetGroup);
    };
    let looked = Looked { group, tags, subnet_group, events: &seen.events, now };
    let parameter_group = diff::parameter_group(wanted, group);
    let family = name::family(diff::wanted_version(wanted, group));
    beside(wanted, around, &parameter_group, &family)
        .or_else(|| resize(wanted, &looked))
        .or_else(|| diff::settings(wanted, group).map(|it| Next::Do(Step::SetSettings(it))))
        .or_else(|| upgrade(wanted, &looked))
        .or_else(|| fewer(wanted, group))
        .or_else(|| tagged(wanted, group, around, tags))
        .or_else(|| rotated(wanted, around))
        .or_else(|| watched(wanted, group, around))
        .or_else(|| connected(group))
        .or_else(|| undisturbed(seen, now))
        .or_else(|| held_back(wanted, group, tags))
        .unwrap_or(Next::Settled)
}

/// A settled group, with all that a change of it is decided on.
struct Looked<'a> {
    group: &'a GroupView,
    tags: &'a Tags,
    subnet_group: &'a SubnetGroupView,
    events: &'a [String],
    now: Timestamp,
}

/// A new group that the autoscaler has changed already is left as it made it. So is a group whose stack stated before what the group
/// never was: that update was refused as a whole, and this is the way back from it.
fn kept(wanted: &Wanted, group: &GroupView, tags: &Tags) -> Wanted {
    let mut wanted = wanted.clone();
    if wanted.creating && tags.contains_key(tag::CHANGED) {
        wanted.keep.node_type = true;
        wanted.keep.nodes = true;
    }
    if wanted.before.as_ref().is_some_and(|it| !immutable(it, group, tags).is_empty()) {
        wanted.keep = Keep::ALL;
    }
    wanted
}

/// What no step can reach is refused before the first one: an update that fails leaves the cache as it was.
fn impossible(wanted: &Wanted, group: &GroupView, tags: &Tags, now: Timestamp) -> Option<Refusal> {
    let differences = immutable(&wanted.spec, group, tags);
    if !differences.is_empty() {
        return Some(Refusal::Immutable(differences));
    }
    let (runs, stated) = (diff::version(group)?, wanted.spec.version);
    // A stack that asks for a newer version than before does not ask for less than what runs, whatever AWS installed meanwhile.
    let goes_up = wanted.before.as_ref().is_some_and(|it| it.version < stated);
    let stays = wanted.keep.version || goes_up || upgraded_lately(tags, stated, now);
    (diff::is_newer(runs, stated) && !stays)
        .then_some(Refusal::Downgrade { has: runs, wants: stated })
}

/// How a running group differs from a stated one in what it cannot change.
fn immutable(spec: &GroupSpec, group: &GroupView, tags: &Tags) -> Vec<Difference> {
    let subnets = group.members.iter().find_map(|it| it.subnet_group.clone());
    let token = (group.auth_token_enabled, spec.protection.has_token());
    let secret =
        tags.get(tag::SECRET).and_then(|it| secret_name(it)).filter(|_| token.0 && token.1);
    let fields = [
        ("EnableEncryptionAtRest", group.at_rest_encryption.to_string(), spec.at_rest.to_string()),
        (
            "EnableEncryptionInTransit",
            group.transit_encryption.to_string(),
            spec.protection.has_tls().to_string(),
        ),
        ("EnableAuthToken", token.0.to_string(), token.1.to_string()),
        (
            "the secret's name, made of ProjectName and Environment,",
            secret.unwrap_or_else(|| spec.secret_name.clone()),
            spec.secret_name.clone(),
        ),
        ("the subnet group", subnets.unwrap_or_else(|| spec.id.to_string()), spec.id.to_string()),
        ("cluster mode", group.cluster_enabled.to_string(), false.to_string()),
    ];
    let differ = fields.into_iter().filter(|(_, has, wants)| has != wants);
    differ.map(|(field, has, wants)| Difference { field, has, wants }).collect()
}

/// The name in the ARN of a secret, which ends in a hyphen and six characters of chance.
fn secret_name(arn: &str) -> Option<String> {
    let arn = Arn::parse(arn).ok()?;
    let (name, chance) = arn.resource().strip_prefix("secret:")?.rsplit_once('-')?;
    (chance.len() == 6).then(|| name.to_owned())
}

/// Replicas are added before failover is turned on, and failover is off before the last one goes (facts 1.7); a node type changes
/// while there are most nodes to carry the load.
fn resize(wanted: &Wanted, seen: &Looked<'_>) -> Option<Next<Step, Refusal>> {
    let &Looked { group, now, .. } = seen;
    let nodes = diff::nodes(wanted, group);
    let has = u32::try_from(group.member_ids.len()).unwrap_or(u32::MAX);
    if has < nodes {
        return Some(Next::Do(Step::AddReplicas { to: nodes.saturating_sub(1) }));
    }
    let resilience = wanted.resilience(nodes);
    match diff::resilience(group) {
        Some(it) if it == resilience => {}
        Some(_) => return Some(Next::Do(Step::SetResilience(resilience))),
        None => return Some(Next::Wait(Wait::slow(WaitingOn::Modification))),
    }
    let stated = &wanted.spec.node_type;
    match diff::node_type(wanted, group) {
        NodeTypeSeen::AsWanted => None,
        NodeTypeSeen::Lags(member) => Some(Next::Wait(Wait::slow(WaitingOn::Member(member)))),
        NodeTypeSeen::Other(got) => {
            let asked = Asked { field: AskedField::NodeType, value: stated.to_string(), at: now };
            let step = |mark| Step::SetNodeType { to: stated.clone(), mark };
            Some(ask(wanted, asked, step, Tags::new(), &got, seen))
        }
    }
}

/// Writes down what will be asked for, asks for it, or finds that it was asked for and did not take.
///
/// That the call was made is written down after it, too: a run may die between the two, for longer than any grace, and a change
/// that was never asked for would be told as one that did not take.
fn ask(
    wanted: &Wanted,
    asked: Asked,
    step: impl FnOnce(Mark) -> Step,
    beside: Tags,
    got: &str,
    seen: &Looked<'_>,
) -> Next<Step, Refusal> {
    let &Looked { group, tags, subnet_group, events, now } = seen;
    let written = Asked::read(tags)
        .filter(|it| (it.field, &it.value) == (asked.field, &asked.value))
        // What an earlier request asked for says nothing about this one; a minute is for clocks that differ.
        .filter(|it| wanted.since <= it.at.saturating_add(CLOCKS_APART).unwrap_or(Timestamp::MAX));
    let Some(written) = written else {
        let tags = with_asked(&asked, beside);
        return Next::Do(Step::Ask { arn: group.arn.clone(), asked, tags });
    };
    match written.called_at(&subnet_group.tags) {
        None => {
            let tags = Tags::from([(tag::CALLED.to_owned(), written.called(now))]);
            Next::Do(step(Mark { arn: subnet_group.arn.clone(), tags }))
        }
        Some(at) if at.saturating_add(Asked::GRACE).is_ok_and(|it| it <= now) => {
            Next::Refuse(Refusal::DidNotTake {
                field: asked.field,
                wants: asked.value,
                got: got.to_owned(),
                events: events.to_vec(),
            })
        }
        // A stale look, most likely: the call was accepted a moment ago.
        Some(_) => Next::Wait(Wait::slow(WaitingOn::Modification)),
    }
}

const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(1);

fn with_asked(asked: &Asked, mut beside: Tags) -> Tags {
    beside.insert(tag::ASKED.to_owned(), asked.to_string());
    beside
}

fn upgrade(wanted: &Wanted, seen: &Looked<'_>) -> Option<Next<Step, Refusal>> {
    let &Looked { group, now, .. } = seen;
    let (runs, stated) = (diff::version(group)?, wanted.spec.version);
    if stated.is_met_by(runs) || stated < runs {
        return None;
    }
    let asked = Asked { field: AskedField::EngineVersion, value: stated.to_string(), at: now };
    let parameter_group = name::parameter_group(&wanted.spec.id, &name::family(stated));
    // In full: 5.0 without its patch would not be the 5.0.6 that a rollback states.
    let remembered = format!("{runs} at {now}");
    let beside = Tags::from([(tag::UPGRADED.to_owned(), remembered)]);
    let step = |mark| Step::Upgrade { to: stated, parameter_group, mark };
    Some(ask(wanted, asked, step, beside, &runs.to_string(), seen))
}

/// Whether a group ran this version until a day ago. A stack that fails after an upgrade asks for the old version in its rollback;
/// there is no way back, and a rollback that fails would leave the stack stuck, so the newer version is kept and told.
fn upgraded_lately(tags: &Tags, stated: crate::engine::Version, now: Timestamp) -> bool {
    let Some((from, at)) = tags.get(tag::UPGRADED).and_then(|it| it.split_once(" at ")) else {
        return false;
    };
    let (Ok(from), Ok(at)) = (from.parse(), at.parse::<Timestamp>()) else { return false };
    let until = at.saturating_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
    now < until && stated.is_met_by(from)
}

fn fewer(wanted: &Wanted, group: &GroupView) -> Option<Next<Step, Refusal>> {
    let nodes = diff::nodes(wanted, group);
    let has = u32::try_from(group.member_ids.len()).unwrap_or(u32::MAX);
    (nodes < has).then(|| Next::Do(Step::RemoveReplicas { to: nodes.saturating_sub(1) }))
}

fn tagged(
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

/// Whether what was asked for need no longer be written down: it is there, or the stack has stated another value since.
fn was_seen(wanted: &Wanted, group: &GroupView, tags: &Tags) -> bool {
    let Some(asked) = Asked::read(tags) else { return tags.contains_key(tag::ASKED) };
    match asked.field {
        AskedField::NodeType => {
            let there =
                |it: Option<&crate::NodeType>| it.is_some_and(|it| it.as_str() == asked.value);
            !wanted.keep.node_type
                || there(group.node_type.as_ref())
                    && group.members.iter().all(|it| there(it.node_type.as_ref()))
        }
        AskedField::EngineVersion => true,
    }
}

fn rotated(wanted: &Wanted, around: &Around) -> Option<Next<Step, Refusal>> {
    let secret = around.secret.as_ref().filter(|_| wanted.spec.protection.has_token())?;
    let arn = secret.arn.clone();
    match (wanted.spec.rotation_days, &secret.rotation) {
        (0, None) => None,
        (0, Some(_)) => Some(Next::Do(Step::CancelRotation { arn })),
        (days, Some(it)) if it.days == days && it.function == wanted.rotate_function.as_str() => {
            None
        }
        (days, _) => Some(Next::Do(Step::ScheduleRotation { arn, days })),
    }
}

/// The alarms that the members of a group should have.
pub fn alarms(wanted: &Wanted, group: &GroupView) -> Vec<AlarmSpec> {
    if wanted.spec.alarms { alarm::wanted(&group.id, &group.member_ids) } else { Vec::new() }
}

/// What makes the alarms of a group as they should be.
pub fn alarm_upkeep(wanted: &Wanted, group: &GroupView, around: &Around) -> alarm::Upkeep {
    let is_ours = |it: &AlarmView| !around.foreign_alarms.contains(&it.name);
    alarm::upkeep(&alarms(wanted, group), &wanted.alarm_topics(), &around.alarms, is_ours)
}

fn watched(wanted: &Wanted, group: &GroupView, around: &Around) -> Option<Next<Step, Refusal>> {
    let alarm::Upkeep { put, delete, .. } = alarm_upkeep(wanted, group, around);
    if !put.is_empty() {
        return Some(Next::Do(Step::PutAlarms(put)));
    }
    if delete.is_empty() { None } else { Some(Next::Do(Step::DeleteAlarms(delete))) }
}

/// A group without an endpoint is of no use to a stack yet.
fn connected(group: &GroupView) -> Option<Next<Step, Refusal>> {
    group.primary_endpoint.is_none().then(|| Next::Wait(Wait::slow(WaitingOn::Creation)))
}

/// What is as wanted stays so only when nobody of before can still act on an older wish.
fn undisturbed(seen: &Seen, now: Timestamp) -> Option<Next<Step, Refusal>> {
    seen.others_may_act(now).then(|| Next::Wait(Wait::slow(WaitingOn::Modification)))
}

/// What a Delete is told is written last of all: a group that never got so far must not hold up the rollback of its Create.
fn held_back(wanted: &Wanted, group: &GroupView, tags: &Tags) -> Option<Next<Step, Refusal>> {
    let (missing, _) = diff::tag_changes(&wanted.spec.deletion.when_made(), tags);
    (!missing.is_empty()).then(|| Next::Do(Step::Tag { arn: group.arn.clone(), tags: missing }))
}

#[cfg(test)]
pub(super) mod tests;
