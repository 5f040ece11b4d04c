//! `ModifyReplicationGroup`: what is applied at once, what takes time, and what waits for the maintenance window (facts 1.4, 4.2).

use super::check::{bad_combination, bad_value};
use super::create::no_capacity;
use super::logs::LogsChange;
use super::model::{Change, Group, Status, Toggle};
use super::rest::rest;
use super::token::{Strategy, TokenChange};
use super::work::{self, Work};
use super::{
    attach, auto, describe, event, group, keys, logs, must_be_available, node_type, parameters,
    plane, settings, transit, upgrade,
};
use crate::fault::{Plan, Shortage};
use crate::settings::DataPlane;
use crate::wire::query::Params;
use crate::wire::xml::Xml;
use crate::{Clients, NodeKey, Refusal, State, Ticket};

/// How far a change is. What is changed stands in the group.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// Its time has passed; new servers, if it needs any, hold all data.
    Prepared {
        /// The new servers.
        news: Vec<NodeKey>,
    },
    /// This member runs another engine or version now, or a replica has taken over.
    Upgraded(Option<String>),
    /// New servers have taken over from these.
    Switched {
        /// The old servers.
        olds: Vec<NodeKey>,
    },
    /// Every server lets in whom it should.
    Accepted,
}

/// What is not modelled, by parameter.
const NOT_MODELLED: [&str; 4] =
    ["CacheSecurityGroupNames", "ClusterMode", "Durability", "NodeGroupId"];

/// `ModifyReplicationGroup`.
pub(super) fn modify(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let before = group(state, &params.required("ReplicationGroupId")?)?.clone();
    let id = before.id.clone();
    for parameter in NOT_MODELLED {
        if params.has(parameter) {
            return Err(bad_combination(format!("{parameter} cannot be modified here")));
        }
    }
    must_be_available(state, &before)?;
    let change = read(state, &before, params)?;
    let mut after = settings::applied(state, &before, change.upgrade.as_ref(), params)?;
    let now = params.flag("ApplyImmediately")?.unwrap_or_default();
    let set = settings::differ(&before, &after);
    let anything_now = now && !before.deferred.is_empty();
    if !set && change.is_empty() && !anything_now {
        return Err(bad_combination("No modifications were requested"));
    }
    check_change(state, &before, &change)?;
    if change.user_groups.is_some() {
        // They decide anew whom to let in: a token that waits for the maintenance window does not.
        after.deferred.token = None;
    }
    let change = if now {
        change.over(std::mem::take(&mut after.deferred))
    } else {
        let at_once = state.settings.switches.user_groups_change_at_once;
        let (change, later) = if at_once { change.split() } else { (Change::default(), change) };
        after.deferred = later.over(std::mem::take(&mut after.deferred));
        change
    };
    state.elasticache.groups.insert(id.clone(), after);
    parameters::chosen(state, &before);
    auto::plan_snapshots(state, &id);
    auto::plan_maintenance(state, &id);
    if !change.is_empty() {
        begin(state, &id, change);
    } else if set {
        settle_soon(state, &id);
    }
    describe::one(state, &id)
}

/// `ListAllowedNodeTypeModifications`. It works in every state.
pub(super) fn allowed_node_types(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let found = match (params.text("ReplicationGroupId"), params.text("CacheClusterId")) {
        (Some(_), Some(_)) | (None, None) => {
            return Err(bad_combination("Specify ReplicationGroupId or CacheClusterId"));
        }
        (Some(id), None) => group(state, &id)?.clone(),
        (None, Some(member)) => describe::group_of(state, &member)?.clone(),
    };
    let from = node_type::find(&found.node_type)
        .ok_or_else(|| bad_value(format!("Invalid cache node type: {}", found.node_type)))?;
    let (up, down) = node_type::allowed(from, &found.engine, found.version);
    let mut xml = Xml::new();
    xml.texts("ScaleUpModifications", "member", up).texts("ScaleDownModifications", "member", down);
    Ok(xml.done())
}

