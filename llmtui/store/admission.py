"""The gate of a hard budget, and the sums it looks at: what was spent, what may still be billed, what is reserved.

The check and the reservation are one transaction (`BEGIN IMMEDIATE`), so that two processes cannot both take the last
dollar. Demo and benchmark rows stand outside.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from llmtui.core.cost import format_usd, from_nanos
from llmtui.core.errors import BudgetExceeded
from llmtui.store.records import Spend

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from llmtui.store.records import AttemptOpening, Limit

_SUMS = """
SELECT coalesce(sum(cost_nanos), 0),
       coalesce(sum(estimate_nanos), 0) + coalesce(sum(reserved_nanos), 0),
       coalesce(sum(resolution = 'unpriced' OR (resolution = 'unknown' AND estimate_nanos IS NULL)), 0),
       coalesce(sum(CASE state WHEN 'open' THEN reserved_tokens ELSE coalesce(input_tokens, 0) + coalesce(output_tokens, 0) END), 0)
FROM attempts WHERE demo = 0 AND purpose <> 'bench'
"""


class LimitPassed(BudgetExceeded):
    """A request that would pass a limit; carries which, and by how much."""

    def __init__(self, limit: Limit, spend: Spend, opening: AttemptOpening, *, by_tokens: bool) -> None:
        self.limit = limit
        self.spend = spend
        self.wanted = opening.reserved_tokens if by_tokens else opening.reserved_nanos
        """The most that the request can use: nano-dollars, or tokens."""
        self.by_tokens = by_tokens
        allowed = (limit.tokens if by_tokens else limit.nanos) or 0
        used = spend.tokens if by_tokens else spend.exposure
        self.over = used + self.wanted - allowed
        """By how much the limit would be passed: nano-dollars, or tokens."""
        show = _count if by_tokens else _usd
        span = "this conversation's limit" if limit.scope == "conversation" else f"the {limit.scope}'s limit"
        super().__init__(
            f"this request may use up to {show(self.wanted)}, which is {show(self.over)} over {span} of {show(allowed)}"
            f" ({show(used)} used)",
            advice="Shorten the context or the answer, take a cheaper model, start a new conversation, or raise the limit.",
        )


def check(connection: sqlite3.Connection, opening: AttemptOpening, limits: Sequence[Limit], *, until: str) -> None:
    """Raise LimitPassed when spent + reserved + this request is more than a limit; exactly the limit passes."""
    for limit in limits:
        if limit.scope == "conversation":
            spend = spent(connection, conversation_id=opening.conversation_id)
        else:
            spend = spent(connection, first_day=limit.first_day, last_day=until)
        if limit.nanos is not None and spend.exposure + opening.reserved_nanos > limit.nanos:
            raise LimitPassed(limit, spend, opening, by_tokens=False)
        if limit.tokens is not None and spend.tokens + opening.reserved_tokens > limit.tokens:
            raise LimitPassed(limit, spend, opening, by_tokens=True)


def spent(
    connection: sqlite3.Connection, *, conversation_id: str | None = None, first_day: str = "", last_day: str = ""
) -> Spend:
    """The sums of a conversation, or of the budget days from the first to the last, both included ("": open)."""
    if conversation_id is not None:
        row = connection.execute(f"{_SUMS} AND conversation_id = ?", (conversation_id,)).fetchone()
    else:
        row = connection.execute(f"{_SUMS} AND day BETWEEN ? AND ?", (first_day, last_day or "9999-12-31")).fetchone()
    return Spend(*row)


def _usd(nanos: int) -> str:
    return format_usd(from_nanos(nanos) if nanos else Decimal(0))


def _count(tokens: int) -> str:
    return f"{tokens:,} tokens"
