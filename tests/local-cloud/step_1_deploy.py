"""Step 1: the stack is deployed, and CloudFormation makes the cache."""

import telling
from deployment import GROUP
from group import Group
from waiting import expect

TITLE = "sam build, sam deploy: a cache by CloudFormation"


def run(story):
    telling.did("The four functions are built for Lambda (provided.al2023) by cargo-lambda. The first time takes minutes.")
    watch = telling.Stopwatch()
    story.deployment.build()
    telling.saw(f"built in {watch}")

    telling.did(f"The template is deployed: {GROUP}, cache.t4g.micro, 2 nodes, Redis 7.1.")
    watch = telling.Stopwatch()
    # A day of grace and a sweep every quarter of an hour are right for production, and slow to watch.
    story.outputs = story.deployment.deploy(RotationGraceMinutes="2", RotationSweepSchedule="rate(1 minute)")
    telling.saw(f"CREATE_COMPLETE in {watch}; CloudFormation called provision, and the state machine waited for ElastiCache")

    group = Group(story.cloud, GROUP)
    seen = group.is_available()
    expect(seen, f"{GROUP} should be available, and is {group.describe()}")
    expect(len(group.members()) == 2, f"it should have 2 members, and has {group.members()}")
    expect(seen["TransitEncryptionEnabled"] and seen["AtRestEncryptionEnabled"], "it should be encrypted in transit and at rest")
    expect(seen["AuthTokenEnabled"], "it should ask for a token")
    expect(seen["AutomaticFailover"] == "enabled", "it should fail over automatically")
    expect(seen["MultiAZ"] == "enabled", "it should spread over zones")
    expect(seen["SnapshotRetentionLimit"] == 7, "ElastiCache should keep its daily snapshots for 7 days")
    telling.saw("2 members, TLS, encryption at rest, a token, automatic failover, Multi-AZ, 7 days of daily snapshots")

    watched, members = group.watched(), set(group.members())
    expect(watched and all(it == members for it in watched.values()), f"every alarm should watch every member, and they watch {watched}")
    telling.saw(f"{len(watched)} alarms, each over all members: " + ", ".join(sorted(watched)))
