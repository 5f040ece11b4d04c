//! The in-process front: the world as the SDK's HTTP client, on tokio's clock.
//!
//! Under `#[tokio::test(start_paused = true)]` a sleep of the code under test moves that clock, and with it the world.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

use crate::{Exchange, Request, Response, World};

impl World {
    /// The HTTP client to give to an SDK configuration.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }
}

impl HttpClient for World {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for World {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = read(&request);
        match self.exchange(self.clock(), &request) {
            Exchange::Answer(response, takes) if takes.is_zero() => {
                HttpConnectorFuture::ready(written(response))
            }
            Exchange::Answer(response, takes) => HttpConnectorFuture::new(async move {
                tokio::time::sleep(takes).await;
                written(response)
            }),
            Exchange::Broken => HttpConnectorFuture::ready(Err(ConnectorError::io(
                "the connection was reset".into(),
            ))),
            Exchange::Never => HttpConnectorFuture::new(std::future::pending()),
        }
    }
}

fn read(request: &HttpRequest) -> Request {
    let header = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Request {
        method: request.method().to_owned(),
        uri: request.uri().to_owned(),
        headers: request.headers().iter().map(header).collect(),
        body: request.body().bytes().unwrap_or_default().to_vec(),
    }
}

fn written(response: Response) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(response.status)
        .map_err(|err| ConnectorError::other(err.into(), None))?;
    let mut written = HttpResponse::new(status, SdkBody::from(response.body));
    for (name, value) in response.headers {
        written.headers_mut().append(name, value);
    }
    Ok(written)
}
