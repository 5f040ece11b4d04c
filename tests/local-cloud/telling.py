"""What a person reads on the terminal."""

import sys
import time

WIDTH = 110
_bold, _dim, _plain = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


def heading(text):
    print(f"\n{_bold}{text}{_plain}\n{'─' * min(len(text), WIDTH)}", flush=True)


def did(text):
    """Something that was done, or is being done."""
    print(f"  → {text}", flush=True)


def saw(text):
    """Something that was seen, and holds."""
    print(f"  ✓ {text}", flush=True)


def note(text):
    for line in text.splitlines():
        print(f"    {_dim}{line}{_plain}", flush=True)


def command(words):
    """A command, as a person would type it."""
    note("$ " + " ".join(f"'{word}'" if " " in word or "*" in word or "{" in word else word for word in words))


def took(seconds):
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


class Stopwatch:
    def __init__(self):
        self.started = time.monotonic()

    def __str__(self):
        return took(time.monotonic() - self.started)

    @property
    def seconds(self):
        return time.monotonic() - self.started
