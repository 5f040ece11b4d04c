//! How a world is set up: its clock, its size in time, and every behaviour of AWS that nobody could confirm, as a switch.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::Endpoint;

mod switches;

pub use switches::{RbacQuotas, RotateToNewest, Switches};

/// All that a world needs to start.
#[derive(Debug)]
pub struct Settings {
    /// The time at which it starts.
    pub start: Timestamp,
    /// The seed of every random choice.
    pub seed: u64,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// How long work takes.
    pub durations: Durations,
    /// What is not known of AWS.
    pub switches: Switches,
    /// Whether real servers stand behind the nodes.
    pub data_plane: DataPlane,
    /// Where endpoints get their addresses.
    pub addresses: Box<dyn Addresses>,
    /// How much the account may have.
    pub quotas: Quotas,
    /// How many records of calls are kept at least, where not all are: a server may run for weeks.
    pub calls_kept: Option<usize>,
    /// How many calls each service takes. No rate of ElastiCache is known (facts 5.8), so there is no end to it unless somebody says so.
    pub rate: Option<Rate>,
}

/// How many calls a service takes: what is more is throttled. A bucket of tokens, as AWS has them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// So many at once, after a while of rest.
    pub burst: u32,
    /// So many in each second, on the long run.
    pub per_second: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            start: Timestamp::constant(1_767_225_600, 0),
            seed: 1,
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            durations: Durations::default(),
            switches: Switches::default(),
            data_plane: DataPlane::Modelled,
            addresses: Box::new(DnsNames),
            quotas: Quotas::default(),
            calls_kept: None,
            rate: None,
        }
    }
}

/// How much of ElastiCache an account may have in a region; none, where there is no end to it. The figures are those of 2023 (facts 5.8).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quotas {
    /// Nodes.
    pub nodes: Option<usize>,
    /// Parameter groups.
    pub parameter_groups: Option<usize>,
    /// Subnet groups.
    pub subnet_groups: Option<usize>,
    /// Shards of one group.
    pub shards_of_group: Option<usize>,
    /// Nodes of one group with shards.
    pub nodes_of_cluster: Option<usize>,
}

impl Default for Quotas {
    fn default() -> Self {
        let (shards_of_group, nodes_of_cluster) = (Some(90), Some(90));
        let many = Some(300);
        Self {
            nodes: many,
            parameter_groups: many,
            subnet_groups: many,
            shards_of_group,
            nodes_of_cluster,
        }
    }
}

/// What stands behind the nodes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DataPlane {
    /// Nothing but the model: work is done when its time has passed.
    Modelled,
    /// Someone who executes effects: work is done when its time has passed and its effects have ended.
    Real,
}

/// What an address is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AddressFor<'a> {
    /// The group's id, or that of a cluster that stands alone.
    pub group: &'a str,
    /// The six letters that AWS puts into the names of one group.
    pub letters: &'a str,
    /// The region.
    pub region: &'a str,
    /// Whether TLS is on, which changes the names.
    pub tls: bool,
    /// The port asked for.
    pub port: u16,
    /// Which one.
    pub which: Which<'a>,
}

/// One of a group's addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Which<'a> {
    /// Leads to the primary, whoever it is.
    Primary,
    /// Leads to the replicas in turn.
    Reader,
    /// Leads to this member.
    Node(&'a str),
    /// Leads to any, where clients of a cluster learn of all shards.
    Configuration,
}

/// Gives out addresses. A group asks for each of its own once and keeps it.
pub trait Addresses: fmt::Debug + Send {
    /// An address for this.
    fn give(&mut self, wanted: &AddressFor<'_>) -> Endpoint;
    /// All addresses of this group are free again.
    fn release(&mut self, group: &str);
}

/// The names that AWS gives (facts 1.5).
#[derive(Clone, Copy, Debug)]
pub struct DnsNames;

impl Addresses for DnsNames {
    fn give(&mut self, wanted: &AddressFor<'_>) -> Endpoint {
        let AddressFor { group, letters, tls, port, .. } = *wanted;
        let zone = format!("{}.cache.amazonaws.com", short_region(wanted.region));
        let host = match (wanted.which, tls) {
            (Which::Primary, true) => format!("master.{group}.{letters}.{zone}"),
            (Which::Reader, true) => format!("replica.{group}.{letters}.{zone}"),
            (Which::Node(member), true) => format!("{member}.{group}.{letters}.{zone}"),
            (Which::Configuration, true) => format!("clustercfg.{group}.{letters}.{zone}"),
            (Which::Configuration, false) => format!("{group}.{letters}.clustercfg.{zone}"),
            (Which::Primary, false) => format!("{group}.{letters}.ng.0001.{zone}"),
            (Which::Reader, false) => format!("{group}-ro.{letters}.ng.0001.{zone}"),
            (Which::Node(member), false) => format!("{member}.{letters}.0001.{zone}"),
        };
        Endpoint { host, port }
    }

