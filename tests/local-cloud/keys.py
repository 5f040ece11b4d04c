"""The keys whose fate the story follows: of every type of Redis, some with an end, each told apart by what the server itself would write into a file."""

import hashlib
from datetime import datetime, timedelta, timezone

KEYS = 10_000
PREFIX = "order:"
TYPES = ("string", "hash", "list", "set", "zset", "stream")
# One that GET reads.
A_STRING = f"{PREFIX}0"
# So many keys at once.
BATCH = 500


def write_keys(client):
    """Writes the keys. Every fifth has an end, none of them while the story lasts."""
    ends = datetime.now(timezone.utc) + timedelta(days=3)
    for start in range(0, KEYS, BATCH):
        with client.pipeline(transaction=False) as pipe:
            for number in range(start, start + BATCH):
                name = f"{PREFIX}{number}"
                write_key(pipe, name, number)
                if number % 5 == 0:
                    pipe.pexpireat(name, ends + timedelta(seconds=number))
            pipe.execute()


def write_key(pipe, name, number):
    """Writes one key, of a type that its number tells, with contents that its number tells."""
    text = hashlib.sha256(f"the contents of order {number}".encode()).hexdigest()
    match TYPES[number % len(TYPES)]:
        case "string":
            pipe.set(name, text)
        case "hash":
            pipe.hset(name, mapping={"id": number, "state": "paid", "digest": text})
        case "list":
            pipe.rpush(name, text, *range(number, number + 5))
        case "set":
            # Of numbers alone, which have an order: that of texts is another one in every server, and with it what DUMP gives.
            pipe.sadd(name, *range(number, number + 9))
        case "zset":
            pipe.zadd(name, {text: number, "first": 0.5, "last": 1e9})
        case "stream":
            for entry in range(1, 4):
                pipe.xadd(name, {"order": number, "digest": text}, id=f"{number + 1}-{entry}")


def digest(client):
    """How many of the keys are there, and a digest over the name, the DUMP and the end of each."""
    sum_of_all, count = hashlib.sha256(), 0
    for name, dump, ends in dumped(client):
        sum_of_all.update(b"%d %s %d %s %d\0" % (len(name), name, len(dump or b""), dump or b"", ends))
        count += 1
    return count, sum_of_all.hexdigest()


def types(client):
    """How many keys there are of each type."""
    found = dict.fromkeys(TYPES, 0)
    for names in batches(client):
        with client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.type(name)
            for kind in pipe.execute():
                found[kind.decode()] += 1
    return found


def copy_keys(source, target):
    """Copies the keys from one server to another, each with its end."""
    with target.pipeline(transaction=False) as pipe:
        for number, (name, dump, ends) in enumerate(dumped(source), start=1):
            pipe.restore(name, max(ends, 0), dump, replace=True, absttl=0 < ends)
            if number % BATCH == 0:
                pipe.execute()
        pipe.execute()


def dumped(client):
    """Name, DUMP and end of every key, in the order of their names. The end is in milliseconds since 1970, or -1."""
    for names in batches(client):
        with client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.dump(name)
                pipe.pexpiretime(name)
            answers = pipe.execute()
        yield from zip(names, answers[0::2], answers[1::2])


def batches(client):
    """The names, in order, some at a time."""
    names = sorted(client.scan_iter(f"{PREFIX}*", count=1000))
    for start in range(0, len(names), BATCH):
        yield names[start : start + BATCH]
