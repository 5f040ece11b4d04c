//! A secret from its making to its recovery window. Its versions and labels are in `rotation.rs`.

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use aws_sdk_secretsmanager::types::{RotationRulesType, Tag};
use domain::provision::{Every, Rotation, SecretView};
use domain::rotate::{Credential, Document, Draft, VersionId, read};
use domain::upstash::{Credentials, CredentialsError};
use domain::{Arn, AuthToken, Tags};

use crate::{Fault, FaultKind, Secrets};

const GET: &str = "GetSecretValue";

impl Secrets {
    /// Looks at a secret by name or ARN, or finds it gone. One in its recovery window is still there.
    pub async fn find(&self, id: &str) -> Result<Option<SecretView>, Fault> {
        const CALL: &str = "DescribeSecret";
        let answer = self
            .client
            .describe_secret()
            .secret_id(id)
            .send()
            .await
            .map_err(|err| Fault::from_sdk(CALL, err));
        match answer {
            Ok(answer) => view(&answer).map(Some),
            Err(fault) if fault.is_gone() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Makes a secret with a new token in it. One of that name is looked at again.
    pub async fn make(
        &self,
        name: &str,
        description: &str,
        tags: &Tags,
        draft: &Draft,
    ) -> Result<(), Fault> {
        let token = new_token()?;
        let made = self
            .client
            .create_secret()
            .name(name)
            .description(description)
            .secret_string(draft.text(&token).expose())
            .set_tags(Some(api_tags(tags)))
            .send()
            .await
            .map_err(|err| Fault::from_sdk("CreateSecret", err));
        match made {
            Ok(_) => Ok(()),
            Err(fault) if fault.kind == FaultKind::Taken => {
                Err(Fault { kind: FaultKind::Busy, ..fault })
            }
            Err(fault) => Err(later_if_between_states(fault)),
        }
    }

    /// The token that clients use now.
    pub async fn token(&self, id: &str) -> Result<AuthToken, Fault> {
        let answer = self.current(id).await?;
        held(id, &answer).map(|(token, _)| token)
    }

    /// The password that the clients of a user use now.
    pub async fn password(&self, id: &str) -> Result<AuthToken, Fault> {
        let answer = self.current(id).await?;
        held_by(id, &answer, Credential::Password).map(|(password, _)| password)
    }

    /// The token of this version, as long as clients use it.
    pub async fn token_of(&self, id: &str, version: &VersionId) -> Result<AuthToken, Fault> {
        let answer = self
            .client
            .get_secret_value()
            .secret_id(id)
            .version_id(version.as_str())
            .version_stage("AWSCURRENT")
            .send()
            .await
            .map_err(|err| later_if_between_states(Fault::from_sdk(GET, err)))?;
        held(id, &answer).map(|(token, _)| token)
    }

    /// Writes what the secret holds now as this draft has it, with the keys that others put into its document.
    pub async fn write(&self, id: &str, draft: Draft) -> Result<(), Fault> {
        let answer = self.current(id).await?;
        let (token, document) = held(id, &answer)?;
        let draft = Draft { base: document.clone().unwrap_or_default(), ..draft };
        if draft.is(&token, document.as_ref()) {
            return Ok(());
        }
        let from = VersionId::parse(answer.version_id().unwrap_or_default())
            .map_err(|err| Fault::strange(GET, err.to_string()))?;
        self.rewrite(id, &from, &draft.text(&token)).await.map_err(later_if_between_states)
    }

    /// The credentials of a database at Upstash that a secret holds now, or why it holds none.
    pub async fn upstash(&self, id: &str) -> Result<Result<Credentials, CredentialsError>, Fault> {
        let answer = self.current(id).await?;
        Ok(Credentials::parse(answer.secret_string().unwrap_or_default()))
    }

    async fn current(&self, id: &str) -> Result<GetSecretValueOutput, Fault> {
        self.client
            .get_secret_value()
            .secret_id(id)
            .version_stage("AWSCURRENT")
            .send()
            .await
            .map_err(|err| later_if_between_states(Fault::from_sdk(GET, err)))
    }

    /// Tags a secret, over the tags of the same keys.
    pub async fn tag(&self, id: &str, tags: &Tags) -> Result<(), Fault> {
        self.client
            .tag_resource()
            .secret_id(id)
            .set_tags(Some(api_tags(tags)))
            .send()
            .await
            .map_err(|err| later_if_between_states(Fault::from_sdk("TagResource", err)))?;
        Ok(())
    }

    /// Takes a tag off a secret, if it is there.
    pub async fn untag(&self, id: &str, key: &str) -> Result<(), Fault> {
        self.client
            .untag_resource()
            .secret_id(id)
            .tag_keys(key)
            .send()
            .await
            .map_err(|err| later_if_between_states(Fault::from_sdk("UntagResource", err)))?;
        Ok(())
    }

    /// Has Secrets Manager rotate a secret with a function every so often, and not now: the token is new, and a stack that is
    /// being made should not wait for a rotation.
    pub async fn schedule_rotation(
        &self,
        id: &str,
        function: &Arn,
        every: &Every,
    ) -> Result<(), Fault> {
        let rules = RotationRulesType::builder();
        let rules = match every {
            Every::Days(days) => rules.automatically_after_days((*days).into()),
            Every::Schedule(schedule) => rules.schedule_expression(schedule),
        };
        self.client
            .rotate_secret()
            .secret_id(id)
            .rotation_lambda_arn(function.as_str())
            .rotation_rules(rules.build())
            .rotate_immediately(false)
            .send()
            .await
            .map_err(|err| later_if_between_states(Fault::from_sdk("RotateSecret", err)))?;
        Ok(())
    }

    /// Ends the rotation of a secret.
    pub async fn cancel_rotation(&self, id: &str) -> Result<(), Fault> {
        self.client
            .cancel_rotate_secret()
            .secret_id(id)
            .send()
            .await
            .map_err(|err| later_if_between_states(Fault::from_sdk("CancelRotateSecret", err)))?;
        Ok(())
    }

    /// Sends a secret into its recovery window; one that is gone is no mistake.
    pub async fn delete(&self, id: &str) -> Result<(), Fault> {
        let deleted = self
            .client
            .delete_secret()
            .secret_id(id)
            .recovery_window_in_days(RECOVERY_DAYS)
            .send()
            .await
            .map_err(|err| Fault::from_sdk("DeleteSecret", err));
        match deleted {
            Ok(_) => Ok(()),
            Err(fault) if fault.is_gone() => Ok(()),
            Err(fault) => Err(later_if_between_states(fault)),
        }
    }

    /// Takes a secret out of its recovery window.
    pub async fn restore(&self, id: &str) -> Result<(), Fault> {
        self.client
            .restore_secret()
            .secret_id(id)
            .send()
            .await
            .map_err(|err| Fault::from_sdk("RestoreSecret", err))?;
        Ok(())
    }
}

/// The shortest window that Secrets Manager takes. A stack that comes back within it finds its token again.
const RECOVERY_DAYS: i64 = 7;

/// Secrets Manager has one code for a call that will never do and for one that came while the secret changes state (marked for
/// deletion, a rotation under way); only the text tells them apart.
fn later_if_between_states(fault: Fault) -> Fault {
    const BETWEEN: [&str; 4] =
        ["previous rotation", "marked for deletion", "scheduled for deletion", "marked deleted"];
    let is_state = fault.code.as_deref() == Some("InvalidRequestException")
        && BETWEEN.iter().any(|it| fault.message.contains(it));
    if is_state { Fault { kind: FaultKind::Busy, ..fault } } else { fault }
}

fn held(id: &str, answer: &GetSecretValueOutput) -> Result<(AuthToken, Option<Document>), Fault> {
    held_by(id, answer, Credential::Token)
}

fn held_by(
    id: &str,
    answer: &GetSecretValueOutput,
    what: Credential,
) -> Result<(AuthToken, Option<Document>), Fault> {
    read(answer.secret_string().unwrap_or_default(), what)
        .map_err(|err| Fault::strange(GET, format!("the secret {id} holds no {what}: {err}")))
}

fn view(answer: &DescribeSecretOutput) -> Result<SecretView, Fault> {
    let arn = answer.arn().ok_or_else(|| Fault::strange("DescribeSecret", "it has no ARN"))?;
    let rotation = answer.rotation_enabled().unwrap_or_default().then(|| Rotation {
        function: answer.rotation_lambda_arn().unwrap_or_default().to_owned(),
        days: answer
            .rotation_rules()
            .and_then(RotationRulesType::automatically_after_days)
            .and_then(|it| u32::try_from(it).ok())
            .unwrap_or_default(),
        schedule: answer
            .rotation_rules()
            .and_then(RotationRulesType::schedule_expression)
            .map(str::to_owned),
    });
    let tags: Tags = answer
        .tags()
        .iter()
        .filter_map(|it| Some((it.key()?.to_owned(), it.value().unwrap_or_default().to_owned())))
        .collect();
    Ok(SecretView {
        arn: arn.to_owned(),
        deleted: answer.deleted_date().is_some(),
        is_closed: super::rotation::labels(answer).is_without_older(&tags),
        tags,
        rotation,
    })
}

fn api_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// A token of 64 characters from the operating system's randomness, over the whole alphabet that ElastiCache takes (facts 2.1).
pub(super) fn new_token() -> Result<AuthToken, Fault> {
    const CALL: &str = "the operating system's randomness";
    const ALPHABET: &[u8] =
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!&#$^<>-";
    const LEN: usize = 64;
    let random = rustls::crypto::ring::default_provider().secure_random;
    // Only whole multiples of the alphabet are used, so that every character is as likely as any other.
    let fair = 256 - 256 % ALPHABET.len();
    let mut token = String::with_capacity(LEN);
    for _ in 0..ROUNDS_MAX {
        let mut bytes = [0_u8; LEN];
        random.fill(&mut bytes).map_err(|_| Fault::transient(CALL, "it gave nothing"))?;
        let picked = bytes.iter().map(|it| usize::from(*it)).filter(|it| *it < fair);
        let letters = picked.filter_map(|it| ALPHABET.get(it % ALPHABET.len()).copied());
        token.extend(letters.map(char::from).take(LEN - token.len()));
        if token.len() == LEN {
            return AuthToken::parse(token).map_err(|err| Fault::strange(CALL, err.to_string()));
        }
    }
    Err(Fault::transient(CALL, "it gave too little"))
}

/// One round in six bytes gives no letter; that so many rounds give less than 64 of 640 has never happened to anybody.
const ROUNDS_MAX: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_token_is_legal_long_and_new() {
        let (one, other) = (new_token().unwrap(), new_token().unwrap());
        assert_eq!(one.expose().len(), 64);
        assert!(one != other);
    }

    #[test]
    fn a_rotation_under_way_means_later_and_another_mistake_means_never() {
        let fault = |message: &str| Fault {
            call: "RotateSecret",
            kind: FaultKind::Rejected,
            code: Some("InvalidRequestException".to_owned()),
            message: message.to_owned(),
        };
        let later = later_if_between_states(fault("A previous rotation isn't complete."));
        assert_eq!(later.kind, FaultKind::Busy);
        let never = later_if_between_states(fault("You must specify a Lambda function ARN."));
        assert_eq!(never.kind, FaultKind::Rejected);
    }
}
