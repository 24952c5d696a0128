"""A session without an event loop."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Self

from llmtui.chat.runtime import run_blocking
from llmtui.core.errors import ConfigError
from llmtui.library.base import BaseSession
from llmtui.library.shared import in_background

if TYPE_CHECKING:
    from types import TracebackType

    from llmtui.chat.pull import Pull
    from llmtui.core.cost import Cost
    from llmtui.core.events import StreamChunk
    from llmtui.library.bills import Bill
    from llmtui.library.request import Ask
    from llmtui.library.shared import Means
    from llmtui.store.records import PendingLookup, Settlement


class SyncSession(BaseSession):
    """An answer as a context manager and an iterator of chunks; in everything else as `Session`. For one thread."""

    def __init__(self, ask: Ask) -> None:
        if iscoroutinefunction(ask.on_cost):
            raise ConfigError("without an event loop on_cost must be a plain function")
        super().__init__(ask)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        run_blocking(self._book("left"))

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> StreamChunk:
        """The next chunk. Raise the LlmtuiError that ended the answer, once; the text so far stays in `content`."""
        chunk = run_blocking(self._next())
        if chunk is None:
            raise StopIteration
        return chunk

    def collect(self) -> str:
        """Read to the end; the whole text. Books nothing. Raise as iterating does."""
        return run_blocking(self._collect())

    def settle(self) -> Cost:
        """Book it, and wait until that is written; what it cost. An answer that is still arriving is stopped."""
        return run_blocking(self._book("settled"))

    def cancel(self, *, wait: bool = True) -> Cost:
        """Stop the answer and book what it cost; `wait` as for `Session.cancel`."""
        return run_blocking(self._book("cancelled", wait=wait))

    def reject(self) -> Cost:
        """Do not accept the answer: no cost is confirmed; what the provider may bill all the same is exposure."""
        return run_blocking(self._book("rejected"))

    # ------------------------------------------------------------------------------------------ for the base

    async def _find_means(self) -> Means:
        return self._ask.library.blocking()

    async def _advance(self, pull: Pull) -> None:
        pull.run_blocking()

    async def _stop(self, pull: Pull) -> None:
        pull.stop_blocking()

    def _look_up_later(self, pending: PendingLookup, settlement: Settlement) -> None:
        if self._means is not None:
            in_background(self._look_up, self._means, pending, settlement)

    def _look_up(self, means: Means, pending: PendingLookup, settlement: Settlement) -> None:
        self._hear(settlement, run_blocking(means.lookups.find(pending, self._ask.directory)))

    def _tell_later(self, bill: Bill) -> None:
        self._call(bill)
