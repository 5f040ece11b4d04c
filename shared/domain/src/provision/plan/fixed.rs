//! What no running group can change.

use jiff::{SignedDuration, Timestamp};

use super::super::parse::access::changes_tls;
use super::super::{Difference, GroupSpec, Refusal, Wanted, diff, name, source};
use super::token;
use crate::engine::Release;
use crate::group::Tls;
use crate::{Arn, GroupView, NodeType, Tags, tag};

/// What no step can reach is refused before the first one: an update that fails leaves the cache as it was.
pub(super) fn impossible(
    wanted: &Wanted,
    group: &GroupView,
    tags: &Tags,
    now: Timestamp,
) -> Option<Refusal> {
    let mut differences = immutable(&wanted.spec, group, tags, now);
    let filled = source::differs(&wanted.spec, wanted.before.as_deref(), tags);
    differences.extend(filled.map(|(field, has, wants)| Difference { field, has, wants }));
    if !differences.is_empty() {
        return Some(Refusal::Immutable(differences));
    }
    downgrade(wanted, group, tags, now)
}

/// An older version than the one that runs is neither installed nor reads what that one wrote.
pub(in super::super) fn downgrade(
    wanted: &Wanted,
    group: &GroupView,
    tags: &Tags,
    now: Timestamp,
) -> Option<Refusal> {
    let (runs, stated) = (diff::release(group)?, wanted.spec.release());
    // A stack that asks for a newer version than before does not ask for less than what runs, whatever AWS installed meanwhile.
    let goes_up = wanted.before.as_ref().is_some_and(|it| it.release() < stated);
    let stays = wanted.keep.version || goes_up || upgraded_lately(tags, stated, now);
    (runs.is_newer_than(stated) && !stays)
        .then_some(Refusal::Downgrade { has: runs, wants: stated })
}

/// How a running group differs from a stated one in what it cannot change.
pub(in super::super) fn immutable(
    spec: &GroupSpec,
    group: &GroupView,
    tags: &Tags,
    now: Timestamp,
) -> Vec<Difference> {
    let subnets = group.members.iter().find_map(|it| it.subnet_group.clone());
    let token = (group.auth_token_enabled, spec.protection.has_token());
    let secret =
        tags.get(tag::SECRET).and_then(|it| name::secret_in(it)).filter(|_| token.0 && token.1);
    let stands = name::secret_that_stands(&spec.secret_name, &group.id, tags);
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
            "the secret's name, made of ProjectName and Environment,",
            secret.unwrap_or_else(|| stands.clone()),
            stands,
        ),
        ("the subnet group", subnets.unwrap_or_else(|| spec.id.to_string()), spec.id.to_string()),
        // The way over `compatible` is not gone: no source says what it asks of a cache and of its clients (facts 1.4).
        ("ClusterMode", mode(group.cluster_enabled), mode(spec.shape.is_sharded())),
    ];
    let differ = fields.into_iter().filter(|(_, has, wants)| has != wants);
    let differ = differ.map(|(field, has, wants)| Difference { field, has, wants });
    differ.chain(immutable_access(spec, group, tags, now)).collect()
}

fn mode(is_enabled: bool) -> String {
    if is_enabled { "enabled" } else { "disabled" }.to_owned()
}

/// No token is taken back, and none stands without TLS; TLS itself changes under a version that can (facts 1.5, 2.2).
fn immutable_access(
    spec: &GroupSpec,
    group: &GroupView,
    tags: &Tags,
    now: Timestamp,
) -> Vec<Difference> {
    let word = |it: Tls| it.mode().unwrap_or("off").to_owned();
    let stays = group.auth_token_enabled && !token::given_lately(tags, now);
    let why_not = match () {
        () if stays => Some("which a cache with a token cannot have,"),
        () if !changes_tls(will_run(spec, group)) => Some("which takes Redis 7.0.5,"),
        () => None,
    };
    let tls = why_not.filter(|_| group.tls != spec.tls).map(|why| Difference {
        field: "EnableEncryptionInTransit",
        has: word(group.tls),
        wants: format!("{}, {why}", word(spec.tls)),
    });
    let drops = stays && !spec.protection.has_token() && spec.user_groups.is_empty();
    let token = drops.then(|| Difference {
        field: "EnableAuthToken",
        has: true.to_string(),
        wants: "false, which takes UserGroupIds in its place,".to_owned(),
    });
    tls.into_iter().chain(token).collect()
}

/// What the group runs when all else is as stated.
fn will_run(spec: &GroupSpec, group: &GroupView) -> Release {
    let stated = spec.release();
    let runs = diff::release(group);
    runs.filter(|it| stated.is_met_by(*it) || it.is_newer_than(stated)).unwrap_or(stated)
}

/// The id of a key: ElastiCache tells a key by its id or by its ARN.
fn key(text: Option<&str>) -> String {
    let id = |it: &str| it.rsplit_once("key/").map_or(it, |(_, id)| id).to_owned();
    text.map_or("ElastiCache's own key".to_owned(), id)
}

/// Whether a group ran this engine and version until a day ago. A stack that fails after an upgrade asks for the old version in its rollback;
/// there is no way back, and a rollback that fails would leave the stack stuck, so the newer version is kept and told.
pub(super) fn upgraded_lately(tags: &Tags, stated: Release, now: Timestamp) -> bool {
    let Some((from, at)) = tags.get(tag::UPGRADED).and_then(|it| it.split_once(" at ")) else {
        return false;
    };
    let (Ok(from), Ok(at)) = (from.parse::<Release>(), at.parse::<Timestamp>()) else {
        return false;
    };
    let until = at.saturating_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
    now < until && stated.is_met_by(from)
}
