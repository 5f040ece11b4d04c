//! What is told, to people and to the journal, in words that an operator can act on.

pub(crate) mod backtest;
mod story;

use domain::alarm::Upkeep;
use domain::autoscale::sizing::Rule;
use domain::autoscale::watch::Verdict;
use domain::autoscale::{
    Act, Advice, Change, Failures, Held, Judged, LoadView, Made, NotTaken, Refusal, Sign, SignKind,
    Undertaking, Weight,
};
use domain::cost::MonthlyCost;
use domain::{Catalog, GroupId, GroupView, MemberId, Problems, Wait};
use platform::journal::Record;
use platform::{Fault, FaultKind};
use serde_json::json;

pub(crate) use self::story::Story;
use crate::event::{Cause, Ignored, Look};

/// A message to people.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Message {
    pub(crate) subject: String,
    pub(crate) body: String,
}

/// How a run on one group ended.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// Nothing more is to be done.
    Settled,
    /// It will not be done until something changes.
    Refused(Refusal),
    /// It goes on after a wait.
    Unfinished(Wait),
    /// It went on for too long.
    TooLong(Wait),
    /// A call failed for good.
    Failed(Fault),
    /// A call failed for now.
    Again(Fault),
}

impl End {
    /// The word for it.
    pub(crate) fn status(&self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Refused(refusal) => match refusal.weight() {
                Weight::Hold => "settled",
                Weight::NotForUs | Weight::Told | Weight::News => "refused",
            },
            Self::Unfinished(_) => "unfinished",
            Self::TooLong(_) | Self::Failed(_) | Self::Again(_) => "failed",
        }
    }

    /// Why it ended so.
    pub(crate) fn why(&self) -> String {
        match self {
            Self::Settled => "neither too small nor too large".to_owned(),
            Self::Refused(refusal) => refusal.to_string(),
            Self::Unfinished(wait) => format!("waiting for {}", wait.on),
            Self::TooLong(wait) => format!("waited too long for {}", wait.on),
            Self::Failed(fault) | Self::Again(fault) => fault.to_string(),
        }
    }

    fn next(&self) -> String {
        match self {
            Self::Settled => "the next alarm or the schedule looks again".to_owned(),
            Self::Refused(refusal) => match refusal {
                Refusal::Recommended(advice) => format!("to do it: {}", advice.command),
                Refusal::Held(Held::OverBudget { advice, .. }) => format!(
                    "raise cachewarden:autoscale-budget, or do it by hand: {}",
                    advice.command
                ),
                Refusal::Gone | Refusal::NotOurs | Refusal::Off => "nothing".to_owned(),
                Refusal::BadPolicy(_)
                | Refusal::Unusable(_)
                | Refusal::Registered(_)
                | Refusal::TooLarge(_)
                | Refusal::DataTiering(_)
                | Refusal::UnknownEngine(_)
                | Refusal::Deferred(_)
                | Refusal::ForeignChange(_)
                | Refusal::CoolingDown(_)
                | Refusal::BackingOff(_)
                | Refusal::NoData(_)
                | Refusal::UnknownType(_)
                | Refusal::NoLarger { .. }
                | Refusal::NotAllowed(_)
                | Refusal::Held(_)
                | Refusal::Unanswered(_) => "the schedule looks again".to_owned(),
            },
            Self::Unfinished(wait) => format!("looks again in {} s", wait.recheck.as_secs()),
            Self::TooLong(_) | Self::Failed(_) => "the schedule looks again".to_owned(),
            Self::Again(_) => "the same event is delivered again".to_owned(),
        }
    }

    /// One line for whoever called.
    pub(crate) fn summary(&self, story: &Story) -> String {
        let group = story.group.as_ref().map_or("the group", |it| it.as_str());
        if story.done.is_empty() {
            return format!("{group}: {}", self.why());
        }
        format!("{group}: {}; {}", story.done.join(", "), self.why())
    }
}

/// The record of a run on one group.
pub(crate) fn record(look: &Look, story: &Story, end: &End) -> Record {
    let subject = &look.subject;
    let decided = if story.done.is_empty() { "nothing".to_owned() } else { story.done.join(", ") };
    Record {
        function: "autoscale",
        group: story.group.as_ref().map(ToString::to_string),
        asked: match &look.cause {
            Cause::Alarm { name, .. } => format!("{name}: look at {subject}"),
            Cause::Asked => format!("look at {subject}"),
        },
        saw: story.saw.clone(),
        outcome: end.status(),
        decided,
        why: end.why(),
        next: end.next(),
        evidence: story.evidence.clone(),
        metrics: story.metrics.clone(),
    }
}

