"""Ctrl-C, SIGTERM and SIGHUP in a one-shot run: the first one stops the answer in an orderly way, a third kills."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

    from llmtui.chat.control import TurnControl


class Interrupted(BaseException):
    """Raised in the main thread, wherever it is, to stop the turn. Not an Exception: nothing may swallow it by the way."""


class SignalStop:
    """Turns the signals that end a program into one orderly stop.

    The handler raises once, which interrupts any blocking call; the turn then settles while further signals are only
    counted, so that nothing is half written. A person who insists (three times) gets out at once.
    """

    _SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

    def __init__(self, control: TurnControl) -> None:
        self._control = control
        self._count = 0
        self.signum: int | None = None

    def install(self) -> None:
        for number in self._SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup stays nohup
                signal.signal(number, self._handle)

    @property
    def exit_code(self) -> int | None:
        """128 + the signal's number, None when there was none."""
        return None if self.signum is None else 128 + self.signum

    def _handle(self, signum: int, _frame: FrameType | None) -> None:
        self._count += 1
        if self._count == 1:
            self.signum = signum
            if not self._control.cancelled:
                self._control.cancel()
                raise Interrupted
        elif self._count >= 3:
            os._exit(128 + signum)
