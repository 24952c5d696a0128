"""Whose reservation it is, where a process has just died (ROB-9)."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from llmtui.store.owner import Owner, _start_of, is_gone, this_process


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_rob_9_a_process_that_is_dead_but_not_yet_waited_for_is_gone() -> None:
    """ROB-9: a killed program may stay a zombie for as long as its parent likes; its answer is swept all the same."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = Owner(child.pid, _start_of(child.pid) or "", this_process().boot)
    assert not is_gone(owner, 0)
    child.kill()
    end = time.monotonic() + 30
    while not is_gone(owner, 0):
        assert time.monotonic() < end
    child.communicate()
