//! User groups on replication groups: how one gets and loses them, and the way between them and an AUTH token (facts 2.2, 2.3).
//!
//! What is refused with a sentence that names encryption, a token or a strategy is so in AWS's own words, as reported in
//! hashicorp/terraform-provider-aws#39546, #42372 and #42966 and in crossplane-contrib/provider-upjet-aws#1370.

use super::check::{bad_combination, bad_value};
use super::engine::Version;
use super::model::{Change, Group, Status};
use super::transit::Transit;
use super::user_groups::{self, UserGroup};
use super::users::User;
use super::{plane, users};
use crate::wire::query::Params;
use crate::{Access, Clients, Login, NodeUser, Refusal, State, Ticket};

/// User groups that a replication group gets and loses.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UserGroupsChange {
    /// Those that it gets.
    pub add: Vec<String>,
    /// Those that it loses.
    pub remove: Vec<String>,
}

impl UserGroupsChange {
    /// The user groups of a replication group after it.
    pub(super) fn applied(&self, to: &[String]) -> Vec<String> {
        let mut after: Vec<_> = to.iter().filter(|it| !self.remove.contains(it)).cloned().collect();
        for id in &self.add {
            if !after.contains(id) {
                after.push(id.clone());
            }
        }
        after
    }
}

/// What a new replication group is asked to have.
pub(super) fn of_new(
    state: &State,
    params: &Params,
    engine: (&str, Version),
    tls: bool,
) -> Result<Vec<String>, Refusal> {
    let asked = ids(params, "UserGroupIds");
    if !asked.is_empty() && params.has("AuthToken") {
        return Err(bad_combination(TOKEN_IS_ON));
    }
    check_added(state, &asked, engine, tls)?;
    at_most_one(&asked)?;
    Ok(asked)
}

/// What a modify asks of the user groups, if anything.
pub(super) fn read(
    state: &State,
    before: &Group,
    params: &Params,
) -> Result<Option<UserGroupsChange>, Refusal> {
    let add = ids(params, "UserGroupIdsToAdd");
    let mut remove = ids(params, "UserGroupIdsToRemove");
    if removes_all(params)? {
        if !add.is_empty() || !remove.is_empty() {
            return Err(bad_combination(
                "RemoveUserGroups cannot be specified with UserGroupIdsToAdd or UserGroupIdsToRemove.",
            ));
        }
        remove.clone_from(&before.user_groups);
    }
    // What waits for the maintenance window is taken back by RemoveUserGroups too.
    let takes_back = removes_all(params)? && before.deferred.user_groups.is_some();
    if add.is_empty() && remove.is_empty() && !takes_back {
        return Ok(None);
    }
    check_added(
        state,
        &add,
        (&before.engine, before.version),
        before.transit == Transit::Required,
    )?;
    if let Some(there) = add.iter().find(|it| before.user_groups.contains(it)) {
        let text = format!("User group {there} is already associated with {}.", before.id);
        return Err(bad_value(text));
    }
    for id in &remove {
        user_groups::found(state, id)?;
        if !before.user_groups.contains(id) {
            return Err(bad_value(format!(
                "User group {id} is not associated with {}.",
                before.id
            )));
        }
    }
    let change = UserGroupsChange { add, remove };
    at_most_one(&change.applied(&before.user_groups))?;
    Ok(Some(change))
}

/// Whether a modify that says this of tokens and user groups may, as they exclude each other.
pub(super) fn check_token(
    state: &State,
    before: &Group,
    change: Option<&UserGroupsChange>,
    params: &Params,
) -> Result<(), Refusal> {
    let adds = change.is_some_and(|it| !it.add.is_empty());
    let token = params.has("AuthToken");
    if params.text("AuthTokenUpdateStrategy").as_deref() == Some("DELETE") {
        if !adds {
            return Err(bad_value("Auth token update strategy delete is not supported currently"));
        }
        if token && !state.settings.switches.delete_takes_token {
            return Err(bad_combination(
                "AuthToken cannot be specified with AuthTokenUpdateStrategy DELETE.",
            ));
        }
        return Ok(());
    }
    let will_have_token = before.access.has_token() || before.deferred.token.is_some();
    if adds && (token || will_have_token) {
        return Err(bad_combination(TOKEN_IS_ON));
    }
    let has_groups = !before.user_groups.is_empty() || before.deferred.user_groups.is_some();
    if token && has_groups && !removes_all(params)? {
        return Err(bad_combination(
            "Auth tokens can't be enabled with a user group already associated. Pass RemoveUserGroups to proceed.",
        ));
    }
    Ok(())
}

const TOKEN_IS_ON: &str =
    "User group can't be associated with auth token enabled. Pass AuthStrategy delete to proceed";

/// Whom the nodes let in after a change of the user groups, of the token, or of one into the other.
pub(super) fn access_after(
    state: &State,
    group: &Group,
    change: &Change,
) -> Result<Access, Refusal> {
    let mut switches = state.settings.switches.clone();
    let mut access = group.access.clone();
    if let Some(groups) = &change.user_groups {
        access = access_of(state, &groups.applied(&group.user_groups));
        switches.set_without_token = switches.set_after_user_groups;
    }
    match &change.token {
        Some(token) => token.applied(&access, &switches),
        None => Ok(access),
    }
}

