//! Which calls make up what is seen.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use domain::autoscale::Metric;
use domain::snapshot::crowd::RUN_MAX;
use domain::snapshot::in_place::by_secret::mark::Aside;
use domain::snapshot::in_place::{InPlace, InPlaceView};
use domain::snapshot::promote::{self, Promote, PromoteView, Which};
use domain::snapshot::restore::{Restore, RestoreView};
use domain::snapshot::shelf::Shelf;
use domain::snapshot::take::{self, Take, TakeView, quota};
use domain::snapshot::{SnapshotStatus, SnapshotView, due, name, owner};
use domain::{Arn, GroupId, GroupStatus, GroupView, MemberId, SnapshotName, Tags, tag};
use jiff::Timestamp;
use platform::fleet::Tagged;
use platform::{Fault, abreast};

use crate::App;

/// A group that is ours to look after, and its tags.
pub(crate) type Ours = (GroupId, Tags);

/// Every group that carries our policy tag: one paged call, whatever state the groups are in.
pub(crate) async fn groups(app: &App) -> Result<Vec<Ours>, Fault> {
    let found = app.fleet.groups(tag::SNAPSHOT_KEEP).await?;
    Ok(found.into_iter().filter_map(|it| Some((it.group_id()?, it.tags))).collect())
}

/// The groups that are ours to look after, as far as one run can look through them.
pub(crate) enum Crowd {
    /// All of them.
    Few(Vec<Ours>),
    /// More than that: nothing but who they are is kept.
    Many(Vec<GroupId>),
}

/// The same, of an account that may have very many of them.
pub(crate) async fn crowd(app: &App) -> Result<Crowd, Fault> {
    let (mut few, mut many) = (Vec::new(), Vec::new());
    let take = |it: Tagged| {
        let Some(group) = it.group_id() else { return };
        if many.is_empty() && few.len() < RUN_MAX {
            few.push((group, it.tags));
        } else {
            many.extend(std::mem::take(&mut few).into_iter().map(|it| it.0));
            many.push(group);
        }
    };
    app.fleet.each_group(tag::SNAPSHOT_KEEP, take).await?;
    Ok(if many.is_empty() { Crowd::Few(few) } else { Crowd::Many(many) })
}

/// Those of these groups that are ours: a call for fifty of them. `near` is the ARN of something that stands where they do.
pub(crate) async fn these(app: &App, near: &str, groups: &[GroupId]) -> Result<Vec<Ours>, Fault> {
    let Ok(near) = Arn::parse(near) else { return Ok(Vec::new()) };
    let (partition, region, account) = (near.partition(), near.region(), near.account());
    let start = format!("arn:{partition}:elasticache:{region}:{account}:replicationgroup:");
    let arns: Vec<String> = groups.iter().map(|it| format!("{start}{it}")).collect();
    let mut found = app.fleet.these(&arns).await?;
    found.retain(|it| it.tags.contains_key(tag::SNAPSHOT_KEEP));
    Ok(found.into_iter().filter_map(|it| Some((it.group_id()?, it.tags))).collect())
}

/// The groups that stand in for one that is restored in place, or are about to take its place, among others that were: one paged call.
pub(crate) async fn stand_ins(app: &App) -> Result<BTreeSet<GroupId>, Fault> {
    let mut found = app.fleet.groups(tag::IN_PLACE).await?;
    found.retain(|it| Aside::read(&it.tags).is_none());
    Ok(found.into_iter().filter_map(|it| it.group_id()).collect())
}

/// The manual snapshots whose names are those of these groups, with their tags: two paged calls for all groups together.
pub(crate) async fn stock(app: &App, groups: &[Ours]) -> Result<Vec<SnapshotView>, Fault> {
    let is_wanted = |it: &str| groups.iter().any(|(group, _)| name::read(group, it).is_some());
    let (snapshots, tagged) =
        tokio::join!(app.elasticache.snapshots(is_wanted), app.fleet.snapshots(tag::GROUP));
    let mut tagged: BTreeMap<Arn, Tags> = tagged?.into_iter().map(|it| (it.arn, it.tags)).collect();
    let with_tags = |mut snapshot: SnapshotView| {
        snapshot.tags = Arn::parse(&snapshot.arn).ok().and_then(|it| tagged.remove(&it));
        snapshot
    };
    Ok(snapshots?.into_iter().map(with_tags).collect())
}

