//! Calls that did not do what was asked, sorted by what a caller does about it.

use std::error::Error as StdError;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use domain::AuthToken;

/// A call that failed. Its message holds the service's own code and text, never a request.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{call} failed: {message}")]
pub struct Fault {
    /// The operation, as AWS names it.
    pub call: &'static str,
    /// What a caller can do.
    pub kind: FaultKind,
    /// The service's error code, where it answered at all.
    pub code: Option<String>,
    /// Code and text, or the chain of reasons why there was no answer.
    pub message: String,
}

/// What a caller can do about a fault: one variant for each thing that some caller does differently.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FaultKind {
    /// The thing is in another state than the call needs. Look again.
    Busy,
    /// The thing named is not there.
    Gone,
    /// The name is taken.
    Taken,
    /// It already is as asked (`NoOperationFault`, `TagNotFound`, `No modifications were requested`).
    NoChange,
    /// The zone has no node of that type. Another type or zone may do.
    NoCapacity,
    /// We may not. A person has to change a policy.
    Denied,
    /// The call is wrong and stays wrong.
    Rejected,
    /// Nothing is known against the call itself. Try again.
    Transient,
}

impl Fault {
    /// A fault that is not AWS's: an answer that lacks what it must have.
    pub fn strange(call: &'static str, message: impl Into<String>) -> Self {
        Self { call, kind: FaultKind::Rejected, code: None, message: message.into() }
    }

    /// A connection that did not come about or broke.
    pub fn transient(call: &'static str, message: impl Into<String>) -> Self {
        Self { call, kind: FaultKind::Transient, code: None, message: message.into() }
    }

    /// Reads an error of any SDK client.
    pub fn from_sdk<E>(call: &'static str, err: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let Some(service) = err.as_service_error() else {
            return Self::transient(call, chain(&err));
        };
        let code = service.code().unwrap_or("no error code");
        let text = service.message().unwrap_or("no message");
        Self {
            call,
            kind: kind(code, text, is_theirs(&err)),
            code: Some(code.to_owned()),
            message: format!("{code}: {text}"),
        }
    }

    /// The same fault with this token struck out, should the service ever quote it.
    pub(crate) fn without(mut self, token: &AuthToken) -> Self {
        self.message = self.message.replace(token.expose(), "*****");
        self
    }

    /// Whether the service only said "not now": the call had no effect, and can be sent again in a moment.
    pub fn is_throttle(&self) -> bool {
        self.code.as_deref().is_some_and(|it| THROTTLES.contains(&it))
    }

    /// Whether a call found what it named missing.
    pub fn is_gone(&self) -> bool {
        self.kind == FaultKind::Gone
    }
}

/// Each service has a word of its own for it: ElastiCache and CloudWatch the first, Resource Groups Tagging the third, SNS the fourth.
const THROTTLES: [&str; 10] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "Throttled",
    "KMSThrottling",
    "KMSThrottlingException",
    "KmsThrottlingException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "TooManyRequestsException",
];

/// Whether the status says that the trouble is on the side of AWS.
fn is_theirs<E>(err: &SdkError<E, HttpResponse>) -> bool {
    err.raw_response().is_some_and(|it| it.status().is_server_error())
}

/// The one place where an error code gets its meaning. HTTP 400 covers both "later" and "never", so the code decides
/// and not the status (facts 1.6); only of a code that nobody knows is a 500 more than a word.
fn kind(code: &str, text: &str, is_theirs: bool) -> FaultKind {
    match code {
        // The guard of the deleted secret speaks of a state too, but waiting does not help there: see below.
        "InvalidReplicationGroupState"
        | "InvalidCacheClusterState"
        | "InvalidSnapshotState"
        | "InvalidUserState"
        | "InvalidUserGroupState"
        | "InvalidCacheParameterGroupState"
        // Two changes of one log group met.
        | "OperationAbortedException"
        | "CacheSubnetGroupInUse" => FaultKind::Busy,
        "ReplicationGroupNotFoundFault"
        | "CacheClusterNotFound"
        | "SnapshotNotFoundFault"
        | "CacheSubnetGroupNotFoundFault"
        | "CacheParameterGroupNotFound"
        | "UserGroupNotFound"
        | "UserNotFound"
        | "ResourceNotFoundException"
        | "ResourceNotFound"
        | "ExecutionDoesNotExist" => FaultKind::Gone,
        "ReplicationGroupAlreadyExists"
        | "CacheClusterAlreadyExists"
        | "SnapshotAlreadyExistsFault"
        | "CacheSubnetGroupAlreadyExists"
        | "CacheParameterGroupAlreadyExists"
        | "ResourceExistsException"
        | "ResourceAlreadyExistsException"
        | "ExecutionAlreadyExists" => FaultKind::Taken,
        "NoOperationFault" | "TagNotFound" => FaultKind::NoChange,
        "InvalidParameterCombination" if text.contains("No modifications were requested") => {
            FaultKind::NoChange
        }
        "InsufficientCacheClusterCapacity" => FaultKind::NoCapacity,
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => FaultKind::Denied,
        // What is left of the 400s is against the call itself; throttling and server errors are not.
        code if THROTTLES.contains(&code) => FaultKind::Transient,
        "InternalFailure"
        | "InternalServiceError"
        | "InternalServiceFault"
        | "InternalServerError"
        | "InternalServiceException"
        | "InternalError"
        | "InternalErrorException"
        | "ExecutionLimitExceeded"
        | "ServiceUnavailable"
        // Application Auto Scaling says it of a look, too, while a target is being changed: nothing waits for us, so the look is tried again.
        | "ConcurrentUpdateException"
        | "no error code" => FaultKind::Transient,
        _ if is_theirs => FaultKind::Transient,
        _ => FaultKind::Rejected,
    }
}

