//! Taking: of one group or of all of them, one that was asked for or what is due.

use std::cell::RefCell;

use domain::snapshot::shelf::Shelf;
use domain::snapshot::take::Take;
use domain::snapshot::{Keep, Refusal, SnapshotView, Tier, Tiers, crowd, due, owner};
use domain::{GroupId, NameError, Problems, Tags};
use jiff::Timestamp;
use platform::Fault;
use platform::continuation::Each;
use serde_json::{Value, json};

use crate::apply::crowd::Sweep;
use crate::apply::{Taken, parking};
use crate::event::{Kind, Scope, Taking};
use crate::observe::{Depth, Ours};
use crate::report::{End, Story};
use crate::{Run, observe, report};

/// What an event wants of a group.
pub(crate) enum Wish {
    /// Its policy takes none, or it is for another schedule.
    Nothing,
    /// Its tiers have what they want.
    NotDue(Story),
    /// This one.
    Take { kind: Kind, missed: Option<Missed> },
    /// Its policy cannot be read.
    Refused(Refusal),
}

/// A snapshot that should have been there.
pub(crate) struct Missed {
    /// When it was due.
    due: Timestamp,
    /// The newest that is there.
    newest: String,
}

/// The snapshot of a group that is of this kind.
pub(crate) fn of(group: &GroupId, kind: &Kind, tick: Timestamp) -> Result<Take, NameError> {
    match kind {
        Kind::Policy | Kind::Due => Take::new(group.clone(), Tier::default(), tick),
        Kind::One(tier) => Take::new(group.clone(), *tier, tick),
        Kind::For(tiers) => Take::due(group.clone(), tiers, tick),
    }
}

