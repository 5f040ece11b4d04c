"""Step 5: memory is really filled, an alarm fires, the group grows, and nothing undoes it."""

import telling
from deployment import GROUP
from group import Group
from keys import digest
from waiting import expect, until

TITLE = "Memory fills past 90 %: an alarm makes the group grow"
SMALL = "cache.t4g.small"
FILL_TO = 0.93


def run(story):
    app, group = story.application, Group(story.cloud, GROUP)
    client = app.connect()
    percent = fill(client)
    expect(client.info("stats")["evicted_keys"] == 0, "nothing should have been evicted")
    telling.saw(f"used memory of the primary is at {percent:.1f} % of its maxmemory, by INFO; nothing was evicted")

    watch = telling.Stopwatch()
    until("the memory alarm to fire", lambda: states(group, "/memory", "ALARM"), within=180)
    telling.saw(f"alarm after {watch}: {', '.join(states(group, '/memory', 'ALARM'))}; CloudWatch told SNS, and SNS the function autoscale")

    until(f"every member to be a {SMALL}", lambda: group.is_available() and set(group.node_types().values()) == {SMALL}, within=300)
    telling.saw(f"every member is a {SMALL} after {watch}, as each says itself")
    for key, value in sorted(group.tags().items()):
        if key == "cachewarden:changed":
            telling.note(f"{key} = {value}")

    expect(digest(client) == (story.keys, story.digest), "the keys should be the same after the change")
    telling.saw(f"{story.keys:,} keys, the same digest")
    until("the memory alarm to be OK", lambda: states(group, "/memory", "OK"), within=240)
    telling.saw(f"the memory alarm is OK after {watch}")

    telling.did("A stack update changes something else: SnapshotRetentionLimit from 7 to 8. The stack still says cache.t4g.micro.")
    planned = story.deployment.plan("SnapshotRetentionLimit=8")
    expect("set the retention of automatic snapshots from 7 days to 8 days" in planned, f"the plan should tell of the retention, and says {planned}")
    expect("change the node type" not in planned, "the plan should leave the node type alone")
    updates = len(story.deployment.cache_updates())
    story.deployment.deploy(SnapshotRetentionLimit="8")
    expect(updates < len(story.deployment.cache_updates()), "the update should have reached the cache")
    expect(group.is_available()["SnapshotRetentionLimit"] == 8, "the retention should be 8 days")
    expect(set(group.node_types().values()) == {SMALL}, f"the node type should still be {SMALL}, and is {group.node_types()}")
    telling.saw(f"8 days, and still {SMALL}: what the autoscaler chose is not undone")


def fill(client):
    """Writes until memory is past the threshold, and never so much that something would be evicted."""
    block = b"x" * 16_384
    number = 0
    while (share := used_share(client)) < FILL_TO:
        room = (FILL_TO - share) * client.info("memory")["maxmemory"]
        with client.pipeline(transaction=False) as pipe:
            for _ in range(max(1, min(500, int(room / 2 / len(block))))):
                pipe.set(f"fill:{number}", block)
                number += 1
            pipe.execute()
    return share * 100


def used_share(client):
    memory = client.info("memory")
    expect(0 < memory["maxmemory"], "the node should have a limit of memory")
    return memory["used_memory"] / memory["maxmemory"]


def states(group, suffix, state):
    return sorted(name for name, it in group.alarms().items() if name.endswith(suffix) and it["StateValue"] == state)
