"""Asks a provider what a request cost that was broken off: the estimate stands meanwhile, marked pending.

The provider does not know at once, so it is asked six times within a minute. What it says replaces the estimate; where it
never says, the estimate stays. What was not asked to the end (the program went away, the provider could not be reached)
is asked again by the next session.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from llmtui.chat.control import TurnControl
from llmtui.core.cost import Cost, Resolution, round_to_nanos
from llmtui.core.errors import AuthenticationFailed, LlmtuiError, PermissionDenied, ProviderError
from llmtui.providers.base import LooksUp
from llmtui.providers.registry import adapter

if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Awaitable, Callable

    from llmtui.chat.directory import Directory
    from llmtui.chat.runtime import Runtime
    from llmtui.core.usage import Usage
    from llmtui.providers.base import Target
    from llmtui.store.database import Store
    from llmtui.store.records import PendingLookup

_log = logging.getLogger(__name__)

WAITS_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""How long is waited before each question."""
ANSWER_S = 10.0
_ANSWER_BYTES = 256 * 1024
_AT_ONCE = 4
"""So many at a time are asked about in the background."""


class Found(NamedTuple):
    """How a look-up ended."""

    attempt_id: str
    usage: Usage | None
    """None: the provider does not know, and the estimate stands."""
    cost: Cost
    """Resolved, or unknown; pending: it could not be asked, and will be by the next session."""


