"""Ctrl-C, SIGTERM and SIGHUP in the plain chat: they stop an answer in an orderly way, and end the chat where they should."""

from __future__ import annotations

import os
import select
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from llmtui.chat.control import TurnControl

_INSISTS = 3
"""So many signals end the program at once, whatever it is doing."""


class Interrupted(BaseException):
    """Raised in the main thread, wherever it is. Not an Exception: nothing may swallow it by the way."""


class Signals:
    """What was pressed, and what it means at this moment."""

    _NUMBERS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

    def __init__(self) -> None:
        self._control: TurnControl | None = None
        self._held = False
        self._woken = -1
        self.presses = 0
        """Since the last line was read."""
        self.ending: int | None = None
        """The signal that ends the chat; None while it goes on."""

    @property
    def means_quit(self) -> bool:
        """While a line is awaited: told to end, or Ctrl-C for the second time."""
        return self.ending is not None or self.presses > 1

    def install(self) -> None:
        if os.name == "posix":
            self._woken, wakes = os.pipe()
            for end in (self._woken, wakes):
                os.set_blocking(end, False)
            signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        for number in self._NUMBERS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup stays nohup
                signal.signal(number, self._handle)

    def wait(self, fd: int) -> None:
        """Until there is something to read. A signal ends the wait also when it came just before."""
        if os.name != "posix":
            return
        while self._woken in (ready := select.select([fd, self._woken], [], [])[0]):
            os.read(self._woken, 512)  # the handler has run by now, and did not raise
            if fd in ready:
                return

    @contextmanager
    def stopping(self, control: TurnControl) -> Iterator[None]:
        """Inside, a signal stops this turn."""
        self._control = control
        try:
            yield
        finally:
            self._control = None

    @contextmanager
    def held_at_exit(self) -> Iterator[None]:
        """Once this is left, signals are only counted: what is open is being closed."""
        try:
            yield
        finally:
            self._held = True

    def abandon(self) -> None:
        """Nobody listens any more: stop the turn that runs, if there is one."""
        if self._control is not None and not self._control.cancelled:
            self._control.cancel()
            raise Interrupted

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self.presses += 1
        if number != signal.SIGINT:
            self.ending = number
        if self._held or (self._control is not None and self._control.cancelled):
            if self.presses >= _INSISTS:
                os._exit(128 + number)
            return
        if self._control is not None:
            self._control.cancel()
        raise Interrupted
