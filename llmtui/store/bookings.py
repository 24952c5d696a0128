"""The life of an attempt's row: opened with a reservation before the first byte, settled once, never repriced.

Every change of a row says in its WHERE what state it expects, so that a repeat or a latecomer changes nothing.
"""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING

from llmtui.core.cost import Resolution, to_nanos
from llmtui.store import turns
from llmtui.store.admission import check, latest_day
from llmtui.store.records import PendingLookup
from llmtui.store.rows import price_from_json, price_to_json, storable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from llmtui.core.cost import Cost
    from llmtui.core.usage import Usage
    from llmtui.store.owner import Owner
    from llmtui.store.records import AttemptOpening, HardLimit, Settlement

_log = logging.getLogger(__name__)

_OPEN = """
INSERT INTO attempts (id, turn_id, number, conversation_id, message_id, purpose, provider, model, demo, sent, started_at,
    day, input_tokens, usage_source, reserved_nanos, reserved_tokens, price, owner_pid, owner_start, owner_boot, metadata)
VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,'estimate',?,?,?,?,?,?,?)
"""
_SETTLE = """
UPDATE attempts SET state = ?, ended_at = ?, answered_by = ?, sent = ?, reserved_nanos = 0, reserved_tokens = 0,
    input_tokens = ?, cache_read_tokens = ?, cache_write_tokens = ?, output_tokens = ?, reasoning_tokens = ?, usage_source = ?,
    resolution = ?, cost_nanos = ?, cost_source = ?, estimate_nanos = ?, pending = ?, price = coalesce(?, price),
    ttft_ms = ?, duration_ms = ?, chunk_count = ?, retries = ?, wait_ms = ?, finish_reason = ?, error_kind = ?,
    error_message = ?, status = ?, response_id = ?, topic = ?
WHERE id = ? AND state = 'open'
"""
_RESOLVE = """
UPDATE attempts SET pending = 0, input_tokens = coalesce(?, input_tokens), cache_read_tokens = coalesce(?, cache_read_tokens),
    cache_write_tokens = coalesce(?, cache_write_tokens), output_tokens = coalesce(?, output_tokens),
    reasoning_tokens = coalesce(?, reasoning_tokens), usage_source = coalesce(?, usage_source),
    resolution = ?, cost_nanos = ?, cost_source = ?, estimate_nanos = ?
WHERE id = ? AND pending = 1
"""


def open_attempt(
    connection: sqlite3.Connection, opening: AttemptOpening, owner: Owner, limits: Sequence[HardLimit] = ()
) -> None:
    """Reserve and write the row. Raise LimitPassed when a limit would be passed: then nothing may be sent."""
    day = budget_day(connection, opening)
    demo = opening.demo or opening.purpose == "bench"
    if limits and not demo:
        check(connection, opening, limits, until=day)
    connection.execute(
        _OPEN,
        (
            opening.id,
            opening.turn_id,
            opening.number,
            opening.conversation_id,
            opening.message_id,
            opening.purpose,
            storable(opening.model.provider),
            storable(opening.model.name),
            demo,
            opening.sent,
            opening.started_at,
            day,
            opening.estimated_input_tokens,
            opening.reserved_nanos,
            opening.reserved_tokens,
            price_to_json(opening.price),
            *owner,
            json.dumps(dict(opening.metadata), default=str),
        ),
    )


def budget_day(connection: sqlite3.Connection, opening: AttemptOpening) -> str:
    """The day that an attempt is booked on: today, but never before one that was booked on already (a clock set back)."""
    today = opening.day or time.strftime("%Y-%m-%d", time.localtime(opening.started_at / 1000))
    return max(today, latest_day(connection, opening.started_at))


def mark_sent(connection: sqlite3.Connection, attempt_id: str) -> None:
    """From here on the provider may have the request, and may bill it."""
    connection.execute("UPDATE attempts SET sent = 1 WHERE id = ? AND state = 'open'", (attempt_id,))


def settle(connection: sqlite3.Connection, end: Settlement, now: int) -> bool:
    """Book the attempt and store the answer's final text; False, and nothing changed, when that was done before."""
    cost = end.cost
    done = connection.execute(
        _SETTLE,
        (
            end.state,
            end.ended_at,
            storable(end.answered_by),
            end.state != "void",
            *_tokens(end.usage),
            *_money(cost),
            price_to_json(end.price),
            None if end.ttft_s is None else end.ttft_s * 1000,
            end.duration_s * 1000,
            end.chunk_count,
            end.retries,
            end.wait_s * 1000,
            end.finish_reason,
            end.error_kind,
            None if end.error_message is None else storable(end.error_message),
            end.status,
            None if end.response_id is None else storable(end.response_id),
            end.topic,
            end.attempt_id,
        ),
    )
    if not done.rowcount:
        _log.warning("attempt %s was settled before; this settlement (%s) changes nothing", end.attempt_id, end.state)
        return False
    if end.answer is not None:
        turns.finish(connection, end.answer, now)
    return True


def resolve_pending(connection: sqlite3.Connection, attempt_id: str, usage: Usage | None, cost: Cost) -> bool:
    """Replace a pending estimate by what the provider says; False when it was no longer pending.

    A cost without an amount ends the waiting and leaves the row an estimate.
    """
    resolution, nanos, source, estimate, pending = _money(cost)
    if nanos is None and estimate is None:
        row = connection.execute("SELECT estimate_nanos FROM attempts WHERE id = ?", (attempt_id,)).fetchone()
        estimate = row[0] if row else None
    done = connection.execute(_RESOLVE, (*_tokens(usage), resolution, nanos, source, estimate, attempt_id))
    if not done.rowcount:
        _log.warning("attempt %s was not pending; its resolution changes nothing (%s)", attempt_id, pending)
    return bool(done.rowcount)


def pending_lookups(connection: sqlite3.Connection) -> list[PendingLookup]:
    """The attempts whose estimates wait for the provider's own figure, oldest first."""
    rows = connection.execute(
        "SELECT id, provider, model, response_id, price FROM attempts"
        " WHERE pending = 1 AND response_id IS NOT NULL ORDER BY started_at"
    ).fetchall()
    return [PendingLookup(row[0], row[1], row[2], row[3], price_from_json(row[4])) for row in rows]


def _tokens(usage: Usage | None) -> tuple[int | str | None, ...]:
    if usage is None:
        return (None,) * 6
    return (
        usage.input_tokens,
        usage.cache_read_tokens,
        usage.cache_write_tokens,
        usage.output_tokens,
        usage.reasoning_tokens,
        usage.source,
    )


def _money(cost: Cost) -> tuple[str, int | None, str | None, int | None, bool]:
    """Resolution, confirmed nanos, source, estimated nanos, pending; a confirmed amount leaves no estimate."""
    if cost.resolution is Resolution.RESOLVED and cost.amount is not None:
        return cost.resolution, to_nanos(cost.amount), cost.source, None, False
    estimate = None if cost.estimate is None else to_nanos(cost.estimate)
    resolution = Resolution.UNKNOWN if cost.resolution is Resolution.RESOLVED else cost.resolution
    return resolution, None, None, estimate, cost.pending
