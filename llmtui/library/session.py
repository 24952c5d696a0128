"""A session under asyncio."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from llmtui.library.base import BaseSession

if TYPE_CHECKING:
    from types import TracebackType

    from llmtui.chat.pull import Pull
    from llmtui.core.cost import Cost
    from llmtui.core.events import StreamChunk
    from llmtui.library.bills import Bill
    from llmtui.library.request import Ask
    from llmtui.library.shared import Means
    from llmtui.store.records import PendingLookup, Settlement

_log = logging.getLogger(__name__)


class Session(BaseSession):
    """An answer as an async context manager and an async iterator of chunks.

    What it cost is booked by `settle`, `cancel`, `reject` or on leaving the context, whichever comes first; an error books
    by itself, and so does a session that is left lying.
    """

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Future[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._book("left")

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StreamChunk:
        """The next chunk. Raise the LlmtuiError that ended the answer, once; the text so far stays in `content`."""
        chunk = await self._next()
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    async def collect(self) -> str:
        """Read to the end; the whole text. Books nothing. Raise as iterating does."""
        return await self._collect()

    async def settle(self) -> Cost:
        """Book it, and wait until that is written; what it cost. An answer that is still arriving is stopped."""
        return await self._book("settled")

    async def cancel(self, *, wait: bool = True) -> Cost:
        """Stop the answer and book what it cost. Where the provider can be asked for that, `wait` for what it says (up to
        a minute); else it is asked in the background, and `cost.pending` is true until then.

        May be called while another task is reading; its iteration then ends.
        """
        return await self._book("cancelled", wait=wait)

    async def reject(self) -> Cost:
        """Do not accept the answer (it is empty, a refusal, of no use): no cost is confirmed; what the provider may bill
        all the same is recorded as exposure."""
        return await self._book("rejected")

    # ------------------------------------------------------------------------------------------ for the base

    async def _find_means(self) -> Means:
        self._loop = asyncio.get_running_loop()
        return await self._ask.library.on_loop()

    async def _advance(self, pull: Pull) -> None:
        await pull.run()

    async def _stop(self, pull: Pull) -> None:
        await pull.stop()

    def _look_up_later(self, pending: PendingLookup, settlement: Settlement) -> None:
        loop, means = self._loop, self._means
        if loop is None or means is None:
            return

        def start() -> None:
            means.lookups.start(pending, self._ask.directory, lambda found: self._hear(settlement, found))

        with suppress(RuntimeError):  # the loop is closed: it stays pending, and the next session asks
            loop.call_soon_threadsafe(start)

    def _tell_later(self, bill: Bill) -> None:
        if self._loop is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._tell_in_task, bill)
            return
        told = self._call(bill)
        if told is not None:
            _log.error(
                "attempt %s was booked after the event loop had ended: on_cost cannot be awaited", bill.attempt_id
            )
            if asyncio.iscoroutine(told):
                told.close()

    def _tell_in_task(self, bill: Bill) -> None:
        task = asyncio.ensure_future(self._tell(bill))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
