use platform::continuation::Delivery;
use proptest::prelude::*;

use super::*;

/// Every file of `events/provision`: what CloudFormation and the state machine really send.
const FILES: [&str; 12] = [
    include_str!("../../../../../events/provision/carried-create.json"),
    include_str!("../../../../../events/provision/create-bad-input.json"),
    include_str!("../../../../../events/provision/create-upstash.json"),
    include_str!("../../../../../events/provision/create.json"),
    include_str!("../../../../../events/provision/delete-after-bad-input.json"),
    include_str!("../../../../../events/provision/delete-invented-id.json"),
    include_str!("../../../../../events/provision/delete.json"),
    include_str!("../../../../../events/provision/gave-up-create.json"),
    include_str!("../../../../../events/provision/plan-delete.json"),
    include_str!("../../../../../events/provision/plan.json"),
    include_str!("../../../../../events/provision/update-rollback.json"),
    include_str!("../../../../../events/provision/update.json"),
];

/// Texts on which readers of texts have stumbled.
const WORDS: [&str; 22] = [
    "",
    " ",
    ",",
    "true",
    "TRUE",
    "-0",
    "+1",
    "99999999999999999999",
    "7.1",
    "cache..",
    "cache.t2.micro",
    "cache.r6gd.xlarge",
    "arn:",
    "arn:aws:sns:::x",
    "arn:aws:sns:eu-west-1:123456789012:tópic",
    "00:00-00:00",
    "+1:+1-+2:+2",
    "é:0é-1:00",
    "sun:23:59-sun:23:58",
    "https://",
    "subnet-",
    "\u{0}\u{202e}",
];

/// Names under which somebody may have put a credential.
const SECRETIVE: [&str; 9] = [
    "AuthToken",
    "EnableAuthToken",
    "Password",
    "RedisAuthTokenSecretArn",
    "StoreUpstashInSecretsManager",
    "UpstashRedisToken",
    "UpstashRedisUrl",
    "UpstashSecretArn",
    "upstash_redis_token",
];

/// What happens to one place of an event.
#[derive(Clone, Debug)]
enum Mutation {
    Drop,
    Replace(Value),
    Nest,
    Double,
    Lengthen,
    Beside(String, Value),
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned),
        2 => ".{0,40}",
        1 => "[a-z0-9:.-]{0,30}",
        1 => "[Ææa-z ]{3000}",
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        let fields = prop::collection::vec((any_text(), inner.clone()), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Value::from),
            fields.prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

fn any_mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        2 => Just(Mutation::Drop),
        5 => any_json().prop_map(Mutation::Replace),
        1 => Just(Mutation::Nest),
        1 => Just(Mutation::Double),
        1 => Just(Mutation::Lengthen),
        2 => (any_text(), any_json()).prop_map(|(name, value)| Mutation::Beside(name, value)),
    ]
}

/// A real event, of which some places are no longer as they were.
fn any_event() -> impl Strategy<Value = Value> {
    let mutations = prop::collection::vec((any::<prop::sample::Index>(), any_mutation()), 0..6);
    (prop::sample::select(FILES.to_vec()), mutations).prop_map(|(file, mutations)| {
        let mut event: Value = serde_json::from_str(file).unwrap();
        for (place, mutation) in mutations {
            let mut places = Vec::new();
            collect(&event, String::new(), &mut places);
            mutate(&mut event, place.get(&places).as_str(), mutation);
        }
        event
    })
}

fn collect(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(value, format!("{at}/{name}"), places);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                collect(value, format!("{at}/{index}"), places);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    places.push(at);
}

fn mutate(event: &mut Value, place: &str, mutation: Mutation) {
    if let (Mutation::Drop, Some((parent, name))) = (&mutation, place.rsplit_once('/')) {
        match event.pointer_mut(parent) {
            Some(Value::Object(fields)) => {
                fields.remove(&name.replace("~1", "/").replace("~0", "~"));
            }
            Some(Value::Array(items)) => drop(items.remove(name.parse().unwrap())),
            other => panic!("{other:?} holds nothing"),
        }
        return;
    }
    let Some(value) = event.pointer_mut(place) else { return };
    let was = value.take();
    *value = match (mutation, was) {
        (Mutation::Drop, _) => Value::Null,
        (Mutation::Replace(new), _) => new,
        (Mutation::Nest, was) => json!({ "a": [was] }),
        (Mutation::Double, Value::Array(items)) => json!([items.clone(), items].concat()),
        (Mutation::Double, was) => json!([was, was]),
        (Mutation::Lengthen, Value::String(text)) => json!(text.repeat(1000)),
        (Mutation::Beside(name, new), Value::Object(mut fields)) => {
            fields.insert(name, new);
            Value::Object(fields)
        }
        (Mutation::Lengthen | Mutation::Beside(..), was) => was,
    };
}

/// What is told of an event's mistakes, after it was read as the function reads it.
fn told(payload: &Value) -> Result<String, TestCaseError> {
    let event = Delivery::open(payload.clone()).event;
    if let Some(preview) = preview::Preview::read(&event) {
        // Its properties are read as those of a request are.
        let owner = Owner::new("stack", "Cache");
        let read = preview.and_then(|it| parse(&it.stated, &owner, it.before.as_ref()));
        return Ok(read.map_or_else(|problems| problems.to_string(), |_| String::new()));
    }
    let patience = patience(service_timeout(&event));
    prop_assert!(0 < patience.as_secs() && patience.as_secs() <= 3600);
    let Some(ticket) = Ticket::read(&event) else { return Ok(String::new()) };
    match request(&ticket, &event) {
        Ok(request) => {
            prop_assert!(!request.group().is_empty());
            Ok(String::new())
        }
        Err(problems) => {
            prop_assert!(!problems.is_empty());
            for problem in problems.iter() {
                prop_assert!(!problem.name.trim().is_empty(), "{problem:?}");
                prop_assert!(!problem.rule.trim().is_empty(), "{problem:?}");
            }
            Ok(problems.to_string())
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anything_is_a_request_or_told_whole(event in prop_oneof![1 => any_json(), 6 => any_event()]) {
        told(&event)?;
    }

    #[test]
    fn properties_of_any_kind_are_a_request_or_told_whole(
        kind in prop::sample::select(vec!["Create", "Update", "Delete"]),
        now in any_json(),
        before in any_json(),
    ) {
        let mut event = event(kind, Some("orders-redis-production"), now);
        event["OldResourceProperties"] = before;
        told(&event)?;
    }

    #[test]
    fn a_credential_in_the_wrong_place_is_not_repeated(
        mut event in any_event(),
        name in prop::sample::select(SECRETIVE.to_vec()),
        value in prop::sample::select(vec![
            json!("planted"),
            json!(["planted"]),
            json!({ "planted": "planted" }),
            json!("https://default:planted@a.upstash.io"),
            json!("rediss://default:planted@a.upstash.io"),
            json!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:planted?"),
        ]),
    ) {
        let places = ["/event/ResourceProperties", "/ResourceProperties", "/properties"];
        let inner = places.into_iter().find(|it| event.pointer(it).is_some()).unwrap_or("/none");
        if let Some(Value::Object(properties)) = event.pointer_mut(inner) {
            properties.insert(name.to_owned(), value);
        }
        let told = told(&event)?;
        prop_assert!(!told.contains("planted"), "{}", told);
    }
}

#[test]
fn the_files_are_all_that_there_are() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/provision");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), FILES.len());
}
