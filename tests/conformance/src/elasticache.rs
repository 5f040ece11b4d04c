//! A group's life, and all that stands around it.

use crate::given::{enumerations, operations, structures};
use aws_sdk_elasticache::Client;
use aws_sdk_elasticache::types::{
    AuthTokenUpdateStrategyType, AzMode, CloudWatchLogsDestinationDetails, ClusterMode,
    ConfigureShard, DestinationDetails, DestinationType, Filter, IpDiscovery,
    KinesisFirehoseDestinationDetails, LogDeliveryConfigurationRequest, LogFormat, LogType,
    NetworkType, NodeGroupConfiguration, ParameterNameValue, ReshardingConfiguration, SourceType,
    Tag, TransitEncryptionMode,
};

operations! { Client {
    "AddTagsToResource" add_tags_to_resource { set_resource_name, set_tags }
    "CopySnapshot" copy_snapshot {
        set_source_snapshot_name, set_target_snapshot_name, set_target_bucket, set_kms_key_id
    }
    "CreateCacheCluster" create_cache_cluster {
        set_cache_cluster_id, set_replication_group_id, set_engine, set_preferred_availability_zone
    }
    "CreateCacheParameterGroup" create_cache_parameter_group {
        set_cache_parameter_group_name, set_cache_parameter_group_family, set_description
    }
    "CreateCacheSubnetGroup" create_cache_subnet_group {
        set_cache_subnet_group_name, set_cache_subnet_group_description, set_subnet_ids, set_tags
    }
    "CreateReplicationGroup" create_replication_group {
        set_replication_group_id, set_replication_group_description, set_engine, set_engine_version,
        set_cache_node_type, set_num_cache_clusters, set_automatic_failover_enabled,
        set_multi_az_enabled, set_cache_subnet_group_name, set_cache_parameter_group_name,
        set_security_group_ids, set_transit_encryption_enabled, set_at_rest_encryption_enabled,
        set_auth_token, set_snapshot_retention_limit, set_snapshot_window,
        set_preferred_maintenance_window, set_notification_topic_arn, set_tags, set_snapshot_name,
        set_transit_encryption_mode, set_kms_key_id, set_data_tiering_enabled,
        set_log_delivery_configurations, set_num_node_groups, set_replicas_per_node_group,
        set_node_group_configuration, set_cluster_mode, set_network_type, set_ip_discovery,
        set_snapshot_arns
    }
    "CreateSnapshot" create_snapshot {
        set_cache_cluster_id, set_replication_group_id, set_snapshot_name, set_tags, set_kms_key_id
    }
    "CreateUser" create_user {
        set_user_id, set_user_name, set_engine, set_access_string, set_passwords,
        set_no_password_required
    }
    "CreateUserGroup" create_user_group { set_user_group_id, set_engine, set_user_ids }
    "DecreaseReplicaCount" decrease_replica_count {
        set_replication_group_id, set_apply_immediately, set_replica_configuration,
        set_replicas_to_remove, set_new_replica_count
    }
    "DeleteCacheCluster" delete_cache_cluster { set_cache_cluster_id }
    "DeleteCacheParameterGroup" delete_cache_parameter_group { set_cache_parameter_group_name }
    "DeleteCacheSubnetGroup" delete_cache_subnet_group { set_cache_subnet_group_name }
    "DeleteReplicationGroup" delete_replication_group {
        set_replication_group_id, set_final_snapshot_identifier, set_retain_primary_cluster
    }
    "DeleteSnapshot" delete_snapshot { set_snapshot_name }
    "DeleteUser" delete_user { set_user_id }
    "DeleteUserGroup" delete_user_group { set_user_group_id }
    "DescribeCacheClusters" describe_cache_clusters {
        set_show_cache_node_info, set_cache_cluster_id, set_max_records
    }
    "DescribeCacheEngineVersions" describe_cache_engine_versions {
        set_engine, set_default_only, set_engine_version, set_cache_parameter_group_family
    }
    "DescribeCacheParameterGroups" describe_cache_parameter_groups {
        set_cache_parameter_group_name
    }
    "DescribeCacheParameters" describe_cache_parameters {
        set_cache_parameter_group_name, set_source, set_max_records, set_marker
    }
    "DescribeCacheSubnetGroups" describe_cache_subnet_groups { set_cache_subnet_group_name }
    "DescribeEngineDefaultParameters" describe_engine_default_parameters {
        set_cache_parameter_group_family, set_max_records, set_marker
    }
    "DescribeEvents" describe_events {
        set_source_type, set_source_identifier, set_duration, set_max_records, set_marker
    }
    "DescribeReplicationGroups" describe_replication_groups { set_replication_group_id }
    "DescribeSnapshots" describe_snapshots {
        set_snapshot_name, set_show_node_group_config, set_cache_cluster_id, set_snapshot_source,
        set_max_records, set_marker
    }
    "DescribeUserGroups" describe_user_groups { set_user_group_id }
    "DescribeUsers" describe_users { set_user_id, set_filters }
    "IncreaseReplicaCount" increase_replica_count {
        set_replication_group_id, set_apply_immediately, set_new_replica_count,
        set_replica_configuration
    }
    "ListAllowedNodeTypeModifications" list_allowed_node_type_modifications {
        set_replication_group_id
    }
    "ListTagsForResource" list_tags_for_resource { set_resource_name }
    "ModifyCacheCluster" modify_cache_cluster {
        set_cache_cluster_id, set_preferred_maintenance_window, set_security_group_ids,
        set_auto_minor_version_upgrade, set_apply_immediately, set_notification_topic_arn,
        set_notification_topic_status, set_cache_node_type, set_az_mode,
        set_cache_parameter_group_name
    }
    "ModifyCacheParameterGroup" modify_cache_parameter_group {
        set_cache_parameter_group_name, set_parameter_name_values
    }
    "ModifyCacheSubnetGroup" modify_cache_subnet_group {
        set_cache_subnet_group_name, set_subnet_ids
    }
    "ModifyReplicationGroup" modify_replication_group {
        set_replication_group_id, set_snapshot_retention_limit, set_apply_immediately,
        set_cache_node_type, set_snapshotting_cluster_id, set_auth_token,
        set_auth_token_update_strategy, set_engine, set_engine_version,
        set_cache_parameter_group_name, set_transit_encryption_enabled,
        set_transit_encryption_mode, set_log_delivery_configurations,
        set_automatic_failover_enabled, set_ip_discovery
    }
    "ModifyReplicationGroupShardConfiguration" modify_replication_group_shard_configuration {
        set_replication_group_id, set_node_group_count, set_apply_immediately,
        set_resharding_configuration, set_node_groups_to_remove, set_node_groups_to_retain
    }
    "ModifyUser" modify_user { set_user_id, set_append_access_string }
    "ModifyUserGroup" modify_user_group {
        set_user_group_id, set_user_ids_to_remove, set_user_ids_to_add
    }
    "RebootCacheCluster" reboot_cache_cluster {
        set_cache_cluster_id, set_cache_node_ids_to_reboot
    }
    "RemoveTagsFromResource" remove_tags_from_resource { set_resource_name, set_tag_keys }
    "ResetCacheParameterGroup" reset_cache_parameter_group {
        set_cache_parameter_group_name, set_reset_all_parameters
    }
    "TestFailover" test_failover { set_replication_group_id, set_node_group_id }
} }

structures! {
    CloudWatchLogsDestinationDetails { set_log_group }
    DestinationDetails { set_cloud_watch_logs_details, set_kinesis_firehose_details }
    KinesisFirehoseDestinationDetails { set_delivery_stream }
    LogDeliveryConfigurationRequest {
        set_log_type, set_destination_type, set_destination_details, set_log_format, set_enabled
    }
    ConfigureShard { set_node_group_id, set_new_replica_count }
    Filter { set_name, set_values }
    NodeGroupConfiguration {
        set_node_group_id, set_slots, set_replica_count, set_primary_availability_zone,
        set_replica_availability_zones
    }
    ParameterNameValue { set_parameter_name, set_parameter_value }
    ReshardingConfiguration { set_node_group_id, set_preferred_availability_zones }
    Tag { set_key, set_value }
}

enumerations!(
    AuthTokenUpdateStrategyType,
    AzMode,
    ClusterMode,
    DestinationType,
    IpDiscovery,
    LogFormat,
    LogType,
    NetworkType,
    SourceType,
    TransitEncryptionMode
);
