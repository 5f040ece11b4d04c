//! Encryption in transit, and how it is turned on and off under clients that go on: `preferred` takes both kinds (facts 1.5; user guide, "Best
//! practices when enabling in-transit encryption").
//!
//! Most sentences here are AWS's own, as reported in cloudposse/terraform-aws-elasticache-redis#231, #239 and #240 and in
//! aws-controllers-k8s/community#2536.

use std::collections::BTreeMap;

use super::check::{bad_combination, bad_value};
use super::create::address;
use super::engine::Version;
use super::model::{Change, Group};
use super::shards;
use crate::settings::{DataPlane, Which};
use crate::wire::query::Params;
use crate::wire::xml::Xml;
use crate::{Endpoint, Refusal, State};

/// Whether clients speak TLS.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transit {
    /// None does.
    Off,
    /// They may.
    Preferred,
    /// All do.
    Required,
}

impl Transit {
    /// Whether any client may speak TLS.
    pub fn is_on(self) -> bool {
        self != Self::Off
    }

    /// Whether a client that speaks TLS, or that does not, is let in.
    pub fn admits(self, tls: bool) -> bool {
        match self {
            Self::Off => !tls,
            Self::Preferred => true,
            Self::Required => tls,
        }
    }

    /// The mode, as the API writes it.
    pub(super) fn mode(self) -> Option<&'static str> {
        match self {
            Self::Off => None,
            Self::Preferred => Some("preferred"),
            Self::Required => Some("required"),
        }
    }

    /// Both fields of an answer.
    pub(super) fn write(self, xml: &mut Xml) {
        xml.flag("TransitEncryptionEnabled", self.is_on())
            .maybe("TransitEncryptionMode", self.mode());
    }
}

/// Addresses from before encryption was turned on, which still lead to where they did.
#[derive(Clone, Debug)]
pub struct Former {
    primary: Endpoint,
    reader: Endpoint,
    nodes: BTreeMap<String, Endpoint>,
}

impl Former {
    /// Whether this host name leads to a member.
    pub(super) fn leads_to(&self, host: &str, member: &str, is_primary: bool) -> bool {
        self.is_node(host, member)
            || self.primary.host == host && is_primary
            || self.reader.host == host
    }

    /// Whether it is that of this member.
    pub(super) fn is_node(&self, host: &str, member: &str) -> bool {
        self.nodes.get(member).is_some_and(|it| it.host == host)
    }

    /// Whether it leads to whoever is the primary.
    pub(super) fn is_primary(&self, host: &str) -> bool {
        self.primary.host == host
    }
}

const MODE_ALONE: &str = "To modify transit encryption mode, set encryption-in-transit as enabled.";
const NOT_BOTH: &str = "Transit encryption preferred is not supported with redis access control.";
const NOT_NOW: &str =
    "Modification of transit encryption is not supported for access control enabled clusters.";

/// What a new group is asked to have.
pub(super) fn of_new(
    state: &State,
    params: &Params,
    engine: (&str, Version),
) -> Result<Transit, Refusal> {
    let on = params.flag("TransitEncryptionEnabled")?.unwrap_or_default();
    let Some(mode) = mode(params)? else {
        return Ok(if on { Transit::Required } else { Transit::Off });
    };
    if !on {
        return Err(bad_combination(MODE_ALONE));
    }
    check_version(engine)?;
    if mode == Transit::Preferred {
        check_servers(state)?;
        if params.has("AuthToken") || params.has("UserGroupIds") {
            return Err(bad_combination(NOT_BOTH));
        }
    }
    Ok(mode)
}

/// What a modify asks for, if anything. Where there is access control, even asking for what is there is refused.
pub(super) fn read(
    state: &State,
    before: &Group,
    params: &Params,
) -> Result<Option<Transit>, Refusal> {
    let (on, mode) = (params.flag("TransitEncryptionEnabled")?, mode(params)?);
    if on.is_none() && mode.is_none() {
        return Ok(None);
    }
    if before.access.has_token() || !before.user_groups.is_empty() {
        return Err(bad_combination(NOT_NOW));
    }
    if mode.is_some() || on != Some(before.transit.is_on()) {
        check_version((&before.engine, before.version))?;
    }
    let to = wanted(before.transit, on, mode)?;
    if to == before.transit {
        return Ok(None);
    }
    check_servers(state)?;
    let now = params.flag("ApplyImmediately")?.unwrap_or_default();
    if !now && state.settings.switches.transit_needs_apply_immediately {
        return Err(bad_value(
            "To modify the transit encryption, set the apply-immediately parameter to true.",
        ));
    }
    Ok(Some(to))
}

