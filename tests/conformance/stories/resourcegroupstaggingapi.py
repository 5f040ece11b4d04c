"""What carries a tag, of whatever service."""


def tell(it):
    it.call("GetResources")
    it.call("GetResources", TagFilters=[{"Key": "team", "Values": ["orders"]}], ResourceTypeFilters=["secretsmanager"])
    named = ["arn:aws:secretsmanager:us-east-1:123456789012:secret:orders"]
    it.refused("InvalidParameterException", "GetResources", ResourceARNList=named, ResourceTypeFilters=["secretsmanager"])
    it.refused("InvalidParameterException", "GetResources", ResourceARNList=named, ResourcesPerPage=10)
    it.refused("PaginationTokenExpiredException", "GetResources", PaginationToken="0/arn:aws:elasticache")
    for fault, code in (
        ("throttled", "ThrottlingException"),
        ("denied", "AccessDeniedException"),
        ("unavailable", "ServiceUnavailableException"),
    ):
        it.befall("GetResources", fault)
        it.refused(code, "GetResources")


def tell_badly(it):
    """What a client would not send."""
    it.refused("SerializationException", "GetResources", PaginationToken=["a", "list"])
    it.refused("InvalidParameterException", "GetResources", ResourcesPerPage=1000)
