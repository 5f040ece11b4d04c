//! Rotation: four calls of the function, one after the other, and all of them again when one fails (facts 3.1 to 3.4).

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::fields::Fields;
use super::schedule::Rules;
use super::value::attach;
use super::{CURRENT, PENDING, Secret, StepRecord, Version, bad_request, named, usable};
use crate::wire::json::set;
use crate::world::Owner;
use crate::{Done, Effect, Refusal, State, Ticket};

/// How a secret is rotated.
#[derive(Clone, Debug, Default)]
pub struct Rotation {
    /// Never set up, off, or on.
    pub enabled: Option<bool>,
    /// The function.
    pub function: Option<String>,
    /// When.
    pub rules: Option<Rules>,
    /// When it was rotated last.
    pub rotated_at: Option<Timestamp>,
    /// When the schedule asks for the next one.
    pub scheduled_at: Option<Timestamp>,
    /// Until when the next one is to have come. In the past, while that does not go well (facts 3.2).
    pub due_by: Option<Timestamp>,
    /// The one under way.
    pub run: Option<Run>,
}

/// A rotation under way.
#[derive(Clone, Debug)]
pub struct Run {
    /// The version that it prepares.
    pub version: String,
    /// The step that it is at.
    pub step: Step,
    /// How often all of it was begun.
    pub attempt: u32,
    /// Only `testSecret` is called, then the version is dropped: `RotateImmediately=false`.
    pub only_test: bool,
    waits: Waits,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Waits {
    ForFunction(Ticket),
    Until(Timestamp),
}

/// A step, by the name that the event has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// `createSecret`
    Create,
    /// `setSecret`
    Set,
    /// `testSecret`
    Test,
    /// `finishSecret`
    Finish,
}

impl Step {
    /// The name that the event has.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "createSecret",
            Self::Set => "setSecret",
            Self::Test => "testSecret",
            Self::Finish => "finishSecret",
        }
    }

    fn next(self) -> Option<Self> {
        match self {
            Self::Create => Some(Self::Set),
            Self::Set => Some(Self::Test),
            Self::Test => Some(Self::Finish),
            Self::Finish => None,
        }
    }
}

impl Rotation {
    /// Whether the schedule counts.
    pub(super) fn is_on(&self) -> bool {
        self.enabled == Some(true)
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        match &self.run {
            Some(Run { waits: Waits::Until(at), .. }) => Some(*at),
            Some(Run { waits: Waits::ForFunction(_), .. }) => None,
            None => self.scheduled_at.filter(|_| self.is_on()),
        }
    }

    /// A new current value, whoever wrote it, counts towards a schedule of days (facts 3.4).
    pub(super) fn value_changed(&mut self, now: Timestamp) {
        if self.rules.as_ref().is_some_and(Rules::counts_from_value) {
            self.plan(now);
        }
    }

    /// The next rotation is counted from here.
    fn plan(&mut self, now: Timestamp) {
        if let Some(rules) = &self.rules {
            let window = rules.after(now);
            self.scheduled_at = window.map(|it| it.opens);
            self.due_by = window.map(|it| it.closes);
        }
    }
}

pub(super) fn rotate(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let fresh = state.seed.uuid();
    let (now, test_has_value) = (state.now, state.settings.switches.test_version_has_value);
    let id = fields.token()?.unwrap_or(fresh);
    let rules = fields.value("RotationRules").map(|it| Rules::read(it, now)).transpose()?;
    let immediately = fields.flag("RotateImmediately").unwrap_or(true);
    let secret = usable(state, fields)?;
    let function = fields.text("RotationLambdaARN").map(str::to_owned);
    let function = function.or_else(|| secret.rotation.function.clone()).ok_or_else(|| {
        bad_request("No Lambda rotation function ARN is associated with this secret.")
    })?;
    let name = secret.name.clone();
    let mut answer = named(secret);
    if let Some(unfinished) = unfinished(secret) {
        // A repetition of the call that began it is no second rotation.
        if unfinished == id && secret.rotation.run.is_some() {
            set(&mut answer, "VersionId", json!(id));
            return Ok(answer);
        }
        // Nothing is attempted anew where rotation is off, or was never set up.
        if secret.rotation.run.is_none() && secret.rotation.is_on() {
            begin(state, &name, unfinished, false);
        }
        let text = "A previous rotation isn't complete. That rotation will be reattempted.";
        return Err(bad_request(text));
    }
    secret.rotation.enabled = Some(true);
    secret.rotation.function = Some(function);
    if rules.is_some() {
        secret.rotation.rules = rules;
    }
    secret.rotation.plan(now);
    let current = secret.labelled(CURRENT).and_then(|it| secret.versions.get(it));
    let copy = current.and_then(|it| it.content.clone());
    let content = copy.filter(|_| !immediately && test_has_value);
    let version = Version { created_at: now, content, labels: BTreeSet::new(), stale_reads: 0 };
    secret.versions.entry(id.clone()).or_insert(version);
    attach(secret, PENDING, &id);
    begin(state, &name, id.clone(), !immediately);
    set(&mut answer, "VersionId", json!(id));
    Ok(answer)
}

