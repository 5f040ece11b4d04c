//! The types of the fields of a JSON or CBOR request. AWS refuses a value of another type before it looks at anything else.

use serde_json::Value;

use super::Refusal;

/// The names of a service's fields by their types, at whatever depth. A name that means two things is in none of the lists.
#[derive(Clone, Copy, Debug, Default)]
pub struct Schema {
    /// A text.
    pub texts: &'static [&'static str],
    /// A number.
    pub numbers: &'static [&'static str],
    /// True or false.
    pub flags: &'static [&'static str],
    /// A list of texts.
    pub text_lists: &'static [&'static str],
    /// A structure.
    pub structures: &'static [&'static str],
    /// A list of structures.
    pub structure_lists: &'static [&'static str],
}

impl Schema {
    /// Whether a request, an object, has them so.
    pub fn check(&self, request: &Value) -> Result<(), Refusal> {
        if !request.is_object() {
            return Err(unexpected("the request", "a structure"));
        }
        self.check_within(request)
    }

    fn check_within(&self, value: &Value) -> Result<(), Refusal> {
        if let Some(items) = value.as_array() {
            return items.iter().try_for_each(|it| self.check_within(it));
        }
        for (name, inner) in value.as_object().into_iter().flatten() {
            if let Some((expected, fits)) = self.of(name)
                && !inner.is_null()
                && !fits(inner)
            {
                return Err(unexpected(name, expected));
            }
            self.check_within(inner)?;
        }
        Ok(())
    }

    fn of(&self, name: &str) -> Option<Type> {
        let all: [(&[&str], Type); 6] = [
            (self.texts, ("a text", Value::is_string)),
            (self.numbers, ("a number", Value::is_number)),
            (self.flags, ("true or false", Value::is_boolean)),
            (self.text_lists, ("a list of texts", |it| is_list_of(it, Value::is_string))),
            (self.structures, ("a structure", Value::is_object)),
            (self.structure_lists, ("a list of structures", |it| is_list_of(it, Value::is_object))),
        ];
        all.into_iter().find(|(names, _)| names.contains(&name)).map(|(_, found)| found)
    }
}

/// What it is called, and what is of it.
type Type = (&'static str, fn(&Value) -> bool);

fn is_list_of(value: &Value, fits: fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|it| it.iter().all(fits))
}

fn unexpected(name: &str, expected: &str) -> Refusal {
    Refusal::new(400, "SerializationException", format!("{name} is not {expected}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SCHEMA: Schema = Schema {
        texts: &["Name"],
        numbers: &["Count"],
        flags: &["Now"],
        text_lists: &["Keys"],
        structures: &["Rules"],
        structure_lists: &["Tags"],
    };

    #[test]
    fn each_value_is_of_its_type() {
        for good in [
            json!({}),
            json!({ "Name": "a", "Count": 1, "Now": true, "Keys": ["a"], "Rules": {}, "Tags": [{ "Name": "b" }] }),
            json!({ "Name": null, "Other": [1, {}] }),
        ] {
            assert_eq!(SCHEMA.check(&good), Ok(()));
        }
        for (bad, name) in [
            (json!([]), "the request"),
            (json!({ "Name": ["a"] }), "Name"),
            (json!({ "Count": "1" }), "Count"),
            (json!({ "Now": "true" }), "Now"),
            (json!({ "Keys": ["a", 1] }), "Keys"),
            (json!({ "Rules": [] }), "Rules"),
            (json!({ "Tags": ["a"] }), "Tags"),
            (json!({ "Tags": [{ "Name": 7 }] }), "Name"),
            (json!({ "Other": { "Deep": { "Now": 0 } } }), "Now"),
        ] {
            let refusal = SCHEMA.check(&bad).unwrap_err();
            assert_eq!(refusal.code, "SerializationException");
            assert!(refusal.message.starts_with(name), "{}", refusal.message);
        }
    }
}
