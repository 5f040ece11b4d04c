//! Where a secret value is that belongs nowhere but in a secret and in the nodes.

use std::collections::BTreeSet;

use crate::State;

/// Every secret value that a call ever brought: tokens, passwords, contents of secrets.
#[derive(Clone, Default)]
pub struct SecretValues(BTreeSet<String>);

impl std::fmt::Debug for SecretValues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretValues({})", self.0.len())
    }
}

impl SecretValues {
    /// Notes one. What is shorter than any token would be found everywhere by chance.
    pub(crate) fn note(&mut self, value: &str) {
        if 8 <= value.len() {
            self.0.insert(value.to_owned());
        }
    }

    /// Whether a text holds one of them.
    pub fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|it| text.contains(it.as_str()))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl State {
    /// Every place that a person or another service can read and that holds a secret value.
    pub fn leaks(&self) -> Vec<String> {
        let mut places = Vec::new();
        for call in &self.calls {
            let parameters =
                call.parameters.iter().filter(|(_, value)| self.secret_values.are_in(value));
            places.extend(parameters.map(|(name, _)| format!("{} of {}", name, call.operation)));
        }
        let mut look = |place: String, text: String| {
            if self.secret_values.are_in(&text) {
                places.push(place);
            }
        };
        let cache = &self.elasticache;
        for group in cache.groups.values() {
            look(
                format!("the group {}", group.id),
                format!("{} {:?}", group.description, group.tags),
            );
        }
        for snapshot in cache.snapshots.values() {
            look(
                format!("the snapshot {}", snapshot.name),
                format!("{} {:?}", snapshot.name, snapshot.tags),
            );
        }
        for event in &cache.events {
            look("an event of ElastiCache".to_owned(), format!("{event:?}"));
        }
        for secret in self.secrets.secrets.values() {
            let said = format!("{:?} {:?}", secret.description, secret.tags);
            look(format!("what is said of the secret {}", secret.name), said);
        }
        for alarm in self.cloudwatch.alarms.values() {
            look(format!("the alarm {}", alarm.name), format!("{alarm:?}"));
        }
        for message in &self.sns.published {
            look("a message".to_owned(), format!("{message:?}"));
        }
        for execution in &self.sfn.executions {
            let said = format!("{} {} {:?}", execution.name, execution.input, execution.failure);
            look(format!("the execution {}", execution.name), said);
        }
        for answer in &self.callbacks.answers {
            look("an answer to CloudFormation".to_owned(), answer.body.to_string());
        }
        places
    }
}