pub(super) fn cancel(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let secret = usable(state, fields)?;
    secret.rotation.enabled = Some(false);
    // Labels stay as they are (facts 3.2).
    secret.rotation.run = None;
    let mut answer = named(secret);
    if let Some(pending) = secret.labelled(PENDING) {
        set(&mut answer, "VersionId", json!(pending));
    }
    Ok(answer)
}

/// What a secret waits for has come.
pub(super) fn run_due(state: &mut State, name: &str) {
    let (now, fresh) = (state.now, state.seed.uuid());
    let Some(secret) = state.secrets.secrets.get_mut(name) else { return };
    if let Some(run) = &secret.rotation.run {
        let (version, only_test) = (run.version.clone(), run.only_test);
        return begin(state, name, version, only_test);
    }
    // The schedule. A rotation that was left unfinished is taken up again.
    let next = secret.rotation.rules.as_ref().and_then(|it| it.after(now));
    secret.rotation.scheduled_at = next.map(|it| it.opens);
    let version = unfinished(secret).unwrap_or(fresh);
    let empty = Version { created_at: now, content: None, labels: BTreeSet::new(), stale_reads: 0 };
    secret.versions.entry(version.clone()).or_insert(empty);
    attach(secret, PENDING, &version);
    begin(state, name, version, false);
}

/// A function has answered.
pub(super) fn done(state: &mut State, ticket: Ticket, result: Result<Done, String>) {
    let now = state.now;
    let waits = |it: &Secret| {
        it.rotation.run.as_ref().is_some_and(|it| it.waits == Waits::ForFunction(ticket))
    };
    let Some(secret) = state.secrets.secrets.values_mut().find(|it| waits(it)) else { return };
    let Some(run) = secret.rotation.run.clone() else { return };
    let name = secret.name.clone();
    let promoted = secret.labelled(CURRENT) == Some(run.version.as_str());
    let next = if run.only_test { None } else { run.step.next() };
    let mut error = result.err();
    if error.is_none() && next.is_none() && !run.only_test && !promoted {
        error = Some("AWSCURRENT is not on the new version after finishSecret".to_owned());
    }
    state.secrets.history.push(StepRecord {
        at: now,
        secret: name.clone(),
        version: run.version.clone(),
        step: run.step,
        error: error.clone(),
    });
    match (error, next) {
        (None, Some(next)) => invoke(state, &name, Run { step: next, ..run }),
        (None, None) => finish(state, &name, &run),
        (Some(_), _) => again(state, &name, run),
    }
}

/// All of a rotation went well.
fn finish(state: &mut State, name: &str, run: &Run) {
    let now = state.now;
    let Some(secret) = state.secrets.secrets.get_mut(name) else { return };
    secret.rotation.run = None;
    if run.only_test {
        return drop_test_version(secret, &run.version);
    }
    secret.rotation.rotated_at = Some(now);
    secret.rotation.plan(now);
    if let Some(rules) = &mut secret.rotation.rules {
        rules.rotated(now);
    }
}

/// One step failed: all of them again after a while, with the same version, unless that was tried often enough (facts 3.3).
fn again(state: &mut State, name: &str, run: Run) {
    let switches = &state.settings.switches;
    let (now, most, first) = (state.now, switches.rotation_attempts, switches.rotation_retry_after);
    let Some(secret) = state.secrets.secrets.get_mut(name) else { return };
    secret.rotation.run = None;
    if run.only_test {
        return drop_test_version(secret, &run.version);
    }
    if run.attempt < most {
        let after = first
            .checked_mul(1 << run.attempt.saturating_sub(1).min(16))
            .unwrap_or(SignedDuration::MAX);
        let at = now.saturating_add(after).unwrap_or(Timestamp::MAX);
        secret.rotation.run = Some(Run { waits: Waits::Until(at), ..run });
    }
}

/// "Creates an AWSPENDING version and then removes it."
fn drop_test_version(secret: &mut Secret, version: &str) {
    secret.versions.remove(version);
}

/// A version that a rotation has staged and not promoted.
fn unfinished(secret: &Secret) -> Option<String> {
    let pending = secret.labelled(PENDING)?;
    (secret.labelled(CURRENT) != Some(pending)).then(|| pending.to_owned())
}

fn begin(state: &mut State, name: &str, version: String, only_test: bool) {
    let Some(secret) = state.secrets.secrets.get(name) else { return };
    let attempt = secret.rotation.run.as_ref().map_or(0, |it| it.attempt) + 1;
    let step = if only_test { Step::Test } else { Step::Create };
    // `invoke` says what it waits for.
    let waits = Waits::Until(Timestamp::MAX);
    invoke(state, name, Run { version, step, attempt, only_test, waits });
}

fn invoke(state: &mut State, name: &str, run: Run) {
    let ticket = state.ticket(Owner::Secrets);
    let rotation_token = state.seed.uuid();
    let Some(secret) = state.secrets.secrets.get_mut(name) else { return };
    let payload = json!({
        "Step": run.step.word(),
        "SecretId": secret.arn,
        "ClientRequestToken": run.version,
        "RotationToken": rotation_token,
    });
    let function_arn = secret.rotation.function.clone().unwrap_or_default();
    secret.rotation.run = Some(Run { waits: Waits::ForFunction(ticket), ..run });
    state.effects.push_back(Effect::InvokeFunction { function_arn, payload, ticket });
}
