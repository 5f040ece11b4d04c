"""Checks a built aws-sim with clients that others wrote: boto3, the AWS CLI, the SDK for Rust and botocore's models of the services.

`python tests/conformance` tells the story of each service three times, in worlds of the same seed: with boto3, whose every answer is read
a second time from its raw body by the model; with the AWS CLI, whose every answer must be the same; and with the SDK for Rust, in whose answer every
value must be. An operation that the simulator offers
and no story calls is a failure, and so is an error code of its source that no story meets.
"""

import importlib
import sys

import codes
import report
import services
import tellers
from simulator import Simulator

# What no protocol has as a body.
NONSENSE = b"\xff{"


def main():
    rows, wrong = [], []
    for service in services.SERVICES:
        row, found = check(service)
        rows.append(row)
        wrong += found
    report.show(rows)
    for what in wrong:
        print(f"WRONG: {what}")
    return 1 if wrong else 0


def check(service):
    story = importlib.import_module(f"stories.{service.name.replace('-', '_')}")
    with Simulator() as simulator:
        offered = services.offered(service, simulator)
        simulator.reset()
        boto = tellers.Boto(service, simulator)
        story.tell(boto)
        told, calls = list(boto.told), boto.calls()
        story.tell_badly(boto)
        wrong = boto.wrong + by_hand(service, simulator, offered)
        met = set(boto.errors)
        documented = every_error(boto, offered)
        wrong += [it for it in boto.wrong if it not in wrong]
    with Simulator() as simulator:
        # The same calls as above, so that what is drawn from the seed is the same.
        services.offered(service, simulator)
        simulator.reset()
        cli = tellers.Cli(service, simulator)
        story.tell(cli)
        wrong += cli.wrong
    with Simulator() as simulator, tellers.Rust(service, simulator) as rust:
        services.offered(service, simulator)
        simulator.reset()
        rust.tell_again(told)
        every_error(rust, offered)
        wrong += rust.wrong
    calls += cli.calls() + rust.calls()
    wrong += [f"{service}: {what}" for what in apart(told, cli.told)]
    met_by_hand = {service.unknown(), unreadable(service)}
    wrong += [f"{service}: no story calls {it}" for it in offered if it not in boto.members]
    wrong += [f"{service}: no story meets {it}" for it in sorted(codes.of(service.name, offered) - met - met_by_hand)]
    wrong += [f"{service}: {it} is neither modelled for {', '.join(where)} nor common" for it, where in codes.strange(boto)]
    return report.Row.of(service, boto, offered, calls, met, documented), wrong


def every_error(teller, offered):
    """Has each documented error of each operation answered once: it must arrive as its own exception. Gives their codes."""
    codes_of_all = set()
    for operation in offered:
        for shape in teller.service.model().operation_model(operation).error_shapes:
            code = shape.error_code or shape.name
            status = shape.metadata.get("error", {}).get("httpStatusCode", 400)
            teller.befall(operation, {"answer": {"status": status, "code": code, "message": "as it is documented"}})
            teller.refused_as(shape.name, code, operation)
            codes_of_all.add(code)
    return codes_of_all


def by_hand(service, simulator, offered):
    """What no client sends is refused in the service's own manner."""
    cases = [("NoSuchOperation", None, service.unknown()), (offered[0], NONSENSE, unreadable(service))]
    answers = [(operation, *service.post(simulator, operation, body), code) for operation, body, code in cases]
    return [
        f"{service}: {operation} by hand was answered {status} {found}, not 400 {code}"
        for operation, status, found, code in answers
        if (status, found) != (400, code)
    ]


def unreadable(service):
    # A form of nonsense is a form without an action.
    return "InvalidAction" if service.protocol == "query" else "SerializationException"


def apart(boto, cli):
    """Where the two clients were not told the same."""
    if [it[:2] for it in boto] != [it[:2] for it in cli]:
        return ["the two clients did not make the same calls"]
    pairs = zip(boto, cli)
    return [f"{one[0]}{it}" for one, other in pairs for it in services.differences(one[2], other[2])]


if __name__ == "__main__":
    sys.exit(main())
