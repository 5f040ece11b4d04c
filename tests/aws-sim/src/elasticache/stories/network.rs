//! Which addresses a group has.

use super::{Caller, one};

fn network_of(xml: &str) -> (String, String) {
    (one(xml, "NetworkType"), one(xml, "IpDiscovery"))
}

#[test]
fn a_group_has_the_addresses_that_it_was_made_with() {
    for (id, asked, expected) in [
        ("plain", &[][..], ("ipv4", "ipv4")),
        ("newer", &[("NetworkType", "ipv6")], ("ipv6", "ipv6")),
        ("both", &[("NetworkType", "dual_stack")], ("dual_stack", "ipv4")),
        (
            "orders",
            &[("NetworkType", "dual_stack"), ("IpDiscovery", "ipv6")],
            ("dual_stack", "ipv6"),
        ),
    ] {
        let mut aws = Caller::new(|_| {});
        let made = aws.create(id, "1", asked).unwrap();
        let expected = (expected.0.to_owned(), expected.1.to_owned());
        assert_eq!(network_of(&made), expected);
        aws.pass(20);
        assert_eq!(network_of(&aws.member(&format!("{id}-001"))), expected);
    }
}

#[test]
fn what_no_group_can_have_is_refused() {
    let mut aws = Caller::new(|_| {});
    for (asked, code) in [
        (&[("NetworkType", "ipx")][..], "InvalidParameterValue"),
        (&[("IpDiscovery", "dual_stack")], "InvalidParameterValue"),
        (&[("IpDiscovery", "ipv6")], "InvalidParameterCombination"),
        (&[("NetworkType", "ipv6"), ("IpDiscovery", "ipv4")], "InvalidParameterCombination"),
        (&[("NetworkType", "ipv6"), ("EngineVersion", "6.0")], "InvalidParameterCombination"),
    ] {
        assert_eq!(aws.create("orders", "1", asked).unwrap_err().code, code, "{asked:?}");
    }
}

#[test]
fn names_lead_to_the_other_addresses_where_a_group_has_both() {
    let mut aws = Caller::new(|_| {});
    aws.create("orders", "1", &[("NetworkType", "dual_stack")]).unwrap();
    aws.pass(20);
    aws.modify(&[("IpDiscovery", "ipv6")]).unwrap();
    aws.pass(5);
    let found = aws.ask("DescribeReplicationGroups", &[("ReplicationGroupId", "orders")]).unwrap();
    assert_eq!(network_of(&found), ("dual_stack".to_owned(), "ipv6".to_owned()));
    assert_eq!(
        aws.modify(&[("IpDiscovery", "ipv6")]).unwrap_err().message,
        "No modifications were requested"
    );
}
