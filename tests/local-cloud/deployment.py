"""The commands of production: `sam build`, `sam deploy`, `sam delete`, run against the local cloud."""

import json
import subprocess
import sys

import telling
from cloud import ROOT
from waiting import Failure

STACK = "cachewarden"
PROJECT = "transparent-trust"
ENVIRONMENT = "production"
FUNCTIONS = ["provision", "rotate", "snapshot", "autoscale"]
GROUP = f"{PROJECT}-redis-{ENVIRONMENT}"


class Deployment:
    """The stack, with the parameters that it was deployed with last."""

    def __init__(self, cloud):
        self.cloud = cloud
        network = cloud.state["network"]
        # The seed's "Option A". What it does not say has its default.
        self.parameters = {
            "CreateElasticache": "true",
            "UseUpstash": "false",
            "VpcId": network["vpc"],
            "PrivateSubnetIds": ",".join(network["subnets"]),
            "AppSecurityGroupIds": network["application"],
            "RedisNodeType": "cache.t4g.micro",
            "RedisNumCacheNodes": "2",
            "RedisEngineVersion": "7.1",
            "EnableEncryptionAtRest": "true",
            "EnableEncryptionInTransit": "true",
            "SnapshotRetentionLimit": "7",
            "EnableAlarms": "true",
            # All of its keys are wanted: full memory is a reason to grow, whatever the eviction policy.
            "AutoscaleData": "store",
            "Environment": ENVIRONMENT,
        }

    def build(self):
        # sam has one function linked after another, each on one core; before it comes to them, all are linked side by side.
        packages = [word for name in FUNCTIONS for word in ("--package", name)]
        self.logged(["cargo", "lambda", "build", "--release", "--locked", *packages], "cargo-lambda-build")
        self.sam("build", [])

    def deploy(self, **changes):
        """Deploys with these parameters changed, and returns the stack's outputs."""
        self.parameters |= changes
        told = [f'{name}="{value}"' if " " in value else f"{name}={value}" for name, value in self.parameters.items()]
        self.sam(
            "deploy",
            [
                *("--stack-name", STACK),
                "--no-confirm-changeset",
                "--no-fail-on-empty-changeset",
                "--no-progressbar",
                *("--parameter-overrides", *told),
            ],
        )
        return self.outputs()

    def plan(self, *changes):
        """Asks what a change would do, as `make plan` does."""
        command = [sys.executable, "tools/plan.py", STACK, *changes]
        telling.command(["make", "plan", f"STACK={STACK}", f"SET={' '.join(changes)}"])
        done = subprocess.run(command, cwd=ROOT, env=self.cloud.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failure(f"the plan failed: {done.stdout}{done.stderr}")
        for line in done.stdout.splitlines():
            telling.note(line)
        return done.stdout

    def delete(self):
        self.sam("delete", ["--stack-name", STACK, "--region", "us-east-1", "--no-prompts"])

    def sam(self, verb, words):
        self.logged(["sam", verb, *words], f"sam-{verb}")

    def logged(self, command, name):
        """Runs what prints much: it goes to a log of this name, of which the end is shown if it fails."""
        telling.command(command)
        log = self.cloud.directory / f"{name}.log"
        with log.open("a", encoding="utf-8") as output:
            done = subprocess.run(
                command, cwd=ROOT, env=self.cloud.environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False
            )
        if done.returncode:
            end = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-60:])
            raise Failure(f"{' '.join(command[:2])} failed:\n{end}")

    def outputs(self):
        [stack] = self.cloud.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return {it["OutputKey"]: it["OutputValue"] for it in stack.get("Outputs", [])}

    def cache_updates(self):
        """The updates of the cache that CloudFormation has made so far."""
        pages = self.cloud.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=STACK)
        events = [event for page in pages for event in page["StackEvents"]]
        return [it for it in events if (it["LogicalResourceId"], it["ResourceStatus"]) == ("Cache", "UPDATE_COMPLETE")]

    def invoke(self, function, payload):
        """Calls a function as a person does, and returns its answer."""
        words = ["aws", "lambda", "invoke", "--function-name", f"{STACK}-{function}", "--payload", json.dumps(payload), "/dev/stdout"]
        telling.command(words)
        answer = self.cloud.client("lambda").invoke(FunctionName=f"{STACK}-{function}", Payload=json.dumps(payload).encode())
        body = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise Failure(f"{function} answered with an error: {body}")
        return body
