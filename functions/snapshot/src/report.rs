//! What is told, to people, to the caller and to the journal, in words that an operator can act on.

mod drills;
mod parks;
mod replacing;
mod switching;
mod telling;
mod words;

use std::collections::BTreeMap;

use domain::snapshot::export::{Export, ExportView};
use domain::snapshot::promote::{Promote, PromoteView};
use domain::snapshot::prune::{Prune, PruneView};
use domain::snapshot::restore::{Difference, RestoreView};
use domain::snapshot::take::TakeView;
use domain::snapshot::{Refusal, SnapshotView, retention};
use domain::{Bytes, GroupId, Problems, Wait};
use jiff::Timestamp;
use platform::Fault;
use platform::journal::Record;
use serde_json::{Value, json};

pub(crate) use drills::{
    NO_DRILLS, NOTHING_LEFT, drill_failed, drilling, gave_up_metrics, take_failed,
};
pub(crate) use parks::{NO_PARK, NOTHING_PARKED, absent, hindered, night, parking, unparking};
pub(crate) use replacing::{in_place, last_words, road};
pub(crate) use switching::{ending, road_by_secret, switching};
pub(crate) use telling::Planned;
pub(crate) use words::{
    counted, exporting, promoting, restoring, standing, standing_in_short, standing_metrics, taking,
};

/// A message to people.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Message {
    pub(crate) subject: String,
    pub(crate) body: String,
}

/// What one run on one group was asked, saw and did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    /// What was asked for: `take daily`, `prune`, `restore from x`.
    pub(crate) asked: String,
    /// The group.
    pub(crate) group: Option<GroupId>,
    /// The last look.
    pub(crate) saw: String,
    /// What was done, in order.
    pub(crate) done: Vec<String>,
    /// What is true now, in words, once it is settled.
    pub(crate) result: String,
    /// The same and more, as data.
    pub(crate) evidence: Value,
    /// Numbers to be drawn.
    pub(crate) metrics: Vec<(&'static str, f64)>,
    /// What was counted of a group that came back.
    pub(crate) counted: String,
    /// What a refusal of AWS means, where we know it better than its code.
    pub(crate) means: Option<Refusal>,
}

impl Story {
    /// A story that begins.
    pub(crate) fn of(asked: impl Into<String>, group: &GroupId) -> Self {
        Self { asked: asked.into(), group: Some(group.clone()), ..Self::default() }
    }

    /// What it is about: its group, or a snapshot of which nobody knows the group.
    fn about(&self) -> &str {
        self.group.as_ref().map_or("snapshot", |it| it.as_str())
    }

    /// Takes in a step, before it is taken: one that fails was still meant.
    pub(crate) fn does(&mut self, what: String) {
        // A step that is taken again, since an answer was lost, is told once.
        if self.done.last() != Some(&what) {
            self.done.push(what);
        }
    }

    /// Takes in that ElastiCache does not take the snapshot.
    pub(crate) fn turned_down(&mut self, fault: &Fault, member: &str) {
        if fault.code.as_deref() == Some("SnapshotQuotaExceededFault") {
            self.means = Some(Refusal::Quota { member: member.to_owned() });
        }
    }

    /// Takes in a look at a group and the snapshot that is wanted of it.
    pub(crate) fn saw_take(&mut self, view: &TakeView) {
        let snapshot = view.snapshot.as_ref().map_or("no such snapshot yet".to_owned(), |it| {
            format!("the snapshot {} is {}", it.name, it.status)
        });
        let lags = words::lags(&view.lags);
        self.saw = format!("{}{lags}, {snapshot}", words::group(view.group.as_ref()));
        let Some(snapshot) = &view.snapshot else {
            // Where it is not wanted any more, this is why.
            self.result = view.newest.as_ref().map_or(String::new(), |it| {
                format!("none is due, since {} is {}", it.name, it.status)
            });
            return;
        };
        if let (Some(size), Some(at)) = (snapshot.size, snapshot.taken_at) {
            self.result = format!("{} is there, taken at {at}, {size}", snapshot.name);
            self.metrics = vec![("SnapshotBytes", words::float(size.0))];
        }
        self.evidence = json!({
            "snapshot": snapshot.name, "status": snapshot.status.to_string(), "bytes": snapshot.size,
            "takenAt": snapshot.taken_at,
        });
    }

