//! The AUTH token of a group.

use aws_config::retry::RetryConfig;
use aws_sdk_elasticache::Config;
use aws_sdk_elasticache::types::AuthTokenUpdateStrategyType;
use domain::rotate::Change;
use domain::{AuthToken, GroupId};

use crate::{ElastiCache, Fault};

impl ElastiCache {
    /// Has a group accept this token: beside the present one (`ROTATE`) or alone (`SET`).
    ///
    /// Where users log in, their user groups have to go with the same call.
    ///
    /// The client sends it once and does not retry by itself. Where an answer is lost the change may have been taken, and what a second `ROTATE`
    /// with the same token does to the other one nobody knows (facts U3).
    pub async fn change_token(
        &self,
        group: &GroupId,
        token: &AuthToken,
        change: Change,
        in_place_of_users: bool,
    ) -> Result<(), Fault> {
        let once = Config::builder().retry_config(RetryConfig::disabled());
        self.client
            .modify_replication_group()
            .replication_group_id(group.as_str())
            .auth_token(token.expose())
            .auth_token_update_strategy(match change {
                Change::Rotate => AuthTokenUpdateStrategyType::Rotate,
                Change::Set => AuthTokenUpdateStrategyType::Set,
            })
            .set_remove_user_groups(in_place_of_users.then_some(true))
            .apply_immediately(true)
            .customize()
            .config_override(once)
            .send()
            .await
            // The request is never printed, and the service's own words only without the token (facts 10).
            .map_err(|err| Fault::from_sdk("ModifyReplicationGroup", err).without(token))?;
        Ok(())
    }
}
