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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{sleep, timeout};

    use super::*;
    use crate::Settings;
    use crate::fault::{Fault, Rule, Side};

    /// One call as the SDK makes it: the status of the answer, or nothing where the connection breaks.
    async fn ask(world: &World, form: &str) -> Option<(u16, String)> {
        let mut request = HttpRequest::new(SdkBody::from(form));
        let scope = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/elasticache/aws4_request";
        request.headers_mut().insert("authorization", scope);
        let answer = HttpConnector::call(world, request).await.ok()?;
        let body = String::from_utf8_lossy(answer.body().bytes()?).into_owned();
        Some((answer.status().as_u16(), body))
    }

    const CREATE: &str = "Action=CreateReplicationGroup&ReplicationGroupId=orders&ReplicationGroupDescription=x&CacheNodeType=cache.t4g.micro";
    const LOOK: &str = "Action=DescribeReplicationGroups&ReplicationGroupId=orders";

    #[tokio::test(start_paused = true)]
    async fn the_world_lives_on_the_clock_of_the_code_under_test() {
        let world = World::new(Settings::default());
        assert_eq!(ask(&world, CREATE).await.unwrap().0, 200);
        assert!(ask(&world, LOOK).await.unwrap().1.contains("<Status>creating</Status>"));
        sleep(Duration::from_mins(8)).await;
        assert!(ask(&world, LOOK).await.unwrap().1.contains("<Status>available</Status>"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_cut_call_never_answers_and_a_broken_one_fails() {
        let world = World::new(Settings::default());
        let plan = |fault| world.with(|state| state.faults.add(Rule::next(fault)));
        plan(Fault::Cut(Side::BeforeEffect));
        assert!(timeout(Duration::from_hours(1), ask(&world, CREATE)).await.is_err());
        assert_eq!(ask(&world, LOOK).await.unwrap().0, 404, "it had no effect");
        plan(Fault::Broken(Side::AfterEffect));
        assert_eq!(ask(&world, CREATE).await, None);
        assert_eq!(ask(&world, LOOK).await.unwrap().0, 200, "it had its effect");
        plan(Fault::Slow(Duration::from_secs(7)));
        let before = world.clock();
        assert_eq!(ask(&world, LOOK).await.unwrap().0, 200);
        assert_eq!(world.clock().duration_since(before).as_secs(), 7);
    }
}
