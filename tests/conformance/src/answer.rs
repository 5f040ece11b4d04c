//! What a call came to.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::fmt::Debug;

/// The typed answer as Rust shows it, or a refusal.
pub(crate) type Answer = Result<String, Refused>;

/// A call that failed.
pub(crate) struct Refused {
    /// The code of the service; empty where the call never came to an answer of the service.
    pub(crate) code: String,
    /// The typed error as Rust shows it. It begins with the name of its variant.
    pub(crate) error: String,
}

pub(crate) fn of<O, E>(result: Result<O, SdkError<E, HttpResponse>>) -> Answer
where
    O: Debug,
    E: Debug + ProvideErrorMetadata,
{
    match result {
        Ok(answer) => Ok(format!("{answer:?}")),
        Err(SdkError::ServiceError(err)) => Err(Refused {
            code: err.err().code().unwrap_or_default().to_owned(),
            error: format!("{:?}", err.err()),
        }),
        Err(err) => Err(Refused { code: String::new(), error: format!("{err:?}") }),
    }
}
