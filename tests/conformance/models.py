"""The service models that botocore brings, and what an answer's raw body has to do with them."""

import base64
import binascii
import collections
import datetime
import json
import re
import xml.etree.ElementTree

import botocore.loaders
import botocore.model
import botocore.parsers


class OneProtocol(botocore.loaders.Loader):
    """Loads models as if their services spoke one protocol only, which is how a client is made to speak it."""

    def __init__(self, protocol):
        super().__init__()
        self.protocol = protocol

    def load_service_model(self, service_name, type_name, api_version=None):
        model = super().load_service_model(service_name, type_name, api_version)
        if type_name == "service-2" and self.protocol in model["metadata"].get("protocols", []):
            metadata = dict(model["metadata"], protocols=[self.protocol], protocol=self.protocol)
            model = dict(model, metadata=metadata)
        return model


class Reading:
    """What was found in one raw body: every member by its path, how many leaves, and what is wrong."""

    def __init__(self):
        self.members = set()
        self.leaves = 0
        self.wrong = []

    def fail(self, path, what):
        self.wrong.append(f"{path or '(the answer)'}: {what}")


def read_answer(operation, protocol, body):
    """Reads a raw body strictly by the model of the operation's answer."""
    reading = Reading()
    shape = operation.output_shape
    if protocol == "query":
        read_query(operation, shape, body, reading)
    elif protocol == "json":
        value = json.loads(body) if body else {}
        read_value(shape, value, "", reading, JSON_LEAVES)
    elif protocol == "smithy-rpc-v2-cbor":
        value = decode_cbor(body) if body else {}
        read_value(shape, value, "", reading, CBOR_LEAVES)
    else:
        raise NotImplementedError(protocol)
    return reading


def read_code(protocol, headers, body):
    """The code of an error, strictly as the protocol has it; none where it is not there."""
    if "x-amzn-requestid" not in headers:
        return None
    try:
        if protocol == "query":
            code = xml.etree.ElementTree.fromstring(body).find("{*}Error/{*}Code")
            return None if code is None else code.text
        return (json.loads(body) if protocol == "json" else decode_cbor(body)).get("__type")
    except (ValueError, xml.etree.ElementTree.ParseError, botocore.parsers.ResponseParserError):
        return None


def decode_cbor(body):
    parser = botocore.parsers.create_parser("smithy-rpc-v2-cbor")
    return parser.parse_data_item(parser.get_peekable_stream_from_bytes(body))


def read_query(operation, shape, body, reading):
    root = xml.etree.ElementTree.fromstring(body)
    namespace = operation.service_model.metadata["xmlNamespace"]
    for element in root.iter():
        space, _, name = element.tag[1:].partition("}")
        if element.tag[0] != "{" or space != namespace:
            reading.fail("", f"{element.tag} is not in the namespace {namespace}")
        element.tag = name
    if root.tag != f"{operation.name}Response":
        reading.fail("", f"its root is {root.tag}")
    wrapper = shape.serialization.get("resultWrapper") if shape else None
    expected = [wrapper] if wrapper else []
    if [it.tag for it in root] != [*expected, "ResponseMetadata"]:
        reading.fail("", f"it has {[it.tag for it in root]}, not {expected} and ResponseMetadata")
    if [it.tag for it in root.findall("ResponseMetadata/*")] != ["RequestId"]:
        reading.fail("ResponseMetadata", "it is not a RequestId alone")
    result = root.find(wrapper) if wrapper else None
    if result is not None:
        read_element(shape, result, "", reading)


def read_element(shape, element, path, reading):
    if shape.type_name == "structure":
        if (element.text or "").strip():
            reading.fail(path, "a structure holds text")
        members = {it.serialization.get("name", name): (name, it) for name, it in shape.members.items()}
        seen = collections.Counter(it.tag for it in element)
        for child in element:
            if child.tag not in members:
                reading.fail(path, f"{shape.name} has no member {child.tag}")
                continue
            name, member = members[child.tag]
            if 1 < seen[child.tag]:
                reading.fail(f"{path}.{name}", "it is there more than once")
            reading.members.add(f"{path}.{name}")
            read_element(member, child, f"{path}.{name}", reading)
        check_required(shape, {members[it][0] for it in seen if it in members}, path, reading)
    elif shape.type_name == "list":
        if shape.serialization.get("flattened"):
            raise NotImplementedError(f"{shape.name} is flattened")
        item = shape.member.serialization.get("name", "member")
        for child in element:
            if child.tag == item:
                read_element(shape.member, child, f"{path}[]", reading)
            else:
                reading.fail(path, f"its items are {child.tag}, not {item}")
    elif shape.type_name == "map":
        raise NotImplementedError(f"{shape.name} is a map")
    else:
        if len(element):
            reading.fail(path, f"a {shape.type_name} holds elements")
        leaf(shape, element.text or "", path, reading, XML_LEAVES)


