"""A database file of no bytes where data was: seen before SQLite opens it, for SQLite takes it for a new one.

The rollback journal stays behind after every transaction, emptied; one that still has content says how many pages the
database had when its transaction began. Either beside an empty database tells that something was lost.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from llmtui.store.records import StoreState

if TYPE_CHECKING:
    from pathlib import Path

_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")


class Trace(NamedTuple):
    """What speaks for lost data, taken before the database was opened."""

    journal: bytes
    """The journal's content, where it has any: SQLite will remove it."""

    def keep(self, path: Path) -> StoreState:
        """Put the traces where they can be found, and say what happened."""
        stamp = time.strftime("%Y%m%d-%H%M%S")
        kept = ""
        if self.journal:
            target = path.with_name(f"{path.name}.lost-{stamp}-journal")
            target.touch(mode=0o600)
            target.write_bytes(self.journal)
            kept = f" What was left is kept as {target.name}."
        backups = sorted(path.parent.glob(f"{path.name}.v*.bak"))
        if backups:
            kept += f" There is a backup of an earlier version: {backups[-1].name}."
        sentence = f"The database {path} was empty although it had held data; a new one has been started.{kept}"
        return StoreState("set_aside", sentence, set_aside=str(target) if self.journal else "")


def trace(path: Path) -> Trace | None:
    """The traces of lost data beside an empty database file; None where there are none, or the file is not empty."""
    try:
        if path.stat().st_size:
            return None
    except FileNotFoundError:
        return None
    journal = path.with_name(f"{path.name}-journal")
    try:
        content = journal.read_bytes()
    except FileNotFoundError:
        return Trace(b"") if any(path.parent.glob(f"{path.name}.v*.bak")) else None
    pages_before = int.from_bytes(content[16:20], "big")
    if content.startswith(_JOURNAL_MAGIC) and pages_before == 0:
        return None  # somebody is creating it, or died over it
    return Trace(content)
