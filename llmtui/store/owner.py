"""Whose reservation is it? A process, told apart from a later one that was given the same number.

A process is known by its id, its start time and where it runs (machine, boot, process-id namespace). On Linux all of it
can be read; elsewhere a start time is not to be had cheaply, and then an attempt that is a day old is nobody's.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

STALE_MS = 24 * 3600 * 1000
"""When nothing else can be told: no request lives longer than this."""


class Owner(NamedTuple):
    """A process, as written beside each reservation."""

    pid: int
    start: str
    """In clock ticks after boot; empty where it cannot be read."""
    boot: str
    """Machine, boot and namespace; empty where they cannot be read."""


def this_process() -> Owner:
    """The owner of what this process reserves."""
    pid = os.getpid()
    return Owner(pid, _start_of(pid) or "", _place())


def is_gone(owner: Owner, age_ms: int) -> bool:
    """Whether the process that reserved something `age_ms` ago has ended for certain, or may be taken to have."""
    here = this_process()
    if owner.boot != here.boot:
        return _other_boot_of_this_machine(owner.boot, here.boot) or age_ms > STALE_MS
    if owner.start and here.start:
        return _start_of(owner.pid) != owner.start
    return age_ms > STALE_MS or not _is_running(owner.pid)


def _other_boot_of_this_machine(theirs: str, ours: str) -> bool:
    """The same machine has been started anew since: whatever ran then is gone. Another machine or container is not."""
    their_machine, _, their_run = theirs.partition(" ")
    our_machine, _, our_run = ours.partition(" ")
    return bool(their_machine) and their_machine == our_machine and their_run.split(" ")[0] != our_run.split(" ")[0]


@cache
def _place() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115  (pathlib would take the target for a path)
        return f"{os.uname().nodename} {boot} {namespace}"
    except (OSError, AttributeError):
        return ""


def _start_of(pid: int) -> str | None:
    """When a running process was started; None when there is none, or it cannot be told."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    facts = stat.rpartition(")")[2].split()  # the name in brackets may hold anything
    return None if facts[0] in ("Z", "X") else facts[19]  # dead, and only not yet buried by its parent


def _is_running(pid: int) -> bool:
    if sys.platform == "win32":
        return True  # there signal 0 would end it; its age decides
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True
