//! The group that is to be made, and all that speaks against it, found before anything is touched.

use crate::engine::Version;
use crate::group::{Resilience, Toggle};
use crate::provision::diff;
use crate::shard::new::even;
use crate::shard::{Range, Shape};
use crate::snapshot::saved::{Share, kept_slots, share};
use crate::{Bytes, Catalog, GroupStatus, GroupView, Tags, Wait, WaitingOn, tag};

use super::rules::{self, Obstacle};
use super::{
    GroupId, Plan, Refusal, Restore, RestoreView, SnapshotView, Unrestorable, description, size,
};

/// All that speaks against a restore, and what it has to wait for.
#[derive(Default)]
struct Against {
    whys: Vec<Refusal>,
    wait: Option<Wait>,
}

impl Against {
    /// Takes in what was found, and hands on what is well.
    fn keep<T>(&mut self, found: Result<T, impl Into<Obstacle>>) -> Option<T> {
        match found.map_err(Into::into) {
            Ok(it) => return Some(it),
            Err(Obstacle::Wait(wait)) => self.wait = Some(wait),
            Err(Obstacle::Refuse(why)) => self.whys.push(why),
        }
        None
    }

    /// The plan, where nothing speaks against it.
    fn or(self, plan: Option<Plan>) -> Result<Plan, Obstacle> {
        if let Some(why) = Refusal::all(self.whys) {
            return Err(Obstacle::Refuse(why));
        }
        let later = || Wait::slow(WaitingOn::Busy);
        match (self.wait, plan) {
            (None, Some(plan)) => Ok(plan),
            (wait, _) => Err(Obstacle::Wait(wait.unwrap_or_else(later))),
        }
    }
}

impl Restore {
    /// Everything that speaks against a restore is told at once.
    pub(in crate::snapshot) fn begin(
        &self,
        view: &RestoreView,
        catalog: &Catalog,
    ) -> Result<Plan, Obstacle> {
        let mut against = Against::default();
        against.keep(view.target.as_ref().map_or(Ok(()), taken));
        let snapshot = view.snapshot.as_ref();
        let missing = || Unrestorable::NoSnapshot { snapshot: self.snapshot.clone() };
        if !self.is_from_files() {
            against.keep(snapshot.ok_or_else(missing));
        }
        if let Some(snapshot) = snapshot {
            against.keep(rules::usable(snapshot));
        }
        // A snapshot that is not there tells no group, and neither does a file.
        let is_told = snapshot.is_some() || self.from.is_some();
        let source = if is_told { against.keep(self.like(view)) } else { None };
        let plan = source.filter(|_| snapshot.is_some() || self.is_from_files());
        let plan = plan.and_then(|(source, tags)| {
            self.planned(snapshot, source, tags, (catalog, &mut against))
        });
        against.or(plan)
    }

