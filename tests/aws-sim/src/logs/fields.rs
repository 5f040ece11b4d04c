//! The fields of a request, and what each may be.

use std::collections::BTreeMap;

use serde_json::Value;

use super::invalid;
use crate::Refusal;
use crate::wire::constraint;
use crate::wire::schema::Schema;

/// A request's fields, typed when they are asked for.
pub(super) struct Fields(Value);

/// The classes of log groups, that of one of which nobody said it first.
pub(super) const CLASSES: [&str; 3] = ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"];

/// How many days a log group can keep what is in it.
const RETENTIONS: [i64; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// The most tags that a log group has.
pub(super) const TAGS_MAX: usize = 50;

const SCHEMA: Schema = Schema {
    texts: &[
        "kmsKeyId",
        "logGroupClass",
        "logGroupName",
        "logGroupNamePattern",
        "logGroupNamePrefix",
        "nextToken",
        "resourceArn",
    ],
    numbers: &["limit", "retentionInDays"],
    flags: &["deletionProtectionEnabled", "includeLinkedAccounts"],
    text_lists: &["accountIdentifiers", "logGroupIdentifiers"],
    structures: &[],
    structure_lists: &[],
};

impl Fields {
    /// Those of a request, where they are of their types.
    pub(super) fn of_request(fields: Value) -> Result<Self, Refusal> {
        // A tag may have the name of a field, and is a text whatever its name.
        let mut typed = fields.clone();
        let tags = typed.as_object_mut().and_then(|it| it.remove("tags"));
        SCHEMA.check(&typed)?;
        if tags.is_some_and(|it| !it.is_null() && !is_map_of_texts(&it)) {
            let text = "tags is not a map of texts";
            return Err(Refusal::new(400, "SerializationException", text));
        }
        Ok(Self(fields))
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|it| !it.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.value(name).and_then(Value::as_str).map(str::to_owned)
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.value(name).and_then(Value::as_bool)
    }

    /// A number that has to be whole, as all are.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let whole = value.as_i64().ok_or_else(|| {
            Refusal::new(400, "SerializationException", format!("{name} is no whole number"))
        })?;
        Ok(Some(whole))
    }

    fn required(&self, name: &str) -> Result<String, Refusal> {
        self.text(name).ok_or_else(|| broken(name, "null", "Member must not be null"))
    }

    /// A name of a log group.
    pub(super) fn name(&self, field: &str) -> Result<String, Refusal> {
        let name = self.required(field)?;
        let legal = |it: char| it.is_ascii_alphanumeric() || ".-_/#".contains(it);
        if !(1..=512).contains(&name.len()) {
            return Err(broken(field, &name, "Member must have a length of 1 to 512"));
        }
        if !name.chars().all(legal) {
            let rule = r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+";
            return Err(broken(field, &name, rule));
        }
        Ok(name)
    }

    /// The start of the names of log groups, where it was given.
    pub(super) fn prefix(&self) -> Result<Option<String>, Refusal> {
        let field = "logGroupNamePrefix";
        self.value(field).map(|_| self.name(field)).transpose()
    }

    pub(super) fn class(&self) -> Result<Option<String>, Refusal> {
        let class = self.text("logGroupClass");
        if let Some(strange) = class.as_deref().filter(|it| !CLASSES.contains(it)) {
            let rule = format!("Member must satisfy enum value set: {CLASSES:?}");
            return Err(broken("logGroupClass", strange, &rule));
        }
        Ok(class)
    }

    pub(super) fn retention_days(&self) -> Result<i64, Refusal> {
        let days = self.number("retentionInDays")?;
        let days = days.ok_or_else(|| broken("retentionInDays", "null", "must not be null"))?;
        if RETENTIONS.contains(&days) {
            return Ok(days);
        }
        let rule = format!("Member must satisfy enum value set: {RETENTIONS:?}");
        Err(broken("retentionInDays", &days.to_string(), &rule))
    }

    /// The tags that a request gives.
    pub(super) fn tags(&self) -> Result<BTreeMap<String, String>, Refusal> {
        let given = self.value("tags").and_then(Value::as_object).into_iter().flatten();
        let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
        let tags: BTreeMap<_, _> = given.map(|(key, value)| (key.clone(), text(value))).collect();
        if TAGS_MAX < tags.len() {
            return Err(invalid("A request gives 50 tags at most."));
        }
        match tags.iter().find(|(key, value)| !is_tag(key, value)) {
            Some((key, _)) => Err(invalid(format!("{key} is not a tag that a log group can have"))),
            None => Ok(tags),
        }
    }

    /// The name in an ARN of a log group, which is to end with it: one that ends in `:*` is for everything else.
    pub(super) fn named(&self, start: &str) -> Result<String, Refusal> {
        let arn = self.required("resourceArn")?;
        let legal = |it: char| it.is_alphanumeric() || "_+=/:,.@-".contains(it);
        if !(1..=1011).contains(&arn.chars().count()) || !arn.chars().all(legal) {
            let rule = r"Member must satisfy regular expression pattern: [\w+=/:,.@-]*";
            return Err(broken("resourceArn", &arn, rule));
        }
        let name = arn.strip_prefix(start).filter(|it| !it.is_empty() && !it.contains(':'));
        name.map(str::to_owned).ok_or_else(|| invalid("The ARN is not that of a log group here."))
    }
}

fn is_map_of_texts(value: &Value) -> bool {
    value.as_object().is_some_and(|it| it.values().all(Value::is_string))
}

fn is_tag(key: &str, value: &str) -> bool {
    let legal = |it: char| it.is_alphanumeric() || it.is_whitespace() || "_.:/=+-@".contains(it);
    (1..=128).contains(&key.chars().count())
        && value.chars().count() <= 256
        && !key.starts_with("aws:")
        && key.chars().chain(value.chars()).all(legal)
}

fn broken(field: &str, value: &str, rule: &str) -> Refusal {
    invalid(constraint(field, value, rule))
}