    /// Takes in a look at an automatic snapshot and its copy.
    pub(crate) fn saw_promotion(&mut self, promote: &Promote, view: &PromoteView) {
        self.group = promote.group(view);
        self.saw = words::promotion(view);
        let of = view.source.as_ref().or(view.copy.as_ref()).and_then(SnapshotView::data_at);
        let at = of.map_or("an unknown time".to_owned(), |it| it.to_string());
        let Some(copy) = &view.copy else {
            let there = promote.served_by(view);
            self.result = there.map_or(String::new(), |it| {
                format!("{it} is there already for the period of {at}, and no copy is made")
            });
            return;
        };
        self.result = format!("{} is there, with the data of {at}", copy.name);
        self.evidence = json!({
            "snapshot": copy.name, "status": copy.status.to_string(), "bytes": copy.size,
            "from": copy.promoted_from(), "dataOf": of,
        });
    }

    /// Takes in a look at a snapshot and what there is of it in a bucket.
    pub(crate) fn saw_export(&mut self, export: &Export, view: &ExportView) {
        self.group = view.snapshot.as_ref().and_then(SnapshotView::source);
        self.saw = words::export(export, view);
        let Some(Ok(manifest)) = &view.manifest else { return };
        let bytes: u64 = manifest.files.iter().map(|it| it.bytes).sum();
        self.result = format!(
            "{} files of {} are in the bucket {}, {} in all, with the manifest {}",
            manifest.files.len(),
            export.snapshot,
            export.bucket,
            Bytes(bytes),
            export.manifest_key()
        );
        self.evidence = json!({ "bucket": export.bucket, "manifest": export.manifest_key(), "files": manifest.files });
    }

    /// Takes in a look at what is there of a group, and what becomes of each.
    pub(crate) fn saw_stock(&mut self, prune: &Prune, view: &PruneView) {
        let sorted = prune.sorted(view);
        let (dropped, kept): (Vec<_>, Vec<_>) = sorted.iter().partition(|it| it.is_dropped());
        let newest = retention::newest(&prune.group, &prune.owner(), &view.snapshots);
        let newest = newest.map_or("none that is good", |it| it.name.as_str());
        self.saw = format!(
            "{} snapshots, the newest {newest}, {} beyond what is kept",
            view.snapshots.len(),
            dropped.len()
        );
        let listed = |list: &[&retention::Sorted<'_>]| {
            let line = |it: &&retention::Sorted<'_>| json!({ "snapshot": it.snapshot.name, "why": it.verdict.to_string() });
            Value::Array(list.iter().map(line).collect())
        };
        // The first look is the one that explains; later ones only show it being carried out.
        if self.evidence.is_null() {
            self.evidence = json!({ "kept": listed(&kept), "dropped": listed(&dropped) });
        }
        let good = kept.iter().filter(|it| it.is_kept_by_policy()).count();
        self.result = format!("{good} are kept");
        self.metrics = vec![
            ("SnapshotsKept", words::count(good)),
            ("SnapshotsDropped", words::count(self.done.len())),
        ];
    }

    /// Takes in a look at a new group and what it is made from, and what is otherwise there than on its source.
    pub(crate) fn saw_restore(&mut self, view: &RestoreView, remarks: &[Difference]) {
        self.saw = match (&view.target, &view.snapshot) {
            (Some(target), _) => words::group(Some(target)),
            (None, Some(snapshot)) => {
                format!(
                    "the snapshot {} is {}, and no group of that id",
                    snapshot.name, snapshot.status
                )
            }
            (None, None) => "no such snapshot, and no group of that id".to_owned(),
        };
        let Some(target) = &view.target else { return };
        self.evidence = words::group_evidence(target, remarks);
        self.result = words::restored(target, remarks);
    }
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
    /// An execution does it.
    Handed(String),
    /// An execution of that name did it, or does it: the event is a duplicate.
    Before(String),
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
            Self::Settled | Self::Before(_) => "settled",
            Self::Refused(_) => "refused",
            Self::Unfinished(_) | Self::Handed(_) => "unfinished",
            Self::TooLong(_) | Self::Failed(_) | Self::Again(_) => "failed",
        }
    }

    /// Why it ended so.
    fn why(&self, story: &Story) -> String {
        match self {
            Self::Settled if story.result.is_empty() => "nothing is to be done".to_owned(),
            Self::Settled => story.result.clone(),
            Self::Refused(refusal) => refusal.to_string(),
            Self::Unfinished(wait) => format!("waiting for {}", wait.on),
            Self::Handed(execution) => format!("the execution {execution} carries it to its end"),
            Self::Before(execution) => {
                format!("the execution {execution} was started for the same event before")
            }
            Self::TooLong(wait) => format!("waited too long for {}", wait.on),
            Self::Failed(fault) | Self::Again(fault) => fault.to_string(),
        }
    }

    fn next(&self) -> String {
        match self {
            Self::Settled | Self::Before(_) => "nothing, until the next schedule".to_owned(),
            Self::Refused(_) | Self::Failed(_) => {
                "nothing, until somebody changes that or the next schedule tries again".to_owned()
            }
            Self::Unfinished(wait) => format!("looks again in {} s", wait.recheck.as_secs()),
            Self::Handed(_) => "the execution looks again".to_owned(),
            Self::TooLong(_) => {
                "what was begun goes on in ElastiCache; `status` tells how it ends, and the same event again carries a restore in place to its end".to_owned()
            }
            Self::Again(_) => "the same event is delivered again".to_owned(),
        }
    }

    /// One line for whoever called.
    pub(crate) fn summary(&self, story: &Story) -> String {
        let group = story.about();
        let why = self.why(story);
        if story.done.is_empty() {
            return format!("{group}: {why}");
        }
        format!("{group}: {}; {why}", story.done.join(", "))
    }

    /// The answer for whoever called.
    pub(crate) fn answer(&self, story: &Story) -> Value {
        let mut answer = json!({ "status": self.status(), "summary": self.summary(story) });
        let Value::Object(fields) = &mut answer else { return answer };
        if let Self::Unfinished(wait) = self {
            fields.insert("waitSeconds".to_owned(), json!(wait.recheck.as_secs().max(1)));
        }
        if let Some(group) = &story.group {
            fields.insert("group".to_owned(), json!(group));
        }
        if !story.evidence.is_null() {
            fields.insert("evidence".to_owned(), story.evidence.clone());
        }
        answer
    }
}

