//! User groups (facts 2.3): the users that a replication group lets in.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::check::{bad_combination, bad_value};
use super::paging::{Page, page};
use super::users::{self, MINIMUM_ENGINE_VERSION, User, UserStatus};
use super::work::{self, Work};
use super::{attach, event, tags};
use crate::effect::DEFAULT_USER;
use crate::wire::query::Params;
use crate::wire::xml::Xml;
use crate::{Login, Refusal, State};

/// A user group's state.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UserGroupStatus {
    /// Being made.
    Creating,
    /// Nothing is under way.
    Active,
    /// Users come or go.
    Modifying,
    /// Going.
    Deleting,
}

impl UserGroupStatus {
    /// As the API writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Active => "active",
            Self::Modifying => "modifying",
            Self::Deleting => "deleting",
        }
    }
}

/// A user group.
#[derive(Clone, Debug)]
pub struct UserGroup {
    /// Its id.
    pub id: String,
    /// `redis` or `valkey`.
    pub engine: String,
    /// Its state.
    pub status: UserGroupStatus,
    /// The ids of its users.
    pub users: BTreeSet<String>,
    /// Users that come.
    pub coming: BTreeSet<String>,
    /// Users that go.
    pub going: BTreeSet<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl UserGroup {
    /// Whether a user is in it, or on its way into it.
    pub(super) fn names(&self, user: &str) -> bool {
        self.users.contains(user) || self.coming.contains(user)
    }

    /// A user is no more.
    pub(super) fn forget(&mut self, user: &str) {
        self.users.remove(user);
        self.coming.remove(user);
        self.going.remove(user);
    }

    /// Its users once all have come and gone.
    fn users_to_be(&self) -> BTreeSet<String> {
        self.users.difference(&self.going).chain(&self.coming).cloned().collect()
    }
}

/// `CreateUserGroup`.
pub(super) fn create(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let id = users::identifier("UserGroupId", &params.required("UserGroupId")?)?;
    let group = UserGroup {
        id: id.clone(),
        engine: users::engine_named(&params.required("Engine")?)?,
        status: UserGroupStatus::Creating,
        users: ids(params, "UserIds"),
        coming: BTreeSet::new(),
        going: BTreeSet::new(),
        tags: tags::read(params)?,
    };
    let quotas = state.settings.switches.rbac_quotas;
    if state.elasticache.user_groups.contains_key(&id) {
        let text = format!("User group {id} already exists.");
        return Err(Refusal::new(400, "UserGroupAlreadyExists", text));
    }
    if quotas.user_groups <= state.elasticache.user_groups.len()
        || quotas.users_of_group < group.users.len()
    {
        let text = format!(
            "No more than {} user groups of {} users are allowed.",
            quotas.user_groups, quotas.users_of_group
        );
        return Err(Refusal::new(400, "UserGroupQuotaExceeded", text));
    }
    check_users(state, &group)?;
    state.elasticache.user_groups.insert(id.clone(), group);
    let takes = state.settings.durations.user_group;
    work::start(state, None, takes, [], Work::UserGroupSettled(id.clone(), "created"));
    one(state, &id)
}

/// `ModifyUserGroup`.
pub(super) fn modify(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let mut group = changeable(state, params, "modified")?;
    group.coming = ids(params, "UserIdsToAdd");
    group.going = ids(params, "UserIdsToRemove");
    let engine = params.text("Engine").map(|it| users::engine_named(&it)).transpose()?;
    let other_engine = engine.is_some_and(|it| {
        let other = it != group.engine;
        group.engine = it;
        other
    });
    if group.coming.is_empty() && group.going.is_empty() && !other_engine {
        return Err(bad_combination("No modifications were requested"));
    }
    if let Some(both) = group.coming.intersection(&group.going).next() {
        let text = format!("User {both} cannot be added and removed at the same time.");
        return Err(bad_combination(text));
    }
    for user in group.coming.iter().chain(&group.going) {
        users::found(state, user)?;
    }
    if let Some(there) = group.coming.intersection(&group.users).next() {
        return Err(bad_value(format!("User {there} is already a member of {}.", group.id)));
    }
    if let Some(strange) = group.going.difference(&group.users).next() {
        return Err(bad_value(format!("User {strange} is not a member of {}.", group.id)));
    }
    let to_be = UserGroup { users: group.users_to_be(), ..group.clone() };
    let most = state.settings.switches.rbac_quotas.users_of_group;
    // ModifyUserGroup declares no code of its own for it.
    if most < to_be.users.len() {
        let text = format!("No more than {most} users are allowed in a user group.");
        return Err(bad_combination(text));
    }
    check_users(state, &to_be)?;
    attach::group_may_become(state, &to_be)?;
    group.status = UserGroupStatus::Modifying;
    let id = group.id.clone();
    state.elasticache.user_groups.insert(id.clone(), group);
    let takes = state.settings.durations.user_group;
    work::start(state, None, takes, [], Work::UserGroupChanged(id.clone()));
    one(state, &id)
}

/// `DeleteUserGroup`. No replication group may have it, or be about to.
pub(super) fn delete(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let id = changeable(state, params, "deleted")?.id;
    let mut groups = state.elasticache.groups.values();
    if let Some(user) = groups.find(|it| attach::has_or_will_have(it, &id)) {
        let text = format!("User group {id} is associated with {}.", user.id);
        return Err(Refusal::new(400, "InvalidUserGroupState", text));
    }
    if let Some(group) = state.elasticache.user_groups.get_mut(&id) {
        group.status = UserGroupStatus::Deleting;
    }
    let takes = state.settings.durations.user_group;
    work::start(state, None, takes, [], Work::UserGroupGone(id.clone()));
    one(state, &id)
}

/// `DescribeUserGroups`.
pub(super) fn describe(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let id = params.text("UserGroupId").map(|it| it.to_ascii_lowercase());
    if let Some(id) = &id {
        found(state, id)?;
    }
    let groups = state.elasticache.user_groups.values();
    let groups = groups.filter(|group| id.as_ref().is_none_or(|it| group.id == *it));
    let groups = groups.map(|it| (it.id.clone(), it));
    let Page { items, marker } = page(params, 20, 100, groups)?;
    let mut xml = Xml::new();
    xml.list("UserGroups", "member", items, |xml, it| write(xml, state, it)).text("Marker", marker);
    Ok(xml.done())
}

/// The time of a change has passed: users have come and gone, and the nodes are told.
pub(super) fn changed(state: &mut State, id: &str) {
    if let Some(group) = state.elasticache.user_groups.get_mut(id) {
        group.users = group.users_to_be();
        group.coming.clear();
        group.going.clear();
    }
    let waits = attach::tell(state, &[id.to_owned()]);
    let next = Work::UserGroupSettled(id.to_owned(), "modified");
    work::start(state, None, SignedDuration::ZERO, waits, next);
}

/// Nothing is under way any more.
pub(super) fn settled(state: &mut State, id: &str, how: &str) {
    if let Some(group) = state.elasticache.user_groups.get_mut(id) {
        group.status = UserGroupStatus::Active;
    }
    event::of_user_group(state, id, format!("User group {id} {how}"));
}

/// The group is gone.
pub(super) fn gone(state: &mut State, id: &str) {
    state.elasticache.user_groups.remove(id);
    event::of_user_group(state, id, format!("User group {id} deleted"));
}

/// The group of this id, in whatever state.
pub(super) fn found<'a>(state: &'a State, id: &str) -> Result<&'a UserGroup, Refusal> {
    state.elasticache.user_groups.get(id).ok_or_else(|| not_found(id))
}