/// The same of very many groups, page by page: what no decision over many asks for is not kept.
pub(crate) async fn shelf(app: &App, groups: &[Ours]) -> Result<Shelf, Fault> {
    let shelf = RefCell::new(Shelf::of(groups.iter().map(|it| &it.0)));
    let is_wanted = |it: &str| shelf.borrow().has_place_for(it);
    let put = |it| shelf.borrow_mut().put(it);
    let (put, labelled) = tokio::join!(
        app.elasticache.each_snapshot(is_wanted, put),
        app.fleet.each_snapshot(tag::GROUP, |it| label(&shelf, &it))
    );
    put.and(labelled)?;
    Ok(shelf.into_inner())
}

/// The same of one group in an account that may have very many: those that carry our tag for it, each looked at by its name.
pub(crate) async fn shelf_of_one(app: &App, group: &GroupId) -> Result<Shelf, Fault> {
    let tagged = app.fleet.snapshots_with(tag::GROUP, group.as_str()).await?;
    let shelf = RefCell::new(Shelf::of([group]));
    let is_wanted =
        |it: &&Tagged| it.snapshot_name().is_some_and(|it| shelf.borrow().has_place_for(it));
    let tagged: Vec<_> = tagged.iter().filter(is_wanted).collect();
    for it in &tagged {
        label(&shelf, it);
    }
    let look = |it: &&Tagged| {
        let name = it.snapshot_name().unwrap_or_default().to_owned();
        async move { app.elasticache.snapshot(&name).await }
    };
    for seen in abreast(&tagged, look).await {
        // One that the list still has may be gone.
        if let Some(seen) = seen? {
            shelf.borrow_mut().put(seen);
        }
    }
    Ok(shelf.into_inner())
}

/// How much of the snapshots of a group is looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Depth {
    /// The newest that serves the tiers: whether another is due goes by that.
    Newest,
    /// All of them.
    All,
}

/// The same of a part of very many groups: an account that has them has too many snapshots for one run to look through.
///
/// Which there are, their tags tell; a snapshot of a group that is not in cluster mode does not say of which group it is (facts 5.4).
pub(crate) async fn shelf_of_part(
    app: &App,
    groups: &[Ours],
    depth: Depth,
) -> Result<Shelf, Fault> {
    let shelf = RefCell::new(Shelf::of(groups.iter().map(|it| &it.0)));
    let ids: Vec<&str> = groups.iter().map(|it| it.0.as_str()).collect();
    app.fleet.each_snapshot_with(tag::GROUP, &ids, |it| label(&shelf, &it)).await?;
    let looked = abreast(groups, async |(group, tags)| {
        // What no tag tells of is not ours, and nobody asks for it.
        if shelf.borrow().missing(group).is_empty() {
            return Ok(());
        }
        if depth == Depth::All
            && let Some(group) = app.elasticache.group_alone(group).await?
        {
            for seen in app.elasticache.snapshots_of(&group).await? {
                shelf.borrow_mut().put(seen);
            }
        }
        // Those of former members, too, and of a group that is gone.
        let missing = shelf.borrow().missing(group);
        for name in missing {
            if let Some(seen) = app.elasticache.snapshot(name.as_str()).await? {
                shelf.borrow_mut().put(seen);
            }
            let stock = shelf.borrow().snapshots(group);
            if depth == Depth::Newest && due::newest(group, &owner(group, tags), &stock).is_some() {
                break;
            }
        }
        Ok(())
    });
    looked.await.into_iter().collect::<Result<(), Fault>>()?;
    Ok(shelf.into_inner())
}

fn label(shelf: &RefCell<Shelf>, tagged: &Tagged) {
    if let Some(name) = tagged.snapshot_name() {
        shelf.borrow_mut().label(name, &tagged.tags);
    }
}

/// Looks at a group and at the snapshot that is wanted of it.
pub(crate) async fn take(app: &App, take: &Take, now: Timestamp) -> Result<TakeView, Fault> {
    let (group, snapshot) = tokio::join!(
        app.elasticache.group_with_tags(&take.group),
        app.elasticache.snapshot(take.name.as_str())
    );
    let mut view = TakeView { group: group?, snapshot: snapshot?, ..TakeView::default() };
    if (take.asks_for_newest(&view) || take::asks_for_quota(&view))
        && let Some(group) = view.group.clone()
    {
        let found = app.elasticache.snapshots_of(&group).await?;
        if take::asks_for_quota(&view) {
            view.spent = spent(app, &group, found.clone(), now).await?;
        }
        if take.asks_for_newest(&view) {
            view.newest = newest(app, &group, found).await?;
        }
    }
    if take.asks_for_lags(&view)
        && let Some(group) = &view.group
    {
        view.lags = lags(app, group, now).await;
    }
    if take.is_suspicious(&view, now) {
        view.events = app.elasticache.event_texts(&take.group).await?;
    }
    Ok(view)
}

