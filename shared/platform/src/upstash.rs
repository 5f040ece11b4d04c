//! Upstash's REST interface, as far as it is used: a PING that tells whether credentials open the database (facts 9.2).

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::http::HttpError;
use aws_smithy_types::body::SdkBody;
use domain::upstash::{Credentials, Refusal};
use jiff::SignedDuration;
use serde_json::Value;

use crate::{Aws, Clock, Fault, http};

/// Databases at Upstash.
#[derive(Clone, Debug)]
pub struct Upstash {
    http: SharedHttpClient,
}

impl Upstash {
    /// Speaks over this connection.
    pub fn new(aws: &Aws) -> Self {
        Self { http: aws.http().clone() }
    }

    /// Logs in with these credentials. A broken connection, a limit and a server error are tried again.
    ///
    /// # Errors
    ///
    /// Why they do not open it.
    pub async fn ping(&self, credentials: &Credentials, clock: &Clock) -> Result<(), Refusal> {
        let mut pause = SignedDuration::from_secs(1);
        for _ in 1..TRIES {
            match self.once(credentials).await {
                Ok(429 | 500..=599) | Err(_) => {
                    clock.sleep(pause).await;
                    pause += pause;
                }
                Ok(status) => return judged(status),
            }
        }
        self.once(credentials).await.map_or(Err(Refusal::Silent), judged)
    }

    /// The status of the answer; one that is well and no PONG counts as an odd one.
    async fn once(&self, credentials: &Credentials) -> Result<u16, Fault> {
        let token = credentials.token.clone();
        let write = move |path: &str| request(path, &format!("Bearer {}", token.expose()));
        let answer = http::send(&self.http, "PING", &credentials.url, write).await?;
        let said = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
        let is_pong = said.get("result").and_then(Value::as_str) == Some("PONG");
        Ok(if answer.status == 200 && is_pong { WELL } else { answer.status })
    }
}

/// In the place of a status: the answer was the one that only Upstash gives.
const WELL: u16 = 0;

fn judged(status: u16) -> Result<(), Refusal> {
    match status {
        WELL => Ok(()),
        401 | 403 => Err(Refusal::NotLetIn),
        429 | 500..=599 => Err(Refusal::Silent),
        other => Err(Refusal::Strange(other)),
    }
}

/// The token goes into a header and not into the address, which ends in the logs of proxies (facts 10).
fn request(path: &str, authorization: &str) -> Result<HttpRequest, HttpError> {
    let body = r#"["PING"]"#;
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("POST")?;
    request.set_uri(path.to_owned())?;
    request.headers_mut().try_insert("authorization", authorization.to_owned())?;
    request.headers_mut().try_insert("content-type", "application/json")?;
    request.headers_mut().try_insert("content-length", body.len().to_string())?;
    Ok(request)
}

/// With pauses of 1 and 2 seconds between them, and ten seconds in each at most.
const TRIES: u32 = 3;