impl Run<'_> {
    /// Takes snapshots. The state machine does it, under a name that every delivery of the event shares: whatever comes twice, and whoever
    /// dies when, one execution with one name for the snapshot is all that there ever is.
    pub(crate) async fn take(&self, taking: &Taking) -> Result<Value, Fault> {
        let tick = self.tick(taking);
        let Some(group) = taking.asks_for() else { return self.take_all(taking, tick).await };
        let take = match of(group, &taking.kind, tick) {
            Ok(take) => take,
            Err(err) => {
                let mut problems = Problems::default();
                problems.add("group", err.to_string());
                return Ok(self.bad_event(&problems).await);
            }
        };
        let operation = self.taken(&take);
        let hand = async |_: &_| self.hand_take(taking, &taking.kind, group, tick, 1).await;
        let end = self.carried(&operation, &operation.story, hand).await?;
        let mut story = operation.story.into_inner();
        // What a person asks for and is refused is told to that person.
        let is_carried = self.delivery.carrier.is_some();
        story.metrics.extend(is_carried.then(|| report::take_failed(&end)).flatten());
        Ok(self.close(&story, &end).await)
    }

    /// Takes what is due, or one of each. One execution takes of all groups, each by itself.
    async fn take_all(&self, taking: &Taking, tick: Timestamp) -> Result<Value, Fault> {
        let sweep = self.sweep_of(taking, tick);
        let mut groups = match self.ours(&sweep, &taking.scope).await? {
            Ok(groups) => groups,
            Err(answer) => return Ok(answer),
        };
        // The list has a group still for a while that is gone for the night.
        if parking::any_goes(&groups) {
            let absent = parking::absent(self.app, &groups, self.clock.now()).await?;
            groups.retain(|(it, _)| !absent.contains_key(it));
        }
        let stock = self.shelf_of_tiers(taking, &groups).await?;
        let (mut answers, mut wanted, mut overdue) = (Vec::new(), Vec::new(), Vec::new());
        for (group, tags) in &groups {
            match self.wish(taking, group, tags, &stock) {
                Wish::Nothing => {}
                // No record: it would be one for each group and hour.
                Wish::NotDue(story) => answers.push(End::Settled.answer(&story)),
                Wish::Refused(refusal) => {
                    let mut story = Story::of("take", group);
                    let end = End::Refused(refusal);
                    story.metrics.extend(report::take_failed(&end));
                    answers.push(self.close(&story, &end).await);
                }
                Wish::Take { kind, missed } => {
                    let mut story = Story::of(format!("take {}", words(&kind)), group);
                    if let Some(Missed { due, newest }) = missed {
                        story.saw = format!("the newest is {newest}, and one was due at {due}");
                        overdue.push((group.clone(), newest, due));
                    }
                    wanted.push((story, group, kind));
                }
            }
        }
        if let Some(news) = report::missed_news(&overdue) {
            self.tell(&news).await;
        }
        match (&taking.scope, wanted.pop()) {
            (Scope::One(_), Some((story, group, kind))) => {
                let end = self.hand_take(taking, &kind, group, tick, 1).await;
                answers.push(self.close(&story, &end).await);
            }
            (Scope::One(_) | Scope::All | Scope::These(_), last) => {
                wanted.extend(last);
                let each = wanted.into_iter().enumerate().map(|(number, (story, group, kind))| {
                    let event = event_of(group, &kind, tick).1;
                    (story, Each { event, wait_seconds: crowd::wait_seconds(number) })
                });
                let name =
                    format!("snapshot-take-all-{}", self.unique_of(taking, word(&taking.kind)));
                let name = self.name_of_each(&name, &taking.scope);
                answers.extend(self.hand_each(&name, each.collect()).await);
            }
        }
        let nothing = match taking.kind {
            Kind::Due | Kind::For(_) => report::NO_TIERS,
            Kind::Policy | Kind::One(_) => report::NO_GROUP,
        };
        Ok(self.answer_of_many(answers, &taking.scope, nothing))
    }

    /// The same of more groups than one run can look through.
    fn sweep_of(&self, taking: &Taking, tick: Timestamp) -> Sweep {
        let what = word(&taking.kind);
        let mut event = json!({ "action": "take", "time": tick });
        if let (Kind::Due | Kind::One(_), Value::Object(fields)) = (&taking.kind, &mut event) {
            fields.insert("tier".to_owned(), json!(what));
        }
        let name = format!("snapshot-take-part-{}", self.unique_of(taking, what));
        Sweep { asked: "take what is due", name, event: Some(event) }
    }

    /// What there is of the groups whose tiers are asked what is due. Where none has any, nobody is asked.
    pub(crate) async fn shelf_of_tiers(
        &self,
        taking: &Taking,
        groups: &[Ours],
    ) -> Result<Shelf, Fault> {
        let has_tiers = |(_, tags): &&Ours| Keep::read(tags).is_ok_and(|it| it.tiers().is_some());
        let with_tiers: Vec<Ours> = match taking.kind {
            Kind::Policy | Kind::Due | Kind::For(_) => {
                groups.iter().filter(has_tiers).cloned().collect()
            }
            Kind::One(_) => Vec::new(),
        };
        if with_tiers.is_empty() {
            return Ok(Shelf::default());
        }
        match taking.scope {
            Scope::These(_) => observe::shelf_of_part(self.app, &with_tiers, Depth::Newest).await,
            Scope::All | Scope::One(_) => observe::shelf(self.app, &with_tiers).await,
        }
    }

    /// What an event for all groups wants of this one.
    pub(crate) fn wish(
        &self,
        taking: &Taking,
        group: &GroupId,
        tags: &Tags,
        stock: &Shelf,
    ) -> Wish {
        let one = |tier| Wish::Take { kind: Kind::One(tier), missed: None };
        match (Keep::read(tags), &taking.kind) {
            (Err(refusal), _) => Wish::Refused(refusal),
            (Ok(Keep::Off), _) | (Ok(Keep::Newest(_)), Kind::Due | Kind::For(_)) => Wish::Nothing,
            (Ok(Keep::Newest(_) | Keep::Tiers(_)), Kind::One(tier)) => one(*tier),
            (Ok(Keep::Newest(_)), Kind::Policy) => one(Tier::default()),
            (Ok(Keep::Tiers(tiers)), Kind::Policy | Kind::Due | Kind::For(_)) => {
                self.wish_of_tiers(&tiers, group, tags, &stock.snapshots(group))
            }
        }
    }

    fn wish_of_tiers(
        &self,
        tiers: &Tiers,
        group: &GroupId,
        tags: &Tags,
        stock: &[SnapshotView],
    ) -> Wish {
        let now = self.clock.now();
        let newest = due::newest(group, &owner(group, tags), stock);
        let newest = newest.and_then(|it| Some((due::time(group, it)?, it.name.clone())));
        let wanted = due::due(tiers, newest.as_ref().map(|it| it.0), now);
        match newest {
            Some((at, name)) if wanted.is_empty() => {
                let mut story = Story::of("take what is due", group);
                story.result =
                    format!("nothing is due before {}; the newest is {name}", due::next(tiers, at));
                Wish::NotDue(story)
            }
            newest => {
                let missed = newest
                    .filter(|it| due::missed(tiers, it.0) < now)
                    .map(|(at, newest)| Missed { due: due::next(tiers, at), newest });
                Wish::Take { kind: Kind::For(wanted), missed }
            }
        }
    }

    pub(crate) fn taken<'b>(&'b self, take: &'b Take) -> Taken<'b> {
        let story = Story::of(format!("take {}", take.name), &take.group);
        let group = RefCell::default();
        Taken { app: self.app, take, clock: self.clock, group, story: RefCell::new(story) }
    }

    async fn hand_take(
        &self,
        taking: &Taking,
        kind: &Kind,
        group: &GroupId,
        tick: Timestamp,
        wait_seconds: i64,
    ) -> End {
        let (what, event) = event_of(group, kind, tick);
        let unique = self.unique_of(taking, what);
        self.hand(&format!("snapshot-take-{group}-{unique}"), &event, wait_seconds).await
    }

    /// What every delivery of an event shares: where it names its time, that is what makes it the same event; else Lambda's own id of it is.
    fn unique_of(&self, taking: &Taking, what: &str) -> String {
        taking
            .time
            .map_or_else(|| self.unique(), |_| format!("{what}-{}", self.tick(taking).as_second()))
    }

    /// The minute of the schedule that a snapshot is for.
    pub(crate) fn tick(&self, taking: &Taking) -> Timestamp {
        self.tick_of(taking.time)
    }

    /// The same of whatever names its time, or does not.
    pub(crate) fn tick_of(&self, time: Option<Timestamp>) -> Timestamp {
        let asked_at = || {
            let carrier = self.delivery.carrier.as_ref();
            carrier.map_or_else(|| self.clock.now(), |it| it.started_at)
        };
        domain::snapshot::name::minute(time.unwrap_or_else(asked_at))
    }
}

