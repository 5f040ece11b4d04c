//! The kinds of work, each with its steps. Every step can be taken twice without harm: AWS takes a name once, and what is gone is
//! gone.

pub(crate) mod counting;
pub(crate) mod crowd;
pub(crate) mod drilling;
pub(crate) mod exporting;
pub(crate) mod parking;
pub(crate) mod promoting;
pub(crate) mod pruning;
pub(crate) mod replacing;
pub(crate) mod switching;
pub(crate) mod taking;
mod unparking;

use std::cell::RefCell;

use domain::group::{Encryption, NewGroup, Tls, Transit};
use domain::rotate::VersionId;
use domain::snapshot::restore::{Plan, Restore, RestoreStep, RestoreView};
use domain::snapshot::take::{ReadFrom, Take, TakeStep, TakeView};
use domain::snapshot::{Refusal, SnapshotView};
use domain::{Catalog, GroupView, Next, SnapshotName, Tags};
use jiff::Timestamp;
use platform::{Clock, Fault, FaultKind, Operation};

use crate::report::{self, Message, Story};
use crate::{App, observe};

/// A snapshot that is about to be asked for.
struct Taking<'a> {
    app: &'a App,
    /// Of this group, as it was seen last.
    group: Option<GroupView>,
    clock: Clock,
    story: &'a RefCell<Story>,
}

impl Taking<'_> {
    /// Counts the keys and asks for it, with the count among its tags.
    async fn take(
        self,
        words: &str,
        name: &SnapshotName,
        of: &ReadFrom,
        mut tags: Tags,
    ) -> Result<(), Fault> {
        let counted = match &self.group {
            Some(group) => counting::record(self.app, group, of, name, self.clock).await,
            None => Err("it was not seen".to_owned()),
        };
        self.story.borrow_mut().does(format!("{words}, {}", report::counted(&counted)));
        tags.extend(counted.map(|it| it.tags()).unwrap_or_default());
        let taken = self.app.elasticache.take_snapshot(name, of, &tags).await;
        if let (Err(fault), ReadFrom::Member(member)) = (&taken, of) {
            self.story.borrow_mut().turned_down(fault, member.as_str());
        }
        taken
    }
}

/// One snapshot on its way.
pub(crate) struct Taken<'a> {
    pub(crate) app: &'a App,
    pub(crate) take: &'a Take,
    pub(crate) clock: Clock,
    /// The group, as it was seen last.
    pub(crate) group: RefCell<Option<GroupView>>,
    pub(crate) story: RefCell<Story>,
}

impl Operation for Taken<'_> {
    type Seen = TakeView;
    type Step = TakeStep;
    type Refusal = Refusal;

    async fn observe(&self) -> Result<TakeView, Fault> {
        let view = observe::take(self.app, self.take, self.clock.now()).await?;
        self.story.borrow_mut().saw_take(&view);
        self.group.replace(view.group.clone());
        Ok(view)
    }

    fn plan(&self, seen: &TakeView, now: Timestamp) -> Next<TakeStep, Refusal> {
        self.take.plan(seen, now)
    }

    async fn apply(&self, step: TakeStep) -> Result<(), Fault> {
        let words = report::taking(&step);
        let TakeStep::Create { name, of, tags } = step;
        let (app, clock, story) = (self.app, self.clock, &self.story);
        let group = self.group.borrow().clone();
        Taking { app, group, clock, story }.take(&words, &name, &of, tags).await
    }
}

/// One new group on its way.
pub(crate) struct Restored<'a> {
    pub(crate) app: &'a App,
    pub(crate) restore: &'a Restore,
    /// What the manifest of an export says of its files, where it is made from such.
    pub(crate) saved: Option<SnapshotView>,
    pub(crate) story: RefCell<Story>,
}

