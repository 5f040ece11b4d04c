//! What is said about a run: to Secrets Manager, to the journal and to people. Every sentence is here or in the domain's enums.

mod once;
pub(crate) mod person;

use std::cell::RefCell;

use domain::rotate::{
    By, Refusal, RotationView, Stage, Standing, Step, SweepStep, Telling, VersionId, gauges,
    is_long, still_open,
};
use domain::{Arn, Problems, WaitingOn, rotate, tag};
use jiff::Timestamp;
use lambda_runtime::Diagnostic;
use platform::journal::Record;
use platform::{Fault, FaultKind, Outcome, is_slept_out};
use serde_json::{Value, json};

use crate::App;
use crate::event::{Turn, name};
use crate::observe::in_words;

/// What a run saw last and what it did. Only the report reads it.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    seen: RefCell<Seen>,
    deeds: RefCell<Vec<&'static str>>,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    group: Option<String>,
    words: String,
    gauges: Vec<(&'static str, f64)>,
    is_long: bool,
    told: Option<rotate::Told>,
    still_open: Option<String>,
}

impl Witness {
    /// Takes in what a step towards this version saw, or the sweep of a secret that none is made of.
    pub(crate) fn saw(&self, view: &RotationView, version: Option<&VersionId>, now: Timestamp) {
        // A user may be in many groups; its own are told in the words.
        let group = view.secret.tags.get(tag::GROUP).cloned();
        self.seen.replace(Seen {
            group,
            words: in_words(view),
            gauges: gauges(view, now),
            is_long: is_long(version, view, now),
            told: view.secret.told(),
            still_open: still_open(view, now),
        });
    }

    pub(crate) fn did(&self, deed: &'static str) {
        self.deeds.borrow_mut().push(deed);
    }

    /// Whether a rotation that has taken long does not go on by itself. One that is put off until the end of a grace does.
    fn is_stuck(&self, told: &Told) -> bool {
        self.seen.borrow().is_long && !told.is_settled() && !told.is_put_off
    }

    /// The refusal that people were last told of.
    fn told(&self) -> Option<rotate::Told> {
        self.seen.borrow().told.clone()
    }

    fn has_done(&self, deed: &str) -> bool {
        self.deeds.borrow().contains(&deed)
    }
}

/// What a step does, in the past tense.
pub(crate) fn deed(step: &Step) -> &'static str {
    match step {
        Step::Generate(_) => "made a token and kept it as AWSPENDING",
        Step::TakeUp(..) => "took up the token of the rotation given up as AWSPENDING",
        Step::Rotate { .. } => "asked the group to accept AWSPENDING beside AWSCURRENT (ROTATE)",
        Step::AddPassword { .. } => {
            "asked the user to take AWSPENDING beside AWSCURRENT (two passwords)"
        }
        Step::Promote { .. } => PROMOTED,
    }
}

/// What a step of the sweep does, in the past tense.
pub(crate) fn closing(step: &SweepStep) -> &'static str {
    match step {
        SweepStep::Revoke { .. } => "asked the group to accept AWSCURRENT alone (SET)",
        SweepStep::DropPasswords { .. } => "asked the user to take AWSCURRENT alone (one password)",
        SweepStep::Unstage(_) => "took AWSPENDING from the version before, where it was left",
        SweepStep::Unmark(_) => "took CACHEWARDEN-REWRITTEN from a version that needs it no more",
        SweepStep::Rewrite { .. } => "wrote AWSCURRENT in the form that the secret is to have",
        SweepStep::NoteRevoked(_) => PROVEN,
    }
}

const PROMOTED: &str = "moved AWSCURRENT to the new token";
const PROVEN: &str = "saw every node refuse the old token and no password";

/// How a run ended, in the words of the journal.
pub(crate) struct Told {
    outcome: &'static str,
    said: String,
    is_put_off: bool,
    /// Whether the end of what it waits for may come in a moment.
    pub(crate) waits: bool,
}

impl Told {
    fn new(outcome: &'static str, said: impl Into<String>) -> Self {
        Self { outcome, said: said.into(), is_put_off: false, waits: false }
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.outcome == "settled"
    }

