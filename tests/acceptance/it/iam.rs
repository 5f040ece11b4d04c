//! What each function calls, and what its role in the template grants: the same, in both directions.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use aws_sim::CallRecord;
use saphyr::{LoadableYamlNode, Yaml};

use crate::{autoscale, provision, rotate, snapshot};

type Actions = BTreeSet<String>;

thread_local! {
    /// What the functions called in the test that runs on this thread.
    static SEEN: RefCell<BTreeMap<String, Actions>> = RefCell::default();
}

/// Takes in the calls of one invocation.
pub(crate) fn saw(function: &str, calls: &[CallRecord]) {
    SEEN.with_borrow_mut(|seen| {
        let actions = seen.entry(function.to_owned()).or_default();
        actions.extend(calls.iter().flat_map(actions_of));
    });
}

/// The permissions that a call needs: its own, and those of what it does in passing.
fn actions_of(call: &CallRecord) -> Vec<String> {
    let service = match call.service.as_str() {
        // A presigned address needs no permission.
        "cloudformation" => return Vec::new(),
        "monitoring" => "cloudwatch",
        "tagging" => "tag",
        other => other,
    };
    let operation = call.operation.as_str();
    let has = |start: &str| call.parameters.keys().any(|it| it.starts_with(start));
    let operation = match (service, operation) {
        ("s3", "ListObjectsV2") => "ListBucket",
        (_, other) => other,
    };
    let mut actions = vec![format!("{service}:{operation}")];
    // CloudWatch is asked in a format whose parameters are not recorded; our alarms always have tags.
    let tags = has("Tags") || operation == "PutMetricAlarm";
    match (service, operation) {
        (
            "elasticache",
            "CreateReplicationGroup"
            | "CreateSnapshot"
            | "CopySnapshot"
            | "CreateCacheSubnetGroup"
            | "CreateCacheParameterGroup",
        ) if tags => {
            actions.push("elasticache:AddTagsToResource".to_owned());
        }
        ("elasticache", "DeleteReplicationGroup") if has("FinalSnapshotIdentifier") => {
            actions.push("elasticache:CreateSnapshot".to_owned());
        }
        ("cloudwatch", "PutMetricAlarm") if tags => {
            actions.push("cloudwatch:TagResource".to_owned());
        }
        ("secretsmanager", "CreateSecret") if tags => {
            actions.push("secretsmanager:TagResource".to_owned());
        }
        ("logs", "CreateLogGroup") if has("tags") => actions.push("logs:TagResource".to_owned()),
        // Secrets Manager asks whether whoever turns rotation on may call the function.
        ("secretsmanager", "RotateSecret") => actions.push("lambda:InvokeFunction".to_owned()),
        _ => {}
    }
    actions
}

/// Permissions whose use nobody can see from inside the simulator, and why they are there.
const UNSEEN: &[(&str, &str)] = &[
    ("logs:CreateLogStream", "Lambda writes the log"),
    ("logs:PutLogEvents", "Lambda writes the log"),
    ("sqs:SendMessage", "Lambda hands over what no try could handle"),
    ("kms:CreateGrant", "ElastiCache does it for whoever creates a group with a key"),
    ("s3:GetObject", "ElastiCache does it for whoever creates a group from a file"),
    ("s3:DeleteObject", "ElastiCache asks it of whoever exports"),
    ("s3:GetBucketLocation", "ElastiCache asks it of whoever exports"),
    ("s3:ListAllMyBuckets", "ElastiCache asks it of whoever exports"),
    ("kms:DescribeKey", "ElastiCache does it for whoever creates a group with a key"),
    ("logs:CreateLogDelivery", "ElastiCache does it for whoever has a log delivered"),
    ("logs:DeleteLogDelivery", "ElastiCache does it for whoever has a log delivered"),
    ("logs:DescribeLogGroups", "ElastiCache does it for whoever has a log delivered"),
    ("logs:DescribeResourcePolicies", "ElastiCache does it for whoever has a log delivered"),
    ("logs:GetLogDelivery", "ElastiCache does it for whoever has a log delivered"),
    ("logs:ListLogDeliveries", "ElastiCache does it for whoever has a log delivered"),
    ("logs:PutResourcePolicy", "ElastiCache does it for whoever has a log delivered"),
    ("logs:UpdateLogDelivery", "ElastiCache does it for whoever has a log delivered"),
    ("firehose:TagDeliveryStream", "ElastiCache does it for whoever has a log delivered"),
    ("iam:CreateServiceLinkedRole", "ElastiCache does it with the first group of an account"),
    ("ec2:AssignPrivateIpAddresses", "Lambda puts the function into its VPC"),
    ("ec2:CreateNetworkInterface", "Lambda puts the function into its VPC"),
    ("ec2:DeleteNetworkInterface", "Lambda puts the function into its VPC"),
    ("ec2:DescribeNetworkInterfaces", "Lambda puts the function into its VPC"),
    ("ec2:UnassignPrivateIpAddresses", "Lambda puts the function into its VPC"),
    ("ec2:DescribeSecurityGroups", "ElastiCache looks at the network for whoever creates a group"),
    ("ec2:DescribeSubnets", "ElastiCache and Lambda look at the network"),
    ("ec2:DescribeVpcs", "ElastiCache looks at the network for whoever creates a group"),
];

