"""The list of conversations: found, named, pinned, put away, deleted with a way back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from llmtui.core.errors import ConfigError
from llmtui.store.rows import CONVERSATION_COLUMNS, conversation_from_row, insert_message, storable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from llmtui.core.messages import Message
    from llmtui.store.records import Conversation

BIN_MS = 30 * 24 * 3600 * 1000
"""How long a deleted conversation can be brought back."""

_COUNT = "(SELECT count(*) FROM messages WHERE conversation_id = conversations.id)"


def listed(
    connection: sqlite3.Connection,
    limit: int | None = None,
    offset: int = 0,
    *,
    title: str = "",
    archived: bool = False,
) -> list[Conversation]:
    """Conversations, pinned ones first, then by date, newest first; `title`: those whose title has it in it."""
    wanted = title.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = connection.execute(
        f"SELECT {CONVERSATION_COLUMNS}, {_COUNT} FROM conversations"  # noqa: S608
        " WHERE deleted_at IS NULL AND archived = ? AND (? = '' OR title LIKE ? ESCAPE '\\')"
        " ORDER BY pinned DESC, updated_at DESC LIMIT ? OFFSET ?",
        (archived, title, f"%{wanted}%", -1 if limit is None else limit, offset),
    ).fetchall()
    return [conversation_from_row(row, row[9]) for row in rows]


def get(connection: sqlite3.Connection, conversation_id: str) -> Conversation | None:
    """A conversation by its id, also a deleted one; None when there is none."""
    row = connection.execute(
        f"SELECT {CONVERSATION_COLUMNS}, {_COUNT} FROM conversations WHERE id = ?",  # noqa: S608
        (conversation_id,),
    ).fetchone()
    return conversation_from_row(row, row[9]) if row else None


def answered_by(connection: sqlite3.Connection) -> dict[str, str]:
    """By conversation the model, `provider/name`, that answered last in it; not those that end with a question."""
    rows = connection.execute(
        "SELECT c.id, m.model FROM conversations c JOIN messages m ON m.id = c.leaf_id"
        " WHERE c.deleted_at IS NULL AND m.model <> ''"
    )
    return dict(rows.fetchall())


def newest(connection: sqlite3.Connection) -> str | None:
    """The id of the conversation that was used last; None when there is none."""
    row = connection.execute(
        "SELECT id FROM conversations WHERE deleted_at IS NULL AND archived = 0 ORDER BY updated_at DESC LIMIT 1"
    ).fetchone()
    return row[0] if row else None


def resolve(connection: sqlite3.Connection, prefix: str) -> str:
    """The id that a person means by its beginning. Raise ConfigError when there is none, or more than one."""
    for wanted in (prefix.strip(), prefix.strip().lower()):  # ids that were imported may have capitals
        rows = connection.execute(
            "SELECT id, title FROM conversations WHERE id >= ? AND id < ? AND deleted_at IS NULL ORDER BY id LIMIT 4",
            (wanted, wanted + "\U0010ffff"),
        ).fetchall()
        if rows:
            break
    if not wanted or not rows:
        raise ConfigError(f"there is no conversation “{prefix}”", advice="llmtui history list shows them all.")
    if len(rows) > 1 and rows[0][0] != wanted:
        those = ", ".join(row[0] for row in rows[:3])
        raise ConfigError(
            f"“{prefix}” could be more than one conversation ({those}{', …' if len(rows) > 3 else ''})",
            advice="Give more of the ID.",
        )
    found: str = rows[0][0]
    return found


def create(
    connection: sqlite3.Connection,
    conversation: Conversation,
    messages: Iterable[Message] = (),
    *,
    title_source: str = "user",
    source: str = "",
) -> None:
    """Store a conversation as it is, with all its messages, parents before their children (import)."""
    connection.execute(
        f"INSERT INTO conversations ({CONVERSATION_COLUMNS}, title_source, source) VALUES (?,?,?,?,?,?,?,?,?,?,?)",  # noqa: S608
        (
            conversation.id,
            storable(conversation.title),
            conversation.created_at,
            conversation.updated_at,
            conversation.leaf_id,
            storable(conversation.model),
            json.dumps(dict(conversation.settings)),
            conversation.pinned,
            conversation.archived,
            title_source,
            storable(source),
        ),
    )
    for message in messages:
        insert_message(connection, conversation.id, message, conversation.created_at)


def change(connection: sqlite3.Connection, conversation_id: str, **columns: Any) -> bool:
    """Set columns of a conversation; False when it does not exist."""
    names = ", ".join(f"{name} = ?" for name in columns)
    done = connection.execute(
        f"UPDATE conversations SET {names} WHERE id = ?",  # noqa: S608
        (*columns.values(), conversation_id),
    )
    return bool(done.rowcount)


def rename(connection: sqlite3.Connection, conversation_id: str, title: str, source: str = "user") -> bool:
    """Give it a title; one that a person gave is not replaced by a model's."""
    done = connection.execute(
        "UPDATE conversations SET title = ?, title_source = ? WHERE id = ? AND (? = 'user' OR title_source <> 'user')",
        (storable(" ".join(title.split())), source, conversation_id, source),
    )
    return bool(done.rowcount)


def set_settings(connection: sqlite3.Connection, conversation_id: str, settings: Mapping[str, Any]) -> bool:
    """Replace the settings; a value of None stands for the default and is left out."""
    kept = {name: value for name, value in settings.items() if value is not None}
    return change(connection, conversation_id, settings=json.dumps(kept))


def purge(connection: sqlite3.Connection, before: int, conversation_id: str | None = None) -> int:
    """Remove for good what was deleted before a time (milliseconds), all or one; how many. The ledger keeps its rows."""
    done = connection.execute(
        "DELETE FROM conversations WHERE deleted_at IS NOT NULL AND deleted_at <= ? AND (? IS NULL OR id = ?)",
        (before, conversation_id, conversation_id),
    )
    return done.rowcount
