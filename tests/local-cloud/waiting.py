"""Waiting for something to become true, never longer than it may take."""

import time


class Failure(Exception):
    """The story does not go on. The message says what was expected and what was seen."""


def until(what, probe, within, every=0.5):
    """Asks `probe` until it answers with something true, which is returned. After `within` seconds it has failed."""
    end = time.monotonic() + within
    while True:
        answer = probe()
        if answer:
            return answer
        if end < time.monotonic():
            raise Failure(f"waited {within} s in vain for {what}")
        time.sleep(every)


def expect(truth, message):
    if not truth:
        raise Failure(message)