/// Whom these user groups let in. Without any, everybody.
pub(super) fn access_of(state: &State, groups: &[String]) -> Access {
    if groups.is_empty() {
        return Access::open();
    }
    let elasticache = &state.elasticache;
    let groups = groups.iter().filter_map(|it| elasticache.user_groups.get(it));
    let users = groups.flat_map(|it| &it.users).filter_map(|it| elasticache.users.find(it));
    let known = |it: &User| NodeUser {
        id: it.id.clone(),
        name: it.name.clone(),
        login: it.on_nodes.login.clone(),
        access_string: it.on_nodes.access_string.clone(),
    };
    Access::users(users.map(known).collect())
}

/// Tells the nodes of every replication group that has one of these user groups whom to let in now.
pub(super) fn tell(state: &mut State, user_groups: &[String]) -> Vec<Ticket> {
    let groups = state.elasticache.groups.values();
    let told = groups.filter(|it| it.user_groups.iter().any(|it| user_groups.contains(it)));
    let told: Vec<_> = told.map(|it| (it.id.clone(), it.user_groups.clone())).collect();
    let mut waits = Vec::new();
    for (id, attached) in told {
        let access = access_of(state, &attached);
        let Some(group) = state.elasticache.groups.get_mut(&id) else { continue };
        group.access = access;
        // One that could not be made has no servers.
        if group.status != Status::CreateFailed {
            waits.extend(plane::accept(state, &id, Clients::Stay));
        }
    }
    waits
}

/// Whether a replication group has a user group, or gets it.
pub(super) fn has_or_will_have(group: &Group, user_group: &str) -> bool {
    let gets = |it: &Change| {
        let added = it.user_groups.iter().flat_map(|it| &it.add);
        added.into_iter().any(|it| it == user_group)
    };
    group.user_groups.iter().any(|it| it == user_group)
        || gets(&group.under_way)
        || gets(&group.deferred)
}

/// Refuses a change of a user that its groups, or the replication groups that have those, cannot take.
pub(super) fn user_may_become(state: &State, user: &User) -> Result<(), Refusal> {
    for id in users::groups_of(state, &user.id) {
        let group = user_groups::found(state, &id)?;
        user_groups::suits(user, &group.engine)?;
        for it in state.elasticache.groups.values().filter(|it| has_or_will_have(it, &id)) {
            check_login(user, (&it.engine, it.version))?;
        }
    }
    Ok(())
}

/// Refuses a change of a user group that the replication groups that have it cannot take.
pub(super) fn group_may_become(state: &State, group: &UserGroup) -> Result<(), Refusal> {
    let having = state.elasticache.groups.values().filter(|it| has_or_will_have(it, &group.id));
    for it in having {
        check_engine(state, group, (&it.engine, it.version))?;
    }
    Ok(())
}

fn check_added(
    state: &State,
    added: &[String],
    engine: (&str, Version),
    tls: bool,
) -> Result<(), Refusal> {
    for id in added {
        let group = user_groups::found(state, id)?;
        user_groups::must_be_active(group, "associated")?;
        check_engine(state, group, engine)?;
    }
    if !added.is_empty() && !tls {
        return Err(bad_combination(
            "User group based access control requires encryption-in-transit to be enabled on the replication group.",
        ));
    }
    Ok(())
}

/// Valkey takes groups of either engine, Redis OSS those of its own, from 6.0 on (user guide, Clusters.RBAC).
fn check_engine(
    state: &State,
    group: &UserGroup,
    (engine, version): (&str, Version),
) -> Result<(), Refusal> {
    if engine == "redis" && (group.engine != "redis" || version < Version([6, 0, 0])) {
        let text = format!(
            "User group {} of the engine {} cannot be associated with redis {version}.",
            group.id, group.engine
        );
        return Err(bad_combination(text));
    }
    for id in &group.users {
        check_login(users::found(state, id)?, (engine, version))?;
    }
    Ok(())
}

/// Redis OSS knows IAM from 7.0 on (facts 2.3).
fn check_login(user: &User, (engine, version): (&str, Version)) -> Result<(), Refusal> {
    if user.rights.login == Login::Iam && engine == "redis" && version < Version([7, 0, 0]) {
        let text =
            format!("User {} logs in with IAM, which redis {version} does not know.", user.id);
        return Err(bad_combination(text));
    }
    Ok(())
}

/// The parameter is a list, the service takes one.
fn at_most_one(groups: &[String]) -> Result<(), Refusal> {
    if groups.len() <= 1 {
        return Ok(());
    }
    Err(bad_combination("Only one user group can be associated with a replication group."))
}

fn removes_all(params: &Params) -> Result<bool, Refusal> {
    Ok(params.flag("RemoveUserGroups")?.unwrap_or_default())
}

fn ids(params: &Params, parameter: &str) -> Vec<String> {
    params.list(parameter, "member").iter().map(|it| it.to_ascii_lowercase()).collect()
}
