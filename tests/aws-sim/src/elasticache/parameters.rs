//! Parameter groups and their parameters.

use std::collections::BTreeMap;

use super::check::{bad_combination, bad_value, id as check_id};
use super::engine::{self, FAMILIES, Version};
use super::model::ParameterGroup;
use super::paging::{Page, page};
use super::{quota, tags};
use crate::wire::query::Params;
use crate::wire::xml::Xml;
use crate::{Refusal, State};

mod nodes;
mod table;

pub(super) use nodes::{PENDING_REBOOT, applied, apply_status, chosen, may_follow};
use table::Parameter;
pub(super) use table::{defaults, needs_reboot};

/// The name of a family's default group.
fn default_name(family: &str) -> String {
    format!("default.{family}")
}

/// The default groups of a family: one of them enables cluster mode.
fn default_groups(family: &str) -> [ParameterGroup; 2] {
    let plain = ParameterGroup {
        name: default_name(family),
        family: family.to_owned(),
        description: format!("Default parameter group for {family}"),
        values: BTreeMap::new(),
        tags: BTreeMap::new(),
    };
    let clustered = ParameterGroup {
        name: format!("{}{CLUSTERED}", plain.name),
        description: format!(
            "Customized default parameter group for {family} with cluster mode on"
        ),
        values: [(table::CLUSTER.to_owned(), "yes".to_owned())].into(),
        ..plain.clone()
    };
    [plain, clustered]
}

/// How the name of a default group ends that enables cluster mode.
const CLUSTERED: &str = ".cluster.on";

/// The default group of cluster mode for this engine.
pub(super) fn cluster_default(engine: &str, version: Version) -> String {
    format!("{}{CLUSTERED}", default_name(engine::family(engine, version)))
}

/// Whether a parameter group enables cluster mode.
pub(super) fn enables_cluster(state: &State, name: &str) -> bool {
    let on = |it: ParameterGroup| it.values.get(table::CLUSTER).is_some_and(|it| it == "yes");
    find(state, name).is_ok_and(on)
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
    let mut defaults = FAMILIES.iter().flat_map(|it| default_groups(it));
    defaults.find(|it| it.name == name).ok_or_else(|| missing(name))
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
    let group = find(state, &name)?;
    if group.family == family {
        return Ok(name);
    }
    let of = if group.family.starts_with("valkey") { "valkey" } else { "redis" };
    if of != engine {
        let text = format!("{of} parameter group is not applicable to engine {engine}");
        return Err(bad_combination(text));
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
    quota::check_one_more(
        state.elasticache.parameter_groups.len(),
        state.settings.quotas.parameter_groups,
        "CacheParameterGroupQuotaExceeded",
        "parameter groups",
    )?;
    let values = BTreeMap::new();
    let made = ParameterGroup { name: name.clone(), family, description, values, tags };
    state.elasticache.parameter_groups.insert(name, made.clone());
    let mut xml = Xml::new();
    xml.within("CacheParameterGroup", |xml| write(xml, state, &made));
    Ok(xml.done())
}

/// `ModifyCacheParameterGroup`. Nodes that use it take changes at once, but for those that need a reboot.
pub(super) fn modify(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let name = changeable(state, params)?;
    let family = find(state, &name)?.family;
    let pairs = params.structures("ParameterNameValues", "ParameterNameValue");
    if pairs.is_empty() || 20 < pairs.len() {
        return Err(bad_value("ParameterNameValues must hold 1 to 20 parameters"));
    }
    let mut values = BTreeMap::new();
    for pair in pairs {
        let parameter = pair.text("ParameterName").unwrap_or_default();
        let value = pair.text("ParameterValue").unwrap_or_default();
        table::check(&family, &parameter, &value)?;
        values.insert(parameter, value);
    }
    change(state, &name, |it| it.extend(values))?;
    Ok(named(&name))
}

/// `ResetCacheParameterGroup`.
pub(super) fn reset(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let name = changeable(state, params)?;
    let family = find(state, &name)?.family;
    let all = params.flag("ResetAllParameters")?.unwrap_or_default();
    let pairs = params.structures("ParameterNameValues", "ParameterNameValue");
    let names: Vec<_> = pairs.iter().filter_map(|it| it.text("ParameterName")).collect();
    if all != names.is_empty() {
        return Err(bad_combination("Specify ResetAllParameters or ParameterNameValues"));
    }
    for parameter in &names {
        table::changeable(&family, parameter)?;
    }
    change(state, &name, |it| it.retain(|it, _| !all && !names.contains(it)))?;
    Ok(named(&name))
}

/// Changes the values of a group, and has the nodes that use it follow.
fn change(
    state: &mut State,
    name: &str,
    how: impl FnOnce(&mut BTreeMap<String, String>),
) -> Result<(), Refusal> {
    let before = nodes::values_of_reboots(state, name);
    let Some(group) = state.elasticache.parameter_groups.get(name) else { return Ok(()) };
    let was = group.values.clone();
    let mut values = was.clone();
    how(&mut values);
    let is_used = state.elasticache.groups.values().any(|it| it.uses_parameter_group(name));
    if is_used && values.get(table::CLUSTER) != was.get(table::CLUSTER) {
        return Err(bad_value(format!(
            "Parameter group {name} is used by a cache cluster: cluster-enabled cannot be modified."
        )));
    }
    set(state, name, values);
    let is_fixed = state.settings.switches.static_parameters_fixed && is_used;
    if is_fixed && nodes::values_of_reboots(state, name) != before {
        set(state, name, was);
        let text = format!(
            "Parameter group {name} is used by a cache cluster: parameters that need a reboot cannot be modified."
        );
        return Err(bad_value(text));
    }
    nodes::changed(state, name, &before);
    Ok(())
}

fn set(state: &mut State, name: &str, values: BTreeMap<String, String>) {
    if let Some(group) = state.elasticache.parameter_groups.get_mut(name) {
        group.values = values;
    }
}

/// `DeleteCacheParameterGroup`.
pub(super) fn delete(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let name = changeable(state, params)?;
    let used = state.elasticache.groups.values().find(|it| it.uses_parameter_group(&name));
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
        let defaults = FAMILIES.iter().flat_map(|it| default_groups(it));
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

/// Where a value can come from.
const SOURCES: [&str; 3] = ["user", "system", "engine-default"];

/// `DescribeCacheParameters`.
pub(super) fn describe_parameters(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let name = params.required("CacheParameterGroupName")?.to_ascii_lowercase();
    let group = find(state, &name)?;
    let wanted = params.text("Source");
    let is_made = !name.starts_with("default.");
    let source = |it: &Parameter| match (group.values.contains_key(it.name), it.modifiable) {
        (true, _) if is_made => "user",
        (false, true) => "engine-default",
        (true | false, _) => "system",
    };
    if let Some(strange) = wanted.as_ref().filter(|it| !SOURCES.contains(&it.as_str())) {
        let text =
            format!("Invalid Source: {strange}. Valid values are: user, system, engine-default");
        return Err(bad_value(text));
    }
    let found = table::of_family(&group.family)
        .filter(|it| wanted.as_deref().is_none_or(|one| one == source(it)));
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
    let all = table::of_family(&family).map(|it| (it.name, it));
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
        .text("MinimumEngineVersion", parameter.since())
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