/// On and off lead over `preferred`.
fn wanted(from: Transit, on: Option<bool>, mode: Option<Transit>) -> Result<Transit, Refusal> {
    let first = |what: &str| {
        bad_combination(format!(
            "To {what} transit encryption, set TransitEncryptionMode to preferred first."
        ))
    };
    match (from, on, mode) {
        (Transit::Off, Some(true), Some(Transit::Preferred)) => Ok(Transit::Preferred),
        (Transit::Off, Some(true), _) => Err(first("enable")),
        (Transit::Off, None | Some(false), Some(_)) | (_, Some(false), Some(_)) => {
            Err(bad_combination(MODE_ALONE))
        }
        (Transit::Off | Transit::Preferred, Some(false), None) => Ok(Transit::Off),
        (Transit::Required, Some(false), None) => Err(first("disable")),
        (from, None | Some(true), None) => Ok(from),
        (Transit::Preferred | Transit::Required, None | Some(true), Some(mode)) => Ok(mode),
    }
}

/// Refuses access control beside a change of this, whichever of them waits for the maintenance window.
pub(super) fn check_access(before: &Group, change: &Change) -> Result<(), Refusal> {
    let controls = |it: &Change| it.token.is_some() || it.user_groups.is_some();
    if change.transit.is_some() && controls(&before.deferred) {
        return Err(bad_combination(NOT_NOW));
    }
    let leaves = change.transit.is_some() || before.deferred.transit.is_some();
    if controls(change) && (leaves || before.transit == Transit::Preferred) {
        return Err(bad_combination(NOT_BOTH));
    }
    Ok(())
}

/// A change is done: clients are let in accordingly, and addresses come and go.
pub(super) fn apply(state: &mut State, id: &str, to: Transit) {
    let switches = &state.settings.switches;
    let (node_names_stay, returns) = (switches.plain_node_names_stay, switches.plain_names_return);
    let Some(mut group) = state.elasticache.groups.get(id).cloned() else { return };
    let from = std::mem::replace(&mut group.transit, to);
    let renamed = from.is_on() != to.is_on() && (to.is_on() || returns);
    let nodes = group.members.iter().map(|(id, it)| (id.clone(), it.endpoint.clone()));
    let nodes = if node_names_stay { nodes.collect() } else { BTreeMap::new() };
    let (primary, reader) = match &group.shards {
        Some(it) => (it.configuration_endpoint.clone(), it.configuration_endpoint.clone()),
        None => (group.primary_endpoint.clone(), group.reader_endpoint.clone()),
    };
    // Addresses without TLS stay as long as there are clients without it.
    if from == Transit::Off && renamed && reader != address(state, &group, Which::Reader) {
        group.former = Some(Former { primary, reader, nodes });
    } else if to != Transit::Preferred {
        group.former = None;
    }
    if renamed {
        if group.is_sharded() {
            shards::readdress(state, &mut group);
        } else {
            group.primary_endpoint = address(state, &group, Which::Primary);
            group.reader_endpoint = address(state, &group, Which::Reader);
        }
        let members: Vec<_> = group.members.keys().cloned().collect();
        for member in members {
            let endpoint = address(state, &group, Which::Node(&member));
            if let Some(member) = group.members.get_mut(&member) {
                member.endpoint = endpoint;
            }
        }
    }
    state.elasticache.groups.insert(id.to_owned(), group);
}

fn mode(params: &Params) -> Result<Option<Transit>, Refusal> {
    match params.text("TransitEncryptionMode").as_deref() {
        None | Some("") => Ok(None),
        Some("preferred") => Ok(Some(Transit::Preferred)),
        Some("required") => Ok(Some(Transit::Required)),
        Some(strange) => Err(bad_value(format!("Invalid TransitEncryptionMode: {strange}"))),
    }
}

fn check_version((engine, version): (&str, Version)) -> Result<(), Refusal> {
    if engine != "redis" || Version([7, 0, 5]) <= version {
        return Ok(());
    }
    Err(bad_combination(format!(
        "Transit encryption mode is not supported for engine version {version}. Please use engine version 7.0.5 or higher."
    )))
}

/// Real servers listen in one way only, for as long as they run.
fn check_servers(state: &State) -> Result<(), Refusal> {
    match state.settings.data_plane {
        DataPlane::Modelled => Ok(()),
        DataPlane::Real => Err(bad_combination(
            "TransitEncryptionMode: preferred, and any change, are not modelled here where nodes are real servers",
        )),
    }
}
