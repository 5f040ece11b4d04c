//! Users: who they are, how they log in, and how they change.

use super::{Caller, all, one};
use crate::Login;
use crate::fault::{Fault, Rule, Side};

const FIRST: &str = "first-password-0000";
const SECOND: &str = "second-password-000";

/// Makes a user with a password.
fn create(aws: &mut Caller, id: &str, more: &[(&str, &str)]) -> Result<String, crate::Refusal> {
    let mut pairs = vec![
        ("UserId", id),
        ("UserName", id),
        ("Engine", "redis"),
        ("AccessString", "on ~* +@all"),
        ("Passwords.member.1", FIRST),
    ];
    for it in more {
        pairs.retain(|(name, _)| *name != it.0);
        pairs.push(*it);
    }
    pairs.retain(|(_, value)| !value.is_empty());
    aws.ask("CreateUser", &pairs)
}

fn user(aws: &mut Caller, id: &str) -> String {
    aws.ask("DescribeUsers", &[("UserId", id)]).unwrap()
}

#[test]
fn the_stock_user_is_always_there_and_stays_as_it_is() {
    let mut aws = Caller::new(|_| {});
    let stock = aws.ask("DescribeUsers", &[]).unwrap();
    assert_eq!(all(&stock, "member").len(), 1);
    for (name, value) in [
        ("UserId", "default"),
        ("UserName", "default"),
        ("Status", "active"),
        ("Engine", "redis"),
        ("MinimumEngineVersion", "6.0"),
        ("AccessString", "on ~* +@all"),
        ("UserGroupIds", ""),
        ("Type", "no-password"),
        ("PasswordCount", "0"),
        ("ARN", "arn:aws:elasticache:us-east-1:123456789012:user:default"),
        ("Marker", ""),
    ] {
        assert_eq!(all(&stock, name), [value], "{name}");
    }
    let change = [("UserId", "Default"), ("AccessString", "off")];
    assert_eq!(aws.code("ModifyUser", &change), "InvalidParameterValue");
    assert_eq!(aws.code("DeleteUser", &[("UserId", "default")]), "InvalidParameterValue");
    let again = create(&mut aws, "default", &[]).unwrap_err();
    assert_eq!((again.status, again.code.as_str()), (400, "UserAlreadyExists"));
}

#[test]
fn a_user_is_there_at_once_and_its_password_is_told_to_nobody() {
    let mut aws = Caller::new(|_| {});
    let two = [("Engine", "REDIS"), ("Passwords.member.2", SECOND)];
    let made = create(&mut aws, "App-1", &two).unwrap();
    assert!(made.starts_with(
        r#"<CreateUserResponse xmlns="http://elasticache.amazonaws.com/doc/2015-02-02/"><CreateUserResult><UserId>app-1</UserId><UserName>App-1</UserName><Status>active</Status><Engine>redis</Engine>"#
    ));
    assert!(made.contains("<Authentication><Type>password</Type><PasswordCount>2</PasswordCount>"));
    let listed = user(&mut aws, "APP-1");
    assert_eq!(one(&listed, "UserId"), "app-1", "ids are stored in lower case");
    let everything = aws.world.with(|state| format!("{state:?} {:?}", state.calls));
    for text in [made, listed, everything] {
        assert!(!text.contains(FIRST) && !text.contains(SECOND));
    }
    let filter = [("SourceType", "user"), ("SourceIdentifier", "app-1")];
    let events = aws.ask("DescribeEvents", &filter).unwrap();
    assert_eq!(all(&events, "Message"), ["User app-1 created"]);
}

