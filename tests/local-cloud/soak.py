"""Applications with pools of connections that work through a step of the story, and what they counted."""

import contextlib
import json
import subprocess
import sys
import threading
from pathlib import Path

from pooled_client import KINDS
from waiting import expect

WORDS = {
    "often": "read the secret more than once per grace",
    "when-refused": "read the secret again when a login is refused",
    "never": "never read the secret again",
}


class Soak:
    """One application of each kind."""

    def __init__(self, application):
        self.applications = {kind: Running(kind, application) for kind in KINDS}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # One that cannot be stopped leaves the others to be stopped all the same.
        with contextlib.ExitStack() as stack:
            for running in self.applications.values():
                stack.callback(running.stop)

    def __getitem__(self, kind):
        return self.applications[kind].look()

    def all_work(self):
        """Whether each has done something."""
        return all(0 < it.look()["operations"] for it in self.applications.values())

    def lines(self):
        """What each counted, for people."""
        for kind, running in self.applications.items():
            counts = running.counts
            yield (
                f"{WORDS[kind]:46} {counts['operations']:>9,} operations  {counts['logins']:>5,} logins  {counts['broken']:>4,} reconnects"
                f"  {counts['refused']:>4,} authentication errors"
            )


class Running:
    """A program of `pooled_client.py`."""

    def __init__(self, kind, application):
        self.kind = kind
        self.counts = {"operations": 0, "refused": 0, "broken": 0, "wrong": 0, "logins": 0, "reads": 0}
        cloud = application.cloud
        program = Path(__file__).with_name("pooled_client.py")
        words = [sys.executable, program, kind, application.host, str(application.port), application.secret, str(cloud.authority)]
        with (cloud.directory / f"application-{kind}.log").open("ab") as log:
            self.process = subprocess.Popen(
                words, env=cloud.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.counts = json.loads(line)

    def look(self):
        """What it counted so far."""
        ended = self.process.poll()
        expect(not ended, f"the application that was to {WORDS[self.kind]} ended with {ended}: see its log")
        return self.counts

    def stop(self):
        """Ends its input, whereupon it tells its last counts and ends."""
        self.process.stdin.close()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.reader.join(10)
        self.process.wait()
        self.look()
