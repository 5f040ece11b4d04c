//! The versions of a secret: their labels and values, and how both are moved in a rotation.

use std::collections::BTreeSet;

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_smithy_types::DateTime;
use domain::rotate::{Draft, Label, Labels, SecretText, SecretView, Value, VersionId, read};
use domain::{Arn, AuthToken, Tags};
use jiff::Timestamp;

use super::lifecycle::new_token;
use crate::{Fault, Secrets};

impl Secrets {
    /// Looks at a secret, its tags and its labels, or finds it gone.
    pub async fn described(&self, secret: &Arn) -> Result<Option<SecretView>, Fault> {
        let answer = self.client.describe_secret().secret_id(secret.as_str()).send().await;
        match answer.map_err(|err| Fault::from_sdk("DescribeSecret", err)) {
            Ok(answer) => Ok(Some(view(secret, &answer))),
            Err(fault) if fault.is_gone() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// The value of a version: by its id and, where one is told, only while it carries this label, since a copy of the secret that
    /// lags could answer with either alone (facts 3.2).
    pub async fn value(
        &self,
        secret: &SecretView,
        version: &VersionId,
        label: Option<Label>,
    ) -> Result<Value, Fault> {
        let answer = self
            .client
            .get_secret_value()
            .secret_id(secret.arn.as_str())
            .version_id(version.as_str())
            .set_version_stage(label.map(|it| it.as_str().to_owned()))
            .send()
            .await;
        match answer.map_err(|err| Fault::from_sdk("GetSecretValue", err)) {
            Ok(answer) => Ok(match answer.secret_string() {
                Some(text) => match read(text, secret.credential()) {
                    Ok((token, document)) => {
                        Value::Token(token, document, answer.created_date().and_then(timestamp))
                    }
                    Err(err) => Value::Bad(err),
                },
                None => Value::Binary,
            }),
            // A version gets its label before its value.
            Err(fault) if fault.is_gone() => Ok(Value::Absent),
            Err(fault) => Err(fault),
        }
    }

    /// Keeps a token made anew as the pending version.
    pub async fn stage_new(
        &self,
        secret: &Arn,
        version: &VersionId,
        draft: &Draft,
    ) -> Result<(), Fault> {
        self.stage(secret, version, &new_token()?, draft).await
    }

    /// Keeps this token as the pending version. A version that has another value keeps that, and the call fails.
    ///
    /// The label is always named: without one the call would make an untested token `AWSCURRENT` (facts 3.2).
    pub async fn stage(
        &self,
        secret: &Arn,
        version: &VersionId,
        token: &AuthToken,
        draft: &Draft,
    ) -> Result<(), Fault> {
        self.client
            .put_secret_value()
            .secret_id(secret.as_str())
            .client_request_token(version.as_str())
            .secret_string(draft.text(token).expose())
            .version_stages(Label::Pending.as_str())
            .send()
            .await
            .map_err(|err| Fault::from_sdk("PutSecretValue", err).without(token))?;
        Ok(())
    }

    /// Moves `AWSCURRENT` to a version, if the version that we saw carry it still does.
    pub async fn promote(
        &self,
        secret: &str,
        to: &VersionId,
        from: Option<&VersionId>,
    ) -> Result<(), Fault> {
        self.client
            .update_secret_version_stage()
            .secret_id(secret)
            .version_stage(Label::Current.as_str())
            .move_to_version_id(to.as_str())
            .set_remove_from_version_id(from.map(|it| it.as_str().to_owned()))
            .send()
            .await
            .map_err(|err| Fault::from_sdk("UpdateSecretVersionStage", err))?;
        Ok(())
    }

    /// Puts another text in the place of the current version, if that still is the current one. It is put there under a label of ours first, as
    /// the call that would move `AWSCURRENT` at once moves it whoever has it (facts 3.2). The sweep takes that label off again.
    pub async fn rewrite(
        &self,
        secret: &str,
        from: &VersionId,
        text: &SecretText,
    ) -> Result<(), Fault> {
        let version = self.put_beside(secret, None, text).await?;
        self.promote(secret, &version, Some(from)).await
    }

    /// The same as a version whose id is told before: of two calls with one id and one text the second writes nothing (facts 3.2).
    pub async fn rewrite_as(
        &self,
        secret: &str,
        version: &VersionId,
        from: &VersionId,
        text: &SecretText,
    ) -> Result<(), Fault> {
        self.put_beside(secret, Some(version), text).await?;
        self.promote(secret, version, Some(from)).await
    }

    async fn put_beside(
        &self,
        secret: &str,
        version: Option<&VersionId>,
        text: &SecretText,
    ) -> Result<VersionId, Fault> {
        const CALL: &str = "PutSecretValue";
        let put = self
            .client
            .put_secret_value()
            .secret_id(secret)
            .set_client_request_token(version.map(|it| it.as_str().to_owned()))
            .secret_string(text.expose())
            .version_stages(Label::Rewritten.as_str())
            .send()
            .await
            .map_err(|err| Fault::from_sdk(CALL, err))?;
        VersionId::parse(put.version_id().unwrap_or_default())
            .map_err(|err| Fault::strange(CALL, err.to_string()))
    }

    /// Has Secrets Manager begin a rotation now, by the function and the schedule that the secret has. Of two calls with one id the second
    /// begins nothing (facts 3.2).
    pub async fn begin(&self, secret: &Arn, version: &VersionId) -> Result<(), Fault> {
        self.client
            .rotate_secret()
            .secret_id(secret.as_str())
            .client_request_token(version.as_str())
            .send()
            .await
            .map_err(|err| Fault::from_sdk("RotateSecret", err))?;
        Ok(())
    }

    /// Takes a label from a version: `AWSPENDING`, without which Secrets Manager begins no other rotation, or one of ours.
    pub async fn unlabel(
        &self,
        secret: &Arn,
        label: Label,
        version: &VersionId,
    ) -> Result<(), Fault> {
        self.client
            .update_secret_version_stage()
            .secret_id(secret.as_str())
            .version_stage(label.as_str())
            .remove_from_version_id(version.as_str())
            .send()
            .await
            .map_err(|err| Fault::from_sdk("UpdateSecretVersionStage", err))?;
        Ok(())
    }
}

/// The versions of a secret and their labels.
pub(super) fn labels(answer: &DescribeSecretOutput) -> Labels {
    let versions = answer.version_ids_to_stages().into_iter().flatten();
    versions
        .filter_map(|(version, labels)| {
            let labels: BTreeSet<_> = labels.iter().filter_map(|it| Label::parse(it)).collect();
            Some((VersionId::parse(version).ok()?, labels))
        })
        .collect()
}

fn view(secret: &Arn, answer: &DescribeSecretOutput) -> SecretView {
    let tags: Tags = answer
        .tags()
        .iter()
        .filter_map(|it| Some((it.key()?.to_owned(), it.value().unwrap_or_default().to_owned())))
        .collect();
    SecretView {
        // Asked for by name, the secret still gets a whole ARN.
        arn: answer.arn().and_then(|it| Arn::parse(it).ok()).unwrap_or_else(|| secret.clone()),
        tags,
        rotation_enabled: answer.rotation_enabled().unwrap_or_default(),
        is_leaving: answer.deleted_date().is_some(),
        labels: labels(answer),
        last_rotated: answer.last_rotated_date().and_then(timestamp),
        next_rotation: answer.next_rotation_date().and_then(timestamp),
        last_changed: answer.last_changed_date().and_then(timestamp),
    }
}

fn timestamp(api: &DateTime) -> Option<Timestamp> {
    Timestamp::from_millisecond(api.to_millis().ok()?).ok()
}