/// What takes time. Values that are already there are no change.
fn read(state: &State, before: &Group, params: &Params) -> Result<Change, Refusal> {
    let primary = params.text("PrimaryClusterId").map(|it| it.to_ascii_lowercase());
    if let Some(strange) = primary.as_ref().filter(|it| !before.members.contains_key(*it)) {
        let text = format!("{strange} is not a member of {}", before.id);
        return Err(bad_value(text));
    }
    let user_groups = attach::read(state, before, params)?;
    attach::check_token(state, before, user_groups.as_ref(), params)?;
    let change = Change {
        node_type: params.text("CacheNodeType").filter(|it| *it != before.node_type),
        upgrade: upgrade::read(state, before, params)?,
        token: token_change(before, params)?,
        primary: primary.filter(|it| *it != before.primary),
        user_groups,
        transit: transit::read(state, before, params)?,
        logs: logs::read(before, params)?,
    };
    attach::access_after(state, before, &change)?;
    transit::check_access(before, &change)?;
    upgrade::check_users(state, before, &change)?;
    Ok(change)
}

/// DELETE is none: it is the user groups that take the place of the token.
fn token_change(before: &Group, params: &Params) -> Result<Option<TokenChange>, Refusal> {
    let strategy = params.text("AuthTokenUpdateStrategy");
    let strategy = match (params.text("AuthToken"), strategy.as_deref()) {
        (None, None) | (_, Some("DELETE")) => return Ok(None),
        (None, Some(_)) => {
            return Err(bad_combination(
                "AuthToken must be specified with AuthTokenUpdateStrategy.",
            ));
        }
        (Some(_), Some("ROTATE") | None) => Strategy::Rotate,
        (Some(_), Some("SET")) => Strategy::Set,
        (Some(_), Some(strange)) => {
            return Err(bad_value(format!("Invalid AuthTokenUpdateStrategy: {strange}")));
        }
    };
    if !before.transit.is_on() {
        let text = "AuthToken can only be changed where TransitEncryptionEnabled is true.";
        return Err(bad_combination(text));
    }
    let token = params.text("AuthToken").unwrap_or_default();
    Ok(Some(TokenChange { strategy, token }))
}

fn check_change(state: &State, before: &Group, change: &Change) -> Result<(), Refusal> {
    let Some(wanted) = &change.node_type else { return Ok(()) };
    let (engine, version) = match &change.upgrade {
        Some(to) => (&to.engine, to.version),
        None => (&before.engine, before.version),
    };
    let allowed = node_type::find(&before.node_type)
        .map(|from| node_type::allowed(from, engine, version))
        .is_some_and(|(up, down)| up.iter().chain(&down).any(|it| it == wanted));
    if !allowed {
        let text = format!(
            "The node type {wanted} is not one that {} can be changed to.",
            before.node_type
        );
        return Err(bad_value(text));
    }
    keys::must_work(state, before)?;
    if state.faults.shortages.get(wanted) == Some(&Shortage::AtOnce) {
        return Err(no_capacity(wanted));
    }
    let room = plane::room(state, before, wanted);
    if state.settings.switches.misfit_refused_at_once && room < before.most_bytes() {
        let text = format!("The data does not fit into node type {wanted}.");
        return Err(bad_combination(text));
    }
    Ok(())
}

/// A change that takes time begins.
pub(super) fn begin(state: &mut State, id: &str, change: Change) {
    let durations = &state.settings.durations;
    let takes = [
        change.node_type.as_ref().map(|_| durations.node_type),
        change.upgrade.as_ref().map(|_| durations.engine_version),
        change.token.as_ref().map(|_| durations.token),
        change.primary.as_ref().map(|_| durations.failover),
        change.user_groups.as_ref().map(|_| durations.attach),
        change.transit.map(|_| durations.transit),
        change.logs.as_ref().map(|_| durations.logs),
    ];
    let takes = takes.into_iter().flatten().max().unwrap_or(durations.setting);
    let lags = state.settings.switches.stale_looks;
    let on_accept = state.settings.switches.token_date_on_accept;
    let now = state.now;
    let Some(group) = state.elasticache.groups.get_mut(id) else { return };
    group.set_all(Status::Modifying);
    group.stale_looks = lags;
    if change.token.is_some() && on_accept {
        group.token_changed_at = Some(now);
    }
    group.under_way = change.clone();
    logs::begin(group, change.logs.as_ref().unwrap_or(&LogsChange::new()));
    // A second set of servers runs what is new from the start.
    if change.upgrade.is_some() && change.node_type.is_none() {
        return upgrade::step(state, id, None);
    }
    let (news, waits) = match &change.node_type {
        Some(node_type) => prepare(state, id, node_type),
        None => (Vec::new(), Vec::new()),
    };
    work::start(state, Some(id), takes, waits, Work::Modify(Stage::Prepared { news }));
}

