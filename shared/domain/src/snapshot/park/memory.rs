//! What a group is beside its keys, through the tags of its park snapshot: a snapshot holds none of it (facts 5.7).
//!
//! Tags go along as they are, ours put aside so that nobody takes the snapshot for what they speak of. All else is a list of words such as
//! `tls:required subnets:orders`, over as many tags as it takes.

use std::collections::BTreeMap;

use crate::group::{Endpoint, Tls, Toggle};
use crate::log::{LogKind, LogStatus, LogView};
use crate::provision::diff;
use crate::shard::{Shape, ShardView};
use crate::snapshot::in_place::mark;
use crate::snapshot::{SnapshotView, owner};
use crate::{GroupId, GroupStatus, GroupView, MemberId, MemberView, NodeType, Role, Tags, tag};

use super::Unparked;

/// AWS takes so many tags of a thing (facts 1.6).
const TAGS_MAX: usize = 50;
/// Left for what is told of the keys, and what comes of a drill.
const TAGS_LEFT: usize = 4;

/// The tags that carry a group, beside those that say whose the snapshot is.
pub(super) fn carried(group: &GroupView, tags: &Tags) -> Result<Tags, Unparked> {
    let whose = [tag::OWNER, tag::GROUP, tag::PARKED];
    let aside = |key: &str| match key.strip_prefix(tag::OURS) {
        Some(rest) => format!("{}{rest}", tag::WAS),
        None => key.to_owned(),
    };
    let kept = mark::kept(tags).into_iter().filter(|(key, _)| {
        // The owner is told by the snapshot itself.
        key != tag::OWNER && key != tag::PARKED
    });
    let mut carried: Tags = kept.map(|(key, value)| (aside(&key), value)).collect();
    for (number, part) in (1_usize..).zip(parts(&words(group))) {
        carried.insert(format!("{}{number}", tag::PARK_MEMORY), part);
    }
    let needs = carried.len() + whose.len() + TAGS_LEFT;
    if TAGS_MAX < needs {
        return Err(Unparked::TooMuch { group: group.id.clone(), needs, has: TAGS_MAX });
    }
    Ok(carried)
}

/// The group as it was, at rest, with its tags; nothing where the snapshot does not tell.
pub fn read(group: &GroupId, snapshot: &SnapshotView) -> Option<GroupView> {
    of_tags(group, snapshot.tags.as_ref()?)
}

/// The same of the tags of its snapshot alone.
pub fn of_tags(group: &GroupId, tags: &Tags) -> Option<GroupView> {
    let text: String = (1_usize..)
        .map_while(|it| tags.get(&format!("{}{it}", tag::PARK_MEMORY)))
        .map(String::as_str)
        .collect();
    let mut words: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for word in text.split(' ') {
        let (key, value) = word.split_once(':')?;
        words.entry(key).or_default().push(mark::read(value));
    }
    rebuilt(group, &Words(words), was(group, tags))
}

/// The tags of the group.
fn was(group: &GroupId, snapshot: &Tags) -> Tags {
    let back = |key: &str| match (key.strip_prefix(tag::WAS), key.starts_with(tag::OURS)) {
        (Some(rest), _) => Some(format!("{}{rest}", tag::OURS)),
        (None, true) => None,
        (None, false) => Some(key.to_owned()).filter(|it| !it.starts_with("aws:")),
    };
    let mut was: Tags =
        snapshot.iter().filter_map(|(key, value)| Some((back(key)?, value.clone()))).collect();
    let named = snapshot.get(tag::OWNER);
    let adopted = owner(group, &Tags::new());
    if let Some(named) = named.filter(|it| **it != adopted) {
        was.insert(tag::OWNER.to_owned(), named.clone());
    }
    was
}

