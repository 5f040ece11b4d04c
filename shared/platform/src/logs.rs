//! Log groups of CloudWatch Logs: whose they are, and how long they keep what is in them.

use std::collections::BTreeSet;

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::LogGroup;
use domain::Tags;
use domain::provision::LogGroupView;

use crate::elasticache::{done_if_gone, look_again_if_taken};
use crate::{Aws, Fault, FaultKind};

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LogGroups {
    client: Client,
}

impl LogGroups {
    /// Makes the client.
    pub fn new(aws: &Aws) -> Self {
        Self { client: Client::new(aws.config()) }
    }

    /// Looks at the log groups of these names, as far as they are there.
    pub async fn of(&self, names: &BTreeSet<String>) -> Result<Vec<LogGroupView>, Fault> {
        let mut found = Vec::new();
        for name in names {
            found.extend(self.one(name).await?);
        }
        Ok(found)
    }

    async fn one(&self, name: &str) -> Result<Option<LogGroupView>, Fault> {
        const CALL: &str = "DescribeLogGroups";
        let pages = self.client.describe_log_groups().log_group_name_prefix(name);
        let mut pages = pages.into_paginator().items().send();
        while let Some(group) = pages.next().await {
            let group = group.map_err(|err| Fault::from_sdk(CALL, err))?;
            if group.log_group_name() == Some(name) {
                return self.with_tags(name, &group).await;
            }
        }
        Ok(None)
    }

    async fn with_tags(&self, name: &str, group: &LogGroup) -> Result<Option<LogGroupView>, Fault> {
        // The older of the two ARNs ends in `:*`, and is none of a thing with tags.
        let older = group.arn().map(|it| it.trim_end_matches(":*"));
        let arn = group.log_group_arn().or(older).ok_or_else(|| {
            Fault::strange("DescribeLogGroups", format!("the log group {name} has no ARN"))
        })?;
        let Some(tags) = self.tags(arn).await? else { return Ok(None) };
        Ok(Some(LogGroupView {
            name: name.to_owned(),
            tags,
            retention_days: group.retention_in_days().and_then(|it| u32::try_from(it).ok()),
            protected: group.deletion_protection_enabled().unwrap_or_default(),
        }))
    }

    /// The tags of a log group, or nothing where it is gone.
    async fn tags(&self, arn: &str) -> Result<Option<Tags>, Fault> {
        let answer = self.client.list_tags_for_resource().resource_arn(arn).send().await;
        match answer.map_err(|err| Fault::from_sdk("ListTagsForResource", err)) {
            Ok(answer) => Ok(Some(answer.tags.unwrap_or_default().into_iter().collect())),
            Err(fault) if fault.is_gone() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Makes a log group. One of that name is looked at again: whose it is, its tags tell.
    pub async fn make(&self, name: &str, tags: &Tags) -> Result<(), Fault> {
        let tags = tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let request = self.client.create_log_group().log_group_name(name).set_tags(Some(tags));
        let made = request.send().await.map_err(|err| Fault::from_sdk("CreateLogGroup", err));
        look_again_if_taken(made.map(drop))
    }

    /// Has a log group keep what is in it for so many days. One that is gone meanwhile is looked for again.
    pub async fn keep(&self, name: &str, days: u32) -> Result<(), Fault> {
        let request = self.client.put_retention_policy().log_group_name(name);
        let request = request.set_retention_in_days(i32::try_from(days).ok());
        let kept = request.send().await.map_err(|err| Fault::from_sdk("PutRetentionPolicy", err));
        match kept {
            Err(fault) if fault.is_gone() => Err(Fault { kind: FaultKind::Busy, ..fault }),
            kept => kept.map(drop),
        }
    }

    /// Deletes a log group and what is in it; one that is gone is no mistake.
    pub async fn delete(&self, name: &str) -> Result<(), Fault> {
        let deleted = self.client.delete_log_group().log_group_name(name).send().await;
        let deleted = deleted.map_err(|err| Fault::from_sdk("DeleteLogGroup", err));
        done_if_gone(deleted.map(drop))
    }
}
