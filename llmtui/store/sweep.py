"""Puts in order, at start, what died with its process: reservations nobody holds, answers nobody writes.

An attempt whose request may have reached the provider becomes an exposure, estimated from what arrived; one that was
never sent is void. Processes that live, here or elsewhere, are left alone.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from llmtui.core.cost import to_nanos
from llmtui.core.messages import MessageState
from llmtui.core.usage import Usage
from llmtui.store.owner import Owner, is_gone
from llmtui.store.records import SweptAttempt
from llmtui.store.rows import price_from_json
from llmtui.store.tree import pieces

if TYPE_CHECKING:
    import sqlite3

CHARACTERS_PER_TOKEN = 4
ADVICE = "The program ended while this answer was arriving."

_OPEN = """
SELECT id, conversation_id, message_id, sent, started_at, coalesce(input_tokens, 0), price, owner_pid, owner_start, owner_boot
FROM attempts WHERE state = 'open'
"""
_INTERRUPT = """
UPDATE attempts SET state = 'interrupted', ended_at = ?, output_tokens = ?, usage_source = 'estimate', resolution = 'unknown',
    estimate_nanos = ?, reserved_nanos = 0, reserved_tokens = 0 WHERE id = ? AND state = 'open'
"""
_VOID = """
UPDATE attempts SET state = 'void', ended_at = ?, input_tokens = NULL, usage_source = NULL, reserved_nanos = 0, reserved_tokens = 0
WHERE id = ? AND state = 'open'
"""
# An answer between two attempts has no open one: its last attempt's owner tells whose it is.
_STREAMING = """
SELECT m.id, m.created_at, a.started_at, a.owner_pid, a.owner_start, a.owner_boot FROM messages m
LEFT JOIN attempts a ON a.id = (SELECT id FROM attempts WHERE conversation_id = m.conversation_id AND message_id = m.id
                                ORDER BY started_at DESC, number DESC LIMIT 1)
WHERE m.state = 'streaming'
"""


def nothing_open(connection: sqlite3.Connection) -> bool:
    """Whether there is nothing to put in order: two looks into indexes that are almost always empty."""
    return not (
        connection.execute("SELECT 1 FROM attempts WHERE state = 'open' LIMIT 1").fetchone()
        or connection.execute("SELECT 1 FROM messages WHERE state = 'streaming' LIMIT 1").fetchone()
    )


def sweep(connection: sqlite3.Connection, now: int) -> tuple[SweptAttempt, ...]:
    """Close what is open and ownerless; what was done, attempt by attempt."""
    swept: list[SweptAttempt] = []
    for row in connection.execute(_OPEN).fetchall():
        attempt_id, conversation_id, message_id, sent, started_at, input_tokens, price = row[:7]
        if not is_gone(Owner(*row[7:]), now - started_at):
            continue
        content, reasoning = pieces(connection, message_id) if message_id else ("", "")
        if sent or content or reasoning:
            arrived = len(content) + len(reasoning)
            usage = Usage(input_tokens, output_tokens=math.ceil(arrived / CHARACTERS_PER_TOKEN), source="estimate")
            known = price_from_json(price)
            estimate = to_nanos(known.cost(usage)) if known else None
            connection.execute(_INTERRUPT, (now, usage.output_tokens, estimate, attempt_id))
        else:
            connection.execute(_VOID, (now, attempt_id))
        swept.append(
            SweptAttempt(
                attempt_id, conversation_id, message_id, bool(sent or content or reasoning), MessageState.INTERRUPTED
            )
        )
    for message_id, created_at, started_at, *owner in connection.execute(_STREAMING).fetchall():
        whose = Owner(*owner) if started_at is not None else Owner(0, "", "")
        if is_gone(whose, now - (started_at or created_at)):
            _interrupt_message(connection, message_id)
    return tuple(swept)


def _interrupt_message(connection: sqlite3.Connection, message_id: str) -> None:
    content, reasoning = pieces(connection, message_id)
    connection.execute(
        "UPDATE messages SET content = content || ?, reasoning = reasoning || ?, state = 'interrupted', error = ? WHERE id = ?",
        (content, reasoning, ADVICE, message_id),
    )
    connection.execute("DELETE FROM partials WHERE message_id = ?", (message_id,))