/// The record of something that asks for nothing.
pub(crate) fn left_alone(ignored: &Ignored) -> Record {
    Record {
        function: "autoscale",
        asked: ignored.what.clone(),
        saw: ignored.what.clone(),
        outcome: "refused",
        decided: "nothing".to_owned(),
        why: ignored.why.clone(),
        next: "nothing".to_owned(),
        ..Record::default()
    }
}

/// The record of an event that the state machine gave up on, or of a fleet that could not be listed.
pub(crate) fn failed(asked: &str, why: &str) -> Record {
    Record {
        function: "autoscale",
        asked: asked.to_owned(),
        outcome: "failed",
        decided: "nothing".to_owned(),
        why: why.to_owned(),
        next: "the schedule looks again".to_owned(),
        ..Record::default()
    }
}

/// The record of alarms that were deleted, since their group is gone.
pub(crate) fn cleared(group: &GroupId, names: &[String]) -> Record {
    Record {
        function: "autoscale",
        group: Some(group.to_string()),
        asked: "look around".to_owned(),
        saw: format!("{} alarms that carry our tag, and no group {group}", names.len()),
        outcome: "settled",
        decided: format!("deleted {} alarms", names.len()),
        why: "they watch nobody".to_owned(),
        next: "nothing".to_owned(),
        evidence: json!({ "alarms": names }),
        ..Record::default()
    }
}

/// The record of alarms that were not as they should be, and of those that are not ours to put right.
pub(crate) fn kept(group: &GroupView, upkeep: &Upkeep) -> Record {
    let names: Vec<&str> = upkeep.put.iter().map(|it| it.name.as_str()).collect();
    let mut done = Vec::new();
    if !names.is_empty() {
        done.push(format!("put right {}", names.join(" ")));
    }
    if !upkeep.delete.is_empty() {
        done.push(format!("deleted {}", upkeep.delete.join(" ")));
    }
    if !upkeep.foreign.is_empty() {
        done.push(format!("left alone, since not ours: {}", upkeep.foreign.join(" ")));
    }
    let node_type = group.node_type.as_ref().map_or("an unknown type", |it| it.as_str());
    let members: Vec<&str> = group.member_ids.iter().map(MemberId::as_str).collect();
    Record {
        function: "autoscale",
        group: Some(group.id.to_string()),
        asked: "look around".to_owned(),
        saw: format!("{} is {} x {node_type}: {}", group.id, members.len(), members.join(" ")),
        outcome: if upkeep.is_nothing() { "refused" } else { "settled" },
        decided: done.join("; "),
        why: "alarms follow the members, their type and the tags of the group".to_owned(),
        next: "the schedule looks again".to_owned(),
        evidence: json!({ "put": names, "deleted": upkeep.delete, "foreign": upkeep.foreign }),
        ..Record::default()
    }
}

/// The record of a group whose tags say of its alarms what cannot be followed.
pub(crate) fn misread(group: &GroupId, problems: &Problems) -> Record {
    Record {
        function: "autoscale",
        group: Some(group.to_string()),
        asked: "look around".to_owned(),
        saw: format!("the tags of {group}"),
        outcome: "refused",
        decided: "left its alarms as they are".to_owned(),
        why: problems.to_string(),
        next: "put the tags right; the schedule looks again".to_owned(),
        ..Record::default()
    }
}

/// What a step does, in words.
pub(crate) fn words(act: &Act) -> String {
    match act {
        Act::Begin(it) => format!("asked for {} because of {}", change(it), it.why),
        Act::Repeat(it) => format!("asked again for {}", change(it)),
        Act::PutAlarms { set } => format!("put {} alarms right", set.specs.len()),
        Act::DeleteAlarms { names } => format!("deleted {} alarms that watch nobody", names.len()),
        Act::NoteChanged { at, .. } => format!("noted the change at {at}"),
        Act::Conclude(it) => format!("changed {}", change(&it.undertaking)),
        Act::Judge(it) => {
            let change = between(&it.watch.from, &it.watch.change);
            match &it.effect {
                Some(effect) => format!("looked at what came of {change}: {effect}"),
                None => {
                    format!("looks no longer at what came of {change}, which is not there any more")
                }
            }
        }
        Act::NoteFailure(it) => format!("noted that {} did not take", change(&it.undertaking)),
        Act::Forget(it) => format!("took off the note of {}", change(it)),
    }
}

