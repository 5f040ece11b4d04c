//! Tables: a look, and the step that follows from it.

mod access;
mod alarms;
mod bounds;
mod delivery;
mod engine;
mod fixed;
mod foreign;
mod in_place;
mod logs;
mod node_type;
mod parked;
mod settings;
mod shards;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use super::*;
use crate::engine::Release;
use crate::group::{Endpoint, Toggle};
use crate::provision::diff;
use crate::provision::parse::tests::{owner, spec};
use crate::provision::{
    Keep, ParameterGroupView, Protection, Rotation, SecretView, Settings, SubnetGroupView,
};
use crate::{Arn, MemberId, MemberView, NodeType, Role, Tags, tag};

pub(in crate::provision) const NOW: &str = "2026-01-02T03:00:00Z";
const POLICY: &str = "maxmemory-policy";
const SUBNET_GROUP: &str = "arn:aws:elasticache:eu-west-1:1:subnetgroup:orders";
const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-redis-auth-token-production-AbCdEf";

pub(in crate::provision) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A look at a cache that is as the stack states it, and what the stack states.
#[derive(Clone)]
pub(in crate::provision) struct Scene {
    pub(in crate::provision) wanted: Wanted,
    pub(in crate::provision) seen: Seen,
}

impl Scene {
    pub(in crate::provision) fn stated(over: &[(&str, &str)]) -> Self {
        let arn = |it: &str| Arn::parse(it).unwrap();
        let wanted = Wanted {
            spec: spec(over),
            owner: owner(),
            since: at("2026-01-02T02:50:00Z"),
            creating: false,
            keep: Keep::default(),
            before: None,
            replaces: None,
            parked: None,
            rotate_function: arn("arn:aws:lambda:eu-west-1:123456789012:function:rotate"),
            autoscale_topic: arn("arn:aws:sns:eu-west-1:123456789012:alarms"),
        };
        let mut scene = Self { seen: Seen::default(), wanted };
        scene.build(2, "cache.t4g.micro", "7.1.0");
        scene
    }

    /// Nothing stands yet.
    pub(in crate::provision) fn bare(mut self) -> Self {
        self.seen.group = None;
        self.seen.around = Some(Around::default());
        self
    }

    /// What stands is as it would be after steps that went well, for a group of so many nodes of this type that run this.
    fn build(&mut self, nodes: usize, node_type: &str, release: &str) {
        let wanted = &self.wanted;
        let release: Release = release.parse().unwrap();
        let id = |it: usize| MemberId::parse(&format!("{}-{it:03}", wanted.spec.id)).unwrap();
        let ids: Vec<_> = (1..=nodes).map(id).collect();
        let parameter_group = name::parameter_group(&wanted.spec.id, &release.family());
        let mut group = group(wanted, NodeType::parse(node_type).unwrap(), nodes);
        group.members = ids
            .iter()
            .map(|it| MemberView {
                role: Some(if *it == ids[0] { Role::Primary } else { Role::Replica }),
                engine: release.engine.to_string(),
                engine_version: release.version.to_string(),
                parameter_group: Some(parameter_group.clone()),
                ..member(wanted, it, group.node_type.clone())
            })
            .collect();
        group.engine = Some(release.engine.to_string());
        group.member_ids.clone_from(&ids);
        self.seen.around = Some(Around {
            alarms: alarms(wanted, &group),
            ..around(wanted, parameter_group, release)
        });
        self.seen.group = Some(group);
    }

    pub(in crate::provision) fn of(mut self, nodes: usize, node_type: &str, release: &str) -> Self {
        self.build(nodes, node_type, release);
        self
    }

    pub(in crate::provision) fn group(mut self, change: impl FnOnce(&mut GroupView)) -> Self {
        change(self.seen.group.as_mut().unwrap());
        self
    }

    pub(in crate::provision) fn around(mut self, change: impl FnOnce(&mut Around)) -> Self {
        change(self.seen.around.as_mut().unwrap());
        self
    }

