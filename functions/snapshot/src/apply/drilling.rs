//! Drills: one snapshot after the other is tried, and what was left standing is torn down.

use std::cell::RefCell;

use domain::snapshot::drill::{self, Bill, Drill, DrillStep, DrillView, Failed, Means, Ticket};
use domain::snapshot::restore::Plan;
use domain::snapshot::{Refusal, SnapshotView, owner, retention};
use domain::{Catalog, Dollars, GroupId, GroupStatus, GroupView, Next, Tags, tag};
use jiff::{SignedDuration, Timestamp};
use platform::probe::Depth;
use platform::{Clock, Fault, FaultKind, Operation};
use serde_json::{Value, json};

use super::counting::{self, Count};
use crate::event::Drilling;
use crate::observe::Ours;
use crate::report::{self, End, Story};
use crate::{App, Run, observe};

/// One drill on its way.
pub(crate) struct Drilled<'a> {
    app: &'a App,
    drill: &'a Drill,
    catalog: std::borrow::Cow<'static, Catalog>,
    clock: Clock,
    /// When to be done with counting.
    until: Timestamp,
    /// The ARN of the snapshot, as it was seen last.
    snapshot: RefCell<Option<String>>,
    pub(crate) story: RefCell<Story>,
}

impl Operation for Drilled<'_> {
    type Seen = DrillView;
    type Step = DrillStep;
    type Refusal = Refusal;

    async fn observe(&self) -> Result<DrillView, Fault> {
        let view = Box::pin(self.look()).await?;
        self.story.borrow_mut().saw_drill(self.drill, &view);
        self.snapshot.replace(view.snapshot.as_ref().map(|it| it.arn.clone()));
        Ok(view)
    }

    fn plan(&self, seen: &DrillView, now: Timestamp) -> Next<DrillStep, Refusal> {
        let (settings, catalog) = (&self.app.settings, &self.catalog);
        let (counts_keys, ceiling) = (settings.counts_keys, settings.drill_ceiling);
        self.drill.plan(seen, Means { counts_keys, ceiling, catalog }, now)
    }

    async fn apply(&self, step: DrillStep) -> Result<(), Fault> {
        self.story.borrow_mut().does(report::drilling(&step));
        let elasticache = &self.app.elasticache;
        match step {
            DrillStep::Charge { arn, tags, .. } | DrillStep::Mark { arn, tags, .. } => {
                elasticache.tag(&arn, &tags).await
            }
            DrillStep::Create(plan) => self.create(*plan).await,
            DrillStep::Delete(group) => elasticache.delete(&group).await,
        }
    }
}

