"""What the sessions of a process share: the store, connections, the directory of providers.

Opened when the first session needs it and kept until the program ends, so that the second one finds warm connections.
Connections belong to an event loop and are closed with it; the store is closed when the main thread has ended, after
every session that was left lying has booked.
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary, WeakSet

from llmtui.chat.breaker import CircuitBreaker
from llmtui.chat.directory import Directory
from llmtui.chat.lookups import Lookups
from llmtui.chat.runtime import AsyncRuntime, BlockingRuntime, run_blocking
from llmtui.config import load_config
from llmtui.core.errors import LlmtuiError
from llmtui.paths import locate
from llmtui.store.database import Store

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from llmtui.chat.runtime import Runtime
    from llmtui.config import Config
    from llmtui.library.base import BaseSession
    from llmtui.paths import Paths
    from llmtui.providers.transport import Transport

_log = logging.getLogger(__name__)


class Means(NamedTuple):
    """How sessions wait, move bytes and ask about costs: one for each event loop, one for those without."""

    runtime: Runtime
    lookups: Lookups


class Library:
    """All that the sessions on one database have in common."""

    def __init__(self, database: Path | None, paths: Paths) -> None:
        """Without a `database` nothing is written, and no budget can be kept."""
        self.config: Config = load_config(None, os.environ)
        self.directory = Directory(self.config, os.environ, paths)
        self.breaker = CircuitBreaker(self.config.retry)
        self.store = Store(database, notice=_log.warning) if database is not None else None
        self.sessions: WeakSet[BaseSession] = WeakSet()
        self._loops: WeakKeyDictionary[AbstractEventLoop, tuple[Means, AsyncGenerator[None, None]]] = (
            WeakKeyDictionary()
        )
        self._blocking: Means | None = None
        self._lock = threading.Lock()

    async def on_loop(self) -> Means:
        """The means of the running event loop."""
        import asyncio

        from llmtui.providers._http import AsyncTransport

        loop = asyncio.get_running_loop()
        known = self._loops.get(loop)
        if known is not None:
            return known[0]
        transport = AsyncTransport()
        runtime = AsyncRuntime(transport)
        means = Means(runtime, Lookups(runtime, self.store))
        # A loop that ends in order closes its generators, and so this one closes what belongs to the loop.
        keeper = _kept_open(means.lookups, transport)
        self._loops[loop] = means, keeper
        await anext(keeper)
        means.lookups.resume(self.directory)
        return means

    def blocking(self) -> Means:
        """The means of those without an event loop."""
        from llmtui.providers._http import BlockingTransport

        with self._lock:
            if self._blocking is None:
                runtime = BlockingRuntime(BlockingTransport())
                self._blocking = Means(runtime, Lookups(runtime, self.store))
                if self.store is not None:
                    in_background(self._resume, self._blocking.lookups)
            return self._blocking

    def _resume(self, lookups: Lookups) -> None:
        """Ask about what earlier sessions left pending."""
        assert self.store is not None
        try:
            for pending in self.store.ledger.pending_lookups():
                run_blocking(lookups.find(pending, self.directory))
        except LlmtuiError as error:
            _log.warning("what is pending could not be read: %s", error.sentence)

    def close(self) -> None:
        """Book what lies about, write what is queued, close the connections of those without a loop."""
        for session in list(self.sessions):
            with suppress(ValueError):  # a thread is in the middle of it: what it has not booked, the next start does
                session.drop()
        if self.store is not None and not self.store.close():
            _log.error("the database was not written to the end; the next start puts it in order")
        if self._blocking is not None:
            run_blocking(self._blocking.runtime.transport.close())


async def _kept_open(lookups: Lookups, transport: Transport) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        await lookups.close()
        await transport.close()


def in_background(function: object, *facts: object) -> None:
    """Run it in a thread that nobody waits for."""
    threading.Thread(target=function, args=facts, name="llmtui-lookups", daemon=True).start()  # type: ignore[arg-type]


_open: dict[tuple[int, Path | None, Path], Library] = {}
_opening = threading.Lock()


def library_for(*, store: bool | Path) -> Library:
    """What sessions on that store share: True is the program's own database, False none. Raise ConfigError."""
    paths = locate(os.environ)
    database = (paths.database if store else None) if isinstance(store, bool) else store
    key = (os.getpid(), database, paths.config_file)  # a forked child has none of its parent's threads
    with _opening:
        if key not in _open:
            _open[key] = Library(database, paths)
            if database is not None:
                threading.Thread(target=_close_at_end, args=(_open[key],), name="llmtui-end", daemon=True).start()
        return _open[key]


def _close_at_end(library: Library) -> None:
    """A daemon still runs while the interpreter waits for the store's thread, which ends with this."""
    threading.main_thread().join()
    library.close()


def close() -> None:
    """Close what the sessions of this process share; a later session opens it anew. Not needed at a program's end."""
    with _opening:
        mine = [key for key in _open if key[0] == os.getpid()]
        libraries = [_open.pop(key) for key in mine]
    for library in libraries:
        library.close()
