//! Where the nodes stand.

use super::super::property::Properties;

pub(super) fn needed(read: &mut Properties<'_>, subnets: &[String], security_groups: &[String]) {
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

pub(super) fn multi_az(read: &mut Properties<'_>, nodes: u32, subnets: &[String]) -> bool {
    let multi_az = read.switch("EnableMultiAz", 2 <= nodes);
    if multi_az && nodes < 2 {
        read.problems.add(
            "EnableMultiAz",
            format!("is true with RedisNumCacheNodes {nodes}: a second zone needs a replica to stand in it"),
        );
    } else if multi_az && subnets.len() == 1 {
        read.problems.add(
            "EnableMultiAz",
            "is true with one subnet: give PrivateSubnetIds in two zones, or set it to false",
        );
    }
    multi_az
}