/// The record of a run on one group.
pub(crate) fn record(story: &Story, end: &End) -> Record {
    Record {
        function: "snapshot",
        group: story.group.as_ref().map(ToString::to_string),
        asked: story.asked.clone(),
        saw: story.saw.clone(),
        outcome: end.status(),
        decided: if story.done.is_empty() { "nothing".to_owned() } else { story.done.join(", ") },
        why: end.why(story),
        next: end.next(),
        evidence: story.evidence.clone(),
        metrics: story.metrics.clone(),
    }
}

/// The record of an event with mistakes.
pub(crate) fn bad_event(problems: &Problems) -> Record {
    Record {
        function: "snapshot",
        asked: "an event with mistakes".to_owned(),
        outcome: "refused",
        decided: "nothing".to_owned(),
        why: problems.to_string(),
        next: "nothing, until it is sent without mistakes".to_owned(),
        ..Record::default()
    }
}

/// The record of something that failed as a whole.
pub(crate) fn failed(asked: &str, why: &str) -> Record {
    Record {
        function: "snapshot",
        asked: asked.to_owned(),
        outcome: "failed",
        decided: "nothing".to_owned(),
        why: why.to_owned(),
        next: next_after(asked).to_owned(),
        ..Record::default()
    }
}

/// Tells people how a run ended, where they have to know.
pub(crate) fn news(story: &Story, end: &End) -> Option<Message> {
    let group = story.about();
    let is_restore = story.asked.starts_with("restore");
    let head = match end {
        End::Settled if is_restore => "restored",
        End::Settled if story.asked.starts_with("delete ") && !story.done.is_empty() => "deleted",
        End::Refused(refusal) if drills::was_tried(refusal) => "failed",
        End::Refused(refusal) if parks::is_missed(refusal) => "NOT THERE",
        End::Settled if story.asked.starts_with("export ") => "exported",
        End::Refused(refusal) => last_words(refusal).unwrap_or("nothing done"),
        End::TooLong(_) => "not finished",
        End::Failed(_) => "failed",
        End::Settled | End::Unfinished(_) | End::Handed(_) | End::Before(_) | End::Again(_) => {
            return None;
        }
    };
    Some(Message {
        subject: format!("{group}: {head}: {}", story.asked),
        body: format!(
            "Cachewarden was asked to {} ({group}).\n\n{}\n\nSeen: {}\nDone: {}\nNext: {}\n",
            story.asked,
            end.why(story),
            story.saw,
            if story.done.is_empty() { "nothing".to_owned() } else { story.done.join(", ") },
            end.next()
        ),
    })
}

/// Tells of groups whose next snapshot is missed: the newest of each, and when the next was due. One message, however many there are.
pub(crate) fn missed_news(overdue: &[(GroupId, String, Timestamp)]) -> Option<Message> {
    const NEXT: &str = "Next: one is asked for now. Where this is told again, it fails: the records of `snapshot` say why.";
    match overdue {
        [] => None,
        [(group, newest, due)] => Some(Message {
            subject: format!("{group}: a snapshot is overdue"),
            body: format!(
                "The newest snapshot of {group} that can be restored from is {newest}, and the next was due at {due}.\n\n{NEXT}\n"
            ),
        }),
        several => {
            let line = |(group, newest, due): &(GroupId, String, Timestamp)| {
                format!("{group}: the newest is {newest}, and the next was due at {due}\n")
            };
            let mut lines: Vec<String> = several.iter().take(NAMED_MAX).map(line).collect();
            if let Some(more) = several.len().checked_sub(NAMED_MAX).filter(|it| 0 < *it) {
                lines.push(format!("and {more} more, of which `status` tells\n"));
            }
            let lines = lines.concat();
            Some(Message {
                subject: format!("snapshots of {} groups are overdue", several.len()),
                body: format!("{lines}\n{NEXT}\n"),
            })
        }
    }
}

/// A message names so many at most; SNS takes 256 KiB.
const NAMED_MAX: usize = 500;

/// Tells of an event with mistakes.
pub(crate) fn bad_event_news(problems: &Problems) -> Message {
    Message {
        subject: "snapshot: an event with mistakes".to_owned(),
        body: format!(
            "Cachewarden did nothing about an event: {problems}\n\nThe README says which fields each action takes.\n"
        ),
    }
}

/// Tells that something failed as a whole.
pub(crate) fn failed_news(asked: &str, why: &str) -> Message {
    Message {
        subject: format!("snapshot: could not {asked}"),
        body: format!("Cachewarden could not {asked}: {why}\n\nNext: {}.\n", next_after(asked)),
    }
}

/// What comes after something that failed as a whole. Of a restore in place no schedule knows.
fn next_after(asked: &str) -> &'static str {
    if asked.contains("restore-in-place") {
        "nothing; send the same event again, which goes on with what was begun"
    } else {
        "the next schedule tries again"
    }
}

/// What was asked for, as far as an event that was given up tells.
pub(crate) fn gave_up(event: &Value) -> String {
    let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or("?");
    match event.get("groups").and_then(Value::as_array) {
        Some(groups) => format!("finish {} of {} groups", text("action"), groups.len()),
        None => format!("finish {} {}", text("action"), text("group")),
    }
}

/// The summary where there is nothing to prune, to plan or to take by number.
pub(crate) const NO_GROUP: &str =
    "no group carries the tag cachewarden:snapshot-keep with a number above 0, or with tiers";

/// The summary where there is nothing to take by tiers.
pub(crate) const NO_TIERS: &str = "no group carries the tag cachewarden:snapshot-keep with tiers";

/// Whether the answer has no room for all that is told of each: of more than fifty groups the journal tells everything, and the answer what came
/// of each.
pub(crate) fn are_many<T>(groups: &[T]) -> bool {
    const FEW: usize = 50;
    FEW < groups.len()
}

/// An answer without what only the journal tells: those of a thousand groups are in memory together.
pub(crate) fn short(mut answer: Value) -> Value {
    if let Value::Object(fields) = &mut answer {
        fields.remove("evidence");
    }
    answer
}

/// The same of a part that an execution asked for: how many came to which end. All answers of a thousand groups are more than it takes.
pub(crate) fn of_part(answers: &[Value], nothing: &str) -> Value {
    let mut counts = BTreeMap::<&str, usize>::new();
    for it in answers {
        *counts.entry(it.get("status").and_then(Value::as_str).unwrap_or("?")).or_default() += 1;
    }
    let counts: Vec<_> = counts.iter().map(|(status, count)| format!("{count} {status}")).collect();
    let summary = if counts.is_empty() { nothing.to_owned() } else { counts.join(", ") };
    json!({ "status": "settled", "summary": summary })
}

/// The answers for several groups in one.
pub(crate) fn together(answers: Vec<Value>, nothing: &str) -> Value {
    let is =
        |status: &str| answers.iter().filter(|it| it.get("status") == Some(&json!(status))).count();
    let status = ["failed", "refused", "unfinished"].into_iter().find(|it| 0 < is(it));
    let lines: Vec<_> =
        answers.iter().filter_map(|it| it.get("summary")?.as_str()).map(str::to_owned).collect();
    let summary = if lines.is_empty() { nothing.to_owned() } else { lines.join("\n") };
    // Each group is carried on by itself: for the one that called, this is the end.
    let status = match status {
        Some("unfinished") | None => "settled",
        Some(status) => status,
    };
    json!({ "status": status, "summary": summary, "groups": answers })
}
