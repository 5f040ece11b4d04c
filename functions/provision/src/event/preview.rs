//! The one direct invocation: `{"action":"plan"}`, which tells what a request would do, and does nothing.

use domain::owner::Owner;
use domain::{GroupId, Problems};
use serde_json::{Map, Value};

/// What is to be foretold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Preview {
    /// The end of the cache, and not its being as stated.
    pub(crate) deletes: bool,
    /// The properties, as the template would state them.
    pub(crate) stated: Map<String, Value>,
    /// What the template states now, where that was said.
    pub(crate) before: Option<Map<String, Value>>,
    /// The group that CloudFormation knows, where that is not the one that the properties name.
    pub(crate) physical: Option<GroupId>,
    /// Whose request it would be; where it was not said, it is whoever owns the group.
    pub(crate) owner: Option<Owner>,
}

impl Preview {
    /// Reads a direct invocation; nothing where it is none.
    pub(crate) fn read(event: &Value) -> Option<Result<Self, Problems>> {
        let fields = event.as_object()?;
        let action = fields.get("action").or_else(|| fields.get("Action"))?;
        Some(Self::parse(action, fields))
    }

    fn parse(action: &Value, fields: &Map<String, Value>) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        if action.as_str() != Some("plan") {
            problems.add("action", format!("{action:.40} is not an action, \"plan\" is"));
        }
        let deletes = match fields.get("of").map(Value::as_str) {
            None | Some(Some("update")) => false,
            Some(Some("delete")) => true,
            Some(_) => {
                problems.add(
                    "of",
                    "cannot be planned; \"update\", which is the default, and \"delete\" can",
                );
                false
            }
        };
        let mut map = |key: &str| match fields.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::Object(map)) => Some(map.clone()),
            Some(_) => {
                problems.add(key, "is not an object of properties");
                None
            }
        };
        let (stated, before) = (map("properties"), map("before"));
        let mut text = |key: &str| match fields.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            Some(_) => {
                problems.add(key, "is not a text");
                None
            }
        };
        let (stack, resource, physical) = (text("stackId"), text("logicalId"), text("physicalId"));
        // One that is of no group, such as that of a database at Upstash, tells nothing more than the properties.
        let physical = physical.and_then(|it| GroupId::parse(&it).ok());
        if stated.is_none() && !problems.iter().any(|it| it.name == "properties") {
            problems.add("properties", "is missing; it takes the properties of the resource");
        }
        if resource.is_some() && stack.is_none() {
            problems.add("stackId", "is missing, and logicalId alone names no resource");
        }
        for key in fields.keys().filter(|it| !KNOWN.contains(&it.as_str())) {
            problems.add(key, "is no field of a plan");
        }
        let owner =
            stack.map(|it| Owner::new(it, resource.unwrap_or_else(|| LOGICAL_ID.to_owned())));
        match stated {
            Some(stated) if problems.is_empty() => {
                Ok(Self { deletes, stated, before, physical, owner })
            }
            Some(_) | None => Err(problems),
        }
    }
}

const KNOWN: [&str; 8] =
    ["action", "Action", "of", "properties", "before", "stackId", "logicalId", "physicalId"];

/// What the resource is called in our own template.
const LOGICAL_ID: &str = "Cache";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn wrong(event: &Value, expected: &[&str]) {
        let problems = Preview::read(event).unwrap().unwrap_err();
        let names: Vec<_> = problems.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, expected, "{problems}");
    }

    #[test]
    fn only_an_event_with_an_action_is_one() {
        assert_eq!(Preview::read(&json!({ "RequestType": "Create" })), None);
        assert_eq!(Preview::read(&json!(["action"])), None);
        let read = Preview::read(&json!({ "Action": "plan", "properties": {} })).unwrap().unwrap();
        assert!(!read.deletes && read.before.is_none() && read.owner.is_none());
        let known = json!({ "action": "plan", "properties": {}, "physicalId": "orders-r2" });
        let read = Preview::read(&known).unwrap().unwrap();
        assert_eq!(read.physical, GroupId::parse("orders-r2").ok());
        let upstash = json!({ "action": "plan", "properties": {}, "physicalId": "upstash:orders" });
        assert_eq!(Preview::read(&upstash).unwrap().unwrap().physical, None);
        let stack = json!({ "action": "plan", "of": "delete", "properties": {}, "stackId": "s" });
        let read = Preview::read(&stack).unwrap().unwrap();
        assert_eq!((read.deletes, read.owner), (true, Some(Owner::new("s", "Cache"))));
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        wrong(&json!({ "action": "apply" }), &["action", "properties"]);
        wrong(
            &json!({ "action": "plan", "of": "life", "properties": [], "logicalId": "Cache", "x": 1 }),
            &["of", "properties", "stackId", "x"],
        );
        wrong(&json!({ "action": "plan", "properties": {}, "stackId": 7 }), &["stackId"]);
    }
}