    /// What Secrets Manager is answered: anything but an error would mean "go on".
    pub(crate) fn answer(self) -> Result<Value, Diagnostic> {
        if self.is_settled() {
            return Ok(json!({ "status": self.outcome, "summary": self.said }));
        }
        let error_type = match self.outcome {
            "refused" => "Refused",
            "unfinished" => "Unfinished",
            _ => "Failed",
        };
        Err(Diagnostic { error_type: error_type.to_owned(), error_message: self.said })
    }

    /// The same in one line of a sweep.
    pub(crate) fn line(&self, secret: &Arn) -> String {
        format!("{}: {}", name(secret), self.said)
    }
}

/// Reports one step of a rotation.
pub(crate) async fn turn(
    app: &App,
    turn: &Turn,
    ended: Result<Outcome<Refusal>, Fault>,
    witness: Witness,
    now: Timestamp,
) -> Told {
    let (by, noted) = (By::Stage(turn.stage), witness.told());
    let telling = once::decide(by, &ended, noted.as_ref(), now);
    let told = match ended {
        Ok(Outcome::Settled) => Told::new("settled", done(turn.stage)),
        Ok(Outcome::Refused(refusal)) => Told::new("refused", format!("Refused: {refusal}")),
        Ok(Outcome::Unfinished(wait)) => Told {
            is_put_off: matches!(wait.on, WaitingOn::Grace(_)),
            waits: is_slept_out(&wait),
            ..Told::new(
                "unfinished",
                format!(
                    "Unfinished: waiting for {}; nothing is lost, Secrets Manager calls again, and after its last try the sweep goes on",
                    wait.on
                ),
            )
        },
        Err(fault) => Told::new("failed", failed(&fault)),
    };
    let next = match (told.outcome, turn.stage) {
        ("settled", Stage::Finish) => "the sweep revokes the old token when its grace is over",
        ("settled", _) => "Secrets Manager calls the next step",
        ("refused", _) => "Secrets Manager tries again; somebody has to act",
        _ => "Secrets Manager tries again, and after its last try the sweep goes on",
    };
    let has_promoted = witness.has_done(PROMOTED);
    let still_open = witness.seen.borrow().still_open.clone();
    let line = told.line(&turn.secret);
    write(app, &turn.stage.to_string(), &turn.secret, witness, &told, next, now);
    if has_promoted {
        let message: Vec<_> = [Some(line.clone()), still_open].into_iter().flatten().collect();
        let message = message.join("; ");
        tell(app, &format!("rotation of {}: {}", name(&turn.secret), told.outcome), &message).await;
    }
    once::carry_out(app, &turn.secret, telling, &line, has_promoted).await;
    told
}

/// Reports the sweep of one secret.
pub(crate) async fn closed(
    app: &App,
    secret: &Arn,
    ended: Result<Outcome<Refusal>, Fault>,
    stands: Option<&Standing>,
    witness: Witness,
    now: Timestamp,
) -> Told {
    let telling = match &ended {
        // Of a rotation that is under way the sweep looks at nothing else.
        Ok(Outcome::Settled) if !stands.is_some_and(Standing::is_in_order) => Telling::Nothing,
        Ok(_) | Err(_) => once::decide(By::Sweep, &ended, witness.told().as_ref(), now),
    };
    let stands = stands.map(ToString::to_string).unwrap_or_default();
    let told = match ended {
        Ok(Outcome::Settled) => Told::new("settled", stands),
        Ok(Outcome::Unfinished(wait)) => Told {
            waits: is_slept_out(&wait),
            ..Told::new("unfinished", format!("{stands}; waiting for {}", wait.on))
        },
        Ok(Outcome::Refused(refusal)) => Told::new("refused", refusal.to_string()),
        Err(fault) => Told::new("failed", failed(&fault)),
    };
    let next = match told.outcome {
        "refused" => "somebody has to act; the next sweep looks again",
        _ => "the next sweep looks again",
    };
    let is_proven = witness.has_done(PROVEN);
    write(app, "sweep", secret, witness, &told, next, now);
    // Told once: what stays as it is would be told with every sweep.
    if is_proven {
        tell(app, &format!("{}: old credentials revoked", name(secret)), PROVEN).await;
    }
    once::carry_out(app, secret, telling, &told.line(secret), is_proven).await;
    told
}

