"""A connection of the kind that every part of the store uses."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BUSY_TIMEOUT_S = 0.06
"""Short: who waits longer does so with pauses of his own, and says so."""


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open a database that is there. A reader, too, opens it for writing: it may have to roll back what a crash left.

    A writer's connection reads the file at once: raise sqlite3.OperationalError where somebody holds the lock (see
    `patiently`), with nothing left open.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        if read_only:
            connection.execute("PRAGMA query_only = ON")
            return connection
        # TRUNCATE: a WAL can be corrupted by two writing processes before SQLite 3.51.3, and does not work on network folders.
        connection.execute("PRAGMA journal_mode = TRUNCATE").fetchone()
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection
