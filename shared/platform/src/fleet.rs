//! Everything that carries our tags, found with one paged call (Resource Groups Tagging).

use aws_sdk_resourcegroupstagging::Client;
use aws_sdk_resourcegroupstagging::types::builders::TagFilterBuilder;
use aws_sdk_resourcegroupstagging::types::{ResourceTagMapping, TagFilter};
use domain::{Arn, GroupId, Tags, tag};

use crate::{Aws, Fault};

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Fleet {
    client: Client,
}

/// A tagged thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Tagged {
    /// What it is.
    pub arn: Arn,
    /// All of its tags.
    pub tags: Tags,
}

impl Tagged {
    /// The id of the replication group that this is, if it is one.
    pub fn group_id(&self) -> Option<GroupId> {
        GroupId::parse(self.arn.resource().strip_prefix("replicationgroup:")?).ok()
    }

    /// The name of the alarm that this is, if it is one.
    pub fn alarm_name(&self) -> Option<&str> {
        self.arn.resource().strip_prefix("alarm:")
    }

    /// The name of the snapshot that this is, if it is one.
    pub fn snapshot_name(&self) -> Option<&str> {
        self.arn.resource().strip_prefix("snapshot:")
    }

    /// The id of the group that it belongs to, as its tag says.
    pub fn of_group(&self) -> Option<GroupId> {
        GroupId::parse(self.tags.get(tag::GROUP)?).ok()
    }
}

impl Fleet {
    /// Makes the client.
    pub fn new(aws: &Aws) -> Self {
        Self { client: Client::new(aws.config()) }
    }

    /// The replication groups that carry a tag of this key.
    pub async fn groups(&self, key: &str) -> Result<Vec<Tagged>, Fault> {
        self.tagged("elasticache:replicationgroup", having(key)).await
    }

    /// The same, one after another, for whoever has no room for all of them at once.
    pub async fn each_group(&self, key: &str, take: impl FnMut(Tagged)) -> Result<(), Fault> {
        self.each("elasticache:replicationgroup", having(key), take).await
    }

    /// The secrets that carry a tag of this key.
    pub async fn secrets(&self, key: &str) -> Result<Vec<Tagged>, Fault> {
        self.tagged("secretsmanager:secret", having(key)).await
    }

    /// The snapshots that carry a tag of this key.
    pub async fn snapshots(&self, key: &str) -> Result<Vec<Tagged>, Fault> {
        self.tagged("elasticache:snapshot", having(key)).await
    }

    /// The same, one after another, for whoever has no room for all of them at once.
    pub async fn each_snapshot(&self, key: &str, take: impl FnMut(Tagged)) -> Result<(), Fault> {
        self.each("elasticache:snapshot", having(key), take).await
    }

    /// The snapshots that carry this tag with this value.
    pub async fn snapshots_with(&self, key: &str, value: &str) -> Result<Vec<Tagged>, Fault> {
        self.tagged("elasticache:snapshot", having(key).values(value)).await
    }

    /// The snapshots that carry this tag with one of these values, one after another.
    pub async fn each_snapshot_with(
        &self,
        key: &str,
        values: &[&str],
        mut take: impl FnMut(Tagged),
    ) -> Result<(), Fault> {
        for some in values.chunks(VALUES_A_CALL) {
            let texts = some.iter().map(|it| (*it).to_owned()).collect();
            let filter = having(key).set_values(Some(texts));
            self.each("elasticache:snapshot", filter, &mut take).await?;
        }
        Ok(())
    }

    /// The alarms that carry a tag of this key.
    pub async fn alarms(&self, key: &str) -> Result<Vec<Tagged>, Fault> {
        self.tagged("cloudwatch:alarm", having(key)).await
    }

    /// The tags of one thing, whatever it is busy with. The list lags behind; of what it does not know there are none.
    pub async fn tags(&self, arn: &str) -> Result<Tags, Fault> {
        let found = self.these(&[arn.to_owned()]).await?;
        Ok(found.into_iter().flat_map(|it| it.tags).collect())
    }

    /// Those of these things that have tags, with them.
    pub async fn these(&self, arns: &[String]) -> Result<Vec<Tagged>, Fault> {
        let mut found = Vec::new();
        for some in arns.chunks(ARNS_A_CALL) {
            let request = self.client.get_resources().set_resource_arn_list(Some(some.to_vec()));
            let answer = request.send().await.map_err(|err| Fault::from_sdk(CALL, err))?;
            let tagged = answer.resource_tag_mapping_list().iter().filter_map(tagged);
            found.extend(tagged.filter(|it| some.iter().any(|arn| it.arn.as_str() == arn)));
        }
        Ok(found)
    }

    async fn tagged(&self, kind: &str, filter: TagFilterBuilder) -> Result<Vec<Tagged>, Fault> {
        let mut found = Vec::new();
        self.each(kind, filter, |it| found.push(it)).await?;
        Ok(found)
    }

    async fn each(
        &self,
        kind: &str,
        filter: TagFilterBuilder,
        mut take: impl FnMut(Tagged),
    ) -> Result<(), Fault> {
        let mut pages = self
            .client
            .get_resources()
            .resource_type_filters(kind)
            .tag_filters(filter.build())
            .resources_per_page(RESOURCES_A_PAGE)
            .into_paginator()
            .items()
            .send();
        while let Some(resource) = pages.next().await {
            let resource = resource.map_err(|err| Fault::from_sdk(CALL, err))?;
            take(tagged(&resource).ok_or_else(|| Fault::strange(CALL, "a resource has no ARN"))?);
        }
        Ok(())
    }
}

/// The service takes a hundred. It gives fifty a page where nobody says another number, and with ARNs neither that nor a page may be said.
const ARNS_A_CALL: usize = 50;
/// A filter has this many values at most.
const VALUES_A_CALL: usize = 20;
/// As many as the service gives at once.
const RESOURCES_A_PAGE: i32 = 100;

fn having(key: &str) -> TagFilterBuilder {
    TagFilter::builder().key(key)
}

const CALL: &str = "GetResources";

fn tagged(resource: &ResourceTagMapping) -> Option<Tagged> {
    let tags = resource.tags().iter().map(|it| (it.key().to_owned(), it.value().to_owned()));
    Some(Tagged { arn: Arn::parse(resource.resource_arn()?).ok()?, tags: tags.collect() })
}
