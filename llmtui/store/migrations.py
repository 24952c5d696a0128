"""Brings a database to this program's schema: each step one transaction, the old file backed up before the first.

Two processes may start at once: the version is read again inside the lock, so that only one of them migrates.
"""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING

from llmtui.store import schema
from llmtui.store.writer import transact

if TYPE_CHECKING:
    from pathlib import Path

    from llmtui.store.writer import Patience


class NotOurs(Exception):
    """The file is a database, but no database of llmtui's."""


def version_of(connection: sqlite3.Connection) -> int:
    """The schema version of the file; 0 for an empty one."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def migrate(connection: sqlite3.Connection, path: Path | None, patience: Patience) -> int:
    """Take the missing steps and return the version from which this process took the first (the newest: it took none).

    `path` is None for a database in memory.
    """
    migrations = schema.MIGRATIONS
    started_from: int | None = None

    def step(connection: sqlite3.Connection) -> int:
        current = version_of(connection)
        if current >= len(migrations):
            return current
        if current == 0 and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise NotOurs
        if current and started_from is None and path is not None:
            back_up(path, current)
        for statement in migrations[current]:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {current + 1}")
        return current

    version = 0
    while version < len(migrations):
        done = transact(connection, step, patience)
        if done < len(migrations) and started_from is None:
            started_from = done
        version = done + 1
    return len(migrations) if started_from is None else started_from


def back_up(path: Path, version: int) -> Path:
    """A copy beside the database, named by version and time, complete or not there at all."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    target = path.with_name(f"{path.name}.v{version}-{stamp}.bak")
    draft = path.with_name(f".{target.name}.part")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    source, copy = sqlite3.connect(path), sqlite3.connect(draft)
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()
    draft.replace(target)
    return target


def prepare_search(connection: sqlite3.Connection, patience: Patience) -> bool:
    """Make the search index when this SQLite can keep one, or stop keeping one that it cannot; whether there is one."""
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE name GLOB 'messages_fts*'")}
    has_index, has_triggers = "messages_fts" in names, names.issuperset(schema.SEARCH_TRIGGER_NAMES)
    able = _can_index(connection)
    if able == has_triggers and (has_index or not able):
        return able

    def start(connection: sqlite3.Connection) -> None:
        create, rebuild = schema.SEARCH_INDEX
        connection.execute(create)
        connection.execute(rebuild)
        for trigger in schema.SEARCH_TRIGGERS:
            connection.execute(trigger)

    def stop(connection: sqlite3.Connection) -> None:
        for name in schema.SEARCH_TRIGGER_NAMES:
            connection.execute(f"DROP TRIGGER IF EXISTS {name}")

    transact(connection, start if able else stop, patience)
    return able


def _can_index(connection: sqlite3.Connection) -> bool:
    if sqlite3.sqlite_version_info < (3, 34):
        return False
    return connection.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").fetchone() is not None
