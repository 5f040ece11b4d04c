"""An application with a pool of connections, as applications have one. A program of its own, which works until its input ends.

    pooled_client.py KIND HOST PORT SECRET AUTHORITY

Its pool is redis-py's. What differs by KIND is when it reads the secret again. Twice a second it says on its output what it counted, as JSON.
"""

import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

CONNECTIONS = 4
PAIRS_A_BATCH = 50
# One application leaves the machine to the others.
OPERATIONS_A_SECOND = 8_000

# For each kind, how old a token may grow before the secret is read again, and how long a connection is used; in seconds.
KINDS = {
    # What README tells applications: they read the secret more than once per grace, which is 6 s here.
    "often": {"token": 2.0, "connection": 1.0, "reads_when_refused": False},
    # They keep the token until a node refuses it, and then read the secret again.
    "when-refused": {"token": float("inf"), "connection": 1.0, "reads_when_refused": True},
    # They read the secret when they start, and log in with that for ever.
    "never": {"token": float("inf"), "connection": float("inf"), "reads_when_refused": False},
}


class Token(redis.CredentialProvider):
    """The token as the application keeps it. The pool asks for it with every connection that it makes."""

    def __init__(self, read, max_age):
        self.read, self.max_age = read, max_age
        self.lock = threading.Lock()
        self.token, self.read_at = "", -float("inf")
        self.reads = self.logins = 0

    def get_credentials(self):
        with self.lock:
            if not self.token or self.max_age < time.monotonic() - self.read_at:
                self.token, self.read_at = self.read(), time.monotonic()
                self.reads += 1
            self.logins += 1
            return (self.token,)

    def forget(self):
        with self.lock:
            self.token = ""


class Pool(redis.BlockingConnectionPool):
    """A pool that makes a connection anew when it is old, as pools do to live through changes behind a name."""

    def __init__(self, max_age, **settings):
        super().__init__(**settings)
        self.max_age = max_age

    def get_connection(self, *words, **settings):
        connection = super().get_connection(*words, **settings)
        now = time.monotonic()
        if self.max_age < now - vars(connection).setdefault("made_at", now):
            connection.made_at = now
            try:
                connection.disconnect()
                connection.connect()
            except BaseException:
                self.release(connection)
                raise
        return connection


class Application:
    """The application."""

    def __init__(self, kind, host, port, secret, authority):
        self.kind = KINDS[kind]
        manager = boto3.client("secretsmanager")
        self.token = Token(lambda: manager.get_secret_value(SecretId=secret)["SecretString"], self.kind["token"])
        pool = Pool(
            max_age=self.kind["connection"],
            connection_class=redis.SSLConnection,
            host=host,
            port=port,
            ssl_ca_certs=authority,
            credential_provider=self.token,
            max_connections=CONNECTIONS,
            socket_timeout=5,
            socket_connect_timeout=5,
            # Nothing is tried again unseen.
            retry=Retry(NoBackoff(), 0),
        )
        self.client = redis.Redis(connection_pool=pool)
        self.lock = threading.Lock()
        self.counts = {"operations": 0, "refused": 0, "broken": 0, "wrong": 0}
        self.finished = threading.Event()

    def run(self):
        """Works until its input ends, or something fails that no application would live through."""
        threading.Thread(target=self.wait_for_the_end, daemon=True).start()
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            workers = [threads.submit(self.work, number) for number in range(CONNECTIONS)]
            while not self.finished.wait(0.5) and not any(it.done() for it in workers):
                self.tell()
            self.finished.set()
        self.tell()
        for worker in workers:
            worker.result()

    def wait_for_the_end(self):
        sys.stdin.read()
        self.finished.set()

    def tell(self):
        with self.lock:
            told = self.counts | {"logins": self.token.logins, "reads": self.token.reads}
        print(json.dumps(told), flush=True)

    def work(self, number):
        """Writes and reads, in batches, each value once. A batch that breaks off is begun again, as is one whose login was refused."""
        batch = 0
        while not self.finished.is_set():
            began = time.monotonic()
            try:
                self.batch(f"pool:{os.getpid()}:{number}", batch)
                batch += 1
            except redis.AuthenticationError:
                self.count("refused")
                if self.kind["reads_when_refused"]:
                    self.token.forget()
                else:
                    time.sleep(0.2)
            except (redis.RedisError, OSError):
                self.count("broken")
                time.sleep(0.05)
            pace = 2 * PAIRS_A_BATCH * CONNECTIONS / OPERATIONS_A_SECOND
            time.sleep(max(0.0, pace - (time.monotonic() - began)))

    def batch(self, prefix, batch):
        with self.client.pipeline(transaction=False) as pipe:
            for pair in range(PAIRS_A_BATCH):
                pipe.set(f"{prefix}:{pair}", f"{batch}:{pair}")
                pipe.get(f"{prefix}:{pair}")
            answers = pipe.execute()
        wrong = sum(answer != f"{batch}:{pair}".encode() for pair, answer in enumerate(answers[1::2]))
        self.count("operations", len(answers))
        self.count("wrong", wrong)

    def count(self, what, number=1):
        with self.lock:
            self.counts[what] += number


if __name__ == "__main__":
    Application(*sys.argv[1:]).run()
