"""Step 6: reads keep a replica busy, and the group gains one more: by an alarm, or by the schedule."""

import threading

import redis

import telling
from deployment import GROUP
from group import Group
from keys import A_STRING
from step_4_snapshot import RESTORED
from step_5_grow import states
from waiting import expect, until

TITLE = "Read load: one replica more"


def run(story):
    app, group = story.application, Group(story.cloud, GROUP)
    before = group.members()
    load = ReadLoad(app)
    telling.did(f"Clients read through the reader endpoint, {app.reader}, as much as it gives.")
    watch = telling.Stopwatch()
    with load:
        # Where other work leaves the server less than a core, the schedule may see that one replica is too few before it is hot.
        hot, more = lambda: states(group, "cpu", "ALARM"), lambda: len(before) < len(group.members())
        fired = until("a CPU alarm to fire, or the schedule to see it coming", lambda: hot() or more(), within=240)
        if fired is True:
            telling.saw(f"after {watch} the schedule of autoscale asked for one more, before an alarm had fired")
        else:
            telling.saw(f"alarm after {watch}: {', '.join(fired)}")

        until("one member more", lambda: group.is_available() and len(group.members()) == len(before) + 1, within=300)
    [new] = set(group.members()) - set(before)
    telling.saw(f"{new} is there after {watch}; the readers meanwhile: {load.reads:,} reads, {len(load.errors)} errors")
    expect(not load.errors, f"the readers should have seen no error, and saw {load.errors[:5]}")

    until(f"every alarm to watch {new}", lambda: all(new in it for it in group.watched().values()), within=60)
    telling.saw(f"{len(group.watched())} alarms watch it too: " + ", ".join(sorted(group.watched())))

    host, port = group.nodes()[new]
    with app.connect(host=host, port=port) as client:
        expect(client.info("replication")["role"] == "slave", f"{new} should be a replica")
        expect(client.dbsize() > story.keys, f"{new} should hold the keys")
    telling.saw(f"{new} replicates from the primary, and holds its keys")

    former = Group(story.cloud, RESTORED)
    until(f"the alarms of {RESTORED} to be gone", lambda: not former.alarms(), within=120)
    telling.saw(f"the schedule of autoscale found that {RESTORED} is gone, and deleted its alarms")


class ReadLoad:
    """Readers of two kinds: many small reads, and some that keep the engine busy."""

    READERS = 3
    # So many of the one to each of the other: who sizes a group by its commands takes an engine that is busy with hardly any for one that runs scripts,
    # which no replica would relieve.
    SMALL_READS = 4
    BITS = 8 * 4 * 1024 * 1024

    def __init__(self, application):
        self.application = application
        self.finished = threading.Event()
        self.reads = 0
        self.errors = []
        self.threads = [threading.Thread(target=self.read, daemon=True) for _ in range(self.READERS)]

    def __enter__(self):
        with self.application.connect() as primary:
            primary.setbit("map", self.BITS - 1, 1)
            primary.wait(1, 10_000)
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.finished.set()
        for thread in self.threads:
            thread.join(30)

    def read(self):
        client = self.application.connect(host=self.application.reader)
        while not self.finished.is_set():
            try:
                with client.pipeline(transaction=False) as pipe:
                    for _ in range(10):
                        pipe.bitcount("map")
                        for _ in range(self.SMALL_READS):
                            pipe.get(A_STRING)
                    pipe.execute()
                self.reads += 10 * (1 + self.SMALL_READS)
            except (redis.RedisError, OSError) as error:
                self.errors.append(f"{type(error).__name__}: {error}")