/// Whether a step tells people of the group's present state by itself; what came of an older change is something else.
pub(crate) fn tells(act: &Act) -> bool {
    match act {
        Act::Conclude(_) | Act::NoteFailure(_) => true,
        Act::Begin(_)
        | Act::Repeat(_)
        | Act::PutAlarms { .. }
        | Act::DeleteAlarms { .. }
        | Act::NoteChanged { .. }
        | Act::Judge(_)
        | Act::Forget(_) => false,
    }
}

fn change(undertaking: &Undertaking) -> String {
    between(&undertaking.from, &undertaking.change)
}

fn between(from: &Change, to: &Change) -> String {
    match (from, to) {
        (Change::NodeType(from), Change::NodeType(to)) => {
            format!("the node type from {from} to {to}")
        }
        (Change::Replicas(from), Change::Replicas(to)) => {
            format!("the replicas from {from} to {to}")
        }
        (_, to) => to.to_string(),
    }
}

/// Tells that a group has another size.
pub(crate) fn made(group: &GroupId, made: &Made) -> Message {
    let change = change(&made.undertaking);
    Message {
        subject: format!("{group}: changed {change}"),
        body: format!(
            "Cachewarden changed {change} of {group}, and every member has it.\n\n\
             Seen: {}\n{}\n{}\n\
             It is bounded by the cachewarden:autoscale tags of the group.\n",
            made.undertaking.why,
            prices(made.before.as_ref(), made.after.as_ref()),
            to_and_fro(made),
        ),
    }
}

/// Tells what came of a change that did not do what it was made for. Nothing of others.
pub(crate) fn judged(group: &GroupId, judged: &Judged) -> Option<Message> {
    let change = between(&judged.watch.from, &judged.watch.change);
    let effect = judged.effect.as_ref().filter(|it| it.is_news())?;
    let (word, advice) = match effect.verdict {
        Verdict::Worse(_) => (
            "is too small since",
            "Next: where that lasts it is made larger again, as far as its bounds and its mode allow.",
        ),
        Verdict::NoHelp | Verdict::AsHoped | Verdict::Unknown => (
            "was not helped by it",
            "Next: look at the SLOWLOG and for hot keys, since more of the same nodes hardly helps; take the change back if it is not worth its price.",
        ),
    };
    Some(Message {
        subject: format!("{group}: {word}, an hour after a change"),
        body: format!(
            "Cachewarden changed {change} of {group} at {}, and it {word}.\n\nSeen: {effect}\n\n{advice}\n",
            judged.watch.at,
        ),
    })
}

/// What follows from the changes of the node type of a day, where it was changed to and fro.
fn to_and_fro(made: &Made) -> String {
    let count = made.moves.of_a_day(made.at);
    let frozen = made.moves.until_fewer(Rule::guarded().changes, made.at);
    frozen.map_or_else(String::new, |until| {
        format!(
            "That is change {count} of the node type within a day; it is not made smaller again before {until}.\n"
        )
    })
}

/// Tells that ElastiCache took a change and dropped it.
pub(crate) fn not_taken(group: &GroupId, failure: &NotTaken) -> Message {
    let change = change(&failure.undertaking);
    let events = if failure.events.is_empty() {
        "ElastiCache says nothing about it.".to_owned()
    } else {
        format!("ElastiCache says: {}", failure.events.join(" / "))
    };
    Message {
        subject: format!("{group}: could not change {change}"),
        body: format!(
            "Cachewarden asked for {change} of {group} at {}; the group is available again and has it not.\n\n\
             Seen: {}\n{events}\n\n\
             {}\n",
            failure.undertaking.at,
            failure.undertaking.why,
            not_before(&failure.failures),
        ),
    }
}

/// Tells that ElastiCache does not take a change.
pub(crate) fn turned_down(
    group: &GroupId,
    failures: &Failures,
    kind: FaultKind,
    why: &str,
) -> Message {
    let advice = match kind {
        FaultKind::NoCapacity => "Until then the next best size is tried, where there is one.",
        FaultKind::Denied => {
            "The function's role, or a policy above it, does not allow the call; a person has to change that."
        }
        FaultKind::Rejected
        | FaultKind::Busy
        | FaultKind::Gone
        | FaultKind::Taken
        | FaultKind::NoChange
        | FaultKind::Transient => "The reason is ElastiCache's own.",
    };
    let change = failures.newest().map_or_else(String::new, |it| it.change.to_string());
    Message {
        subject: format!("{group}: ElastiCache does not take {change}"),
        body: format!(
            "Cachewarden asked for {change} of {group} and was turned down: {why}\n\n{}{advice}\n",
            not_before(failures)
        ),
    }
}