/// What the state machine calls with, for a snapshot of this kind, and a word for it.
fn event_of(group: &GroupId, kind: &Kind, tick: Timestamp) -> (&'static str, Value) {
    match kind {
        Kind::For(tiers) => {
            let tiers: Vec<_> = tiers.iter().map(|it| it.as_str()).collect();
            let event =
                json!({ "action": "take", "group": group, "due": tiers.join(" "), "time": tick });
            ("due", event)
        }
        Kind::Policy | Kind::Due => {
            (Tier::default().as_str(), of_tier(group, Tier::default(), tick))
        }
        Kind::One(tier) => (tier.as_str(), of_tier(group, *tier, tick)),
    }
}

fn of_tier(group: &GroupId, tier: Tier, tick: Timestamp) -> Value {
    json!({ "action": "take", "group": group, "tier": tier.as_str(), "time": tick })
}

/// A word for what an event for all groups wants.
fn word(kind: &Kind) -> &'static str {
    match kind {
        Kind::Policy => "policy",
        Kind::Due | Kind::For(_) => "due",
        Kind::One(tier) => tier.as_str(),
    }
}

fn words(kind: &Kind) -> String {
    match kind {
        Kind::Policy | Kind::Due => Tier::default().to_string(),
        Kind::One(tier) => tier.to_string(),
        Kind::For(tiers) => format!("one for {}", domain::snapshot::tier::spoken(tiers)),
    }
}

#[cfg(test)]
mod tests {
    use platform::continuation::{INPUT_LEN_MAX, input_of_each};

    use super::*;

    #[test]
    fn what_is_said_of_a_whole_part_fits_into_the_input_of_an_execution() {
        let group = GroupId::parse(&"g".repeat(40)).unwrap();
        let tick: Timestamp = "2026-01-02T03:04:00Z".parse().unwrap();
        let event = event_of(&group, &Kind::For(Tier::ALL.to_vec()), tick).1;
        let wait_seconds = (0..crowd::PART_MAX).map(crowd::wait_seconds).max().unwrap();
        let each = vec![Each { event, wait_seconds }; crowd::PART_MAX];
        let function =
            format!("arn:aws:lambda:us-gov-east-1:123456789012:function:{}", "f".repeat(64));
        let len = input_of_each(&function, &each).to_string().len();
        assert!(len <= INPUT_LEN_MAX, "{len}");
        // So does a part that the function is called with.
        let groups = vec!["g".repeat(40); crowd::PART_MAX];
        let event = json!({ "action": "take", "tier": "monthly", "time": tick, "groups": groups });
        let len = json!({ "function": function, "event": event }).to_string().len();
        assert!(len <= INPUT_LEN_MAX / 2, "{len}");
    }
}
