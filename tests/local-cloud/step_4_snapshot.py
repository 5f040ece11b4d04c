"""Step 4: a snapshot by its schedule, a disaster, a restore that is proved by value, and a drill that tries the same by itself."""

from datetime import timedelta

import telling
from deployment import GROUP
from group import Group
from keys import TYPES, copy_keys, digest
from waiting import expect, until

TITLE = "A scheduled snapshot, an accident, a restore, a drill"
RESTORED = f"{GROUP}-2"


def run(story):
    app, group = story.application, Group(story.cloud, GROUP)
    before = {it["SnapshotName"] for it in group.snapshots()}
    at = story.cloud.now() + timedelta(minutes=10)
    # Long enough for the update to be through before, and half a minute of real time.
    telling.did(f"The schedule of the snapshots is set to {at:%H:%M}, of the cloud's time, which is soon.")
    story.deployment.deploy(SnapshotSchedule=f"cron({at.minute} {at.hour} * * ? *)")

    def taken():
        return [it for it in group.snapshots() if it["SnapshotName"] not in before and it["SnapshotStatus"] == "available"]

    watch = telling.Stopwatch()
    [snapshot, *_] = until("the schedule to take a snapshot", taken, within=180)
    name = snapshot["SnapshotName"]
    telling.saw(f"{name} is available after {watch}")
    source = snapshot["CacheClusterId"]
    telling.saw(f"it was taken of {source}, a replica: the primary had nothing to do with it")
    counted = record(group, snapshot)
    # The application writes on, beside the keys of the story.
    expect(story.keys <= int(counted.get("keys", 0)), f"the record should count the keys, and is {counted}")
    expect(set(TYPES) <= set(counted), f"the record should tell every type, and is {counted}")
    telling.saw(f"the function counted {int(counted['keys']):,} keys there right before, {int(counted['ends']):,} of them with an end, of every type")

    client = app.connect()
    client.flushall()
    until("the replica to be empty too", lambda: client.wait(1, 1000) == 1, within=30)
    expect(digest(client)[0] == 0, "the keys should be gone")
    telling.saw("FLUSHALL: all keys are gone, on every node")

    drill = begin_drill(story, name)

    watch = telling.Stopwatch()
    payload = {"action": "restore", "snapshot": name, "from": GROUP, "group": RESTORED}
    answer = story.deployment.invoke("snapshot", payload)
    telling.note(f"{answer['status']}: {answer['summary']}")
    restored = Group(story.cloud, RESTORED)
    until(f"{RESTORED} to be available", restored.is_available, within=240)
    host, port = restored.primary()

    def compare():
        with app.connect(host=host, port=port) as there:
            return digest(there) == (story.keys, story.digest)

    until("the restored group to hold the same keys", compare, within=60)
    telling.saw(f"{RESTORED} is available after {watch}, and holds {story.keys:,} keys of every type, equal to the byte: {story.digest[:16]}…")

    with app.connect(host=host, port=port) as there:
        copy_keys(there, client)
    expect(digest(client) == (story.keys, story.digest), "the copied keys should be the same")
    telling.saw(f"the keys were copied back to {GROUP}: the same digest")

    telling.command(["aws", "elasticache", "delete-replication-group", "--replication-group-id", RESTORED])
    restored.elasticache.delete_replication_group(ReplicationGroupId=RESTORED)
    until(f"{RESTORED} to be gone", lambda: restored.describe() is None, within=120)
    telling.saw(f"{RESTORED} has done its work and is deleted")
    see_drill(group, snapshot, counted, drill)


def begin_drill(story, name):
    """Has the function try on its own whether the snapshot restores, beside whatever else is done with it."""
    telling.did("a drill is asked for: the function restores the snapshot into a group of its own, counts, and takes that down again")
    answer = story.deployment.invoke("snapshot", {"action": "drill", "snapshot": name})
    telling.note(f"{answer['status']}: {answer['summary']}")
    return telling.Stopwatch()


def see_drill(group, snapshot, counted, watch):
    tried = until("the drill to say what came of it", lambda: tags(group, snapshot).get("cachewarden:verified"), within=240)
    # `2026-01-02T03:04:05Z keys 10000 in 480 s`
    _, _, keys, _, seconds, *rest = tried.split()
    expect(int(keys) == int(counted["keys"]), f"the drill should count {counted['keys']} keys, and says {tried}")
    expect(rest == ["s"], f"they should have been held against the record, and it says {tried}")
    telling.saw(f"the drill counted the same {int(keys):,} keys, {int(seconds)} s of the cloud's time after it was asked for")

    def drills():
        found = group.elasticache.describe_replication_groups()["ReplicationGroups"]
        return [it["ReplicationGroupId"] for it in found if it["Description"].startswith("Drill by ")]

    until("the group of the drill to be gone", lambda: not drills(), within=120)
    telling.saw(f"its group is gone again, {watch} after the drill was asked for")


def record(group, snapshot):
    """What was counted right before a snapshot, as its tag says it: `keys=10000 ends=2000 string=70`."""
    return dict(word.split("=") for word in tags(group, snapshot)["cachewarden:record"].split())


def tags(group, snapshot):
    found = group.elasticache.list_tags_for_resource(ResourceName=snapshot["ARN"])["TagList"]
    return {it["Key"]: it["Value"] for it in found}