/// There is no such group.
pub(super) fn not_found(id: &str) -> Refusal {
    Refusal::new(404, "UserGroupNotFound", format!("User group {id} not found."))
}

/// A group that may be changed now.
fn changeable(state: &State, params: &Params, how: &str) -> Result<UserGroup, Refusal> {
    let id = params.required("UserGroupId")?.to_ascii_lowercase();
    let group = found(state, &id)?.clone();
    must_be_active(&group, how)?;
    Ok(group)
}

/// Refuses what a group that is not `active` refuses.
pub(super) fn must_be_active(group: &UserGroup, how: &str) -> Result<(), Refusal> {
    if group.status == UserGroupStatus::Active {
        return Ok(());
    }
    let (id, status) = (&group.id, group.status.word());
    let text =
        format!("User group {id} has status {status}. Only active user groups can be {how}.");
    Err(Refusal::new(400, "InvalidUserGroupState", text))
}

/// Whether these users make a group of this engine.
fn check_users(state: &State, group: &UserGroup) -> Result<(), Refusal> {
    let mut names = BTreeSet::new();
    for id in &group.users {
        let user = users::found(state, id)?;
        // It is as good as gone.
        if user.status == UserStatus::Deleting {
            return Err(users::not_found(id));
        }
        if !names.insert(user.name.as_str()) {
            let text = format!("There are several users with the user name {}.", user.name);
            return Err(Refusal::new(400, "DuplicateUserName", text));
        }
        suits(user, &group.engine)?;
    }
    // A group of the engine valkey does without one: nobody then gets in who says no name.
    if group.engine == "redis" && !names.contains(DEFAULT_USER) {
        let text = "User group needs to contain a user with the user name default.";
        return Err(Refusal::new(400, "DefaultUserRequired", text));
    }
    Ok(())
}

