"""The terminal goes away under the full-screen chat: the program settles and ends instead of staying behind."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import sqlite3
import struct
import subprocess
import sys
import termios
import time
from contextlib import closing

import pytest

from llmtui.paths import locate
from tests.e2e.program import LLMTUI, environment

STARTING_S = 60.0
ENDING_S = 15.0
_TAKE = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
_ON_THIS_TERMINAL = [sys.executable, "-c", _TAKE]
"""What makes its input the terminal that the kernel sends hang-ups of."""


def _started() -> tuple[subprocess.Popen[bytes], int]:
    """The chat with the demo, a process of its own session on a terminal of its own; and the terminal's other side."""
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = subprocess.Popen(
        [*_ON_THIS_TERMINAL, *LLMTUI, "--demo"],
        stdin=side,
        stdout=side,
        stderr=side,
        env=environment({"TERM": "xterm-256color"}),
        start_new_session=True,
    )
    os.close(side)
    return process, main


def _read_until(main: int, word: bytes) -> None:
    seen, end = b"", time.monotonic() + STARTING_S
    while word not in seen:
        assert time.monotonic() < end, f"waited in vain for {word!r}"
        if select.select([main], [], [], 0.05)[0]:
            seen = seen[-4096:] + os.read(main, 65536)


@pytest.mark.parametrize("streaming", [False, True], ids=["idle", "streaming"])
def test_a_closed_window_ends_the_program(*, streaming: bool) -> None:
    """CHAT-6, STR-9: a hang-up settles what streams, closes the store and ends with 129, though nothing can be drawn."""
    process, main = _started()
    try:
        _read_until(main, b"ready")
        if streaming:
            os.write(main, b"tell me a long story\r")
            _read_until(main, b"streaming")
        os.close(main)
        assert process.wait(ENDING_S) == 128 + signal.SIGHUP
    finally:
        process.kill()
        process.wait()
    database = locate(os.environ).database
    with closing(sqlite3.connect(database)) as connection:
        states = {state for (state,) in connection.execute("SELECT state FROM messages WHERE role = 'assistant'")}
    assert states == ({"cancelled"} if streaming else set())