/// The members that had all their snapshots of the day. Only where it seems so, it is asked which of them are copies.
async fn spent(
    app: &App,
    group: &GroupView,
    mut found: Vec<SnapshotView>,
    now: Timestamp,
) -> Result<BTreeSet<MemberId>, Fault> {
    let spent = quota::spent(&found, now);
    if spent.is_empty() {
        return Ok(spent);
    }
    let tagged = app.fleet.snapshots_with(tag::GROUP, group.id.as_str()).await?;
    for it in tagged {
        let named = found.iter_mut().find(|one| Some(one.name.as_str()) == it.snapshot_name());
        if let Some(named) = named {
            named.tags = Some(it.tags);
        }
    }
    Ok(quota::spent(&found, now))
}

/// How far behind each replica is. Where CloudWatch does not tell, no snapshot waits for that.
pub(crate) async fn lags(app: &App, group: &GroupView, now: Timestamp) -> BTreeMap<MemberId, f64> {
    let replicas: Vec<MemberId> = group.replicas().map(|it| it.id.clone()).collect();
    match app.metrics.lag(&replicas, now).await {
        Ok(load) => {
            let lag = |it: MemberId| Some((load.latest(&it, Metric::Lag, now)?, it));
            replicas.into_iter().filter_map(lag).map(|(lag, it)| (it, lag)).collect()
        }
        Err(fault) => {
            tracing::warn!(%fault, group = %group.id, "could not read how far behind replicas are");
            BTreeMap::new()
        }
    }
}

/// The newest snapshot of ours that serves the tiers of a group. The list of everything that is tagged lags behind, so each is asked itself,
/// until one is ours: mostly the first.
async fn newest(
    app: &App,
    group: &GroupView,
    found: Vec<SnapshotView>,
) -> Result<Option<SnapshotView>, Fault> {
    let Some(tags) = &group.tags else { return Ok(None) };
    let owner = owner(&group.id, tags);
    for mut snapshot in due::candidates(&group.id, found) {
        snapshot.tags = app.elasticache.tags(&snapshot.arn).await?;
        // One that is being written may keep its tags back.
        let is_busy = snapshot.tags.is_none() && snapshot.status == SnapshotStatus::Creating;
        if is_busy || snapshot.is_ours(&group.id, &owner) && !snapshot.is_promoted() {
            return Ok(Some(snapshot));
        }
    }
    Ok(None)
}

/// Looks at one snapshot again. Its tags stay as they were.
pub(crate) async fn again(
    app: &App,
    snapshot: &SnapshotName,
) -> Result<Option<SnapshotStatus>, Fault> {
    Ok(app.elasticache.snapshot(snapshot.as_str()).await?.map(|it| it.status))
}

/// Looks at an automatic snapshot, at its group as far as that is ours, and at the copy.
pub(crate) async fn promote(app: &App, promote: &Promote) -> Result<PromoteView, Fault> {
    let (source, groups) = tokio::join!(automatic(app, &promote.which), groups(app));
    let mut view = PromoteView { source: source?, ..PromoteView::default() };
    if view.source.is_none() {
        view.copy = outliving(app, promote).await?;
    }
    let group = promote.group(&view);
    view.group = groups?.into_iter().find(|it| Some(&it.0) == group.as_ref());
    if promote.tier.is_some() && view.copy.is_none() {
        view.copy = copy(app, promote, &view).await?;
    }
    // Where the copy is there, or nobody may make it, nothing else matters.
    if let (None, Some(group)) = (&view.copy, &view.group) {
        view.stock = stock(app, std::slice::from_ref(group)).await?;
        if promote.tier.is_none() {
            view.copy = copy(app, promote, &view).await?;
        }
    }
    Ok(view)
}

