//! Evenings: groups go for the night.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use domain::snapshot::in_place::mark;
use domain::snapshot::park::{self, Park, ParkStep, ParkView, Place, State};
use domain::snapshot::{Refusal, SnapshotView, crowd, drill};
use domain::{Catalog, GroupId, GroupView, Next, Tags, Wait, WaitingOn, tag};
use jiff::{SignedDuration, Timestamp};
use platform::continuation::Each;
use platform::{Clock, Fault, FaultKind, Operation, Outcome, abreast, converge};
use serde_json::{Value, json};

use super::Taking;
use crate::event::Parking;
use crate::report::{self, End, Planned, Story};
use crate::{App, Run, observe};

/// One group on its way into its park snapshot.
pub(crate) struct Parked<'a> {
    app: &'a App,
    park: &'a Park,
    hours: u32,
    clock: Clock,
    group: RefCell<Option<GroupView>>,
    /// Whether the group goes, so that somebody has to see that to its end: so it is, unless a look showed that it does not.
    is_begun: Cell<bool>,
    pub(crate) story: RefCell<Story>,
}

impl Operation for Parked<'_> {
    type Seen = ParkView;
    type Step = ParkStep;
    type Refusal = Refusal;

    async fn observe(&self) -> Result<ParkView, Fault> {
        let view = Box::pin(look_at_park(self.app, self.park, self.clock.now())).await?;
        let state = view.snapshot.as_ref().and_then(SnapshotView::park_state);
        self.is_begun.set(state.and_then(State::parked_at).is_some());
        self.group.replace(view.group.clone());
        self.story.borrow_mut().saw_park(self.park, &view, self.hours, &self.catalog());
        Ok(view)
    }

    fn plan(&self, seen: &ParkView, now: Timestamp) -> Next<ParkStep, Refusal> {
        self.park.plan(seen, now, Catalog::embedded())
    }

    async fn apply(&self, step: ParkStep) -> Result<(), Fault> {
        let words = report::parking(&step);
        let cache = &self.app.elasticache;
        // Of a snapshot it is told with what was counted.
        if !matches!(step, ParkStep::Save { .. }) {
            self.story.borrow_mut().does(words.clone());
        }
        match step {
            ParkStep::Save { name, of, tags } => {
                let (app, clock, story) = (self.app, self.clock, &self.story);
                let group = self.group.borrow().clone();
                Taking { app, group, clock, story }.take(&words, &name, &of, tags).await
            }
            ParkStep::Note { arn, tags, .. } => look_again_if_gone(cache.tag(&arn, &tags).await),
            ParkStep::Delete(group) => {
                self.is_begun.set(true);
                cache.delete(&group).await
            }
            ParkStep::DeleteAlarms(names) => self.app.alarms.delete(&names).await,
            ParkStep::Forget(name) => cache.delete_snapshot(&name).await.map(drop),
        }
    }
}

impl Parked<'_> {
    fn catalog(&self) -> std::borrow::Cow<'static, Catalog> {
        Catalog::at(&self.app.settings.prices)
    }
}

/// Looks at a group that is to be parked, at its snapshot, and at what else decides the next step.
async fn look_at_park(app: &App, park: &Park, now: Timestamp) -> Result<ParkView, Fault> {
    let cache = &app.elasticache;
    let (group, snapshot) =
        tokio::join!(cache.group_with_tags(&park.group), snapshot(app, park.snapshot.as_str()));
    let mut view = ParkView { group: group?, snapshot: snapshot?, ..ParkView::default() };
    let looks = park.looks(&view);
    if looks.beside {
        view.stand_in = stands_beside(app, mark::stand_in_of(&park.group).ok(), |it| {
            mark::is_stand_in_for(&park.group, it)
        })
        .await?;
        view.drill = stands_beside(app, drill::id(&park.group), |_| true).await?;
    }
    if let (true, Some(group)) = (looks.before, &view.group) {
        view.lags = observe::lags(app, group, now).await;
        view.events = cache.event_texts(&park.group).await?;
    }
    if looks.around {
        view.subnet_group = cache.subnet_group(park.group.as_str()).await?;
        view.secret_unread = secret_unread(app, view.group.as_ref()).await?;
    }
    if looks.alarms {
        view.alarms = alarms_of(app, &park.group).await?;
    }
    if looks.others {
        view.others = park_snapshots(app, &park.group).await?;
        view.others.retain(|it| it.name != park.snapshot.as_str());
    }
    Ok(view)
}