    fn wanting(mut self, change: impl FnOnce(&mut Wanted)) -> Self {
        change(&mut self.wanted);
        self
    }

    pub(in crate::provision) fn tag(self, key: &str, value: &str) -> Self {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.group(|it| {
            it.tags.as_mut().unwrap().insert(key, value);
        })
    }

    fn called(self, mark: &str) -> Self {
        let mark = mark.to_owned();
        self.around(|it| {
            let tags = &mut it.subnet_group.as_mut().unwrap().tags;
            tags.insert(tag::CALLED.to_owned(), mark);
        })
    }

    pub(in crate::provision) fn in_state(self, status: &str) -> Self {
        self.group(|it| {
            it.status = GroupStatus::parse(status);
            it.tags = None;
        })
    }
}

fn member(wanted: &Wanted, id: &MemberId, node_type: Option<NodeType>) -> MemberView {
    MemberView {
        id: id.clone(),
        status: "available".to_owned(),
        node_type,
        pending_node_type: None,
        pending_engine_version: None,
        engine: "redis".to_owned(),
        engine_version: String::new(),
        parameter_group: None,
        parameter_status: "in-sync".to_owned(),
        subnet_group: Some(wanted.spec.id.to_string()),
        security_groups: wanted.spec.security_groups.clone(),
        maintenance_window: "sun:05:00-sun:06:00".to_owned(),
        notification_topic: wanted.spec.notification_topic.as_ref().map(ToString::to_string),
        tls: Some(wanted.spec.tls),
        role: None,
        endpoint: None,
        zone: None,
        created_at: None,
    }
}

fn group(wanted: &Wanted, node_type: NodeType, nodes: usize) -> GroupView {
    let spec = &wanted.spec;
    let toggle = if 2 <= nodes { Toggle::Enabled } else { Toggle::Disabled };
    let endpoint = Endpoint { address: "master.orders.cache".to_owned(), port: 6379 };
    GroupView {
        id: spec.id.clone(),
        arn: format!("arn:aws:elasticache:eu-west-1:1:replicationgroup:{}", spec.id),
        status: GroupStatus::Available,
        engine: Some("redis".to_owned()),
        node_type: Some(node_type),
        description: name::description(&spec.id, &wanted.owner),
        cluster_enabled: false,
        automatic_failover: toggle,
        multi_az: toggle,
        transit_encryption: spec.protection.has_tls(),
        tls: spec.tls,
        at_rest_encryption: spec.at_rest,
        data_tiering: spec.data_tiering,
        network_type: spec.network_type.clone(),
        ip_discovery: spec.ip_discovery.clone(),
        kms_key: spec.kms_key.as_ref().map(ToString::to_string),
        logs: delivery::logs_of(spec),
        auth_token_enabled: spec.protection.has_token(),
        user_groups: spec.user_groups.clone(),
        token_change: None,
        token_changed_at: None,
        snapshot_retention_days: spec.snapshot_retention_days,
        snapshot_window: "03:00-04:00".to_owned(),
        auto_minor_version_upgrade: Some(true),
        primary_endpoint: Some(endpoint.clone()),
        reader_endpoint: Some(endpoint),
        configuration_endpoint: None,
        shards: Vec::new(),
        member_ids: Vec::new(),
        members: Vec::new(),
        node_groups_settled: true,
        global_datastore: None,
        tags: Some(diff::tags(wanted, Some(SECRET))),
    }
}