impl Operation for Restored<'_> {
    type Seen = RestoreView;
    type Step = RestoreStep;
    type Refusal = Refusal;

    async fn observe(&self) -> Result<RestoreView, Fault> {
        let view = observe::restore(self.app, self.restore, self.saved.as_ref()).await?;
        self.story.borrow_mut().saw_restore(&view, &self.restore.remarks(&view));
        Ok(view)
    }

    fn plan(&self, seen: &RestoreView, _now: Timestamp) -> Next<RestoreStep, Refusal> {
        self.restore.plan(seen, Catalog::embedded())
    }

    async fn apply(&self, step: RestoreStep) -> Result<(), Fault> {
        self.story.borrow_mut().does(report::restoring(&step));
        match step {
            RestoreStep::Create(plan) => create(self.app, *plan).await,
            RestoreStep::PutAlarms(set) => {
                let topic = &self.app.settings.alarm_topic;
                self.app.alarms.put_of(&set, &set.specs, topic).await
            }
        }
    }
}

async fn create(app: &App, plan: Plan) -> Result<(), Fault> {
    create_with(app, plan, None).await
}

/// Makes a group, with the token of this version of its secret, or of whichever clients use.
async fn create_with(app: &App, plan: Plan, version: Option<&VersionId>) -> Result<(), Fault> {
    let users = &plan.source.user_groups;
    let transit = match (&plan.secret, plan.source.tls) {
        (_, Tls::Off) => Transit::Plain,
        (_, Tls::Preferred | Tls::Required) if !users.is_empty() => {
            Transit::TlsWithUsers(users.clone())
        }
        (Some(secret), Tls::Preferred | Tls::Required) => Transit::TlsWithToken(match version {
            Some(version) => app.secrets.token_of(secret, version).await?,
            None => app.secrets.token(secret).await?,
        }),
        (None, Tls::Preferred) => Transit::TlsPreferred,
        (None, Tls::Required) => Transit::Tls,
    };
    let created = app.elasticache.create(&new_group(plan, transit)).await;
    match created {
        // Ours, from a call whose answer was lost, or somebody's: the next look tells.
        Err(fault) if fault.kind == FaultKind::Taken => {
            Err(Fault { kind: FaultKind::Busy, ..fault })
        }
        created => created,
    }
}

/// Everything is said: what a snapshot hands on of its own is not known (facts 5.7).
fn new_group(plan: Plan, transit: Transit) -> NewGroup {
    let source = plan.source;
    let filled = |it: String| Some(it).filter(|it| !it.is_empty());
    let model = source.members.into_iter().next();
    let engine = model.as_ref().map(|it| it.engine.clone()).unwrap_or_default();
    NewGroup {
        id: plan.target,
        description: plan.description,
        engine,
        engine_version: plan.engine_version,
        node_type: plan.node_type,
        shape: plan.shape,
        slots: plan.slots,
        port: plan.port,
        parameter_group: model.as_ref().and_then(|it| it.parameter_group.clone()),
        subnet_group: model.as_ref().and_then(|it| it.subnet_group.clone()),
        security_groups: model.as_ref().map(|it| it.security_groups.clone()).unwrap_or_default(),
        resilience: plan.resilience,
        encryption: Encryption { at_rest: source.at_rest_encryption, transit },
        snapshot_retention_days: source.snapshot_retention_days,
        snapshot_window: filled(source.snapshot_window),
        maintenance_window: model.as_ref().and_then(|it| filled(it.maintenance_window.clone())),
        auto_minor_version_upgrade: source.auto_minor_version_upgrade.or(Some(true)),
        notification_topic: model.and_then(|it| it.notification_topic),
        zones: plan.zones,
        data_tiering: plan.data_tiering,
        network_type: source.network_type,
        ip_discovery: source.ip_discovery,
        kms_key: source.kms_key,
        logs: source.logs.into_iter().filter_map(|it| Some((it.kind, it.delivery?))).collect(),
        snapshot: Some(plan.snapshot).filter(|_| plan.files.is_empty()),
        files: plan.files,
        tags: plan.tags,
    }
}

/// Tells people, where there is a topic. A topic that we may not use does not hold up the work; the journal has it all.
pub(crate) async fn tell(app: &App, message: &Message) -> Result<(), Fault> {
    let Some(topic) = &app.settings.topic else { return Ok(()) };
    match app.topics.tell(topic, &message.subject, &message.body).await {
        Err(fault) if fault.kind != FaultKind::Transient => {
            tracing::error!(%fault, subject = message.subject, "could not tell");
            Ok(())
        }
        done => done,
    }
}
