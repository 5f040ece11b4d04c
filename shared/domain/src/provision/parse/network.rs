//! Where the nodes stand.

use super::super::property::Properties;
use super::shape;
use crate::engine::{Engine, Release};
use crate::shard::Shape;
use crate::{Arn, Owner};

/// The VPC. The security groups of the application are read beside it, and are the template's own.
pub(super) fn vpc(read: &mut Properties<'_>) -> Option<String> {
    let _of_the_application = read.ids("AppSecurityGroupIds", "sg-");
    read.ids("VpcId", "vpc-").into_iter().next()
}

pub(super) fn needed(
    read: &mut Properties<'_>,
    wanted: bool,
    subnets: &[String],
    security_groups: &[String],
) {
    if !wanted {
        return;
    }
    if subnets.is_empty() && !read.has_problem("PrivateSubnetIds") {
        read.problems.add("PrivateSubnetIds", "is missing; it takes the subnets of the cache");
    }
    if 20 < subnets.len() {
        read.problems.add("PrivateSubnetIds", "has more than the 20 subnets that a group takes");
    }
    if security_groups.is_empty() && !read.has_problem("SecurityGroupIds") {
        read.problems.add(
            "SecurityGroupIds",
            "is missing; without it the cache would stand in the default security group of the VPC",
        );
    }
}

pub(super) fn multi_az(read: &mut Properties<'_>, shape: Shape, subnets: &[String]) -> bool {
    let multi_az = read.switch("EnableMultiAz", 0 < shape.replicas());
    if multi_az && shape.replicas() == 0 {
        read.problems.add(
            "EnableMultiAz",
            format!(
                "is true with {}: a second zone needs a replica to stand in it",
                shape::stated(shape)
            ),
        );
    } else if multi_az && subnets.len() == 1 {
        read.problems.add(
            "EnableMultiAz",
            "is true with one subnet: give PrivateSubnetIds in two zones, or set it to false",
        );
    }
    multi_az
}

/// The zones that nodes are made in: one a node, or with shards those that each of them walks round. They count while the cache is made.
pub(super) fn zones(
    read: &mut Properties<'_>,
    (shape, multi_az, makes): (Shape, bool, bool),
    owner: &Owner,
) -> Vec<String> {
    const NAME: &str = "PreferredZones";
    let stack = Arn::parse(owner.stack_id()).ok();
    let region = stack.as_ref().map_or("", Arn::region);
    let zones = read.list(NAME);
    let is_zone = |it: &String| {
        let letter = it.strip_prefix(region).unwrap_or_default();
        letter.len() == 1 && letter.bytes().all(|it| it.is_ascii_lowercase())
    };
    if let Some(strange) = zones.iter().find(|it| !is_zone(it)) {
        let strange: String = strange.chars().take(100).collect();
        read.problems.add(
            NAME,
            format!("\"{strange}\" is not a zone of the stack's region, such as {region}a"),
        );
        return Vec::new();
    }
    if zones.is_empty() || !makes {
        return zones;
    }
    let is_said = |at: usize, zone: &String| zones.iter().take(at).any(|it| it == zone);
    let twice = zones.iter().enumerate().find(|(at, it)| shape.is_sharded() && is_said(*at, it));
    if let Some((_, zone)) = twice {
        let rule = format!(
            "names {zone} twice, and ClusterMode is enabled: every shard walks round the list, so it takes each zone once"
        );
        read.problems.add(NAME, rule);
    } else if !shape.is_sharded()
        && usize::try_from(shape.nodes()).is_ok_and(|it| it != zones.len())
    {
        read.problems.add(
            NAME,
            format!(
                "has {} zones for {}: it takes one a node, the primary's first",
                zones.len(),
                shape::stated(shape)
            ),
        );
    } else if multi_az && zones.iter().all(|it| zones.first() == Some(it)) {
        read.problems.add(
            NAME,
            "has one zone only, and EnableMultiAz is true: give a replica another, or set that to false",
        );
    }
    zones
}

/// The kind of addresses, and which of them names lead to.
pub(super) fn addresses(read: &mut Properties<'_>, release: Option<Release>) -> (String, String) {
    let kind = read.one_of("NetworkType", &["ipv4", "ipv6", "dual_stack"], "ipv4");
    let default = if kind == "ipv6" { "ipv6" } else { "ipv4" };
    let discovery = read.one_of("IpDiscovery", &["ipv4", "ipv6"], default);
    let is_old =
        |it: &Release| it.engine == Engine::Redis && (it.version.major, it.version.minor) < (6, 2);
    if let Some(Release { version, .. }) = release.filter(|it| kind != "ipv4" && is_old(it)) {
        read.problems.add(
            "NetworkType",
            format!("{kind} is there from Redis 6.2 on, and RedisEngineVersion is {version}"),
        );
    }
    let has = |name| read.has_problem(name);
    if kind != "dual_stack" && kind != discovery && !has("NetworkType") && !has("IpDiscovery") {
        read.problems.add(
            "IpDiscovery",
            format!("is {discovery}, and NetworkType is {kind}: a cache has no other addresses than those"),
        );
    }
    (kind, discovery)
}
