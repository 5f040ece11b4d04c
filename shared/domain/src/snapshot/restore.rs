//! A new group from a snapshot, like the group that the snapshot is of.
//!
//! A snapshot holds neither token nor TLS, security groups, replicas or tags (facts 5.7). All of that is taken from the source group, given
//! again explicitly, and read back before the new group is said to be good.

pub mod rules;
mod size;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::alarm::{AlarmSet, AlarmView, Wish};
use crate::engine::Version;
use crate::group::{Resilience, Toggle};
use crate::{
    Arn, Catalog, GroupId, GroupStatus, GroupView, Next, NodeType, Problems, Tags, Wait, WaitingOn,
    tag,
};

use self::rules::Obstacle;
use super::{Refusal, SnapshotView, Unrestorable, take};

/// A group that is wanted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Restore {
    /// From this snapshot. An automatic one has a dot in its name and is restored like any other.
    pub snapshot: String,
    /// Under this id, which is not taken.
    pub target: GroupId,
    /// Like this group. The one that the snapshot is of, where nobody says.
    pub from: Option<GroupId>,
    /// With the token of this secret. The one of the source, where nobody says.
    pub secret: Option<Arn>,
    /// Of this node type. The source's where the data fit, where nobody says.
    pub node_type: Option<NodeType>,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RestoreView {
    /// The group under the new id, with its tags where its state lets them be read.
    pub target: Option<GroupView>,
    /// The snapshot.
    pub snapshot: Option<SnapshotView>,
    /// The group that the new one is to be like, with its tags.
    pub source: Option<GroupView>,
    /// The alarms of the new group; looked at once it is there and whole.
    pub alarms: Vec<AlarmView>,
    /// What ElastiCache says that happened to the new group, where something looks failed.
    pub events: Vec<String>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum RestoreStep {
    /// Make the group. AWS takes an id once, so asking twice makes one.
    Create(Box<Plan>),
    /// Make the alarms of its members.
    PutAlarms(AlarmSet),
}

/// The group to be made; the token is added where the call is made, and is never part of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The snapshot.
    pub snapshot: String,
    /// The id.
    pub target: GroupId,
    /// The group that it is like.
    pub source: GroupView,
    /// The text that describes it.
    pub description: String,
    /// The engine version, as a creation takes it.
    pub engine_version: String,
    /// The node type.
    pub node_type: NodeType,
    /// How many nodes, the primary with them.
    pub nodes: u32,
    /// The port.
    pub port: u16,
    /// What happens when a node or a zone fails.
    pub resilience: Resilience,
    /// The secret with the token, where the source asks for one.
    pub secret: Option<String>,
    /// The tags.
    pub tags: Tags,
}

/// Something of the new group that is not as it is on the source.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// What.
    pub what: &'static str,
    /// What it is.
    pub has: String,
    /// What it should be.
    pub wants: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, not {}", self.what, self.has, self.wants)
    }
}

/// The text that describes a group that we restored. It can be read in every state, tags cannot (facts 1.2).
fn description(snapshot: &str) -> String {
    format!("Restored by Cachewarden from {snapshot}")
}

impl Restore {
    /// The group that the new one is like, as far as the event, the new group's own tag or the snapshot tells.
    pub fn source(
        &self,
        target: Option<&GroupView>,
        snapshot: Option<&SnapshotView>,
    ) -> Option<GroupId> {
        let tagged = || GroupId::parse(target?.tags.as_ref()?.get(tag::GROUP)?).ok();
        self.from.clone().or_else(tagged).or_else(|| snapshot.and_then(SnapshotView::source))
    }

    /// Whether a group is the one that this restore made.
    fn is_ours(&self, target: &GroupView) -> bool {
        let described = target.description == description(&self.snapshot);
        let tagged = |tags: &Tags| tags.get(tag::RESTORED_FROM) == Some(&self.snapshot);
        described && target.tags.as_ref().is_none_or(tagged)
    }

    /// Whether the new group is there and whole, so that its alarms can be looked at.
    pub fn is_there(&self, view: &RestoreView) -> bool {
        view.target
            .as_ref()
            .is_some_and(|it| self.is_ours(it) && it.is_settled() && it.tags.is_some())
    }

    /// Plans the next step towards the group.
    pub fn plan(&self, view: &RestoreView, catalog: &Catalog) -> Next<RestoreStep, Refusal> {
        match &view.target {
            Some(target) => self.follow(target, view),
            None => match self.begin(view, catalog) {
                Ok(plan) => Next::Do(RestoreStep::Create(Box::new(plan))),
                Err(Obstacle::Wait(wait)) => Next::Wait(wait),
                Err(Obstacle::Refuse(refusal)) => Next::Refuse(refusal),
            },
        }
    }

