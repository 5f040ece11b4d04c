//! Restoring in place by the address in the secret: clients are led to another group, or back, and the one that stands aside goes one day.

use std::cell::{Cell, RefCell};

use domain::rotate::{Label, Value as Held, VersionId};
use domain::snapshot::Refusal;
use domain::snapshot::in_place::by_secret::mark::{Aside, successor};
use domain::snapshot::in_place::by_secret::{
    Ending, EndingStep, EndingView, SecretSeen, Switch, SwitchStep, SwitchView, Way, When,
};
use domain::snapshot::in_place::{InPlaceView, TurnedDown};
use domain::{Arn, Catalog, GroupId, GroupStatus, GroupView, NameError, Next, Problems, Tags, tag};
use jiff::Timestamp;
use platform::{Clock, Fault, Operation};
use serde_json::Value;

use super::create_with;
use super::replacing::{self, look_again_if_gone};
use crate::event::{Back, Switching};
use crate::report::{self, End, Planned, Story};
use crate::{App, Run, observe};

/// Clients on their way from one group to another.
pub(crate) struct Switched<'a> {
    app: &'a App,
    switch: &'a Switch,
    clock: Clock,
    /// What ElastiCache turned down for good in this run.
    turned_down: RefCell<Option<TurnedDown>>,
    /// What it came to, where the last step was taken and it is not what was asked for.
    why: RefCell<Option<Refusal>>,
    /// Whether the last look showed that nothing was begun, and nothing was since.
    is_untouched: Cell<bool>,
    pub(crate) story: RefCell<Story>,
}

impl Operation for Switched<'_> {
    type Seen = SwitchView;
    type Step = SwitchStep;
    type Refusal = Refusal;

    async fn observe(&self) -> Result<SwitchView, Fault> {
        let mut view = look(self.app, self.switch, self.clock.now()).await?;
        view.groups.turned_down.clone_from(&self.turned_down.borrow());
        let is_untouched = match self.switch.way {
            Way::Forth => view.groups.stand_in.is_none(),
            Way::Back => {
                let tags = view.groups.group.as_ref().and_then(|it| it.tags.as_ref());
                let is_aside = tags.is_none_or(|it| Aside::read(it).is_some());
                view.groups.before.is_none() && !is_aside
            }
        };
        self.is_untouched.set(is_untouched);
        self.story.borrow_mut().saw_switch(self.switch, &view);
        Ok(view)
    }

    fn plan(&self, seen: &SwitchView, now: Timestamp) -> Next<SwitchStep, Refusal> {
        self.switch.plan(seen, Catalog::embedded(), now)
    }

    async fn apply(&self, step: SwitchStep) -> Result<(), Fault> {
        self.story.borrow_mut().does(report::switching(&step));
        let (cache, secrets) = (&self.app.elasticache, &self.app.secrets);
        match step {
            SwitchStep::Create { plan, version } => {
                create_with(self.app, *plan, Some(&version)).await?;
                self.is_untouched.set(false);
                Ok(())
            }
            SwitchStep::Save { name, of, tags } => {
                let refused = replacing::save(self.app, &name, &of, &tags).await?;
                self.turned_down.replace(refused);
                Ok(())
            }
            SwitchStep::PutAlarms(set) => {
                let topic = &self.app.settings.alarm_topic;
                self.app.alarms.put_of(&set, &set.specs, topic).await
            }
            SwitchStep::SetAside { arn, tags, gone, .. }
            | SwitchStep::Adopt { arn, tags, gone, .. } => {
                look_again_if_gone(self.retag(&arn, &tags, &gone).await)
            }
            SwitchStep::Hold { secret, tags } | SwitchStep::Name { secret, tags, .. } => {
                secrets.tag(secret.as_str(), &tags).await
            }
            SwitchStep::Lead { secret, from, version, text, .. } => {
                secrets.rewrite_as(secret.as_str(), &version, &from, &text).await
            }
            SwitchStep::Release { secret } => secrets.untag(secret.as_str(), tag::IN_PLACE).await,
            SwitchStep::Dismiss { group, why } => {
                cache.delete(&group).await?;
                self.why.replace(Some(why));
                Ok(())
            }
        }
    }

    fn is_last(&self, step: &SwitchStep) -> bool {
        matches!(step, SwitchStep::Dismiss { .. })
    }
}

