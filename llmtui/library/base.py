"""What sessions with and without an event loop have in common: one turn, pulled along, booked once.

Its verbs are coroutines. In `Session` they wait as usual; in `SyncSession` none of them ever suspends, and each is driven
to its end with a single `send`.
"""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from inspect import isawaitable
from typing import TYPE_CHECKING

from llmtui.chat.plan import TurnPlan
from llmtui.chat.pull import Pull, PulledRuntime
from llmtui.chat.turn import Turn
from llmtui.core.errors import ProviderError
from llmtui.library.bills import Bill
from llmtui.library.figures import Figures
from llmtui.library.request import nobody_to_ask

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from llmtui.chat.lookups import Found
    from llmtui.core.cost import Cost
    from llmtui.core.events import StreamChunk
    from llmtui.core.messages import ModelRef
    from llmtui.library.request import Ask
    from llmtui.library.shared import Means
    from llmtui.store.records import PendingLookup, Settlement

_log = logging.getLogger(__name__)


class SourceFailed(ProviderError):
    """A metered source raised; `original` is what, and what the caller gets."""

    kind = "stream_broken"

    def __init__(self, ref: ModelRef, original: Exception) -> None:
        super().__init__(f"the metered source failed: {original!r}", provider=ref.provider, model=ref.name)
        self.original = original


