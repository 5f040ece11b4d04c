//! The fields of a request, and what each may be.

use serde_json::Value;

use crate::Refusal;
use crate::wire::constraint;
use crate::wire::schema::Schema;

/// A request's fields, typed when they are asked for.
pub(super) struct Fields(Value);

/// What can be suspended.
pub(super) const SUSPENSIONS: [&str; 3] =
    ["DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"];

/// The services whose resources AWS scales.
const NAMESPACES: [&str; 15] = [
    "ecs",
    "elasticmapreduce",
    "ec2",
    "appstream",
    "dynamodb",
    "rds",
    "sagemaker",
    "custom-resource",
    "comprehend",
    "lambda",
    "cassandra",
    "kafka",
    "elasticache",
    "neptune",
    "workspaces",
];

/// What of them it scales.
const DIMENSIONS: [&str; 24] = [
    "ecs:service:DesiredCount",
    "ec2:spot-fleet-request:TargetCapacity",
    "elasticmapreduce:instancegroup:InstanceCount",
    "appstream:fleet:DesiredCapacity",
    "dynamodb:table:ReadCapacityUnits",
    "dynamodb:table:WriteCapacityUnits",
    "dynamodb:index:ReadCapacityUnits",
    "dynamodb:index:WriteCapacityUnits",
    "rds:cluster:ReadReplicaCount",
    "sagemaker:variant:DesiredInstanceCount",
    "custom-resource:ResourceType:Property",
    "comprehend:document-classifier-endpoint:DesiredInferenceUnits",
    "comprehend:entity-recognizer-endpoint:DesiredInferenceUnits",
    "lambda:function:ProvisionedConcurrency",
    "cassandra:table:ReadCapacityUnits",
    "cassandra:table:WriteCapacityUnits",
    "kafka:broker-storage:VolumeSize",
    "elasticache:cache-cluster:Nodes",
    "elasticache:replication-group:NodeGroups",
    "elasticache:replication-group:Replicas",
    "neptune:cluster:ReadReplicaCount",
    "sagemaker:variant:DesiredProvisionedConcurrency",
    "sagemaker:inference-component:DesiredCopyCount",
    "workspaces:workspacespool:DesiredUserSessions",
];

const SCHEMA: Schema = Schema {
    texts: &["NextToken", "ResourceId", "RoleARN", "ScalableDimension", "ServiceNamespace"],
    numbers: &["MaxCapacity", "MaxResults", "MinCapacity"],
    flags: &SUSPENSIONS,
    text_lists: &["ResourceIds"],
    structures: &["SuspendedState", "Tags"],
    structure_lists: &[],
};

impl Fields {
    /// Those of a request, where they are of their types.
    pub(super) fn of_request(fields: Value) -> Result<Self, Refusal> {
        SCHEMA.check(&fields)?;
        Ok(Self(fields))
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|it| !it.is_null())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.value(name).and_then(Value::as_str).map(str::to_owned)
    }

    /// A number, which has to be a whole one of 32 bits.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let whole = value.as_i64().filter(|it| i32::try_from(*it).is_ok()).ok_or_else(|| {
            Refusal::new(400, "SerializationException", format!("{name} is no whole number"))
        })?;
        Ok(Some(whole))
    }

    /// Whether this is suspended, where it was said.
    pub(super) fn suspends(&self, what: &str) -> Option<bool> {
        self.value("SuspendedState")?.get(what)?.as_bool()
    }

    pub(super) fn namespace(&self) -> Result<String, Refusal> {
        let name = self.text("ServiceNamespace").ok_or_else(|| missing("serviceNamespace"))?;
        one_of("serviceNamespace", name, &NAMESPACES)
    }

    pub(super) fn resource(&self) -> Result<String, Refusal> {
        let id = self.text("ResourceId").ok_or_else(|| missing("resourceId"))?;
        check_resource("resourceId", &id)?;
        Ok(id)
    }

    /// The resources that a request names; none, where all are meant.
    pub(super) fn resources(&self) -> Result<Vec<String>, Refusal> {
        let given = self.value("ResourceIds").and_then(Value::as_array).into_iter().flatten();
        let ids: Vec<_> = given.filter_map(Value::as_str).map(str::to_owned).collect();
        if RESOURCES_MAX < ids.len() {
            let rule = "Member must have length less than or equal to 50";
            return Err(broken("resourceIds", &format!("{} resources", ids.len()), rule));
        }
        ids.iter().try_for_each(|it| check_resource("resourceIds", it))?;
        Ok(ids)
    }

    pub(super) fn dimension(&self) -> Result<Option<String>, Refusal> {
        let name = self.text("ScalableDimension");
        name.map(|it| one_of("scalableDimension", it, &DIMENSIONS)).transpose()
    }
}

/// The most resources that one request names.
const RESOURCES_MAX: usize = 50;

fn check_resource(field: &str, id: &str) -> Result<(), Refusal> {
    if (1..=1600).contains(&id.chars().count()) {
        return Ok(());
    }
    Err(broken(field, id, "Member must have a length of 1 to 1600"))
}

fn one_of(field: &str, value: String, known: &[&str]) -> Result<String, Refusal> {
    if known.contains(&value.as_str()) {
        return Ok(value);
    }
    let rule = format!("Member must satisfy enum value set: [{}]", known.join(", "));
    Err(broken(field, &value, &rule))
}

/// What is to be said of a field that must be there.
pub(super) fn missing(field: &str) -> Refusal {
    broken(field, "null", "Member must not be null")
}

fn broken(field: &str, value: &str, rule: &str) -> Refusal {
    invalid(constraint(field, value, rule))
}

pub(super) fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new(400, "ValidationException", text)
}