class Lookups:
    """Asks about pending estimates with a runtime's means of waiting."""

    def __init__(
        self,
        runtime: Runtime,
        store: Store | None,
        *,
        sleep: Callable[[float], Awaitable[None]] | None = None,
        told: Callable[[Found], None] | None = None,
    ) -> None:
        """Without a `store` nothing is written. `told` hears of each final figure of a look-up in the background, once."""
        self._runtime = runtime
        self._store = store
        self._sleep = sleep or self._wait
        self.told = told
        self._running: set[Task[None]] = set()
        self._listening: dict[str, list[Callable[[Found], None]]] = {}
        """Who hears of an attempt that has been asked about: what this session stops may, for a moment, look like what an
        earlier one left behind, and nothing is asked or told twice."""
        self._closed = False

    # ------------------------------------------------------------------------------------------ one estimate

    async def find(self, pending: PendingLookup, directory: Directory) -> Found:
        """Ask until the provider says, and put the ledger right; takes about a minute at most. Raises no LlmtuiError."""
        waiting = Found(pending.attempt_id, None, Cost(None, Resolution.UNKNOWN, pending=True))
        try:
            target = await self._runtime.call(lambda: directory.target(pending.provider))
        except LlmtuiError as error:
            _log.info("attempt %s cannot be looked up: %s", pending.attempt_id, error.sentence)
            return waiting
        speaks = adapter(target.wire)
        if not isinstance(speaks, LooksUp):
            return waiting
        try:
            usage, was_reached = await self._ask_until_known(speaks, target, pending.response_id)
            if usage is None and not was_reached:
                return waiting
            return await self._write(pending, usage)
        except LlmtuiError as error:
            _log.warning("the look-up of attempt %s came to nothing: %s", pending.attempt_id, error.sentence)
            return waiting

    async def _ask_until_known(self, speaks: LooksUp, target: Target, response_id: str) -> tuple[Usage | None, bool]:
        """The usage, and whether the provider ever answered for it. Raise where asking on is pointless (a bad key)."""
        was_reached = False
        for wait_s in WAITS_S:
            await self._sleep(wait_s)
            try:
                status, body = await self._ask(speaks, target, response_id)
            except ProviderError:
                continue
            was_reached = was_reached or status in (200, 404)
            if status == 200 and (usage := speaks.parse_generation(body)) is not None:
                return usage, True
            if status == 401:
                raise AuthenticationFailed(f"{target.name} refused the key")
            if status == 403:
                raise PermissionDenied(f"{target.name} does not allow the question")
        return None, was_reached

    async def _ask(self, speaks: LooksUp, target: Target, response_id: str) -> tuple[int, bytes]:
        wire = speaks.generation(target, response_id)
        response = await self._runtime.transport.open(wire, target, connect_s=ANSWER_S, header_s=ANSWER_S)
        try:
            response.limit(ANSWER_S)
            return response.status, await response.body(_ANSWER_BYTES)
        finally:
            await response.close()

    async def _write(self, pending: PendingLookup, usage: Usage | None) -> Found:
        """Replace the estimate, or leave it and stop asking."""
        cost = Cost(None, Resolution.UNKNOWN)
        if usage is not None and usage.cost_usd is not None:
            cost = Cost(round_to_nanos(usage.cost_usd), Resolution.RESOLVED, "provider")
        if self._store is not None:
            await self._runtime.wait(self._store.ledger.resolve_pending(pending.attempt_id, usage, cost))
        return Found(pending.attempt_id, usage, cost)

    async def _wait(self, seconds: float) -> None:
        await self._runtime.sleep(seconds, TurnControl())

    # ------------------------------------------------------------------------------------------ in the background

    def start(self, pending: PendingLookup, directory: Directory, told: Callable[[Found], None] | None = None) -> None:
        """Ask in a task of the running event loop."""
        if self._claim(pending, told or self._tell):
            self._spawn([pending], directory)

    def resume(self, directory: Directory) -> None:
        """Ask, in a task of the running event loop, about everything that earlier sessions left pending."""
        self._spawn(None, directory)

    def _claim(self, pending: PendingLookup, told: Callable[[Found], None]) -> bool:
        """Whether the attempt has not been asked about yet; `told` hears of it either way."""
        is_new = pending.attempt_id not in self._listening
        listening = self._listening.setdefault(pending.attempt_id, [])
        if told not in listening:
            listening.append(told)
        return is_new

    def _deliver(self, found: Found) -> None:
        for told in self._listening[found.attempt_id]:
            told(found)

    def _tell(self, found: Found) -> None:
        if self.told is not None and not found.cost.pending:
            self.told(found)

    def _spawn(self, pending: list[PendingLookup] | None, directory: Directory) -> None:
        import asyncio

        if self._closed:
            return  # it stays pending: the next session asks
        task = asyncio.get_running_loop().create_task(self._find_all(pending, directory))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _find_all(self, pending: list[PendingLookup] | None, directory: Directory) -> None:
        import asyncio

        gate = asyncio.Semaphore(_AT_ONCE)

        async def find(one: PendingLookup) -> None:
            async with gate:
                found = await self.find(one, directory)
            self._deliver(found)

        if pending is None:
            pending = [one for one in await self._left_behind() if self._claim(one, self._tell)]
        await asyncio.gather(*(find(one) for one in pending))

    async def _left_behind(self) -> list[PendingLookup]:
        store = self._store
        if store is None:
            return []
        try:
            return await self._runtime.call(store.ledger.pending_lookups)
        except LlmtuiError as error:
            _log.warning("what is pending could not be read: %s", error.sentence)
            return []

    async def drain(self) -> None:
        """Until everything that was started has been asked."""
        import asyncio

        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    async def close(self) -> None:
        """Stop asking; what is not known by now stays pending."""
        self._closed = True
        for task in list(self._running):
            task.cancel()
        await self.drain()


class ThreadedLookups(Lookups):
    """The same for a program that stays open without an event loop: in threads nobody waits for, with connections of
    their own. What is not known when the program ends stays pending."""

    def _spawn(self, pending: list[PendingLookup] | None, directory: Directory) -> None:
        import threading

        if not self._closed:
            facts = (pending, directory)
            threading.Thread(target=self._find_here, args=facts, name="llmtui-lookups", daemon=True).start()

    def _find_here(self, pending: list[PendingLookup] | None, directory: Directory) -> None:
        from llmtui.chat.runtime import BlockingRuntime, run_blocking

        if pending is None:
            pending = [one for one in run_blocking(self._left_behind()) if self._claim(one, self._tell)]
        if not pending or self._closed:
            return
        from llmtui.providers._http import BlockingTransport

        runtime = BlockingRuntime(BlockingTransport(lean=True))
        asked = Lookups(runtime, self._store)
        for one in pending:
            self._deliver(run_blocking(asked.find(one, directory)))
        run_blocking(runtime.transport.close())

    async def close(self) -> None:
        """Begin nothing more."""
        self._closed = True
