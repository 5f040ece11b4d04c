//! Parameter groups, as far as we set anything in them: what is dropped when memory runs out.

use std::collections::BTreeSet;

use aws_sdk_elasticache::types::ParameterNameValue;
use domain::provision::ParameterGroupView;
use domain::{GroupId, Tags};

use super::group::{api_tags, is_of};
use super::network::{done_if_gone, look_again_if_taken};
use crate::{ElastiCache, Fault};

const MAXMEMORY_POLICY: &str = "maxmemory-policy";

impl ElastiCache {
    /// Looks at the parameter groups that a rule picks by name and family, with their tags and what was set in them.
    pub async fn parameter_groups(
        &self,
        is_picked: impl Fn(&str, &str) -> bool,
    ) -> Result<Vec<ParameterGroupView>, Fault> {
        const CALL: &str = "DescribeCacheParameterGroups";
        let mut pages =
            self.client.describe_cache_parameter_groups().into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(group) = pages.next().await {
            let group = group.map_err(|err| Fault::from_sdk(CALL, err))?;
            let name = group.cache_parameter_group_name().unwrap_or_default();
            let family = group.cache_parameter_group_family().unwrap_or_default();
            if !is_picked(name, family) {
                continue;
            }
            let arn =
                group.arn().ok_or_else(|| Fault::strange(CALL, "a parameter group has no ARN"))?;
            let Some(tags) = self.tags(arn).await? else { continue };
            found.push(ParameterGroupView {
                name: name.to_owned(),
                family: family.to_owned(),
                maxmemory_policy: self.maxmemory_policy(name).await?,
                tags,
            });
        }
        Ok(found)
    }

    /// The parameter groups that nodes of other groups than this one have.
    pub async fn parameter_groups_but_of(
        &self,
        group: &GroupId,
    ) -> Result<BTreeSet<String>, Fault> {
        let others = self.clusters(|it| !is_of(it, group)).await?;
        let named = others.iter().filter_map(|it| it.cache_parameter_group());
        Ok(named.filter_map(|it| it.cache_parameter_group_name()).map(str::to_owned).collect())
    }

    async fn maxmemory_policy(&self, group: &str) -> Result<Option<String>, Fault> {
        let mut pages = self
            .client
            .describe_cache_parameters()
            .cache_parameter_group_name(group)
            // What was set by a user; the other hundred parameters stay unread.
            .source("user")
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = match page.map_err(|err| Fault::from_sdk("DescribeCacheParameters", err)) {
                Err(fault) if fault.is_gone() => return Ok(None),
                page => page?,
            };
            let set =
                page.parameters().iter().find(|it| it.parameter_name() == Some(MAXMEMORY_POLICY));
            if let Some(set) = set {
                return Ok(set.parameter_value().map(str::to_owned));
            }
        }
        Ok(None)
    }

    /// Makes a parameter group of a family. One of that name is looked at again.
    pub async fn make_parameter_group(
        &self,
        name: &str,
        family: &str,
        description: &str,
        tags: &Tags,
    ) -> Result<(), Fault> {
        let made = self
            .client
            .create_cache_parameter_group()
            .cache_parameter_group_name(name)
            .cache_parameter_group_family(family)
            .description(description)
            .set_tags(Some(api_tags(tags)))
            .send()
            .await
            .map_err(|err| Fault::from_sdk("CreateCacheParameterGroup", err));
        look_again_if_taken(made.map(drop))
    }

    /// Sets what is dropped when memory runs out. It takes effect at once on every group that has the parameter group.
    pub async fn set_maxmemory_policy(&self, group: &str, policy: &str) -> Result<(), Fault> {
        let value = ParameterNameValue::builder()
            .parameter_name(MAXMEMORY_POLICY)
            .parameter_value(policy)
            .build();
        self.client
            .modify_cache_parameter_group()
            .cache_parameter_group_name(group)
            .parameter_name_values(value)
            .send()
            .await
            .map_err(|err| Fault::from_sdk("ModifyCacheParameterGroup", err))?;
        Ok(())
    }

    /// Deletes a parameter group; one that is gone is no mistake.
    pub async fn delete_parameter_group(&self, name: &str) -> Result<(), Fault> {
        let deleted = self
            .client
            .delete_cache_parameter_group()
            .cache_parameter_group_name(name)
            .send()
            .await
            .map_err(|err| Fault::from_sdk("DeleteCacheParameterGroup", err));
        done_if_gone(deleted.map(drop))
    }
}