#[test]
fn there_are_three_ways_to_log_in_and_each_has_its_words() {
    let mut aws = Caller::new(|_| {});
    let mode = |kind| [("Passwords.member.1", ""), ("AuthenticationMode.Type", kind)];
    let open = create(&mut aws, "open", &mode("no-password-required")).unwrap();
    assert_eq!(one(&open, "Type"), "no-password");
    let flag = [("Passwords.member.1", ""), ("NoPasswordRequired", "true")];
    let open = create(&mut aws, "open-2", &flag).unwrap();
    assert_eq!(
        (one(&open, "Type"), one(&open, "PasswordCount")),
        ("no-password".into(), "0".into())
    );
    let iam = create(&mut aws, "iam", &mode("iam")).unwrap();
    assert_eq!((one(&iam, "Type"), one(&iam, "PasswordCount")), ("iam".into(), "0".into()));
    let password = [&mode("password")[..], &[("AuthenticationMode.Passwords.member.1", FIRST)]];
    let plain = create(&mut aws, "password", &password.concat()).unwrap();
    assert_eq!(
        (one(&plain, "Type"), one(&plain, "PasswordCount")),
        ("password".into(), "1".into())
    );
    let record = aws.world.with(|state| format!("{:?}", state.calls));
    assert!(record.contains("AuthenticationMode.Passwords.member.1") && !record.contains(FIRST));
}

#[test]
fn bad_users_are_refused_with_the_codes_of_aws() {
    let mut aws = Caller::new(|_| {});
    let mut refused = |more: &[(&str, &str)], code: &str| {
        let got = create(&mut aws, "app", more).expect_err(code);
        assert_eq!((got.status, got.code.as_str()), (400, code), "{more:?} {}", got.message);
        got.message
    };
    let (value, combination) = ("InvalidParameterValue", "InvalidParameterCombination");
    for id in ["1app", "-app", "a_b", "a b"] {
        refused(&[("UserId", id)], value);
    }
    refused(&[("UserName", "a b")], value);
    refused(&[("UserName", "aws-sim-admin")], value);
    refused(&[("Engine", "memcached")], value);
    refused(&[("Engine", "")], value);
    refused(&[("AccessString", "on >in-the-string-0000")], value);
    refused(&[("AccessString", "reset")], value);
    for password in ["short", "with-a-comma-000,", "with-a-slash-000/", "with-an-at-000000@"] {
        let told = refused(&[("Passwords.member.1", password)], value);
        assert!(!told.contains(password));
    }
    let third = [("Passwords.member.2", SECOND), ("Passwords.member.3", "third-password-0000")];
    refused(&third, value);
    let none = refused(&[("Passwords.member.1", "")], combination);
    assert!(none.starts_with("No password was provided."));
    refused(&[("NoPasswordRequired", "true")], combination);
    refused(&[("AuthenticationMode.Type", "iam")], combination);
    let mode = |kind| [("Passwords.member.1", ""), ("AuthenticationMode.Type", kind)];
    refused(&mode("no-password"), value);
    refused(&mode("password"), combination);
    let with_password = [&mode("iam")[..], &[("AuthenticationMode.Passwords.member.1", FIRST)]];
    refused(&with_password.concat(), combination);
    let iam = [&mode("iam")[..], &[("UserName", "other")]].concat();
    let told = refused(&iam, combination);
    assert_eq!(told, "User Id and User name must be same for authentication type: iam");
    let open = [("Passwords.member.1", ""), ("NoPasswordRequired", "true"), ("Engine", "valkey")];
    refused(&open, combination);
    let gone = aws.ask("DescribeUsers", &[("UserId", "app")]).unwrap_err();
    assert_eq!((gone.status, gone.code.as_str()), (404, "UserNotFound"));
}

