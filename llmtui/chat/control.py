"""How a turn is steered from outside: stop it, or cut a wait short."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class TurnControl:
    """Handed to a turn by whoever may want to stop it. All methods are synchronous and may be called at any time.

    The runtime that drives the turn registers how a stop reaches it: asyncio cancels the task, the blocking runtime is
    interrupted by the signal handler that called `cancel`.
    """

    def __init__(self) -> None:
        self.cancelled = False
        self.rejected = False
        """The answer is not accepted: no cost of it is confirmed. To be set before it is booked."""
        self._on_cancel: Callable[[], None] | None = None
        self._on_retry: Callable[[], None] | None = None

    def cancel(self) -> None:
        """Stop the answer: what has arrived is kept and its cost settled. A second call does nothing."""
        if self.cancelled:
            return
        self.cancelled = True
        if self._on_cancel:
            self._on_cancel()

    def retry_now(self) -> None:
        """End a wait for a retry at once; nothing to do where none is under way."""
        if self._on_retry:
            self._on_retry()

    def attach(self, on_cancel: Callable[[], None] | None) -> None:
        """For runtimes: what `cancel` calls; called at once when the turn was cancelled before it began."""
        self._on_cancel = on_cancel
        if self.cancelled and on_cancel:
            on_cancel()

    @property
    def is_attached(self) -> bool:
        """A turn is under way that a stop can still interrupt."""
        return self._on_cancel is not None

    def waiting(self, on_retry: Callable[[], None] | None) -> None:
        """For runtimes: what `retry_now` calls while a wait is under way."""
        self._on_retry = on_retry
