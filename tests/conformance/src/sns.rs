//! Topics.

use crate::given::operations;
use aws_sdk_sns::Client;

operations! { Client {
    "Publish" publish { set_topic_arn, set_subject, set_message }
} }
