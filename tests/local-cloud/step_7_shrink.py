"""Step 7: what the group grew for is over, a quiet week passes in leaps of the clock, and the schedule takes back what the alarms had added."""

import json
import time
import urllib.request
from datetime import timedelta

import telling
from deployment import GROUP
from group import Group
from keys import BATCH, digest
from waiting import expect, until

TITLE = "A quiet week: the replica goes, and the group is small again"
MICRO = "cache.t4g.micro"
SMALL = "cache.t4g.small"
# All that was in memory within a week has to fit, so nothing shrinks before.
DAYS = 7
# Nothing shrinks near a window of the group's. Whatever time of the day it is, one of these leaps leaves both behind.
HOURS_MORE = (2, 3, 4, 5)
# A look at the group asks for its last days and for its week; a snapshot, which may be due in the same leap, for how far its replica is behind.
OTHERS = 1
UNDERTAKING = "cachewarden:autoscale-change"


def run(story):
    cloud, group = story.cloud, Group(story.cloud, GROUP)
    client = story.application.connect()
    before, full = len(group.members()), used_percent(cloud, group)
    telling.did("The readers have ended, and the application deletes what it filled memory with, and the map that they read.")
    removed = remove(client)
    until("the replicas to be without them", lambda: client.wait(before - 1, 1000) == before - 1, within=30)
    expect(digest(client) == (story.keys, story.digest), "the keys of the story should be the same")
    telling.saw(f"{removed:,} keys are deleted; the primary uses {client.info('memory')['used_memory'] / 2**20:.1f} MB on this machine, by INFO")

    # A day that is leaped over is like what was measured last.
    until("CloudWatch to see it too", lambda: used_percent(cloud, group) < full / 2, within=60)

    telling.did("The clock of AWS and of the functions leaps by a day at a time. In a day that is leaped over, the nodes report what they did when it")
    telling.note("began, and all schedules and windows open. Redis has clocks of its own, which do not leap, so that no key comes to its end.")
    telling.note("After a day it is the hour again at which the readers came, so the schedule may keep replicas for them, or ask for more.")
    seen = []
    for day in range(1, DAYS + 1):
        leap(cloud, group, 24)
        seen.append(size(group))
        telling.note(f"day {day}: {told(seen[-1])}")
        if day == DAYS - 1:
            telling.note(plan(story))
    more = 0
    for hours in HOURS_MORE:
        if size(group) == (MICRO, 2):
            break
        leap(cloud, group, hours)
        more += hours
        telling.note(f"{more} hours later: {told(size(group))}")

    expect((SMALL, 2) in seen, f"the replica should have gone first, and the sizes were {seen}")
    week = seen[:-1]
    expect(all(it[0] == SMALL for it in week), f"what was in memory within a week has to fit, so it should have stayed a {SMALL}, and the sizes were {seen}")
    expect(size(group) == (MICRO, 2), f"it should be 2 x {MICRO}, and is {told(size(group))}: {plan(story)}")
    telling.saw(f"the replica is gone after {seen.index((SMALL, 2)) + 1} days, and every member is a {MICRO} after {DAYS} days and {more} hours, as each says itself")
    for key, value in sorted(group.tags().items()):
        if key in ("cachewarden:changed", "cachewarden:autoscale-moves"):
            telling.note(f"{key} = {value}")

    client = story.application.connect()
    expect(digest(client) == (story.keys, story.digest), "the keys should be the same after the change")
    expect(client.info("stats")["evicted_keys"] == 0, "nothing should have been evicted")
    telling.saw(f"{story.keys:,} keys, the same digest; nothing was evicted")
    members = set(group.members())
    until("every alarm to watch the members that are left", lambda: set(map(frozenset, group.watched().values())) == {frozenset(members)}, within=60)
    telling.saw(f"{len(group.watched())} alarms watch {' and '.join(sorted(members))}, and nobody else")


def remove(client):
    """Deletes what the steps before wrote beside the keys of the story."""
    names = [*client.scan_iter("fill:*", count=1000), b"map"]
    removed = 0
    for start in range(0, len(names), BATCH):
        removed += client.unlink(*names[start : start + BATCH])
    return removed


def leap(cloud, group, hours):
    """Lets so many hours pass, and waits until the schedule of autoscale has looked at the group and what came of it is done."""
    before = asked_for_metrics(cloud)
    cloud.leap(hours)
    until("the schedule of autoscale to look at the group", lambda: before + OTHERS < asked_for_metrics(cloud), within=180)
    # What is begun is written on the group right after the look, before anything is asked for.
    time.sleep(2)
    until("what the schedule began to be done", lambda: is_quiet(group), within=300)


def asked_for_metrics(cloud):
    """How many pages of metrics were asked for so far."""
    with urllib.request.urlopen(f"http://127.0.0.1:{cloud.state['aws_sim']}/_sim/calls", timeout=30) as answer:
        return sum(it.get("GetMetricData", 0) for it in json.load(answer).values())


def used_percent(cloud, group):
    """How full the fullest member was within the last minutes, by CloudWatch."""
    now, cloudwatch = cloud.now(), cloud.client("cloudwatch")
    metric = {"Namespace": "AWS/ElastiCache", "MetricName": "DatabaseMemoryUsagePercentage"}
    queries = [
        {
            "Id": f"m{at}",
            "MetricStat": {"Metric": metric | {"Dimensions": [{"Name": "CacheClusterId", "Value": member}]}, "Period": 60, "Stat": "Maximum"},
        }
        for at, member in enumerate(group.members())
    ]
    answer = cloudwatch.get_metric_data(StartTime=now - timedelta(minutes=3), EndTime=now, MetricDataQueries=queries)
    return max((value for it in answer["MetricDataResults"] for value in it["Values"]), default=100)


def is_quiet(group):
    return group.is_available() and UNDERTAKING not in group.tags()


def size(group):
    """The node type of all members, and how many there are."""
    types = group.node_types()
    [node_type] = set(types.values())
    return node_type, len(types)


def told(it):
    node_type, members = it
    return f"{members} x {node_type}"


def plan(story):
    """What the function would do now, in its words."""
    return story.deployment.invoke("autoscale", {"action": "plan", "group": GROUP})["summary"]
