"""Step 8: the stack is deleted. What the policy keeps is kept, and nothing else is left."""

from botocore.exceptions import ClientError

import telling
from deployment import GROUP, STACK
from group import Group
from waiting import expect, until

TITLE = "sam delete: a last snapshot stays, all else goes"


def run(story):
    cloud, group = story.cloud, Group(story.cloud, GROUP)
    kept = {it["SnapshotName"] for it in group.snapshots()}
    watch = telling.Stopwatch()
    story.deployment.delete()
    telling.saw(f"the stack is deleted after {watch}")

    expect(group.describe() is None, f"{GROUP} should be gone, and is {group.describe()}")
    last = [it for it in group.snapshots() if it["SnapshotName"] not in kept]
    expect(len(last) == 1, f"there should be one last snapshot, and there is {last}")
    expect(last[0]["SnapshotStatus"] == "available", f"the last snapshot should be available, and is {last[0]['SnapshotStatus']}")
    telling.saw(f"{GROUP} is gone; its last snapshot is {last[0]['SnapshotName']}")

    until("the alarms to be gone", lambda: not group.alarms(), within=30)
    elasticache = cloud.client("elasticache")
    subnets = [it["CacheSubnetGroupName"] for it in elasticache.describe_cache_subnet_groups()["CacheSubnetGroups"]]
    expect(GROUP not in subnets, f"the subnet group should be gone: {subnets}")
    parameters = [it["CacheParameterGroupName"] for it in elasticache.describe_cache_parameter_groups()["CacheParameterGroups"]]
    expect(not [it for it in parameters if it.startswith(GROUP)], f"the parameter group should be gone: {parameters}")
    telling.saw("alarms, subnet group and parameter group are gone")

    secret = story.application.secret
    try:
        cloud.client("secretsmanager").get_secret_value(SecretId=secret)
        readable = True
    except ClientError:
        readable = False
    expect(not readable, "the secret should be marked for deletion")
    telling.saw("the secret is marked for deletion, and can be brought back within its recovery window")

    functions = cloud.client("lambda").list_functions()["Functions"]
    expect(not [it for it in functions if it["FunctionName"].startswith(STACK)], "the functions should be gone")
    machines = cloud.client("stepfunctions").list_state_machines()["stateMachines"]
    expect(not machines, f"the state machine should be gone: {machines}")
    expect(not stacks(cloud), f"the stack should be gone: {stacks(cloud)}")
    telling.saw("functions, roles, state machine, topics and schedules are gone with the stack")


def stacks(cloud):
    found = cloud.client("cloudformation").describe_stacks()["Stacks"]
    return [it["StackName"] for it in found if it["StackName"] == STACK and it["StackStatus"] != "DELETE_COMPLETE"]
