"""Opens the database, whatever state it is in: new, as it was left, older, newer, damaged, emptied, unwritable.

There is always a connection in the end. Where nothing can be kept it is one in memory, with what can be read of the
file copied into it, and the state says so.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.errors import StoreError
from llmtui.paths import make_private
from llmtui.store import emptied, schema
from llmtui.store.connection import connect
from llmtui.store.failures import is_damaged, is_unwritable
from llmtui.store.migrations import NotOurs, migrate, prepare_search, version_of
from llmtui.store.records import StoreState
from llmtui.store.writer import patiently

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llmtui.store.writer import Patience


class Opened(NamedTuple):
    """The writing connection and how the file was found."""

    connection: sqlite3.Connection
    state: StoreState


def open_database(path: Path, patience: Callable[[], Patience], *, suspect: bool = False) -> Opened:
    """Open, make, migrate or rescue the database at `path`; a suspect one is examined first.

    Raise StoreError when not even a database in memory will do, or when the store is closed while waiting for a lock.
    """
    try:
        return _open_file(path, patience, suspect=suspect)
    except (sqlite3.Error, OSError) as error:
        if is_unwritable(error):
            return in_memory(path, "unwritable", f"the database {path} cannot be written ({error})", patience)
        raise StoreError(f"the database {path} cannot be opened: {error}", advice="Run llmtui doctor.") from error


def in_memory(path: Path, kind: str, what: str, patience: Callable[[], Patience]) -> Opened:
    """A database for this session only, with what can be read of the file."""
    from llmtui.store.rescue import copy_readable

    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        migrate(connection, None, patience())
        prepare_search(connection, patience())
        if path.is_file():
            copy_readable(path, connection, patience())
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    sentence = f"{what[0].upper()}{what[1:]}: the chat goes on, and nothing of it will be kept."
    return Opened(connection, StoreState(kind, sentence, ephemeral=True))


def _open_file(path: Path, patience: Callable[[], Patience], *, suspect: bool) -> Opened:
    make_private(path.parent)
    trace = emptied.trace(path)
    if not path.exists():
        _create(path)
    elif path.stat().st_mode & 0o077:
        path.chmod(0o600)
    if not (os.access(path.parent, os.W_OK) and os.access(path, os.W_OK)):
        raise PermissionError(f"{path} is read-only")
    if not suspect:
        try:
            return _bring_up(path, trace, patience)
        except (sqlite3.DatabaseError, NotOurs) as error:
            if not (is_damaged(error) or isinstance(error, NotOurs)):
                raise
    from llmtui.store.rescue import set_aside

    aside = set_aside(path, patience)
    opened = _bring_up(path, None, patience)
    if not aside:
        return opened
    sentence = f"The database {path} was damaged. It is kept as {aside.name}; what could be read of it was copied into a new one."
    return opened._replace(state=StoreState("set_aside", sentence, set_aside=str(aside)))


def _create(path: Path) -> None:
    """An empty file of ours alone. Never opens one that exists: closing it would drop SQLite's locks in this process."""
    with suppress(FileExistsError):  # another process was quicker
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _bring_up(path: Path, trace: emptied.Trace | None, patience: Callable[[], Patience]) -> Opened:
    connection = patiently(lambda: connect(path), patience())
    try:
        version = patiently(lambda: version_of(connection), patience())
        if version > schema.VERSION:
            connection.close()
            what = (
                f"the database {path} was written by a newer llmtui (schema {version}, this one knows {schema.VERSION})"
                " and is only read until you update"
            )
            return in_memory(path, "newer", what, patience)
        if version < schema.VERSION:
            version = migrate(connection, path, patience())
        patiently(lambda: prepare_search(connection, patience()), patience())
    except BaseException:
        connection.close()
        raise
    if version == 0 and trace is not None:
        return Opened(connection, trace.keep(path))
    kind = "new" if version == 0 else "migrated" if version < schema.VERSION else "opened"
    return Opened(connection, StoreState(kind))
