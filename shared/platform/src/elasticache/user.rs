//! A user, the groups that carry it, and its passwords.

use std::collections::BTreeSet;

use aws_config::retry::RetryConfig;
use aws_sdk_elasticache::Config;
use aws_sdk_elasticache::types::{Authentication, User, UserGroup};
use domain::rotate::{Carried, UserId, UserView};
use domain::{AuthToken, GroupId, GroupStatus, GroupView};

use crate::{ElastiCache, Fault, abreast};

impl ElastiCache {
    /// Looks at a user and at every group that carries it, or finds it gone. A group that is going, or never came about, has no node to
    /// log in to, and is left out.
    pub async fn user(&self, id: &UserId) -> Result<Option<Carried>, Fault> {
        let Some(user) = self.user_alone(id).await? else { return Ok(None) };
        let carriers = self.carriers(&user.user_groups).await?;
        let seen = abreast(&carriers, |id| self.group_to_log_in_to(id)).await;
        let seen = seen.into_iter().collect::<Result<Vec<_>, _>>()?;
        let groups = seen.into_iter().flatten().filter(may_be_logged_in_to).collect();
        Ok(Some(Carried { user, groups }))
    }

    /// Looks at a user and at no group, or finds it gone.
    pub async fn user_alone(&self, id: &UserId) -> Result<Option<UserView>, Fault> {
        let answer = self.client.describe_users().user_id(id.as_str()).send().await;
        match answer.map_err(|err| Fault::from_sdk("DescribeUsers", err)) {
            Ok(answer) => Ok(answer.users().first().map(|it| view(id, it))),
            Err(fault) if fault.is_gone() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// The ids of the users of these user groups.
    pub async fn users_of(&self, user_groups: &[String]) -> Result<BTreeSet<UserId>, Fault> {
        let seen = self.api_user_groups(user_groups).await?;
        let users = seen.iter().flat_map(UserGroup::user_ids);
        users.map(|it| strange_unless(UserId::parse(it))).collect()
    }

    /// The replication groups that these user groups are on.
    async fn carriers(&self, user_groups: &[String]) -> Result<Vec<GroupId>, Fault> {
        let mut carriers = Vec::new();
        for seen in self.api_user_groups(user_groups).await? {
            for name in seen.replication_groups() {
                let id = strange_unless(GroupId::parse(name))?;
                if !carriers.contains(&id) {
                    carriers.push(id);
                }
            }
        }
        Ok(carriers)
    }

    /// Looks at these user groups. One that is gone is left out.
    pub(super) async fn api_user_groups(&self, ids: &[String]) -> Result<Vec<UserGroup>, Fault> {
        let mut seen = Vec::new();
        for id in ids {
            let answer = self.client.describe_user_groups().user_group_id(id).send().await;
            match answer.map_err(|err| Fault::from_sdk(CALL, err)) {
                Ok(answer) => seen.extend(answer.user_groups.unwrap_or_default()),
                Err(fault) if fault.is_gone() => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(seen)
    }

    /// Has a user log in with these passwords and no others.
    ///
    /// Sent once, as with tokens: where an answer is lost, the next look tells.
    pub async fn set_passwords(
        &self,
        user: &UserId,
        passwords: &[&AuthToken],
    ) -> Result<(), Fault> {
        let once = Config::builder().retry_config(RetryConfig::disabled());
        let texts = passwords.iter().map(|it| it.expose().to_owned()).collect();
        let sent = self
            .client
            .modify_user()
            .user_id(user.as_str())
            .set_passwords(Some(texts))
            .customize()
            .config_override(once)
            .send()
            .await;
        // The request is never printed, and the service's own words only without the passwords (facts 10).
        let hidden = |fault| passwords.iter().fold(fault, |fault: Fault, it| fault.without(it));
        sent.map_err(|err| hidden(Fault::from_sdk("ModifyUser", err)))?;
        Ok(())
    }
}

const CALL: &str = "DescribeUserGroups";

fn strange_unless<T>(parsed: Result<T, impl ToString>) -> Result<T, Fault> {
    parsed.map_err(|err| Fault::strange(CALL, err.to_string()))
}

fn may_be_logged_in_to(group: &GroupView) -> bool {
    !matches!(group.status, GroupStatus::Deleting | GroupStatus::CreateFailed)
}

fn view(id: &UserId, api: &User) -> UserView {
    let authentication = api.authentication();
    let count = authentication.and_then(Authentication::password_count).unwrap_or_default();
    UserView {
        id: id.clone(),
        name: api.user_name().unwrap_or_default().to_owned(),
        status: api.status().unwrap_or_default().to_owned(),
        logs_in_by: authentication
            .and_then(|it| it.r#type())
            .map_or("an unknown way", |it| it.as_str())
            .to_owned(),
        passwords: u32::try_from(count).unwrap_or_default(),
        user_groups: api.user_group_ids().to_vec(),
    }
}
