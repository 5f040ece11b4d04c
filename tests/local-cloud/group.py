"""What AWS says of a replication group."""

from botocore.exceptions import ClientError

from waiting import until


class Group:
    def __init__(self, cloud, name):
        self.name = name
        self.elasticache = cloud.client("elasticache")
        self.cloudwatch = cloud.client("cloudwatch")

    def describe(self):
        """The group, or None if there is none."""
        try:
            [group] = self.elasticache.describe_replication_groups(ReplicationGroupId=self.name)["ReplicationGroups"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ReplicationGroupNotFoundFault":
                return None
            raise
        return group

    def is_available(self):
        group = self.describe()
        return group if group and group["Status"] == "available" else None

    def members(self):
        """The members' ids, in order."""
        return sorted(self.describe()["MemberClusters"])

    def node_types(self):
        """The node type of every member, as the member itself says it."""
        return {it: self.member(it)["CacheNodeType"] for it in self.members()}

    def member(self, name):
        [member] = self.elasticache.describe_cache_clusters(CacheClusterId=name, ShowCacheNodeInfo=True)["CacheClusters"]
        return member

    def nodes(self):
        """The address of every member."""
        [shard] = self.describe()["NodeGroups"]
        return {it["CacheClusterId"]: (it["ReadEndpoint"]["Address"], it["ReadEndpoint"]["Port"]) for it in shard["NodeGroupMembers"]}

    def primary(self):
        [shard] = self.describe()["NodeGroups"]
        return shard["PrimaryEndpoint"]["Address"], shard["PrimaryEndpoint"]["Port"]

    def primary_id(self):
        """The member that is the primary now."""
        [shard] = self.describe()["NodeGroups"]
        return next(it["CacheClusterId"] for it in shard["NodeGroupMembers"] if it["CurrentRole"] == "primary")

    def tags(self):
        """Its tags, as soon as it is free to tell them: a schedule may have begun something."""
        arn, busy = self.describe()["ARN"], self.elasticache.exceptions.InvalidReplicationGroupStateFault

        def told():
            try:
                return [self.elasticache.list_tags_for_resource(ResourceName=arn)["TagList"]]
            except busy:
                return None

        [listed] = until(f"{self.name} to tell its tags", told, within=120)
        return {it["Key"]: it["Value"] for it in listed}

    def alarms(self):
        """Its alarms, by name."""
        pages = self.cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{self.name}/")
        return {it["AlarmName"]: it for page in pages for it in page["MetricAlarms"]}

    def watched(self):
        """For each of its alarms, by what it watches, the members that it takes the highest or lowest value of."""
        def members(alarm):
            stats = [it["MetricStat"]["Metric"] for it in alarm["Metrics"] if "MetricStat" in it]
            return {it["Value"] for stat in stats for it in stat["Dimensions"]}

        return {name.removeprefix(f"{self.name}/"): members(alarm) for name, alarm in self.alarms().items()}

    def snapshots(self, source="user"):
        """The snapshots taken of it, oldest first: by us or a person (user), or by ElastiCache itself (system)."""
        found = self.elasticache.describe_snapshots(SnapshotSource=source)["Snapshots"]
        ours = [it for it in found if self.name in (it.get("ReplicationGroupId"), it.get("CacheClusterId", "").rpartition("-")[0])]
        return sorted(ours, key=lambda it: it["SnapshotName"])
