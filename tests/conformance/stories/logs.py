"""Log groups, before anything is in them."""

from simulator import arn

GROUP = "/orders/slow"


def tell(it):
    it.call("CreateLogGroup", logGroupName=GROUP, tags={"team": "orders", "what": "slow logs"})
    it.refused("ResourceAlreadyExistsException", "CreateLogGroup", logGroupName=GROUP)
    it.refused("InvalidParameterException", "CreateLogGroup", logGroupName="aws/orders")
    it.lack("disabled_keys", ["gone"])
    it.refused("InvalidParameterException", "CreateLogGroup", logGroupName="/keyed", kmsKeyId="gone")
    it.call("CreateLogGroup", logGroupName="/keyed", kmsKeyId="alias/orders", logGroupClass="INFREQUENT_ACCESS")
    it.call("CreateLogGroup", logGroupName="/held", deletionProtectionEnabled=True)
    it.call("PutRetentionPolicy", logGroupName=GROUP, retentionInDays=30)
    it.refused("InvalidParameterException", "PutRetentionPolicy", logGroupName=GROUP, retentionInDays=31)
    it.refused("ResourceNotFoundException", "PutRetentionPolicy", logGroupName="/none", retentionInDays=30)
    look(it)
    tags(it)
    it.refused("ValidationException", "DeleteLogGroup", logGroupName="/held")
    it.call("DeleteLogGroup", logGroupName=GROUP)
    it.refused("ResourceNotFoundException", "DeleteLogGroup", logGroupName=GROUP)
    troubles(it)


def look(it):
    it.call("DescribeLogGroups")
    it.call("DescribeLogGroups", logGroupNamePrefix="/orders")
    it.call("DescribeLogGroups", logGroupNamePattern="eye")
    it.call("DescribeLogGroups", logGroupClass="INFREQUENT_ACCESS")
    page = it.call("DescribeLogGroups", limit=2)
    it.call("DescribeLogGroups", limit=2, nextToken=page["nextToken"])
    it.refused("InvalidParameterException", "DescribeLogGroups", nextToken="strange")
    it.refused("InvalidParameterException", "DescribeLogGroups", logGroupNamePrefix="/a", logGroupNamePattern="a")


def tags(it):
    # The ARN for tags is the one without a star at its end.
    named = arn("logs", f"log-group:{GROUP}")
    it.call("TagResource", resourceArn=named, tags={"team": "sales", "stage": "live"})
    it.call("ListTagsForResource", resourceArn=named)
    it.call("ListTagsForResource", resourceArn=arn("logs", "log-group:/held"))
    many = {f"tag-{number}": "" for number in range(49)}
    it.refused("TooManyTagsException", "TagResource", resourceArn=named, tags=many)
    it.refused("InvalidParameterException", "ListTagsForResource", resourceArn=f"{named}:*")
    it.refused("ResourceNotFoundException", "ListTagsForResource", resourceArn=arn("logs", "log-group:/none"))
    it.refused("ResourceNotFoundException", "TagResource", resourceArn=arn("logs", "log-group:/none"), tags={"a": "b"})


def troubles(it):
    for fault, code in (("throttled", "ThrottlingException"), ("denied", "AccessDeniedException"), ("unavailable", "ServiceUnavailableException")):
        it.befall("DescribeLogGroups", fault)
        it.refused(code, "DescribeLogGroups")


def tell_badly(it):
    """What a client would not send."""
    it.refused("InvalidParameterException", "CreateLogGroup")
    it.refused("InvalidParameterException", "TagResource", resourceArn=arn("logs", "log-group:/held"))
