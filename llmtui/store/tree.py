"""A conversation's messages: a tree of which one branch is shown, from the root to the leaf."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.core.errors import ConfigError
from llmtui.core.messages import Message, MessageState
from llmtui.store.rows import MESSAGE_COLUMNS, attachments_by_message, message_from_row

if TYPE_CHECKING:
    import sqlite3

_BRANCH = """
WITH RECURSIVE branch (seq, id, parent_id, depth) AS (
    SELECT seq, id, parent_id, 0 FROM messages WHERE id = :leaf AND conversation_id = :conversation
    UNION ALL
    SELECT m.seq, m.id, m.parent_id, depth + 1 FROM branch JOIN messages m ON m.id = branch.parent_id
    WHERE m.conversation_id = :conversation
    LIMIT :count
)
"""
_DEEPEST = """
WITH RECURSIVE below (id, depth) AS (
    SELECT :id, 0
    UNION ALL
    SELECT (SELECT id FROM messages WHERE conversation_id = :conversation AND parent_id = below.id
            ORDER BY seq DESC LIMIT 1), depth + 1
    FROM below WHERE below.id IS NOT NULL AND depth < 100000
)
SELECT id FROM below WHERE id IS NOT NULL ORDER BY depth DESC LIMIT 1
"""

_BELOW = """
WITH RECURSIVE below (id) AS (
    SELECT id FROM messages WHERE id = :id AND conversation_id = :conversation
    UNION ALL
    SELECT m.id FROM below JOIN messages m ON m.conversation_id = :conversation AND m.parent_id = below.id
)
"""
_ROW = f"seq, {MESSAGE_COLUMNS}, conversation_id"
_STATE = _ROW.split(", ").index("state")


class Removed(NamedTuple):
    """What was taken out of a conversation, whole, so that it can be put back."""

    conversation_id: str
    leaf_id: str | None
    """What was shown before."""
    messages: tuple[tuple[Any, ...], ...]
    attachments: tuple[tuple[Any, ...], ...]


def thread(
    connection: sqlite3.Connection, conversation_id: str, leaf: str | None = None, last: int | None = None
) -> list[Message]:
    """The messages from the root to the leaf, oldest first; those that still stream with what has arrived.

    `leaf` None is the branch that is shown; `last` takes only so many of its newest messages.
    """
    if leaf is None:
        row = connection.execute("SELECT leaf_id FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
        leaf = row[0] if row else None
    facts = {"leaf": leaf, "conversation": conversation_id, "count": -1 if last is None else last}
    columns = ", ".join(f"m.{name}" for name in MESSAGE_COLUMNS.split(", "))
    rows = connection.execute(
        f"{_BRANCH} SELECT {columns} FROM branch JOIN messages m USING (seq) ORDER BY depth DESC",  # noqa: S608
        facts,
    ).fetchall()
    files = connection.execute(
        f"{_BRANCH} SELECT message_id, name, media_type, data FROM branch JOIN attachments a ON a.message_id = branch.id"  # noqa: S608
        " ORDER BY message_id, position",
        facts,
    ).fetchall()
    attached = attachments_by_message(files) if files else {}
    return [_with_pieces(connection, message_from_row(row, attached.get(row[0], ()))) for row in rows]


def whole(connection: sqlite3.Connection, conversation_id: str) -> list[Message]:
    """Every message of the tree, in order of arrival: parents before their children."""
    rows = connection.execute(
        f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE conversation_id = ? ORDER BY seq",  # noqa: S608
        (conversation_id,),
    ).fetchall()
    files = connection.execute(
        "SELECT message_id, name, media_type, data FROM attachments"
        " WHERE message_id IN (SELECT id FROM messages WHERE conversation_id = ?) ORDER BY message_id, position",
        (conversation_id,),
    ).fetchall()
    attached = attachments_by_message(files)
    return [_with_pieces(connection, message_from_row(row, attached.get(row[0], ()))) for row in rows]


def siblings(connection: sqlite3.Connection, message_id: str) -> list[str]:
    """The ids of a message and of those that stand in its place: regenerated answers, edited questions; oldest first."""
    rows = connection.execute(
        "SELECT s.id FROM messages m JOIN messages s ON s.conversation_id = m.conversation_id"
        " AND s.parent_id IS m.parent_id AND s.role = m.role WHERE m.id = ? ORDER BY s.seq",
        (message_id,),
    ).fetchall()
    return [row[0] for row in rows]


def set_leaf(connection: sqlite3.Connection, conversation_id: str, message_id: str) -> str:
    """Show the branch that a message is on, down to its newest end; the id of that end."""
    if not connection.execute(
        "SELECT 1 FROM messages WHERE id = ? AND conversation_id = ?", (message_id, conversation_id)
    ).fetchone():
        raise ConfigError(f"there is no message {message_id} in this conversation")
    leaf: str = connection.execute(_DEEPEST, {"id": message_id, "conversation": conversation_id}).fetchone()[0]
    connection.execute("UPDATE conversations SET leaf_id = ? WHERE id = ?", (leaf, conversation_id))
    return leaf


def mark(
    connection: sqlite3.Connection, message_id: str, *, excluded: bool | None = None, pinned: bool | None = None
) -> None:
    """Take a message out of the context or put it back; keep it in whatever the strategy, or not; None leaves it."""
    connection.execute(
        "UPDATE messages SET excluded = coalesce(?, excluded), pinned = coalesce(?, pinned) WHERE id = ?",
        (excluded, pinned, message_id),
    )


def remove(connection: sqlite3.Connection, conversation_id: str, message_id: str) -> Removed:
    """Take a message out with everything below it; what stands beside it is shown then, else what came before.

    Raise ConfigError when it is not there, or when an answer is still coming below it.
    """
    facts = {"id": message_id, "conversation": conversation_id}
    messages = connection.execute(
        f"{_BELOW} SELECT {_ROW} FROM messages WHERE id IN (SELECT id FROM below) ORDER BY seq",  # noqa: S608
        facts,
    ).fetchall()
    if not messages:
        raise ConfigError(f"there is no message {message_id} in this conversation")
    if any(row[_STATE] == MessageState.STREAMING for row in messages):
        raise ConfigError("an answer is still coming there", advice="Stop it first.")
    attachments = connection.execute(
        f"{_BELOW} SELECT message_id, position, name, media_type, data FROM attachments"  # noqa: S608
        " WHERE message_id IN (SELECT id FROM below)",
        facts,
    ).fetchall()
    before = connection.execute("SELECT leaf_id FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
    parent = connection.execute("SELECT parent_id FROM messages WHERE id = ?", (message_id,)).fetchone()[0]
    ids = [(row[1],) for row in messages]
    connection.executemany("DELETE FROM outbox WHERE message_id = ?", ids)
    connection.executemany("DELETE FROM messages WHERE id = ?", ids)
    beside = connection.execute(
        "SELECT id FROM messages WHERE conversation_id = ? AND parent_id IS ? ORDER BY seq DESC LIMIT 1",
        (conversation_id, parent),
    ).fetchone()
    if shown := beside[0] if beside else parent:
        set_leaf(connection, conversation_id, shown)
    else:
        connection.execute("UPDATE conversations SET leaf_id = NULL WHERE id = ?", (conversation_id,))
    return Removed(conversation_id, before[0], tuple(messages), tuple(attachments))


def restore(connection: sqlite3.Connection, removed: Removed) -> None:
    """Put back what `remove` took out, in its old order, and show it."""
    for row in removed.messages:
        place = connection.execute("SELECT 1 FROM messages WHERE seq = ?", (row[0],)).fetchone()
        connection.execute(
            f"INSERT INTO messages ({_ROW}) VALUES ({', '.join('?' * len(row))})",  # noqa: S608
            (None if place else row[0], *row[1:]),
        )
    connection.executemany(
        "INSERT INTO attachments (message_id, position, name, media_type, data) VALUES (?,?,?,?,?)", removed.attachments
    )
    connection.execute("UPDATE conversations SET leaf_id = ? WHERE id = ?", (removed.leaf_id, removed.conversation_id))


def earlier_answers(connection: sqlite3.Connection, question: str, limit: int = 5) -> list[tuple[str, Message]]:
    """Complete answers to the very same question, newest first, each with its conversation's id."""
    columns = ", ".join(f"a.{name}" for name in MESSAGE_COLUMNS.split(", "))
    rows = connection.execute(
        f"SELECT a.conversation_id, {columns} FROM messages q JOIN messages a"  # noqa: S608
        " ON a.conversation_id = q.conversation_id AND a.parent_id = q.id"
        " JOIN conversations c ON c.id = q.conversation_id"
        " WHERE q.role = 'user' AND substr(q.content, 1, 64) = substr(:text, 1, 64) AND q.content = :text"
        " AND a.role = 'assistant' AND a.state = 'complete' AND a.content <> '' AND c.deleted_at IS NULL"
        " ORDER BY a.seq DESC LIMIT :limit",
        {"text": question, "limit": limit},
    ).fetchall()
    return [(row[0], message_from_row(row[1:])) for row in rows]


def _with_pieces(connection: sqlite3.Connection, message: Message) -> Message:
    """A message that streams, with the pieces that have been kept of it."""
    if message.state is not MessageState.STREAMING:
        return message
    content, reasoning = pieces(connection, message.id)
    return replace(message, content=message.content + content, reasoning=message.reasoning + reasoning)


def pieces(connection: sqlite3.Connection, message_id: str) -> tuple[str, str]:
    """What has arrived of an answer since it began to stream: text and reasoning."""
    rows = connection.execute(
        "SELECT content, reasoning FROM partials WHERE message_id = ? ORDER BY seq", (message_id,)
    ).fetchall()
    return "".join(row[0] for row in rows), "".join(row[1] for row in rows)
