"""A group's life, and all that stands around it."""

from simulator import arn

GROUP = "orders"
MEMBER = "orders-001"
TOKEN = "a-token-of-no-account"
SLOW_LOG = {
    "LogType": "slow-log",
    "DestinationType": "cloudwatch-logs",
    "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": "orders"}},
    "LogFormat": "json",
}
MICRO, SMALL = "cache.t4g.micro", "cache.t4g.small"


def tell(it):
    surroundings(it)
    create(it)
    look(it)
    change(it)
    snapshots(it)
    replicas(it)
    members(it)
    shards(it)
    tags(it)
    token(it)
    users(it)
    lone_nodes(it)
    upgrades(it)
    transit(it)
    logs(it)
    disks(it)
    quotas(it)
    troubles(it)
    delete(it)


def tell_badly(it):
    """What a client would not send."""
    it.refused("InvalidParameterValue", "CreateCacheSubnetGroup", CacheSubnetGroupName="x")
    it.refused("InvalidParameterValue", "DeleteReplicationGroup")
    it.refused("MalformedInput", "DescribeReplicationGroups", MaxRecords="many")


def settle(it):
    it.advance(3600)


def surroundings(it):
    subnets = {"CacheSubnetGroupName": GROUP, "CacheSubnetGroupDescription": "of <orders> & more", "SubnetIds": ["subnet-0a", "subnet-0b"]}
    it.call("CreateCacheSubnetGroup", **subnets, Tags=[{"Key": "team", "Value": "orders"}])
    it.refused("CacheSubnetGroupAlreadyExists", "CreateCacheSubnetGroup", **subnets)
    it.refused("InvalidSubnet", "CreateCacheSubnetGroup", **{**subnets, "CacheSubnetGroupName": "x", "SubnetIds": ["there"]})
    many = [f"subnet-{number:08x}" for number in range(21)]
    it.refused("CacheSubnetQuotaExceededFault", "ModifyCacheSubnetGroup", CacheSubnetGroupName=GROUP, SubnetIds=many)
    it.call("ModifyCacheSubnetGroup", CacheSubnetGroupName=GROUP, SubnetIds=["subnet-0a", "subnet-0b", "subnet-0c"])
    it.call("DescribeCacheSubnetGroups", CacheSubnetGroupName=GROUP)
    it.refused("CacheSubnetGroupNotFoundFault", "DescribeCacheSubnetGroups", CacheSubnetGroupName="none")
    parameters = {"CacheParameterGroupName": GROUP, "CacheParameterGroupFamily": "redis7", "Description": "of orders"}
    it.call("CreateCacheParameterGroup", **parameters)
    it.refused("CacheParameterGroupAlreadyExists", "CreateCacheParameterGroup", **parameters)
    it.refused("CacheParameterGroupNotFound", "DescribeCacheParameterGroups", CacheParameterGroupName="none")
    policy = [{"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}]
    it.call("ModifyCacheParameterGroup", CacheParameterGroupName=GROUP, ParameterNameValues=policy)
    wrong = [{"ParameterName": "maxmemory-policy", "ParameterValue": "whatever"}]
    it.refused("InvalidParameterValue", "ModifyCacheParameterGroup", CacheParameterGroupName=GROUP, ParameterNameValues=wrong)
    it.call("DescribeCacheParameterGroups")
    it.call("DescribeCacheParameters", CacheParameterGroupName=GROUP, Source="user")
    page = it.call("DescribeCacheParameters", CacheParameterGroupName=GROUP, MaxRecords=20)
    it.call("DescribeCacheParameters", CacheParameterGroupName=GROUP, MaxRecords=20, Marker=page["Marker"])
    it.call("ResetCacheParameterGroup", CacheParameterGroupName=GROUP, ResetAllParameters=True)
    page = it.call("DescribeEngineDefaultParameters", CacheParameterGroupFamily="redis7", MaxRecords=20)
    it.call("DescribeEngineDefaultParameters", CacheParameterGroupFamily="redis7", Marker=page["EngineDefaults"]["Marker"])
    it.refused("InvalidParameterValue", "DescribeEngineDefaultParameters", CacheParameterGroupFamily="redis99")
    it.call("DescribeCacheEngineVersions", Engine="redis")
    it.call("DescribeCacheEngineVersions", Engine="valkey", DefaultOnly=True)
    it.call("DescribeCacheEngineVersions", CacheParameterGroupFamily="redis7", EngineVersion="7.1")


def create(it):
    wanted = {
        "ReplicationGroupId": GROUP,
        "ReplicationGroupDescription": "the orders' cache",
        "Engine": "redis",
        "EngineVersion": "7.1",
        "CacheNodeType": MICRO,
        "NumCacheClusters": 2,
        "AutomaticFailoverEnabled": True,
        "MultiAZEnabled": True,
        "CacheSubnetGroupName": GROUP,
        "CacheParameterGroupName": GROUP,
        "SecurityGroupIds": ["sg-0a"],
        "TransitEncryptionEnabled": True,
        "AtRestEncryptionEnabled": True,
        "AuthToken": TOKEN,
        "SnapshotRetentionLimit": 3,
        "SnapshotWindow": "03:00-05:00",
        "PreferredMaintenanceWindow": "sun:05:30-sun:07:30",
        "NotificationTopicArn": arn("sns", "orders"),
        "Tags": [{"Key": "team", "Value": "orders"}],
    }
    it.refused("InvalidParameterCombination", "CreateReplicationGroup", **{**wanted, "NumCacheClusters": 1})
    it.refused("InvalidParameterValue", "CreateReplicationGroup", **{**wanted, "ReplicationGroupId": "9-orders"})
    it.befall("CreateReplicationGroup", answer("InsufficientCacheClusterCapacity"))
    it.refused("InsufficientCacheClusterCapacity", "CreateReplicationGroup", **wanted)
    it.call("CreateReplicationGroup", **wanted)
    it.refused("ReplicationGroupAlreadyExists", "CreateReplicationGroup", **wanted)
    it.refused("InvalidReplicationGroupState", "ModifyReplicationGroup", ReplicationGroupId=GROUP, SnapshotRetentionLimit=1)
    it.call("DescribeReplicationGroups", ReplicationGroupId=GROUP)
    settle(it)


def answer(code):
    return {"answer": {"status": 400, "code": code, "message": "for a reason that is not modelled"}}


def look(it):
    it.call("DescribeReplicationGroups")
    it.call("DescribeReplicationGroups", ReplicationGroupId=GROUP)
    it.refused("ReplicationGroupNotFoundFault", "DescribeReplicationGroups", ReplicationGroupId="none")
    it.call("DescribeCacheClusters", ShowCacheNodeInfo=True)
    it.call("DescribeCacheClusters", CacheClusterId=MEMBER)
    it.refused("CacheClusterNotFound", "DescribeCacheClusters", CacheClusterId="none")
    it.refused("InvalidParameterValue", "DescribeCacheClusters", MaxRecords=7)
    it.call("ListAllowedNodeTypeModifications", ReplicationGroupId=GROUP)
    it.call("DescribeEvents", SourceType="replication-group", Duration=120)
    page = it.call("DescribeEvents", Duration=120, MaxRecords=20)
    it.call("DescribeEvents", Duration=120, Marker=page["Marker"])
    it.refused("InvalidParameterCombination", "DescribeEvents", SourceIdentifier=GROUP)


def change(it):
    group = {"ReplicationGroupId": GROUP, "ApplyImmediately": True}
    it.call("ModifyReplicationGroup", **group, CacheNodeType=SMALL)
    it.call("DescribeReplicationGroups", ReplicationGroupId=GROUP)
    it.refused("InvalidReplicationGroupState", "CreateSnapshot", CacheClusterId=MEMBER, SnapshotName="early")
    it.refused("InvalidReplicationGroupState", "DeleteReplicationGroup", ReplicationGroupId=GROUP)
    settle(it)
    # What waits for the maintenance window is pending.
    it.call("ModifyReplicationGroup", ReplicationGroupId=GROUP, ApplyImmediately=False, CacheNodeType=MICRO)
    it.call("DescribeReplicationGroups", ReplicationGroupId=GROUP)
    it.call("DescribeCacheClusters", CacheClusterId=MEMBER)
    it.call("ModifyReplicationGroup", **group, SnapshotRetentionLimit=5, SnapshottingClusterId="orders-002")
    settle(it)
    it.call("ModifyReplicationGroup", **group, CacheNodeType=SMALL)
    settle(it)
    it.call("TestFailover", ReplicationGroupId=GROUP, NodeGroupId="0001")
    settle(it)
    it.refused("NodeGroupNotFoundFault", "TestFailover", ReplicationGroupId=GROUP, NodeGroupId="0002")
    it.befall("TestFailover", answer("APICallRateForCustomerExceeded"))
    it.refused("APICallRateForCustomerExceeded", "TestFailover", ReplicationGroupId=GROUP, NodeGroupId="0001")


def snapshots(it):
    it.call("CreateSnapshot", CacheClusterId=MEMBER, SnapshotName="first", Tags=[{"Key": "kept", "Value": "yes"}])
    it.call("DescribeSnapshots", SnapshotName="first")
    it.refused("InvalidSnapshotState", "CopySnapshot", SourceSnapshotName="first", TargetSnapshotName="second")
    settle(it)
    it.refused("SnapshotAlreadyExistsFault", "CreateSnapshot", CacheClusterId=MEMBER, SnapshotName="first")
    it.call("CopySnapshot", SourceSnapshotName="first", TargetSnapshotName="second")
    settle(it)
    it.call("DescribeSnapshots", ShowNodeGroupConfig=True)
    it.call("DescribeSnapshots", CacheClusterId=MEMBER, SnapshotSource="user", MaxRecords=20)
    it.refused("SnapshotNotFoundFault", "DescribeSnapshots", SnapshotName="none")
    back = {"ReplicationGroupId": "back", "ReplicationGroupDescription": "from the first", "CacheNodeType": SMALL}
    it.refused("SnapshotNotFoundFault", "CreateReplicationGroup", **back, NumCacheClusters=1, SnapshotName="none")
    file = ["arn:aws:s3:::bucket/first-0001.rdb"]
    it.refused("InvalidParameterCombination", "CreateReplicationGroup", **back, SnapshotName="first", SnapshotArns=file)
    it.refused("InvalidParameterValue", "CreateReplicationGroup", **back, SnapshotArns=["s3://bucket/first-0001.rdb"])
    # It cannot be read, which shows only later.
    it.call("CreateReplicationGroup", **{**back, "ReplicationGroupId": "filled"}, SnapshotArns=file)
    it.call("CreateReplicationGroup", **back, NumCacheClusters=1, SnapshotName="first")
    it.refused("InvalidSnapshotState", "DeleteSnapshot", SnapshotName="first")
    settle(it)
    it.call("DescribeReplicationGroups", ReplicationGroupId="filled")
    it.call("DeleteReplicationGroup", ReplicationGroupId="filled")
    it.call("DeleteReplicationGroup", ReplicationGroupId="back")
    it.call("DeleteSnapshot", SnapshotName="second")
    settle(it)


def replicas(it):
    group = {"ReplicationGroupId": GROUP, "ApplyImmediately": True}
    it.refused("NoOperationFault", "IncreaseReplicaCount", **group, NewReplicaCount=1)
    it.refused("InvalidParameterValue", "DecreaseReplicaCount", **group, ReplicaConfiguration=[{"NodeGroupId": "0007", "NewReplicaCount": 1}])
    it.call("IncreaseReplicaCount", **group, NewReplicaCount=2)
    settle(it)
    member = {"CacheClusterId": "orders-extra", "ReplicationGroupId": GROUP}
    it.call("CreateCacheCluster", **member)
    it.refused("InvalidReplicationGroupState", "CreateCacheCluster", CacheClusterId="orders-more", ReplicationGroupId=GROUP)
    settle(it)
    it.refused("CacheClusterAlreadyExists", "CreateCacheCluster", **member)
    it.call("DecreaseReplicaCount", **group, ReplicasToRemove=["orders-extra"])
    settle(it)
    it.call("DeleteCacheCluster", CacheClusterId="orders-003")
    settle(it)
    it.call("DescribeReplicationGroups", ReplicationGroupId=GROUP)
    it.refused("InvalidCacheClusterState", "DeleteCacheCluster", CacheClusterId="orders-002")
    it.refused("InvalidParameterCombination", "CreateCacheCluster", CacheClusterId="orders-zone", ReplicationGroupId=GROUP, Engine="redis")
    it.refused("InvalidParameterValue", "CreateCacheCluster", CacheClusterId="orders-zone", ReplicationGroupId=GROUP, PreferredAvailabilityZone="there")
    it.refused("InvalidParameterValue", "IncreaseReplicaCount", **group, NewReplicaCount=6)


def members(it):
    """What is asked of one member."""
    member = {"CacheClusterId": "orders-002"}
    own = {"PreferredMaintenanceWindow": "mon:01:00-mon:02:00", "SecurityGroupIds": ["sg-0b"], "AutoMinorVersionUpgrade": False}
    it.call("ModifyCacheCluster", **member, **own, ApplyImmediately=True)
    it.refused("InvalidCacheClusterState", "ModifyCacheCluster", **member, AutoMinorVersionUpgrade=True)
    settle(it)
    it.call("ModifyCacheCluster", **member, NotificationTopicArn=arn("sns", "second"), NotificationTopicStatus="inactive")
    settle(it)
    it.refused("InvalidParameterValue", "ModifyCacheCluster", **member, CacheNodeType=SMALL)
    it.refused("InvalidParameterCombination", "ModifyCacheCluster", **member, AZMode="cross-az")
    it.refused("CacheClusterNotFound", "ModifyCacheCluster", CacheClusterId="none", AutoMinorVersionUpgrade=True)
    databases = [{"ParameterName": "databases", "ParameterValue": "32"}]
    it.call("ModifyCacheParameterGroup", CacheParameterGroupName=GROUP, ParameterNameValues=databases)
    it.call("DescribeCacheClusters", CacheClusterId=MEMBER)
    settle(it)
    it.call("DescribeCacheClusters", CacheClusterId=MEMBER, ShowCacheNodeInfo=True)
    again = {"CacheClusterId": MEMBER, "CacheNodeIdsToReboot": ["0001"]}
    it.refused("InvalidParameterValue", "RebootCacheCluster", CacheClusterId=MEMBER, CacheNodeIdsToReboot=["0002"])
    it.call("RebootCacheCluster", **again)
    it.call("DescribeCacheClusters", CacheClusterId=MEMBER, ShowCacheNodeInfo=True)
    it.refused("InvalidCacheClusterState", "RebootCacheCluster", **again)
    it.refused("CacheClusterNotFound", "RebootCacheCluster", CacheClusterId="none", CacheNodeIdsToReboot=["0001"])
    settle(it)
    it.call("DescribeCacheClusters", CacheClusterId=MEMBER, ShowCacheNodeInfo=True)
    it.refused("CacheParameterGroupNotFound", "ModifyCacheCluster", **member, CacheParameterGroupName="none")


def shards(it):
    """A group with cluster mode enabled."""
    wanted = {
        "ReplicationGroupId": "shards",
        "ReplicationGroupDescription": "in shards",
        "Engine": "redis",
        "EngineVersion": "7.1",
        "CacheNodeType": MICRO,
        "AutomaticFailoverEnabled": True,
        "CacheParameterGroupName": "default.redis7.cluster.on",
    }
    many = {"NumNodeGroups": 46, "ReplicasPerNodeGroup": 1}
    it.refused("NodeQuotaForClusterExceeded", "CreateReplicationGroup", **wanted, **many)
    it.refused("NodeGroupsPerReplicationGroupQuotaExceeded", "CreateReplicationGroup", **wanted, NumNodeGroups=91)
    it.refused("InvalidParameterCombination", "CreateReplicationGroup", **wanted, **many, NumCacheClusters=2)
    configured = [
        {"NodeGroupId": "0001", "Slots": "0-99", "ReplicaCount": 1, "PrimaryAvailabilityZone": "us-east-1b", "ReplicaAvailabilityZones": ["us-east-1c"]},
        {"NodeGroupId": "0002", "Slots": "100-16383", "ReplicaCount": 0},
    ]
    it.call("CreateReplicationGroup", **wanted, NodeGroupConfiguration=configured, ClusterMode="enabled")
    settle(it)
    it.call("DescribeReplicationGroups", ReplicationGroupId="shards")
    it.call("DescribeCacheClusters", CacheClusterId="shards-0001-002", ShowCacheNodeInfo=True)
    group = {"ReplicationGroupId": "shards", "ApplyImmediately": True}
    it.refused("InvalidParameterCombination", "ModifyReplicationGroup", **group, AutomaticFailoverEnabled=False)
    it.refused("InvalidParameterCombination", "ModifyReplicationGroup", **group, SnapshottingClusterId="shards-0001-002")
    it.refused("NodeGroupNotFoundFault", "TestFailover", ReplicationGroupId="shards", NodeGroupId="0003")
    it.refused("TestFailoverNotAvailableFault", "TestFailover", ReplicationGroupId="shards", NodeGroupId="0002")
    it.call("TestFailover", ReplicationGroupId="shards", NodeGroupId="0001")
    settle(it)
    it.call("IncreaseReplicaCount", **group, ReplicaConfiguration=[{"NodeGroupId": "0002", "NewReplicaCount": 1}])
    settle(it)
    it.refused("NoOperationFault", "DecreaseReplicaCount", **group, NewReplicaCount=1)
    it.refused("InvalidParameterCombination", "DeleteCacheCluster", CacheClusterId="shards-0001-002")
    reshard(it, group)
    it.refused("InvalidParameterCombination", "CreateSnapshot", CacheClusterId="shards-0003-001", SnapshotName="shards")
    it.call("CreateSnapshot", ReplicationGroupId="shards", SnapshotName="shards")
    settle(it)
    it.call("DescribeSnapshots", SnapshotName="shards", ShowNodeGroupConfig=True)
    it.refused("InvalidParameterCombination", "DeleteReplicationGroup", ReplicationGroupId="shards", RetainPrimaryCluster=True)
    it.call("DeleteReplicationGroup", ReplicationGroupId="shards")
    plain = {"ReplicationGroupId": "back", "ReplicationGroupDescription": "in none", "CacheNodeType": MICRO, "NumCacheClusters": 1}
    it.refused("InvalidParameterCombination", "CreateReplicationGroup", **plain, SnapshotName="shards", CacheParameterGroupName="default.redis7")
    settle(it)
    it.call("DeleteSnapshot", SnapshotName="shards")
    settle(it)


def reshard(it, group):
    operation = "ModifyReplicationGroupShardConfiguration"
    it.refused("ReplicationGroupNotFoundFault", operation, **{**group, "ReplicationGroupId": "none"}, NodeGroupCount=2)
    it.refused("InvalidParameterValue", operation, **{**group, "ReplicationGroupId": GROUP}, NodeGroupCount=2)
    it.refused("InvalidParameterCombination", operation, **group, NodeGroupCount=1)
    it.refused("NodeGroupsPerReplicationGroupQuotaExceeded", operation, **group, NodeGroupCount=91)
    zones = [{"NodeGroupId": "0003", "PreferredAvailabilityZones": ["us-east-1c", "us-east-1a"]}]
    it.call(operation, **group, NodeGroupCount=3, ReshardingConfiguration=zones)
    it.refused("InvalidReplicationGroupState", operation, **group, NodeGroupCount=4)
    it.advance(1000)
    it.call("DescribeReplicationGroups", ReplicationGroupId="shards")
    settle(it)
    it.call(operation, **group, NodeGroupCount=2, NodeGroupsToRemove=["0001"])
    settle(it)
    it.call(operation, **group, NodeGroupCount=1, NodeGroupsToRetain=["0003"])
    settle(it)
    it.call("DescribeReplicationGroups", ReplicationGroupId="shards")
    for code in ("InsufficientCacheClusterCapacity", "NodeQuotaForCustomerExceeded"):
        it.befall(operation, answer(code))
        it.refused(code, operation, **group, NodeGroupCount=2)


def tags(it):
    group = {"ResourceName": arn("elasticache", f"replicationgroup:{GROUP}")}
    it.call("AddTagsToResource", **group, Tags=[{"Key": "owner", "Value": "héllo"}, {"Key": "empty", "Value": ""}])
    it.call("ListTagsForResource", **group)
    it.refused("InvalidARN", "ListTagsForResource", ResourceName="arn:aws:elasticache")
    it.call("RemoveTagsFromResource", **group, TagKeys=["empty"])
    it.refused("TagNotFound", "RemoveTagsFromResource", **group, TagKeys=["empty"])
    many = [{"Key": f"key-{number}", "Value": "x"} for number in range(51)]
    it.refused("TagQuotaPerResourceExceeded", "AddTagsToResource", **group, Tags=many)
    for kind, code in (
        ("snapshot", "SnapshotNotFoundFault"),
        ("subnetgroup", "CacheSubnetGroupNotFoundFault"),
        ("parametergroup", "CacheParameterGroupNotFound"),
        ("replicationgroup", "ReplicationGroupNotFoundFault"),
        ("cluster", "CacheClusterNotFound"),
    ):
        it.refused(code, "ListTagsForResource", ResourceName=arn("elasticache", f"{kind}:none"))


def token(it):
    group = {"ReplicationGroupId": GROUP, "ApplyImmediately": True}
    it.call("ModifyReplicationGroup", **group, AuthToken="another-token-of-none", AuthTokenUpdateStrategy="ROTATE")
    it.call("DescribeReplicationGroups", ReplicationGroupId=GROUP)
    settle(it)
    it.call("ModifyReplicationGroup", **group, AuthToken="another-token-of-none", AuthTokenUpdateStrategy="SET")
    settle(it)


def users(it):
    user = {"UserId": "orders", "UserName": "orders", "Engine": "redis", "AccessString": "on ~* +@all"}
    it.call("CreateUser", **user, Passwords=["a-password-of-no-account"])
    it.refused("UserAlreadyExists", "CreateUser", **user, NoPasswordRequired=True)
    it.call("CreateUser", **{**user, "UserId": "orders-default", "UserName": "default"}, NoPasswordRequired=True)
    it.call("CreateUser", **{**user, "UserId": "orders-again"}, NoPasswordRequired=True)
    settle(it)
    group = {"UserGroupId": "orders", "Engine": "redis"}
    it.refused("DefaultUserRequired", "CreateUserGroup", **group, UserIds=["orders"])
    it.refused("DuplicateUserName", "CreateUserGroup", **group, UserIds=["orders-default", "orders", "orders-again"])
    it.refused("UserNotFound", "CreateUserGroup", **group, UserIds=["none"])
    it.call("CreateUserGroup", **group, UserIds=["orders-default", "orders"])
    it.refused("UserGroupAlreadyExists", "CreateUserGroup", **group, UserIds=["orders-default"])
    settle(it)
    it.call("ModifyUser", UserId="orders", AppendAccessString="-@dangerous")
    it.refused("InvalidUserState", "ModifyUser", UserId="orders", AppendAccessString="-@admin")
    it.call("DescribeUsers", UserId="orders")
    it.call("DescribeUsers", Filters=[{"Name": "UserName", "Values": ["default"]}])
    it.refused("UserNotFound", "DescribeUsers", UserId="none")
    settle(it)
    it.refused("DefaultUserAssociatedToUserGroup", "DeleteUser", UserId="orders-default")
    it.call("ModifyUserGroup", UserGroupId="orders", UserIdsToRemove=["orders"])
    it.refused("InvalidUserGroupState", "ModifyUserGroup", UserGroupId="orders", UserIdsToAdd=["orders"])
    it.call("DescribeUserGroups", UserGroupId="orders")
    it.refused("UserGroupNotFound", "DescribeUserGroups", UserGroupId="none")
    settle(it)
    it.call("DeleteUserGroup", UserGroupId="orders")
    settle(it)
    it.call("DeleteUser", UserId="orders")


def lone_nodes(it):
    """A group of one node cannot do everything."""
    it.call("CreateReplicationGroup", ReplicationGroupId="alone", ReplicationGroupDescription="one", CacheNodeType=MICRO, NumCacheClusters=1)
    settle(it)
    it.refused("TestFailoverNotAvailableFault", "TestFailover", ReplicationGroupId="alone", NodeGroupId="0001")
    it.call("DescribeReplicationGroups", ReplicationGroupId="alone")
    it.refused("InvalidParameterValue", "CopySnapshot", SourceSnapshotName="first", TargetSnapshotName="out", TargetBucket="none")


def upgrades(it):
    """From Redis OSS to Valkey, on, and not back."""
    group = {"ReplicationGroupId": "alone", "ApplyImmediately": True}
    other = {"Engine": "valkey", "EngineVersion": "7.2"}
    it.refused("InvalidParameterCombination", "ModifyReplicationGroup", **group, **other, CacheParameterGroupName="default.valkey8")
    it.refused("CacheParameterGroupNotFound", "ModifyReplicationGroup", **group, **other, CacheParameterGroupName="none")
    it.call("ModifyReplicationGroup", **{**group, "ApplyImmediately": False}, **other)
    it.call("DescribeCacheClusters", CacheClusterId="alone-001")
    it.call("ModifyReplicationGroup", **group)
    it.call("DescribeReplicationGroups", ReplicationGroupId="alone")
    settle(it)
    it.call("ModifyReplicationGroup", **group, EngineVersion="8.0", CacheParameterGroupName="default.valkey8")
    settle(it)
    it.call("DescribeReplicationGroups", ReplicationGroupId="alone")
    it.call("DescribeCacheClusters", CacheClusterId="alone-001")
    it.refused("InvalidParameterCombination", "ModifyReplicationGroup", **group, Engine="redis", EngineVersion="7.1")


def transit(it):
    """Clients come to TLS one after another."""
    group = {"ReplicationGroupId": "alone", "ApplyImmediately": True}
    it.refused("InvalidParameterCombination", "ModifyReplicationGroup", **group, TransitEncryptionEnabled=True, TransitEncryptionMode="required")
    it.call("ModifyReplicationGroup", **group, TransitEncryptionEnabled=True, TransitEncryptionMode="preferred")
    it.call("DescribeReplicationGroups", ReplicationGroupId="alone")
    it.call("DescribeCacheClusters", CacheClusterId="alone-001")
    settle(it)
    it.refused("InvalidParameterCombination", "ModifyReplicationGroup", **group, AuthToken=TOKEN)
    it.call("ModifyReplicationGroup", **group, TransitEncryptionMode="required")
    settle(it)
    it.call("DescribeReplicationGroups", ReplicationGroupId="alone")
    it.refused("InvalidParameterCombination", "ModifyReplicationGroup", **group, TransitEncryptionEnabled=False)


def logs(it):
    group = {"ReplicationGroupId": "alone", "ApplyImmediately": True}
    engine = {
        "LogType": "engine-log",
        "DestinationType": "kinesis-firehose",
        "DestinationDetails": {"KinesisFirehoseDetails": {"DeliveryStream": "orders"}},
        "LogFormat": "text",
    }
    later = {**group, "ApplyImmediately": False}
    it.refused("InvalidParameterValue", "ModifyReplicationGroup", **later, LogDeliveryConfigurations=[SLOW_LOG])
    # Nobody made the log group that the slow log goes to, which is found out later.
    it.call("ModifyReplicationGroup", **group, LogDeliveryConfigurations=[SLOW_LOG, engine])
    it.call("DescribeReplicationGroups", ReplicationGroupId="alone")
    it.call("DescribeCacheClusters", CacheClusterId="alone-001")
    settle(it)
    it.call("DescribeReplicationGroups", ReplicationGroupId="alone")
    it.call("ModifyReplicationGroup", **group, LogDeliveryConfigurations=[{"LogType": "engine-log", "Enabled": False}])
    settle(it)


def disks(it):
    """Their keys, data tiering, and addresses of both kinds."""
    wanted = {
        "ReplicationGroupId": "tiered",
        "ReplicationGroupDescription": "on disks too",
        "CacheNodeType": "cache.r6gd.xlarge",
        "NumCacheClusters": 1,
        "AtRestEncryptionEnabled": True,
        "TransitEncryptionEnabled": True,
        "TransitEncryptionMode": "preferred",
        "KmsKeyId": "alias/tiered",
        "LogDeliveryConfigurations": [SLOW_LOG],
        "NetworkType": "dual_stack",
        "IpDiscovery": "ipv6",
    }
    it.refused("InvalidParameterCombination", "CreateReplicationGroup", **wanted)
    it.refused("InvalidParameterValue", "CreateReplicationGroup", **{**wanted, "KmsKeyId": "tiered"}, DataTieringEnabled=True)
    it.call("CreateReplicationGroup", **wanted, DataTieringEnabled=True)
    settle(it)
    it.call("DescribeReplicationGroups", ReplicationGroupId="tiered")
    other = arn("kms", "key/1234abcd-12ab-34cd-56ef-1234567890ab")
    it.call("CreateSnapshot", CacheClusterId="tiered-001", SnapshotName="tiered", KmsKeyId=other)
    settle(it)
    it.call("CopySnapshot", SourceSnapshotName="tiered", TargetSnapshotName="again", KmsKeyId="alias/again")
    settle(it)
    it.call("DescribeSnapshots", SnapshotName="again")
    group = {"ReplicationGroupId": "tiered", "ApplyImmediately": True}
    it.call("ModifyReplicationGroup", **group, IpDiscovery="ipv4")
    settle(it)
    # What is shown is the key, and not the alias that was given.
    key = it.call("DescribeReplicationGroups", ReplicationGroupId="tiered")["ReplicationGroups"][0]["KmsKeyId"]
    it.lack("disabled_keys", [key])
    it.refused("InvalidKMSKeyFault", "IncreaseReplicaCount", **group, NewReplicaCount=1)
    it.refused("InvalidKMSKeyFault", "ModifyReplicationGroup", **group, CacheNodeType="cache.r6gd.2xlarge")


def quotas(it):
    for number in range(20):
        it.call("CreateSnapshot", CacheClusterId="alone-001", SnapshotName=f"alone-{number}")
        it.advance(1200)
    it.refused("SnapshotQuotaExceededFault", "CreateSnapshot", CacheClusterId="alone-001", SnapshotName="one-too-many")
    page = it.call("DescribeSnapshots", MaxRecords=20)
    it.call("DescribeSnapshots", MaxRecords=20, Marker=page["Marker"])
    for operation, code, more in (
        ("CreateUser", "UserQuotaExceeded", {"UserId": "u", "UserName": "u", "Engine": "redis", "AccessString": "on", "NoPasswordRequired": True}),
        ("CreateReplicationGroup", "NodeQuotaForCustomerExceeded", {"ReplicationGroupId": "q", "ReplicationGroupDescription": "x"}),
        ("CreateReplicationGroup", "ClusterQuotaForCustomerExceeded", {"ReplicationGroupId": "q", "ReplicationGroupDescription": "x"}),
        ("CreateCacheParameterGroup", "CacheParameterGroupQuotaExceeded", {"CacheParameterGroupName": "q", "CacheParameterGroupFamily": "redis7", "Description": "x"}),
        ("CreateCacheSubnetGroup", "CacheSubnetGroupQuotaExceeded", {"CacheSubnetGroupName": "q", "CacheSubnetGroupDescription": "x", "SubnetIds": ["subnet-0a"]}),
        ("CreateUserGroup", "UserGroupQuotaExceeded", {"UserGroupId": "g", "Engine": "redis", "UserIds": ["default"]}),
    ):
        it.befall(operation, answer(code))
        it.refused(code, operation, **more)


def troubles(it):
    for fault, code in (("throttled", "Throttling"), ("denied", "AccessDenied"), ("unavailable", "ServiceUnavailable")):
        it.befall("DescribeReplicationGroups", fault)
        it.refused(code, "DescribeReplicationGroups")


def delete(it):
    it.refused("CacheSubnetGroupInUse", "DeleteCacheSubnetGroup", CacheSubnetGroupName=GROUP)
    it.refused("InvalidCacheParameterGroupState", "DeleteCacheParameterGroup", CacheParameterGroupName=GROUP)
    it.call("DeleteReplicationGroup", ReplicationGroupId=GROUP, FinalSnapshotIdentifier="last")
    it.call("DescribeReplicationGroups", ReplicationGroupId=GROUP)
    settle(it)
    it.call("DescribeSnapshots", SnapshotName="last")
    it.call("DeleteReplicationGroup", ReplicationGroupId="alone", RetainPrimaryCluster=True)
    settle(it)
    it.refused("CacheClusterAlreadyExists", "CreateReplicationGroup", ReplicationGroupId="alone", ReplicationGroupDescription="again", CacheNodeType=MICRO)
    it.call("DeleteCacheParameterGroup", CacheParameterGroupName=GROUP)
    it.call("DeleteCacheSubnetGroup", CacheSubnetGroupName=GROUP)
