//! Which calls make up what is seen.

use domain::snapshot::restore::{Restore, RestoreView};
use domain::snapshot::take::{Take, TakeView};
use domain::snapshot::{SnapshotStatus, SnapshotView, name};
use domain::{Arn, GroupId, GroupStatus, SnapshotName, Tags, tag};
use jiff::Timestamp;
use platform::Fault;

use crate::App;

/// A group that is ours to look after, and its tags.
pub(crate) type Ours = (GroupId, Tags);

/// Every group that carries our policy tag: one paged call, whatever state the groups are in.
pub(crate) async fn groups(app: &App) -> Result<Vec<Ours>, Fault> {
    let found = app.fleet.groups(tag::SNAPSHOT_KEEP).await?;
    Ok(found.into_iter().filter_map(|it| Some((it.group_id()?, it.tags))).collect())
}

/// The manual snapshots whose names are those of these groups, with their tags: two paged calls for all groups together.
pub(crate) async fn stock(app: &App, groups: &[Ours]) -> Result<Vec<SnapshotView>, Fault> {
    let is_wanted = |it: &str| groups.iter().any(|(group, _)| name::read(group, it).is_some());
    let (snapshots, tagged) =
        tokio::join!(app.elasticache.snapshots(is_wanted), app.fleet.snapshots(tag::GROUP));
    let mut tagged: std::collections::BTreeMap<Arn, Tags> =
        tagged?.into_iter().map(|it| (it.arn, it.tags)).collect();
    let with_tags = |mut snapshot: SnapshotView| {
        snapshot.tags = Arn::parse(&snapshot.arn).ok().and_then(|it| tagged.remove(&it));
        snapshot
    };
    Ok(snapshots?.into_iter().map(with_tags).collect())
}

/// Looks at a group and at the snapshot that is wanted of it.
pub(crate) async fn take(app: &App, take: &Take, now: Timestamp) -> Result<TakeView, Fault> {
    let (group, snapshot) = tokio::join!(
        app.elasticache.group_with_tags(&take.group),
        app.elasticache.snapshot(take.name.as_str())
    );
    let mut view = TakeView { group: group?, snapshot: snapshot?, events: Vec::new() };
    if take.is_suspicious(&view, now) {
        view.events = app.elasticache.event_texts(&take.group).await?;
    }
    Ok(view)
}

/// Looks at one snapshot again. Its tags stay as they were.
pub(crate) async fn again(
    app: &App,
    snapshot: &SnapshotName,
) -> Result<Option<SnapshotStatus>, Fault> {
    Ok(app.elasticache.snapshot(snapshot.as_str()).await?.map(|it| it.status))
}

/// Looks at the new group, and at what it is made from or compared with where that is the question.
pub(crate) async fn restore(app: &App, restore: &Restore) -> Result<RestoreView, Fault> {
    let target = app.elasticache.group_with_tags(&restore.target).await?;
    let mut view = RestoreView { target, ..RestoreView::default() };
    match &view.target {
        None => view.snapshot = snapshot_with_tags(app, restore).await?,
        Some(target) if target.status == GroupStatus::CreateFailed => {
            view.events = app.elasticache.event_texts(&restore.target).await?;
            return Ok(view);
        }
        Some(_) if restore.is_there(&view) => view.alarms = app.alarms.of(&restore.target).await?,
        // Not ours, or not there yet: nothing else matters.
        Some(_) => return Ok(view),
    }
    if let Some(source) = restore.source(view.target.as_ref(), view.snapshot.as_ref()) {
        view.source = app.elasticache.group_with_tags(&source).await?;
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