impl Switched<'_> {
    /// First what comes, then what goes: whoever dies in between has lost nothing.
    async fn retag(&self, arn: &str, tags: &Tags, gone: &[String]) -> Result<(), Fault> {
        let cache = &self.app.elasticache;
        if !tags.is_empty() {
            cache.tag(arn, tags).await?;
        }
        if !gone.is_empty() {
            let gone: Vec<&str> = gone.iter().map(String::as_str).collect();
            cache.untag(arn, &gone).await?;
        }
        Ok(())
    }
}

/// Looks at the two groups, at the secret that leads from one to the other, and at what else decides.
async fn look(app: &App, switch: &Switch, now: Timestamp) -> Result<SwitchView, Fault> {
    let (cache, hop) = (&app.elasticache, &switch.hop);
    let (group, stand_in) =
        tokio::join!(cache.group_with_tags(&hop.said.group), cache.group_with_tags(&hop.stand_in));
    let groups = InPlaceView { group: group?, stand_in: stand_in?, ..InPlaceView::default() };
    let mut view = SwitchView { groups, secret: None };
    if let Some(arn) = switch.secret(&view) {
        let takes = takes(view.groups.stand_in.as_ref());
        view.secret = secret(app, &arn, takes).await?;
    }
    let groups = &mut view.groups;
    let Some(to) = &groups.stand_in else {
        if switch.way == Way::Forth
            && let Some(mut snapshot) = cache.snapshot(&hop.said.snapshot).await?
        {
            snapshot.tags = cache.tags(&snapshot.arn).await?;
            groups.snapshot = Some(snapshot);
        }
        return Ok(view);
    };
    if to.status == GroupStatus::CreateFailed {
        groups.events = cache.event_texts(&hop.stand_in).await?;
        return Ok(view);
    }
    let is_free = |it: &GroupView| it.status == GroupStatus::Available;
    if !is_free(to) {
        return Ok(view);
    }
    groups.alarms = app.alarms.of(&hop.stand_in).await?;
    if let Some(from) = groups.group.clone().filter(is_free) {
        groups.before = cache.snapshot(hop.before.as_str()).await?;
        if groups.before.is_none() {
            groups.lags = observe::lags(app, &from, now).await;
        }
        groups.events = cache.event_texts(&hop.said.group).await?;
    }
    Ok(view)
}

/// The version whose token a group is said to take.
fn takes(group: Option<&GroupView>) -> Option<String> {
    group?.tags.as_ref()?.get(tag::TAKES).cloned()
}

/// A secret, with what it holds as far as that counts.
async fn secret(app: &App, arn: &Arn, said: Option<String>) -> Result<Option<SecretSeen>, Fault> {
    let Some(seen) = app.secrets.described(arn).await? else { return Ok(None) };
    let value = async |label: Label| match seen.labels.of(label) {
        Some(version) if !seen.is_leaving => app.secrets.value(&seen, version, Some(label)).await,
        Some(_) | None => Ok(Held::Absent),
    };
    let (current, previous) = tokio::join!(value(Label::Current), value(Label::Previous));
    let (current, previous) = (current?, previous?);
    let said = said.and_then(|it| VersionId::parse(&it).ok());
    let other = said.filter(|it| seen.labels.of(Label::Current) != Some(it) && !seen.is_leaving);
    let taken = match &other {
        Some(version) => app.secrets.value(&seen, version, None).await?,
        None => Held::Absent,
    };
    Ok(Some(SecretSeen { secret: seen, current, previous, taken }))
}

