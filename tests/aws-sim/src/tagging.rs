//! Resource Groups Tagging: everything that has tags, by key and type, in pages.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::wire::Call;
use crate::wire::schema::Schema;
use crate::{Refusal, Response, State, logs};

/// One call.
pub(crate) fn call(state: &mut State, asked: Call<'_>) -> Response {
    asked.answered(state, |state, operation, fields| {
        if operation != "GetResources" {
            return Err(Refusal::not_modelled(operation));
        }
        check(&fields)?;
        resources(state, &fields)
    })
}

const SCHEMA: Schema = Schema {
    texts: &["Key", "PaginationToken"],
    numbers: &["ResourcesPerPage", "TagsPerPage"],
    flags: &["ExcludeCompliantResources", "IncludeComplianceDetails"],
    text_lists: &["ResourceARNList", "ResourceTypeFilters", "Values"],
    structures: &[],
    structure_lists: &["TagFilters"],
};

fn check(fields: &Value) -> Result<(), Refusal> {
    SCHEMA.check(fields)?;
    let wrong = |text: &str| Err(Refusal::new(400, "InvalidParameterException", text));
    let count = |field: &str| fields.get(field).and_then(Value::as_array).map_or(0, Vec::len);
    if 100 < count("ResourceARNList") || 50 < count("TagFilters") {
        return wrong("No more than 100 ARNs and 50 filters can be given");
    }
    if filters(fields).iter().any(|(key, values)| key.is_empty() || 20 < values.len()) {
        return wrong("A filter has a key and no more than 20 values");
    }
    let pages = ["ResourcesPerPage", "TagsPerPage", "PaginationToken"];
    if 0 < count("ResourceARNList") && pages.iter().any(|it| is_said(fields, it)) {
        return wrong("ResourceARNList cannot be given together with pages");
    }
    let on = |field: &str| fields.get(field).and_then(Value::as_bool).unwrap_or_default();
    if on("ExcludeCompliantResources") && !on("IncludeComplianceDetails") {
        return wrong("ExcludeCompliantResources needs IncludeComplianceDetails");
    }
    if names_and_filters(fields) {
        return wrong("ResourceARNList cannot be given together with filters");
    }
    let size = fields.get("ResourcesPerPage").and_then(Value::as_u64);
    if size.is_some_and(|it| !(1..=100).contains(&it)) {
        return wrong("ResourcesPerPage is a number from 1 to 100");
    }
    Ok(())
}

fn is_said(fields: &Value, name: &str) -> bool {
    fields.get(name).is_some_and(|it| !it.is_null() && it.as_str() != Some(""))
}

/// Whether both things and what they are like are given; the service takes only one of the two.
fn names_and_filters(fields: &Value) -> bool {
    let given =
        |field: &str| fields.get(field).and_then(Value::as_array).is_some_and(|it| !it.is_empty());
    given("ResourceARNList") && (given("ResourceTypeFilters") || given("TagFilters"))
}

fn resources(state: &State, fields: &Value) -> Result<Value, Refusal> {
    let types = texts(fields.get("ResourceTypeFilters"));
    let named = texts(fields.get("ResourceARNList"));
    let filters = filters(fields);
    let tagged = state
        .elasticache
        .tagged(state)
        .into_iter()
        .chain(state.secrets.tagged())
        .chain(state.cloudwatch.tagged())
        .chain(logs::tagged(state));
    let size = fields.get("ResourcesPerPage").and_then(Value::as_u64).unwrap_or(50).clamp(1, 100);
    let size = usize::try_from(size).unwrap_or(50);
    let token = fields.get("PaginationToken").and_then(Value::as_str).unwrap_or_default();
    let after = place(state, token)?;
    let mut found: Vec<(String, &BTreeMap<String, String>)> = tagged
        .filter(|(arn, tags)| {
            !tags.is_empty()
                && after < arn.as_str()
                && (named.is_empty() || named.contains(arn))
                && (types.is_empty() || types.iter().any(|it| is_of_type(arn, it)))
                && filters.iter().all(|(key, values)| {
                    tags.get(key).is_some_and(|it| values.is_empty() || values.contains(it))
                })
        })
        .collect();
    let is_last = found.len() <= size;
    if !is_last {
        // Of very many only the page is put in order.
        found.select_nth_unstable_by(size, |one, two| one.0.cmp(&two.0));
        found.truncate(size);
    }
    found.sort_by(|one, two| one.0.cmp(&two.0));
    // The token of the last page is an empty text, not an absent one.
    let next = match found.last() {
        Some((arn, _)) if !is_last => format!("{}/{arn}", state.now.as_second()),
        Some(_) | None => String::new(),
    };
    let page: Vec<Value> = found
        .into_iter()
        .map(|(arn, tags)| {
            let pairs = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value }));
            json!({ "ResourceARN": arn, "Tags": pairs.collect::<Vec<_>>() })
        })
        .collect();
    Ok(json!({ "ResourceTagMappingList": page, "PaginationToken": next }))
}