def read_value(shape, value, path, reading, leaves):
    """JSON and CBOR, which differ in their leaves only."""
    if shape is None or shape.type_name == "structure":
        if not isinstance(value, dict):
            reading.fail(path, f"{value!r} is no structure")
            return
        known = shape.members if shape else {}
        members = {it.serialization.get("name", name): (name, it) for name, it in known.items()}
        for key, inner in value.items():
            if key not in members:
                reading.fail(path, f"{shape.name if shape else 'an answer without members'} has no member {key}")
                continue
            name, member = members[key]
            reading.members.add(f"{path}.{name}")
            read_value(member, inner, f"{path}.{name}", reading, leaves)
        if shape:
            check_required(shape, {members[it][0] for it in value if it in members}, path, reading)
    elif shape.type_name == "list":
        if not isinstance(value, list):
            reading.fail(path, f"{value!r} is no list")
            return
        for inner in value:
            read_value(shape.member, inner, f"{path}[]", reading, leaves)
    elif shape.type_name == "map":
        if not isinstance(value, dict):
            reading.fail(path, f"{value!r} is no map")
            return
        for key, inner in value.items():
            leaf(shape.key, key, f"{path}{{key}}", reading, leaves, counted=False)
            read_value(shape.value, inner, f"{path}{{}}", reading, leaves)
    else:
        leaf(shape, value, path, reading, leaves)


def check_required(shape, present, path, reading):
    for name in sorted(set(shape.required_members) - present):
        reading.fail(path, f"{shape.name} lacks {name}, which it must have")


def leaf(shape, value, path, reading, leaves, counted=True):
    reading.leaves += counted
    if not leaves[shape.type_name](value):
        reading.fail(path, f"{value!r} is no {shape.type_name}")
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        reading.fail(path, f"{value!r} is not one of {', '.join(shape.enum)}")


def is_base64(value):
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return False
    return True


def is_time(text):
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", text):
        return False
    datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return True


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def matches(pattern):
    return lambda text: re.fullmatch(pattern, text) is not None


XML_LEAVES = {
    "string": lambda _: True,
    "boolean": matches("true|false"),
    "integer": matches(r"-?\d+"),
    "long": matches(r"-?\d+"),
    "float": matches(r"-?\d+(\.\d+)?([eE]-?\d+)?"),
    "double": matches(r"-?\d+(\.\d+)?([eE]-?\d+)?"),
    "timestamp": is_time,
    "blob": is_base64,
}
JSON_LEAVES = {
    "string": lambda it: isinstance(it, str),
    "boolean": lambda it: isinstance(it, bool),
    "integer": is_whole,
    "long": is_whole,
    "float": is_number,
    "double": is_number,
    "timestamp": is_number,
    "blob": is_base64,
}
CBOR_LEAVES = {
    **JSON_LEAVES,
    "timestamp": lambda it: isinstance(it, datetime.datetime),
    "blob": lambda it: isinstance(it, bytes),
}


def leaves_of(parsed):
    """How many values botocore made of it."""
    if isinstance(parsed, dict):
        return sum(leaves_of(it) for it in parsed.values())
    if isinstance(parsed, list):
        return sum(leaves_of(it) for it in parsed)
    return 1


def members_of(shape, path="", within=()):
    """The path of every member that an answer of this shape can have. A shape within itself is gone into once."""
    if shape is None or shape.name in within:
        return set()
    within = (*within, shape.name)
    found = set()
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            found.add(f"{path}.{name}")
            found |= members_of(member, f"{path}.{name}", within)
    elif shape.type_name == "list":
        found |= members_of(shape.member, f"{path}[]", within)
    elif shape.type_name == "map":
        found |= members_of(shape.value, f"{path}{{}}", within)
    return found
