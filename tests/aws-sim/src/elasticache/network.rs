//! Which addresses a group has, and which of them its names lead to (user guide, "Choosing a network type").
//!
//! They are only shown: every subnet has both kinds, and the servers behind a group are reached as ever.

use super::check::{bad_combination, bad_value};
use super::engine::Version;
use crate::Refusal;
use crate::wire::query::Params;
use crate::wire::xml::Xml;

/// What a group may have.
pub(super) const KINDS: [&str; 3] = ["ipv4", "ipv6", "dual_stack"];

/// The addresses of a group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Network {
    /// `ipv4`, `ipv6` or `dual_stack`.
    pub kind: String,
    /// Which its names lead to: `ipv4` or `ipv6`.
    pub discovery: String,
}

/// What a new group is asked to have.
pub(super) fn of_new(params: &Params, engine: (&str, Version)) -> Result<Network, Refusal> {
    let kind = params.text("NetworkType").unwrap_or_else(|| "ipv4".to_owned());
    if !KINDS.contains(&kind.as_str()) {
        return Err(bad_value(format!("Invalid NetworkType: {kind}")));
    }
    if kind != "ipv4" && engine.0 == "redis" && engine.1 < Version([6, 2, 0]) {
        let text = format!("NetworkType {kind} is not supported for redis {}.", engine.1);
        return Err(bad_combination(text));
    }
    let first = if kind == "ipv6" { "ipv6" } else { "ipv4" };
    let network = Network { kind, discovery: first.to_owned() };
    with_discovery(network, params)
}

/// The network with another discovery, if one is asked for.
pub(super) fn with_discovery(network: Network, params: &Params) -> Result<Network, Refusal> {
    let Some(discovery) = params.text("IpDiscovery") else { return Ok(network) };
    if !["ipv4", "ipv6"].contains(&discovery.as_str()) {
        return Err(bad_value(format!("Invalid IpDiscovery: {discovery}")));
    }
    if network.kind != "dual_stack" && network.kind != discovery {
        let kind = &network.kind;
        let text = format!("IpDiscovery {discovery} is not supported for NetworkType {kind}.");
        return Err(bad_combination(text));
    }
    Ok(Network { discovery, ..network })
}

/// As a group and its members show it.
pub(super) fn write(xml: &mut Xml, network: &Network) {
    xml.text("NetworkType", &network.kind).text("IpDiscovery", &network.discovery);
}
