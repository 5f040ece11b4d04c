//! Calls to the rest of the local cloud: SNS and Lambda of the emulator, over plain HTTP on loopback.

use std::fmt::Write as _;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::Options;

/// Publishes to a topic. Tried a few times: an alarm acts once, and nobody would say it again (facts 6.4).
pub(super) async fn publish(
    options: &Options,
    topic_arn: &str,
    subject: Option<&str>,
    message: &str,
) -> Result<(), String> {
    let endpoint = options.sns_endpoint.as_deref();
    let endpoint = endpoint.ok_or("nothing is published: there is no --sns-endpoint")?;
    let mut form = format!(
        "Action=Publish&Version=2010-03-31&TopicArn={}&Message={}",
        encoded(topic_arn),
        encoded(message)
    );
    if let Some(subject) = subject {
        form.push_str("&Subject=");
        form.push_str(&encoded(subject));
    }
    let mut last = String::new();
    for attempt in 1..=PUBLISH_TRIES {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        match post(options, endpoint, "/", "sns", &headers, form.clone()).await {
            Ok(answer) if answer.status < 300 => return Ok(()),
            Ok(answer) => last = format!("{}: {}", answer.status, answer.text()),
            Err(err) => last = err,
        }
        tokio::time::sleep(Duration::from_millis(200) * attempt).await;
    }
    Err(format!("could not publish to {topic_arn}: {last}"))
}

const PUBLISH_TRIES: u32 = 4;

/// Calls a function and waits for its answer. A function that fails is an error, with its words.
pub(super) async fn invoke(
    options: &Options,
    function_arn: &str,
    payload: &Value,
) -> Result<Value, String> {
    let answer = call(options, function_arn, payload, "RequestResponse").await?;
    Ok(serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
}

/// Sends a function an event. What comes of it is the function's affair.
pub(super) async fn send(
    options: &Options,
    function_arn: &str,
    payload: &Value,
) -> Result<(), String> {
    call(options, function_arn, payload, "Event").await.map(drop)
}

async fn call(
    options: &Options,
    function_arn: &str,
    payload: &Value,
    how: &str,
) -> Result<Answer, String> {
    let endpoint = options.lambda_endpoint.as_deref();
    let endpoint = endpoint.ok_or("no function is called: there is no --lambda-endpoint")?;
    let path = format!("/2015-03-31/functions/{}/invocations", encoded(function_arn));
    let headers = [("content-type", "application/json"), ("x-amz-invocation-type", how)];
    let answer = post(options, endpoint, &path, "lambda", &headers, payload.to_string()).await;
    let answer = answer.map_err(|err| format!("could not call {function_arn}: {err}"))?;
    if answer.failed || 300 <= answer.status {
        return Err(format!("{function_arn} failed: {}", answer.text()));
    }
    Ok(answer)
}

struct Answer {
    status: u16,
    /// Lambda answers 200 for a function that failed, and says so in a header.
    failed: bool,
    body: Bytes,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).chars().take(500).collect()
    }
}

async fn post(
    options: &Options,
    endpoint: &str,
    path: &str,
    service: &str,
    headers: &[(&str, &str)],
    body: String,
) -> Result<Answer, String> {
    let host = endpoint.strip_prefix("http://").unwrap_or(endpoint);
    let stream = TcpStream::connect(host).await.map_err(|err| format!("{endpoint}: {err}"))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(words)?;
    // Its errors show in the exchange.
    tokio::spawn(connection);
    // The emulator reads who calls, and for which service, off the signature; it does not check it.
    let key = std::env::var("AWS_ACCESS_KEY_ID").unwrap_or_else(|_| "test".to_owned());
    let scope = format!("{key}/20260101/{}/{service}/aws4_request", options.region);
    let signature = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
    let mut request = hyper::Request::post(path)
        .header("host", host)
        .header("authorization", signature)
        .header("x-amz-date", "20260101T000000Z");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(body))).map_err(words)?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(words)?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(words)?.to_bytes();
        let failed = head.headers.contains_key("x-amz-function-error");
        Ok(Answer { status: head.status.as_u16(), failed, body })
    };
    match tokio::time::timeout(PATIENCE, exchange).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("{endpoint} does not answer")),
    }
}

/// A function may take 15 minutes.
const PATIENCE: Duration = Duration::from_mins(16);

fn words(err: impl std::fmt::Display) -> String {
    err.to_string()
}

/// Percent-encoded.
fn encoded(text: &str) -> String {
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"-._~".contains(&it);
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if plain(byte) {
            encoded.push(char::from(byte));
        } else {
            let _infallible = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
