//! Another engine, or another version of one: what may follow what, and how it comes to one member after another (facts 1.5, 1.7, and the user
//! guide's pages on version management).
//!
//! The sentences about parameter groups are AWS's own, as reported in aws-controllers-k8s/elasticache-controller#188 and
//! aws-samples/dify-self-hosted-on-aws#24.

use jiff::SignedDuration;

use super::check::bad_combination;
use super::engine::{self, Version};
use super::model::{Change, Group};
use super::modify::{self, Stage};
use super::work::{self, Work};
use super::{event, node_type, parameters, shards, user_groups};
use crate::wire::query::Params;
use crate::{Refusal, State, Ticket};

/// Another engine or version, and the parameter group that comes with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Upgrade {
    /// `redis` or `valkey`.
    pub engine: String,
    /// Its version.
    pub version: Version,
    /// Another parameter group, where the family is another one.
    pub parameter_group: Option<String>,
}

/// What a modify asks of engine and version, if anything.
pub(super) fn read(
    state: &State,
    before: &Group,
    params: &Params,
) -> Result<Option<Upgrade>, Refusal> {
    let text = |name: &str| params.text(name).filter(|it| !it.is_empty());
    let engine = text("Engine").unwrap_or_else(|| before.engine.clone());
    let asked = text("EngineVersion");
    if engine == before.engine && asked.is_none() {
        return Ok(None);
    }
    if asked.is_none() && state.settings.switches.engine_change_needs_version {
        return Err(bad_combination("EngineVersion must be specified with another Engine."));
    }
    let version = engine::resolve(&engine, asked.as_deref())?;
    if engine == before.engine && version == before.version {
        return Ok(None);
    }
    may_follow(before, &engine, version)?;
    let runs = node_type::find(&before.node_type).is_some_and(|it| it.runs(&engine, version));
    if !runs && !params.has("CacheNodeType") {
        let text = format!("{} does not support {engine} {version}", before.node_type);
        return Err(bad_combination(text));
    }
    let parameter_group = parameters_for(state, before, params, (&engine, version))?;
    Ok(Some(Upgrade { engine, version, parameter_group }))
}

/// Nothing goes down, but Valkey 7.2, which goes back to Redis OSS 7.1.
fn may_follow(before: &Group, engine: &str, version: Version) -> Result<(), Refusal> {
    let goes_back = engine == "redis" && before.engine == "valkey";
    let is_one_step = before.version.is_of(7, 2) && version.is_of(7, 1);
    let goes_down = if goes_back { !is_one_step } else { version < before.version };
    if !goes_down {
        return Ok(());
    }
    let to = if goes_back { format!("{engine} {version}") } else { version.to_string() };
    Err(bad_combination(format!("Cannot modify {} from {} to {to}", before.engine, before.version)))
}

/// The parameter group of another family that an upgrade needs. None where the family stays: whatever is asked for is then applied at once.
fn parameters_for(
    state: &State,
    before: &Group,
    params: &Params,
    (engine, version): (&str, Version),
) -> Result<Option<String>, Refusal> {
    if engine::family(engine, version) == engine::family(&before.engine, before.version) {
        return Ok(None);
    }
    let moves = engine != before.engine || state.settings.switches.upgrade_moves_default_parameters;
    let named = params.text("CacheParameterGroupName").or_else(|| {
        let has_default = before.parameter_group.starts_with("default.");
        (!has_default || !moves).then(|| before.parameter_group.clone())
    });
    let own = || before.is_sharded().then(|| parameters::cluster_default(engine, version));
    let name = parameters::checked(state, named.or_else(own), engine, version)?;
    shards::must_keep_mode(state, before, &name)?;
    Ok(Some(name))
}

/// Refuses a change after which the user groups would be of an engine that the group no longer has.
pub(super) fn check_users(state: &State, before: &Group, change: &Change) -> Result<(), Refusal> {
    let upgrade = change.upgrade.as_ref().or(before.deferred.upgrade.as_ref());
    let Some(to) = upgrade.filter(|it| it.engine == "redis") else { return Ok(()) };
    let mut attached = before.user_groups.clone();
    for groups in [&before.deferred.user_groups, &change.user_groups].into_iter().flatten() {
        attached = groups.applied(&attached);
    }
    for id in &attached {
        let group = user_groups::found(state, id)?;
        if group.engine != "redis" {
            return Err(bad_combination(format!(
                "User group {id} of the engine {} cannot be associated with redis {}.",
                group.engine, to.version
            )));
        }
    }
    Ok(())
}

