//! Subnet groups: where the nodes of a group stand.

use domain::Tags;
use domain::provision::SubnetGroupView;

use super::group::api_tags;
use crate::{ElastiCache, Fault, FaultKind};

impl ElastiCache {
    /// Looks at a subnet group and its tags, or finds it gone.
    pub async fn subnet_group(&self, name: &str) -> Result<Option<SubnetGroupView>, Fault> {
        const CALL: &str = "DescribeCacheSubnetGroups";
        let answer = self
            .client
            .describe_cache_subnet_groups()
            .cache_subnet_group_name(name)
            .send()
            .await
            .map_err(|err| Fault::from_sdk(CALL, err));
        let answer = match answer {
            Err(fault) if fault.is_gone() => return Ok(None),
            answer => answer?,
        };
        let Some(group) = answer.cache_subnet_groups().first() else { return Ok(None) };
        let arn = group.arn().ok_or_else(|| Fault::strange(CALL, "a subnet group has no ARN"))?;
        let Some(tags) = self.tags(arn).await? else { return Ok(None) };
        let subnets = group.subnets().iter().filter_map(|it| it.subnet_identifier());
        Ok(Some(SubnetGroupView {
            name: group.cache_subnet_group_name().unwrap_or(name).to_owned(),
            arn: arn.to_owned(),
            subnets: subnets.map(str::to_owned).collect(),
            tags,
        }))
    }

    /// Makes a subnet group. One of that name is looked at again: it may be ours, from a call whose answer was lost.
    pub async fn make_subnet_group(
        &self,
        name: &str,
        description: &str,
        subnets: &[String],
        tags: &Tags,
    ) -> Result<(), Fault> {
        let made = self
            .client
            .create_cache_subnet_group()
            .cache_subnet_group_name(name)
            .cache_subnet_group_description(description)
            .set_subnet_ids(Some(subnets.to_vec()))
            .set_tags(Some(api_tags(tags)))
            .send()
            .await
            .map_err(|err| Fault::from_sdk("CreateCacheSubnetGroup", err));
        look_again_if_taken(made.map(drop))
    }

    /// Gives a subnet group these subnets.
    pub async fn change_subnets(&self, name: &str, subnets: &[String]) -> Result<(), Fault> {
        self.client
            .modify_cache_subnet_group()
            .cache_subnet_group_name(name)
            .set_subnet_ids(Some(subnets.to_vec()))
            .send()
            .await
            .map_err(|err| Fault::from_sdk("ModifyCacheSubnetGroup", err))?;
        Ok(())
    }

    /// Deletes a subnet group; one that is gone is no mistake.
    pub async fn delete_subnet_group(&self, name: &str) -> Result<(), Fault> {
        let deleted = self
            .client
            .delete_cache_subnet_group()
            .cache_subnet_group_name(name)
            .send()
            .await
            .map_err(|err| Fault::from_sdk("DeleteCacheSubnetGroup", err));
        done_if_gone(deleted.map(drop))
    }
}

/// Takes "there is one of that name" for "look again": whose it is, the next look tells.
pub(crate) fn look_again_if_taken(made: Result<(), Fault>) -> Result<(), Fault> {
    match made {
        Err(fault) if fault.kind == FaultKind::Taken => {
            Err(Fault { kind: FaultKind::Busy, ..fault })
        }
        made => made,
    }
}

/// Takes "there is none" for done.
pub(crate) fn done_if_gone(deleted: Result<(), Fault>) -> Result<(), Fault> {
    match deleted {
        Err(fault) if fault.is_gone() => Ok(()),
        deleted => deleted,
    }
}