    fn release(&mut self, _group: &str) {}
}

/// `us-east-1` as `use1`.
fn short_region(region: &str) -> String {
    let mut parts = region.split('-');
    let area = parts.next().unwrap_or_default();
    let (direction, number) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let direction = match direction {
        "northeast" => "ne",
        "southeast" => "se",
        "northwest" => "nw",
        "southwest" => "sw",
        other => other.get(..1).unwrap_or_default(),
    };
    format!("{area}{direction}{number}")
}

/// How long each kind of work takes. Nobody knows AWS's figures exactly (facts 1.8, U24); these are its usual ones.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Durations {
    /// A new group, whatever its size.
    pub create: SignedDuration,
    /// On top of that, where a snapshot is loaded.
    pub restore: SignedDuration,
    /// Taking a group down.
    pub delete: SignedDuration,
    /// Another node type.
    pub node_type: SignedDuration,
    /// Another engine version.
    pub engine_version: SignedDuration,
    /// A change of the token.
    pub token: SignedDuration,
    /// A setting that is applied at once but still makes the group busy for a moment.
    pub setting: SignedDuration,
    /// More replicas.
    pub add_replicas: SignedDuration,
    /// Fewer replicas.
    pub remove_replicas: SignedDuration,
    /// Slots that move from some shards to others.
    pub reshard: SignedDuration,
    /// A failover, from loss to a new primary.
    pub failover: SignedDuration,
    /// Replacing the node that was lost.
    pub replace_node: SignedDuration,
    /// Starting a node anew.
    pub reboot: SignedDuration,
    /// Parameters that change at once, until every node has them.
    pub parameters: SignedDuration,
    /// A snapshot.
    pub snapshot: SignedDuration,
    /// A copy of one.
    pub copy_snapshot: SignedDuration,
    /// Deleting one.
    pub delete_snapshot: SignedDuration,
    /// How long a group is busy after its tags changed, where [`Switches::tags_make_busy`].
    pub tags: SignedDuration,
    /// A change of a user, until every node knows it, or its end.
    pub user: SignedDuration,
    /// A new user group, a change of one, or its end.
    pub user_group: SignedDuration,
    /// Another user group for a replication group.
    pub attach: SignedDuration,
    /// Another encryption in transit.
    pub transit: SignedDuration,
    /// Logs that go elsewhere.
    pub logs: SignedDuration,
}

impl Default for Durations {
    fn default() -> Self {
        let (minutes, seconds) = (SignedDuration::from_mins, SignedDuration::from_secs);
        Self {
            create: minutes(8),
            restore: minutes(3),
            delete: minutes(5),
            node_type: minutes(20),
            engine_version: minutes(20),
            token: minutes(2),
            setting: seconds(20),
            add_replicas: minutes(10),
            remove_replicas: minutes(4),
            reshard: minutes(15),
            failover: seconds(30),
            replace_node: minutes(5),
            reboot: minutes(2),
            parameters: seconds(30),
            snapshot: minutes(3),
            copy_snapshot: minutes(2),
            delete_snapshot: seconds(30),
            tags: seconds(10),
            user: seconds(30),
            user_group: seconds(30),
            attach: minutes(2),
            transit: minutes(10),
            logs: minutes(2),
        }
    }
}

impl Durations {
    /// All of them so many times shorter.
    #[must_use]
    pub fn faster(mut self, times: u32) -> Self {
        let times = i32::try_from(times).unwrap_or(i32::MAX).max(1);
        for it in [
            &mut self.create,
            &mut self.restore,
            &mut self.delete,
            &mut self.node_type,
            &mut self.engine_version,
            &mut self.token,
            &mut self.setting,
            &mut self.add_replicas,
            &mut self.remove_replicas,
            &mut self.reshard,
            &mut self.failover,
            &mut self.replace_node,
            &mut self.reboot,
            &mut self.parameters,
            &mut self.snapshot,
            &mut self.copy_snapshot,
            &mut self.delete_snapshot,
            &mut self.tags,
            &mut self.user,
            &mut self.user_group,
            &mut self.attach,
            &mut self.transit,
            &mut self.logs,
        ] {
            *it /= times;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_shortened_as_aws_does() {
        for (region, short) in [
            ("us-east-1", "use1"),
            ("us-west-2", "usw2"),
            ("eu-central-1", "euc1"),
            ("ap-southeast-2", "apse2"),
        ] {
            assert_eq!(short_region(region), short);
        }
    }

    #[test]
    fn names_depend_on_tls() {
        let name = |tls, which| {
            let wanted = AddressFor {
                group: "orders",
                letters: "abc123",
                region: "eu-west-1",
                tls,
                port: 6379,
                which,
            };
            DnsNames.give(&wanted).host
        };
        assert_eq!(name(true, Which::Primary), "master.orders.abc123.euw1.cache.amazonaws.com");
        assert_eq!(
            name(true, Which::Node("orders-002")),
            "orders-002.orders.abc123.euw1.cache.amazonaws.com"
        );
        assert_eq!(
            name(true, Which::Configuration),
            "clustercfg.orders.abc123.euw1.cache.amazonaws.com"
        );
        assert_eq!(
            name(false, Which::Configuration),
            "orders.abc123.clustercfg.euw1.cache.amazonaws.com"
        );
        assert_eq!(name(false, Which::Primary), "orders.abc123.ng.0001.euw1.cache.amazonaws.com");
        assert_eq!(name(false, Which::Reader), "orders-ro.abc123.ng.0001.euw1.cache.amazonaws.com");
        assert_eq!(
            name(false, Which::Node("orders-002")),
            "orders-002.abc123.0001.euw1.cache.amazonaws.com"
        );
    }
}
