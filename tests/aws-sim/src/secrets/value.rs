//! Secrets and their values.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::fields::Fields;
use super::rotation::Rotation;
use super::{
    CURRENT, Content, PENDING, PREVIOUS, Secret, Version, bad_parameter, bad_request, epoch,
    missing, named, tags, usable,
};
use crate::wire::json::set;
use crate::{Refusal, State};

pub(super) fn create(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let name = fields.required("Name")?.to_owned();
    let legal = |it: char| it.is_ascii_alphanumeric() || "/_+=.@-".contains(it);
    if 512 < name.len() || !name.chars().all(legal) {
        let text = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!";
        return Err(Refusal::new(400, "ValidationException", text));
    }
    let token = fields.token()?;
    let content = content(fields)?;
    if let Some(there) = state.secrets.secrets.get(&name) {
        return again(there, token.as_deref(), content.as_ref());
    }
    let letters = state.seed.text(6, LETTERS);
    let arn = state.arn("secretsmanager", &format!("secret:{name}-{letters}"));
    let mut secret = Secret {
        arn,
        name: name.clone(),
        description: fields.text("Description").map(str::to_owned),
        kms_key: fields.text("KmsKeyId").map(str::to_owned),
        tags: tags::read(fields)?,
        policy: None,
        versions: BTreeMap::new(),
        rotation: Rotation::default(),
        created_at: state.now,
        changed_at: state.now,
        gone_at: None,
    };
    let mut answer = named(&secret);
    if let Some(content) = content {
        let id = token.unwrap_or_else(|| state.seed.uuid());
        let labels = BTreeSet::from([CURRENT.to_owned()]);
        let version =
            Version { created_at: state.now, content: Some(content), labels, stale_reads: 0 };
        set(&mut answer, "VersionId", json!(id));
        secret.versions.insert(id, version);
    }
    state.secrets.secrets.insert(name, secret);
    Ok(answer)
}

/// A second creation of the same name: harmless if it is the same call, an error otherwise.
fn again(there: &Secret, token: Option<&str>, content: Option<&Content>) -> Result<Value, Refusal> {
    if there.gone_at.is_some() {
        let text = "You can't create this secret because a secret with this name is already scheduled for deletion.";
        return Err(bad_request(text));
    }
    let same = token.and_then(|it| Some((it, there.versions.get(it)?)));
    match same {
        Some((id, version)) if version.content.as_ref() == content => {
            let mut answer = named(there);
            set(&mut answer, "VersionId", json!(id));
            Ok(answer)
        }
        Some(_) | None => Err(Refusal::new(
            400,
            "ResourceExistsException",
            format!("The operation failed because the secret {} already exists.", there.name),
        )),
    }
}

pub(super) fn put(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let fresh = state.seed.uuid();
    let now = state.now;
    let id = fields.token()?.unwrap_or(fresh);
    let labels = fields.texts("VersionStages").unwrap_or_else(|| vec![CURRENT.to_owned()]);
    if !(1..=20).contains(&labels.len()) {
        return Err(bad_parameter("VersionStages must have 1 to 20 staging labels."));
    }
    let content = content(fields)?
        .ok_or_else(|| bad_parameter("You must provide either SecretString or SecretBinary."))?;
    let lag = state.settings.switches.pending_stale_reads;
    let secret = usable(state, fields)?;
    if store(secret, &id, content, &labels, now)?
        && let Some(version) = secret.versions.get_mut(&id)
        && version.labels.contains(PENDING)
    {
        version.stale_reads = lag;
    }
    let mut answer = named(secret);
    set(&mut answer, "VersionId", json!(id));
    let labels = secret.versions.get(&id).map(|it| it.labels.clone()).unwrap_or_default();
    set(&mut answer, "VersionStages", json!(labels));
    Ok(answer)
}

pub(super) fn update(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let fresh = state.seed.uuid();
    let now = state.now;
    let id = fields.token()?.unwrap_or(fresh);
    let content = content(fields)?;
    let secret = usable(state, fields)?;
    if let Some(description) = fields.text("Description") {
        secret.description = Some(description.to_owned());
    }
    if let Some(key) = fields.text("KmsKeyId") {
        secret.kms_key = Some(key.to_owned());
    }
    secret.changed_at = now;
    let mut answer = named(secret);
    if let Some(content) = content {
        store(secret, &id, content, &[CURRENT.to_owned()], now)?;
        set(&mut answer, "VersionId", json!(id));
    }
    Ok(answer)
}

