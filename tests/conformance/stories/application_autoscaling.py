"""What Application Auto Scaling is to size."""

SHARDS = "elasticache:replication-group:NodeGroups"
REPLICAS = "elasticache:replication-group:Replicas"
OURS = {"ServiceNamespace": "elasticache"}
ORDERS = {**OURS, "ResourceId": "replication-group/orders"}


def tell(it):
    groups(it)
    register(it)
    look(it)
    deregister(it)
    troubles(it)


def groups(it):
    """Two with cluster mode enabled, and one without."""
    common = {"ReplicationGroupDescription": "for tests", "CacheNodeType": "cache.r7g.large", "Engine": "valkey", "AutomaticFailoverEnabled": "true"}
    sharded = {**common, "NumNodeGroups": 2, "ReplicasPerNodeGroup": 1, "CacheParameterGroupName": "default.valkey8.cluster.on"}
    for name in ("carts", "orders"):
        it.beside("CreateReplicationGroup", {**sharded, "ReplicationGroupId": name})
    it.beside("CreateReplicationGroup", {**common, "ReplicationGroupId": "plain", "NumCacheClusters": 2})
    it.advance(1800)


def register(it):
    it.call("RegisterScalableTarget", **ORDERS, ScalableDimension=SHARDS, MinCapacity=2, MaxCapacity=10)
    it.call("RegisterScalableTarget", **ORDERS, ScalableDimension=REPLICAS, MinCapacity=1, MaxCapacity=5, RoleARN="arn:aws:iam::123456789012:role/x")
    it.call("RegisterScalableTarget", **OURS, ResourceId="replication-group/carts", ScalableDimension=SHARDS, MinCapacity=1, MaxCapacity=3)
    it.advance(60)
    # Again is an update, and what it does not name stays.
    it.call("RegisterScalableTarget", **ORDERS, ScalableDimension=REPLICAS, SuspendedState={"DynamicScalingInSuspended": True})
    it.call("RegisterScalableTarget", **ORDERS, ScalableDimension=REPLICAS, MaxCapacity=4)
    bounds = {"MinCapacity": 1, "MaxCapacity": 5}
    for name in ("none", "plain"):
        named = {**OURS, "ResourceId": f"replication-group/{name}"}
        it.refused("ValidationException", "RegisterScalableTarget", **named, ScalableDimension=SHARDS, **bounds)
    for wrong in (
        {"ScalableDimension": "elasticache:cache-cluster:Nodes"},
        {"ScalableDimension": "ecs:service:DesiredCount"},
        {"ScalableDimension": "elasticache:replication-group:Nodes"},
        {"ServiceNamespace": "ecs"},
        {"ResourceId": "orders"},
        {"MinCapacity": 6},
        {"MaxCapacity": 6},
        {"MinCapacity": 0},
    ):
        it.refused("ValidationException", "RegisterScalableTarget", **{**ORDERS, "ScalableDimension": REPLICAS, **bounds, **wrong})
    it.refused("ValidationException", "RegisterScalableTarget", **{**ORDERS, "ResourceId": "replication-group/carts"}, ScalableDimension=REPLICAS)


def look(it):
    it.call("DescribeScalableTargets", **OURS)
    it.call("DescribeScalableTargets", **OURS, ResourceIds=["replication-group/orders"])
    it.call("DescribeScalableTargets", **OURS, ResourceIds=["replication-group/orders", "replication-group/carts"], ScalableDimension=SHARDS)
    it.call("DescribeScalableTargets", **OURS, ResourceIds=["replication-group/none"])
    it.call("DescribeScalableTargets", ServiceNamespace="ecs")
    page = it.call("DescribeScalableTargets", **OURS, MaxResults=2)
    it.call("DescribeScalableTargets", **OURS, MaxResults=2, NextToken=page["NextToken"])
    it.refused("InvalidNextTokenException", "DescribeScalableTargets", **OURS, NextToken="another's")
    it.refused("ValidationException", "DescribeScalableTargets", **OURS, ScalableDimension=SHARDS)
    it.refused("ValidationException", "DescribeScalableTargets", **OURS, MaxResults=51)
    it.refused("ValidationException", "DescribeScalableTargets", ServiceNamespace="s3")


def deregister(it):
    it.call("DeregisterScalableTarget", **ORDERS, ScalableDimension=SHARDS)
    it.refused("ObjectNotFoundException", "DeregisterScalableTarget", **ORDERS, ScalableDimension=SHARDS)
    it.refused("ValidationException", "DeregisterScalableTarget", **ORDERS, ScalableDimension="ecs:service:DesiredCount")
    it.call("DescribeScalableTargets", **OURS)


def troubles(it):
    for fault, code in (("throttled", "ThrottlingException"), ("denied", "AccessDeniedException"), ("unavailable", "ServiceUnavailableException")):
        it.befall("DescribeScalableTargets", fault)
        it.refused(code, "DescribeScalableTargets", **OURS)


def tell_badly(it):
    """What a client would not send."""
    it.refused("ValidationException", "DescribeScalableTargets")
    it.refused("ValidationException", "RegisterScalableTarget", **ORDERS)
    it.refused("SerializationException", "DescribeScalableTargets", **OURS, NextToken=["a", "list"])