fn words(group: &GroupView) -> Vec<String> {
    let on = |it: bool| Some(if it { "on" } else { "off" }.to_owned());
    let turned = |it| on(matches!(it, Toggle::Enabled | Toggle::Enabling));
    let filled = |it: &String| Some(it.clone()).filter(|it| !it.is_empty());
    let model = group.members.first();
    let (nodes, shards) = match diff::shape(group) {
        Shape::Single { nodes } => (nodes, None),
        Shape::Sharded { shards, replicas } => (replicas.saturating_add(1), Some(shards)),
    };
    let mut pairs = vec![
        ("node-type", group.node_type.as_ref().map(ToString::to_string)),
        ("nodes", Some(nodes.to_string())),
        ("shards", shards.map(|it| it.to_string())),
        ("engine", model.map(|it| it.engine.clone())),
        ("version", model.map(|it| it.engine_version.clone())),
        ("endpoint", group.clients_endpoint().map(ToString::to_string)),
        ("tls", Some(tls(group.tls).to_owned())),
        ("token", on(group.auth_token_enabled)),
        ("at-rest", on(group.at_rest_encryption)),
        ("key", group.kms_key.clone()),
        ("failover", turned(group.automatic_failover)),
        ("multi-az", turned(group.multi_az)),
        ("tiering", on(group.data_tiering)),
        ("network", filled(&group.network_type)),
        ("discovery", filled(&group.ip_discovery)),
        ("retention", Some(group.snapshot_retention_days.to_string())),
        ("snapshots", filled(&group.snapshot_window)),
        ("upgrades", group.auto_minor_version_upgrade.and_then(on)),
        ("maintenance", model.and_then(|it| filled(&it.maintenance_window))),
        ("topic", model.and_then(|it| it.notification_topic.clone())),
        ("parameters", model.and_then(|it| it.parameter_group.clone())),
        ("subnets", model.and_then(|it| it.subnet_group.clone())),
        ("described", filled(&group.description)),
    ];
    pairs.extend(group.user_groups.iter().map(|it| ("users", Some(it.clone()))));
    let security = model.map(|it| it.security_groups.clone()).unwrap_or_default();
    pairs.extend(security.into_iter().map(|it| ("security", Some(it))));
    let mut zones: Vec<&String> = group.members.iter().filter_map(|it| it.zone.as_ref()).collect();
    zones.sort();
    // With shards each walks round the zones that ElastiCache chose.
    pairs.extend(zones.iter().filter(|_| shards.is_none()).map(|it| ("zone", Some((*it).clone()))));
    for log in &group.logs {
        let key = match log.kind {
            LogKind::Slow => "slow-log",
            LogKind::Engine => "engine-log",
        };
        pairs.push((key, log.delivery.as_ref().map(ToString::to_string)));
    }
    let said = pairs.into_iter().filter_map(|(key, value)| Some((key, value?)));
    said.map(|(key, value)| format!("{key}:{}", coded(&value))).collect()
}

/// The words by their keys.
struct Words<'a>(BTreeMap<&'a str, Vec<String>>);

impl Words<'_> {
    fn one(&self, key: &str) -> Option<String> {
        self.0.get(key)?.first().cloned()
    }

    fn all(&self, key: &str) -> Vec<String> {
        self.0.get(key).cloned().unwrap_or_default()
    }

    fn number(&self, key: &str) -> Option<u32> {
        self.one(key)?.parse().ok()
    }

    fn is_on(&self, key: &str) -> bool {
        self.one(key).as_deref() == Some("on")
    }

    fn toggle(&self, key: &str) -> Toggle {
        if self.is_on(key) { Toggle::Enabled } else { Toggle::Disabled }
    }

    fn tls(&self) -> Option<Tls> {
        match self.one("tls")?.as_str() {
            "off" => Some(Tls::Off),
            "preferred" => Some(Tls::Preferred),
            "required" => Some(Tls::Required),
            _ => None,
        }
    }

    fn node_type(&self) -> Option<NodeType> {
        NodeType::parse(&self.one("node-type")?).ok()
    }

    fn logs(&self) -> Vec<LogView> {
        let of = |kind: LogKind| {
            let key = match kind {
                LogKind::Slow => "slow-log",
                LogKind::Engine => "engine-log",
            };
            let delivery = self.one(key)?.parse().ok();
            Some(LogView { kind, delivery, status: LogStatus::Active })
        };
        LogKind::ALL.into_iter().filter_map(of).collect()
    }

    fn member(&self, (index, id): (usize, &MemberId)) -> Option<MemberView> {
        Some(MemberView {
            id: id.clone(),
            status: "available".to_owned(),
            node_type: self.node_type(),
            pending_node_type: None,
            pending_engine_version: None,
            engine: self.one("engine")?,
            engine_version: self.one("version")?,
            parameter_group: self.one("parameters"),
            parameter_status: "in-sync".to_owned(),
            subnet_group: self.one("subnets"),
            security_groups: self.all("security"),
            maintenance_window: self.one("maintenance").unwrap_or_default(),
            notification_topic: self.one("topic"),
            tls: self.tls(),
            role: Some(if index == 0 { Role::Primary } else { Role::Replica }),
            endpoint: None,
            zone: self.all("zone").get(index).cloned(),
            created_at: None,
        })
    }
}

