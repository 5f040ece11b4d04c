//! Parameter groups and their parameters.

use std::collections::BTreeMap;

use super::check::{bad_combination, bad_value, id as check_id};
use super::engine::{self, FAMILIES, Version};
use super::model::ParameterGroup;
use super::paging::{Page, page};
use super::{plane, tags};
use crate::wire::query::Params;
use crate::wire::xml::Xml;
use crate::{Refusal, State};

/// A parameter: name, default, type, allowed values, whether a change needs a restart, whether it can be changed.
struct Parameter {
    name: &'static str,
    default: &'static str,
    kind: &'static str,
    allowed: &'static str,
    at_once: bool,
    modifiable: bool,
}

const fn of(
    name: &'static str,
    default: &'static str,
    kind: &'static str,
    allowed: &'static str,
) -> Parameter {
    Parameter { name, default, kind, allowed, at_once: true, modifiable: true }
}

const fn fixed(name: &'static str, default: &'static str, allowed: &'static str) -> Parameter {
    Parameter { name, default, kind: "string", allowed, at_once: false, modifiable: false }
}

const POLICIES: &str = "volatile-lru,allkeys-lru,volatile-lfu,allkeys-lfu,volatile-random,allkeys-random,volatile-ttl,noeviction";

/// Those that matter to a user, alphabetically. The default eviction policy is `volatile-lru` (facts 4.2).
const PARAMETERS: &[Parameter] = &[
    of("acllog-max-len", "128", "integer", "1-10000"),
    of("activedefrag", "no", "string", "yes,no"),
    of("activerehashing", "yes", "string", "yes,no"),
    fixed("appendonly", "no", "yes,no"),
    of("client-output-buffer-limit-pubsub-hard-limit", "33554432", "integer", "0-"),
    of("close-on-replica-write", "yes", "string", "yes,no"),
    fixed("cluster-enabled", "no", "yes,no"),
    Parameter { at_once: false, ..of("databases", "16", "integer", "1-1200000") },
    of("hash-max-listpack-entries", "512", "integer", "0-"),
    of("latency-tracking", "no", "string", "yes,no"),
    of("lazyfree-lazy-eviction", "yes", "string", "yes,no"),
    of("maxmemory-policy", "volatile-lru", "string", POLICIES),
    of("maxmemory-samples", "3", "integer", "1-"),
    of("notify-keyspace-events", "", "string", ""),
    of("repl-backlog-size", "1048576", "integer", "16384-"),
    of("reserved-memory-percent", "25", "integer", "0-100"),
    of("slowlog-log-slower-than", "10000", "integer", "-1-"),
    of("slowlog-max-len", "128", "integer", "0-"),
    of("tcp-keepalive", "300", "integer", "0-"),
    of("timeout", "0", "integer", "0,20-"),
];

/// What a group has where nobody said otherwise.
pub(super) fn defaults() -> impl Iterator<Item = (String, String)> {
    PARAMETERS.iter().map(|it| (it.name.to_owned(), it.default.to_owned()))
}

/// The name of a family's default group.
fn default_name(family: &str) -> String {
    format!("default.{family}")
}

fn default_group(family: &str) -> ParameterGroup {
    ParameterGroup {
        name: default_name(family),
        family: family.to_owned(),
        description: format!("Default parameter group for {family}"),
        values: BTreeMap::new(),
        tags: BTreeMap::new(),
    }
}

fn missing(name: &str) -> Refusal {
    let text = format!("CacheParameterGroup not found: {name}");
    Refusal::new(404, "CacheParameterGroupNotFound", text)
}

/// The group of this name, made or default.
fn find(state: &State, name: &str) -> Result<ParameterGroup, Refusal> {
    if let Some(group) = state.elasticache.parameter_groups.get(name) {
        return Ok(group.clone());
    }
    let family = FAMILIES.iter().find(|it| default_name(it) == name);
    family.map(|it| default_group(it)).ok_or_else(|| missing(name))
}

/// The name of a group that this engine can use; the default one where none is named.
pub(super) fn checked(
    state: &State,
    name: Option<String>,
    engine: &str,
    version: Version,
) -> Result<String, Refusal> {
    let family = engine::family(engine, version);
    let Some(name) = name else { return Ok(default_name(family)) };
    let name = name.to_ascii_lowercase();
    if name.ends_with(".cluster.on") {
        return Err(bad_combination("Cluster mode enabled is not modelled here"));
    }
    let group = find(state, &name)?;
    if group.family == family {
        return Ok(name);
    }
    Err(bad_combination(format!(
        "Expected a parameter group of family {family} but found one of family {}",
        group.family
    )))
}

fn check_family(family: &str) -> Result<(), Refusal> {
    if FAMILIES.contains(&family) {
        return Ok(());
    }
    let text = format!("CacheParameterGroupFamily {family} is not a valid parameter group family.");
    Err(bad_value(text))
}