/// Starts a second set of servers and fills them with the data (facts 4.2).
fn prepare(state: &mut State, id: &str, node_type: &str) -> (Vec<NodeKey>, Vec<Ticket>) {
    let Some(group) = state.elasticache.groups.get(id).cloned() else { return Default::default() };
    let (mut news, mut waits) = (Vec::new(), Vec::new());
    for member in group.members.keys() {
        let node = plane::new_node(state, member);
        waits.extend(plane::start_node(state, id, &node, node_type, None));
        let primary = group.primary_member();
        waits.extend(primary.and_then(|it| plane::replicate(state, &node, &it.node)));
        news.push(node);
    }
    (news, waits)
}

/// A change goes on to its next stage.
pub(super) fn go_on(state: &mut State, id: &str, reached: Stage, failed: Option<String>) {
    match reached {
        Stage::Prepared { news } => match why_not(state, id, failed) {
            Some(why) => roll_back(state, id, news, &why),
            None => switch(state, id, news),
        },
        Stage::Upgraded(member) => upgrade::step(state, id, member.as_deref()),
        Stage::Switched { olds } => {
            plane::stop(state, olds);
            accept(state, id);
        }
        Stage::Accepted => finish(state, id),
    }
}

/// Why a change of node type fails after all, if it does.
fn why_not(state: &mut State, id: &str, failed: Option<String>) -> Option<String> {
    let group = state.elasticache.groups.get(id)?;
    let wanted = group.under_way.node_type.clone()?;
    let room = plane::room(state, group, &wanted);
    if room < group.most_bytes() {
        return Some("the data does not fit".to_owned());
    }
    if state.faults.lacks(&wanted) {
        return Some("insufficient capacity".to_owned());
    }
    if Plan::take(&mut state.faults.rollbacks) {
        return Some("internal failure".to_owned());
    }
    failed
}

/// The old type stays, and the group is available again: only the event tells (facts 4.3).
fn roll_back(state: &mut State, id: &str, news: Vec<NodeKey>, why: &str) {
    plane::stop(state, news);
    let Some(group) = state.elasticache.groups.get_mut(id) else { return };
    let wanted = group.under_way.node_type.take().unwrap_or_default();
    group.under_way.upgrade = None;
    let text = format!("Failed applying modification to cache node type to {wanted}.");
    let members: Vec<_> = group.members.keys().cloned().collect();
    for member in members {
        event::of_cluster(state, &member, format!("{text} ({why})"));
    }
    event::of_group(state, id, text);
    event::notify(state, id, "ReplicationGroupScalingFailed", id);
    accept(state, id);
}

/// What was prepared takes the place of what was there.
pub(super) fn switch(state: &mut State, id: &str, news: Vec<NodeKey>) {
    let Some(group) = state.elasticache.groups.get_mut(id) else { return };
    let old_primary = group.primary_member().map(|it| it.node.clone());
    let scaled = group.under_way.node_type.take();
    if let Some(node_type) = &scaled {
        group.node_type.clone_from(node_type);
    }
    let last = group.replicas().last().map(|it| it.id.clone());
    let stuck = last.filter(|_| scaled.is_some() && Plan::take(&mut state.faults.stuck_members));
    let mut olds = Vec::new();
    for node in news {
        match group.members.get_mut(&node.member) {
            Some(member) if stuck.as_ref() != Some(&member.id) => {
                member.node_type.clone_from(&group.node_type);
                olds.push(std::mem::replace(&mut member.node, node));
            }
            _ => olds.push(node),
        }
    }
    let reconfigured = upgrade::finish(group);
    if let Some(primary) = group.under_way.primary.take() {
        group.primary = primary;
    }
    let node_type = group.node_type.clone();
    let waits = hand_over(state, id, old_primary);
    if reconfigured {
        plane::configure(state, id);
    }
    if let Some(member) = stuck {
        let text = "Failed applying modification to cache node type.";
        event::of_cluster(state, &member, text);
    }
    if scaled.is_some() {
        event::of_group(state, id, format!("Modified cache node type to {node_type}."));
        event::notify(state, id, "ReplicationGroupScalingComplete", id);
    }
    let next = Work::Modify(Stage::Switched { olds });
    work::start(state, Some(id), jiff::SignedDuration::ZERO, waits, next);
}