/// Whether a user may be in a group of this engine: redis takes users of redis, valkey takes whoever has to prove who it is (user guide,
/// Clusters.RBAC).
pub(super) fn suits(user: &User, engine: &str) -> Result<(), Refusal> {
    let (id, login) = (&user.id, &user.rights.login);
    if engine == "redis" && user.engine != "redis" {
        let text = format!(
            "User {id} of the engine {} cannot be in a user group of the engine redis.",
            user.engine
        );
        return Err(bad_combination(text));
    }
    if engine == "valkey" && *login == Login::NoPassword {
        let text = format!(
            "User {id} needs no password and cannot be in a user group of the engine valkey."
        );
        return Err(bad_combination(text));
    }
    Ok(())
}

fn ids(params: &Params, parameter: &str) -> BTreeSet<String> {
    params.list(parameter, "member").iter().map(|it| it.to_ascii_lowercase()).collect()
}

/// A user group's ARN.
pub(super) fn arn(state: &State, id: &str) -> String {
    state.arn("elasticache", &format!("usergroup:{id}"))
}

fn one(state: &State, id: &str) -> Result<String, Refusal> {
    let mut xml = Xml::new();
    write(&mut xml, state, found(state, id)?);
    Ok(xml.done())
}

fn write(xml: &mut Xml, state: &State, it: &UserGroup) {
    let groups = state.elasticache.groups.values();
    let groups = groups.filter(|group| group.user_groups.contains(&it.id));
    xml.text("UserGroupId", &it.id)
        .text("Status", it.status.word())
        .text("Engine", &it.engine)
        .texts("UserIds", "member", &it.users)
        .text("MinimumEngineVersion", MINIMUM_ENGINE_VERSION);
    if it.status == UserGroupStatus::Modifying {
        xml.within("PendingChanges", |xml| {
            xml.texts("UserIdsToRemove", "member", &it.going).texts(
                "UserIdsToAdd",
                "member",
                &it.coming,
            );
        });
    }
    xml.texts("ReplicationGroups", "member", groups.map(|it| &it.id))
        .texts("ServerlessCaches", "member", [""; 0])
        .text("ARN", arn(state, &it.id));
}
