//! A token's life, as far as the group shows it.

use super::{Caller, TOKEN, all, one};

const SECOND: &str = "second-token-000";

fn admits(aws: &Caller, token: Option<&str>) -> bool {
    aws.world.with(|state| {
        let host = state.elasticache.groups["orders"].primary_endpoint.host.clone();
        state.elasticache.access_at(&host).unwrap().admits(token)
    })
}

#[test]
fn a_rotation_takes_time_and_shows_while_it_does() {
    let mut aws = Caller::with_group("2", |_| {});
    let before = one(&aws.group(), "AuthTokenLastModifiedDate");
    let rotate = [
        ("AuthToken", SECOND),
        ("AuthTokenUpdateStrategy", "ROTATE"),
        ("ApplyImmediately", "true"),
    ];
    aws.modify(&rotate).unwrap();
    let group = aws.group();
    assert_eq!(one(&group, "AuthTokenStatus"), "ROTATING");
    assert_eq!(one(&aws.member("orders-001"), "AuthTokenStatus"), "ROTATING");
    assert!(!admits(&aws, Some(SECOND)), "not before it is done");
    assert_eq!(aws.modify(&rotate).unwrap_err().code, "InvalidReplicationGroupState");
    aws.pass(2);
    let group = aws.group();
    assert_eq!(one(&group, "Status"), "available");
    assert!(all(&group, "AuthTokenStatus").is_empty());
    assert_ne!(one(&group, "AuthTokenLastModifiedDate"), before);
    assert!(admits(&aws, Some(SECOND)) && admits(&aws, Some(TOKEN)) && !admits(&aws, None));
    let set =
        [("AuthToken", SECOND), ("AuthTokenUpdateStrategy", "SET"), ("ApplyImmediately", "true")];
    aws.modify(&set).unwrap();
    assert_eq!(one(&aws.group(), "AuthTokenStatus"), "SETTING");
    aws.pass(2);
    assert!(admits(&aws, Some(SECOND)) && !admits(&aws, Some(TOKEN)));
    assert_eq!(aws.modify(&set).unwrap_err().code, "InvalidParameterValue");
}

#[test]
fn a_first_token_is_optional_until_it_is_set() {
    let mut aws = Caller::new(|_| {});
    aws.create("orders", "2", &[]).unwrap();
    aws.pass(8);
    assert!(admits(&aws, None));
    // ROTATE is the default strategy.
    aws.modify(&[("AuthToken", TOKEN), ("ApplyImmediately", "true")]).unwrap();
    aws.pass(2);
    assert!(admits(&aws, None) && admits(&aws, Some(TOKEN)));
    let set =
        [("AuthToken", TOKEN), ("AuthTokenUpdateStrategy", "SET"), ("ApplyImmediately", "true")];
    aws.modify(&set).unwrap();
    aws.pass(2);
    assert!(!admits(&aws, None) && admits(&aws, Some(TOKEN)));
}

#[test]
fn a_token_needs_tls_and_its_alphabet() {
    let mut aws = Caller::with_group("2", |_| {});
    let bad = [("AuthToken", "with/slash-000000"), ("ApplyImmediately", "true")];
    assert!(aws.modify(&bad).unwrap_err().message.starts_with("Invalid AuthToken provided"));
    let bare = [("AuthTokenUpdateStrategy", "SET")];
    assert_eq!(aws.modify(&bare).unwrap_err().code, "InvalidParameterCombination");
    let mut plain = Caller::new(|_| {});
    plain.create("orders", "1", &[("TransitEncryptionEnabled", "false")]).unwrap();
    plain.pass(8);
    let refused = plain.modify(&[("AuthToken", TOKEN)]).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterCombination");
    assert!(one(&plain.group(), "Address").starts_with("orders."), "no TLS, no master.");
}

#[test]
fn no_token_is_kept_in_the_record_of_calls() {
    let aws = Caller::with_group("1", |_| {});
    let record = aws.world.with(|state| format!("{:?}", state.calls));
    assert!(record.contains("AuthToken"));
    assert!(!record.contains(TOKEN));
    assert!(!aws.world.with(|state| format!("{state:?}")).contains(TOKEN));
}
