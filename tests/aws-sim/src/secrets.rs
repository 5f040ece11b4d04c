//! Secrets Manager: versions and their labels, and rotation that really calls the function (facts 3).

mod delete;
mod fields;
mod label;
mod list;
mod password;
mod policy;
mod rotation;
mod schedule;
mod tags;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::wire::Call;
use crate::{Done, Refusal, Response, State, Ticket};
use fields::Fields;
pub use rotation::{Rotation, Run, Step};
pub use schedule::{Rules, Window};

/// Its state.
#[derive(Debug, Default)]
pub struct Service {
    /// The secrets, by name.
    pub secrets: BTreeMap<String, Secret>,
    /// Every rotation step that ended, in order.
    pub history: Vec<StepRecord>,
}

/// How one step of a rotation ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StepRecord {
    /// When.
    pub at: Timestamp,
    /// The secret.
    pub secret: String,
    /// The version.
    pub version: String,
    /// The step.
    pub step: Step,
    /// The function's error, if it failed.
    pub error: Option<String>,
}

/// A secret.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Its ARN, which ends in six random characters.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its key.
    pub kms_key: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its resource policy.
    pub policy: Option<String>,
    /// Its versions, by id.
    pub versions: BTreeMap<String, Version>,
    /// How it is rotated.
    pub rotation: Rotation,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// When it will be gone, if it is marked for deletion.
    pub gone_at: Option<Timestamp>,
}

/// A version of a secret.
#[derive(Clone, Debug)]
pub struct Version {
    /// When it was made.
    pub created_at: Timestamp,
    /// Its value. A rotation makes the version before there is one.
    pub content: Option<Content>,
    /// Its labels.
    pub labels: BTreeSet<String>,
    /// Reads that do not find its value yet.
    pub stale_reads: u32,
}

/// What a version holds.
#[derive(Clone, Eq, PartialEq)]
pub enum Content {
    /// A text.
    Text(String),
    /// Bytes, as base64.
    Binary(String),
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Content(***)")
    }
}

/// The label of the version in use.
pub const CURRENT: &str = "AWSCURRENT";
/// The label of the version before it.
pub const PREVIOUS: &str = "AWSPREVIOUS";
/// The label of the version that a rotation prepares.
pub const PENDING: &str = "AWSPENDING";

impl Secret {
    /// The id of the version that has a label.
    pub fn labelled(&self, label: &str) -> Option<&str> {
        let found = self.versions.iter().find(|(_, it)| it.labels.contains(label));
        found.map(|(id, _)| id.as_str())
    }

    /// The text that the version with this label holds.
    pub fn text(&self, label: &str) -> Option<&str> {
        match self.versions.get(self.labelled(label)?)?.content.as_ref()? {
            Content::Text(text) => Some(text),
            Content::Binary(_) => None,
        }
    }
}

impl Service {
    /// When something happens here by itself next.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.secrets.values().flat_map(|it| [it.gone_at, it.rotation.next_due()]).flatten().min()
    }

    /// ARN and tags of everything here that has tags.
    pub(crate) fn tagged(&self) -> Vec<(String, &BTreeMap<String, String>)> {
        let there = self.secrets.values().filter(|it| it.gone_at.is_none());
        there.map(|it| (it.arn.clone(), &it.tags)).collect()
    }

    /// The secret with this name or ARN. An ARN may lack its six characters.
    pub fn find(&self, id: &str) -> Option<&Secret> {
        let by_arn = || self.secrets.values().find(|it| is_arn_of(it, id));
        self.secrets.get(id).or_else(by_arn)
    }

    fn find_mut(&mut self, id: &str) -> Option<&mut Secret> {
        let name = self.find(id)?.name.clone();
        self.secrets.get_mut(&name)
    }
}

fn is_arn_of(secret: &Secret, id: &str) -> bool {
    let short = secret.arn.len().checked_sub(7).and_then(|it| secret.arn.get(..it));
    secret.arn == id || short == Some(id)
}

/// One call.
pub(crate) fn call(state: &mut State, asked: Call<'_>) -> Response {
    asked.answered(state, |state, operation, fields| {
        answer(state, operation, &Fields::of_request(fields)?)
    })
}

fn answer(state: &mut State, operation: &str, fields: &Fields) -> Result<Value, Refusal> {
    match operation {
        "CreateSecret" => value::create(state, fields),
        "PutSecretValue" => value::put(state, fields),
        "UpdateSecret" => value::update(state, fields),
        "GetSecretValue" => value::get(state, fields),
        "DescribeSecret" => list::describe(state, fields),
        "ListSecrets" => list::secrets(state, fields),
        "ListSecretVersionIds" => list::versions(state, fields),
        "UpdateSecretVersionStage" => label::update(state, fields),
        "RotateSecret" => rotation::rotate(state, fields),
        "CancelRotateSecret" => rotation::cancel(state, fields),
        "DeleteSecret" => delete::delete(state, fields),
        "RestoreSecret" => delete::restore(state, fields),
        "TagResource" => tags::tag(state, fields),
        "UntagResource" => tags::untag(state, fields),
        "GetRandomPassword" => password::random(state, fields),
        "GetResourcePolicy" => policy::get(state, fields),
        "PutResourcePolicy" => policy::put(state, fields),
        "DeleteResourcePolicy" => policy::delete(state, fields),
        other => Err(Refusal::not_modelled(other)),
    }
}

/// What is due at `state.now` happens.
pub(crate) fn run_due(state: &mut State) {
    let now = state.now;
    state.secrets.secrets.retain(|_, it| it.gone_at.is_none_or(|at| now < at));
    let due = |it: &&Secret| it.rotation.next_due().is_some_and(|at| at <= now);
    let names: Vec<String> =
        state.secrets.secrets.values().filter(due).map(|it| it.name.clone()).collect();
    for name in names {
        rotation::run_due(state, &name);
    }
}

/// A function has answered.
pub(crate) fn done(state: &mut State, ticket: Ticket, result: Result<Done, String>) {
    rotation::done(state, ticket, result);
}

/// The secret that a call is about, wherever it stands.
fn any<'a>(state: &'a mut State, fields: &Fields) -> Result<&'a mut Secret, Refusal> {
    let id = fields.required("SecretId")?;
    state.secrets.find_mut(id).ok_or_else(|| {
        Refusal::new(
            400,
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
        )
    })
}

/// The secret that a call is about, if it is not marked for deletion.
fn usable<'a>(state: &'a mut State, fields: &Fields) -> Result<&'a mut Secret, Refusal> {
    let secret = any(state, fields)?;
    if secret.gone_at.is_some() {
        let text =
            "You can't perform this operation on the secret because it was marked for deletion.";
        return Err(bad_request(text));
    }
    Ok(secret)
}

fn bad_request(text: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidRequestException", text)
}

fn bad_parameter(text: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidParameterException", text)
}

fn missing(text: impl Into<String>) -> Refusal {
    Refusal::new(400, "ResourceNotFoundException", text)
}

/// A time as the JSON protocol writes it: seconds with a fraction.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of our age are exact in 53 bits")]
fn epoch(at: Timestamp) -> Value {
    json!(at.as_millisecond() as f64 / 1000.0)
}

/// Name and ARN, with which most answers begin.
fn named(secret: &Secret) -> Value {
    json!({ "ARN": secret.arn, "Name": secret.name })
}

#[cfg(test)]
pub(crate) mod tests;
