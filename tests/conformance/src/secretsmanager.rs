//! Secrets.

use crate::given::{enumerations, operations, structures};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, RotationRulesType, Tag};

operations! { Client {
    "CancelRotateSecret" cancel_rotate_secret { set_secret_id }
    "CreateSecret" create_secret {
        set_name, set_description, set_secret_string, set_client_request_token, set_tags
    }
    "DeleteResourcePolicy" delete_resource_policy { set_secret_id }
    "DeleteSecret" delete_secret {
        set_secret_id, set_recovery_window_in_days, set_force_delete_without_recovery
    }
    "DescribeSecret" describe_secret { set_secret_id }
    "GetRandomPassword" get_random_password {
        set_password_length, set_exclude_punctuation, set_require_each_included_type
    }
    "GetResourcePolicy" get_resource_policy { set_secret_id }
    "GetSecretValue" get_secret_value { set_secret_id, set_version_stage, set_version_id }
    "ListSecretVersionIds" list_secret_version_ids { set_secret_id, set_include_deprecated }
    "ListSecrets" list_secrets {
        set_filters, set_max_results, set_next_token, set_include_planned_deletion
    }
    "PutResourcePolicy" put_resource_policy { set_secret_id, set_resource_policy }
    "PutSecretValue" put_secret_value {
        set_secret_id, set_secret_string, set_client_request_token, set_version_stages
    }
    "RestoreSecret" restore_secret { set_secret_id }
    "RotateSecret" rotate_secret {
        set_secret_id, set_client_request_token, set_rotation_lambda_arn, set_rotation_rules,
        set_rotate_immediately
    }
    "TagResource" tag_resource { set_secret_id, set_tags }
    "UntagResource" untag_resource { set_secret_id, set_tag_keys }
    "UpdateSecret" update_secret {
        set_secret_id, set_description, set_secret_string, set_client_request_token
    }
    "UpdateSecretVersionStage" update_secret_version_stage {
        set_secret_id, set_version_stage, set_move_to_version_id, set_remove_from_version_id
    }
} }

structures! {
    Filter { set_key, set_values }
    RotationRulesType { set_automatically_after_days, set_schedule_expression, set_duration }
    Tag { set_key, set_value }
}

enumerations!(FilterNameStringType);
