//! Where a secret value is that belongs nowhere but in a secret and in the nodes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::State;
use crate::wire::{Call, xml};

/// Every secret value that a call ever brought or got: tokens, passwords, contents of secrets and what is secret in them, random passwords.
#[derive(Clone, Default)]
pub struct SecretValues(BTreeSet<String>);

impl std::fmt::Debug for SecretValues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretValues({})", self.0.len())
    }
}

impl SecretValues {
    /// Notes one, and where it is a document, what in it is secret by its name, or is the password of a URL: nobody leaks the whole, but
    /// somebody leaks the password.
    pub(crate) fn note(&mut self, value: &str) {
        self.keep(value);
        if let Ok(document @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(value) {
            self.note_leaves(&document, false);
        }
    }

    fn note_leaves(&mut self, value: &Value, is_secret: bool) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.note_leaves(value, is_secret || sounds_secret(name));
                }
            }
            Value::Array(items) => items.iter().for_each(|it| self.note_leaves(it, is_secret)),
            // The name of a secret is none.
            Value::String(text) if is_secret && !text.starts_with("arn:") => self.keep(text),
            Value::String(text) => password_of(text).into_iter().for_each(|it| self.keep(it)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// What is shorter than any token would be found everywhere by chance. It is as secret when it is spelt for a URL or for XML.
    fn keep(&mut self, value: &str) {
        if 8 <= value.len() {
            let spelt = [value.to_owned(), for_url(value), xml::escape(value).into_owned()];
            self.0.extend(spelt);
        }
    }

    /// Whether a text holds one of them.
    pub fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|it| text.contains(it.as_str()))
    }

    /// How many there are, each spelling counted.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// Whether what has this name in a secret's document is what the secret is about, unlike its user and its host.
fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["pass", "secret", "token", "credential", "private"].iter().any(|it| name.contains(it))
}

/// What stands for the password in a URL that has one.
fn password_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (who, _) = rest.split('/').next()?.rsplit_once('@')?;
    who.split_once(':').map(|(_, password)| password)
}

fn for_url(text: &str) -> String {
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"-._~".contains(&it);
    let one = |it: u8| if plain(it) { char::from(it).to_string() } else { format!("%{it:02X}") };
    text.bytes().map(one).collect()
}

/// Something that was said and that is kept for this only: a function's answer, the data of a state.
#[derive(Clone, Debug)]
pub struct Saying {
    /// By whom, in words.
    pub place: String,
    /// What.
    pub text: String,
}

impl State {
    /// Keeps what somebody said.
    pub(crate) fn hear(&mut self, place: String, text: String) {
        self.said.push(Saying { place, text });
    }

    /// Looks at what no record keeps of a request: its address, its headers but for the one that is there to carry credentials, and a body
    /// that is no list of fields.
    pub(crate) fn overhear(&mut self, asked: &Call<'_>) {
        let values = &self.secret_values;
        let headers = asked.request.headers.iter();
        let headers = headers.filter(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
        let lines = headers.map(|(_, value)| value.as_str()).chain([asked.request.uri.as_str()]);
        let body = asked.opaque().map(String::from_utf8_lossy);
        let mut lines = lines.chain(body.as_deref());
        if let Some(line) = lines.find(|it| values.are_in(it)).map(str::to_owned) {
            self.hear(format!("what {} is asked with", asked.operation), line);
        }
    }

    /// Every place that a person or another service can read and that holds a secret value.
    pub fn leaks(&self) -> Vec<String> {
        let mut places = Vec::new();
        let mut look = |place: String, text: &str| {
            if self.secret_values.are_in(text) {
                places.push(place);
            }
        };
        for call in &self.calls {
            for (name, value) in &call.parameters {
                look(format!("{name} of {}", call.operation), value);
            }
            let refusal = call.refusal.as_deref().unwrap_or_default();
            look(format!("the refusal of {}", call.operation), refusal);
        }
        self.told_by_elasticache(&mut look);
        for secret in self.secrets.secrets.values() {
            let said = format!(
                "{} {:?} {:?} {:?}",
                secret.name, secret.description, secret.tags, secret.policy
            );
            look(format!("what is said of the secret {}", secret.name), &said);
        }
        for step in &self.secrets.history {
            look(
                format!("the end of {}", step.step.word()),
                step.error.as_deref().unwrap_or_default(),
            );
        }
        for alarm in self.cloudwatch.alarms.values() {
            look(format!("the alarm {}", alarm.name), &format!("{alarm:?}"));
        }
        for item in &self.cloudwatch.history {
            look(format!("the history of the alarm {}", item.alarm), &item.summary);
        }
        for (name, group) in &self.logs.groups {
            look(format!("the log group {name}"), &format!("{name} {group:?}"));
        }
        for message in &self.sns.published {
            look("a message".to_owned(), &format!("{message:?}"));
        }
        for execution in &self.sfn.executions {
            let said = format!("{} {} {:?}", execution.name, execution.input, execution.failure);
            look(format!("the execution {}", execution.name), &said);
        }
        for answer in &self.callbacks.answers {
            look("an answer to CloudFormation".to_owned(), &answer.body.to_string());
        }
        for refused in &self.callbacks.refused {
            look("a refused answer to CloudFormation".to_owned(), refused);
        }
        for saying in &self.said {
            look(saying.place.clone(), &saying.text);
        }
        places
    }

    fn told_by_elasticache(&self, look: &mut impl FnMut(String, &str)) {
        let cache = &self.elasticache;
        for it in cache.groups.values() {
            look(format!("the group {}", it.id), &format!("{} {:?}", it.description, it.tags));
        }
        for it in cache.snapshots.values() {
            look(format!("the snapshot {}", it.name), &format!("{} {:?}", it.name, it.tags));
        }
        for it in cache.subnet_groups.values() {
            look(format!("the subnet group {}", it.name), &format!("{it:?}"));
        }
        for it in cache.parameter_groups.values() {
            look(format!("the parameter group {}", it.name), &format!("{it:?}"));
        }
        for it in cache.users.all() {
            let said = format!("{} {} {:?} {}", it.id, it.name, it.tags, it.rights.access_string);
            look(format!("the user {}", it.id), &said);
        }
        for it in cache.user_groups.values() {
            look(format!("the user group {}", it.id), &format!("{it:?}"));
        }
        for event in &cache.events {
            look("an event of ElastiCache".to_owned(), &format!("{event:?}"));
        }
    }
}

#[cfg(test)]
mod tests;
