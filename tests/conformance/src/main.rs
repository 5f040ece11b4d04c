//! Makes calls of AWS with the Rust SDK, as it is told on its standard input.
//!
//! `sdk-teller <endpoint> <service>` reads one call a line, `{"operation": "DescribeEvents", "parameters": {"duration": 120}}` with the names of
//! the SDK, and writes one answer a line: `{"answer": …}` with the typed answer as Rust shows it, or `{"code": …, "error": …}` with the code and
//! the typed error. `tests/conformance/tellers.py` drives it.

mod answer;
mod cloudwatch;
mod elasticache;
mod given;
mod logs;
mod scaling;
mod secretsmanager;
mod sns;
mod stepfunctions;
mod tagging;

use answer::Answer;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use given::Given;
use serde_json::{Value, json};
use std::error::Error;
use std::io::{self, BufRead, Write};

/// The region of every call.
const REGION: &str = "us-east-1";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let [endpoint, service]: [String; 2] =
        std::env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "endpoint, service")?;
    let client = Client::of(&service, &endpoint).ok_or("there is no such service")?;
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let mut call: Value = serde_json::from_str(&line?)?;
        let mut part = |name| call.get_mut(name).map(Value::take).unwrap_or_default();
        let operation = part("operation").as_str().unwrap_or_default().to_owned();
        let mut given = Given::of(part("parameters"));
        let answer = client.call(&operation, &mut given).await;
        writeln!(out, "{}", shown(&operation, answer, &given))?;
        out.flush()?;
    }
    Ok(())
}

/// What is said of a call. What was given and not passed on is an error of this program, and not to be missed.
fn shown(operation: &str, answer: Option<Answer>, given: &Given) -> Value {
    let problem = match (&answer, given.wrong().as_slice()) {
        (None, _) => Some(format!("{operation} is not among the calls that it can make")),
        (_, []) => None,
        (_, wrong) => Some(format!("{operation}: {}", wrong.join(", "))),
    };
    match (problem, answer) {
        (None, Some(Ok(answer))) => json!({"answer": answer}),
        (None, Some(Err(refused))) => json!({"code": refused.code, "error": refused.error}),
        (problem, _) => json!({"problem": problem}),
    }
}

/// The client of the one service that is spoken to.
enum Client {
    CloudWatch(aws_sdk_cloudwatch::Client),
    ElastiCache(aws_sdk_elasticache::Client),
    Logs(aws_sdk_cloudwatchlogs::Client),
    Scaling(aws_sdk_applicationautoscaling::Client),
    SecretsManager(aws_sdk_secretsmanager::Client),
    Sns(aws_sdk_sns::Client),
    StepFunctions(aws_sdk_sfn::Client),
    Tagging(aws_sdk_resourcegroupstagging::Client),
}

impl Client {
    fn of(service: &str, endpoint: &str) -> Option<Self> {
        macro_rules! client {
            ($sdk:ident) => {
                $sdk::Client::from_conf(
                    $sdk::Config::builder()
                        .behavior_version($sdk::config::BehaviorVersion::latest())
                        .region($sdk::config::Region::new(REGION))
                        .credentials_provider(aws_credential_types::Credentials::from_keys(
                            "test", "test", None,
                        ))
                        .retry_config($sdk::config::retry::RetryConfig::disabled())
                        .http_client(http())
                        .endpoint_url(endpoint)
                        .build(),
                )
            };
        }
        Some(match service {
            "application-autoscaling" => Self::Scaling(client!(aws_sdk_applicationautoscaling)),
            "cloudwatch" => Self::CloudWatch(client!(aws_sdk_cloudwatch)),
            "elasticache" => Self::ElastiCache(client!(aws_sdk_elasticache)),
            "logs" => Self::Logs(client!(aws_sdk_cloudwatchlogs)),
            "secretsmanager" => Self::SecretsManager(client!(aws_sdk_secretsmanager)),
            "sns" => Self::Sns(client!(aws_sdk_sns)),
            "stepfunctions" => Self::StepFunctions(client!(aws_sdk_sfn)),
            "resourcegroupstaggingapi" => Self::Tagging(client!(aws_sdk_resourcegroupstagging)),
            _ => return None,
        })
    }

    /// Makes a call; none where this program cannot.
    async fn call(&self, operation: &str, given: &mut Given) -> Option<Answer> {
        match self {
            Self::CloudWatch(it) => cloudwatch::call(it, operation, given).await,
            Self::ElastiCache(it) => elasticache::call(it, operation, given).await,
            Self::Logs(it) => logs::call(it, operation, given).await,
            Self::Scaling(it) => scaling::call(it, operation, given).await,
            Self::SecretsManager(it) => secretsmanager::call(it, operation, given).await,
            Self::Sns(it) => sns::call(it, operation, given).await,
            Self::StepFunctions(it) => stepfunctions::call(it, operation, given).await,
            Self::Tagging(it) => tagging::call(it, operation, given).await,
        }
    }
}

/// Plain HTTP: the simulator is on this machine.
fn http() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}
