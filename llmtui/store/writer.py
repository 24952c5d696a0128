"""The one thread that writes: jobs in order, each a transaction, patient with other processes' locks.

A job may run more than once (a lock can force a transaction to be begun anew), so it must do nothing but speak to the
connection it is given.
"""

from __future__ import annotations

import random
import sqlite3
import time
from typing import TYPE_CHECKING, TypeVar

from llmtui.core.errors import StoreError
from llmtui.store.failures import is_busy

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

T = TypeVar("T")

NOTICE_AFTER_S = 1.0


class Patience:
    """Waits for a lock without limit: short, uneven pauses; a notice once after a second; gives up only when told to."""

    def __init__(self, abandoned: threading.Event, notice: Callable[[str], None] | None) -> None:
        self._abandoned = abandoned
        self._notice = notice
        self._since = time.monotonic()
        self._pause = 0.002

    def wait(self, error: sqlite3.Error) -> None:
        """Wait a moment; raise StoreError when the store is being closed and its time is up."""
        if self._notice and time.monotonic() - self._since >= NOTICE_AFTER_S:
            self._notice("Another program is using the database; waiting for it.")
            self._notice = None
        if self._abandoned.wait(self._pause * random.uniform(0.5, 1.5)):
            raise StoreError(
                "another program held the database until the end",
                advice="What was not written will be put in order at the next start.",
            ) from error
        self._pause = min(self._pause * 1.5, 0.05)


def patiently(read: Callable[[], T], patience: Patience) -> T:
    """What `read` returns, once no lock is in its way."""
    while True:
        try:
            return read()
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
            patience.wait(error)


def transact(connection: sqlite3.Connection, job: Callable[[sqlite3.Connection], T], patience: Patience) -> T:
    """Run the job between BEGIN IMMEDIATE and COMMIT. Raise what the job raises, or sqlite3.Error, with nothing written."""
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
            result = job(connection)
            _commit(connection, patience)
        except sqlite3.OperationalError as error:
            _roll_back(connection)
            if not is_busy(error):
                raise
            patience.wait(error)
        except BaseException:
            _roll_back(connection)
            raise
        else:
            return result


def _commit(connection: sqlite3.Connection, patience: Patience) -> None:
    """Readers may still be at it: the transaction stays open, so only the commit is tried again."""
    while True:
        try:
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if not is_busy(error) or not connection.in_transaction:
                raise
            patience.wait(error)
        else:
            return


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
