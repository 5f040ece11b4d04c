//! Log groups.

use crate::given::{Read, enumerations, operations};
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::LogGroupClass;
use serde_json::Value;
use std::collections::HashMap;

operations! { Client {
    "CreateLogGroup" create_log_group {
        set_log_group_name, set_kms_key_id, set_tags, set_log_group_class,
        set_deletion_protection_enabled
    }
    "DeleteLogGroup" delete_log_group { set_log_group_name }
    "DescribeLogGroups" describe_log_groups {
        set_log_group_name_prefix, set_log_group_name_pattern, set_next_token, set_limit,
        set_log_group_class
    }
    "ListTagsForResource" list_tags_for_resource { set_resource_arn }
    "PutRetentionPolicy" put_retention_policy { set_log_group_name, set_retention_in_days }
    "TagResource" tag_resource { set_resource_arn, set_tags }
} }

enumerations!(LogGroupClass);

/// Tags, which are a map here and a list elsewhere.
impl Read for HashMap<String, String> {
    fn read(value: Value) -> Option<Self> {
        let Value::Object(pairs) = value else { return None };
        pairs.into_iter().map(|(key, value)| Some((key, String::read(value)?))).collect()
    }
}