/// When a change that did not take is tried again.
fn not_before(failures: &Failures) -> String {
    let Some(failed) = failures.newest() else { return String::new() };
    let times = match failed.times {
        0 | 1 => String::new(),
        times => format!("It did not take {times} times in a row. "),
    };
    format!("{times}It is not tried again before {}. ", failed.until())
}

/// Tells why nothing is done although an alarm went off, where a person has to know.
pub(crate) fn not_done(story: &Story, why: &End) -> Message {
    let group = story.group.as_ref().map_or("a group", |it| it.as_str());
    let advice = match why {
        End::Refused(
            Refusal::Recommended(advice) | Refusal::Held(Held::OverBudget { advice, .. }),
        ) => advised(advice),
        End::Settled
        | End::Refused(_)
        | End::Unfinished(_)
        | End::TooLong(_)
        | End::Failed(_)
        | End::Again(_) => String::new(),
    };
    Message {
        subject: format!("{group}: not changed"),
        body: format!(
            "Cachewarden did not change {group}: {}\n\nSeen: {}\n{advice}\nNext: {}\n",
            why.why(),
            story.saw,
            why.next(),
        ),
    }
}

/// Tells what a person has to look at, and nobody has told of late: why nothing is done, and what no size puts right. Nothing where there is neither.
pub(crate) fn to_be_looked_at(
    story: &Story,
    refusal: Option<&Refusal>,
    is_fresh: impl Fn(SignKind) -> bool,
) -> Option<Message> {
    let group = story.group.as_ref().map_or("a group", |it| it.as_str());
    let signs: Vec<&Sign> = story.signs.iter().filter(|it| is_fresh(it.kind)).collect();
    let lines: Vec<String> =
        signs.iter().map(|it| format!("- {}\n  {}\n", it.seen, it.advice)).collect();
    let lines = lines.concat();
    let again = "Signs like these are told again after a while, where they still are there.\n";
    let message = match (refusal, signs.first()) {
        (None, None) => return None,
        (Some(refusal), first) => {
            let Message { subject, body } = not_done(story, &End::Refused(refusal.clone()));
            let besides = match first {
                Some(_) => format!("\nBesides:\n{lines}\n{again}"),
                None => String::new(),
            };
            Message { subject, body: format!("{body}{besides}") }
        }
        (None, Some(first)) => Message {
            subject: format!("{group}: have a look, {}", first.kind.word()),
            body: format!(
                "Cachewarden looked at {group} and saw what a change of its size alone does not put right:\n\n{lines}\n{again}"
            ),
        },
    };
    Some(message)
}

/// Tells that the state machine gave up.
pub(crate) fn gave_up(why: &str) -> Message {
    Message {
        subject: "autoscale: gave up on an event".to_owned(),
        body: format!(
            "Cachewarden could not finish what an event asked for: {why}\n\nNext: the schedule looks again.\n"
        ),
    }
}

fn advised(advice: &Advice) -> String {
    format!(
        "{}\nTo do it: {}\n",
        prices(advice.before.as_ref(), advice.after.as_ref()),
        advice.command
    )
}

fn prices(before: Option<&MonthlyCost>, after: Option<&MonthlyCost>) -> String {
    match (before, after) {
        (Some(before), Some(after)) if before.region == after.region => {
            format!("Price: {} before, {after} after", before.total)
        }
        (Some(before), Some(after)) => format!("Price: {before} before, {after} after"),
        (_, _) => "Price: not in the catalog".to_owned(),
    }
}

/// What would be done, for a person who asks.
pub(crate) fn planned(catalog: &Catalog, view: &LoadView, act: &Act) -> String {
    let price = match (act, &view.group) {
        (Act::Begin(it), Some(group)) => {
            let (before, after) =
                (it.from.monthly(group, catalog), it.change.monthly(group, catalog));
            format!(
                "; {}; by hand: {}",
                prices(before.as_ref(), after.as_ref()),
                it.change.command(group)
            )
        }
        (_, _) => String::new(),
    };
    format!("would have {}{price}", words(act))
}
