"""Tellers of stories: one makes the calls with boto3, the other with the AWS CLI. Both keep what they were answered."""

import contextlib
import io
import json
import os
import re
import tempfile

import awscli.clidriver
import botocore.exceptions
from botocore import xform_name

import models
from simulator import REGION


class Teller:
    """Tells a story to a simulator, and keeps each answer and what was wrong with it."""

    def __init__(self, service, simulator):
        self.service, self.simulator = service, simulator
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
        self.simulator.advance(seconds)

    def befall(self, operation, fault):
        """What happens to the next call of the operation."""
        self.simulator.befall([{"operation": operation, "fault": fault}])

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