/// An error and its sources in one line. Request and response stay out of it: the request may hold a token (facts 10).
fn chain(err: &dyn StdError) -> String {
    let mut line = err.to_string();
    let mut next = err.source();
    while let Some(source) = next {
        line.push_str(": ");
        line.push_str(&source.to_string());
        next = source.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(code: &str, text: &str) -> FaultKind {
        super::kind(code, text, false)
    }

    #[test]
    fn a_code_that_nobody_knows_is_a_reason_to_try_again_where_aws_is_to_blame() {
        assert_eq!(super::kind("ServiceUnavailableException", "", true), FaultKind::Transient);
        assert_eq!(super::kind("InvalidParameterValue", "", false), FaultKind::Rejected);
        assert_eq!(super::kind("InvalidReplicationGroupState", "", true), FaultKind::Busy);
    }

    #[test]
    fn the_code_decides_and_not_the_status() {
        assert_eq!(kind("InvalidReplicationGroupState", ""), FaultKind::Busy);
        assert_eq!(kind("InvalidParameterValue", ""), FaultKind::Rejected);
        assert_eq!(kind("Throttling", "Rate exceeded"), FaultKind::Transient);
        // Resource Groups Tagging, SNS, Step Functions.
        for code in ["ThrottledException", "InternalServiceException", "Throttled", "InternalError"]
        {
            assert_eq!(kind(code, ""), FaultKind::Transient, "{code}");
        }
        assert_eq!(kind("ExecutionLimitExceeded", ""), FaultKind::Transient);
        assert_eq!(kind("ReplicationGroupNotFoundFault", ""), FaultKind::Gone);
        // CloudWatch Logs.
        assert_eq!(kind("ResourceAlreadyExistsException", ""), FaultKind::Taken);
        assert_eq!(kind("OperationAbortedException", ""), FaultKind::Busy);
        // Application Auto Scaling.
        assert_eq!(kind("ConcurrentUpdateException", ""), FaultKind::Transient);
        assert_eq!(kind("ValidationException", ""), FaultKind::Rejected);
        assert_eq!(kind("InvalidNextTokenException", ""), FaultKind::Rejected);
    }

    #[test]
    fn a_throttle_is_an_answer_and_a_lost_one_is_not() {
        let answered = |code: &str| Fault {
            code: Some(code.to_owned()),
            kind: kind(code, ""),
            ..Fault::transient("ModifyReplicationGroup", code)
        };
        assert!(answered("Throttling").is_throttle());
        assert!(!answered("InternalFailure").is_throttle());
        assert!(!Fault::transient("ModifyReplicationGroup", "broken pipe").is_throttle());
    }

    #[test]
    fn a_token_that_the_service_quotes_is_struck_out() {
        let token = AuthToken::parse("planted-token-0123456789").unwrap();
        let fault = Fault::strange("ModifyReplicationGroup", "bad planted-token-0123456789!");
        assert_eq!(fault.without(&token).message, "bad *****!");
    }

    #[test]
    fn a_modify_that_changes_nothing_is_no_mistake() {
        let combination = "InvalidParameterCombination";
        assert_eq!(kind(combination, "No modifications were requested"), FaultKind::NoChange);
        assert_eq!(kind("TagNotFound", ""), FaultKind::NoChange);
        assert_eq!(kind(combination, "Cannot modify redis"), FaultKind::Rejected);
    }
}
