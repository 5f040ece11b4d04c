//! Users (facts 2.3): who they are, how they log in, and what they may do.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::check::{bad_combination, bad_value};
use super::paging::{Page, page};
use super::work::{self, Work};
use super::{attach, event, tags};
use crate::effect::DEFAULT_USER;
use crate::wire::query::Params;
use crate::wire::xml::Xml;
use crate::{Login, Refusal, State};

mod rights;

pub use rights::Rights;

/// A user's state.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UserStatus {
    /// Nothing is under way.
    Active,
    /// Being changed: the nodes do not know it yet.
    Modifying,
    /// Going.
    Deleting,
}

impl UserStatus {
    /// As the API writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Modifying => "modifying",
            Self::Deleting => "deleting",
        }
    }
}

/// A user.
#[derive(Clone, Debug)]
pub struct User {
    /// Its id.
    pub id: String,
    /// The name to log in with. Several users may have one name, though not in one group.
    pub name: String,
    /// `redis` or `valkey`.
    pub engine: String,
    /// Its state.
    pub status: UserStatus,
    /// How it logs in and what it may do, as it was asked for last.
    pub rights: Rights,
    /// The same, as the nodes know it.
    pub on_nodes: Rights,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// All users, by id. The stock one is always there.
#[derive(Debug)]
pub struct Users(pub(super) BTreeMap<String, User>);

impl Default for Users {
    fn default() -> Self {
        let rights = Rights { login: Login::NoPassword, access_string: "on ~* +@all".to_owned() };
        let stock = User {
            id: DEFAULT_USER.to_owned(),
            name: DEFAULT_USER.to_owned(),
            engine: "redis".to_owned(),
            status: UserStatus::Active,
            on_nodes: rights.clone(),
            rights,
            tags: BTreeMap::new(),
        };
        Self([(stock.id.clone(), stock)].into())
    }
}

impl Users {
    /// The user of this id.
    pub fn find(&self, id: &str) -> Option<&User> {
        self.0.get(id)
    }

