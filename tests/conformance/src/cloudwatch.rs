//! Metrics and alarms.

use crate::given::{enumerations, operations, structures};
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{
    ComparisonOperator, Dimension, DimensionFilter, HistoryItemType, Metric, MetricDataQuery,
    MetricDatum, MetricStat, RecentlyActive, ScanBy, StandardUnit, StateValue, Statistic, Tag,
};

operations! { Client {
    "DeleteAlarms" delete_alarms { set_alarm_names }
    "DescribeAlarmHistory" describe_alarm_history {
        set_alarm_name, set_history_item_type, set_max_records, set_next_token, set_scan_by
    }
    "DescribeAlarms" describe_alarms {
        set_alarm_names, set_alarm_name_prefix, set_max_records, set_next_token, set_state_value
    }
    "DescribeAlarmsForMetric" describe_alarms_for_metric {
        set_namespace, set_metric_name, set_dimensions
    }
    "DisableAlarmActions" disable_alarm_actions { set_alarm_names }
    "EnableAlarmActions" enable_alarm_actions { set_alarm_names }
    "GetMetricData" get_metric_data {
        set_start_time, set_end_time, set_metric_data_queries, set_max_datapoints, set_next_token,
        set_scan_by
    }
    "GetMetricStatistics" get_metric_statistics {
        set_namespace, set_metric_name, set_start_time, set_end_time, set_dimensions, set_period,
        set_statistics
    }
    "ListMetrics" list_metrics {
        set_namespace, set_metric_name, set_dimensions, set_recently_active, set_next_token
    }
    "ListTagsForResource" list_tags_for_resource { set_resource_arn }
    "PutMetricAlarm" put_metric_alarm {
        set_alarm_name, set_alarm_description, set_namespace, set_metric_name, set_dimensions,
        set_statistic, set_period, set_evaluation_periods, set_datapoints_to_alarm, set_threshold,
        set_comparison_operator, set_treat_missing_data, set_actions_enabled, set_alarm_actions,
        set_ok_actions, set_metrics, set_tags
    }
    "PutMetricData" put_metric_data { set_namespace, set_metric_data }
    "SetAlarmState" set_alarm_state {
        set_alarm_name, set_state_value, set_state_reason, set_state_reason_data
    }
    "TagResource" tag_resource { set_resource_arn, set_tags }
    "UntagResource" untag_resource { set_resource_arn, set_tag_keys }
} }

structures! {
    Dimension { set_name, set_value }
    DimensionFilter { set_name, set_value }
    Metric { set_namespace, set_metric_name, set_dimensions }
    MetricDataQuery { set_id, set_metric_stat, set_expression, set_label, set_return_data }
    MetricDatum { set_metric_name, set_value, set_unit, set_dimensions }
    MetricStat { set_metric, set_period, set_stat, set_unit }
    Tag { set_key, set_value }
}

enumerations!(
    ComparisonOperator,
    HistoryItemType,
    RecentlyActive,
    ScanBy,
    StandardUnit,
    StateValue,
    Statistic
);