fn around(wanted: &Wanted, parameter_group: String, release: Release) -> Around {
    let spec = &wanted.spec;
    Around {
        subnet_group: Some(SubnetGroupView {
            name: spec.id.to_string(),
            arn: SUBNET_GROUP.to_owned(),
            subnets: spec.subnets.clone(),
            tags: diff::beside_tags(wanted),
        }),
        parameter_groups: vec![ParameterGroupView {
            name: parameter_group,
            family: release.family(),
            values: BTreeMap::from([(POLICY.to_owned(), spec.maxmemory_policy.clone())]),
            tags: diff::beside_tags(wanted),
        }],
        engine_parameters: None,
        log_groups: logs::ours(wanted),
        logs_of_others: BTreeSet::new(),
        source: None,
        parked: None,
        secret: Some(SecretView {
            arn: SECRET.to_owned(),
            tags: diff::secret_tags(wanted),
            deleted: false,
            is_closed: true,
            rotation: Some(Rotation {
                function: wanted.rotate_function.to_string(),
                days: spec.rotation_days,
                schedule: spec.rotation_schedule.clone(),
            }),
        }),
        alarms: Vec::new(),
        foreign_alarms: BTreeSet::new(),
        parameters_of_others: BTreeSet::new(),
        user_groups: Vec::new(),
    }
}

fn alarms(wanted: &Wanted, group: &GroupView) -> Vec<AlarmView> {
    let topics: Vec<_> = wanted.alarm_topics().iter().map(ToString::to_string).collect();
    let specs = alarm::wanted(&group.id, &group.member_ids, group.node_type.as_ref());
    specs.iter().map(|it| AlarmView::of(it, &topics)).collect()
}

/// The plan in short words.
pub(in crate::provision) fn said<S: Debug>(next: Next<S, Refusal>) -> String {
    match next {
        Next::Settled => "Settled".to_owned(),
        Next::Do(step) => format!("Do: {step:?}"),
        Next::Wait(wait) => format!("Wait: {}", wait.on),
        Next::Refuse(refusal) => format!("Refuse: {refusal}"),
    }
}

#[track_caller]
fn check(scene: Scene, expected: &str) {
    let said = said(plan(&scene.wanted, &scene.seen, at(NOW)));
    assert!(said.starts_with(expected), "{said}\ndoes not start with\n{expected}");
}

fn settled() -> Scene {
    Scene::stated(&[])
}

#[test]
fn a_cache_as_stated_is_settled() {
    check(settled(), "Settled");
    check(
        Scene::stated(&[("RedisNumCacheNodes", "1")]).of(1, "cache.t4g.micro", "7.1.0"),
        "Settled",
    );
    check(Scene::stated(&[("EnableAlarms", "false")]).around(|it| it.alarms.clear()), "Settled");
}

#[test]
fn what_a_group_needs_is_made_before_it_in_this_order() {
    let mut scene = settled().bare();
    let full = settled().seen.around.unwrap();
    check(scene.clone(), "Do: MakeSubnetGroup");
    scene.seen.around.as_mut().unwrap().subnet_group = full.subnet_group;
    check(
        scene.clone(),
        "Do: MakeParameterGroup { name: \"orders-redis-production-redis7\", family: \"redis7\" }",
    );
    let mut fresh = full.parameter_groups.clone();
    fresh[0].values.clear();
    scene.seen.around.as_mut().unwrap().parameter_groups = fresh;
    check(scene.clone(), "Do: SetParameters");
    scene.seen.around.as_mut().unwrap().parameter_groups = full.parameter_groups;
    check(scene.clone(), "Do: MakeSecret");
    scene.seen.around.as_mut().unwrap().secret = full.secret;
    check(
        scene,
        "Do: MakeGroup { parameter_group: \"orders-redis-production-redis7\", secret: Some(",
    );
}

#[test]
fn the_default_policy_of_aws_need_not_be_set() {
    let scene = Scene::stated(&[("MaxmemoryPolicy", "volatile-lru")]);
    check(scene.around(|it| it.parameter_groups[0].values.clear()), "Settled");
}