/// `CreateCacheParameterGroup`.
pub(super) fn create(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let name = check_id("CacheParameterGroupName", &params.required("CacheParameterGroupName")?)?;
    let family = params.required("CacheParameterGroupFamily")?;
    let description = params.required("Description")?;
    check_family(&family)?;
    let tags = tags::read(params)?;
    if state.elasticache.parameter_groups.contains_key(&name) {
        let text = format!("Parameter group {name} already exists");
        return Err(Refusal::new(400, "CacheParameterGroupAlreadyExists", text));
    }
    let values = BTreeMap::new();
    let made = ParameterGroup { name: name.clone(), family, description, values, tags };
    state.elasticache.parameter_groups.insert(name, made.clone());
    let mut xml = Xml::new();
    xml.within("CacheParameterGroup", |xml| write(xml, state, &made));
    Ok(xml.done())
}

/// `ModifyCacheParameterGroup`. Nodes that use it take changes at once.
pub(super) fn modify(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let name = changeable(state, params)?;
    let pairs = params.structures("ParameterNameValues", "ParameterNameValue");
    if pairs.is_empty() || 20 < pairs.len() {
        return Err(bad_value("ParameterNameValues must hold 1 to 20 parameters"));
    }
    let mut values = BTreeMap::new();
    for pair in pairs {
        let parameter = pair.text("ParameterName").unwrap_or_default();
        let value = pair.text("ParameterValue").unwrap_or_default();
        check_parameter(&parameter, &value)?;
        values.insert(parameter, value);
    }
    if let Some(group) = state.elasticache.parameter_groups.get_mut(&name) {
        group.values.extend(values);
    }
    reconfigure(state, &name);
    Ok(named(&name))
}

/// `ResetCacheParameterGroup`.
pub(super) fn reset(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let name = changeable(state, params)?;
    let all = params.flag("ResetAllParameters")?.unwrap_or_default();
    let pairs = params.structures("ParameterNameValues", "ParameterNameValue");
    let names: Vec<_> = pairs.iter().filter_map(|it| it.text("ParameterName")).collect();
    if all != names.is_empty() {
        return Err(bad_combination("Specify ResetAllParameters or ParameterNameValues"));
    }
    if let Some(group) = state.elasticache.parameter_groups.get_mut(&name) {
        group.values.retain(|it, _| !all && !names.contains(it));
    }
    reconfigure(state, &name);
    Ok(named(&name))
}

/// `DeleteCacheParameterGroup`.
pub(super) fn delete(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let name = changeable(state, params)?;
    let used = state.elasticache.groups.values().find(|it| it.parameter_group == name);
    if let Some(group) = used {
        let text = format!(
            "One or more cache clusters are still members of this parameter group {name}, so the group cannot be deleted: {}",
            group.id
        );
        return Err(Refusal::new(400, "InvalidCacheParameterGroupState", text));
    }
    state.elasticache.parameter_groups.remove(&name);
    Ok(String::new())
}

/// `DescribeCacheParameterGroups`.
pub(super) fn describe(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let name = params.text("CacheParameterGroupName").map(|it| it.to_ascii_lowercase());
    let all: Vec<_> = if let Some(name) = name {
        vec![find(state, &name)?]
    } else {
        let defaults = FAMILIES.iter().map(|it| default_group(it));
        let mut all: Vec<_> =
            state.elasticache.parameter_groups.values().cloned().chain(defaults).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    };
    let all = all.into_iter().map(|it| (it.name.clone(), it));
    let Page { items, marker } = page(params, 20, 100, all)?;
    let mut xml = Xml::new();
    xml.text("Marker", marker).list(
        "CacheParameterGroups",
        "CacheParameterGroup",
        &items,
        |xml, it| write(xml, state, it),
    );
    Ok(xml.done())
}

/// `DescribeCacheParameters`.
pub(super) fn describe_parameters(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let name = params.required("CacheParameterGroupName")?.to_ascii_lowercase();
    let group = find(state, &name)?;
    let wanted = params.text("Source");
    let source = |it: &Parameter| match (group.values.contains_key(it.name), it.modifiable) {
        (true, _) => "user",
        (false, true) => "engine-default",
        (false, false) => "system",
    };
    let found =
        PARAMETERS.iter().filter(|it| wanted.as_deref().is_none_or(|one| one == source(it)));
    let found = found.map(|it| (it.name, it));
    let Page { items, marker } = page(params, 20, 100, found)?;
    let mut xml = Xml::new();
    xml.text("Marker", marker).list("Parameters", "Parameter", items, |xml, it| {
        let value = group.values.get(it.name).map_or(it.default, String::as_str);
        write_parameter(xml, it, value, source(it));
    });
    Ok(xml.done())
}