    /// The group that the new one is like, at rest, and its tags.
    fn like<'a>(&self, view: &'a RestoreView) -> Result<(&'a GroupView, &'a Tags), Obstacle> {
        let Some(id) = self.source(None, view.snapshot.as_ref()) else {
            return Err(Unrestorable::NoSource { snapshot: self.snapshot.clone() }.into());
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
        // A busy group keeps its tags back (facts 1.2), and its members are between two states.
        let tags = source.tags.as_ref().filter(|_| source.is_settled());
        let busy = || Obstacle::Wait(Wait::slow(WaitingOn::Modification));
        Ok((source, tags.ok_or_else(busy)?))
    }

    fn planned(
        &self,
        snapshot: Option<&SnapshotView>,
        source: &GroupView,
        tags: &Tags,
        (catalog, against): (&Catalog, &mut Against),
    ) -> Option<Plan> {
        let shape = against.keep(match snapshot {
            Some(snapshot) => shape(snapshot, source),
            None => self.shape_for_files(source),
        });
        let engine_version = against.keep(version(snapshot, source));
        let secret = against.keep(self.secret(source, tags));
        let shape = shape?;
        let (slots, needs) = needs(snapshot, shape, self.is_from_files());
        let stated = self.node_type.as_ref();
        let node_type = against.keep(size::node_type(stated, needs, snapshot, source, catalog))?;
        let data_tiering =
            catalog.find(&node_type).map_or(source.data_tiering, |it| it.data_tiering);
        if let Some(snapshot) = snapshot {
            against.keep(rules::tiers(snapshot, &node_type, data_tiering, catalog))?;
        }
        Some(Plan {
            description: description(&self.snapshot),
            tags: self.tags(source, tags),
            target: self.target.clone(),
            engine_version: engine_version?,
            node_type,
            data_tiering,
            resilience: resilience_of(source, shape),
            zones: Vec::new(),
            shape,
            slots,
            port: source
                .clients_endpoint()
                .map(|it| it.port)
                .or(snapshot.and_then(|it| it.port))
                .unwrap_or(PORT),
            secret: secret?,
            source: source.clone(),
            snapshot: self.snapshot.clone(),
            files: self.files.clone(),
        })
    }

    /// The nodes of the source: a file does not tell of how many shards it is.
    fn shape_for_files(&self, source: &GroupView) -> Result<Shape, Unrestorable> {
        let shape = diff::shape(source);
        let (files, source) = (self.files.len(), source.id.clone());
        match shape {
            Shape::Single { .. } if 1 < files => Err(Unrestorable::Files { files, source }),
            Shape::Single { nodes } => Ok(Shape::Single { nodes: nodes.max(1) }),
            Shape::Sharded { shards, replicas } => {
                Ok(Shape::Sharded { shards: shards.max(1), replicas })
            }
        }
    }

    /// The secret with the token, where the source asks for one. Where it lets in users, the new group does too, and knows no token.
    fn secret(&self, source: &GroupView, tags: &Tags) -> Result<Option<String>, Obstacle> {
        if !source.auth_token_enabled || !source.user_groups.is_empty() {
            // Whoever names one does not expect a group that is as open as its source.
            let why = Unrestorable::NoToken { source: source.id.clone() };
            return if self.secret.is_some() { Err(why.into()) } else { Ok(None) };
        }
        let named = self.secret.as_ref().map(ToString::to_string);
        match named.or_else(|| tags.get(tag::SECRET).cloned()) {
            Some(secret) => Ok(Some(secret)),
            None => Err(Unrestorable::NoSecret { source: source.id.clone() }.into()),
        }
    }

    /// What the new group is tagged with: policies and what people wrote, not what is under way on the source.
    pub(super) fn tags(&self, source: &GroupView, tags: &Tags) -> Tags {
        const NOT_TAKEN: [&str; 19] = [
            tag::TOKEN,
            tag::ASKED,
            tag::CHANGED,
            // No stack deletes the new group, so nothing of that is for it.
            tag::DELETION,
            tag::DELETION_PROTECTION,
            tag::RETAINED,
            tag::UPGRADED,
            tag::AUTOSCALE_CHANGE,
            tag::AUTOSCALE_FAILED,
            tag::AUTOSCALE_WATCH,
            tag::AUTOSCALE_MOVES,
            tag::AUTOSCALE_TOLD,
            tag::RESTORED_FROM,
            tag::REPLACES,
            tag::REPLACED_BY,
            tag::DRILL,
            // Whoever wants it parked says so of it.
            tag::PARK,
            tag::PARKED,
            // What drills of the source cost is counted there.
            tag::DRILLED,
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
        match &self.secret {
            // Whoever logs in as a user has no token.
            _ if !source.user_groups.is_empty() => drop(new.remove(tag::SECRET)),
            Some(secret) => drop(new.insert(tag::SECRET.to_owned(), secret.to_string())),
            None => {}
        }
        new.insert(tag::GROUP.to_owned(), source.id.to_string());
        new.insert(tag::RESTORED_FROM.to_owned(), self.snapshot.clone());
        new
    }
}

/// A group that this restore did not make has the id.
fn taken(target: &GroupView) -> Result<(), Unrestorable> {
    let why = match target.tags.as_ref().and_then(|it| it.get(tag::RESTORED_FROM)) {
        Some(other) => format!("restored from {other}"),
        None => "Cachewarden did not restore it".to_owned(),
    };
    Err(Unrestorable::TargetTaken { group: target.id.clone(), why })
}

/// Where nobody says a port.
const PORT: u16 = 6379;

/// Who owns a group that was restored from one of this owner's.
pub(in crate::snapshot) fn owner_of_restored(owner: &str, target: &GroupId) -> String {
    let whole = format!("{owner}/restored/{target}");
    if tag::is_legal_value(&whole) {
        return whole;
    }
    // An owner of the full length has no room; what it is cut by does not matter, since nobody else ends so.
    let rest = format!("/restored/{target}");
    let kept: String = owner.chars().take(tag::VALUE_LEN_MAX - rest.len()).collect();
    kept + &rest
}

/// The slots that the new shards keep, where they do, and what the fullest of them has to hold.
pub(in crate::snapshot) fn needs(
    snapshot: Option<&SnapshotView>,
    shape: Shape,
    is_from_files: bool,
) -> (Vec<Range>, Share) {
    let slots = slots(snapshot, shape, is_from_files);
    let needs = match snapshot {
        Some(snapshot) if slots.is_empty() => share(snapshot, &even(shape.shards())),
        Some(snapshot) => share(snapshot, &slots),
        // How much is in a file, only ElastiCache sees.
        None => Share { size: Bytes(0), shards: slots.len().max(1) },
    };
    (slots, needs)
}

/// The nodes of the source, in as many shards as were saved: how many there may be otherwise, two texts of AWS tell differently (facts 5.7).
pub(in crate::snapshot) fn shape(
    snapshot: &SnapshotView,
    source: &GroupView,
) -> Result<Shape, Unrestorable> {
    match diff::shape(source) {
        Shape::Single { .. } if snapshot.is_sharded() => Err(Unrestorable::ClusterMode {
            snapshot: snapshot.name.clone(),
            source: source.id.clone(),
        }),
        Shape::Single { nodes } => Ok(Shape::Single { nodes: nodes.max(1) }),
        Shape::Sharded { replicas, .. } if snapshot.is_sharded() => {
            Ok(Shape::Sharded { shards: count(snapshot.shards.len()), replicas })
        }
        Shape::Sharded { shards, replicas } => {
            Ok(Shape::Sharded { shards: shards.max(1), replicas })
        }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The slots of each shard: those that were saved, where they are as many, else none. Of files each shard has to have its own (facts 5.7).
fn slots(snapshot: Option<&SnapshotView>, shape: Shape, is_from_files: bool) -> Vec<Range> {
    if !shape.is_sharded() {
        return Vec::new();
    }
    let kept = snapshot.map(kept_slots).unwrap_or_default();
    if count(kept.len()) == shape.shards() {
        return kept;
    }
    if is_from_files { even(shape.shards()) } else { Vec::new() }
}

/// The version to run: the source's, which reads whatever is not newer than itself.
fn version(snapshot: Option<&SnapshotView>, source: &GroupView) -> Result<String, Obstacle> {
    let member = source.members.first();
    let engine = member.map_or("", |it| it.engine.as_str());
    let runs = member.map_or("", |it| it.engine_version.as_str());
    let version = runs.parse::<Version>().ok();
    if let Some(snapshot) = snapshot {
        rules::reads(snapshot, engine, version)?;
    }
    match version {
        // From version 6 on a creation names no patch.
        Some(it) if 6 <= it.major => Ok(format!("{}.{}", it.major, it.minor)),
        Some(_) | None => Ok(runs.to_owned()),
    }
}

/// What happens when a node or a zone of a group fails.
pub(super) fn resilience(source: &GroupView) -> Resilience {
    let on = |it| matches!(it, Toggle::Enabled | Toggle::Enabling);
    match (on(source.automatic_failover), on(source.multi_az)) {
        (true, true) => Resilience::MultiAz,
        (true, false) => Resilience::Failover,
        (false, _) => Resilience::None,
    }
}

/// The same, as far as these nodes allow it.
fn resilience_of(source: &GroupView, shape: Shape) -> Resilience {
    match (resilience(source), shape.replicas()) {
        (Resilience::MultiAz, 0) if shape.is_sharded() => Resilience::Failover,
        (_, 0) if !shape.is_sharded() => Resilience::None,
        (resilience, _) => resilience,
    }
}
