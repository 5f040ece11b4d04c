//! Parameter groups, and what was set in them.

use std::collections::BTreeSet;

use aws_sdk_elasticache::types::{Parameter, ParameterNameValue};
use domain::provision::ParameterGroupView;
use domain::provision::parameters::{EngineParameter, Parameters};
use domain::{GroupId, Tags};

use super::group::{api_tags, is_of};
use super::network::{done_if_gone, look_again_if_taken};
use crate::{ElastiCache, Fault};

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
                values: self.values(name).await?,
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

    /// What was set by a user; the other hundred parameters stay unread.
    /// What an operator set in a parameter group; nothing where it is gone.
    pub async fn own_parameters(&self, group: &str) -> Result<Parameters, Fault> {
        self.values(group).await
    }

    async fn values(&self, group: &str) -> Result<Parameters, Fault> {
        let mut pages = self
            .client
            .describe_cache_parameters()
            .cache_parameter_group_name(group)
            .source("user")
            .into_paginator()
            .items()
            .send();
        let mut values = Parameters::new();
        while let Some(set) = pages.next().await {
            match set.map_err(|err| Fault::from_sdk("DescribeCacheParameters", err)) {
                Err(fault) if fault.is_gone() => return Ok(Parameters::new()),
                set => values.extend(named(&set?)),
            }
        }
        Ok(values)
    }

    /// The parameters that the engine has in a family, and what each may be.
    pub async fn engine_parameters(&self, family: &str) -> Result<Vec<EngineParameter>, Fault> {
        let mut pages = self
            .client
            .describe_engine_default_parameters()
            .cache_parameter_group_family(family)
            .into_paginator()
            .items()
            .send();
        let mut known = Vec::new();
        while let Some(one) = pages.next().await {
            let one = one.map_err(|err| Fault::from_sdk("DescribeEngineDefaultParameters", err))?;
            let Some((name, default)) = named(&one) else { continue };
            known.push(EngineParameter {
                name,
                default,
                allowed: one.allowed_values().unwrap_or_default().to_owned(),
                modifiable: one.is_modifiable().unwrap_or(true),
            });
        }
        Ok(known)
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

    /// Sets parameters, twenty at most. Most take effect at once on every group that has the parameter group.
    pub async fn set_parameters(&self, group: &str, values: &Parameters) -> Result<(), Fault> {
        let pair = |(name, value): (&String, &String)| {
            ParameterNameValue::builder().parameter_name(name).parameter_value(value).build()
        };
        self.client
            .modify_cache_parameter_group()
            .cache_parameter_group_name(group)
            .set_parameter_name_values(Some(values.iter().map(pair).collect()))
            .send()
            .await
            .map_err(|err| Fault::from_sdk("ModifyCacheParameterGroup", err))?;
        Ok(())
    }

    /// Gives these parameters, twenty at most, their defaults again, and leaves the others.
    pub async fn reset_parameters(&self, group: &str, names: &[String]) -> Result<(), Fault> {
        let by_name = |it: &String| ParameterNameValue::builder().parameter_name(it).build();
        self.client
            .reset_cache_parameter_group()
            .cache_parameter_group_name(group)
            .set_parameter_name_values(Some(names.iter().map(by_name).collect()))
            .send()
            .await
            .map_err(|err| Fault::from_sdk("ResetCacheParameterGroup", err))?;
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

fn named(parameter: &Parameter) -> Option<(String, String)> {
    let value = parameter.parameter_value().unwrap_or_default();
    Some((parameter.parameter_name()?.to_owned(), value.to_owned()))
}