/// A group that stands aside on its way out.
pub(crate) struct Ended<'a> {
    app: &'a App,
    ending: &'a Ending,
    pub(crate) story: RefCell<Story>,
}

impl Operation for Ended<'_> {
    type Seen = EndingView;
    type Step = EndingStep;
    type Refusal = Refusal;

    async fn observe(&self) -> Result<EndingView, Fault> {
        let (app, cache) = (self.app, &self.app.elasticache);
        let group = cache.group_with_tags(&self.ending.group).await?;
        let mut view = EndingView { group, ..EndingView::default() };
        if let Some(aside) = Ending::aside(&view) {
            let (by, saved) =
                tokio::join!(cache.group_with_tags(&aside.by), cache.snapshot(&aside.saved));
            (view.by, view.saved) = (by?, saved?);
        }
        if let Some(arn) = Ending::secret(&view) {
            view.secret = secret(app, &arn, None).await?;
        }
        self.story.borrow_mut().saw_ending(&view);
        Ok(view)
    }

    fn plan(&self, seen: &EndingView, now: Timestamp) -> Next<EndingStep, Refusal> {
        self.ending.plan(seen, now)
    }

    async fn apply(&self, step: EndingStep) -> Result<(), Fault> {
        self.story.borrow_mut().does(report::ending(&step));
        let EndingStep::Delete(group) = step;
        self.app.elasticache.delete(&group).await
    }
}

