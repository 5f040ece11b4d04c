"""The error codes that the simulator can answer, read from its source, so that none goes without a case."""

import re

from simulator import ROOT

SOURCE = ROOT / "tests" / "aws-sim" / "src"
# Where the codes of a service are. What is outside answers for several.
PLACES = {
    "elasticache": ["elasticache.rs", "elasticache"],
    "secretsmanager": ["secrets.rs", "secrets"],
    "cloudwatch": ["cloudwatch.rs", "cloudwatch"],
    "logs": ["logs.rs", "logs"],
    "application-autoscaling": ["scaling.rs", "scaling"],
    "sns": ["sns.rs"],
    "stepfunctions": ["sfn.rs"],
    "resourcegroupstaggingapi": ["tagging.rs"],
}
# What every service of AWS may answer, so that no service's model has it.
COMMON = {
    "AccessDenied": "the caller may not",
    "AccessDeniedException": "the caller may not, in JSON and CBOR",
    "InvalidAction": "there is no such operation, in the Query protocol",
    "InvalidParameterValue": "a required field is missing, as ElastiCache says it of every operation",
    "MalformedInput": "a field cannot be read, in the Query protocol",
    "MissingParameter": "a required field is missing, in the Query protocol",
    "SerializationException": "a body or a field cannot be read, in JSON and CBOR",
    "ServiceUnavailable": "a problem of AWS",
    "ServiceUnavailableException": "a problem of AWS, in JSON and CBOR",
    "Throttling": "too many calls",
    "ThrottlingException": "too many calls, in JSON and CBOR",
    "UnknownOperationException": "there is no such operation, in JSON and CBOR",
    "ValidationError": "a field is out of its range, in the Query protocol and CloudWatch",
    "ValidationException": "a field is out of its range, in JSON and CBOR",
}
# Seen, or the only sensible answer, where the model has none.
UNMODELLED = {"SnapshotNotFoundFault": ("CreateReplicationGroup",), "CacheClusterAlreadyExists": ("CreateReplicationGroup",)}
# Stands for something that only the simulator has.
NOT_ITS_OWN = {"UnsupportedProtocol": "CloudWatch in the Query protocol, which no client of today speaks"}
# Names of metrics that end like a code.
METRICS = {f"Network{what}AllowanceExceeded" for what in ("BandwidthIn", "BandwidthOut", "Conntrack")}
# And of a field.
FIELDS = {"SuspendedState"}
MADE = re.compile(r'Refusal::new\(\s*\d+,\s*"([A-Za-z.]+)"')
# Codes that are chosen before the refusal is made stand alone.
NAMED = re.compile(r'"([A-Z][A-Za-z]+(?:Fault|NotFound|Exceeded|AlreadyExists|State))"')
TESTS = re.compile(r"(^|/)(stories|tests)(\.rs|/)")


def of(service_name, operations):
    """The codes that stand in the source of a service, which has these operations."""
    found = set()
    for place in PLACES[service_name]:
        path = SOURCE / place
        files = sorted(path.rglob("*.rs")) if path.is_dir() else [path]
        for file in files:
            if TESTS.search(file.relative_to(SOURCE).as_posix()):
                continue
            text = file.read_text(encoding="utf-8").split("#[cfg(test)]")[0]
            found |= set(MADE.findall(text)) | set(NAMED.findall(text))
    if not found:
        raise SystemExit(f"no error code was found in {', '.join(PLACES[service_name])}: the search is wrong")
    return found - set(operations) - set(NOT_ITS_OWN) - METRICS - FIELDS


def strange(boto):
    """The codes that were met where neither the operation's model nor every service has them."""
    for code, operations in sorted(boto.errors.items()):
        if code in COMMON:
            continue
        known = UNMODELLED.get(code, ())
        unmodelled = sorted(it for it in operations if code not in modelled(boto.model.operation_model(it)) and it not in known)
        if unmodelled:
            yield code, unmodelled


def modelled(operation):
    return {code for shape in operation.error_shapes for code in (shape.name, shape.error_code)}
