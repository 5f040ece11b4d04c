//! State machines.

use crate::given::{enumerations, operations};
use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::ExecutionStatus;

operations! { Client {
    "ListExecutions" list_executions { set_state_machine_arn, set_status_filter, set_max_results, set_next_token }
    "StartExecution" start_execution { set_state_machine_arn, set_name, set_input }
    "StopExecution" stop_execution { set_execution_arn, set_error, set_cause }
} }

enumerations!(ExecutionStatus);
