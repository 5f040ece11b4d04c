//! What no running group can change.

use jiff::{SignedDuration, Timestamp};

use super::super::{Difference, GroupSpec, Refusal, Wanted, diff};
use crate::{Arn, GroupView, NodeType, Tags, tag};

/// What no step can reach is refused before the first one: an update that fails leaves the cache as it was.
pub(super) fn impossible(
    wanted: &Wanted,
    group: &GroupView,
    tags: &Tags,
    now: Timestamp,
) -> Option<Refusal> {
    let differences = immutable(&wanted.spec, group, tags);
    if !differences.is_empty() {
        return Some(Refusal::Immutable(differences));
    }
    let (runs, stated) = (diff::version(group)?, wanted.spec.version);
    // A stack that asks for a newer version than before does not ask for less than what runs, whatever AWS installed meanwhile.
    let goes_up = wanted.before.as_ref().is_some_and(|it| it.version < stated);
    let stays = wanted.keep.version || goes_up || upgraded_lately(tags, stated, now);
    (diff::is_newer(runs, stated) && !stays)
        .then_some(Refusal::Downgrade { has: runs, wants: stated })
}

/// How a running group differs from a stated one in what it cannot change.
pub(super) fn immutable(spec: &GroupSpec, group: &GroupView, tags: &Tags) -> Vec<Difference> {
    let subnets = group.members.iter().find_map(|it| it.subnet_group.clone());
    let token = (group.auth_token_enabled, spec.protection.has_token());
    let secret =
        tags.get(tag::SECRET).and_then(|it| secret_name(it)).filter(|_| token.0 && token.1);
    // Nodes with SSD change to others of their family only (facts 4.2).
    let spans = group.data_tiering && spec.data_tiering;
    let family = |it: Option<&NodeType>| it.map_or(String::new(), |it| it.family().to_owned());
    let fields = [
        ("EnableEncryptionAtRest", group.at_rest_encryption.to_string(), spec.at_rest.to_string()),
        ("KmsKeyArn", key(group.kms_key.as_deref()), key(spec.kms_key.as_ref().map(Arn::as_str))),
        ("NetworkType", group.network_type.clone(), spec.network_type.clone()),
        ("EnableDataTiering", group.data_tiering.to_string(), spec.data_tiering.to_string()),
        (
            "the family of RedisNodeType, whose cold keys are on SSD,",
            family(group.node_type.as_ref().filter(|_| spans)),
            family(Some(&spec.node_type).filter(|_| spans)),
        ),
        (
            "EnableEncryptionInTransit",
            group.transit_encryption.to_string(),
            spec.protection.has_tls().to_string(),
        ),
        ("EnableAuthToken", token.0.to_string(), token.1.to_string()),
        (
            "the secret's name, made of ProjectName and Environment,",
            secret.unwrap_or_else(|| spec.secret_name.clone()),
            spec.secret_name.clone(),
        ),
        ("the subnet group", subnets.unwrap_or_else(|| spec.id.to_string()), spec.id.to_string()),
        ("cluster mode", group.cluster_enabled.to_string(), false.to_string()),
    ];
    let differ = fields.into_iter().filter(|(_, has, wants)| has != wants);
    differ.map(|(field, has, wants)| Difference { field, has, wants }).collect()
}

/// The id of a key: ElastiCache tells a key by its id or by its ARN.
fn key(text: Option<&str>) -> String {
    let id = |it: &str| it.rsplit_once("key/").map_or(it, |(_, id)| id).to_owned();
    text.map_or("ElastiCache's own key".to_owned(), id)
}

/// The name in the ARN of a secret, which ends in a hyphen and six characters of chance.
pub(super) fn secret_name(arn: &str) -> Option<String> {
    let arn = Arn::parse(arn).ok()?;
    let (name, chance) = arn.resource().strip_prefix("secret:")?.rsplit_once('-')?;
    (chance.len() == 6).then(|| name.to_owned())
}

/// Whether a group ran this version until a day ago. A stack that fails after an upgrade asks for the old version in its rollback;
/// there is no way back, and a rollback that fails would leave the stack stuck, so the newer version is kept and told.
pub(super) fn upgraded_lately(tags: &Tags, stated: crate::engine::Version, now: Timestamp) -> bool {
    let Some((from, at)) = tags.get(tag::UPGRADED).and_then(|it| it.split_once(" at ")) else {
        return false;
    };
    let (Ok(from), Ok(at)) = (from.parse(), at.parse::<Timestamp>()) else { return false };
    let until = at.saturating_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
    now < until && stated.is_met_by(from)
}
