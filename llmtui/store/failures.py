"""What SQLite's errors mean here: wait, rescue, go on without storage, or say so in one sentence."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from llmtui.core.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_UNWRITABLE = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
)


def _primary(error: BaseException) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def is_busy(error: BaseException) -> bool:
    """Somebody else holds the lock: wait and try again."""
    return _primary(error) in _BUSY


def is_damaged(error: BaseException) -> bool:
    """The file is no database, or a broken one."""
    return _primary(error) in _DAMAGED or (isinstance(error, sqlite3.DatabaseError) and "malformed" in str(error))


def is_moved(error: BaseException) -> bool:
    """The file was renamed or removed under an open connection."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY_DBMOVED


def is_unwritable(error: BaseException) -> bool:
    """Full, failing or protected: nothing can be written at the moment."""
    return isinstance(error, OSError) or (_primary(error) in _UNWRITABLE and not is_moved(error))


def explain(error: BaseException, path: Path) -> StoreError:
    """What SQLite or the system says, as a sentence and a way on."""
    code = _primary(error)
    if code == sqlite3.SQLITE_FULL:
        return StoreError(f"the disk is full: {path} cannot be written", advice="Make room, then try again.")
    if is_damaged(error):
        return StoreError(f"the database {path} is damaged", advice="Start llmtui again: what can be saved will be.")
    if is_unwritable(error):
        return StoreError(
            f"the database {path} cannot be written ({error})",
            advice="Check the disk and the folder's permissions, or name another folder by LLMTUI_DATA_DIR.",
        )
    return StoreError(f"the database refused: {error}", advice="Run llmtui doctor.")