/// The group of this id, where it is there and described so.
async fn stands_beside(
    app: &App,
    id: Option<GroupId>,
    is_meant: impl Fn(&str) -> bool,
) -> Result<Option<GroupId>, Fault> {
    let Some(id) = id else { return Ok(None) };
    let described = app.elasticache.description(&id).await?;
    Ok(described.filter(|it| is_meant(it)).map(|_| id))
}

/// Without the token that its secret holds, a group does not come back. What fails for now is no answer.
async fn secret_unread(
    app: &App,
    group: Option<&GroupView>,
) -> Result<Option<(String, String)>, Fault> {
    let asks = group.filter(|it| it.auth_token_enabled && it.user_groups.is_empty());
    let secret = asks.and_then(|it| it.tags.as_ref()?.get(tag::SECRET));
    let Some(secret) = secret else { return Ok(None) };
    match app.secrets.token(secret).await {
        Ok(_) => Ok(None),
        Err(fault) if fault.kind == FaultKind::Transient => Err(fault),
        Err(fault) => Ok(Some((secret.clone(), fault.to_string()))),
    }
}

/// The names of the alarms of a group that carry our tag for it.
async fn alarms_of(app: &App, group: &GroupId) -> Result<Vec<String>, Fault> {
    let seen = app.alarms.of(group).await?;
    let foreign = app.alarms.foreign_to(group, &seen.iter().collect::<Vec<_>>()).await?;
    Ok(seen.into_iter().map(|it| it.name).filter(|it| !foreign.contains(it)).collect())
}

pub(super) async fn snapshot(app: &App, name: &str) -> Result<Option<SnapshotView>, Fault> {
    let Some(mut snapshot) = app.elasticache.snapshot(name).await? else { return Ok(None) };
    snapshot.tags = app.elasticache.tags(&snapshot.arn).await?;
    Ok(Some(snapshot))
}

/// The park snapshots of a group. The list of what is tagged lags behind, so each is asked itself how far it is.
pub(super) async fn park_snapshots(app: &App, group: &GroupId) -> Result<Vec<SnapshotView>, Fault> {
    let listed = app.fleet.snapshots_with(tag::GROUP, group.as_str()).await?;
    let names: Vec<&str> = listed
        .iter()
        .filter_map(|it| it.snapshot_name())
        .filter(|it| park::is_name_of(group, it))
        .collect();
    let mut found = Vec::new();
    for seen in abreast(&names, |name| snapshot(app, name)).await {
        found.extend(seen?);
    }
    Ok(found)
}

/// What is to be tagged went since the look: the next one tells what became of it.
pub(super) fn look_again_if_gone(tagged: Result<(), Fault>) -> Result<(), Fault> {
    match tagged {
        Err(fault) if fault.is_gone() => Err(Fault { kind: FaultKind::Busy, ..fault }),
        tagged => tagged,
    }
}

/// A group that is parked now, as far as the list of what is tagged tells.
pub(crate) struct Absent {
    pub(crate) snapshot: String,
    pub(crate) since: Timestamp,
    pub(crate) tags: Tags,
}

/// The groups that are parked now: one paged call. One that is listed itself still, long after it was to go, stands.
pub(crate) async fn absent(
    app: &App,
    listed: &[observe::Ours],
    now: Timestamp,
) -> Result<BTreeMap<GroupId, Absent>, Fault> {
    let mut absent: BTreeMap<GroupId, Absent> = BTreeMap::new();
    for it in app.fleet.snapshots(tag::PARKED).await? {
        let (Some(group), Some(name)) = (it.of_group(), it.snapshot_name()) else { continue };
        let since = State::read(&it.tags).and_then(State::parked_at);
        let Some(since) = since.filter(|_| park::is_name_of(&group, name)) else { continue };
        let stands = listed.iter().any(|it| it.0 == group) && !park::may_still_go(since, now);
        let is_newer = absent.get(&group).is_none_or(|it| it.snapshot.as_str() < name);
        if !stands && is_newer {
            let snapshot = name.to_owned();
            absent.insert(group, Absent { snapshot, since, tags: it.tags });
        }
    }
    Ok(absent)
}

/// Whether any of these groups says that it goes.
pub(crate) fn any_goes(groups: &[observe::Ours]) -> bool {
    groups.iter().any(|it| matches!(Place::read(&it.1), Some(Place::Goes(_))))
}

