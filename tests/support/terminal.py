"""The program on a real terminal: a pty that is typed into, and every byte that comes back."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT_S = 40.0
_QUIET = 3
"""So many twentieths of a second without a byte: the screen has come to rest. One was not enough on a busy machine."""
OURS = re.compile(
    rb"\x1b\[[0-9;:]*m"  # colours and styles
    rb"|\x1b\[\d*;?\d*H"  # the cursor's place
    rb"|\x1b\[[?>=<]?[\d;]*[hlnqtuKJcp]"  # modes, and questions to the terminal
    rb"|\x1b\[\?\d+\$p|\x1b\]22;[a-z-]*\x07"  # the mouse pointer's shape
    rb"|\x1bP\+q[0-9a-fA-F;]*\x1b\\|\x1b_G[^\x1b]*\x1b\\|\x1b\[6n|\x1b7|\x1b8|[\r\n]"
)
"""Sequences that the program itself has a use for."""
FOREIGN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")


class Terminal:
    """`python -m llmtui` with these arguments, in the folders of the test."""

    def __init__(self, *args: str, size: tuple[int, int] = (100, 30), env: Mapping[str, str] | None = None) -> None:
        self._main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        full = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})}
        command = [sys.executable, "-m", "llmtui", *args]
        self.process = subprocess.Popen(command, stdin=side, stdout=side, stderr=side, env=full, start_new_session=True)
        os.close(side)
        self.output = b""
        self._seen = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._main)

    def send(self, text: str) -> None:
        """As one read of the terminal's input, when the screen has come to rest: what is painted then is the answer."""
        quiet = 0
        for _ in range(60):
            quiet = 0 if self._read() else quiet + 1
            if quiet == _QUIET:
                break
        self._seen = len(self.output)
        os.write(self._main, text.encode("utf-8", "surrogateescape"))

    def until(self, text: str, *, anew: bool = True) -> None:
        """Read until a text was painted, `anew`: since something was sent last."""
        end = time.monotonic() + LIMIT_S
        wanted = text.encode()
        while wanted not in re.sub(rb"\x1b\[[0-9;]*m", b"", self.output[self._seen if anew else 0 :]):
            assert time.monotonic() < end, f"waited in vain for {text!r}: {self.output[-600:]!r}"
            if not self._read() and self.process.poll() is not None:
                raise AssertionError(f"the program ended: {self.output[-600:]!r}")

    def answered(self) -> None:
        """Read until what was sent last has had an effect on the screen."""
        end = time.monotonic() + LIMIT_S
        while len(self.output) == self._seen:
            assert time.monotonic() < end, "nothing happens"
            self._read()

    def press(self, keys: str, shows: str = "") -> None:
        """Send, and wait for a text to be painted, or for anything at all."""
        self.send(keys)
        if shows:
            self.until(shows)
        else:
            self.answered()

    def ended(self) -> int:
        """Its exit code, once it has ended by itself."""
        end = time.monotonic() + LIMIT_S
        while self.process.poll() is None:
            assert time.monotonic() < end, "it does not end"
            self._read()
        while self._read():
            pass
        return self.process.returncode

    def _read(self) -> bool:
        if not select.select([self._main], [], [], 0.05)[0]:
            return False
        try:
            data = os.read(self._main, 1 << 16)
        except OSError:  # the other side is closed
            return False
        self.output += data
        return bool(data)


def foreign(output: bytes) -> list[str]:
    """What of the output the program has no use for: control characters beyond its own sequences."""
    rest = OURS.sub(b"", output).decode("utf-8", "replace")
    return [rest[max(0, found.start() - 20) : found.end() + 20] for found in FOREIGN.finditer(rest)]