class BaseSession(Figures, ABC):
    """One answer: its chunks, its figures, its bill."""

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask)
        self._means: Means | None = None

    # ------------------------------------------------------------------------------------------ reading

    async def _next(self) -> StreamChunk | None:
        """The next chunk; None at the end. Raise what went wrong, once."""
        chunks = self._feed.chunks
        while not chunks:
            if self.end is not None:
                await self._report(wait=False)
                self._raise_error()
                return None
            await self._go_on()
        return chunks.popleft()

    async def _collect(self) -> str:
        while await self._next() is not None:
            pass
        return self.content

    async def _go_on(self) -> None:
        """Pull the turn on to its next pause; begin it, the first time."""
        pull = self._pull or self._begin(await self._find_means())
        if pull is None:
            return
        try:
            await self._advance(pull)
        except BaseException:
            self._report_dropped()
            raise
        finally:
            self._look_for_end()

    def _begin(self, means: Means) -> Pull | None:
        """Make the turn; None where another task has stopped it before it began."""
        if self._pull is not None or self._booked_by:
            return self._pull
        ask, self._means = self._ask, means
        plan = TurnPlan(
            request=ask.request,
            chain=ask.chain,
            timeouts=ask.timeouts,
            retry=ask.retry,
            conversation_id="",
            user_message_id="",
            answer_message_id="",
            input_tokens=ask.input_tokens,
            gate=ask.gate,
            confirm=nobody_to_ask,
            metadata=ask.metadata,
            purpose=ask.purpose,
            warnings=ask.warnings,
        )
        self._turn = Turn(
            plan,
            runtime=PulledRuntime(means.runtime, self._feed, ask.transport or means.runtime.transport, self._control),
            recorder=self._books,
            sink=self._feed,
            control=self._control,
            breaker=ask.breaker,
        )
        self._turn.id = self.id
        self.start, self._begun_at = datetime.now(UTC), time.monotonic()
        ask.library.sessions.add(self)
        self._pull = Pull(self._turn.run(), self._feed, self._control)
        return self._pull

    def _look_for_end(self) -> None:
        if self.end is None and self._pull is not None and (self._pull.is_over or self._feed.lingers):
            self.end, self._ended_at = datetime.now(UTC), time.monotonic()

    def _raise_error(self) -> None:
        if self.error is not None and self._ask.raise_errors and not self._error_is_told:
            self._error_is_told = True
            raise self.error.original if isinstance(self.error, SourceFailed) else self.error

    # ------------------------------------------------------------------------------------------ booking

    async def _book(self, how: str, *, wait: bool = False) -> Cost:
        """End the turn and see its bill written, once; `wait` for the provider's look-up where there is one."""
        if self._booked_by and how != "left":
            _log.warning("session %s was booked before (%s); %s changes nothing", self.id, self._booked_by, how)
            return self.cost
        self._booked_by = self._booked_by or how
        pull = self._pull
        if pull is not None and not pull.is_over:
            self._control.rejected = how == "rejected"
            try:
                if self._feed.lingers:
                    self._feed.is_decided = True
                    await self._advance(pull)
                else:
                    await self._stop(pull)
            except BaseException:
                self._report_dropped()
                raise
            finally:
                self._look_for_end()
        self.end = self.end or datetime.now(UTC)
        await self._report(wait=wait)
        return self.cost

    async def _report(self, *, wait: bool) -> None:
        """Tell what was settled; what is pending, when the provider has said it."""
        for settlement in self._books.take():
            pending = self._pending(settlement)
            if pending is None:
                await self._tell(self._bill(settlement))
            elif wait and self._means is not None:
                self._found = await self._means.lookups.find(pending, self._ask.directory)
                await self._tell(self._bill(settlement))
            else:
                self._look_up_later(pending, settlement)

    def _pending(self, settlement: Settlement) -> PendingLookup | None:
        known = self._turn.pending if self._turn else []
        return next((one for one in known if one.attempt_id == settlement.attempt_id), None)

    def _bill(self, settlement: Settlement) -> Bill:
        """The settlement as the caller is told it; final, so it is remembered."""
        found = self._found
        usage = settlement.usage
        if found is not None and found.attempt_id == settlement.attempt_id:
            usage = found.usage or usage
        model, cost = self._books.model_of(settlement), self._final_cost(settlement)
        bill = Bill(self.id, self.agent_id, self.metadata, settlement.attempt_id, model, settlement.state, usage, cost)
        self.bills.append(bill)
        return bill

    async def _tell(self, bill: Bill) -> None:
        told = self._call(bill)
        if told is not None:
            try:
                await told
            except Exception:  # noqa: BLE001  (whatever a caller's function raises)
                _log.exception("on_cost failed for attempt %s", bill.attempt_id)

    def _call(self, bill: Bill) -> Awaitable[None] | None:
        """Call back; what is to be awaited then, if anything. A callback's error is its own: the bill is written."""
        if self._ask.on_cost is None:
            return None
        try:
            told = self._ask.on_cost(bill)
        except Exception:  # noqa: BLE001
            _log.exception("on_cost failed for attempt %s", bill.attempt_id)
            return None
        return told if isawaitable(told) else None

    # ------------------------------------------------------------------------------------------ left lying

    def drop(self) -> None:
        """Book what there is, at once, without waiting for anything: nobody reads on. Nothing to do when it is settled."""
        if self._pull is None:
            return
        if not self._pull.is_over:
            self._booked_by = self._booked_by or "dropped"
            self._pull.drop()
            self._look_for_end()
        self._report_dropped()  # also of a turn that has failed by itself, where nobody came to its end

    def __del__(self) -> None:
        if getattr(self, "_pull", None) is not None:
            self.drop()

    def _report_dropped(self) -> None:
        """Tell what can be told without waiting."""
        for settlement in self._books.take():
            pending = self._pending(settlement)
            if pending is not None:
                self._look_up_later(pending, settlement)
            else:
                self._tell_later(self._bill(settlement))

    def _hear(self, settlement: Settlement, found: Found) -> None:
        """A look-up in the background has ended."""
        self._found = found
        self._tell_later(self._bill(settlement))

    # ------------------------------------------------------------------------------------------ with a loop or without

    @abstractmethod
    async def _find_means(self) -> Means:
        """What the session waits and moves bytes with."""

    @abstractmethod
    async def _advance(self, pull: Pull) -> None:
        """On to the turn's next pause."""

    @abstractmethod
    async def _stop(self, pull: Pull) -> None:
        """End the turn where it is."""

    @abstractmethod
    def _look_up_later(self, pending: PendingLookup, settlement: Settlement) -> None:
        """Ask the provider in the background, then `_hear`."""

    @abstractmethod
    def _tell_later(self, bill: Bill) -> None:
        """Call back from where nothing can be awaited."""