impl Drilled<'_> {
    /// What a call says that will not do better is what came of the drill: the next look finds it on the snapshot.
    async fn create(&self, plan: Plan) -> Result<(), Fault> {
        let Err(fault) = super::create(self.app, plan).await else { return Ok(()) };
        let snapshot = self.snapshot.borrow().clone();
        match (fault.kind, snapshot) {
            (FaultKind::NoCapacity | FaultKind::Rejected | FaultKind::Denied, Some(arn)) => {
                let failed = Failed { at: self.clock.now(), why: fault.to_string() };
                self.app.elasticache.tag(&arn, &failed.tags()).await
            }
            _ => Err(fault),
        }
    }

    async fn look(&self) -> Result<DrillView, Fault> {
        let (app, drill) = (self.app, self.drill);
        let (snapshot, source, group) = tokio::join!(
            snapshot(app, &drill.snapshot),
            app.elasticache.group_with_tags(&drill.group),
            drills_group(app, &drill.group)
        );
        let mut view = DrillView {
            snapshot: snapshot?,
            source: source?,
            group: group?,
            ..DrillView::default()
        };
        if drill.asks_for_cost(&view, self.clock.now()) {
            view.spent_elsewhere = self.spent_elsewhere().await?;
        }
        if drill.asks_for_users(&view, self.clock.now())
            && let Some(source) = &view.source
        {
            let known = counting::users(app, source).await?;
            view.users = known.into_iter().map(|it| it.user).collect();
        }
        let failed = |it: &&GroupView| it.status == GroupStatus::CreateFailed;
        if let Some(group) = view.group.as_ref().filter(failed) {
            view.events = app.elasticache.event_texts(&group.id).await?;
        }
        if drill.asks_for_count(&view) {
            view.counted = self.count(&view).await;
        }
        Ok(view)
    }

    async fn count(
        &self,
        view: &DrillView,
    ) -> Option<Result<domain::snapshot::record::Contents, String>> {
        let (group, source) = (view.group.as_ref()?, view.source.as_ref());
        let secret = source.and_then(|it| it.tags.as_ref()?.get(tag::SECRET));
        // A source that is busy keeps back which secret opens both.
        if group.auth_token_enabled
            && secret.is_none()
            && source.is_some_and(|it| it.tags.is_none())
        {
            return None;
        }
        let record = view.snapshot.as_ref().and_then(|it| it.tags.as_ref());
        let record =
            record.and_then(|it| domain::snapshot::record::Record::read(it).ok().flatten());
        let nodes = counting::one_of_each_shard(group);
        let depth = Depth::All(record.as_ref(), self.until);
        let count = Count { group, secret: secret.map(String::as_str), nodes: &nodes, depth };
        Some(count.by(self.app, self.clock).await)
    }

    /// What the drills of other groups may have cost this month: the list lags behind, and what it does not tell yet is a few cents.
    async fn spent_elsewhere(&self) -> Result<Dollars, Fault> {
        let found = self.app.fleet.groups(tag::DRILLED).await?;
        let others = found.iter().filter(|it| it.group_id().as_ref() != Some(&self.drill.group));
        Ok(others.map(|it| Bill::spent(&it.tags, self.drill.asked)).sum())
    }
}

async fn snapshot(app: &App, name: &str) -> Result<Option<SnapshotView>, Fault> {
    let Some(mut snapshot) = app.elasticache.snapshot(name).await? else { return Ok(None) };
    snapshot.tags = app.elasticache.tags(&snapshot.arn).await?;
    Ok(Some(snapshot))
}

/// The group that drills of this one make. One that could not be made keeps its tags back for ever, and only the list tells them.
async fn drills_group(app: &App, source: &GroupId) -> Result<Option<GroupView>, Fault> {
    let Some(id) = drill::id(source) else { return Ok(None) };
    let Some(mut group) = app.elasticache.group_with_tags(&id).await? else { return Ok(None) };
    if group.tags.is_none() && group.status == GroupStatus::CreateFailed {
        let listed = app.fleet.tags(&group.arn).await?;
        group.tags = Some(listed).filter(|it| !it.is_empty());
    }
    Ok(Some(group))
}

