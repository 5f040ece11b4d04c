//! Tags of whatever service.

use crate::given::{operations, structures};
use aws_sdk_resourcegroupstagging::Client;
use aws_sdk_resourcegroupstagging::types::TagFilter;

operations! { Client {
    "GetResources" get_resources {
        set_tag_filters, set_resource_type_filters, set_resource_arn_list, set_resources_per_page,
        set_pagination_token
    }
} }

structures! {
    TagFilter { set_key, set_values }
}