#[test]
fn a_group_without_a_token_needs_no_secret() {
    let scene = Scene::stated(&[("EnableAuthToken", "false")]);
    assert_eq!(scene.wanted.spec.protection, Protection::Tls);
    let mut bare = scene.clone().bare();
    bare.seen.around = scene.seen.around.clone();
    bare.seen.around.as_mut().unwrap().secret = None;
    check(
        bare,
        "Do: MakeGroup { parameter_group: \"orders-redis-production-redis7\", secret: None",
    );
}

#[test]
fn a_secret_in_its_recovery_window_comes_back_with_its_token() {
    let mut scene = settled();
    scene.seen.group = None;
    check(scene.around(|it| it.secret.as_mut().unwrap().deleted = true), "Do: RestoreSecret");
}

#[test]
fn a_busy_group_is_waited_for() {
    check(settled().in_state("creating"), "Wait: the group to be created");
    check(settled().in_state("modifying"), "Wait: a modification to finish");
    check(settled().in_state("snapshotting"), "Wait: a snapshot to finish");
    check(settled().in_state("deleting"), "Wait: the group to be deleted");
    check(
        settled().group(|it| it.members[1].status = "creating".to_owned()),
        "Wait: the member orders-redis-production-002",
    );
    check(settled().group(|it| it.node_groups_settled = false), "Wait: a modification");
    check(settled().group(|it| it.automatic_failover = Toggle::Enabling), "Wait: a modification");
    check(
        settled().group(|it| it.token_change = Some("ROTATING".to_owned())),
        "Wait: a modification",
    );
    check(settled().group(|it| drop(it.members.pop())), "Wait: a modification");
    check(settled().group(|it| it.tags = None), "Wait: a modification");
    check(settled().group(|it| it.primary_endpoint = None), "Wait: the group to be created");
}

#[test]
fn a_failed_creation_is_told_with_the_events() {
    let mut scene = settled().in_state("create-failed");
    check(
        scene.clone(),
        "Refuse: ElastiCache could not make the replication group orders-redis-production: its events give no reason",
    );
    scene.seen.events = vec!["no capacity in eu-west-1a".to_owned()];
    check(
        scene,
        "Refuse: ElastiCache could not make the replication group orders-redis-production: its events say: no capacity in eu-west-1a",
    );
}

#[test]
fn an_unknown_state_is_refused_by_its_name() {
    check(
        settled().in_state("migrating"),
        "Refuse: the replication group orders-redis-production is in the state \"migrating\"",
    );
}

#[test]
fn replicas_come_before_failover_and_go_after_it() {
    let three = Scene::stated(&[("RedisNumCacheNodes", "3")]);
    check(three.of(2, "cache.t4g.micro", "7.1.0"), "Do: AddReplicas { to: 2, shards: [] }");
    let two = settled().of(1, "cache.t4g.micro", "7.1.0");
    check(two, "Do: AddReplicas { to: 1, shards: [] }");
    let grown = settled().group(|it| {
        it.automatic_failover = Toggle::Disabled;
        it.multi_az = Toggle::Disabled;
    });
    check(grown, "Do: SetResilience(MultiAz)");
    let one = Scene::stated(&[("RedisNumCacheNodes", "1")]).of(2, "cache.t4g.micro", "7.1.0");
    check(one.clone(), "Do: SetResilience(None)");
    let off = one.group(|it| {
        it.automatic_failover = Toggle::Disabled;
        it.multi_az = Toggle::Disabled;
    });
    check(off, "Do: RemoveReplicas { to: 0, shards: [] }");
    let fewer = Scene::stated(&[("RedisNumCacheNodes", "2")]).of(4, "cache.t4g.micro", "7.1.0");
    check(fewer, "Do: RemoveReplicas { to: 1, shards: [] }");
}

#[test]
fn failover_without_multi_az_is_told_apart() {
    let scene = Scene::stated(&[("EnableMultiAz", "false")]);
    check(scene.clone(), "Do: SetResilience(Failover)");
    check(scene.group(|it| it.multi_az = Toggle::Disabled), "Settled");
}