/// A member's turn has passed, and the next one's comes: replicas first, the primary last. Together they take as long as one upgrade.
pub(super) fn step(state: &mut State, id: &str, passed: Option<&str>) {
    if let Some(member) = passed {
        upgraded(state, id, member);
    }
    let takes = state.settings.durations.engine_version;
    let switch = state.settings.switches.upgrade_fails_over;
    let Some(group) = state.elasticache.groups.get_mut(id) else { return };
    let Some(next) = behind(group) else {
        return modify::switch(state, id, Vec::new());
    };
    let is_primary = group.is_primary(&next);
    let has_heir = has_replicas(group, &next);
    if is_primary && has_heir && switch {
        let waits = fail_over(state, id, &next);
        let next = Work::Modify(Stage::Upgraded(None));
        return work::start(state, Some(id), SignedDuration::ZERO, waits, next);
    }
    let takes = takes / i32::try_from(group.members.len().max(1)).unwrap_or(1);
    if is_primary
        && !has_heir
        && let Some(member) = group.members.get_mut(&next)
    {
        // Nobody stands in for it.
        member.serves_since = None;
    }
    work::start(state, Some(id), takes, [], Work::Modify(Stage::Upgraded(Some(next))));
}

/// Whether a replica of its shard can take over from a primary.
fn has_replicas(group: &Group, primary: &str) -> bool {
    let shard = group.members.get(primary).map(|it| it.shard.as_str());
    let replica = shard.and_then(|it| group.replicas_of(it).next());
    group.failover.is_wanted() && replica.is_some()
}

/// The next member that runs something else.
fn behind(group: &Group) -> Option<String> {
    let to = group.under_way.upgrade.as_ref()?;
    let mut members = group.replicas().chain(group.primaries());
    let found = members.find(|it| it.engine != to.engine || it.version != to.version);
    found.map(|it| it.id.clone())
}

fn upgraded(state: &mut State, id: &str, member: &str) {
    let now = state.now;
    let Some(group) = state.elasticache.groups.get_mut(id) else { return };
    let Some(to) = group.under_way.upgrade.clone() else { return };
    let was_down = group.is_primary(member);
    if let Some(member) = group.members.get_mut(member) {
        member.engine = to.engine;
        member.version = to.version;
        if was_down {
            member.serves_since.get_or_insert(now);
        }
    }
}

/// A replica that is done takes over, so that somebody takes writes while the last member has its turn.
fn fail_over(state: &mut State, id: &str, primary: &str) -> Vec<Ticket> {
    let Some(group) = state.elasticache.groups.get_mut(id) else { return Vec::new() };
    let Some(member) = group.members.get(primary) else { return Vec::new() };
    let old = Some(member.node.clone());
    let chosen = group.replicas_of(&member.shard).next().map(|it| it.id.clone());
    let Some(chosen) = chosen else { return Vec::new() };
    let Some(former) = group.promote(&chosen) else { return Vec::new() };
    let waits = modify::hand_over(state, id, old);
    let text = format!("Failover from primary node {former} to replica node {chosen} completed");
    event::of_group(state, id, text);
    event::notify(state, id, "FailoverComplete", &former);
    waits
}

/// The whole group is what its members have become. Tells whether its parameters are others now.
pub(super) fn finish(group: &mut Group) -> bool {
    let Some(to) = group.under_way.upgrade.take() else { return false };
    for member in group.members.values_mut() {
        member.engine.clone_from(&to.engine);
        member.version = to.version;
    }
    group.engine = to.engine;
    group.version = to.version;
    let Some(parameters) = to.parameter_group else { return false };
    group.parameter_group = parameters;
    group.forget_own(|it| it.parameter_group = None);
    true
}