    /// All of them, by id.
    pub fn all(&self) -> impl Iterator<Item = &User> {
        self.0.values()
    }
}

/// `CreateUser`. The user is there at once.
pub(super) fn create(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let id = identifier("UserId", &params.required("UserId")?)?;
    let name = user_name(&params.required("UserName")?)?;
    let engine = engine_named(&params.required("Engine")?)?;
    let access_string = rights::access_string(&params.required("AccessString")?)?;
    let login = rights::login(params)?.ok_or_else(rights::no_password)?;
    let rights = Rights { login, access_string };
    let tags = tags::read(params)?;
    let user = User {
        on_nodes: rights.clone(),
        id: id.clone(),
        name,
        engine,
        status: UserStatus::Active,
        rights,
        tags,
    };
    rights::check(&user)?;
    let users = &mut state.elasticache.users.0;
    if users.contains_key(&id) {
        let text = format!("User {id} already exists.");
        return Err(Refusal::new(400, "UserAlreadyExists", text));
    }
    let most = state.settings.switches.rbac_quotas.users;
    if most <= users.len() {
        let text = format!("The quota of {most} users has been exceeded.");
        return Err(Refusal::new(400, "UserQuotaExceeded", text));
    }
    users.insert(id.clone(), user);
    event::of_user(state, &id, format!("User {id} created"));
    one(state, &id)
}

/// `ModifyUser`. Passwords replace those that were there.
pub(super) fn modify(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let mut user = changeable(state, params, "modified")?;
    let access_string = match (params.text("AccessString"), params.text("AppendAccessString")) {
        (Some(_), Some(_)) => {
            return Err(bad_combination(
                "Specify only one of AccessString and AppendAccessString.",
            ));
        }
        (Some(text), None) => Some(text),
        (None, Some(more)) => Some(format!("{} {more}", user.rights.access_string)),
        (None, None) => None,
    };
    let login = rights::login(params)?;
    let engine = params.text("Engine").map(|it| engine_named(&it)).transpose()?;
    if access_string.is_none() && login.is_none() && engine.is_none() {
        return Err(bad_combination("No modifications were requested"));
    }
    if let Some(text) = access_string {
        user.rights.access_string = rights::access_string(&text)?;
    }
    user.rights.login = login.unwrap_or(user.rights.login);
    user.engine = engine.unwrap_or(user.engine);
    rights::check(&user)?;
    attach::user_may_become(state, &user)?;
    user.status = UserStatus::Modifying;
    let id = user.id.clone();
    state.elasticache.users.0.insert(id.clone(), user);
    let takes = state.settings.durations.user;
    work::start(state, None, takes, [], Work::UserChanged(id.clone()));
    one(state, &id)
}

/// `DeleteUser`. It leaves its groups with it.
pub(super) fn delete(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let user = changeable(state, params, "deleted")?;
    let id = user.id;
    if user.name == DEFAULT_USER && !groups_of(state, &id).is_empty() {
        let text = format!(
            "User {id} is the default user of a user group. Put another one in its place first."
        );
        return Err(Refusal::new(400, "DefaultUserAssociatedToUserGroup", text));
    }
    if let Some(user) = state.elasticache.users.0.get_mut(&id) {
        user.status = UserStatus::Deleting;
    }
    let takes = state.settings.durations.user;
    work::start(state, None, takes, [], Work::UserLeaves(id.clone()));
    one(state, &id)
}

/// `DescribeUsers`.
pub(super) fn describe(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let id = params.text("UserId").map(|it| it.to_ascii_lowercase());
    if let Some(id) = &id {
        found(state, id)?;
    }
    let engine = params.text("Engine").map(|it| it.to_ascii_lowercase());
    let filters = filters(params)?;
    let users = state.elasticache.users.0.values().filter(|user| {
        id.as_ref().is_none_or(|it| user.id == *it)
            && engine.as_ref().is_none_or(|it| user.engine == *it)
            && filters.iter().all(|(property, values)| values.contains(&property(user)))
    });
    let users = users.map(|it| (it.id.clone(), it));
    let Page { items, marker } = page(params, 20, 100, users)?;
    let mut xml = Xml::new();
    xml.list("Users", "member", items, |xml, it| write(xml, state, it)).text("Marker", marker);
    Ok(xml.done())
}

type Property = fn(&User) -> String;

/// What the list is filtered by, and the values that will do.
fn filters(params: &Params) -> Result<Vec<(Property, Vec<String>)>, Refusal> {
    let filter = |it: &Params| {
        let name = it.text("Name").unwrap_or_default();
        let property: Property = match name.as_str() {
            "UserId" => |it| it.id.clone(),
            "UserName" => |it| it.name.clone(),
            "Engine" => |it| it.engine.clone(),
            "Status" => |it| it.status.word().to_owned(),
            _ => return Err(bad_combination(format!("Users cannot be filtered by {name}."))),
        };
        Ok((property, it.list("Values", "member")))
    };
    params.structures("Filters", "member").iter().map(filter).collect()
}

/// The time of a change has passed: the nodes are told.
pub(super) fn changed(state: &mut State, id: &str) {
    if let Some(user) = state.elasticache.users.0.get_mut(id) {
        user.on_nodes = user.rights.clone();
    }
    let groups = groups_of(state, id);
    let waits = attach::tell(state, &groups);
    work::start(state, None, SignedDuration::ZERO, waits, Work::UserSettled(id.to_owned()));
}

/// Every node knows what the user has become.
pub(super) fn settled(state: &mut State, id: &str) {
    if let Some(user) = state.elasticache.users.0.get_mut(id) {
        user.status = UserStatus::Active;
    }
    event::of_user(state, id, format!("User {id} modified"));
}

/// The time of a deletion has passed: its groups and the nodes know the user no longer.
pub(super) fn leaves(state: &mut State, id: &str) {
    let groups = groups_of(state, id);
    for group in state.elasticache.user_groups.values_mut() {
        group.forget(id);
    }
    let waits = attach::tell(state, &groups);
    work::start(state, None, SignedDuration::ZERO, waits, Work::UserGone(id.to_owned()));
}

/// The user is gone.
pub(super) fn gone(state: &mut State, id: &str) {
    state.elasticache.users.0.remove(id);
    event::of_user(state, id, format!("User {id} deleted"));
}

/// The user of this id, in whatever state.
pub(super) fn found<'a>(state: &'a State, id: &str) -> Result<&'a User, Refusal> {
    state.elasticache.users.0.get(id).ok_or_else(|| not_found(id))
}

