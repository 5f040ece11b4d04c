//! Application Auto Scaling: whether somebody else is already to size a group.

use aws_sdk_applicationautoscaling::Client;
use aws_sdk_applicationautoscaling::types::ServiceNamespace;
use domain::GroupId;

use crate::{Aws, Fault};

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ScalableTargets {
    client: Client,
}

impl ScalableTargets {
    /// Makes the client.
    pub fn new(aws: &Aws) -> Self {
        Self { client: Client::new(aws.config()) }
    }

    /// The dimensions of this group that are registered, such as `elasticache:replication-group:Replicas` (facts 4.5), suspended or not: whoever
    /// suspended one may resume it at any time. None, where Application Auto Scaling does not know the group.
    pub async fn of(&self, group: &GroupId) -> Result<Vec<String>, Fault> {
        let mut pages = self
            .client
            .describe_scalable_targets()
            .service_namespace(ServiceNamespace::Elasticache)
            .resource_ids(format!("replication-group/{group}"))
            .into_paginator()
            .send();
        let mut dimensions = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|err| Fault::from_sdk("DescribeScalableTargets", err))?;
            let found = page.scalable_targets().iter();
            dimensions.extend(found.map(|it| it.scalable_dimension().as_str().to_owned()));
        }
        Ok(dimensions)
    }
}
