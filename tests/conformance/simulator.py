"""A running aws-sim: nothing behind its nodes, a clock that stands still until it is told, and a seed, so that every run is the same."""

import json
import os
import pathlib
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A Thursday, in the middle of a minute, so that minutes do not begin where a run does.
START = "2026-01-01T12:00:30Z"
REGION = "us-east-1"
ACCOUNT = "123456789012"


def program(name):
    """A binary, where cargo puts it."""
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / name


class Simulator:
    """One world over HTTP. Time passes by `advance` only."""

    def __init__(self):
        command = [program("aws-sim"), "--listen", "127.0.0.1:0", "--nodes", "modelled", "--seed", "7"]
        command += ["--start", START, "--time-scale", "0"]
        # It says little, and what it says about rotation functions that nobody serves is not of interest unless it does not start.
        self.complaints = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.complaints, text=True
        )
        told = self.process.stdout.readline()
        if not told.startswith("aws-sim listens on "):
            self.complaints.seek(0)
            said = self.complaints.read().decode(errors="replace")
            raise SystemExit(f"aws-sim did not start: {said or told}")
        self.endpoint = f"http://{told.split()[-1]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.process.stdout.close()
        self.complaints.close()

    def operate(self, method, path, body=None):
        """What only an operator may ask. A refusal is an error."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}/_sim/{path}", data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as err:
            raise RuntimeError(f"{method} /_sim/{path}: {err.code} {err.read().decode()}") from err

    def advance(self, seconds):
        self.operate("POST", "advance", {"seconds": seconds})

    def befall(self, faults):
        self.operate("POST", "faults", faults)

    def reset(self):
        self.operate("POST", "reset")

    def elasticache(self, operation, fields):
        """A call of ElastiCache, for services that are about what it has. A refusal is an error."""
        form = urllib.parse.urlencode({"Action": operation, "Version": "2015-02-02", **fields})
        status, _, body = self.post({"authorization": scope("elasticache")}, form.encode())
        if status != 200:
            raise RuntimeError(f"{operation} {fields}: {status} {body.decode()}")

    def post(self, headers, body, path="/"):
        """A request that no client would make: status, headers and body of the answer."""
        request = urllib.request.Request(self.endpoint + path, data=body, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as err:
            return err.code, err.headers, err.read()


def scope(signing_name):
    """The header by which the simulator knows the service."""
    credential = f"test/20260101/{REGION}/{signing_name}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"


def arn(service, rest):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"
