"""Executions of a state machine."""

from simulator import arn

MACHINE = {"stateMachineArn": arn("states", "stateMachine:continue")}

# Of somebody else's account.
STRANGE = MACHINE["stateMachineArn"].replace("123456789012", "210987654321")


def tell(it):
    begun = it.call("StartExecution", **MACHINE, name="first", input='{"a": 1}')
    it.refused("ExecutionAlreadyExists", "StartExecution", **MACHINE, name="first", input='{"a": 2}')
    it.refused("InvalidName", "StartExecution", **MACHINE, name="a name?", input="{}")
    it.refused("InvalidExecutionInput", "StartExecution", **MACHINE, name="second", input="{")
    it.refused("InvalidArn", "StartExecution", stateMachineArn=arn("states", "execution:continue"), name="third", input="{}")
    it.refused("StateMachineDoesNotExist", "StartExecution", stateMachineArn=STRANGE, name="third", input="{}")
    it.refused("StateMachineDoesNotExist", "ListExecutions", stateMachineArn=STRANGE)
    it.refused("ValidationException", "ListExecutions", **MACHINE, maxResults=1001)
    it.call("StartExecution", **MACHINE)
    it.call("ListExecutions", **MACHINE, statusFilter="RUNNING")
    page = it.call("ListExecutions", **MACHINE, maxResults=1)
    it.call("ListExecutions", **MACHINE, maxResults=1, nextToken=page["nextToken"])
    it.refused("InvalidToken", "ListExecutions", **MACHINE, nextToken="another's")
    it.call("StopExecution", executionArn=begun["executionArn"], error="Gone", cause="nobody waits")
    it.call("ListExecutions", **MACHINE, statusFilter="ABORTED")
    it.refused("ExecutionDoesNotExist", "StopExecution", executionArn=arn("states", "execution:continue:none"))
    for fault, code in (
        ("throttled", "ThrottlingException"),
        ("denied", "AccessDeniedException"),
        ("unavailable", "ServiceUnavailableException"),
    ):
        it.befall("ListExecutions", fault)
        it.refused(code, "ListExecutions", **MACHINE)


def tell_badly(it):
    """What a client would not send."""
    it.refused("SerializationException", "ListExecutions", stateMachineArn=["a", "list"])