/// The copy of one that ElastiCache deleted since.
async fn outliving(app: &App, promote: &Promote) -> Result<Option<SnapshotView>, Fault> {
    let found = app.fleet.snapshots(tag::PROMOTED).await?;
    let Some(found) = found.into_iter().find(|it| promote.is_copy(&it.tags)) else {
        return Ok(None);
    };
    let Some(name) = found.arn.resource().strip_prefix("snapshot:") else { return Ok(None) };
    let copy = app.elasticache.snapshot(name).await?;
    Ok(copy.map(|it| SnapshotView { tags: Some(found.tags), ..it }))
}

async fn copy(
    app: &App,
    promote: &Promote,
    view: &PromoteView,
) -> Result<Option<SnapshotView>, Fault> {
    let Some(name) = promote.name(view) else { return Ok(None) };
    let Some(mut copy) = app.elasticache.snapshot(name.as_str()).await? else { return Ok(None) };
    copy.tags = app.elasticache.tags(&copy.arn).await?;
    Ok(Some(copy))
}

async fn automatic(app: &App, which: &Which) -> Result<Option<SnapshotView>, Fault> {
    match which {
        Which::This(name) => app.elasticache.snapshot(name).await,
        Which::NewestOf(group) => {
            // They are named after the group, or after a member, whose id begins with the group's (facts 5.3).
            let start = format!("automatic.{group}");
            let found = app.elasticache.automatic_snapshots(|it| it.starts_with(&start)).await?;
            Ok(promote::newest(group, found))
        }
    }
}

/// Looks at the new group, and at what it is made from or compared with where that is the question.
pub(crate) async fn restore(
    app: &App,
    restore: &Restore,
    saved: Option<&SnapshotView>,
) -> Result<RestoreView, Fault> {
    let target = app.elasticache.group_with_tags(&restore.target).await?;
    let mut view = RestoreView { target, ..RestoreView::default() };
    let made = view.target.as_ref().filter(|it| restore.is_ours(it)).cloned();
    match &made {
        None if restore.is_from_files() => view.snapshot = saved.cloned(),
        None => view.snapshot = snapshot_with_tags(app, restore).await?,
        Some(target) if target.status == GroupStatus::CreateFailed => {
            view.events = app.elasticache.event_texts(&restore.target).await?;
            return Ok(view);
        }
        Some(_) if restore.is_there(&view) => {
            view.alarms = app.alarms.of(&restore.target).await?;
            view.snapshot = if restore.is_from_files() {
                saved.cloned()
            } else {
                app.elasticache.snapshot(&restore.snapshot).await?
            };
        }
        // Not there yet: nothing else matters.
        Some(_) => return Ok(view),
    }
    if let Some(source) = restore.source(made.as_ref(), view.snapshot.as_ref()) {
        view.source = app.elasticache.group_with_tags(&source).await?;
    }
    Ok(view)
}

/// Looks at a group that is restored in place, at the one that stands in, and at what else decides the next step.
pub(crate) async fn in_place(
    app: &App,
    wish: &InPlace,
    now: Timestamp,
) -> Result<InPlaceView, Fault> {
    let cache = &app.elasticache;
    let (group, stand_in) = tokio::join!(
        cache.group_with_tags(&wish.said.group),
        cache.group_with_tags(&wish.stand_in)
    );
    let mut view = InPlaceView { group: group?, stand_in: stand_in?, ..InPlaceView::default() };
    let looks = wish.looks(&view);
    if looks.snapshot
        && let Some(mut snapshot) = cache.snapshot(&wish.said.snapshot).await?
    {
        snapshot.tags = cache.tags(&snapshot.arn).await?;
        view.snapshot = Some(snapshot);
    }
    if looks.before {
        view.before = cache.snapshot(wish.before.as_str()).await?;
        if let (None, Some(group)) = (&view.before, &view.group) {
            view.lags = lags(app, group, now).await;
        }
    }
    if looks.alarms {
        view.alarms = app.alarms.of(&wish.said.group).await?;
    }
    if looks.events {
        view.events = cache.event_texts(&wish.said.group).await?;
    } else if looks.events_of_stand_in {
        view.events = cache.event_texts(&wish.stand_in).await?;
    }
    Ok(view)
}

async fn snapshot_with_tags(app: &App, restore: &Restore) -> Result<Option<SnapshotView>, Fault> {
    let Some(mut snapshot) = app.elasticache.snapshot(&restore.snapshot).await? else {
        return Ok(None);
    };
    if restore.from.is_none() {
        snapshot.tags = app.elasticache.tags(&snapshot.arn).await?;
    }
    Ok(Some(snapshot))
}