/// `DescribeEngineDefaultParameters`.
pub(super) fn engine_defaults(params: &Params) -> Result<String, Refusal> {
    let family = params.required("CacheParameterGroupFamily")?;
    check_family(&family)?;
    let all = PARAMETERS.iter().map(|it| (it.name, it));
    let Page { items, marker } = page(params, 20, 100, all)?;
    let mut xml = Xml::new();
    xml.within("EngineDefaults", |xml| {
        xml.text("CacheParameterGroupFamily", &family).text("Marker", marker);
        xml.list("Parameters", "Parameter", items, |xml, it| {
            let source = if it.modifiable { "engine-default" } else { "system" };
            write_parameter(xml, it, it.default, source);
        });
    });
    Ok(xml.done())
}

fn write_parameter(xml: &mut Xml, parameter: &Parameter, value: &str, source: &str) {
    xml.text("ParameterName", parameter.name)
        .text("ParameterValue", value)
        .text("Description", format!("{} of the engine", parameter.name))
        .text("Source", source)
        .text("DataType", parameter.kind)
        .text("AllowedValues", parameter.allowed)
        .flag("IsModifiable", parameter.modifiable)
        .text("MinimumEngineVersion", "5.0.6")
        .text("ChangeType", if parameter.at_once { "immediate" } else { "requires-reboot" });
}

/// The name of a group that may be changed: not a default one.
fn changeable(state: &State, params: &Params) -> Result<String, Refusal> {
    let name = params.required("CacheParameterGroupName")?.to_ascii_lowercase();
    find(state, &name)?;
    if name.starts_with("default.") {
        let text = format!("The default parameter group {name} cannot be changed or deleted.");
        return Err(bad_value(text));
    }
    Ok(name)
}

fn check_parameter(name: &str, value: &str) -> Result<(), Refusal> {
    let found = PARAMETERS.iter().find(|it| it.name == name);
    let found = found.ok_or_else(|| {
        bad_value(format!("Could not find parameter with name: {name} and family of the group."))
    })?;
    if !found.modifiable {
        return Err(bad_value(format!("The parameter {name} cannot be modified.")));
    }
    let legal = match found.kind {
        "integer" => value.parse::<i64>().is_ok_and(|it| in_range(it, found.allowed)),
        _ => found.allowed.is_empty() || found.allowed.split(',').any(|it| it == value),
    };
    if legal {
        return Ok(());
    }
    Err(bad_value(format!(
        "The parameter value {value} is invalid for {name}. Allowed values: {}",
        found.allowed
    )))
}

/// Whether a number is in `0-100`, `16-` (no upper bound) or `0,20-`.
fn in_range(number: i64, allowed: &str) -> bool {
    allowed.split(',').any(|it| {
        let dash = it.char_indices().skip(1).find(|(_, it)| *it == '-').map(|(at, _)| at);
        let Some((low, high)) = dash.and_then(|at| Some((it.get(..at)?, it.get(at + 1..)?))) else {
            return it.parse() == Ok(number);
        };
        low.parse::<i64>().is_ok_and(|low| low <= number)
            && (high.is_empty() || high.parse::<i64>().is_ok_and(|high| number <= high))
    })
}

fn reconfigure(state: &mut State, name: &str) {
    let groups = state.elasticache.groups.values().filter(|it| it.parameter_group == name);
    for id in groups.map(|it| it.id.clone()).collect::<Vec<_>>() {
        plane::configure(state, &id);
        // What is reserved may be another share of its nodes.
        state.elasticache.groups.touch(&id);
    }
}

fn named(name: &str) -> String {
    let mut xml = Xml::new();
    xml.text("CacheParameterGroupName", name);
    xml.done()
}

fn write(xml: &mut Xml, state: &State, it: &ParameterGroup) {
    xml.text("CacheParameterGroupName", &it.name)
        .text("CacheParameterGroupFamily", &it.family)
        .text("Description", &it.description)
        .flag("IsGlobal", false)
        .text("ARN", state.arn("elasticache", &format!("parametergroup:{}", it.name)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_against_what_is_allowed() {
        assert!(check_parameter("maxmemory-policy", "allkeys-lru").is_ok());
        assert!(check_parameter("maxmemory-policy", "lru").is_err());
        assert!(check_parameter("reserved-memory-percent", "101").is_err());
        assert!(check_parameter("timeout", "0").is_ok());
        assert!(check_parameter("timeout", "10").is_err());
        assert!(check_parameter("timeout", "60").is_ok());
        assert!(check_parameter("slowlog-log-slower-than", "-1").is_ok());
        assert!(check_parameter("cluster-enabled", "yes").is_err());
        assert!(check_parameter("no-such", "1").is_err());
    }

    #[test]
    fn parameters_are_alphabetical() {
        assert!(PARAMETERS.is_sorted_by_key(|it| it.name));
    }
}