/// The ARN that a page begins after. A token says when it was given, as it is good for a quarter of an hour.
fn place<'a>(state: &State, token: &'a str) -> Result<&'a str, Refusal> {
    if token.is_empty() {
        return Ok("");
    }
    let parts = token.split_once('/').and_then(|(at, arn)| Some((at.parse::<i64>().ok()?, arn)));
    let Some((at, arn)) = parts else {
        let text = "PaginationToken is not one that was given";
        return Err(Refusal::new(400, "InvalidParameterException", text));
    };
    if TOKEN_SECONDS < state.now.as_second().saturating_sub(at) {
        let text = "PaginationToken has expired";
        return Err(Refusal::new(400, "PaginationTokenExpiredException", text));
    }
    Ok(arn)
}

const TOKEN_SECONDS: i64 = 15 * 60;

fn filters(fields: &Value) -> Vec<(String, Vec<String>)> {
    let filters = fields.get("TagFilters").and_then(Value::as_array).map(Vec::as_slice);
    let filter = |it: &Value| {
        let key = it.get("Key").and_then(Value::as_str).unwrap_or_default();
        (key.to_owned(), texts(it.get("Values")))
    };
    filters.unwrap_or_default().iter().map(filter).collect()
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect()
}

/// Whether `arn:aws:elasticache:…:replicationgroup:orders` is of the type `elasticache:replicationgroup`, or of `elasticache`.
fn is_of_type(arn: &str, wanted: &str) -> bool {
    let (service, kind) = wanted.split_once(':').unwrap_or((wanted, ""));
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, _, of, _, _, resource] = parts.as_slice() else { return false };
    *of == service && (kind.is_empty() || resource.split([':', '/']).next() == Some(kind))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::SignedDuration;

    use super::*;
    use crate::{Request, Settings, World};

    /// A world with a parameter group and a subnet group that have tags, and so many users.
    fn world(users: u32) -> World {
        let world = World::new(Settings::default());
        let tags = "Tags.Tag.1.Key=team&Tags.Tag.1.Value=orders";
        let mut forms = vec![
            format!(
                "CreateCacheParameterGroup&CacheParameterGroupName=p&CacheParameterGroupFamily=redis7&Description=x&{tags}"
            ),
            format!(
                "CreateCacheSubnetGroup&CacheSubnetGroupName=s&CacheSubnetGroupDescription=x&SubnetIds.SubnetIdentifier.1=subnet-0a&{tags}"
            ),
        ];
        forms.extend((0..users).map(|it| {
            format!("CreateUser&UserId=u{it}&UserName=u{it}&Engine=redis&AccessString=on&NoPasswordRequired=true&{tags}")
        }));
        for form in forms {
            ask(&world, "elasticache", &[], format!("Action={form}")).unwrap();
        }
        world
    }

    fn ask(
        world: &World,
        service: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<String, String> {
        let scope =
            format!("AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/{service}/aws4_request");
        let mut all = vec![("authorization".to_owned(), scope)];
        all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let request = Request {
            method: "POST".to_owned(),
            uri: "/".to_owned(),
            headers: all,
            body: body.into_bytes(),
        };
        let now = world.with(|it| it.now);
        let response = world.call(now, &request);
        if response.status == 200 { Ok(response.text()) } else { Err(response.text()) }
    }

    fn get(world: &World, fields: &Value) -> Result<(Vec<String>, String), String> {
        let target = [("x-amz-target", "ResourceGroupsTaggingAPI_20170126.GetResources")];
        let answer = ask(world, "tagging", &target, fields.to_string())?;
        let answer: BTreeMap<String, Value> = serde_json::from_str(&answer).unwrap();
        let found = answer["ResourceTagMappingList"].as_array().unwrap().iter();
        let arns = found.map(|it| it["ResourceARN"].as_str().unwrap().to_owned()).collect();
        Ok((arns, answer["PaginationToken"].as_str().unwrap().to_owned()))
    }

    #[test]
    fn groups_of_parameters_and_subnets_are_found_by_type() {
        let world = world(0);
        for (kind, name) in [("parametergroup", "p"), ("subnetgroup", "s")] {
            let asked = json!({ "ResourceTypeFilters": [format!("elasticache:{kind}")] });
            let arn = format!("arn:aws:elasticache:us-east-1:123456789012:{kind}:{name}");
            assert_eq!(get(&world, &asked).unwrap().0, [arn]);
        }
    }

    #[test]
    fn pages_go_on_where_the_last_one_ended() {
        let world = world(6);
        let users = json!({ "ResourceTypeFilters": ["elasticache:user"], "ResourcesPerPage": 3 });
        let (first, token) = get(&world, &users).unwrap();
        assert_eq!(first.len(), 3);
        // One that comes before is no reason to see another one twice.
        let stock = "arn:aws:elasticache:us-east-1:123456789012:user:default";
        let tag = format!("ResourceName={stock}&Tags.Tag.1.Key=team&Tags.Tag.1.Value=orders");
        ask(&world, "elasticache", &[], format!("Action=AddTagsToResource&{tag}")).unwrap();
        let mut next = users.clone();
        next["PaginationToken"] = json!(token);
        let (second, end) = get(&world, &next).unwrap();
        assert_eq!((second.len(), end.as_str()), (3, ""));
        assert!(second.iter().all(|it| !first.contains(it)));
        world.with(|state| state.now += SignedDuration::from_mins(16));
        let expired = get(&world, &next).unwrap_err();
        assert!(expired.contains("PaginationTokenExpiredException"), "{expired}");
        next["PaginationToken"] = json!("1");
        assert!(get(&world, &next).unwrap_err().contains("InvalidParameterException"));
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let world = world(0);
        let named = json!(["arn:aws:elasticache:us-east-1:123456789012:user:u"]);
        let many: Vec<String> = (0..21).map(|it| it.to_string()).collect();
        for wrong in [
            json!({ "ResourceARNList": named, "ResourcesPerPage": 10 }),
            json!({ "ResourceARNList": named, "TagFilters": [{ "Key": "team" }] }),
            json!({ "ExcludeCompliantResources": true }),
            json!({ "TagFilters": [{ "Key": "team", "Values": many }] }),
            json!({ "TagFilters": [{ "Values": ["orders"] }] }),
            json!({ "ResourcesPerPage": 0 }),
        ] {
            let refused = get(&world, &wrong).unwrap_err();
            assert!(refused.contains("InvalidParameterException"), "{wrong}: {refused}");
        }
        let empty = json!({ "ResourceARNList": named, "PaginationToken": "" });
        assert_eq!(get(&world, &empty), Ok((Vec::new(), String::new())));
    }

    #[test]
    fn a_type_is_read_off_the_arn() {
        let arn = "arn:aws:elasticache:us-east-1:1:replicationgroup:orders";
        assert!(is_of_type(arn, "elasticache:replicationgroup"));
        assert!(is_of_type(arn, "elasticache"));
        assert!(!is_of_type(arn, "elasticache:snapshot"));
        assert!(!is_of_type(arn, "secretsmanager:secret"));
    }
}