    /// Goes from a group under the new id to one that is proven good.
    fn follow(&self, target: &GroupView, view: &RestoreView) -> Next<RestoreStep, Refusal> {
        let group = target.id.clone();
        if !self.is_ours(target) {
            let why = match target.tags.as_ref().and_then(|it| it.get(tag::RESTORED_FROM)) {
                Some(other) => format!("restored from {other}"),
                None => "Cachewarden did not restore it".to_owned(),
            };
            return Next::Refuse(Unrestorable::TargetTaken { group, why }.into());
        }
        match &target.status {
            GroupStatus::Creating => return Next::Wait(Wait::slow(WaitingOn::Restore)),
            GroupStatus::Modifying => return Next::Wait(Wait::slow(WaitingOn::Modification)),
            GroupStatus::Snapshotting => return Next::Wait(Wait::slow(WaitingOn::Snapshot(None))),
            GroupStatus::CreateFailed => {
                let events = view.events.clone();
                return Next::Refuse(Unrestorable::CreateFailed { group, events }.into());
            }
            GroupStatus::Deleting | GroupStatus::Strange(_) => {
                return Next::Refuse(Refusal::Unusable { group, status: target.status.clone() });
            }
            GroupStatus::Available => {}
        }
        if !target.is_settled() {
            return Next::Wait(Wait::slow(take::unsettled(target)));
        }
        let Some(tags) = &target.tags else { return Next::Wait(Wait::slow(WaitingOn::Busy)) };
        // Where the source has gone since, there is nothing left to compare with.
        let Some(source) = &view.source else {
            let group = self.source(Some(target), view.snapshot.as_ref()).unwrap_or(group);
            return Next::Refuse(Unrestorable::SourceGone { group }.into());
        };
        let differences = differences(source, target);
        if !differences.is_empty() {
            return Next::Refuse(Unrestorable::NotAsWanted { group, differences }.into());
        }
        match missing_alarms(target, tags, &view.alarms) {
            Some(set) => Next::Do(RestoreStep::PutAlarms(set)),
            None => Next::Settled,
        }
    }

    /// Everything that speaks against a restore is found before anything is touched.
    fn begin(&self, view: &RestoreView, catalog: &Catalog) -> Result<Plan, Obstacle> {
        let name = self.snapshot.clone();
        let Some(snapshot) = &view.snapshot else {
            return Err(Unrestorable::NoSnapshot { snapshot: name }.into());
        };
        rules::usable(snapshot)?;
        if 1 < snapshot.shards {
            let what = format!("the snapshot {name}");
            return Err(Unrestorable::ClusterMode { what }.into());
        }
        let Some(id) = self.source(None, Some(snapshot)) else {
            return Err(Unrestorable::NoSource { snapshot: name }.into());
        };
        let Some(source) = &view.source else {
            return Err(Unrestorable::SourceGone { group: id }.into());
        };
        match &source.status {
            GroupStatus::Deleting | GroupStatus::CreateFailed | GroupStatus::Strange(_) => {
                let (group, status) = (source.id.clone(), source.status.clone());
                return Err(Obstacle::Refuse(Refusal::Unusable { group, status }));
            }
            GroupStatus::Creating
            | GroupStatus::Modifying
            | GroupStatus::Snapshotting
            | GroupStatus::Available => {}
        }
        if source.cluster_enabled {
            return Err(
                Unrestorable::ClusterMode { what: format!("the group {}", source.id) }.into()
            );
        }
        // A busy group keeps its tags back (facts 1.2), and its members are between two states.
        let tags = source.tags.as_ref().filter(|_| source.is_settled());
        let Some(tags) = tags else {
            return Err(Obstacle::Wait(Wait::slow(WaitingOn::Modification)));
        };
        if !source.user_groups.is_empty() {
            let (source, user_groups) = (source.id.clone(), source.user_groups.clone());
            return Err(Unrestorable::UserGroups { source, user_groups }.into());
        }
        let engine_version = version(snapshot, source)?;
        let secret = self.secret(source, tags)?;
        let nodes = u32::try_from(source.member_ids.len().max(1)).unwrap_or(u32::MAX);
        Ok(Plan {
            description: description(&name),
            tags: self.tags(source, tags),
            target: self.target.clone(),
            engine_version,
            node_type: size::node_type(self.node_type.as_ref(), snapshot, source, catalog)?,
            nodes,
            port: source
                .primary_endpoint
                .as_ref()
                .map(|it| it.port)
                .or(snapshot.port)
                .unwrap_or(PORT),
            resilience: resilience(source),
            secret,
            source: source.clone(),
            snapshot: name,
        })
    }

    /// The secret with the token, where the source asks for one.
    fn secret(&self, source: &GroupView, tags: &Tags) -> Result<Option<String>, Obstacle> {
        if !source.auth_token_enabled {
            return Ok(None);
        }
        let named = self.secret.as_ref().map(ToString::to_string);
        match named.or_else(|| tags.get(tag::SECRET).cloned()) {
            Some(secret) => Ok(Some(secret)),
            None => Err(Unrestorable::NoSecret { source: source.id.clone() }.into()),
        }
    }