pub(super) fn get(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let secret = usable(state, fields)?;
    let by_id = fields.text("VersionId");
    let label = fields.text("VersionStage");
    let id = match (by_id, label) {
        (Some(id), _) => Some(id),
        (None, label) => secret.labelled(label.unwrap_or(CURRENT)),
    };
    let unfound = || {
        let which = by_id.map_or_else(
            || format!("staging label: {}", label.unwrap_or(CURRENT)),
            |id| format!("VersionId: {id}"),
        );
        missing(format!("Secrets Manager can't find the specified secret value for {which}"))
    };
    let (id, version) =
        id.and_then(|id| Some((id, secret.versions.get(id)?))).ok_or_else(unfound)?;
    if let (Some(_), Some(label)) = (by_id, label)
        && !version.labels.contains(label)
    {
        let text = "You provided a VersionStage that is not associated to the provided VersionId.";
        return Err(bad_request(text));
    }
    if 0 < version.stale_reads {
        let (refusal, id) = (unfound(), id.to_owned());
        if let Some(version) = secret.versions.get_mut(&id) {
            version.stale_reads -= 1;
        }
        return Err(refusal);
    }
    let mut answer = named(secret);
    // A rotation stages a version before anyone has given it a value (facts 3.2).
    match version.content.as_ref().ok_or_else(unfound)? {
        Content::Text(text) => set(&mut answer, "SecretString", json!(text)),
        Content::Binary(bytes) => set(&mut answer, "SecretBinary", json!(bytes)),
    }
    set(&mut answer, "VersionId", json!(id));
    set(&mut answer, "VersionStages", json!(version.labels));
    set(&mut answer, "CreatedDate", epoch(version.created_at));
    Ok(answer)
}

/// Gives a version its value and its labels (facts 3.2). Tells whether that was news.
fn store(
    secret: &mut Secret,
    id: &str,
    content: Content,
    labels: &[String],
    now: Timestamp,
) -> Result<bool, Refusal> {
    if let Some(held) = secret.versions.get(id).and_then(|it| it.content.as_ref()) {
        if *held == content {
            return Ok(false);
        }
        let text = format!(
            "You can't use ClientRequestToken {id} because that value is already in use for a version of secret {}.",
            secret.arn
        );
        return Err(Refusal::new(400, "ResourceExistsException", text));
    }
    let first = secret.versions.values().all(|it| it.content.is_none());
    let version = secret.versions.entry(id.to_owned()).or_insert_with(|| Version {
        created_at: now,
        content: None,
        labels: BTreeSet::new(),
        stale_reads: 0,
    });
    version.content = Some(content);
    for label in labels {
        attach(secret, label, id);
    }
    if first && secret.labelled(CURRENT).is_none() {
        attach(secret, CURRENT, id);
    }
    secret.changed_at = now;
    if labels.iter().any(|it| it == CURRENT) {
        secret.rotation.value_changed(now);
    }
    forget_unlabelled(secret, now);
    Ok(true)
}

/// Puts a label on a version, taking it from where it was. The version before the current one is always known.
pub(super) fn attach(secret: &mut Secret, label: &str, id: &str) {
    let from = secret.labelled(label).map(str::to_owned);
    if from.as_deref() == Some(id) {
        return;
    }
    for (each, version) in &mut secret.versions {
        version.labels.remove(label);
        if each == id {
            version.labels.insert(label.to_owned());
        }
    }
    if label == CURRENT
        && let Some(from) = from
    {
        attach(secret, PREVIOUS, &from);
    }
}

/// AWS forgets versions without a label beyond a hundred, the oldest first, and none of the last day (facts 3.2).
fn forget_unlabelled(secret: &mut Secret, now: Timestamp) {
    let day = SignedDuration::from_hours(24);
    let mut bare: Vec<_> = secret
        .versions
        .iter()
        .filter(|(_, it)| it.labels.is_empty())
        .map(|(id, it)| (it.created_at, id.clone()))
        .collect();
    bare.sort();
    let surplus = bare.len().saturating_sub(100);
    for (_, id) in bare.into_iter().take(surplus).filter(|it| day <= now.duration_since(it.0)) {
        secret.versions.remove(&id);
    }
}

fn content(fields: &Fields) -> Result<Option<Content>, Refusal> {
    let content = match (fields.text("SecretString"), fields.text("SecretBinary")) {
        (Some(_), Some(_)) => {
            return Err(bad_parameter("You can't specify both SecretString and SecretBinary."));
        }
        (Some(text), None) => Content::Text(text.to_owned()),
        (None, Some(bytes)) => Content::Binary(bytes.to_owned()),
        (None, None) => return Ok(None),
    };
    let (Content::Text(it) | Content::Binary(it)) = &content;
    if 65_536 < it.len() {
        return Err(Refusal::new(
            400,
            "ValidationException",
            "the value is longer than 65536 bytes",
        ));
    }
    Ok(Some(content))
}

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
