"""The application: real Redis clients, which log in over TLS with the token that they read from Secrets Manager."""

import hashlib
import os
import subprocess
import threading
import time

import redis

KEYS = 10_000
PREFIX = "order:"


class Application:
    """Knows the endpoint and the secret, as its configuration would tell it, and nothing else."""

    def __init__(self, cloud, outputs):
        self.cloud = cloud
        self.host = outputs["RedisEndpoint"]
        self.reader = outputs["RedisReaderEndpoint"]
        self.port = int(outputs["RedisPort"])
        self.secret = outputs["RedisAuthTokenSecretArn"]

    def token(self):
        return self.cloud.client("secretsmanager").get_secret_value(SecretId=self.secret)["SecretString"]

    def connect(self, token=None, host=None, port=None):
        """A connection with this token, or with the secret's current one."""
        return redis.Redis(
            host=host or self.host,
            port=port or self.port,
            password=self.token() if token is None else token or None,
            ssl=True,
            ssl_ca_certs=str(self.cloud.authority),
            socket_timeout=10,
            socket_connect_timeout=10,
        )

    def admits(self, token, host, port):
        """Whether a node lets somebody in with this token. Any answer but a refusal is an error."""
        client = self.connect(token, host, port)
        try:
            return client.ping()
        except (redis.AuthenticationError, redis.exceptions.NoPermissionError):
            return False
        finally:
            client.close()

    def cli(self, *words, token=None):
        """redis-cli, as a person would use it. The token goes by the environment, not by the command line."""
        command = ["redis-cli", "-h", self.host, "-p", str(self.port), "--tls", "--cacert", str(self.cloud.authority), "--no-auth-warning", *words]
        environment = {name: value for name, value in os.environ.items() if name != "REDISCLI_AUTH"}
        if token is not None:
            environment["REDISCLI_AUTH"] = token
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
        # The answer in one line: redis-cli says first what the server answered, then what came of AUTH.
        return "; ".join(line for line in (done.stdout + done.stderr).splitlines() if line.strip())


def write_keys(client):
    """Writes the keys whose fate the story follows."""
    with client.pipeline(transaction=False) as pipe:
        for number in range(KEYS):
            pipe.set(f"{PREFIX}{number}", hashlib.sha256(f"the contents of order {number}".encode()).hexdigest())
            if number % 1000 == 999:
                pipe.execute()


def digest(client):
    """How many of the keys are there, and a digest over all of their names and values."""
    keys = sorted(client.scan_iter(f"{PREFIX}*", count=1000))
    sum_of_all = hashlib.sha256()
    for start in range(0, len(keys), 1000):
        names = keys[start : start + 1000]
        for name, value in zip(names, client.mget(names)):
            sum_of_all.update(name + b"\0" + (value or b"") + b"\0")
    return len(keys), sum_of_all.hexdigest()


def copy_keys(source, target):
    """Copies the keys from one server to another."""
    keys = list(source.scan_iter(f"{PREFIX}*", count=1000))
    for start in range(0, len(keys), 1000):
        names = keys[start : start + 1000]
        target.mset(dict(zip(names, source.mget(names))))


class BusyClient(threading.Thread):
    """A client that keeps reading and writing, logs in anew all the time, and counts what fails.

    It does what README tells applications: it keeps the token that it has, and reads the secret again now and then.
    """

    READ_SECRET_EVERY = 2.0
    COMMANDS_A_LOGIN = 20

    def __init__(self, application):
        super().__init__(daemon=True)
        self.application = application
        self.commands = self.logins = 0
        self.errors = []
        self.finished = threading.Event()

    def run(self):
        token, read_at = self.application.token(), time.monotonic()
        number = 0
        while not self.finished.is_set():
            if self.READ_SECRET_EVERY < time.monotonic() - read_at:
                token, read_at = self.application.token(), time.monotonic()
            try:
                client = self.application.connect(token)
                for _ in range(self.COMMANDS_A_LOGIN):
                    number += 1
                    client.set("busy", number)
                    if int(client.get("busy")) != number:
                        self.errors.append(f"wrote {number} and read something else")
                    self.commands += 2
                client.close()
                self.logins += 1
            except (redis.RedisError, OSError) as error:
                self.errors.append(f"{type(error).__name__}: {error}")
                time.sleep(0.1)

    def stop(self):
        self.finished.set()
        self.join(30)
