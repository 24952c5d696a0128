"""Lets the program outlive its terminal: a window that was closed takes no output and gives no input any more.

Textual's writer ends at the first failed write, and whoever writes afterwards waits forever for room in its queue.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from textual.drivers._writer_thread import WriterThread

if TYPE_CHECKING:
    from textual.driver import Driver

HUNG_UP = 128 + getattr(signal, "SIGHUP", 1)
"""The exit code of a program whose terminal went away."""
LINGER_S = 5.0
"""How long the screen may take to be put in order once everything is saved."""


class LastingWriter(WriterThread):
    """Throws away what a terminal that is gone does not take, so that nobody waits for it."""

    def run(self) -> None:
        is_gone = False
        while (text := self._queue.get()) is not None:
            if is_gone:
                continue
            try:
                self._file.write(text)
                if self._queue.empty():
                    self._file.flush()
            except OSError:
                is_gone = True
        with contextlib.suppress(OSError):
            self._file.flush()


def outliving(driver: type[Driver]) -> type[Driver]:
    """The driver class, its writer replaced, and the end of its input an orderly end of the app."""
    module = vars(sys.modules[driver.__module__])
    if "WriterThread" in module:
        module["WriterThread"] = LastingWriter
    if not hasattr(driver, "run_input_thread"):
        return driver

    class Outliving(driver):  # type: ignore[misc, valid-type]
        def run_input_thread(self) -> None:
            try:
                super().run_input_thread()
            except OSError:  # the app settles and closes; Textual's own way is to report a crash
                app: Any = self._app
                app.call_later(app.leave, HUNG_UP)

    return Outliving


def watch_the_end(code: int) -> threading.Timer:
    """End the process with this code if it has not ended by itself in a while. Only once everything is saved."""
    timer = threading.Timer(LINGER_S, os._exit, (code,))
    timer.daemon = True
    timer.start()
    return timer


def let_go() -> None:
    """Drop what standard output and error could not write: at the interpreter's end it would be an error of its own."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
