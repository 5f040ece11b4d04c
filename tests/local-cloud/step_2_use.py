"""Step 2: an application connects, and nobody else."""

import telling
from application import Application
from keys import KEYS, digest, types, write_keys
from waiting import expect

TITLE = "The cache is used: outputs, redis-cli, 10,000 keys"


def run(story):
    telling.did("The outputs of the stack:")
    for name, value in story.outputs.items():
        telling.note(f"{name:26} {value}")
    expect(story.outputs["RedisConnectionString"].startswith("rediss://"), "the connection string should say TLS")

    app = story.application = Application(story.cloud, story.outputs)
    telling.did("The token is read from Secrets Manager and given to redis-cli.")
    telling.command(["redis-cli", "-h", app.host, "-p", str(app.port), "--tls", "--cacert", "ca.pem", "ping"])
    token = app.token()
    expect("PONG" in (said := app.cli("ping", token=token)), f"redis-cli with the token should be answered PONG, and was answered {said}")
    telling.saw(f"with the token: {said}")
    expect("NOAUTH" in (said := app.cli("ping")), f"without a token it should be refused, and was answered {said}")
    telling.saw(f"without a token: {said}")
    expect("WRONGPASS" in (said := app.cli("ping", token=token[::-1])), f"with a wrong token it should be refused, and was answered {said}")
    telling.saw(f"with a wrong token: {said}")
    shown = [name for name, value in story.outputs.items() if token in value]
    expect(not shown, f"no output should hold the token, and {shown} do")

    client = app.connect()
    write_keys(client)
    acknowledged = client.wait(1, 10_000)
    expect(acknowledged == 1, "the replica should have received the keys within 10 s")
    story.keys, story.digest = digest(client)
    expect(story.keys == KEYS, f"{KEYS} keys should be there, and {story.keys} are")
    kinds = types(client)
    expect(all(kinds.values()), f"there should be keys of every type, and there are {kinds}")
    telling.saw(f"{story.keys:,} keys written and on the replica: " + ", ".join(f"{count:,} of type {kind}" for kind, count in kinds.items()))
    telling.saw(f"digest over the name, the DUMP and the end of each {story.digest[:16]}…")