/// Reports a sweep that could not find its secrets.
pub(crate) fn no_list(app: &App, fault: &Fault, now: Timestamp) -> Result<Value, Diagnostic> {
    let said = failed(fault);
    let record = Record {
        function: "rotate",
        asked: "sweep".to_owned(),
        outcome: "failed",
        decided: "nothing".to_owned(),
        why: said.clone(),
        next: "the next sweep tries again".to_owned(),
        ..Record::default()
    };
    app.journal.write(&record, now);
    // Asking again helps against a passing trouble only.
    if fault.kind == FaultKind::Transient {
        return Err(Diagnostic { error_type: "Failed".to_owned(), error_message: said });
    }
    Ok(json!({ "status": "failed", "summary": said }))
}

/// Reports an event that asks for nothing that we know.
pub(crate) fn not_understood(app: &App, problems: &Problems, now: Timestamp) -> Diagnostic {
    let said = format!("Refused: the event is not understood: {problems}");
    let record = Record {
        function: "rotate",
        asked: "an unknown event".to_owned(),
        outcome: "refused",
        decided: "nothing".to_owned(),
        why: said.clone(),
        next: "whoever sends it has to correct it".to_owned(),
        ..Record::default()
    };
    app.journal.write(&record, now);
    Diagnostic { error_type: "Refused".to_owned(), error_message: said }
}

/// One line for a secret that this sweep had no time for.
pub(crate) fn left_for_later(secret: &Arn) -> String {
    format!("{}: no time left; the next sweep begins elsewhere", name(secret))
}

/// The answer of a sweep, for whoever invoked it by hand.
pub(crate) fn swept(lines: &[String]) -> Value {
    json!({ "status": "settled", "summary": format!("looked at {} secrets", lines.len()), "secrets": lines })
}

fn write(
    app: &App,
    asked: &str,
    secret: &Arn,
    witness: Witness,
    told: &Told,
    next: &str,
    now: Timestamp,
) {
    let is_stuck = witness.is_stuck(told);
    let Seen { group, words, mut gauges, .. } = witness.seen.into_inner();
    gauges.push(("RotationStuck", f64::from(u8::from(is_stuck))));
    let deeds = witness.deeds.into_inner();
    let record = Record {
        function: "rotate",
        group,
        asked: asked.to_owned(),
        saw: words,
        outcome: told.outcome,
        decided: if deeds.is_empty() { "nothing".to_owned() } else { deeds.join(", then ") },
        why: told.said.clone(),
        next: next.to_owned(),
        evidence: json!({ "secret": secret.as_str() }),
        metrics: gauges,
    };
    app.journal.write(&record, now);
}

fn done(stage: Stage) -> &'static str {
    match stage {
        Stage::Create => "AWSPENDING holds a token",
        Stage::Set => "every node accepts AWSPENDING",
        Stage::Test => "every node was logged in to over TLS and answered PING",
        Stage::Finish => "the new token is AWSCURRENT",
    }
}

/// A fault in words, with what to do where it is known.
fn failed(fault: &Fault) -> String {
    let hint = match fault.kind {
        FaultKind::Denied => {
            "; the role of this function may touch only secrets with the tag cachewarden:owner, and groups and users with the tag cachewarden:secret"
        }
        FaultKind::Busy
        | FaultKind::Gone
        | FaultKind::Taken
        | FaultKind::NoChange
        | FaultKind::NoCapacity
        | FaultKind::Rejected
        | FaultKind::Transient => "",
    };
    format!("Failed: {fault}{hint}")
}

/// Tells whoever listens to the topic, and whether that worked. A rotation is not undone because nobody could be told.
async fn tell(app: &App, subject: &str, message: &str) -> bool {
    let Some(topic) = &app.topic else { return false };
    let told = app.topics.tell(topic, subject, message).await;
    if let Err(fault) = &told {
        tracing::warn!(%fault, "could not tell");
    }
    told.is_ok()
}