impl Run<'_> {
    /// Leads the clients of a group to another, or back, or has the one go that stands aside.
    pub(crate) async fn by_secret(&self, asked: &Switching) -> Result<Value, Fault> {
        let wish = match asked {
            Switching::Forth(it) => it.wish(&self.unique()),
            Switching::Back(it) => self.wish_back(it).await?,
            Switching::End { group, when } => return self.end_aside(group, *when).await,
        };
        let switch = match wish {
            Ok(switch) => switch,
            Err(err) => {
                let mut problems = Problems::default();
                problems.add("group", err.to_string());
                return Ok(self.bad_event(&problems).await);
            }
        };
        if self.delivery.carrier.is_some() {
            let operation = self.switched(&switch);
            let (why, is_untouched) = (&operation.why, &operation.is_untouched);
            let end = Box::pin(self.carry_on(&operation, why, is_untouched)).await;
            return Ok(self.close(&operation.story.into_inner(), &end).await);
        }
        let (switch, seen) = Box::pin(self.first_look_at_switch(switch)).await?;
        let operation = self.switched(&switch);
        operation.story.borrow_mut().saw_switch(&switch, &seen);
        let end = match operation.plan(&seen, self.clock.now()) {
            Next::Settled => End::Settled,
            Next::Refuse(refusal) => End::Refused(refusal),
            Next::Do(_) | Next::Wait(_) => {
                let name = format!("snapshot-by-secret-{}-{}", asked.group(), self.unique());
                self.hand(&name, &Switching::carried(&switch), 1).await
            }
        };
        Ok(self.close(&operation.story.into_inner(), &end).await)
    }

    /// Where clients are now, the group itself says while it stands aside. Else it is over, and the next in its row tells that.
    async fn wish_back(&self, asked: &Back) -> Result<Result<Switch, NameError>, Fault> {
        let mut from = asked.from.clone();
        if from.is_none() {
            let group = self.app.elasticache.group_with_tags(&asked.group).await?;
            from = group.and_then(|it| Aside::read(&it.tags?)).map(|it| it.by);
        }
        let from = from.map_or_else(|| successor(&asked.group), Ok);
        Ok(from.and_then(|it| asked.wish(it, &self.unique())))
    }

    /// Looks, and joins the one that is under way where that is from the same snapshot.
    async fn first_look_at_switch(&self, switch: Switch) -> Result<(Switch, SwitchView), Fault> {
        let seen = look(self.app, &switch, self.clock.now()).await?;
        let joined = switch.clone().joined(&seen).unwrap_or_else(|_| switch.clone());
        if joined == switch {
            return Ok((switch, seen));
        }
        let seen = look(self.app, &joined, self.clock.now()).await?;
        Ok((joined, seen))
    }

    fn switched<'b>(&'b self, switch: &'b Switch) -> Switched<'b> {
        let (hop, way) = (&switch.hop, switch.way);
        let story = match way {
            Way::Forth => {
                let asked = format!("restore in place by the secret from {}", hop.said.snapshot);
                Story::of(asked, &hop.said.group)
            }
            Way::Back => Story::of(
                format!("restore in place: take back from {}", hop.said.group),
                &hop.stand_in,
            ),
        };
        Switched {
            app: self.app,
            switch,
            clock: self.clock,
            turned_down: RefCell::default(),
            why: RefCell::default(),
            is_untouched: Cell::new(false),
            story: RefCell::new(story),
        }
    }

    async fn end_aside(&self, group: &GroupId, when: When) -> Result<Value, Fault> {
        let ending = Ending { group: group.clone(), when };
        let operation = self.ended(&ending);
        let hand = async |_: &_| {
            let name = format!("snapshot-aside-{group}-{}", self.unique());
            self.hand(&name, &Switching::ending(group, when), 1).await
        };
        let end = self.carried(&operation, &operation.story, hand).await?;
        Ok(self.close(&operation.story.into_inner(), &end).await)
    }

    fn ended<'b>(&'b self, ending: &'b Ending) -> Ended<'b> {
        let asked = match ending.when {
            When::Now => "delete what stood aside, at a word",
            When::Over => "delete what stood aside",
        };
        let story = RefCell::new(Story::of(asked, &ending.group));
        Ended { app: self.app, ending, story }
    }

    /// Has every group go that stands aside and whose time is up.
    pub(crate) async fn end_what_is_over(&self) -> Result<Vec<Value>, Fault> {
        let mut answers = Vec::new();
        for found in self.app.fleet.groups(tag::IN_PLACE).await? {
            let aside = Aside::read(&found.tags).filter(|it| it.until <= self.clock.now());
            let (Some(aside), Some(group)) = (aside, found.group_id()) else { continue };
            let name = format!("snapshot-aside-{group}-{}", self.unique());
            let end = self.hand(&name, &Switching::ending(&group, When::Over), 1).await;
            let mut story = Story::of("delete what stood aside", &group);
            story.saw = format!("{} took its place, and it had to go by {}", aside.by, aside.until);
            answers.push(self.close(&story, &end).await);
        }
        Ok(answers)
    }

    /// Tells what would be done.
    pub(crate) async fn plan_by_secret(&self, asked: &Switching) -> Result<Value, Fault> {
        let wish = match asked {
            Switching::Forth(it) => it.wish(&self.unique()),
            Switching::Back(it) => self.wish_back(it).await?,
            Switching::End { group, when } => {
                let ending = Ending { group: group.clone(), when: *when };
                let operation = self.ended(&ending);
                let words = |it| report::ending(&it);
                return self.planned_and_told(&operation, &operation.story, words).await;
            }
        };
        let Ok(switch) = wish else {
            return Err(Fault::strange("plan", "the group has no id for one in its place"));
        };
        let (switch, seen) = Box::pin(self.first_look_at_switch(switch)).await?;
        let operation = self.switched(&switch);
        operation.story.borrow_mut().saw_switch(&switch, &seen);
        let planned = match operation.plan(&seen, self.clock.now()) {
            Next::Settled => Planned::Nothing,
            Next::Wait(wait) => Planned::Wait(format!("would wait for {}", wait.on)),
            Next::Refuse(refusal) => Planned::Refuse(refusal),
            Next::Do(step) => {
                let rest = report::road_by_secret(&switch, &step);
                Planned::Step(format!("would have {}{rest}", report::switching(&step)))
            }
        };
        Ok(self.told(operation.story.into_inner(), planned))
    }
}
