//! Counting keys: what a group holds right before a snapshot, for whoever restores it one day.
//!
//! It never holds up a snapshot. Where it cannot be done, the snapshot has no record, and the answer says why.

use domain::group::Tls;
use domain::owner::short_hash;
use domain::snapshot::record::Record;
use domain::snapshot::take::ReadFrom;
use domain::{GroupView, MemberView, Role, SnapshotName, tag};
use platform::Clock;
use platform::probe::{Depth, Door, Line};

use crate::App;

/// What a group holds, as a record for the snapshot of this name.
///
/// # Errors
///
/// Why nobody counted, in words.
pub(crate) async fn record(
    app: &App,
    group: &GroupView,
    of: &ReadFrom,
    name: &SnapshotName,
    clock: Clock,
) -> Result<Record, String> {
    if !app.settings.counts_keys {
        return Err("this function stands outside of the VPC".to_owned());
    }
    let secret = group.tags.as_ref().and_then(|it| it.get(tag::SECRET));
    let door = door(app, group, secret.map(String::as_str)).await?;
    let nodes = match of {
        ReadFrom::Member(member) => group.members.iter().filter(|it| it.id == *member).collect(),
        ReadFrom::Group(_) => one_of_each_shard(group),
    };
    // The same for each look at the same snapshot, and another for each snapshot.
    let salt = u32::from_str_radix(&short_hash(name.as_str()), 16).unwrap_or_default();
    let counted = app.dialler.count(&nodes, &door, Depth::Few(salt), clock).await;
    let contents = counted.map_err(|err| err.to_string())?;
    Ok(Record { contents, salt })
}

/// What opens the nodes of a group: the token of this secret, where it asks for one.
///
/// # Errors
///
/// There is nothing to open it with.
pub(crate) async fn door(
    app: &App,
    group: &GroupView,
    secret: Option<&str>,
) -> Result<Door, String> {
    let line = match group.tls {
        Tls::Off => Line::Plain,
        Tls::Preferred | Tls::Required => Line::Tls,
    };
    if !group.user_groups.is_empty() {
        return Err(format!(
            "{} lets in users, and snapshots are not given the password of one",
            group.id
        ));
    }
    if !group.auth_token_enabled {
        return Ok(Door { line, token: None });
    }
    let Some(secret) = secret else {
        return Err(format!("{} asks for a token, and no tag names its secret", group.id));
    };
    let token = app.secrets.token(secret).await.map_err(|fault| fault.to_string())?;
    Ok(Door { line, token: Some(token) })
}

/// A replica of each shard by its present role, and the primary where there is no other.
pub(crate) fn one_of_each_shard(group: &GroupView) -> Vec<&MemberView> {
    if group.shards.is_empty() {
        let replica = group.members.iter().find(|it| it.role == Some(Role::Replica));
        return replica.or(group.members.first()).into_iter().collect();
    }
    let of_shard = |ids: &[domain::MemberId]| {
        let mut members: Vec<&MemberView> =
            group.members.iter().filter(|it| ids.contains(&it.id)).collect();
        members.sort_by_key(|it| it.role == Some(Role::Primary));
        members.into_iter().next()
    };
    group.shards.iter().filter_map(|it| of_shard(&it.members)).collect()
}
