"""Tellers of stories: one makes the calls with boto3, one with the AWS CLI, one with the Rust SDK. Each keeps what it was answered."""

import contextlib
import io
import json
import os
import re
import subprocess
import tempfile

import awscli.clidriver
import botocore.exceptions
from botocore import xform_name

import models
import rust
from simulator import REGION, program


class Teller:
    """Tells a story to a simulator, and keeps each answer and what was wrong with it."""

    def __init__(self, service, simulator):
        self.service, self.simulator = service, simulator
        # What was done, with what it was given and, for a call, what it was answered.
        self.told = []
        self.wrong = []
        # The text of the last refusal.
        self.said = ""

    def call(self, operation, **parameters):
        """A call that must succeed; gives its answer."""
        answer, code = self.make(operation, parameters)
        self.told.append((operation, parameters, code or answer))
        if code:
            self.fail(f"{operation} {parameters} was refused with {code}: {self.said}")
        return answer or {}

    def refused(self, code, operation, **parameters):
        """A call that must be refused with this code."""
        answer, found = self.make(operation, parameters)
        self.told.append((operation, parameters, found or answer))
        if found != code:
            self.fail(f"{operation} {parameters}: {f'{found}: {self.said}' if found else answer}, not {code}")

    def advance(self, seconds):
        self.told.append(("advance", {"seconds": seconds}, None))
        self.simulator.advance(seconds)

    def befall(self, operation, fault):
        """What happens to the next call of the operation."""
        self.told.append(("befall", {"operation": operation, "fault": fault}, None))
        self.simulator.befall([{"operation": operation, "fault": fault}])

    def lack(self, what, names):
        """What is not there, or not to be used, from now on."""
        self.told.append(("lack", {"what": what, "names": names}, None))
        self.simulator.befall({what: names})

    def beside(self, operation, fields):
        """What is done in ElastiCache, where the story is another service's."""
        self.told.append(("beside", {"operation": operation, "fields": fields}, None))
        self.simulator.elasticache(operation, fields)

    def calls(self):
        return sum(outcome is not None for _, _, outcome in self.told)

    def fail(self, what):
        self.wrong.append(f"{self}: {what}")


class Boto(Teller):
    """With boto3. Each answer is read a second time, from its raw body and strictly by the model."""

    def __init__(self, service, simulator):
        super().__init__(service, simulator)
        self.client = service.client(simulator)
        self.model = service.model()
        self.raw = None
        self.members = {}
        self.errors = {}
        self.client.meta.events.register("before-parse", self.keep)

    def __str__(self):
        return f"{self.service} with boto3"

    def keep(self, response_dict, **_):
        self.raw = response_dict

    def make(self, operation, parameters):
        try:
            answer = getattr(self.client, xform_name(operation))(**parameters)
        except botocore.exceptions.ClientError as err:
            self.said = err.response["Error"].get("Message")
            self.check_error(operation, err)
            return None, err.response["Error"]["Code"]
        answer.pop("ResponseMetadata")
        reading = models.read_answer(self.model.operation_model(operation), self.service.protocol, self.raw["body"])
        for what in reading.wrong:
            self.fail(f"{operation}{what}")
        if reading.leaves != models.leaves_of(answer):
            self.fail(f"{operation}: {reading.leaves} values were sent and {models.leaves_of(answer)} arrived")
        self.members.setdefault(operation, set()).update(reading.members)
        return answer, None

    def refused_as(self, shape, code, operation):
        """A call that must be refused with this code, as the error of this shape."""
        # That it is of this shape is seen with every refusal.
        self.refused(code, operation)

    def check_error(self, operation, err):
        code, status = err.response["Error"]["Code"], err.response["ResponseMetadata"]["HTTPStatusCode"]
        if not err.response["Error"].get("Message"):
            self.fail(f"{operation}: {code} says nothing")
        if not err.response["ResponseMetadata"].get("RequestId"):
            self.fail(f"{operation}: {code} has no request id")
        self.errors.setdefault(code, set()).add(operation)
        for shape in self.model.operation_model(operation).error_shapes:
            if code in (shape.name, shape.error_code):
                modelled = shape.metadata.get("error", {}).get("httpStatusCode", status)
                if status != modelled:
                    self.fail(f"{operation}: {code} has the status {status}, not {modelled}")
                if type(err) is not getattr(self.client.exceptions, shape.name):
                    self.fail(f"{operation}: {code} is raised as {type(err).__name__}, not {shape.name}")


class Cli(Teller):
    """With the AWS CLI."""

    def __init__(self, service, simulator):
        super().__init__(service, simulator)
        self.config = tempfile.NamedTemporaryFile("w", suffix=".ini")
        self.config.write("[default]\ncli_timestamp_format = iso8601\n")
        self.config.flush()
        os.environ.update(ENVIRONMENT, AWS_CONFIG_FILE=self.config.name)
        self.driver = awscli.clidriver.create_clidriver()

    def __str__(self):
        return f"{self.service.name} with the AWS CLI"

    def make(self, operation, parameters):
        words = ["--endpoint-url", self.simulator.endpoint, "--region", REGION, "--output", "json", "--no-paginate"]
        words += [self.service.name, xform_name(operation, "-"), "--cli-input-json", json.dumps(parameters, default=str)]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = self.driver.main(words)
        if status == 0:
            return json.loads(out.getvalue() or "{}"), None
        self.said = err.getvalue().strip()
        code = re.search(r"An error occurred \((\w+)\)", err.getvalue())
        # What the CLI itself finds wrong never reaches the service.
        return None, code.group(1) if code else CLIENT_SIDE


class Rust(Teller):
    """With the Rust SDK. An answer is the text by which Rust shows the typed one, and so it can only tell again what boto3 told."""

    def __init__(self, service, simulator):
        super().__init__(service, simulator)
        command = [str(program("sdk-teller")), simulator.endpoint, service.name]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __str__(self):
        return f"{self.service.name} with the Rust SDK"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()

    def tell_again(self, told):
        """Does all that another teller did. What that was answered must be here too, every value of it."""
        for what, given, expected in told:
            if expected is None:
                getattr(self, what)(**given)
            elif isinstance(expected, str):
                self.refused(expected, what, **given)
            else:
                for lost in rust.lost(expected, self.call(what, **given) or ""):
                    self.fail(f"{what}: {lost}")

    def make(self, operation, parameters):
        call = {"operation": operation, "parameters": rust.named(parameters)}
        self.process.stdin.write(json.dumps(call) + "\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline())
        if "problem" in told:
            self.fail(told["problem"])
        self.said = told.get("error", "")
        return told.get("answer"), told.get("code")

    def refused_as(self, shape, code, operation):
        self.refused(code, operation)
        if not rust.is_variant(self.said, shape):
            self.fail(f"{operation}: {code} arrives as {self.said}, not as {shape}")


CLIENT_SIDE = "(refused by the client)"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_PAGER": "",
    "TZ": "UTC",
}
