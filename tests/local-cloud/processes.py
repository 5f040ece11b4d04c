"""Programs in the background: started in a session of their own, remembered by id, stopped by id and by nothing else."""

import os
import signal
import socket
import subprocess
import time

from waiting import Failure


# Our own children, so that they do not stay as zombies when they end.
children = []


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def start(name, command, environment, directory):
    """Starts a program, and returns what it takes to stop it, also from another process."""
    log = directory / f"{name}.log"
    with log.open("ab") as output:
        child = subprocess.Popen(
            [str(word) for word in command],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    children.append(child)
    return {"name": name, "pid": child.pid, "since": started_at(child.pid), "log": str(log)}


def started_at(pid):
    """When a process started, in clock ticks since boot: with the id, it names a process for good. None if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def is_running(process):
    return process["since"] is not None and started_at(process["pid"]) == process["since"]


def stop(process):
    """Asks a program to stop, then makes it, and then whatever it left behind in its session."""
    if is_running(process):
        os.kill(process["pid"], signal.SIGTERM)
        wait_while(lambda: is_running(process), 15)
    for left in members(process["pid"]):
        kill(left)
    wait_while(lambda: members(process["pid"]), 5)


def members(session):
    """The processes of a session that one of ours leads. The number of a session is not given to others while it has members."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            if os.getsid(int(entry)) == session and started_at(int(entry)) is not None:
                found.append(int(entry))
        except OSError:
            continue
    return found


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def wait_while(condition, seconds):
    end = time.monotonic() + seconds
    while condition() and time.monotonic() < end:
        reap()
        time.sleep(0.05)


def reap():
    for child in children:
        child.poll()


def wait_for_port(process, port, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        reap()
        if not is_running(process):
            raise Failure(f"{process['name']} ended at once:\n{tail(process['log'])}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise Failure(f"{process['name']} did not listen on port {port} within {seconds} s:\n{tail(process['log'])}")


def tail(log, lines=30):
    try:
        with open(log, encoding="utf-8", errors="replace") as text:
            return "".join(text.readlines()[-lines:])
    except OSError as missing:
        return str(missing)
