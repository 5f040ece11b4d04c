//! Scalable targets.

use crate::given::{enumerations, operations, structures};
use aws_sdk_applicationautoscaling::Client;
use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace, SuspendedState};

operations! { Client {
    "DeregisterScalableTarget" deregister_scalable_target {
        set_service_namespace, set_resource_id, set_scalable_dimension
    }
    "DescribeScalableTargets" describe_scalable_targets {
        set_service_namespace, set_resource_ids, set_scalable_dimension, set_max_results,
        set_next_token
    }
    "RegisterScalableTarget" register_scalable_target {
        set_service_namespace, set_resource_id, set_scalable_dimension, set_min_capacity,
        set_max_capacity, set_role_arn, set_suspended_state
    }
} }

structures! {
    SuspendedState {
        set_dynamic_scaling_in_suspended, set_dynamic_scaling_out_suspended,
        set_scheduled_scaling_suspended
    }
}

enumerations!(ScalableDimension, ServiceNamespace);
