mod calm;
mod load;
mod policy;
mod progress;
mod random;

use jiff::SignedDuration;

use super::*;
use crate::alarm;
use crate::autoscale::Sample;
use crate::{GroupId, MemberId, MemberView, Role};

/// A group of the seed, `orders`: two micro nodes, cool, with a full policy.
struct View(LoadView);

fn now() -> Timestamp {
    "2026-01-02T12:00:00Z".parse().unwrap()
}

fn node_type(name: &str) -> NodeType {
    NodeType::parse(name).unwrap()
}

fn orders() -> View {
    let group = GroupView {
        id: GroupId::parse("orders").unwrap(),
        arn: "arn:aws:elasticache:eu-west-1:123456789012:replicationgroup:orders".to_owned(),
        status: GroupStatus::Available,
        engine: Some("redis".to_owned()),
        node_type: Some(node_type("cache.t4g.micro")),
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
        snapshot_window: "03:00-05:00".to_owned(),
        auto_minor_version_upgrade: Some(true),
        primary_endpoint: None,
        reader_endpoint: None,
        configuration_endpoint: None,
        shards: Vec::new(),
        member_ids: Vec::new(),
        members: Vec::new(),
        node_groups_settled: true,
        global_datastore: None,
        tags: Some(Tags::from([
            (tag::AUTOSCALE.to_owned(), "full".to_owned()),
            (tag::OWNER.to_owned(), "stack/Cache".to_owned()),
        ])),
    };
    let view = LoadView {
        group: Some(group),
        listed: None,
        load: Some(Load::default()),
        allowed: Some(
            ["cache.m7g.large", "cache.t4g.medium", "cache.t4g.micro", "cache.t4g.small"]
                .map(node_type)
                .to_vec(),
        ),
        events: Some(Vec::new()),
        alarms: Some(alarm::Upkeep::default()),
    };
    View(view).member("001", Role::Primary).member("002", Role::Replica).cool()
}

impl View {
    fn group(&mut self) -> &mut GroupView {
        self.0.group.as_mut().unwrap()
    }

    fn member(mut self, number: &str, role: Role) -> Self {
        let id = MemberId::parse(&format!("orders-{number}")).unwrap();
        let node_type = self.group().node_type.clone();
        self.group().member_ids.push(id.clone());
        self.group().members.push(MemberView {
            id,
            status: "available".to_owned(),
            node_type,
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
            role: Some(role),
            endpoint: None,
            zone: None,
            created_at: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        });
        self
    }

    fn of_type(mut self, name: &str) -> Self {
        let group = self.group();
        group.node_type = Some(node_type(name));
        group.members.iter_mut().for_each(|it| it.node_type = Some(node_type(name)));
        self
    }

    fn tagged(mut self, key: &str, value: &str) -> Self {
        self.group().tags.as_mut().unwrap().insert(key.to_owned(), value.to_owned());
        self
    }

    /// In this state it does not tell its tags, and the list of everything tagged has them.
    fn status(mut self, status: GroupStatus) -> Self {
        self.group().status = status;
        self.0.listed = self.group().tags.take();
        self
    }

    /// Sets a metric of a member to one value for every minute of the window.
    fn with(mut self, number: &str, metric: Metric, value: f64) -> Self {
        let member = MemberId::parse(&format!("orders-{number}")).unwrap();
        let samples =
            (1..=15).map(|it| Sample { at: now() - SignedDuration::from_mins(it), value });
        let old = self.0.load.take().unwrap_or_default();
        let mut load = Load::default();
        for it in self.0.group.as_ref().unwrap().member_ids.clone() {
            for kind in Metric::ALL.into_iter().filter(|kind| (&it, *kind) != (&member, metric)) {
                load.insert(&it, kind, old.series(&it, kind).to_vec());
            }
        }
        load.insert(&member, metric, samples.collect());
        self.0.load = Some(load);
        self
    }

    /// Every member at a CPU of 40 % and half full: neither hot nor calm.
    fn cool(mut self) -> Self {
        let numbers: Vec<String> = self
            .group()
            .member_ids
            .iter()
            .map(|it| it.as_str().trim_start_matches("orders-").to_owned())
            .collect();
        for number in numbers {
            self = self
                .with(&number, Metric::Memory, 50.0)
                .with(&number, Metric::UsedBytes, 200_000_000.0)
                .with(&number, Metric::Cpu, 40.0)
                .with(&number, Metric::EngineCpu, 40.0);
        }
        self
    }

    /// Every member idle, with this many bytes of data.
    fn idle(mut self, used: f64) -> Self {
        let numbers: Vec<String> = self
            .group()
            .member_ids
            .iter()
            .map(|it| it.as_str().trim_start_matches("orders-").to_owned())
            .collect();
        for number in numbers {
            self = self
                .with(&number, Metric::Memory, 10.0)
                .with(&number, Metric::UsedBytes, used)
                .with(&number, Metric::Cpu, 5.0)
                .with(&number, Metric::EngineCpu, 4.0);
        }
        self
    }

    fn short_of_memory(self) -> Self {
        self.with("001", Metric::Memory, 93.1).with("001", Metric::UsedBytes, 374_000_000.0)
    }
}

/// What is decided, in a line.
#[track_caller]
fn check(view: View, expected: &str) {
    let said = match decide(Catalog::embedded(), &view.0, now()) {
        Verdict::Ask(question) => format!("Ask: {question:?}"),
        Verdict::Plan(Next::Settled) => "Settled".to_owned(),
        Verdict::Plan(Next::Wait(wait)) => format!("Wait: {}", wait.on),
        Verdict::Plan(Next::Refuse(refusal)) => format!("Refuse: {refusal}"),
        Verdict::Plan(Next::Do(step)) => match step.act {
            Act::Begin(it) => format!("Begin: {it}"),
            Act::Repeat(it) => format!("Repeat: {}", it.change),
            Act::NoteChanged { at } => format!("NoteChanged: {at}"),
            Act::PutAlarms { set } => format!("PutAlarms: {}", set.specs.len()),
            Act::DeleteAlarms { names } => format!("DeleteAlarms: {}", names.join(" ")),
            Act::Conclude(it) => format!(
                "Conclude: {} {} -> {}",
                it.undertaking.change,
                it.before.unwrap().total,
                it.after.unwrap().total
            ),
            Act::NoteFailure(it) => format!("NoteFailure: {} {:?}", it.failed.change, it.events),
            Act::Forget(it) => format!("Forget: {}", it.change),
        },
    };
    assert_eq!(said, expected);
}
