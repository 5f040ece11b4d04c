//! A secret, its group and what the nodes say, for the tests of the plans.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Key, Label, Labels, Node, RotationView, SecretView, Value, Verdict, VersionId, plan_sweep,
    standing,
};
use crate::group::Toggle;
use crate::{
    Arn, AuthToken, GroupId, GroupStatus, GroupView, MemberId, MemberView, Next, Tags, tag,
};

pub(super) const NEW: &str = "11111111-1111-4111-8111-111111111111";
pub(super) const USED: &str = "22222222-2222-4222-8222-222222222222";
pub(super) const OLD: &str = "33333333-3333-4333-8333-333333333333";
pub(super) const LOST: &str = "44444444-4444-4444-8444-444444444444";

/// Noon of the day on which all of it happens.
pub(super) fn noon() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

pub(super) fn minutes_before(minutes: i64) -> Timestamp {
    noon() - jiff::SignedDuration::from_mins(minutes)
}

pub(super) fn version(id: &str) -> VersionId {
    VersionId::parse(id).unwrap()
}

pub(super) fn token(of: &str, made: Timestamp) -> Value {
    Value::Token(
        AuthToken::parse(format!("token-of-{}", of.replace('-', ""))).unwrap(),
        None,
        Some(made),
    )
}

/// How it stands with a secret at noon, and what the sweep does then, begin with these words.
#[track_caller]
pub(super) fn check_sweep(view: RotationView, stands: &str, does: &str) {
    let said = match standing(&view, noon()) {
        Ok(standing) => standing.to_string(),
        Err(refusal) => refusal.to_string(),
    };
    assert!(said.starts_with(stands), "{said}");
    let done = match plan_sweep(&view, noon()) {
        Next::Settled => "nothing".to_owned(),
        Next::Do(step) => format!("{step:?}"),
        Next::Wait(wait) => format!("wait for {}", wait.on),
        Next::Refuse(refusal) => refusal.to_string(),
    };
    assert!(done.starts_with(does), "{done}");
}

/// A rotation from `USED` to `NEW` before its second call: the new token is made, and two nodes know the one in use.
pub(super) fn sample() -> RotationView {
    let labels = [(NEW, Label::Pending), (USED, Label::Current), (OLD, Label::Previous)];
    let view = RotationView {
        secret: SecretView {
            arn: Arn::parse("arn:aws:secretsmanager:eu-west-1:1:secret:orders-AbCdEf").unwrap(),
            tags: Tags::from([
                (tag::OWNER.to_owned(), "stack/Cache".to_owned()),
                (tag::GROUP.to_owned(), "orders".to_owned()),
                (tag::GRACE_MINUTES.to_owned(), "60".to_owned()),
            ]),
            rotation_enabled: true,
            is_leaving: false,
            labels: Labels::from_iter(
                labels.map(|(id, label)| (version(id), BTreeSet::from([label]))),
            ),
            last_rotated: Some(minutes_before(9000)),
            next_rotation: None,
            last_changed: Some(minutes_before(1)),
        },
        pending: token(NEW, minutes_before(1)),
        current: token(USED, minutes_before(9001)),
        previous: token(OLD, minutes_before(50_000)),
        given_up: Value::Absent,
        group: Some(group()),
        user: None,
        nodes: Vec::new(),
    };
    view.nodes("current")
}

/// The sample after its rotation, by this many minutes.
pub(super) fn rotated(minutes_ago: i64) -> RotationView {
    let mut view = sample();
    view.secret.labels = Labels::from_iter([
        (version(NEW), BTreeSet::from([Label::Current, Label::Pending])),
        (version(USED), BTreeSet::from([Label::Previous])),
    ]);
    view.secret.last_rotated = Some(minutes_before(minutes_ago));
    view.current = token(NEW, minutes_before(minutes_ago + 2));
    view.previous = token(USED, minutes_before(9001));
    view.pending = Value::Absent;
    view.nodes("current previous")
}

impl RotationView {
    /// Every node accepts these keys and refuses the others.
    pub(super) fn nodes(self, accepted: &str) -> Self {
        self.each_node(accepted, accepted)
    }

    /// The first node and the second one differ.
    pub(super) fn each_node(mut self, first: &str, second: &str) -> Self {
        let node = |id: &str, accepted: &str| Node {
            id: MemberId::parse(id).unwrap(),
            verdicts: KEYS
                .into_iter()
                .map(|(name, key)| {
                    let is_in = accepted.split(' ').any(|it| it == name);
                    (key, if is_in { Verdict::Accepted } else { Verdict::Refused })
                })
                .collect::<BTreeMap<_, _>>(),
        };
        self.nodes = vec![node("orders-001", first), node("orders-002", second)];
        self
    }

    /// The second node does not answer.
    pub(super) fn deaf(mut self) -> Self {
        let why = Verdict::Unreachable("no answer within 5 s".to_owned());
        self.nodes[1].verdicts.insert(Key::Current, why);
        self
    }

    pub(super) fn change(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(super) fn group(self, change: impl FnOnce(&mut GroupView)) -> Self {
        self.change(|it| change(it.group.as_mut().unwrap()))
    }

    pub(super) fn tag(self, key: &str, value: &str) -> Self {
        self.change(|it| {
            it.secret.tags.insert(key.to_owned(), value.to_owned());
        })
    }
}

const KEYS: [(&str, Key); 5] = [
    ("pending", Key::Pending),
    ("current", Key::Current),
    ("previous", Key::Previous),
    ("given-up", Key::GivenUp),
    ("nothing", Key::Nothing),
];

fn group() -> GroupView {
    let ids = ["orders-001", "orders-002"].map(|it| MemberId::parse(it).unwrap());
    GroupView {
        id: GroupId::parse("orders").unwrap(),
        arn: "arn:aws:elasticache:eu-west-1:1:replicationgroup:orders".to_owned(),
        status: GroupStatus::Available,
        engine: None,
        node_type: None,
        description: String::new(),
        cluster_enabled: false,
        automatic_failover: Toggle::Enabled,
        multi_az: Toggle::Enabled,
        transit_encryption: true,
        tls: crate::group::Tls::Required,
        at_rest_encryption: true,
        data_tiering: false,
        network_type: "ipv4".to_owned(),
        ip_discovery: "ipv4".to_owned(),
        kms_key: None,
        logs: Vec::new(),
        auth_token_enabled: true,
        user_groups: Vec::new(),
        token_change: None,
        token_changed_at: None,
        snapshot_retention_days: 7,
        snapshot_window: String::new(),
        auto_minor_version_upgrade: None,
        primary_endpoint: None,
        reader_endpoint: None,
        configuration_endpoint: None,
        shards: Vec::new(),
        members: ids.iter().cloned().map(member).collect(),
        member_ids: ids.to_vec(),
        node_groups_settled: true,
        global_datastore: None,
        tags: None,
    }
}

fn member(id: MemberId) -> MemberView {
    MemberView {
        id,
        status: "available".to_owned(),
        node_type: None,
        pending_node_type: None,
        pending_engine_version: None,
        engine: "redis".to_owned(),
        engine_version: "7.1.0".to_owned(),
        parameter_group: None,
        parameter_status: String::new(),
        subnet_group: None,
        security_groups: Vec::new(),
        maintenance_window: String::new(),
        notification_topic: None,
        tls: None,
        role: None,
        endpoint: None,
        zone: None,
        created_at: None,
    }
}
