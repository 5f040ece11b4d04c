use serde_json::{Map, json};

use super::super::plan::tests::Scene;
use super::*;

fn read_from(value: Value) -> Result<Parameters, String> {
    let map = Map::from_iter([("Parameters".to_owned(), value)]);
    let mut properties = Properties::new(&map);
    let parameters = read(&mut properties);
    let problems = properties.problems;
    if problems.is_empty() { Ok(parameters) } else { Err(problems.to_string()) }
}

fn values(of: &[(&str, &str)]) -> Parameters {
    of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn known() -> Vec<EngineParameter> {
    let of = |(name, default, allowed, modifiable): (&str, &str, &str, bool)| EngineParameter {
        name: name.to_owned(),
        default: default.to_owned(),
        allowed: allowed.to_owned(),
        modifiable,
    };
    [
        ("activedefrag", "no", "yes,no", true),
        ("appendonly", "no", "yes,no", false),
        ("maxmemory-policy", "volatile-lru", "volatile-lru,allkeys-lru", true),
        ("notify-keyspace-events", "", "", true),
        ("slowlog-log-slower-than", "10000", "-1-", true),
        ("timeout", "0", "0,20-", true),
    ]
    .map(of)
    .to_vec()
}

#[test]
fn parameters_are_read_in_every_spelling_that_templates_have() {
    let expected = Ok(values(&[("activedefrag", "yes"), ("timeout", "60")]));
    assert_eq!(read_from(json!({ "timeout": 60, "activedefrag": "yes" })), expected);
    // A bare yes in YAML comes as true.
    assert_eq!(read_from(json!({ "timeout": "60", "activedefrag": "true" })), expected);
    assert_eq!(read_from(json!(" timeout = 60, activedefrag=yes,")), expected);
    let list =
        json!([{ "Key": "timeout", "Value": "60" }, { "Key": "activedefrag", "Value": true }]);
    assert_eq!(read_from(list), expected);
    let empty = Ok(values(&[("notify-keyspace-events", "")]));
    assert_eq!(read_from(json!({ "notify-keyspace-events": "" })), empty);
    for nothing in [json!(null), json!(""), json!({})] {
        assert_eq!(read_from(nothing), Ok(Parameters::new()));
    }
}

#[test]
fn what_is_never_a_parameter_of_ours_is_told_with_the_reason() {
    #[track_caller]
    fn check(value: Value, expected: &str) {
        let said = read_from(value).unwrap_err();
        assert!(said.contains(expected), "{said}");
    }
    check(json!(7), "takes a map");
    check(json!("timeout"), "takes a map");
    check(json!({ "timeout": ["60"] }), "takes a map");
    check(
        json!({ "maxmemory-policy": "noeviction" }),
        "has a property of its own, MaxmemoryPolicy",
    );
    check(
        json!({ "cluster-enabled": "yes" }),
        "cluster-enabled follows from a property of its own, ClusterMode",
    );
    check(json!({ "reserved-memory": "1000" }), "state reserved-memory-percent");
    check(json!({ "Time Out": "1" }), "has the name \"Time Out\"");
    check(json!({ "timeout": "1".repeat(101) }), "more than 100 characters");
    check(json!("timeout=1,timeout=2"), "has timeout twice");
}

#[test]
fn what_elasticache_would_refuse_is_told_and_what_it_leaves_open_is_not() {
    #[track_caller]
    fn check(name: &str, value: &str, expected: Option<&str>) {
        let said = unfit(name, value, &known());
        assert_eq!(said.is_some(), expected.is_some(), "{name}={value}: {said:?}");
        let said = said.unwrap_or_default();
        assert!(said.contains(expected.unwrap_or_default()), "{said}");
    }
    check("timeout", "0", None);
    check("timeout", "60", None);
    check("timeout", "10", Some("timeout is \"10\" and takes 0,20-"));
    check("timeout", "soon", Some("takes 0,20-"));
    check("slowlog-log-slower-than", "-1", None);
    check("slowlog-log-slower-than", "-2", Some("takes -1-"));
    check("activedefrag", "yes", None);
    check("activedefrag", "on", Some("takes yes,no"));
    check("appendonly", "yes", Some("appendonly cannot be set"));
    check("notify-keyspace-events", "Kx", None);
    check("timeuot", "60", Some("timeuot is not one of them; did you mean timeout?"));
}

#[test]
fn ranges_are_read_as_elasticache_writes_them() {
    assert_eq!(range("0-100"), Some((0, 100)));
    assert_eq!(range("16-"), Some((16, i64::MAX)));
    assert_eq!(range("-1-"), Some((-1, i64::MAX)));
    assert_eq!(range("20"), Some((20, 20)));
    assert_eq!(range("K,E"), None);
    // What nobody can read is left to ElastiCache.
    assert_eq!(takes("[a-z]+", "x"), None);
    assert_eq!(takes("", "x"), None);
}

#[track_caller]
fn change_of(stated: &str, seen: &[(&str, &str)], expected: (&[(&str, &str)], &[&str])) {
    let wanted = Scene::stated(&[("Parameters", stated)]).wanted;
    let Change { set, reset } = change(&wanted, "redis7", &values(seen), Some(&known()));
    assert_eq!(
        (set, reset),
        (values(expected.0), expected.1.iter().map(|it| (*it).to_owned()).collect())
    );
}

const POLICY: (&str, &str) = ("maxmemory-policy", "allkeys-lru");

#[test]
fn what_differs_is_set_and_what_is_not_stated_is_reset() {
    change_of("timeout=60", &[POLICY], (&[("timeout", "60")], &[]));
    change_of("timeout=60", &[POLICY, ("timeout", "060")], (&[], &[]));
    change_of("timeout=60", &[("timeout", "90")], (&[POLICY, ("timeout", "60")], &[]));
    change_of("", &[POLICY, ("timeout", "60")], (&[], &["timeout"]));
    // What is as by default need neither be set nor reset, whoever may have set it.
    change_of("timeout=0", &[POLICY], (&[], &[]));
    change_of("", &[POLICY, ("timeout", "0")], (&[], &[]));
}

#[test]
fn what_a_newer_family_lacks_is_left_out_where_there_is_no_way_back() {
    let stated =
        [("Parameters", "timeout=60,hash-max-ziplist-entries=9"), ("RedisEngineVersion", "6.2")];
    let wanted = Scene::stated(&stated).wanted;
    let seen = values(&[POLICY, ("timeout", "60")]);
    let kept = change(&wanted, "redis7", &seen, Some(&known()));
    assert!(kept.set.is_empty() && kept.reset.is_empty());
    let of_its_own = change(&wanted, "redis6.x", &seen, Some(&known()));
    assert_eq!(of_its_own.set, values(&[("hash-max-ziplist-entries", "9")]));
}

#[test]
fn no_call_holds_more_than_it_takes() {
    let many: Vec<String> = (0..25).map(|it| format!("p{it}=1")).collect();
    let wanted = Scene::stated(&[("Parameters", &many.join(","))]).wanted;
    let group = ParameterGroupView { values: values(&[POLICY]), ..ParameterGroupView::default() };
    let Some(Step::SetParameters { values: set, .. }) = step(&wanted, "redis7", &group, None)
    else {
        panic!("nothing is set")
    };
    assert_eq!(set.len(), 20);
    let bare = Scene::stated(&[]).wanted;
    let seen = (0..25)
        .map(|it| (format!("p{it}"), "1".to_owned()))
        .chain([(POLICY.0.to_owned(), POLICY.1.to_owned())]);
    let group = ParameterGroupView { values: seen.collect(), ..ParameterGroupView::default() };
    let Some(Step::ResetParameters { names, .. }) = step(&bare, "redis7", &group, None) else {
        panic!("nothing is reset")
    };
    assert_eq!(names.len(), 20);
}

#[test]
fn families_are_looked_into_only_where_a_parameter_is_not_as_stated() {
    let scene = Scene::stated(&[]);
    let group = scene.seen.group.as_ref();
    let around = scene.seen.around.clone().unwrap();
    assert_eq!(to_be_known(&scene.wanted, group, &around), None);
    assert_eq!(to_be_known(&scene.wanted, None, &Around::default()), None);
    let stated = Scene::stated(&[("Parameters", "timeout=60")]).wanted;
    assert_eq!(to_be_known(&stated, group, &Around::default()).as_deref(), Some("redis7"));
    let mut meddled = around;
    meddled.parameter_groups[0].values.insert("timeout".to_owned(), "9".to_owned());
    assert_eq!(to_be_known(&scene.wanted, group, &meddled).as_deref(), Some("redis7"));
}

#[test]
fn mistakes_are_told_before_anything_is_made() {
    let scene = Scene::stated(&[("Parameters", "timeout=10,appendonly=yes,timeuot=1")]);
    let around = Around { engine_parameters: Some(known()), ..Around::default() };
    let told = impossible(&scene.wanted, None, &around).unwrap().to_string();
    for mistake in ["timeout is \"10\"", "appendonly cannot", "timeuot is not one", "redis7"] {
        assert!(told.contains(mistake), "{told}");
    }
}