fn rebuilt(group: &GroupId, words: &Words<'_>, tags: Tags) -> Option<GroupView> {
    let tls = words.tls()?;
    let shards = words.number("shards");
    let endpoint = words.one("endpoint").and_then(|it| endpoint(&it));
    let ids = ids(group, shards, words.number("nodes")?)?;
    let members: Option<Vec<_>> =
        ids.iter().flatten().enumerate().map(|it| words.member(it)).collect();
    let (primary_endpoint, configuration_endpoint) =
        if shards.is_some() { (None, endpoint) } else { (endpoint, None) };
    Some(GroupView {
        id: group.clone(),
        arn: String::new(),
        status: GroupStatus::Available,
        engine: words.one("engine"),
        node_type: Some(words.node_type()?),
        description: words.one("described").unwrap_or_default(),
        cluster_enabled: shards.is_some(),
        automatic_failover: words.toggle("failover"),
        multi_az: words.toggle("multi-az"),
        transit_encryption: tls != Tls::Off,
        tls,
        at_rest_encryption: words.is_on("at-rest"),
        data_tiering: words.is_on("tiering"),
        network_type: words.one("network").unwrap_or_default(),
        ip_discovery: words.one("discovery").unwrap_or_default(),
        kms_key: words.one("key"),
        logs: words.logs(),
        auth_token_enabled: words.is_on("token"),
        user_groups: words.all("users"),
        token_change: None,
        token_changed_at: None,
        snapshot_retention_days: words.number("retention")?,
        snapshot_window: words.one("snapshots").unwrap_or_default(),
        auto_minor_version_upgrade: words.one("upgrades").map(|it| it == "on"),
        primary_endpoint,
        reader_endpoint: None,
        configuration_endpoint,
        member_ids: ids.iter().flatten().cloned().collect(),
        members: members?,
        shards: if shards.is_some() {
            ids.into_iter().enumerate().map(shard).collect()
        } else {
            Vec::new()
        },
        node_groups_settled: true,
        global_datastore: None,
        tags: Some(tags),
    })
}

/// The members of each shard, or of the only primary.
fn ids(group: &GroupId, shards: Option<u32>, nodes: u32) -> Option<Vec<Vec<MemberId>>> {
    let of_shard = |shard: u32| {
        let id = |node: u32| match shards {
            Some(_) => MemberId::parse(&format!("{group}-{shard:04}-{node:03}")).ok(),
            None => MemberId::parse(&format!("{group}-{node:03}")).ok(),
        };
        (1..=nodes).map(id).collect::<Option<Vec<_>>>()
    };
    (1..=shards.unwrap_or(1)).map(of_shard).collect()
}

fn shard((index, members): (usize, Vec<MemberId>)) -> ShardView {
    ShardView { id: format!("{:04}", index + 1), slots: None, members }
}

fn endpoint(text: &str) -> Option<Endpoint> {
    let (address, port) = text.rsplit_once(':')?;
    Some(Endpoint { address: address.to_owned(), port: port.parse().ok()? })
}

fn tls(tls: Tls) -> &'static str {
    match tls {
        Tls::Off => "off",
        Tls::Preferred => "preferred",
        Tls::Required => "required",
    }
}

/// A word: what no tag may hold, and what parts words, is written by its bytes.
fn coded(text: &str) -> String {
    let mut written = String::new();
    for letter in text.chars() {
        let plain = letter.to_string();
        if letter != '=' && letter != ' ' && tag::is_legal_value(&plain) {
            written.push(letter);
        } else {
            written.extend(plain.bytes().map(|it| format!("={it:02X}")));
        }
    }
    written
}

/// The words over as many values as they take. None begins or ends with a space, which might be trimmed.
fn parts(words: &[String]) -> Vec<String> {
    let whole: Vec<char> = words.join(" ").chars().collect();
    let (mut parts, mut rest) = (Vec::new(), whole.as_slice());
    while !rest.is_empty() {
        let mut len = rest.len().min(tag::VALUE_LEN_MAX);
        let is_space = |at: usize| rest.get(at) == Some(&' ');
        while 1 < len && (is_space(len - 1) || is_space(len)) {
            len -= 1;
        }
        let (part, left) = rest.split_at(len);
        parts.push(part.iter().collect());
        rest = left;
    }
    parts
}

#[cfg(test)]
mod tests;
