"""A damaged database is set aside, never deleted; what can be read of it is copied into a new one.

The new file is complete before it takes the old one's place, so a crash on the way loses nothing. Processes that still
have the old one open notice at their next write (SQLite tells them that it moved) and open the new one.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from llmtui.store.connection import BUSY_TIMEOUT_S, connect
from llmtui.store.failures import is_busy
from llmtui.store.migrations import migrate, prepare_search, version_of
from llmtui.store.writer import patiently, transact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from llmtui.store.writer import Patience

TABLES = ("conversations", "messages", "attachments", "partials", "attempts", "drafts", "prompts", "outbox")
"""In an order that satisfies the foreign keys."""

_ORPHANS = """
INSERT INTO conversations (id, title, created_at, updated_at, leaf_id)
SELECT conversation_id, '(recovered)', min(created_at), max(created_at), NULL FROM messages
WHERE conversation_id NOT IN (SELECT id FROM conversations) GROUP BY conversation_id
"""
_LOST_LEAVES = """
UPDATE conversations SET leaf_id = (SELECT id FROM messages WHERE conversation_id = conversations.id ORDER BY seq DESC LIMIT 1)
WHERE leaf_id IS NULL OR leaf_id NOT IN (SELECT id FROM messages)
"""


def set_aside(path: Path, patience: Callable[[], Patience]) -> Path | None:
    """Put a new database in the place of a damaged one; where the old one is now. None: it was sound after all."""
    lock = sqlite3.connect(path.with_name(f"{path.name}.rescue-lock"), timeout=0, isolation_level=None)
    try:
        patiently(lambda: lock.execute("BEGIN EXCLUSIVE"), patience())
        if _is_sound(path, patience):
            return None  # another process has done it
        draft = path.with_name(f"{path.name}.rescued-{os.getpid()}")
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        new = connect(draft)
        try:
            migrate(new, None, patience())
            prepare_search(new, patience())
            copy_readable(path, new, patience())
        finally:
            new.close()
        return _exchange(path, draft)
    finally:
        lock.close()  # its empty file stays: others may be waiting for it


def _is_sound(path: Path, patience: Callable[[], Patience]) -> bool:
    def look() -> bool:
        with closing(connect(path)) as connection:
            if version_of(connection) == 0:
                return connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")

    try:
        return patiently(look, patience())  # a lock says nothing against a database
    except sqlite3.DatabaseError:
        return False


def _exchange(path: Path, draft: Path) -> Path:
    stamp, number = time.strftime("%Y%m%d-%H%M%S"), 1
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    journal = path.with_name(f"{path.name}-journal")
    if journal.exists() and journal.stat().st_size:
        journal.replace(aside.with_name(f"{aside.name}-journal"))
    try:
        aside.hardlink_to(path)  # then there is no moment without a database
    except OSError:
        path.replace(aside)
    draft.replace(path)
    draft.with_name(f"{draft.name}-journal").unlink(missing_ok=True)
    return aside


def copy_readable(path: Path, target: sqlite3.Connection, patience: Patience) -> int:
    """Copy every row that can still be read into a database of this program's schema; the number of rows.

    What another process has locked is not unreadable: it is waited for.
    """
    target.execute("PRAGMA foreign_keys = OFF")
    address = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as source:
        source.execute("PRAGMA writable_schema = ON")  # then a broken line of the schema spoils only its own table
        source.text_factory = lambda data: data.decode("utf-8", "replace")
        return transact(target, lambda target: _copy_all(source, target), patience)


def _copy_all(source: sqlite3.Connection, target: sqlite3.Connection) -> int:
    copied = sum(_copy_table(source, target, table) for table in TABLES)
    target.execute(_ORPHANS)
    target.execute(_LOST_LEAVES)
    return copied


def _copy_table(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> int:
    columns = [row[1] for row in target.execute(f"PRAGMA table_info({table})")]
    try:
        there = {row[1] for row in source.execute(f"PRAGMA table_info({table})")}
    except sqlite3.DatabaseError as error:
        _raise_busy(error)
        return 0
    names = ", ".join(name for name in columns if name in there)
    if not names:
        return 0
    marks = ", ".join("?" * len(names.split(", ")))
    insert = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
    copied = 0
    for row in _rows(source, f"SELECT {names} FROM {table}", backwards=table != "attachments"):  # noqa: S608
        try:
            copied += target.execute(insert, row).rowcount
        except sqlite3.IntegrityError:  # a row that makes no sense any more
            continue
    return copied


def _rows(source: sqlite3.Connection, query: str, *, backwards: bool) -> Iterator[Sequence[Any]]:
    """The rows up to the first unreadable one, then from the other end; some may come twice."""
    try:
        yield from source.execute(query)
    except sqlite3.DatabaseError as error:
        _raise_busy(error)
        if not backwards:
            return
        try:
            yield from source.execute(f"{query} ORDER BY rowid DESC")
        except sqlite3.DatabaseError as error:
            _raise_busy(error)
            return


def _raise_busy(error: sqlite3.Error) -> None:
    if is_busy(error):
        raise error