impl Run<'_> {
    /// Has groups go for the night. The state machine does it, under a name that every delivery of the event shares.
    pub(crate) async fn park(&self, parking: &Parking) -> Result<Value, Fault> {
        let tick = self.tick_of(parking.time);
        let Some(group) = &parking.group else { return self.park_all(parking, tick).await };
        let Ok(park) = Park::new(group.clone(), tick) else {
            return Err(Fault::strange("park", "the group has no name for a park snapshot"));
        };
        let operation = self.parked(&park, parking.hours);
        let end = if self.delivery.carrier.is_some() {
            let outcome = converge(&operation, &self.clock, self.deadline).await;
            let means = operation.story.borrow_mut().means.take();
            match (outcome, means) {
                (Err(_), Some(refusal)) => End::Refused(refusal),
                (outcome, _) => self.seen_to_its_end(outcome, operation.is_begun.get()),
            }
        } else {
            let hand = async |_: &_| {
                let name = format!("snapshot-park-{group}-{}", self.unique_at(parking.time));
                self.hand(&name, &event_of(&park), 1).await
            };
            self.carried(&operation, &operation.story, hand).await?
        };
        Ok(self.close(&operation.story.into_inner(), &end).await)
    }

    /// Has every group go that says so, in one execution.
    async fn park_all(&self, parking: &Parking, tick: Timestamp) -> Result<Value, Fault> {
        let groups = self.to_be_parked().await?;
        let mut work = Vec::new();
        for (number, group) in groups.iter().enumerate() {
            let Ok(park) = Park::new(group.clone(), tick) else { continue };
            let wait_seconds = crowd::wait_seconds(number);
            let each = Each { event: event_of(&park), wait_seconds };
            work.push((Story::of("park", group), each));
        }
        let name = format!("snapshot-park-all-{}", self.unique_at(parking.time));
        let answers = self.hand_each_in_parts(&name, groups.len(), work).await;
        Ok(report::together(answers, report::NO_PARK))
    }

    async fn to_be_parked(&self) -> Result<Vec<GroupId>, Fault> {
        let found = self.app.fleet.groups(tag::PARK).await?;
        let wished = found.into_iter().filter(|it| park::is_wished(&it.tags));
        Ok(wished.filter_map(|it| it.group_id()).collect())
    }

    /// Tells what parking would do, and what it saves.
    pub(crate) async fn plan_parking(
        &self,
        parking: &Parking,
        answers: &mut Vec<Value>,
    ) -> Result<(), Fault> {
        let groups = match &parking.group {
            Some(group) => vec![group.clone()],
            None => self.to_be_parked().await?,
        };
        for group in groups {
            let Ok(park) = Park::new(group, self.tick_of(parking.time)) else { continue };
            let operation = self.parked(&park, parking.hours);
            let seen = operation.observe().await?;
            let planned = match operation.plan(&seen, self.clock.now()) {
                Next::Settled => Planned::Nothing,
                Next::Refuse(refusal) => Planned::Refuse(refusal),
                Next::Wait(wait) => Planned::Wait(format!("would wait for {}", wait.on)),
                Next::Do(step) => {
                    let catalog = operation.catalog();
                    let rest = report::night(&step, &seen, parking.hours, &catalog);
                    Planned::Step(format!("would have {}{rest}", report::parking(&step)))
                }
            };
            answers.push(self.told(operation.story.into_inner(), planned));
        }
        Ok(())
    }

    fn parked<'b>(&'b self, park: &'b Park, hours: u32) -> Parked<'b> {
        let story = RefCell::new(Story::of(format!("park with {}", park.snapshot), &park.group));
        let (group, is_begun) = (RefCell::default(), Cell::new(true));
        Parked { app: self.app, park, hours, clock: self.clock, group, is_begun, story }
    }

    /// Nobody else comes back to what was begun before the next night or morning, and the group may not be there: whatever fails is tried again,
    /// for as long as an execution may take. Only where nothing was begun does a call that fails for good end it.
    pub(super) fn seen_to_its_end(
        &self,
        outcome: Result<Outcome<Refusal>, Fault>,
        is_begun: bool,
    ) -> End {
        match outcome {
            Err(fault) if is_begun => {
                let on = WaitingOn::NextTry(fault.to_string());
                self.end(Ok(Outcome::Unfinished(Wait { on, recheck: NEXT_TRY })))
            }
            outcome => self.end(outcome),
        }
    }

    /// What every delivery of an event shares: where it names its time, that is what makes it the same event; else Lambda's own id of it is.
    pub(super) fn unique_at(&self, time: Option<Timestamp>) -> String {
        time.map_or_else(|| self.unique(), |it| self.tick_of(Some(it)).as_second().to_string())
    }
}

fn event_of(park: &Park) -> Value {
    json!({ "action": "park", "group": park.group, "time": park.tick })
}

const NEXT_TRY: SignedDuration = SignedDuration::from_mins(1);
