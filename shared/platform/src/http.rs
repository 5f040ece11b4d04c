//! Requests that are not AWS's own, over the HTTP client of the SDK, so that there is one TLS stack.

use std::time::Duration;

use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::HttpError;
use aws_smithy_types::timeout::TimeoutConfig;

use crate::Fault;

/// What came back, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The body. It may quote what it was sent, so it is read and never told.
    pub(crate) body: Vec<u8>,
}

/// Sends a request once. `write` makes it for the path of the URL.
///
/// An error may hold the request, and with it what nobody may see, so nothing of it is told.
pub(crate) async fn send(
    http: &SharedHttpClient,
    call: &'static str,
    url: &str,
    write: impl Fn(&str) -> Result<HttpRequest, HttpError> + Send + Sync + 'static,
) -> Result<Answer, Fault> {
    let Some((origin, path)) = split(url) else {
        return Err(Fault::strange(call, "the address is no URL"));
    };
    let path = path.to_owned();
    let sent = Operation::builder()
        .service_name("http")
        .operation_name(call)
        .http_client(http.clone())
        .endpoint_url(origin)
        .no_auth()
        .no_retry()
        .timeout_config(TimeoutConfig::builder().operation_timeout(Duration::from_secs(10)).build())
        .serializer(move |(): ()| write(&path).map_err(Into::into))
        .deserializer(|answer: &HttpResponse| {
            Ok::<Answer, OrchestratorError<Never>>(Answer {
                status: answer.status().as_u16(),
                body: answer.body().bytes().unwrap_or_default().to_vec(),
            })
        })
        .build();
    match sent.invoke(()).await {
        Ok(answer) => Ok(answer),
        Err(SdkError::TimeoutError(_)) => Err(Fault::transient(call, "it does not answer")),
        Err(_) => Err(Fault::transient(call, "it cannot be reached")),
    }
}

/// Splits a URL into its origin and the rest.
fn split(url: &str) -> Option<(&str, &str)> {
    let host_at = url.find("://")? + 3;
    let path_at = url.get(host_at..)?.find('/').map_or(url.len(), |it| it + host_at);
    let (origin, path) = url.split_at_checked(path_at)?;
    Some((origin, if path.is_empty() { "/" } else { path }))
}

/// An error of the operation itself; there is none, since every status is an answer.
#[derive(Debug, thiserror::Error)]
enum Never {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_split_and_its_query_is_kept() {
        let url = "https://bucket.s3.amazonaws.com/arn%3Aaws?Signature=a%2Bb&Expires=1";
        let parts = split(url);
        assert_eq!(
            parts,
            Some(("https://bucket.s3.amazonaws.com", "/arn%3Aaws?Signature=a%2Bb&Expires=1"))
        );
        assert_eq!(split("http://127.0.0.1:4566"), Some(("http://127.0.0.1:4566", "/")));
    }
}
