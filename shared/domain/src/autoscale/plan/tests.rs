mod budget;
mod calm;
mod guards;
mod load;
mod policy;
mod progress;
mod random;
mod shards;

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::*;
use crate::alarm;
use crate::autoscale::{Loads, Metric, Sample};
use crate::provision::parameters::Parameters;
use crate::{GroupId, MemberId, MemberView, Role};

/// As many minutes as are read.
const DAYS: i64 = 3 * 24 * 60;

/// A group of the seed, `orders`: two micro nodes, cool, with a full policy. And what each member tells every minute, for so many minutes.
pub(in crate::autoscale) struct View(
    pub(in crate::autoscale) LoadView,
    BTreeMap<(MemberId, Metric), f64>,
    i64,
);

pub(in crate::autoscale) fn now() -> Timestamp {
    "2026-01-02T12:00:00Z".parse().unwrap()
}

fn node_type(name: &str) -> NodeType {
    NodeType::parse(name).unwrap()
}

pub(in crate::autoscale) fn orders() -> View {
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
        load: Some(Loads::default()),
        parameters: Some(Parameters::new()),
        allowed: Some(
            ["m7g.large", "m7g.xlarge", "t4g.medium", "t4g.micro", "t4g.small"]
                .map(|it| format!("cache.{it}"))
                .map(|it| node_type(&it))
                .to_vec(),
        ),
        registered: Some(Vec::new()),
        events: Some(Vec::new()),
        alarms: Some(alarm::Upkeep::default()),
    };
    View(view, BTreeMap::new(), DAYS)
        .member("001", Role::Primary)
        .member("002", Role::Replica)
        .cool()
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

    pub(in crate::autoscale) fn of_type(mut self, name: &str) -> Self {
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

    /// What a metric of a member is every minute.
    fn with(mut self, number: &str, metric: Metric, value: f64) -> Self {
        self.1.insert((MemberId::parse(&format!("orders-{number}")).unwrap(), metric), value);
        self
    }

    /// Nothing is told but of the last minutes.
    fn for_minutes(mut self, minutes: i64) -> Self {
        self.2 = minutes;
        self
    }

    /// Every member tells this.
    fn all(mut self, values: &[(Metric, f64)]) -> Self {
        for id in self.group().member_ids.clone() {
            self.1.extend(values.iter().map(|(metric, value)| ((id.clone(), *metric), *value)));
        }
        self
    }

    /// Every member half full and busy by nearly half: neither too large nor too small.
    fn cool(self) -> Self {
        self.all(&[
            (Metric::Memory, 50.0),
            (Metric::UsedBytes, 200_000_000.0),
            (Metric::Cpu, 20.0),
            (Metric::EngineCpu, 40.0),
        ])
        .clients(16_000.0, 16_000.0)
    }

    /// Every member idle, with this many bytes of data.
    pub(in crate::autoscale) fn idle(self, used: f64) -> Self {
        let percent = used / 4_000_000.0;
        self.all(&[
            (Metric::Memory, percent),
            (Metric::UsedBytes, used),
            (Metric::Cpu, 3.0),
            (Metric::EngineCpu, 2.0),
        ])
        .clients(800.0, 400.0)
    }

    /// So many reads and writes a second, of which replicas share the reads.
    fn clients(mut self, reads: f64, writes: f64) -> Self {
        let ids = self.group().member_ids.clone();
        let replicas = f64::from(u32::try_from(ids.len() - 1).unwrap().max(1));
        for (at, id) in ids.into_iter().enumerate() {
            let reads = if at == 0 { 0.0 } else { reads / replicas };
            self.1.insert((id.clone(), Metric::Reads), reads * 60.0);
            self.1.insert((id, Metric::Writes), writes * 60.0);
        }
        self
    }

    /// The same view with what its members tell.
    pub(in crate::autoscale) fn seen(self) -> LoadView {
        let Self(mut view, values, minutes) = self;
        if let (Some(loads), false) = (&mut view.load, values.is_empty()) {
            let start = |it: i64| now() - SignedDuration::from_mins(it);
            for ((member, metric), value) in values {
                let step = usize::try_from(metric.minutes()).unwrap();
                let samples = (1..=minutes).step_by(step).map(|it| Sample { at: start(it), value });
                loads.days.insert(&member, metric, samples.collect());
            }
        }
        view
    }

    /// The replica is busy with what clients read from it.
    fn busy_with_reads(self) -> Self {
        self.clients(60_000.0, 1_000.0).with("002", Metric::EngineCpu, 88.0)
    }

    fn short_of_memory(self) -> Self {
        self.with("001", Metric::Memory, 93.1).with("001", Metric::UsedBytes, 374_000_000.0)
    }
}

/// What is decided, in a line.
#[track_caller]
fn check(view: View, expected: &str) {
    let view = view.seen();
    let noted = view.group.as_ref().and_then(|it| Undertaking::read(it.tags.as_ref()?));
    let said = match decide(Catalog::embedded(), &view, now()) {
        Verdict::Ask(question) => format!("Ask: {question:?}"),
        Verdict::Plan(Next::Settled) => "Settled".to_owned(),
        Verdict::Plan(Next::Wait(wait)) => format!("Wait: {}", wait.on),
        Verdict::Plan(Next::Refuse(refusal)) => format!("Refuse: {refusal}"),
        Verdict::Plan(Next::Do(step)) => match step.act {
            Act::Begin(it) => format!("Begin: {it}"),
            Act::Repeat(it) => format!("Repeat: {}", it.change),
            Act::NoteChanged { at, moves, watch } => {
                assert_eq!((watch.at, &watch.change), (at, &noted.unwrap().change));
                let moves = moves.map_or_else(String::new, |it| format!(", {it}"));
                format!("NoteChanged: {at}{moves}")
            }
            Act::PutAlarms { set } => format!("PutAlarms: {}", set.specs.len()),
            Act::DeleteAlarms { names } => format!("DeleteAlarms: {}", names.join(" ")),
            Act::Conclude(it) => format!(
                "Conclude: {} {} -> {}",
                it.undertaking.change,
                it.before.unwrap().total,
                it.after.unwrap().total
            ),
            Act::Judge(it) => {
                let effect = it.effect.map_or_else(|| "gone".to_owned(), |it| it.to_string());
                format!("Judge: {}: {effect}", it.watch.change)
            }
            Act::NoteFailure(it) => {
                let failed = it.failures.newest().unwrap();
                format!("NoteFailure: {} {:?}", failed.change, it.events)
            }
            Act::Forget(it) => format!("Forget: {}", it.change),
        },
    };
    assert_eq!(said, expected);
}