/// Writes go to the server of the primary from now on, where another one took them.
pub(super) fn hand_over(state: &mut State, id: &str, from: Option<NodeKey>) -> Vec<Ticket> {
    let Some(group) = state.elasticache.groups.get(id).cloned() else { return Vec::new() };
    let mut waits = Vec::new();
    let to = group.primary_member().map(|it| it.node.clone());
    if let (Some(old), Some(new)) = (from, to)
        && old != new
    {
        waits.extend(plane::promote(state, &new, &old, true));
        for replica in group.replicas() {
            waits.extend(plane::replicate(state, &replica.node, &new));
        }
        plane::point(state, id);
    }
    waits
}

/// Whom to let in, if that is changed, is told to every server. Users may have changed while new servers were being prepared.
fn accept(state: &mut State, id: &str) {
    let Some(group) = state.elasticache.groups.get(id) else { return };
    let change = group.under_way.clone();
    let access = attach::access_after(state, group, &change).ok();
    let on_accept = state.settings.switches.token_date_on_accept;
    let lag = state.settings.switches.access_lag;
    // Real servers take their own time.
    let lags = lag.is_positive() && state.settings.data_plane == DataPlane::Modelled;
    let now = state.now;
    let clients = clients_after(state, &change);
    let mut waits = Vec::new();
    if let Some(to) = change.transit {
        transit::apply(state, id, to);
    }
    if let Some(to) = change.logs {
        logs::apply(state, id, to);
    }
    if lags && change.token.is_some() {
        work::start(state, Some(id), lag, [], Work::AccessTaken);
    }
    if let Some(group) = state.elasticache.groups.get_mut(id) {
        let has_users = !group.user_groups.is_empty();
        if let Some(groups) = &change.user_groups {
            group.user_groups = groups.applied(&group.user_groups);
        }
        if lags && change.token.is_some() && group.still_admits.is_none() {
            group.still_admits = Some(group.access.clone());
        }
        group.access = access.unwrap_or_else(|| group.access.clone());
        if clients == Clients::AreCut && !lags {
            group.cuts += 1;
        }
        if change.token.is_some() && !on_accept {
            group.token_changed_at = Some(now);
        }
        if !group.access.has_token() {
            group.token_changed_at = None;
        }
        if has_users || change.user_groups.is_some() || change.token.is_some() {
            waits = plane::accept(state, id, clients);
        }
    }
    work::start(state, Some(id), jiff::SignedDuration::ZERO, waits, Work::Modify(Stage::Accepted));
}

/// What becomes of the clients of a group when this change is done.
fn clients_after(state: &State, change: &Change) -> Clients {
    let are_cut = change.token.is_some() && state.settings.switches.token_change_cuts;
    if are_cut { Clients::AreCut } else { Clients::Stay }
}

fn finish(state: &mut State, id: &str) {
    let tells_on = state.settings.switches.token_status_lag;
    if let Some(group) = state.elasticache.groups.get_mut(id) {
        let told = group.under_way.token.take().filter(|_| tells_on.is_positive());
        group.under_way = Change { token: told, ..Change::default() };
        if group.under_way.token.is_some() {
            work::start(state, Some(id), tells_on, [], Work::TokenTold);
        }
    }
    settled(state, id);
}

/// Its token's change shows no longer, unless another one has begun.
pub(super) fn token_told(state: &mut State, id: &str) {
    // Being busy with a failover is no change of the token.
    let is_changing = state.elasticache.queue.of(id).any(|it| matches!(it, Work::Modify(_)));
    if let Some(group) = state.elasticache.groups.get_mut(id).filter(|_| !is_changing) {
        group.under_way.token = None;
    }
}

/// The nodes let in whom the group already says.
pub(super) fn access_taken(state: &mut State, id: &str) {
    let are_cut = state.settings.switches.token_change_cuts;
    if let Some(group) = state.elasticache.groups.get_mut(id) {
        group.still_admits = None;
        group.cuts += u32::from(are_cut);
    }
}

/// The group is busy for a moment, where it is for what is applied at once (facts 1.2, U10).
pub(super) fn settle_soon(state: &mut State, id: &str) {
    if !state.settings.switches.settings_make_busy {
        return settled(state, id);
    }
    let lags = state.settings.switches.stale_looks;
    if let Some(group) = state.elasticache.groups.get_mut(id) {
        group.set_all(Status::Modifying);
        group.stale_looks = lags;
    }
    let takes = state.settings.durations.setting;
    work::start(state, Some(id), takes, [], Work::Settled);
}

/// Nothing is under way any more.
pub(super) fn settled(state: &mut State, id: &str) {
    if let Some(group) = state.elasticache.groups.get_mut(id) {
        group.failover = Toggle::of(group.failover.is_wanted());
    }
    rest(state, id);
}
