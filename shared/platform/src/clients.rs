//! The connection to AWS: built once, at init, from which each client is made.

use std::time::Duration;

use aws_config::environment::{
    EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider,
};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// What every client is made of.
#[derive(Clone, Debug)]
pub struct Aws {
    config: SdkConfig,
    http: SharedHttpClient,
}

impl Aws {
    /// Reads region, credentials and endpoints from Lambda's environment, and nothing else: no profile, no metadata service,
    /// since neither exists in a sandbox and asking costs start-up time.
    pub async fn from_environment() -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .build_https();
        let http = SharedHttpClient::new(AtFirstUse(http));
        let config = loader(http.clone())
            .region(EnvironmentVariableRegionProvider::new())
            .credentials_provider(EnvironmentVariableCredentialsProvider::new())
            .load()
            .await;
        Self { config, http }
    }

    /// Speaks to whatever answers behind this client. The simulator does, in tests.
    pub async fn over(http: SharedHttpClient, region: &str, credentials: Credentials) -> Self {
        let config = loader(http.clone())
            .region(Region::new(region.to_owned()))
            .credentials_provider(credentials)
            .load()
            .await;
        Self { config, http }
    }

    /// The configuration that service clients are made from.
    pub(crate) fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The HTTP client below the SDK, for the few requests that are not AWS's.
    pub(crate) fn http(&self) -> &SharedHttpClient {
        &self.http
    }

    /// The region.
    pub fn region(&self) -> &str {
        self.config.region().map_or("", Region::as_ref)
    }
}

/// The SDK's HTTP client without one of its habits: for every service client that is made it reads and parses all root certificates
/// of the system, before any request. That was most of a cold start. Here it happens once, at the first request.
#[derive(Debug)]
struct AtFirstUse(SharedHttpClient);

impl HttpClient for AtFirstUse {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

fn loader(http: SharedHttpClient) -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        // Four tries, with AWS's own backoff, ride out a throttle or a broken connection within seconds; what lasts longer
        // is looked at again by the state machine or by the event source.
        .retry_config(RetryConfig::standard().with_max_attempts(4))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(3))
                .operation_attempt_timeout(Duration::from_secs(10))
                .operation_timeout(Duration::from_secs(30))
                .build(),
        )
}
