"""News to a topic."""

from simulator import arn


def tell(it):
    topic = arn("sns", "orders")
    it.call("Publish", TopicArn=topic, Subject="orders", Message="all is <well> & good")
    it.refused("InvalidParameter", "Publish", TopicArn=topic, Message="")
    it.refused("InvalidParameter", "Publish", TopicArn=topic, Subject="x" * 100, Message="x")
    for fault, code in (("throttled", "Throttling"), ("denied", "AccessDenied"), ("unavailable", "ServiceUnavailable")):
        it.befall("Publish", fault)
        it.refused(code, "Publish", TopicArn=topic, Message="x")


def tell_badly(it):
    """What a client would not send."""
    it.refused("InvalidParameter", "Publish", TopicArn=arn("sns", "orders"))
