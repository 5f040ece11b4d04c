//! Subnet groups.

use std::collections::BTreeMap;

use super::check::bad_value;
use super::model::SubnetGroup;
use super::network;
use super::paging::{Page, page};
use super::{quota, tags};
use crate::wire::query::Params;
use crate::wire::xml::Xml;
use crate::{Refusal, State};

/// The VPC that all subnets are in.
pub(super) const VPC: &str = "vpc-0123456789abcdef0";

/// The group that every account has.
fn default_group() -> SubnetGroup {
    SubnetGroup {
        name: "default".to_owned(),
        description: "Default CacheSubnetGroup".to_owned(),
        subnets: vec!["subnet-0default".to_owned()],
        tags: BTreeMap::new(),
    }
}

/// Refuses a name that is not there. With 400, unlike other missing things (facts 1.6).
pub(super) fn must_exist(state: &State, name: &str) -> Result<(), Refusal> {
    if name == "default" || state.elasticache.subnet_groups.contains_key(name) {
        return Ok(());
    }
    let text = format!("Cache Subnet Group {name} does not exist.");
    Err(Refusal::new(400, "CacheSubnetGroupNotFoundFault", text))
}

/// `CreateCacheSubnetGroup`.
pub(super) fn create(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let name = params.required("CacheSubnetGroupName")?.to_ascii_lowercase();
    let description = params.required("CacheSubnetGroupDescription")?;
    let legal = name.len() <= 255 && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '-');
    if !legal {
        return Err(bad_value(
            "CacheSubnetGroupName may hold up to 255 letters, digits and hyphens",
        ));
    }
    let subnets = read_subnets(params)?;
    let tags = tags::read(params)?;
    if name == "default" || state.elasticache.subnet_groups.contains_key(&name) {
        let text = format!("Cache subnet group {name} already exists.");
        return Err(Refusal::new(400, "CacheSubnetGroupAlreadyExists", text));
    }
    if subnets.is_empty() {
        let text = "The parameter SubnetIds must be provided.";
        return Err(bad_value(text));
    }
    quota::check_one_more(
        state.elasticache.subnet_groups.len(),
        state.settings.quotas.subnet_groups,
        "CacheSubnetGroupQuotaExceeded",
        "subnet groups",
    )?;
    let made = SubnetGroup { name: name.clone(), description, subnets, tags };
    state.elasticache.subnet_groups.insert(name, made.clone());
    Ok(one(state, &made))
}

/// `ModifyCacheSubnetGroup`.
pub(super) fn modify(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let name = params.required("CacheSubnetGroupName")?.to_ascii_lowercase();
    must_exist(state, &name)?;
    let subnets = read_subnets(params)?;
    let description = params.text("CacheSubnetGroupDescription");
    let group = state.elasticache.subnet_groups.entry(name.clone()).or_insert_with(default_group);
    if !subnets.is_empty() {
        group.subnets = subnets;
    }
    group.description = description.unwrap_or_else(|| group.description.clone());
    let group = group.clone();
    Ok(one(state, &group))
}

/// `DeleteCacheSubnetGroup`.
pub(super) fn delete(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let name = params.required("CacheSubnetGroupName")?.to_ascii_lowercase();
    must_exist(state, &name)?;
    let used = state.elasticache.groups.values().find(|it| it.subnet_group == name);
    if let Some(group) = used {
        let text = format!("Cache subnet group {name} is currently in use by {}.", group.id);
        return Err(Refusal::new(400, "CacheSubnetGroupInUse", text));
    }
    if name == "default" {
        return Err(bad_value("The default cache subnet group cannot be deleted."));
    }
    state.elasticache.subnet_groups.remove(&name);
    Ok(String::new())
}

/// `DescribeCacheSubnetGroups`.
pub(super) fn describe(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let name = params.text("CacheSubnetGroupName").map(|it| it.to_ascii_lowercase());
    if let Some(name) = &name {
        must_exist(state, name)?;
    }
    let mut all = state.elasticache.subnet_groups.clone();
    all.entry("default".to_owned()).or_insert_with(default_group);
    let found = all.into_values().filter(|it| name.as_ref().is_none_or(|name| it.name == *name));
    let Page { items, marker } = page(params, 20, 100, found.map(|it| (it.name.clone(), it)))?;
    let mut xml = Xml::new();
    xml.text("Marker", marker).list("CacheSubnetGroups", "CacheSubnetGroup", &items, |xml, it| {
        write(xml, state, it);
    });
    Ok(xml.done())
}

fn read_subnets(params: &Params) -> Result<Vec<String>, Refusal> {
    let subnets = params.list("SubnetIds", "SubnetIdentifier");
    if let Some(strange) = subnets.iter().find(|it| !it.starts_with("subnet-")) {
        let text = format!("Some input subnets in :[{strange}] are invalid.");
        return Err(Refusal::new(400, "InvalidSubnet", text));
    }
    if 20 < subnets.len() {
        let text = "No more than 20 subnets are allowed in a cache subnet group.";
        return Err(Refusal::new(400, "CacheSubnetQuotaExceededFault", text));
    }
    Ok(subnets)
}

fn one(state: &State, group: &SubnetGroup) -> String {
    let mut xml = Xml::new();
    xml.within("CacheSubnetGroup", |xml| write(xml, state, group));
    xml.done()
}

fn write(xml: &mut Xml, state: &State, it: &SubnetGroup) {
    xml.text("CacheSubnetGroupName", &it.name)
        .text("CacheSubnetGroupDescription", &it.description)
        .text("VpcId", VPC)
        .list(
            "Subnets",
            "Subnet",
            it.subnets.iter().zip("abcabcabcabcabcabcab".chars()),
            |xml, (id, zone)| {
                let zone = format!("{}{zone}", state.settings.region);
                xml.text("SubnetIdentifier", id)
                    .within("SubnetAvailabilityZone", |xml| {
                        xml.text("Name", zone);
                    })
                    .texts("SupportedNetworkTypes", "member", network::KINDS);
            },
        )
        .text("ARN", state.arn("elasticache", &format!("subnetgroup:{}", it.name)))
        .texts("SupportedNetworkTypes", "member", network::KINDS);
}