/// What the role of a function allows, by the template.
fn granted(template: &Yaml<'_>, role: &str) -> Actions {
    let policies = at(template, &["Resources", role, "Properties", "Policies"]);
    let statements =
        list(policies).into_iter().flat_map(|it| list(at(it, &["PolicyDocument", "Statement"])));
    let allowed = statements.filter(|it| text(at(it, &["Effect"])) == "Allow");
    allowed.flat_map(|it| list(at(it, &["Action"]))).map(|it| text(it).to_owned()).collect()
}

fn at<'a, 'i>(node: &'a Yaml<'i>, path: &[&str]) -> &'a Yaml<'i> {
    path.iter().fold(node, |node, key| {
        node.as_mapping_get(key).unwrap_or_else(|| panic!("{key} of {path:?} is not there"))
    })
}

/// The entries of a list; a single value is a list of one.
fn list<'a, 'i>(node: &'a Yaml<'i>) -> Vec<&'a Yaml<'i>> {
    if let Yaml::Sequence(entries) = node { entries.iter().collect() } else { vec![node] }
}

fn text<'a>(node: &'a Yaml<'_>) -> &'a str {
    node.as_str().unwrap_or_else(|| panic!("{node:?} is not a text"))
}

fn template_text() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    std::fs::read_to_string(path).unwrap()
}

/// Compares what was seen with what the role grants, in both directions.
#[track_caller]
fn check(function: &str, role: &str) {
    let text = template_text();
    let template = Yaml::load_from_str(&text).unwrap();
    let granted = granted(&template[0], role);
    let seen = SEEN.with_borrow(|it| it.get(function).cloned().unwrap_or_default());
    assert!(5 < seen.len(), "{function} called only {seen:?}");
    let missing: Vec<_> = seen.difference(&granted).collect();
    assert!(missing.is_empty(), "{role} does not grant what {function} calls: {missing:?}");
    let unseen = |it: &&String| UNSEEN.iter().any(|(action, _)| action == it);
    let unused: Vec<_> = granted.difference(&seen).filter(|it| !unseen(it)).collect();
    assert!(unused.is_empty(), "{role} grants what {function} never calls: {unused:?}");
    let wide: Vec<_> = granted.iter().filter(|it| it.contains('*')).collect();
    assert!(wide.is_empty(), "{role} grants {wide:?}, which nobody can count");
}

#[tokio::test(start_paused = true)]
async fn provision_is_granted_what_it_calls_and_no_more() {
    provision::grants::every_call().await;
    check("provision", "ProvisionRole");
}

#[tokio::test(start_paused = true)]
async fn rotate_is_granted_what_it_calls_and_no_more() {
    rotate::grants::every_call().await;
    check("rotate", "RotateRole");
}

#[tokio::test(start_paused = true)]
async fn snapshot_is_granted_what_it_calls_and_no_more() {
    snapshot::grants::every_call().await;
    check("snapshot", "SnapshotRole");
}

#[tokio::test(start_paused = true)]
async fn autoscale_is_granted_what_it_calls_and_no_more() {
    autoscale::grants::every_call().await;
    check("autoscale", "AutoscaleRole");
}

#[test]
fn what_is_unseen_is_granted_somewhere() {
    let text = template_text();
    let template = Yaml::load_from_str(&text).unwrap();
    let roles = ["ProvisionRole", "RotateRole", "SnapshotRole", "AutoscaleRole"];
    let all: Actions = roles.iter().flat_map(|it| granted(&template[0], it)).collect();
    for (action, why) in UNSEEN {
        assert!(all.contains(*action), "{action} is excused ({why}), and nobody has it");
    }
}
