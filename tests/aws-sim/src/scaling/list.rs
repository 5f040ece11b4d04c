//! The targets that there are, in pages.

use serde_json::{Value, json};

use super::fields::{Fields, SUSPENSIONS, invalid};
use super::{NAMESPACE, Target, arn};
use crate::wire::json::set;
use crate::{Refusal, State};

pub(super) fn describe(state: &State, fields: &Fields) -> Result<Value, Refusal> {
    let namespace = fields.namespace()?;
    let (resources, dimension) = (fields.resources()?, fields.dimension()?);
    if dimension.is_some() && resources.is_empty() {
        let text = "ResourceIds must be given together with a ScalableDimension";
        return Err(invalid(text));
    }
    let size = fields.number("MaxResults")?.unwrap_or(50);
    let size = usize::try_from(size).ok().filter(|it| (1..=50).contains(it));
    let size = size.ok_or_else(|| invalid("MaxResults is a number from 1 to 50"))?;
    let after = place(fields)?;
    let is_meant = |key: &(String, String)| {
        namespace == NAMESPACE
            && (resources.is_empty() || resources.contains(&key.0))
            && dimension.as_ref().is_none_or(|it| key.1 == *it)
            && after.as_ref().is_none_or(|after| after < key)
    };
    let all = state.scaling.targets.iter();
    let mut found: Vec<_> =
        all.filter(|(key, _)| is_meant(key)).take(size.saturating_add(1)).collect();
    let is_last = found.len() <= size;
    found.truncate(size);
    let last = found.last().filter(|_| !is_last);
    let next = last.map(|((resource, dimension), _)| format!("{TOKEN}{dimension}/{resource}"));
    let shown: Vec<Value> = found.iter().map(|(key, it)| shown(state, key, it)).collect();
    let mut answer = json!({ "ScalableTargets": shown });
    if let Some(next) = next {
        set(&mut answer, "NextToken", next);
    }
    Ok(answer)
}

/// The start of every token, which no other text has.
const TOKEN: &str = "after/";

/// The target that a page begins after. It may have been deregistered meanwhile.
fn place(fields: &Fields) -> Result<Option<(String, String)>, Refusal> {
    let Some(token) = fields.text("NextToken") else { return Ok(None) };
    let place = token.strip_prefix(TOKEN).and_then(|it| it.split_once('/'));
    let strange = || {
        let text = "The next token supplied was invalid.";
        Refusal::new(400, "InvalidNextTokenException", text)
    };
    let (dimension, resource) = place.ok_or_else(strange)?;
    Ok(Some((resource.to_owned(), dimension.to_owned())))
}

fn shown(state: &State, (resource, dimension): &(String, String), target: &Target) -> Value {
    let mut suspended = json!({});
    for what in SUSPENSIONS {
        set(&mut suspended, what, target.suspended.contains(what));
    }
    // Whoever registers a target may name a role; of services that have one of their own, as this one has, that is not used.
    let role = format!(
        "arn:aws:iam::{}:role/aws-service-role/elasticache.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ElastiCacheRG",
        state.settings.account
    );
    json!({
        "ServiceNamespace": NAMESPACE,
        "ResourceId": resource,
        "ScalableDimension": dimension,
        "MinCapacity": target.min,
        "MaxCapacity": target.max,
        "RoleARN": role,
        "CreationTime": target.registered_at.as_second(),
        "SuspendedState": suspended,
        "ScalableTargetARN": arn(state, target),
    })
}
