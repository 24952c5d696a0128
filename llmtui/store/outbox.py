"""Questions that wait for their provider to be back; they survive a restart, and are sent only after asking then."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from llmtui.store.records import QueuedQuestion

if TYPE_CHECKING:
    import sqlite3
    from concurrent.futures import Future

    from llmtui.store.database import Store


class Outbox:
    """`store.outbox`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, question: QueuedQuestion) -> Future[None]:
        """Queue a question that is stored already."""
        return self._store.submit(partial(add, question=question))

    def remove(self, queued_id: str) -> Future[bool]:
        """Take it out, sent or given up; False when it was out already: somebody else is sending it."""
        return self._store.submit(partial(remove, queued_id=queued_id))

    def waiting(self) -> list[QueuedQuestion]:
        """Oldest first; those of deleted conversations are passed over."""
        return self._store.read(waiting)


def add(connection: sqlite3.Connection, question: QueuedQuestion) -> None:
    """See Outbox.add."""
    connection.execute(
        "INSERT INTO outbox (id, conversation_id, message_id, model, queued_at) VALUES (?,?,?,?,?)", question
    )


def remove(connection: sqlite3.Connection, queued_id: str) -> bool:
    """See Outbox.remove."""
    return bool(connection.execute("DELETE FROM outbox WHERE id = ?", (queued_id,)).rowcount)


def waiting(connection: sqlite3.Connection) -> list[QueuedQuestion]:
    """See Outbox.waiting."""
    rows = connection.execute(
        "SELECT o.id, conversation_id, message_id, o.model, queued_at FROM outbox o"
        " JOIN conversations c ON c.id = o.conversation_id WHERE c.deleted_at IS NULL ORDER BY queued_at, o.id"
    ).fetchall()
    return [QueuedQuestion(*row) for row in rows]
