"""Step 3: the token is rotated under a client that never stops, and the old one is revoked after its grace."""

import telling
from application import BusyClient
from deployment import GROUP
from group import Group
from waiting import expect, until

TITLE = "The token is rotated while a client keeps reading and writing"


def run(story):
    app, secrets = story.application, story.cloud.client("secretsmanager")
    group = Group(story.cloud, GROUP)
    old = app.token()
    client = BusyClient(app)
    client.start()
    until("the client to be busy", lambda: 100 < client.commands, within=30)

    watch = telling.Stopwatch()
    telling.command(["aws", "secretsmanager", "rotate-secret", "--secret-id", app.secret])
    version = secrets.rotate_secret(SecretId=app.secret)["VersionId"]

    def promoted():
        stages = secrets.describe_secret(SecretId=app.secret)["VersionIdsToStages"]
        return "AWSCURRENT" in stages.get(version, []) and stages

    until("the new version to become AWSCURRENT", promoted, within=180)
    new = app.token()
    expect(new != old, "the token should have changed")
    telling.saw(f"rotated in {watch}: Secrets Manager called createSecret, setSecret, testSecret and finishSecret of rotate")

    for name, (host, port) in group.nodes().items():
        expect(app.admits(new, host, port), f"{name} should admit the new token")
        expect(app.admits(old, host, port), f"{name} should still admit the old token, in its grace")
    telling.saw("every node admits the new token and still the old one: whoever has not read the secret again goes on working")

    telling.did("The grace of 2 minutes passes (of the cloud's time); a scheduled sweep then revokes the old token.")
    nodes = group.nodes()
    until("every node to refuse the old token", lambda: not any(app.admits(old, *address) for address in nodes.values()), within=240)
    for name, address in nodes.items():
        expect(app.admits(new, *address), f"{name} should admit the new token")
        expect(not app.admits("", *address), f"{name} should admit nobody without a token")
    telling.saw(f"every node refuses the old token, and admits the new one; {watch} since the rotation began")

    until("the client to go on", lambda before=client.commands: before + 100 < client.commands, within=30)
    client.stop()
    expect(not client.errors, f"the client should have seen no error, and saw {len(client.errors)}: {client.errors[:5]}")
    telling.saw(f"the client meanwhile: {client.commands:,} commands, {client.logins:,} logins, {len(client.errors)} errors")