    /// What the new group is tagged with: policies and what people wrote, not what is under way on the source.
    fn tags(&self, source: &GroupView, tags: &Tags) -> Tags {
        const NOT_TAKEN: [&str; 11] = [
            tag::ASKED,
            tag::CHANGED,
            // No stack deletes the new group, so nothing of that is for it.
            tag::DELETION,
            tag::DELETION_PROTECTION,
            tag::RETAINED,
            tag::UPGRADED,
            tag::AUTOSCALE_CHANGE,
            tag::AUTOSCALE_FAILED,
            tag::RESTORED_FROM,
            tag::REPLACES,
            tag::REPLACED_BY,
        ];
        let is_taken = |key: &str| !key.starts_with("aws:") && !NOT_TAKEN.contains(&key);
        let mut new: Tags = tags
            .iter()
            .filter(|(key, _)| is_taken(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        // The stack that owns the source never deletes it: that owner is another.
        if let Some(owner) = tags.get(tag::OWNER) {
            new.insert(tag::OWNER.to_owned(), owner_of_restored(owner, &self.target));
        }
        if let Some(secret) = &self.secret {
            new.insert(tag::SECRET.to_owned(), secret.to_string());
        }
        new.insert(tag::GROUP.to_owned(), source.id.to_string());
        new.insert(tag::RESTORED_FROM.to_owned(), self.snapshot.clone());
        new
    }
}

/// Where nobody says a port.
const PORT: u16 = 6379;

/// Who owns a group that was restored from one of this owner's.
fn owner_of_restored(owner: &str, target: &GroupId) -> String {
    let whole = format!("{owner}/restored/{target}");
    if tag::is_legal_value(&whole) {
        return whole;
    }
    // An owner of the full length has no room; what it is cut by does not matter, since nobody else ends so.
    let rest = format!("/restored/{target}");
    let kept: String = owner.chars().take(tag::VALUE_LEN_MAX - rest.len()).collect();
    kept + &rest
}

/// The version to run: the source's, which reads whatever is not newer than itself.
fn version(snapshot: &SnapshotView, source: &GroupView) -> Result<String, Obstacle> {
    let member = source.members.first();
    let engine = member.map_or("", |it| it.engine.as_str());
    let runs = member.map_or("", |it| it.engine_version.as_str());
    let version = runs.parse::<Version>().ok();
    rules::reads(snapshot, engine, version)?;
    match version {
        // From version 6 on a creation names no patch.
        Some(it) if 6 <= it.major => Ok(format!("{}.{}", it.major, it.minor)),
        Some(_) | None => Ok(runs.to_owned()),
    }
}

fn resilience(source: &GroupView) -> Resilience {
    let on = |it| matches!(it, Toggle::Enabled | Toggle::Enabling);
    match (on(source.automatic_failover), on(source.multi_az)) {
        (true, true) => Resilience::MultiAz,
        (true, false) => Resilience::Failover,
        (false, _) => Resilience::None,
    }
}

/// What of a new group is not as it is on the source, by value. Its size is left out: the autoscaler may move either meanwhile.
fn differences(source: &GroupView, target: &GroupView) -> Vec<Difference> {
    let on_off = |it: bool| if it { "on" } else { "off" }.to_owned();
    let sorted = |groups: &[String]| {
        let mut groups = groups.to_vec();
        groups.sort();
        if groups.is_empty() { "none".to_owned() } else { groups.join(" ") }
    };
    let mut pairs = vec![
        ("TLS", on_off(target.transit_encryption), on_off(source.transit_encryption)),
        (
            "encryption at rest",
            on_off(target.at_rest_encryption),
            on_off(source.at_rest_encryption),
        ),
        ("the token", on_off(target.auth_token_enabled), on_off(source.auth_token_enabled)),
        ("failover", resilient(target), resilient(source)),
    ];
    let model = source.members.first();
    for member in &target.members {
        let text = |it: &Option<String>| it.clone().unwrap_or_else(|| "none".to_owned());
        let Some(model) = model else { continue };
        pairs.push((
            "security groups",
            sorted(&member.security_groups),
            sorted(&model.security_groups),
        ));
        pairs.push(("the subnet group", text(&member.subnet_group), text(&model.subnet_group)));
        pairs.push((
            "the parameter group",
            text(&member.parameter_group),
            text(&model.parameter_group),
        ));
    }
    let nodes = target.members.len();
    if resilience(source) != Resilience::None && nodes < 2 {
        pairs.push(("the number of nodes", nodes.to_string(), "2 or more".to_owned()));
    }
    let mut found: Vec<_> = pairs
        .into_iter()
        .filter(|(_, has, wants)| has != wants)
        .map(|(what, has, wants)| Difference { what, has, wants })
        .collect();
    // The same on every member is told once.
    found.dedup();
    found
}

fn resilient(group: &GroupView) -> String {
    match resilience(group) {
        Resilience::None => "off",
        Resilience::Failover => "on",
        Resilience::MultiAz => "on over several zones",
    }
    .to_owned()
}

/// The alarms that the members of a new group still lack.
fn missing_alarms(target: &GroupView, tags: &Tags, seen: &[AlarmView]) -> Option<AlarmSet> {
    // A topic that the source's tags misspell is told of where its alarms are kept.
    let wish = Wish::read(tags, &mut Problems::default());
    let mut set = AlarmSet::of(target, tags, wish);
    set.specs.retain(|spec| !seen.iter().any(|it| it.name == spec.name));
    (!set.specs.is_empty()).then_some(set)
}
