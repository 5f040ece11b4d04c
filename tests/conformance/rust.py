"""How Rust shows what its SDK made of an answer, and whether all of the answer is in it."""

import collections
import datetime
import json
import re

from botocore import xform_name

# A string; a time, a number; a word that is neither a member's name nor a structure's.
TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)|(?<![\w.])(-?\d+(?:\.\d+)?)(?![\w.])|\b([A-Za-z]\w*)\b(?!:| \{)')
ESCAPED = re.compile(r"\\(?:u\{([0-9a-f]+)\}|(.))")
PLAIN = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
# botocore's model has another name than the SDK for Rust for the element around log deliveries within it, so that only one of them can read them.
PENDING = "PendingModifiedValues"
# In the place of what the SDK does not show: passwords and the values of secrets.
REDACTED = "*** Sensitive Data Redacted ***"


def named(parameters):
    """Parameters by the names that they have in Rust, in structures within structures too."""
    if isinstance(parameters, dict):
        return {xform_name(name): named(it) for name, it in parameters.items()}
    return [named(it) for it in parameters] if isinstance(parameters, list) else parameters


def is_variant(error, shape):
    """Whether an error is the SDK's own for this shape, and not one of those that it does not know."""
    return bare(re.match(r"\w*", error).group()) == bare(shape)


def lost(expected, shown):
    """The values of an answer, as boto3 read it, that are not in what Rust shows, or not as often."""
    missing = collections.Counter(map(bare, values(expected)))
    missing.subtract(map(bare, tokens(shown)))
    missing = +missing
    if missing.total() <= shown.count(REDACTED):
        return []
    return [f"{value!r} is missing {times} times" for value, times in sorted(missing.items())]


def values(answer):
    if isinstance(answer, dict):
        return [it for name, value in answer.items() for it in values(without_pending_logs(value) if name == PENDING else value)]
    if isinstance(answer, list):
        return [it for value in answer for it in values(value)]
    if isinstance(answer, datetime.datetime):
        return [answer.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")]
    return [answer if isinstance(answer, str) else json.dumps(answer)]


def without_pending_logs(pending):
    return {name: it for name, it in pending.items() if name != "LogDeliveryConfigurations"}


def tokens(shown):
    for text, *others in TOKEN.findall(shown):
        yield "".join(others) or ESCAPED.sub(lambda it: chr(int(it[1], 16)) if it[1] else PLAIN.get(it[2], it[2]), text)


def bare(text):
    """An enumeration's value and its variant are spelt alike but for this."""
    return re.sub(r"[\W_]", "", text).lower()