#[test]
fn a_change_takes_a_while_and_no_other_is_taken_meanwhile() {
    let mut aws = Caller::new(|it| it.durations.user = jiff::SignedDuration::from_mins(2));
    create(&mut aws, "app", &[]).unwrap();
    let rotate = [("UserId", "app"), ("Passwords.member.1", SECOND), ("Passwords.member.2", FIRST)];
    let answer = aws.ask("ModifyUser", &rotate).unwrap();
    assert_eq!(one(&answer, "Status"), "modifying");
    assert_eq!(one(&answer, "PasswordCount"), "2");
    aws.pass(1);
    let refused = aws.ask("ModifyUser", &rotate).unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (400, "InvalidUserState"));
    assert_eq!(
        refused.message,
        "User app has status modifying. Only active users can be modified."
    );
    assert_eq!(aws.code("DeleteUser", &[("UserId", "app")]), "InvalidUserState");
    aws.pass(1);
    assert_eq!(one(&user(&mut aws, "app"), "Status"), "active");
    // Passwords replace those that were there.
    aws.ask("ModifyUser", &[("UserId", "app"), ("Passwords.member.1", SECOND)]).unwrap();
    aws.pass(2);
    assert_eq!(one(&user(&mut aws, "app"), "PasswordCount"), "1");
    let login =
        aws.world.with(|state| state.elasticache.users.find("app").unwrap().on_nodes.login.clone());
    assert_eq!(login, Login::Passwords(vec![SECOND.to_owned()]));
    assert!(aws.events().contains(&"User app modified".to_owned()));
}

#[test]
fn rights_are_replaced_or_added_to() {
    let mut aws = Caller::new(|_| {});
    create(&mut aws, "app", &[("AccessString", "on  ~a:*  -@all +@read")]).unwrap();
    let change = |aws: &mut Caller, field: &str, text: &str| {
        aws.ask("ModifyUser", &[("UserId", "app"), (field, text)]).unwrap();
        aws.pass(1);
        one(&user(aws, "app"), "AccessString")
    };
    assert_eq!(change(&mut aws, "AppendAccessString", "+set"), "on ~a:* -@all +@read +set");
    assert_eq!(change(&mut aws, "AccessString", "off"), "off");
    assert_eq!(one(&user(&mut aws, "app"), "PasswordCount"), "1", "the rest stays");
    let both = [("UserId", "app"), ("AccessString", "on"), ("AppendAccessString", "+get")];
    assert_eq!(aws.code("ModifyUser", &both), "InvalidParameterCombination");
    assert_eq!(aws.code("ModifyUser", &[("UserId", "app")]), "InvalidParameterCombination");
    let open = [("UserId", "app"), ("Engine", "valkey"), ("NoPasswordRequired", "true")];
    assert_eq!(aws.code("ModifyUser", &open), "InvalidParameterCombination");
    assert_eq!(
        aws.code("ModifyUser", &[("UserId", "none"), ("AccessString", "on")]),
        "UserNotFound"
    );
}

#[test]
fn a_user_goes_after_a_while() {
    let mut aws = Caller::new(|_| {});
    create(&mut aws, "app", &[]).unwrap();
    let answer = aws.ask("DeleteUser", &[("UserId", "app")]).unwrap();
    assert_eq!(one(&answer, "Status"), "deleting");
    assert_eq!(aws.code("DeleteUser", &[("UserId", "app")]), "InvalidUserState");
    assert_eq!(create(&mut aws, "app", &[]).unwrap_err().code, "UserAlreadyExists");
    aws.pass(1);
    assert_eq!(aws.code("DeleteUser", &[("UserId", "app")]), "UserNotFound");
    assert!(aws.events().contains(&"User app deleted".to_owned()));
    create(&mut aws, "app", &[]).unwrap();
}

