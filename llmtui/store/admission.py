"""The gate of a hard budget, and the sums it looks at: what was spent, what may still be billed, what is reserved.

The check and the reservation are one transaction (`BEGIN IMMEDIATE`), so that two processes cannot both take the last
dollar. Demo and benchmark rows stand outside.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.cost import format_usd, from_nanos
from llmtui.core.errors import BudgetExceeded

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from llmtui.core.budget import Spend
    from llmtui.store.records import AttemptOpening, HardLimit

_MONTH_S = 31 * 24 * 3600

_BOOKED = "SELECT coalesce(sum(resolved_nanos), 0), coalesce(sum(estimated_nanos), 0), coalesce(sum(uncounted), 0),"
_BOOKED += " coalesce(sum(input_tokens + output_tokens), 0) FROM "
_RESERVED = "SELECT coalesce(sum(reserved_nanos), 0), coalesce(sum(reserved_tokens), 0) FROM attempts"
_RESERVED += " WHERE state = 'open' AND demo = 0 AND "


class Sums(NamedTuple):
    """What the ledger says of a scope, in its own units: nano-dollars, attempts, tokens."""

    resolved: int
    estimated: int
    reserved: int
    uncounted: int
    tokens: int
    reserved_tokens: int

    @property
    def exposure(self) -> int:
        """Nano-dollars that a budget counts."""
        return self.resolved + self.estimated + self.reserved

    def as_spend(self) -> Spend:
        """The same in USD."""
        from llmtui.core.budget import Spend

        resolved, estimated, reserved = map(from_nanos, self[:3])
        return Spend(resolved, estimated, reserved, self.uncounted, self.tokens, self.reserved_tokens)


class LimitPassed(BudgetExceeded):
    """A request that would pass a limit; carries which, and by how much."""

    def __init__(self, limit: HardLimit, sums: Sums, opening: AttemptOpening, *, by_tokens: bool) -> None:
        self.limit = limit
        self.by_tokens = by_tokens
        """Whether the limit of tokens is passed, or that of money."""
        used, self.wanted, allowed = (
            (sums.tokens + sums.reserved_tokens, opening.reserved_tokens, limit.tokens or 0)
            if by_tokens
            else (sums.exposure, opening.reserved_nanos, limit.nanos or 0)
        )
        self.used = used
        """Reserved included; nano-dollars or tokens, as `wanted` (the most that the request can use) and `over`."""
        self.over = used + self.wanted - allowed
        show = _count if by_tokens else _usd
        whose = "this conversation's limit" if limit.scope == "conversation" else f"the {limit.scope}'s limit"
        super().__init__(
            f"this request may use up to {show(self.wanted)}, which is {show(self.over)} over {whose} of {show(allowed)}"
            f" ({show(used)} used or reserved)",
            advice="Shorten the context or the answer, take a cheaper model, start a new conversation, or raise the limit.",
        )


def check(connection: sqlite3.Connection, opening: AttemptOpening, limits: Sequence[HardLimit], *, until: str) -> None:
    """Raise LimitPassed when spent + reserved + this request is more than a limit; exactly the limit passes."""
    for limit in limits:
        if limit.scope == "conversation":
            found = sums(connection, conversation_id=opening.conversation_id)
        else:
            found = sums(connection, first_day=limit.first_day, last_day=until)
        if limit.nanos is not None and opening.reserved_nanos and found.exposure + opening.reserved_nanos > limit.nanos:
            raise LimitPassed(limit, found, opening, by_tokens=False)
        if limit.tokens is not None and found.tokens + found.reserved_tokens + opening.reserved_tokens > limit.tokens:
            raise LimitPassed(limit, found, opening, by_tokens=True)


def sums(
    connection: sqlite3.Connection, *, conversation_id: str | None = None, first_day: str = "", last_day: str = ""
) -> Sums:
    """The sums of a conversation, or of the budget days from the first to the last, both included ("": open)."""
    facts: tuple[str, ...]
    if conversation_id is not None:
        booked, scope, facts = "conversation_days WHERE ", "conversation_id = ?", (conversation_id,)
    else:
        booked, scope, facts = (
            "days WHERE counted = 1 AND ",
            "day BETWEEN ? AND ?",
            (first_day, last_day or "9999-12-31"),
        )
    resolved, estimated, uncounted, tokens = connection.execute(_BOOKED + booked + scope, facts).fetchone()
    reserved, reserved_tokens = connection.execute(_RESERVED + scope, facts).fetchone()
    return Sums(resolved, estimated, reserved, uncounted, tokens, reserved_tokens)


def latest_day(connection: sqlite3.Connection, now: int) -> str:
    """The newest budget day that was booked on; "" when there is none.

    A day more than a month ahead of `now` (milliseconds) was booked by a clock that was wrong, and binds nobody.
    """
    sane = time.strftime("%Y-%m-%d", time.gmtime(now / 1000 + _MONTH_S))
    latest: str | None = connection.execute("SELECT max(day) FROM attempts WHERE day <= ?", (sane,)).fetchone()[0]
    return latest or ""


def _usd(nanos: int) -> str:
    return format_usd(from_nanos(nanos))


def _count(tokens: int) -> str:
    return f"{tokens:,} tokens"
