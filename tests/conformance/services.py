"""The services, as their clients speak to them."""

import base64
import dataclasses
import datetime
import functools

import boto3
import botocore.config
import botocore.session

import models
from simulator import REGION, scope


@dataclasses.dataclass(frozen=True)
class Service:
    """A service, in one of the protocols that it has."""

    name: str
    protocol: str

    def __str__(self):
        return f"{self.name} ({self.protocol})"

    def session(self):
        session = botocore.session.get_session()
        session.register_component("data_loader", models.OneProtocol(self.protocol))
        return session

    @functools.cache
    def model(self):
        model = self.session().get_service_model(self.name)
        if model.resolved_protocol != self.protocol:
            raise RuntimeError(f"{self.name} is spoken to in {model.resolved_protocol}, not in {self.protocol}")
        return model

    def client(self, simulator):
        session = boto3.Session(botocore_session=self.session())
        # What boto3 would not let through must be refused by the service too.
        config = botocore.config.Config(retries={"total_max_attempts": 1}, parameter_validation=False)
        return session.client(
            self.name,
            region_name=REGION,
            endpoint_url=simulator.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=config,
        )

    def unknown(self):
        """The code by which it says that it has no such operation."""
        return "InvalidAction" if self.protocol == "query" else "UnknownOperationException"

    def post(self, simulator, operation, body=None):
        """A call by hand, with this body or none to speak of: the status and the code of the answer."""
        model = self.model()
        prefix = model.metadata.get("targetPrefix")
        headers = {"authorization": scope(model.signing_name)}
        if self.protocol == "query":
            headers["content-type"] = "application/x-www-form-urlencoded"
            empty, path = f"Action={operation}&Version={model.api_version}".encode(), "/"
        elif self.protocol == "json":
            headers |= {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"{prefix}.{operation}"}
            empty, path = b"{}", "/"
        else:
            headers |= {"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
            empty, path = b"\xa0", f"/service/{prefix}/operation/{operation}"
        status, headers, answer = simulator.post(headers, empty if body is None else body, path)
        return status, (models.read_code(self.protocol, headers, answer) if status >= 300 else None)


SERVICES = [
    Service("elasticache", "query"),
    Service("secretsmanager", "json"),
    Service("cloudwatch", "json"),
    Service("cloudwatch", "smithy-rpc-v2-cbor"),
    Service("logs", "json"),
    Service("application-autoscaling", "json"),
    Service("sns", "query"),
    Service("stepfunctions", "json"),
    Service("resourcegroupstaggingapi", "json"),
]


def offered(service, simulator):
    """The operations that the simulator knows: those that it does not answer with a plain "there is no such operation"."""
    names = service.model().operation_names
    return [it for it in names if service.post(simulator, it)[1] != service.unknown()]


def differences(boto, cli, path=""):
    """What the CLI printed otherwise than boto3 read it. Times are compared as times, bytes as base64."""
    if isinstance(boto, dict) and isinstance(cli, dict):
        found = [f"{path}: only one has {it}" for it in sorted(set(boto) ^ set(cli))]
        return found + [it for key in set(boto) & set(cli) for it in differences(boto[key], cli[key], f"{path}.{key}")]
    if isinstance(boto, list) and isinstance(cli, list):
        found = [] if len(boto) == len(cli) else [f"{path}: {len(boto)} and {len(cli)} items"]
        return found + [it for one, other in zip(boto, cli) for it in differences(one, other, f"{path}[]")]
    if isinstance(boto, datetime.datetime):
        same = isinstance(cli, str) and boto == datetime.datetime.fromisoformat(cli)
    elif isinstance(boto, bytes):
        same = base64.b64encode(boto).decode() == cli
    else:
        same = type(boto) is type(cli) and boto == cli
    return [] if same else [f"{path}: {boto!r} and {cli!r}"]
