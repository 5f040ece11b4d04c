//! Counting keys: what a group holds right before a snapshot, for whoever restores it one day.
//!
//! It never holds up a snapshot. Where it cannot be done, the snapshot has no record, and the answer says why.

use domain::group::Tls;
use domain::owner::short_hash;
use domain::rotate::{Label, UserId};
use domain::snapshot::drill::Undrillable;
use domain::snapshot::record::{Contents, Record};
use domain::snapshot::take::ReadFrom;
use domain::{Arn, AuthToken, GroupView, MemberView, Role, SnapshotName, tag};
use platform::probe::{Depth, Door, Line, Uncounted};
use platform::{Clock, Fault};

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
    let nodes: Vec<&MemberView> = match of {
        ReadFrom::Member(member) => group.members.iter().filter(|it| it.id == *member).collect(),
        ReadFrom::Group(_) => one_of_each_shard(group),
    };
    // The same for each look at the same snapshot, and another for each snapshot.
    let salt = u32::from_str_radix(&short_hash(name.as_str()), 16).unwrap_or_default();
    let secret = secret.map(String::as_str);
    let count = Count { group, secret, nodes: &nodes, depth: Depth::Few(salt) };
    Ok(Record { contents: count.by(app, clock).await?, salt })
}

/// What is to be counted.
pub(crate) struct Count<'a> {
    /// In this group.
    pub(crate) group: &'a GroupView,
    /// The token of this secret opens it, where it asks for one.
    pub(crate) secret: Option<&'a str>,
    /// On these of its nodes.
    pub(crate) nodes: &'a [&'a MemberView],
    /// How closely.
    pub(crate) depth: Depth<'a>,
}

impl Count<'_> {
    /// Counts with whatever opens the nodes.
    ///
    /// # Errors
    ///
    /// Nothing opens them, or they do not answer.
    pub(crate) async fn by(&self, app: &App, clock: Clock) -> Result<Contents, String> {
        if !self.group.user_groups.is_empty() {
            return self.by_users(app, clock).await;
        }
        let token = match self.secret {
            _ if !self.group.auth_token_enabled => None,
            Some(secret) => {
                Some(app.secrets.token(secret).await.map_err(|fault| fault.to_string())?)
            }
            None => {
                let group = &self.group.id;
                return Err(format!("{group} asks for a token, and no tag names its secret"));
            }
        };
        let counted = self.through(app, None, token, clock).await;
        if let (Err(Uncounted::Shut { .. }), true) = (&counted, self.group.auth_token_enabled)
            && let Some(token) = self.token_before(app).await
        {
            return self.through(app, None, Some(token), clock).await.map_err(|it| it.to_string());
        }
        counted.map_err(|it| it.to_string())
    }

    /// The token before the last rotation. That changes a group that it knows: one that a drill made meanwhile still has the former.
    async fn token_before(&self, app: &App) -> Option<AuthToken> {
        let secret = self.secret?;
        // Where nobody tells, it stays at what the nodes said.
        let seen = app.secrets.described(&Arn::parse(secret).ok()?).await.ok().flatten()?;
        let version = seen.labels.of(Label::Previous)?;
        let held = app.secrets.value(&seen, version, Some(Label::Previous)).await.ok()?;
        held.token().cloned()
    }

    /// Counts as one of the users. Where one is not let in, or not so far, the next may be.
    async fn by_users(&self, app: &App, clock: Clock) -> Result<Contents, String> {
        let group = &self.group.id;
        let known = users(app, self.group).await.map_err(|fault| fault.to_string())?;
        if known.is_empty() {
            return Err(Undrillable::Users { group: group.clone() }.to_string());
        }
        let mut whys = Vec::new();
        for known in known {
            let counted = match known.login(app).await {
                Ok((name, password)) => self.through(app, Some(name), Some(password), clock).await,
                Err(why) => {
                    whys.push(why);
                    continue;
                }
            };
            match counted {
                Ok(contents) => return Ok(contents),
                Err(shut @ Uncounted::Shut { .. }) => whys.push(shut.to_string()),
                Err(silent @ Uncounted::Silent { .. }) => return Err(silent.to_string()),
            }
        }
        Err(whys.join("; "))
    }

    async fn through(
        &self,
        app: &App,
        user: Option<String>,
        token: Option<AuthToken>,
        clock: Clock,
    ) -> Result<Contents, Uncounted> {
        let line = match self.group.tls {
            Tls::Off => Line::Plain,
            Tls::Preferred | Tls::Required => Line::Tls,
        };
        app.dialler.count(self.nodes, &Door { line, user, token }, self.depth, clock).await
    }
}

/// A user, and the secret of ours that holds its password.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Known {
    pub(crate) user: UserId,
    secret: Arn,
}

impl Known {
    /// The name and the password that it logs in with.
    async fn login(&self, app: &App) -> Result<(String, AuthToken), String> {
        let Self { user, secret } = self;
        let seen = app.elasticache.user_alone(user).await.map_err(|fault| fault.to_string())?;
        let seen = seen.ok_or_else(|| format!("the user {user} is gone"))?;
        if seen.logs_in_by != "password" {
            return Err(format!("the user {user} logs in by {}", seen.logs_in_by));
        }
        let password = app.secrets.password(secret.as_str()).await;
        Ok((seen.name, password.map_err(|fault| fault.to_string())?))
    }
}

/// The users of a group whose passwords are in secrets of ours, in the order of their ids.
pub(crate) async fn users(app: &App, group: &GroupView) -> Result<Vec<Known>, Fault> {
    let found = app.fleet.secrets(tag::USER).await?;
    let known = found.into_iter().filter_map(|it| {
        let user = UserId::of_secret(&it.tags)?;
        Some(Known { user, secret: it.arn })
    });
    let mut known: Vec<Known> = known.collect();
    // Where nobody has a secret, nobody asks who there is.
    if !known.is_empty() {
        let members = app.elasticache.users_of(&group.user_groups).await?;
        known.retain(|it| members.contains(&it.user));
    }
    known.sort();
    Ok(known)
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