impl Run<'_> {
    /// Tries the snapshots that an event means. The state machine does it, under a name that every delivery of the event shares.
    pub(crate) async fn drill(&self, drilling: &Drilling) -> Result<Value, Fault> {
        if drilling.is_of_all() {
            return self.drill_all(drilling).await;
        }
        let drill = match self.meant(drilling).await? {
            Ok(drill) => drill,
            Err((story, refusal)) => return Ok(self.close(&story, &End::Refused(refusal)).await),
        };
        let operation = self.drilled(&drill);
        let hand = async |_: &_| self.hand_drill(drilling, &drill).await;
        let end = self.carried(&operation, &operation.story, hand).await?;
        let mut story = operation.story.into_inner();
        let is_carried = self.delivery.carrier.is_some();
        story.metrics.extend(is_carried.then(|| report::drill_failed(&end)).flatten());
        Ok(self.close(&story, &end).await)
    }

    /// Tries the newest snapshot of every group whose last drill that went well is too old, and tears down what was left standing.
    async fn drill_all(&self, drilling: &Drilling) -> Result<Value, Fault> {
        let mut answers = self.tear_down().await?;
        let (groups, stock) = self.with_drills().await?;
        for (group, tags) in &groups {
            match self.due(group, tags, &stock, drilling) {
                Due::Never => {}
                // No record: it would be one for each group and day.
                Due::Later(story) => answers.push(End::Settled.answer(&story)),
                Due::Refused(refusal) => {
                    let mut story = Story::of("drill", group);
                    let end = End::Refused(refusal);
                    story.metrics.extend(report::drill_failed(&end));
                    answers.push(self.close(&story, &end).await);
                }
                Due::Now(drill) => {
                    let story = Story::of(format!("drill {}", drill.snapshot), group);
                    let end = self.hand_drill(drilling, &drill).await;
                    answers.push(self.close(&story, &end).await);
                }
            }
        }
        Ok(report::together(answers, report::NO_DRILLS))
    }

    /// Deletes every group of a drill whose time is over, whatever became of who made it, and every one that stood aside long enough.
    pub(crate) async fn sweep(&self) -> Result<Value, Fault> {
        let mut answers = self.tear_down().await?;
        answers.extend(self.end_what_is_over().await?);
        Ok(report::together(answers, report::NOTHING_LEFT))
    }

    /// The drill that carries on with what was left does it: it begins none, so late after it was asked for.
    async fn tear_down(&self) -> Result<Vec<Value>, Fault> {
        let mut answers = Vec::new();
        for found in self.app.fleet.groups(tag::DRILL).await? {
            let ticket = Ticket::read(&found.tags).filter(|it| it.is_over(self.clock.now()));
            let (Some(ticket), Some(group)) = (ticket, found.of_group()) else { continue };
            let drill = Drill::new(group.clone(), &ticket.snapshot, ticket.asked);
            let name = format!("snapshot-sweep-{group}-{}", self.unique());
            let end = self.hand(&name, &event(&drill), 1).await;
            let mut story = Story::of("tear down what a drill left", &group);
            story.saw = format!("its group had to be gone by {}", ticket.until);
            answers.push(self.close(&story, &end).await);
        }
        Ok(answers)
    }

    /// What would be tried, and what not.
    pub(crate) async fn plan_drilling(
        &self,
        drilling: &Drilling,
        answers: &mut Vec<Value>,
    ) -> Result<(), Fault> {
        if !drilling.is_of_all() {
            answers.push(match self.meant(drilling).await? {
                Ok(drill) => self.plan_drill(&drill).await?,
                Err((story, refusal)) => self.told_refusal(story, refusal),
            });
            return Ok(());
        }
        let (groups, stock) = self.with_drills().await?;
        for (group, tags) in &groups {
            match self.due(group, tags, &stock, drilling) {
                Due::Never => {}
                Due::Later(story) => answers.push(self.told_nothing(story)),
                Due::Refused(refusal) => {
                    answers.push(self.told_refusal(Story::of("drill", group), refusal));
                }
                Due::Now(drill) => answers.push(self.plan_drill(&drill).await?),
            }
        }
        Ok(())
    }

    async fn plan_drill(&self, drill: &Drill) -> Result<Value, Fault> {
        let operation = self.drilled(drill);
        self.planned_and_told(&operation, &operation.story, |it| report::drilling(&it)).await
    }

    fn drilled<'b>(&'b self, drill: &'b Drill) -> Drilled<'b> {
        let story = Story::of(format!("drill {}", drill.snapshot), &drill.group);
        let longest = self.clock.now().saturating_add(COUNT_MAX).unwrap_or(Timestamp::MAX);
        let until = self.deadline.saturating_sub(COUNT_MARGIN).unwrap_or(longest).min(longest);
        let catalog = Catalog::at(&self.app.settings.prices);
        let (snapshot, story) = (RefCell::default(), RefCell::new(story));
        Drilled { app: self.app, drill, catalog, clock: self.clock, until, snapshot, story }
    }

    /// The one drill that an event means, or why it means none.
    async fn meant(&self, drilling: &Drilling) -> Result<Result<Drill, (Story, Refusal)>, Fault> {
        let asked = self.asked_at(drilling);
        match (&drilling.group, &drilling.snapshot) {
            (Some(group), Some(name)) => Ok(Ok(Drill::new(group.clone(), name, asked))),
            (None, Some(name)) => {
                let story = || Story { asked: format!("drill {name}"), ..Story::default() };
                let Some(seen) = snapshot(self.app, name).await? else {
                    let why = domain::snapshot::Unrestorable::NoSnapshot { snapshot: name.clone() };
                    return Ok(Err((story(), why.into())));
                };
                let why = || drill::Undrillable::NotOurs { snapshot: name.clone() };
                Ok(match seen.source() {
                    Some(group) => Ok(Drill::new(group, name, asked)),
                    None => Err((story(), why().into())),
                })
            }
            (Some(group), None) => {
                let mut ours = observe::groups(self.app).await?;
                ours.retain(|it| it.0 == *group);
                let story = || Story::of("drill", group);
                let Some((_, tags)) = ours.first() else {
                    return Ok(Err((story(), Refusal::NotOurs)));
                };
                let stock = observe::stock(self.app, &ours).await?;
                Ok(newest(group, tags, &stock, asked).map_err(|it| (story(), it)))
            }
            (None, None) => Ok(Err((Story::default(), Refusal::NotOurs))),
        }
    }

    /// The groups that ask for drills, and what there is of them.
    async fn with_drills(&self) -> Result<(Vec<Ours>, Vec<SnapshotView>), Fault> {
        let mut groups = observe::groups(self.app).await?;
        groups.retain(|it| it.1.contains_key(tag::DRILL_DAYS));
        if groups.is_empty() {
            return Ok((groups, Vec::new()));
        }
        let stock = observe::stock(self.app, &groups).await?;
        Ok((groups, stock))
    }

    fn due(
        &self,
        group: &GroupId,
        tags: &Tags,
        stock: &[SnapshotView],
        drilling: &Drilling,
    ) -> Due {
        let days = match drill::days(tags) {
            Ok(Some(days)) => days,
            Ok(None) => return Due::Never,
            Err(why) => return Due::Refused(why.into()),
        };
        let last = drill::last(group, &owner(group, tags), stock);
        let due = drill::due(days, last.map(|it| it.1));
        if let Some((snapshot, verified)) = last.filter(|_| self.clock.now() < due) {
            let mut story = Story::of("drill", group);
            story.result = format!(
                "no drill is due before {due}: {} was seen to restore at {}",
                snapshot.name, verified.at
            );
            return Due::Later(story);
        }
        match newest(group, tags, stock, self.asked_at(drilling)) {
            Ok(drill) => Due::Now(drill),
            Err(why) => Due::Refused(why),
        }
    }

    async fn hand_drill(&self, drilling: &Drilling, drill: &Drill) -> End {
        // Where the event names its time, that is what makes it the same event; else Lambda's own id of it is.
        let unique = match drilling.time {
            Some(_) => drill.asked.as_second().to_string(),
            None => self.unique(),
        };
        let name = format!("snapshot-drill-{}-{unique}", drill.group);
        self.hand(&name, &event(drill), 1).await
    }

    fn asked_at(&self, drilling: &Drilling) -> Timestamp {
        let carried = || self.delivery.carrier.as_ref().map(|it| it.started_at);
        let now = self.clock.now();
        // Nothing that comes of it could be later than a time to come.
        drilling.time.or_else(carried).map_or(now, |it| it.min(now))
    }
}

/// Whether a group is tried.
enum Due {
    /// Its policy asks for no drills.
    Never,
    /// The last one is not old enough.
    Later(Story),
    /// Nothing can be tried.
    Refused(Refusal),
    /// This one is.
    Now(Drill),
}

/// The drill of the newest snapshot of a group.
fn newest(
    group: &GroupId,
    tags: &Tags,
    stock: &[SnapshotView],
    asked: Timestamp,
) -> Result<Drill, Refusal> {
    let newest = retention::newest(group, &owner(group, tags), stock);
    let nothing = || drill::Undrillable::NothingGood { group: group.clone() }.into();
    newest.map(|it| Drill::new(group.clone(), &it.name, asked)).ok_or_else(nothing)
}

fn event(drill: &Drill) -> Value {
    let Drill { group, snapshot, asked } = drill;
    json!({ "action": "drill", "group": group, "snapshot": snapshot, "time": asked })
}

/// What is left of an invocation after the count: for the mark, and the call that tears the group down.
const COUNT_MARGIN: SignedDuration = SignedDuration::from_secs(30);

/// Types and sample are told well enough by what is seen in this time.
const COUNT_MAX: SignedDuration = SignedDuration::from_mins(10);
