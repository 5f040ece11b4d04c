//! The fields of a request.

use serde_json::Value;

use super::bad_parameter;
use crate::Refusal;
use crate::wire::schema::Schema;

/// A request's fields, typed when they are asked for.
pub(super) struct Fields(Value);

const SCHEMA: Schema = Schema {
    texts: &[
        "ClientRequestToken",
        "Description",
        "Duration",
        "ExcludeCharacters",
        "Key",
        "KmsKeyId",
        "MoveToVersionId",
        "Name",
        "NextToken",
        "RemoveFromVersionId",
        "ResourcePolicy",
        "RotationLambdaARN",
        "ScheduleExpression",
        "SecretBinary",
        "SecretId",
        "SecretString",
        "SortOrder",
        "Value",
        "VersionId",
        "VersionStage",
    ],
    numbers: &["AutomaticallyAfterDays", "MaxResults", "PasswordLength", "RecoveryWindowInDays"],
    flags: &[
        "BlockPublicPolicy",
        "ExcludeLowercase",
        "ExcludeNumbers",
        "ExcludePunctuation",
        "ExcludeUppercase",
        "ForceDeleteWithoutRecovery",
        "ForceOverwriteReplicaSecret",
        "IncludeDeprecated",
        "IncludePlannedDeletion",
        "IncludeSpace",
        "RequireEachIncludedType",
        "RotateImmediately",
    ],
    text_lists: &["TagKeys", "Values", "VersionStages"],
    structures: &["RotationRules"],
    structure_lists: &["Filters", "Tags"],
};

impl Fields {
    /// Those of a request, where they are of their types.
    pub(super) fn of_request(fields: Value) -> Result<Self, Refusal> {
        SCHEMA.check(&fields)?;
        Ok(Self(fields))
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|it| !it.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(Value::as_str)
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name).filter(|it| !it.is_empty()).ok_or_else(|| {
            bad_parameter(format!("You must provide a value for the {name} parameter."))
        })
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.value(name).and_then(Value::as_bool)
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.value(name).and_then(Value::as_i64)
    }

    pub(super) fn texts(&self, name: &str) -> Option<Vec<String>> {
        let list = self.value(name)?.as_array()?;
        Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// The version id that the caller wants, 32 to 64 characters.
    pub(super) fn token(&self) -> Result<Option<String>, Refusal> {
        match self.text("ClientRequestToken") {
            Some(token) if !(32..=64).contains(&token.len()) => {
                Err(bad_parameter("ClientRequestToken must be 32-64 characters long."))
            }
            token => Ok(token.map(str::to_owned)),
        }
    }
}
