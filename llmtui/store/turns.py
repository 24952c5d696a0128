"""What a turn writes of its text: question and answer's place before, pieces while it streams, the final text after."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from llmtui.store.rows import insert_message, storable

if TYPE_CHECKING:
    import sqlite3

    from llmtui.core.messages import Message

TITLE_LENGTH = 60


def begin(
    connection: sqlite3.Connection, conversation_id: str, question: Message | None, answer: Message, now: int
) -> None:
    """Store the question (None: it is there already) and the answer's place; the conversation is made when it is new.

    An answer that is there already goes on from its text (continue).
    """
    connection.execute(
        "INSERT INTO conversations (id, created_at, updated_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (conversation_id, now, now),
    )
    if question is not None:
        insert_message(connection, conversation_id, question, now)
        connection.execute(
            "UPDATE conversations SET title = ? WHERE id = ? AND title = '' AND title_source = 'auto'",
            (
                title_from(question.content.strip() or ", ".join(file.name for file in question.attachments)),
                conversation_id,
            ),
        )
    known = connection.execute(
        "UPDATE messages SET state = ?, finish_reason = NULL, error = NULL WHERE id = ?", (answer.state, answer.id)
    )
    if not known.rowcount:
        insert_message(connection, conversation_id, answer, now)
    connection.execute(
        "UPDATE conversations SET updated_at = ?, leaf_id = ?, deleted_at = NULL WHERE id = ?",
        (now, answer.id, conversation_id),
    )


def flush(connection: sqlite3.Connection, answer_id: str, content: str, reasoning: str) -> None:
    """Keep pieces that have arrived; passed over when the answer has been deleted or has ended meanwhile."""
    connection.execute(
        "INSERT INTO partials (message_id, content, reasoning)"
        " SELECT id, ?, ? FROM messages WHERE id = ? AND state = 'streaming'",
        (storable(content), storable(reasoning), answer_id),
    )


def finish(connection: sqlite3.Connection, answer: Message, now: int) -> bool:
    """Replace the pieces by the final text; False when the answer had ended before, or has been deleted."""
    done = connection.execute(
        "UPDATE messages SET content = ?, reasoning = ?, opaque = ?, model = ?, state = ?, finish_reason = ?, error = ?"
        " WHERE id = ? AND state = 'streaming'",
        (
            storable(answer.content),
            storable(answer.reasoning),
            json.dumps(answer.opaque),
            storable(str(answer.model or "")),
            answer.state,
            answer.finish_reason,
            None if answer.error is None else storable(answer.error),
            answer.id,
        ),
    )
    if not done.rowcount:
        return False
    connection.execute("DELETE FROM partials WHERE message_id = ?", (answer.id,))
    connection.execute(
        "UPDATE conversations SET updated_at = ? WHERE id = (SELECT conversation_id FROM messages WHERE id = ?)",
        (now, answer.id),
    )
    return True


def title_from(question: str) -> str:
    """The first words of a question, on one line, cut between words."""
    line = " ".join(storable(question[:1000]).split())
    if len(line) <= TITLE_LENGTH:
        return line
    head = line[: TITLE_LENGTH - 1]
    cut = head.rfind(" ")
    return f"{head[:cut] if cut > TITLE_LENGTH // 2 else head}…"
