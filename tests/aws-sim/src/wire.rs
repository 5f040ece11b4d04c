//! Requests and answers as they are on the wire, whichever front they came through.
//!
//! Which service a request is for is said by its signature: `…/elasticache/aws4_request`. The signature itself is not checked.

mod call;
pub mod json;
pub mod query;
pub mod schema;
pub mod xml;

pub(crate) use call::Call;

/// A request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `POST`, mostly.
    pub method: String,
    /// Path and query, or the whole URI.
    pub uri: String,
    /// Headers as they came.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// An error that AWS answers with: code, text and HTTP status.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// The code, as it is on the wire.
    pub code: String,
    /// The text.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
}

impl Refusal {
    /// A refusal with this status.
    pub fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status }
    }

    /// That of an operation that the service has, or has not, and the simulator does not model.
    pub(crate) fn not_modelled(operation: &str) -> Self {
        Self::new(400, "UnknownOperationException", format!("{operation} is not modelled here"))
    }
}

/// What services of JSON say of a field that breaks a constraint of their model.
pub(crate) fn constraint(field: &str, value: &str, rule: &str) -> String {
    let value: String = value.chars().take(100).collect();
    format!(
        "1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: {rule}"
    )
}

impl Request {
    /// The value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(it, _)| it.eq_ignore_ascii_case(name));
        header.map(|(_, value)| value.as_str())
    }

    /// The signing name of the service that it is for, from the scope of its signature.
    pub fn service(&self) -> Option<&str> {
        let scope = self.header("authorization")?.split("Credential=").nth(1)?;
        scope.split([',', ' ']).next()?.split('/').nth(3)
    }

    /// The protocol that it speaks.
    pub fn protocol(&self) -> Protocol {
        if self.header("smithy-protocol") == Some("rpc-v2-cbor") {
            Protocol::Cbor
        } else if self.header("x-amz-target").is_some() {
            Protocol::Json
        } else {
            Protocol::Query
        }
    }

    /// The operation that it asks for.
    pub fn operation(&self) -> String {
        match self.protocol() {
            Protocol::Cbor => {
                let path = self.uri.split('?').next().unwrap_or_default();
                path.rsplit('/').next().unwrap_or_default().to_owned()
            }
            Protocol::Json => {
                let target = self.header("x-amz-target").unwrap_or_default();
                target.rsplit('.').next().unwrap_or_default().to_owned()
            }
            Protocol::Query => query::Params::read(&self.body).text("Action").unwrap_or_default(),
        }
    }
}

/// How a request is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protocol {
    /// A form in, XML out.
    Query,
    /// JSON 1.0 or 1.1, named by `X-Amz-Target`.
    Json,
    /// Smithy RPC v2 with CBOR.
    Cbor,
}

impl Response {
    /// A refusal, in the protocol that the request speaks.
    pub fn refusing(request: &Request, refusal: &Refusal, request_id: &str) -> Self {
        match request.protocol() {
            Protocol::Query => query::refuse(refusal, request_id),
            Protocol::Json => json::refuse(refusal, request_id),
            Protocol::Cbor => Self {
                status: refusal.status,
                headers: vec![
                    ("content-type".to_owned(), "application/cbor".to_owned()),
                    ("smithy-protocol".to_owned(), "rpc-v2-cbor".to_owned()),
                    ("x-amzn-requestid".to_owned(), request_id.to_owned()),
                ],
                body: cbor_error(refusal),
            },
        }
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A CBOR map of two texts.
fn cbor_error(refusal: &Refusal) -> Vec<u8> {
    let mut bytes = vec![0xA2];
    for text in ["__type", &refusal.code, "message", &refusal.message] {
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        bytes.push(0x79);
        bytes.extend(length.to_be_bytes());
        bytes.extend(text.bytes().take(length.into()));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_says_which_service() {
        let scope = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/elasticache/aws4_request, SignedHeaders=host, Signature=0";
        let request = Request {
            headers: vec![("Authorization".to_owned(), scope.to_owned())],
            body: b"Action=DescribeEvents&Version=2015-02-02".to_vec(),
            ..Request::default()
        };
        assert_eq!(request.service(), Some("elasticache"));
        assert_eq!(request.operation(), "DescribeEvents");
    }
}
