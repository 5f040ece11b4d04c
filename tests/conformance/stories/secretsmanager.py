"""A secret, its versions, its rotation and its end."""

from simulator import arn

NAME = "orders"
TOKENS = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(6)]
POLICY = '{"Version":"2012-10-17","Statement":[]}'


def tell(it):
    secret = it.call(
        "CreateSecret",
        Name=NAME,
        Description="the orders' token",
        SecretString="first",
        ClientRequestToken=TOKENS[0],
        Tags=[{"Key": "team", "Value": "orders"}],
    )
    it.refused("ResourceExistsException", "CreateSecret", Name=NAME, SecretString="other", ClientRequestToken=TOKENS[1])
    it.refused("ResourceNotFoundException", "DescribeSecret", SecretId="none")
    it.refused("ValidationException", "CreateSecret", Name="a name?", ClientRequestToken=TOKENS[1])
    versions(it)
    it.call("DescribeSecret", SecretId=secret["ARN"])
    lists(it)
    rotation(it)
    policy(it)
    tags(it)
    password(it)
    end(it)
    troubles(it)


def versions(it):
    it.call("PutSecretValue", SecretId=NAME, SecretString="second", ClientRequestToken=TOKENS[1])
    it.refused("ResourceExistsException", "PutSecretValue", SecretId=NAME, SecretString="else", ClientRequestToken=TOKENS[1])
    it.call("PutSecretValue", SecretId=NAME, SecretString="third", ClientRequestToken=TOKENS[2], VersionStages=["AWSPENDING"])
    it.call("GetSecretValue", SecretId=NAME)
    it.call("GetSecretValue", SecretId=NAME, VersionStage="AWSPENDING")
    it.refused("ResourceNotFoundException", "GetSecretValue", SecretId=NAME, VersionStage="NONE")
    it.refused("InvalidRequestException", "GetSecretValue", SecretId=NAME, VersionId=TOKENS[0], VersionStage="AWSCURRENT")
    current = {"SecretId": NAME, "VersionStage": "AWSCURRENT", "MoveToVersionId": TOKENS[2]}
    it.refused("InvalidParameterException", "UpdateSecretVersionStage", **current)
    it.call("UpdateSecretVersionStage", **current, RemoveFromVersionId=TOKENS[1])
    it.call("UpdateSecretVersionStage", SecretId=NAME, VersionStage="AWSPENDING", RemoveFromVersionId=TOKENS[2])
    it.call("UpdateSecret", SecretId=NAME, Description="changed", SecretString="fourth", ClientRequestToken=TOKENS[3])
    it.call("UpdateSecret", SecretId=NAME, Description="changed again")


def lists(it):
    it.call("ListSecretVersionIds", SecretId=NAME)
    it.call("ListSecretVersionIds", SecretId=NAME, IncludeDeprecated=True)
    for number in range(3):
        it.call("CreateSecret", Name=f"more-{number}", SecretString="x", ClientRequestToken=TOKENS[4])
    it.call("ListSecrets")
    it.call("ListSecrets", Filters=[{"Key": "name", "Values": ["more"]}])
    page = it.call("ListSecrets", MaxResults=2)
    it.call("ListSecrets", MaxResults=2, NextToken=page["NextToken"])
    it.refused("InvalidNextTokenException", "ListSecrets", NextToken="none")


def rotation(it):
    function = arn("lambda", "function:rotate")
    it.refused("InvalidRequestException", "RotateSecret", SecretId=NAME, ClientRequestToken=TOKENS[5])
    rules = {"AutomaticallyAfterDays": 30}
    it.call("RotateSecret", SecretId=NAME, ClientRequestToken=TOKENS[5], RotationLambdaARN=function, RotationRules=rules, RotateImmediately=False)
    it.call("DescribeSecret", SecretId=NAME)
    it.call("CancelRotateSecret", SecretId=NAME)
    it.call("DescribeSecret", SecretId=NAME)
    schedule(it, function)


def schedule(it, function):
    """Of another secret, as the first one's rotation was taken back in the middle."""
    it.call("CreateSecret", Name="scheduled", SecretString="x", ClientRequestToken=TOKENS[0])
    scheduled = {"SecretId": "scheduled", "ClientRequestToken": TOKENS[1], "RotationLambdaARN": function, "RotateImmediately": False}
    for rules in (
        {"AutomaticallyAfterDays": 30, "ScheduleExpression": "rate(30 days)"},
        {"ScheduleExpression": "cron(30 8 1 * ? *)"},
        {"ScheduleExpression": "rate(4 hours)", "Duration": "6h"},
    ):
        it.refused("InvalidParameterException", "RotateSecret", **scheduled, RotationRules=rules)
    it.call("RotateSecret", **scheduled, RotationRules={"ScheduleExpression": "cron(0 16 1,15 * ? *)", "Duration": "2h"})
    it.call("DescribeSecret", SecretId="scheduled")


def policy(it):
    it.call("PutResourcePolicy", SecretId=NAME, ResourcePolicy=POLICY)
    it.refused("MalformedPolicyDocumentException", "PutResourcePolicy", SecretId=NAME, ResourcePolicy="no policy at all")
    it.call("GetResourcePolicy", SecretId=NAME)
    it.call("DeleteResourcePolicy", SecretId=NAME)
    it.call("GetResourcePolicy", SecretId=NAME)


def tags(it):
    it.call("TagResource", SecretId=NAME, Tags=[{"Key": "owner", "Value": "héllo"}])
    it.call("UntagResource", SecretId=NAME, TagKeys=["owner"])


def password(it):
    it.call("GetRandomPassword", PasswordLength=40, ExcludePunctuation=True)
    it.refused("InvalidParameterException", "GetRandomPassword", PasswordLength=2, RequireEachIncludedType=True)


def end(it):
    it.call("DeleteSecret", SecretId=NAME, RecoveryWindowInDays=7)
    it.refused("InvalidRequestException", "GetSecretValue", SecretId=NAME)
    it.call("ListSecrets", IncludePlannedDeletion=True)
    it.call("RestoreSecret", SecretId=NAME)
    it.call("DeleteSecret", SecretId="more-0", ForceDeleteWithoutRecovery=True)
    it.refused("InvalidParameterException", "DeleteSecret", SecretId=NAME, RecoveryWindowInDays=3)


def troubles(it):
    for fault, code in (
        ("throttled", "ThrottlingException"),
        ("denied", "AccessDeniedException"),
        ("unavailable", "ServiceUnavailableException"),
    ):
        it.befall("DescribeSecret", fault)
        it.refused(code, "DescribeSecret", SecretId=NAME)


def tell_badly(it):
    """What a client would not send."""
    it.refused("InvalidParameterException", "DescribeSecret")
    it.refused("SerializationException", "DescribeSecret", SecretId=["a", "list"])
    it.refused("InvalidParameterException", "CreateSecret", Name="")
