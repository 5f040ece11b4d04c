//! How clients of a group connect, and as whom; its token is in `token.rs`.

use aws_sdk_elasticache::types::{
    AuthTokenUpdateStrategyType, AuthenticationType, TransitEncryptionMode,
};
use domain::GroupId;
use domain::group::Tls;
use domain::provision::UserGroupView;

use super::create::some_unless_empty;
use crate::{ElastiCache, Fault};

impl ElastiCache {
    /// Turns encryption in transit on or off, as far as it goes in one step (facts 1.5).
    pub async fn set_tls(&self, id: &GroupId, to: Tls) -> Result<(), Fault> {
        let request = self.modify(id).transit_encryption_enabled(to != Tls::Off);
        super::change::send(
            request.set_transit_encryption_mode(to.mode().map(TransitEncryptionMode::from)),
        )
        .await
    }

    /// Has users of other user groups log in, in the place of a token where there is one (facts 2.2).
    pub async fn set_users(
        &self,
        id: &GroupId,
        add: &[String],
        remove: &[String],
        drops_token: bool,
    ) -> Result<(), Fault> {
        let request = self
            .modify(id)
            .set_user_group_ids_to_add(some_unless_empty(add))
            .set_user_group_ids_to_remove(some_unless_empty(remove))
            .set_auth_token_update_strategy(
                drops_token.then_some(AuthTokenUpdateStrategyType::Delete),
            );
        super::change::send(request).await
    }

    /// Looks at these user groups, as far as they are there.
    pub async fn user_groups(&self, ids: &[String]) -> Result<Vec<UserGroupView>, Fault> {
        let found = self.api_user_groups(ids).await?.into_iter();
        Ok(found
            .map(|it| UserGroupView {
                id: it.user_group_id.unwrap_or_default(),
                engine: it.engine.unwrap_or_default(),
                status: it.status.unwrap_or_default(),
                iam_users: Vec::new(),
            })
            .collect())
    }

    /// Tells of each of these user groups which of its users log in with IAM.
    pub async fn tell_iam_users(&self, groups: &mut [UserGroupView]) -> Result<(), Fault> {
        let mut users = self.client.describe_users().into_paginator().items().send();
        while let Some(user) = users.next().await {
            let user = user.map_err(|err| Fault::from_sdk("DescribeUsers", err))?;
            let login = user.authentication().and_then(|it| it.r#type());
            if login != Some(&AuthenticationType::Iam) {
                continue;
            }
            let has_it = |it: &&mut UserGroupView| user.user_group_ids().contains(&it.id);
            for group in groups.iter_mut().filter(has_it) {
                group.iam_users.push(user.user_id().unwrap_or_default().to_owned());
            }
        }
        Ok(())
    }
}