#[test]
fn what_the_autoscaler_owns_is_left_as_it_is() {
    let grown = settled().of(3, "cache.t4g.small", "7.1.0");
    check(grown.clone().wanting(|it| it.keep = Keep::ALL), "Settled");
    check(grown.clone().wanting(|it| it.keep.nodes = true), "Do: Ask");
    check(
        grown.clone().wanting(|it| it.keep.node_type = true),
        "Do: RemoveReplicas { to: 1, shards: [] }",
    );
    // While a cache is being made, too.
    let made = grown.wanting(|it| it.creating = true).tag(tag::CHANGED, "2026-01-02T02:55:00Z");
    check(made, "Settled");
}

#[test]
fn nothing_is_settled_while_a_stopped_run_may_still_act() {
    let mut scene = settled();
    scene.seen.others_ended = Some(at("2026-01-02T02:59:00Z"));
    check(scene.clone(), "Wait: a modification to finish");
    scene.seen.others_ended = Some(at("2026-01-02T02:57:50Z"));
    check(scene, "Settled");
}

#[test]
fn the_secret_of_an_earlier_stack_of_the_name_is_taken_over() {
    let mut scene = settled();
    scene.seen.group = None;
    let earlier = |scene: Scene, deleted: bool, group: &'static str| {
        scene.around(move |it| {
            let secret = it.secret.as_mut().unwrap();
            secret.deleted = deleted;
            let owner = owner().to_string().replace("0a1b", "earlier");
            secret.tags.insert(tag::OWNER.to_owned(), owner);
            secret.tags.insert(tag::GROUP.to_owned(), group.to_owned());
        })
    };
    let group = "orders-redis-production";
    check(earlier(scene.clone(), true, group), "Do: RestoreSecret");
    check(earlier(scene.clone(), false, group), "Do: TagSecret");
    check(earlier(scene, true, "another"), "Refuse: the secret");
    // Where a group is there, its own stack has tagged its secret.
    check(earlier(settled(), false, group), "Refuse: the secret");
}

/// What AWS would show after a step that went well.
fn taken(step: &Step, seen: &mut Seen, done: &Seen) {
    let around = seen.around.as_mut().unwrap();
    let full = done.around.clone().unwrap();
    let is = |name: &str| format!("{step:?}").starts_with(name);
    if let Step::MakeGroup { tags, .. } = step {
        seen.group = done.group.clone().map(|it| GroupView { tags: Some(tags.clone()), ..it });
    } else if is("MakeSubnetGroup") {
        around.subnet_group = full.subnet_group;
    } else if is("MakeParameterGroup") {
        around.parameter_groups = full.parameter_groups;
        around.parameter_groups[0].values.clear();
    } else if is("SetParameters") {
        around.parameter_groups = full.parameter_groups;
    } else if is("MakeSecret") {
        around.secret = full.secret.map(|it| SecretView { rotation: None, ..it });
    } else if is("ScheduleRotation") {
        around.secret = full.secret;
    } else if is("PutAlarms") {
        around.alarms = full.alarms;
    } else {
        panic!("{step:?} is not for a new cache");
    }
}

/// From nothing to settled: the plan ends, and takes each step once.
#[test]
fn the_plan_ends() {
    let done = settled();
    let mut scene = done.clone().bare();
    let mut steps = Vec::new();
    for _ in 0..20 {
        let Next::Do(step) = plan(&scene.wanted, &scene.seen, at(NOW)) else { break };
        taken(&step, &mut scene.seen, &done.seen);
        steps.push(format!("{step:?}").split([' ', '(']).next().unwrap().to_owned());
    }
    assert_eq!(
        steps,
        [
            "MakeSubnetGroup",
            "MakeParameterGroup",
            "SetParameters",
            "MakeSecret",
            "MakeGroup",
            "ScheduleRotation",
            "PutAlarms"
        ]
    );
    check(scene, "Settled");
}
