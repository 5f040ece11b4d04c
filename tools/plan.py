"""Tells what a change of a stack's cache would do, and does nothing.

The provision function makes the plan. It has to know what the template states now and what it would state; both are worked out here
from the stack's template and parameters, as CloudFormation would.
"""

import argparse
import json
import sys

import boto3
import botocore.config
import botocore.exceptions

import template


# The function looks at everything that an update looks at, which takes as long as AWS does.
PATIENT = botocore.config.Config(read_timeout=130, retries={"max_attempts": 0})


def main():
    arguments = read()
    try:
        told = plan(arguments)
    except (template.Unresolved, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as failure:
        sys.exit(f"No plan can be made: {failure}")
    show(told)
    return 0 if told.get("status") == "settled" else 1


def read():
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("stack", help="the name of the stack")
    reader.add_argument("changes", nargs="*", metavar="Parameter=value", help="parameters of the stack that would change")
    reader.add_argument("--resource", default="Cache", help="the logical id of the cache in the template")
    reader.add_argument("--delete", action="store_true", help="plan the end of the cache")
    reader.add_argument("--function", help="the provision function, where the template does not name it in a way that is understood here")
    arguments = reader.parse_args()
    wrong = [it for it in arguments.changes if "=" not in it]
    if wrong:
        reader.error(f"{wrong[0]} is not of the shape Parameter=value")
    arguments.changes = dict(it.split("=", 1) for it in arguments.changes)
    return arguments


def plan(arguments):
    cloudformation = boto3.client("cloudformation")
    stack = cloudformation.describe_stacks(StackName=arguments.stack)["Stacks"][0]
    body = cloudformation.get_template(StackName=arguments.stack, TemplateStage="Processed")["TemplateBody"]
    resources = cloudformation.describe_stack_resources(StackName=arguments.stack)["StackResources"]
    physical_ids = {it["LogicalResourceId"]: it.get("PhysicalResourceId") for it in resources}
    parameters = {it["ParameterKey"]: it.get("ResolvedValue", it["ParameterValue"]) for it in stack.get("Parameters", [])}
    unknown = sorted(set(arguments.changes) - set(parameters))
    if unknown:
        raise template.Unresolved(f"the stack {arguments.stack} has no parameter {', '.join(unknown)}")

    def properties(of):
        return template.Template(body, of, stack["StackId"], physical_ids).properties(arguments.resource)

    before, now = properties(parameters), properties(parameters | arguments.changes)
    function = arguments.function or before.get("ServiceToken")
    event = {
        "action": "plan",
        "of": "delete" if arguments.delete else "update",
        "properties": now,
        "stackId": stack["StackId"],
        "logicalId": arguments.resource,
    }
    if arguments.resource in physical_ids:
        event["before"] = before
        event["physicalId"] = physical_ids[arguments.resource]
    answer = boto3.client("lambda", config=PATIENT).invoke(FunctionName=function, Payload=json.dumps(event).encode())
    told = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise template.Unresolved(told.get("errorMessage", "the function failed"))
    return told


def show(told):
    print(told.get("group") or "", told.get("summary", ""), sep=": " if told.get("group") else "")
    for number, change in enumerate(told.get("changes", []), 1):
        least, most = change["minutes"]
        takes = "at once" if most <= 1 else f"{least} to {most} min"
        print(f"{number:3}. {change['what']}\n     {change['effect']}, {takes}")
        if change.get("deletes"):
            print(f"     deletes {change['deletes']}")
    cost = told.get("monthlyCost") or {}
    for when in ("before", "meanwhile", "after"):
        if cost.get(when):
            print(f"A month {when}: {cost[when]}")


if __name__ == "__main__":
    sys.exit(main())
