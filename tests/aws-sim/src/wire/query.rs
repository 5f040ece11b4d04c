//! The Query protocol: a form in, XML out (facts 1.1).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::xml::escape;
use super::{Refusal, Response};

/// The fields of a form.
#[derive(Clone, Debug, Default)]
pub struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads a form body.
    pub fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let pair = |it: &str| {
            let (name, value) = it.split_once('=').unwrap_or((it, ""));
            (decode(name), decode(value))
        };
        Self(text.split('&').filter(|it| !it.is_empty()).map(pair).collect())
    }

    /// Fields from pairs, for tests.
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    /// All of them.
    pub fn all(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// A field's text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    /// Whether it, or anything below it, is there.
    pub fn has(&self, name: &str) -> bool {
        let below = format!("{name}.");
        self.0.contains_key(name)
            || self.0.range(below.clone()..).next().is_some_and(|(it, _)| it.starts_with(&below))
    }

    /// A field that must be there.
    pub fn required(&self, name: &str) -> Result<String, Refusal> {
        match self.0.get(name) {
            Some(value) if !value.is_empty() => Ok(value.clone()),
            Some(_) | None => Err(Refusal::new(
                400,
                "InvalidParameterValue",
                format!("The parameter {name} must be provided and must not be blank."),
            )),
        }
    }

    /// A whole number.
    pub fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.0.get(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| malformed(name, text))
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.0.get(name).map(String::as_str) {
            None => Ok(None),
            Some("true" | "True") => Ok(Some(true)),
            Some("false" | "False") => Ok(Some(false)),
            Some(text) => Err(malformed(name, text)),
        }
    }

    /// A list of texts, `Name.item.1` and so on. Nothing where there is no such list.
    pub fn list(&self, name: &str, item: &str) -> Vec<String> {
        let at = |number: usize| self.0.get(&format!("{name}.{item}.{number}")).cloned();
        (1..).map_while(at).collect()
    }

    /// A list of structures, each as fields of its own.
    pub fn structures(&self, name: &str, item: &str) -> Vec<Self> {
        let at = |number: usize| {
            let prefix = format!("{name}.{item}.{number}.");
            let fields: BTreeMap<_, _> = self
                .0
                .range(prefix.clone()..)
                .map_while(|(field, value)| {
                    Some((field.strip_prefix(&prefix)?.to_owned(), value.clone()))
                })
                .collect();
            (!fields.is_empty()).then_some(Self(fields))
        };
        (1..).map_while(at).collect()
    }
}

fn malformed(name: &str, text: &str) -> Refusal {
    Refusal::new(400, "MalformedInput", format!("{text} is not a value that {name} can have"))
}

/// An answer of an operation: its result, wrapped as the protocol wants it.
pub fn answer(namespace: &str, operation: &str, result: &str, request_id: &str) -> Response {
    let mut body = String::with_capacity(result.len() + 256);
    let _infallible = write!(
        body,
        r#"<{operation}Response xmlns="{namespace}"><{operation}Result>{result}</{operation}Result><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"#
    );
    with(200, body, request_id)
}

/// An answer of an operation that has no result.
pub fn answer_empty(namespace: &str, operation: &str, request_id: &str) -> Response {
    let body = format!(
        r#"<{operation}Response xmlns="{namespace}"><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"#
    );
    with(200, body, request_id)
}

/// A refusal.
pub fn refuse(refusal: &Refusal, request_id: &str) -> Response {
    let side = if refusal.status < 500 { "Sender" } else { "Receiver" };
    let body = format!(
        r#"<ErrorResponse xmlns="http://elasticache.amazonaws.com/doc/2015-02-02/"><Error><Type>{side}</Type><Code>{}</Code><Message>{}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"#,
        escape(&refusal.code),
        escape(&refusal.message)
    );
    with(refusal.status, body, request_id)
}

fn with(status: u16, body: String, request_id: &str) -> Response {
    Response {
        status,
        headers: vec![
            ("content-type".to_owned(), "text/xml".to_owned()),
            ("x-amzn-requestid".to_owned(), request_id.to_owned()),
        ],
        body: body.into_bytes(),
    }
}

fn decode(text: &str) -> String {
    if !text.contains(['%', '+']) {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digit = |it: Option<u8>| char::from(it?).to_digit(16);
                let (high, low) = (digit(rest.next()), digit(rest.next()));
                let byte = high.zip(low).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
                bytes.push(byte.unwrap_or(b'?'));
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_its_lists() {
        let params = Params::read(
            b"Action=X&A=a%26b+c&Tags.Tag.1.Key=k&Tags.Tag.1.Value=v&Tags.Tag.2.Key=l&Ids.Id.1=one&Ids.Id.2=two&N=7&On=true",
        );
        assert_eq!(params.text("A").unwrap(), "a&b c");
        assert_eq!(params.list("Ids", "Id"), ["one", "two"]);
        let tags = params.structures("Tags", "Tag");
        assert_eq!(tags.len(), 2);
        assert_eq!(tags[0].text("Value").unwrap(), "v");
        assert_eq!(params.number("N"), Ok(Some(7)));
        assert_eq!(params.flag("On"), Ok(Some(true)));
        assert!(params.has("Tags"));
        assert!(!params.has("Tag"));
        assert_eq!(params.required("Missing").unwrap_err().status, 400);
    }
}