#[test]
fn users_come_in_pages_and_by_filters() {
    let mut aws = Caller::new(|_| {});
    for number in 0..24 {
        let engine = if number % 2 == 0 { "redis" } else { "valkey" };
        create(&mut aws, &format!("app-{number:02}"), &[("Engine", engine)]).unwrap();
    }
    let page = aws.ask("DescribeUsers", &[("MaxRecords", "20")]).unwrap();
    assert_eq!(all(&page, "UserId").len(), 20);
    let marker = one(&page, "Marker");
    let rest = aws.ask("DescribeUsers", &[("MaxRecords", "20"), ("Marker", &marker)]).unwrap();
    assert_eq!(all(&rest, "UserId"), ["app-20", "app-21", "app-22", "app-23", "default"]);
    assert_eq!(one(&rest, "Marker"), "");
    assert_eq!(aws.code("DescribeUsers", &[("MaxRecords", "5")]), "InvalidParameterValue");
    let valkey = aws.ask("DescribeUsers", &[("Engine", "valkey")]).unwrap();
    assert_eq!(all(&valkey, "UserId").len(), 12);
    let filters = [
        ("Filters.member.1.Name", "UserId"),
        ("Filters.member.1.Values.member.1", "app-03"),
        ("Filters.member.1.Values.member.2", "app-04"),
        ("Filters.member.2.Name", "Engine"),
        ("Filters.member.2.Values.member.1", "redis"),
    ];
    let found = aws.ask("DescribeUsers", &filters).unwrap();
    assert_eq!(all(&found, "UserId"), ["app-04"]);
    let strange = [("Filters.member.1.Name", "Mood"), ("Filters.member.1.Values.member.1", "good")];
    assert_eq!(aws.code("DescribeUsers", &strange), "InvalidParameterCombination");
}

#[test]
fn there_are_so_many_users_and_no_more() {
    let mut aws = Caller::new(|it| it.switches.rbac_quotas.users = 2);
    create(&mut aws, "one", &[]).unwrap();
    let refused = create(&mut aws, "two", &[]).unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (400, "UserQuotaExceeded"));
}

#[test]
fn a_user_has_tags() {
    let mut aws = Caller::new(|_| {});
    let tag = [("Tags.Tag.1.Key", "team"), ("Tags.Tag.1.Value", "a")];
    let arn = one(&create(&mut aws, "app", &tag).unwrap(), "ARN");
    assert_eq!(arn, "arn:aws:elasticache:us-east-1:123456789012:user:app");
    let more = [("ResourceName", arn.as_str()), ("Tags.Tag.1.Key", "b"), ("Tags.Tag.1.Value", "c")];
    aws.ask("AddTagsToResource", &more).unwrap();
    let remove = [("ResourceName", arn.as_str()), ("TagKeys.member.1", "team")];
    aws.ask("RemoveTagsFromResource", &remove).unwrap();
    let left = aws.ask("ListTagsForResource", &[("ResourceName", &arn)]).unwrap();
    assert_eq!(one(&left, "TagList"), "<Tag><Key>b</Key><Value>c</Value></Tag>");
    let nobody = arn.replace("app", "nobody");
    assert_eq!(aws.code("ListTagsForResource", &[("ResourceName", &nobody)]), "UserNotFound");
}

#[test]
fn a_throttled_change_has_no_effect_and_a_lost_answer_does_not_undo_one() {
    let mut aws = Caller::new(|_| {});
    create(&mut aws, "app", &[]).unwrap();
    let rotate = [("UserId", "app"), ("Passwords.member.1", SECOND), ("Passwords.member.2", FIRST)];
    aws.world.with(|it| it.faults.add(Rule::operation("ModifyUser", Fault::Throttled)));
    assert_eq!(aws.code("ModifyUser", &rotate), "Throttling");
    let after = user(&mut aws, "app");
    assert_eq!(
        (one(&after, "Status"), one(&after, "PasswordCount")),
        ("active".into(), "1".into())
    );
    let broken = Fault::Broken(Side::AfterEffect);
    aws.world.with(|it| it.faults.add(Rule::operation("ModifyUser", broken)));
    assert!(aws.ask("ModifyUser", &rotate).is_err());
    assert_eq!(one(&user(&mut aws, "app"), "Status"), "modifying");
    assert_eq!(aws.code("ModifyUser", &rotate), "InvalidUserState", "whoever asks again waits");
    aws.pass(1);
    assert_eq!(one(&user(&mut aws, "app"), "PasswordCount"), "2");
}
