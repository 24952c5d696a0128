"""Puts in order, at start, what died with its process: reservations nobody holds, answers nobody writes.

An attempt whose request may have reached the provider becomes an exposure, estimated from what arrived; one that was
never sent is void. Processes that live, here or elsewhere, are left alone.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from llmtui.core.cost import to_nanos
from llmtui.core.messages import MessageState
from llmtui.core.usage import Usage
from llmtui.store.catalogue import BIN_MS, purge
from llmtui.store.owner import STALE_MS, Owner, is_gone
from llmtui.store.records import SweptAttempt
from llmtui.store.rows import price_from_json
from llmtui.store.tree import pieces

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

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


def is_needed(connection: sqlite3.Connection, now: int) -> bool:
    """Whether there is anything to put in order: looks into indexes that are almost always empty, and takes no lock."""
    return (
        any(is_gone(Owner(*row[7:]), now - row[4]) for row in connection.execute(_OPEN).fetchall())
        or any(_is_orphan(row, now) for row in connection.execute(_STREAMING).fetchall())
        or connection.execute("SELECT 1 FROM conversations WHERE deleted_at <= ?", (now - BIN_MS,)).fetchone()
        is not None
    )


def sweep(connection: sqlite3.Connection, now: int) -> tuple[SweptAttempt, ...]:
    """Close what is open and ownerless, empty the bin of what is old; what was done, attempt by attempt."""
    purge(connection, now - BIN_MS)
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
    for row in connection.execute(_STREAMING).fetchall():
        if _is_orphan(row, now):
            _interrupt_message(connection, row[0])
    return tuple(swept)


def _is_orphan(row: Sequence[Any], now: int) -> bool:
    """Whether nobody writes a streaming answer (a row of _STREAMING) any more."""
    _, created_at, started_at, *owner = row
    if started_at is None:
        return bool(now - created_at > STALE_MS)
    return is_gone(Owner(*owner), now - started_at)


def _interrupt_message(connection: sqlite3.Connection, message_id: str) -> None:
    content, reasoning = pieces(connection, message_id)
    connection.execute(
        "UPDATE messages SET content = content || ?, reasoning = reasoning || ?, state = 'interrupted', error = ? WHERE id = ?",
        (content, reasoning, ADVICE, message_id),
    )
    connection.execute("DELETE FROM partials WHERE message_id = ?", (message_id,))
