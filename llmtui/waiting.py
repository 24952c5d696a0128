"""Says on stderr that something takes long: nothing in the first second, then a line that counts the seconds.

On a terminal the line is rewritten every second and wiped when the wait is over; elsewhere it is said once.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_S = 1.0
_TICK_S = 1.0
_WIPE = "\r\x1b[K"


class Waiting:
    """One wait after another; a new one replaces the one before."""

    def __init__(self, *, live: bool) -> None:
        self._live = live
        """A line that is rewritten, not one that is said once."""
        self._lock = threading.Lock()
        self._over: threading.Event | None = None
        """Set when the present wait is over; None without one."""
        self._painted = False

    def begin(self, what: str, *, limit_s: float | None = None) -> None:
        """A wait begins. `what` reads on with the seconds it has taken, or, with `limit_s`, with those that are left."""
        self.end()
        self._over = over = threading.Event()
        job = (over, what, time.monotonic(), limit_s)
        threading.Thread(target=self._watch, args=job, name="llmtui-waiting", daemon=True).start()

    def end(self) -> None:
        """The wait is over; when this returns its line is gone."""
        over, self._over = self._over, None
        if over is not None:
            with self._lock:
                over.set()
                self._wipe()

    def _watch(self, over: threading.Event, what: str, since: float, limit_s: float | None) -> None:
        pause = PATIENCE_S
        while not over.wait(pause):
            taken = time.monotonic() - since
            seconds = taken if limit_s is None else max(0.0, limit_s - taken)
            with self._lock:
                if over.is_set():
                    return
                if not self._live:
                    to_stderr(f"llmtui: {_line(what)}\n")
                    return
                self._painted = True
                to_stderr(f"{_WIPE}llmtui: {_line(what)} {seconds:.0f} s")
            pause = _TICK_S

    def _wipe(self) -> None:
        if self._painted:
            self._painted = False
            to_stderr(_WIPE)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """While the block runs; a command's work that may take long."""
    line = Waiting(live=can_rewrite())
    line.begin(what)
    try:
        yield
    finally:
        line.end()


def _line(what: str) -> str:
    from llmtui.core.sanitize import clean_line

    return clean_line(what, 70)  # the line must not wrap, or it could not be wiped


def can_rewrite() -> bool:
    """Stderr is a terminal, and one on which a line can be rewritten."""
    try:
        return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    except ValueError:
        return False


def to_stderr(text: str) -> None:
    """Write to stderr, in UTF-8 whatever the locale; one that is closed is no further trouble."""
    try:
        sys.stderr.buffer.write(text.encode("utf-8", "replace"))
        sys.stderr.buffer.flush()
    except (OSError, ValueError, AttributeError):
        return
