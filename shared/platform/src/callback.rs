//! The answer to CloudFormation: one PUT to a presigned URL.

use std::fmt;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use jiff::{SignedDuration, Timestamp};

use crate::{Aws, Clock, Fault, FaultKind, http};

/// Where an answer goes. Whoever has it can answer in our place, so it prints as stars (facts 7.1).
#[derive(Clone, Eq, PartialEq)]
pub struct ResponseUrl(String);

impl ResponseUrl {
    /// Takes a text that is a URL.
    pub fn parse(text: &str) -> Option<Self> {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        (!host.is_empty()).then(|| Self(text.to_owned()))
    }

    /// When it was signed, which is when CloudFormation issued its request; nothing where its signature does not say.
    ///
    /// A request itself has no date, and Lambda may deliver it hours late (facts 7.5).
    pub fn signed_at(&self) -> Option<Timestamp> {
        let (_, query) = self.0.split_once('?')?;
        let date = query.split('&').find_map(|it| it.strip_prefix("X-Amz-Date="))?;
        date.parse().ok()
    }
}

impl fmt::Debug for ResponseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseUrl(*****)")
    }
}

/// Sends answers over the HTTP client of the SDK, so that there is one TLS stack.
#[derive(Clone, Debug)]
pub struct Callback {
    http: SharedHttpClient,
}

impl Callback {
    /// Answers over this connection.
    pub fn new(aws: &Aws) -> Self {
        Self { http: aws.http().clone() }
    }

    /// Puts an answer. A broken connection and a server error are tried again for a minute; a refusal is final, since a presigned URL
    /// that is refused once is refused always.
    pub async fn put(&self, url: &ResponseUrl, body: &str, clock: &Clock) -> Result<(), Fault> {
        let mut pause = SignedDuration::from_secs(1);
        for _ in 1..TRIES {
            match self.once(url, body).await {
                Err(fault) if fault.kind == FaultKind::Transient => {
                    clock.sleep(pause).await;
                    pause += pause;
                }
                done => return done,
            }
        }
        self.once(url, body).await
    }

    async fn once(&self, url: &ResponseUrl, body: &str) -> Result<(), Fault> {
        let body = body.to_owned();
        let answer = http::send(&self.http, CALL, &url.0, move |path| request(path, &body)).await?;
        match answer.status {
            200..=299 => Ok(()),
            status @ (429 | 500..=599) => {
                Err(Fault::transient(CALL, format!("it answers HTTP {status}")))
            }
            status => Err(Fault {
                call: CALL,
                kind: FaultKind::Denied,
                code: Some(status.to_string()),
                message: format!("it answers HTTP {status}"),
            }),
        }
    }
}

/// A signature covers the headers: an empty content-type is part of it, and any other breaks it (facts 7.1).
fn request(path: &str, body: &str) -> Result<HttpRequest, aws_smithy_runtime_api::http::HttpError> {
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("PUT")?;
    request.set_uri(path.to_owned())?;
    request.headers_mut().try_insert("content-type", "")?;
    request.headers_mut().try_insert("content-length", body.len().to_string())?;
    Ok(request)
}

const CALL: &str = "the answer to CloudFormation";

/// With pauses of 1, 2, 4, 8 and 16 seconds between them.
const TRIES: u32 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_never_printed() {
        let url = ResponseUrl::parse("https://planted.example/secret").unwrap();
        assert!(!format!("{url:?}").contains("planted"));
        assert!(ResponseUrl::parse("ftp://x").is_none());
    }

    #[test]
    fn a_url_tells_when_it_was_signed_where_its_signature_does() {
        let check = |query: &str, expected: Option<&str>| {
            let url = ResponseUrl::parse(&format!("https://s3.example/a%7Cb?{query}")).unwrap();
            let expected = expected.map(|it| it.parse().unwrap());
            assert_eq!(url.signed_at(), expected, "{query}");
        };
        check("X-Amz-Date=20261129T110007Z&X-Amz-Expires=7199", Some("2026-11-29T11:00:07Z"));
        check("X-Amz-Expires=7199&X-Amz-Date=20261129T110007Z", Some("2026-11-29T11:00:07Z"));
        check("AWSAccessKeyId=x&Expires=1700000000&Signature=y", None);
        check("X-Amz-Date=yesterday", None);
    }
}
