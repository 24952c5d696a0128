"""The store: one thread owns the only writing connection; everybody else puts jobs on its queue or reads for himself.

Nothing here blocks the thread that makes a Store: opening, migrating and putting in order what a crash left happen in
the writer's thread, and `ready` says how it went.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from concurrent.futures import Future
from functools import cached_property
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from llmtui.core.errors import LlmtuiError, StoreError
from llmtui.store.connection import connect
from llmtui.store.failures import explain, is_damaged, is_moved, is_unwritable
from llmtui.store.opening import in_memory, open_database
from llmtui.store.owner import this_process
from llmtui.store.records import StoreState
from llmtui.store.sweep import is_needed, sweep
from llmtui.store.writer import Patience, patiently, transact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from llmtui.store.analytics import Analytics
    from llmtui.store.conversations import Conversations
    from llmtui.store.ledger import Ledger
    from llmtui.store.outbox import Outbox
    from llmtui.store.records import SweptAttempt
    from llmtui.store.search import Search
    from llmtui.store.typed import Drafts, Prompts

T = TypeVar("T")
_log = logging.getLogger(__name__)

_CLOSE = object()
_WATCH_S = 1.0
"""How often an idle writer looks whether the program has ended without closing the store."""


class Store:
    """The database at `path`, opened in the background; made, migrated or rescued when it must be."""

    ready: Future[StoreState]
    """How the database was found. StoreError when it cannot be used at all."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        notice: Callable[[str], None] | None = None,
    ) -> None:
        """`clock` gives seconds since 1970; `notice` is told, in the writer's thread, what a person should know."""
        self.path = path
        self.ready = Future()
        self.owner = this_process()
        self._clock = clock
        self._notice = notice
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._abandoned = threading.Event()
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        self._state = StoreState("opened")
        self._owed: list[Callable[[sqlite3.Connection], Any]] = []
        self._thread = threading.Thread(target=self._run, name="llmtui-store")
        self._thread.start()

    # ------------------------------------------------------------------------------------------ for everybody

    def now(self) -> int:
        """Milliseconds since 1970, UTC."""
        return int(self._clock() * 1000)

    @property
    def state(self) -> StoreState:
        """How things stand now: as `ready`, until `detach` or damage found later. Waits until the database is open."""
        self.ready.result()
        return self._state

    def submit(self, job: Callable[[sqlite3.Connection], T], *, owed: bool = False) -> Future[T]:
        """Run the job in a transaction of its own, after all that were submitted before.

        Never blocks. The future fails with what the job raised, or with StoreError when nothing could be written. A lock
        of another process can make a job run a second time: it must do nothing but speak to its connection. What is
        `owed` is not given up when the disk is full: it is tried again before every later job and at the end.
        """
        future: Future[T] = Future()
        if self._closed:
            future.set_exception(StoreError("the database has been closed"))
        else:
            self._queue.put((job, future, owed))
        return future

    def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run the job on a connection of its own, in the calling thread; it must fetch its rows whole.

        Waits until the database is open. Raise StoreError when it cannot be read.
        """
        self.ready.result()
        if self._state.ephemeral:
            return self.submit(job).result()
        patience = Patience(self._abandoned, self._notice)
        try:
            connection = connect(self.path, read_only=True)
            try:
                return patiently(lambda: _snapshot(connection, job), patience)
            finally:
                connection.close()
        except (sqlite3.Error, OSError) as error:
            raise explain(error, self.path) from error

    def detach(self) -> Future[StoreState]:
        """Go on in memory for the rest of the session, because nothing can be written: a full disk, a folder taken away."""
        future: Future[StoreState] = Future()
        self._queue.put((None, future, False))
        return future

    def close(self, timeout: float = 5.0) -> bool:
        """Write what is queued, then end; False when that was not done in `timeout` seconds.

        What is left then is given up: its futures fail, and the next start puts it in order.
        """
        self._closed = True
        self._queue.put(_CLOSE)
        self._thread.join(timeout)
        in_time = not self._thread.is_alive()
        self._abandoned.set()
        return in_time

    @cached_property
    def conversations(self) -> Conversations:
        """Conversations and their messages."""
        from llmtui.store.conversations import Conversations

        return Conversations(self)

    @cached_property
    def ledger(self) -> Ledger:
        """Attempts, what they cost, and the gate of the budget."""
        from llmtui.store.ledger import Ledger

        return Ledger(self)

    @cached_property
    def search(self) -> Search:
        """Full-text search: call it with a text."""
        from llmtui.store.search import Search

        return Search(self)

    @cached_property
    def analytics(self) -> Analytics:
        """The figures of the usage screen."""
        from llmtui.store.analytics import Analytics

        return Analytics(self)

    @cached_property
    def prompts(self) -> Prompts:
        """What was sent, to be called back."""
        from llmtui.store.typed import Prompts

        return Prompts(self)

    @cached_property
    def drafts(self) -> Drafts:
        """What was typed and not sent."""
        from llmtui.store.typed import Drafts

        return Drafts(self)

    @cached_property
    def outbox(self) -> Outbox:
        """Questions that wait for their provider."""
        from llmtui.store.outbox import Outbox

        return Outbox(self)

    # ------------------------------------------------------------------------------------------ the writer's thread

    def _run(self) -> None:
        try:
            self._open()
        except LlmtuiError as error:
            self.ready.set_exception(error)
        except Exception as error:  # noqa: BLE001  (whoever waits for `ready` is told)
            _log.exception("the store could not be opened")
            self.ready.set_exception(explain(error, self.path))
        for job, future, owed in self._jobs():
            if future.set_running_or_notify_cancel():
                self._answer(job, future, owed=owed)
        self._pay()
        if self._owed:
            _log.error(
                "%d settled attempts could not be written; the next start books them as estimates", len(self._owed)
            )
        if self._connection is not None:
            self._connection.close()

    def _jobs(self) -> Iterator[tuple[Any, Future[Any], bool]]:
        """What is on the queue, until the store is closed or the program has ended; then what is left."""
        while True:
            try:
                item = self._queue.get(timeout=_WATCH_S)
            except Empty:
                if threading.main_thread().is_alive():
                    continue
                return
            if item is _CLOSE:
                break
            yield item
        while not self._queue.empty():
            if (item := self._queue.get()) is not _CLOSE:
                yield item

    def _answer(self, job: Callable[[sqlite3.Connection], Any] | None, future: Future[Any], *, owed: bool) -> None:
        self._pay()
        try:
            result = self._detach() if job is None else self._write(job)
        except LlmtuiError as error:
            future.set_exception(error)
        except (sqlite3.Error, OSError) as error:
            _log.warning("not written: %s", error)
            if owed and job is not None and is_unwritable(error):
                self._owed.append(job)
            future.set_exception(explain(error, self.path))
        except BaseException as error:  # noqa: BLE001  (the thread must live; who waits for the job is told)
            future.set_exception(error)
        else:
            future.set_result(result)

    def _write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connection
        if connection is None:
            raise StoreError("the database could not be opened") from self.ready.exception()
        try:
            return transact(connection, job, self._patience())
        except sqlite3.DatabaseError as error:
            if self._state.ephemeral or not (is_damaged(error) or is_moved(error)):
                raise
            self._reopen(suspect=is_damaged(error))
            return transact(self._connection or connection, job, self._patience())

    def _pay(self) -> None:
        """Write what a full disk has kept from being written."""
        while self._owed:
            try:
                self._write(self._owed[0])
            except (sqlite3.Error, OSError, LlmtuiError):
                return
            del self._owed[0]

    def _patience(self) -> Patience:
        return Patience(self._abandoned, self._notice)

    def _open(self) -> None:
        self._connection, state = open_database(self.path, self._patience)
        self._state = state._replace(swept=self._sweep(self._connection))
        self.ready.set_result(self._state)
        _ = self.conversations, self.ledger  # imported here, not when a question is sent

    def _sweep(self, connection: sqlite3.Connection) -> tuple[SweptAttempt, ...]:
        if not patiently(lambda: is_needed(connection, self.now()), self._patience()):
            return ()
        return transact(connection, lambda connection: sweep(connection, self.now()), self._patience())

    def _reopen(self, *, suspect: bool) -> None:
        """The file was moved, or is damaged: go on with the one that is in its place, or with what can be rescued."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._state = open_database(self.path, self._patience, suspect=suspect)
        if self._state.sentence:
            _log.warning("%s", self._state.sentence)
            if self._notice:
                self._notice(self._state.sentence)

    def _detach(self) -> StoreState:
        if not self._state.ephemeral:
            if self._connection is not None:
                self._connection.close()
            what = f"the database {self.path} cannot be written"
            self._connection, self._state = in_memory(self.path, "unwritable", what, self._patience)
        return self._state


def _snapshot(connection: sqlite3.Connection, job: Callable[[sqlite3.Connection], T]) -> T:
    """All that the job reads is of one moment."""
    try:
        connection.execute("BEGIN")
        return job(connection)
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
