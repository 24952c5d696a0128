"""Settled attempts read back from the ledger: the figures under answers of earlier sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.core.cost import Cost, Resolution, from_nanos
from llmtui.core.messages import ModelRef
from llmtui.core.usage import Usage
from llmtui.store.records import BookedAttempt
from llmtui.store.rows import price_from_json

if TYPE_CHECKING:
    import sqlite3

_BOOKED = """
SELECT message_id, provider, model, answered_by, price, ttft_ms, duration_ms, wait_ms, error_message, resolution, cost_nanos,
    cost_source, estimate_nanos, pending, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens,
    reasoning_tokens, usage_source
FROM attempts WHERE conversation_id = ? AND state NOT IN ('open', 'void') ORDER BY started_at, number
"""


def booked(connection: sqlite3.Connection, conversation_id: str) -> dict[str, tuple[BookedAttempt, ...]]:
    """The settled attempts of a conversation by the answer each was for, in order."""
    found: dict[str, tuple[BookedAttempt, ...]] = {}
    for row in connection.execute(_BOOKED, (conversation_id,)).fetchall():
        found[row[0]] = (*found.get(row[0], ()), _attempt(*row))
    return found


def _attempt(  # the columns of _BOOKED, in order
    message_id: str, provider: str, model: str, answered_by: str, price: str | None, ttft_ms: float | None,
    duration_ms: float | None, wait_ms: float, error: str | None, resolution: str, nanos: int | None, source: str | None,
    estimate: int | None, pending: int, *tokens: Any,
) -> BookedAttempt:  # fmt: skip
    cost = Cost(
        None if nanos is None else from_nanos(nanos),
        Resolution(resolution),
        source,  # type: ignore[arg-type]  # checked by the table
        estimate=None if estimate is None else from_nanos(estimate),
        pending=bool(pending),
    )
    given, read, written, output, reasoning, counted_by = tokens
    return BookedAttempt(
        message_id,
        ModelRef(provider, model),
        answered_by,
        None
        if given is None or output is None
        else Usage(given, read or 0, written or 0, output, reasoning or 0, counted_by),
        cost,
        price_from_json(price),
        None if ttft_ms is None else ttft_ms / 1000,
        (duration_ms or 0.0) / 1000,
        wait_ms / 1000,
        error,
    )