/// There is no such user.
pub(super) fn not_found(id: &str) -> Refusal {
    Refusal::new(404, "UserNotFound", format!("User {id} not found."))
}

/// An id of a user or a user group, as it is stored (facts 2.3).
pub(super) fn identifier(parameter: &str, text: &str) -> Result<String, Refusal> {
    let legal = text.starts_with(|it: char| it.is_ascii_alphabetic())
        && text.chars().all(|it| it.is_ascii_alphanumeric() || it == '-');
    if legal {
        return Ok(text.to_ascii_lowercase());
    }
    Err(bad_value(format!(
        "The parameter {parameter} is not a valid identifier. Identifiers must begin with a letter and must contain only ASCII letters, digits, and hyphens."
    )))
}

/// An engine that has users.
pub(super) fn engine_named(text: &str) -> Result<String, Refusal> {
    let engine = text.to_ascii_lowercase();
    if ["redis", "valkey"].contains(&engine.as_str()) {
        return Ok(engine);
    }
    Err(bad_value(format!("Invalid engine {text}. Valid values are: redis, valkey")))
}

fn user_name(text: &str) -> Result<String, Refusal> {
    if text.chars().any(|it| it.is_whitespace() || it.is_control()) {
        return Err(bad_value("The parameter UserName must not contain spaces."));
    }
    if text.starts_with(OWN) {
        return Err(bad_value(format!("Names that begin with {OWN} are the simulator's own.")));
    }
    Ok(text.to_owned())
}

/// Real servers have users of this kind, whom the simulator itself logs in as.
const OWN: &str = "aws-sim-";

/// A user that may be changed now. The sentence is AWS's own (hashicorp/terraform-provider-aws#49726).
fn changeable(state: &State, params: &Params, how: &str) -> Result<User, Refusal> {
    let id = params.required("UserId")?.to_ascii_lowercase();
    let user = found(state, &id)?.clone();
    if id == DEFAULT_USER {
        return Err(bad_value(format!("The user {DEFAULT_USER} cannot be {how}.")));
    }
    if user.status != UserStatus::Active {
        let text =
            format!("User {id} has status {}. Only active users can be {how}.", user.status.word());
        return Err(Refusal::new(400, "InvalidUserState", text));
    }
    Ok(user)
}

/// The groups that a user is in, or on its way into.
pub(super) fn groups_of(state: &State, id: &str) -> Vec<String> {
    let groups = state.elasticache.user_groups.values();
    groups.filter(|it| it.names(id)).map(|it| it.id.clone()).collect()
}

/// A user's ARN.
pub(super) fn arn(state: &State, id: &str) -> String {
    state.arn("elasticache", &format!("user:{id}"))
}

fn one(state: &State, id: &str) -> Result<String, Refusal> {
    let mut xml = Xml::new();
    write(&mut xml, state, found(state, id)?);
    Ok(xml.done())
}

fn write(xml: &mut Xml, state: &State, it: &User) {
    let groups =
        state.elasticache.user_groups.values().filter(|group| group.users.contains(&it.id));
    xml.text("UserId", &it.id)
        .text("UserName", &it.name)
        .text("Status", it.status.word())
        .text("Engine", &it.engine)
        .text("MinimumEngineVersion", MINIMUM_ENGINE_VERSION)
        .text("AccessString", &it.rights.access_string)
        .texts("UserGroupIds", "member", groups.map(|it| &it.id))
        .within("Authentication", |xml| match &it.rights.login {
            Login::Passwords(passwords) => {
                let count = i64::try_from(passwords.len()).unwrap_or(i64::MAX);
                xml.text("Type", "password").number("PasswordCount", count);
            }
            Login::NoPassword => {
                xml.text("Type", "no-password").number("PasswordCount", 0);
            }
            Login::Iam => {
                xml.text("Type", "iam").number("PasswordCount", 0);
            }
        })
        .text("ARN", arn(state, &it.id));
}

/// The oldest Redis OSS that knows users. AWS says it of users of either engine.
pub(super) const MINIMUM_ENGINE_VERSION: &str = "6.0";
