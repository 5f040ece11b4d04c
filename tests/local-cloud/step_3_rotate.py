"""Step 3: the token is rotated three times under applications that never stop, while nodes fail over."""

import redis

import telling
from deployment import GROUP
from group import Group
from keys import digest
from soak import WORDS, Soak
from waiting import expect, until

TITLE = "Three rotations under a million operations, with failovers"

# Of the applications that read the secret more than once per grace.
OPERATIONS = 1_000_000


def run(story):
    group = Group(story.cloud, GROUP)
    with Soak(story.application) as soak:
        until("every application to work", soak.all_work, within=60)
        telling.did("Three applications work, each with a pool of connections. The token is rotated; nothing else happens.")
        Rotation(story, group, soak).run()
        expect(not soak["never"]["refused"], "as long as its connections last, nobody should need the new token")

        telling.did("The primary fails as the next rotation begins.")
        second = Rotation(story, group, soak)
        primary = fail_over(group)
        second.run()
        expect(primary != group.primary_id(), "a replica should have taken over")

        telling.did("The token is rotated once more, and the primary fails in the grace.")
        third = Rotation(story, group, soak)
        third.rotate()
        third.is_in_grace()
        fail_over(group)
        third.is_over()

        until(f"{OPERATIONS:,} operations", lambda: OPERATIONS <= soak["often"]["operations"], within=300)
    tell(soak)
    count, found = digest(story.application.connect())
    expect((count, found) == (story.keys, story.digest), f"the {story.keys:,} keys should be as they were, and {count:,} are there")
    telling.saw(f"the {count:,} keys of before are what they were")


def fail_over(group):
    """The primary is lost, as a person tests it."""
    words = ["--replication-group-id", group.name, "--node-group-id", "0001"]
    telling.command(["aws", "elasticache", "test-failover", *words])
    lost = group.primary_id()
    group.elasticache.test_failover(ReplicationGroupId=group.name, NodeGroupId="0001")
    return lost


class Rotation:
    """One rotation, from the call of a person to the proof that the old token opens nothing."""

    def __init__(self, story, group, soak):
        self.app, self.group, self.soak = story.application, group, soak
        self.secrets = story.cloud.client("secretsmanager")
        self.watch = telling.Stopwatch()
        self.old = self.app.token()
        self.new = None

    def run(self):
        self.rotate()
        self.is_in_grace()
        self.is_over()

    def rotate(self):
        telling.command(["aws", "secretsmanager", "rotate-secret", "--secret-id", self.app.secret])
        version = self.secrets.rotate_secret(SecretId=self.app.secret)["VersionId"]

        def promoted():
            stages = self.secrets.describe_secret(SecretId=self.app.secret)["VersionIdsToStages"]
            return "AWSCURRENT" in stages.get(version, [])

        until("the new version to become AWSCURRENT", promoted, within=240)
        self.new = self.app.token()
        expect(self.new != self.old, "the token should have changed")
        telling.saw(f"rotated in {self.watch}: Secrets Manager called createSecret, setSecret, testSecret and finishSecret of rotate")

    def is_in_grace(self):
        for name, (host, port) in self.group.nodes().items():
            expect(self.app.admits(self.new, host, port), f"{name} should admit the new token")
            expect(self.app.admits(self.old, host, port), f"{name} should still admit the old token, in its grace")
        telling.saw("every node admits the new token and still the old one: whoever has not read the secret again goes on working")

    def is_over(self):
        telling.did("The grace of 2 minutes passes (of the cloud's time); a scheduled sweep then revokes the old token.")
        until("every node to refuse the old token", self.is_revoked, within=300)
        nodes = self.group.nodes()
        for name, address in nodes.items():
            expect(self.app.admits(self.new, *address), f"{name} should admit the new token")
            expect(not self.app.admits("", *address), f"{name} should admit nobody without a token")
        telling.saw(f"each of {len(nodes)} nodes refuses the old token, and admits the new one; {self.watch} since the rotation began")
        before = self.soak["often"]["operations"]
        until("the applications to go on", lambda: before < self.soak["often"]["operations"], within=30)
        refused = self.soak["often"]["refused"]
        expect(not refused, f"whoever reads the secret more than once per grace should meet no refusal, and met {refused}")

    def is_revoked(self):
        """A node that is being replaced says nothing, and is asked again."""
        try:
            return self.group.is_available() and not any(self.app.admits(self.old, *it) for it in self.group.nodes().values())
        except (redis.ConnectionError, redis.TimeoutError):
            return False


def tell(soak):
    """What the applications counted, and what it has to be."""
    often, when_refused, never = (soak[kind] for kind in ("often", "when-refused", "never"))
    telling.saw("what the applications counted, each for itself:")
    for line in soak.lines():
        telling.note(line)
    expect(OPERATIONS <= often["operations"], f"{OPERATIONS:,} operations should have been made, and {often['operations']:,} were")
    expect(not often["refused"], f"whoever reads the secret more than once per grace should meet no refusal, and met {often['refused']}")
    expect(often["broken"], "two failovers should have broken connections, or they were none")
    expect(when_refused["refused"], "whoever waits for a refusal should have met one, or no token was revoked")
    expect(never["refused"], "whoever never reads again should have been shut out by a failover, or no token was revoked")
    wrong = [kind for kind in WORDS if soak[kind]["wrong"]]
    expect(not wrong, f"every value should be read as it was written, and was not by {wrong}")
