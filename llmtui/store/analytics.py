"""The usage figures as SQL over the day-by-day sums, so that a million attempts answer as quickly as a hundred."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from llmtui.core.messages import ModelRef
from llmtui.store.figures import Figures, Hour, Latency, Overview, Recent, percentile
from llmtui.store.schema import SUMS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from llmtui.store.database import Store
    from llmtui.store.figures import Grouping, Trend

EXACT = 10_000
"""Up to so many attempts percentiles are taken of all of them; of more, from at most about so many."""
MANY = 200_000
"""Of more than so many it would take too long to go through a window's attempts one by one."""
HOUR_MS = 3_600_000
_LAST = "9999-12-31"
_SUMMED = ", ".join(f"coalesce(sum({name}), 0)" for name in SUMS)
_KEYS = {
    "total": "''",
    "day": "day",
    "week": "day",
    "month": "substr(day, 1, 7)",
    "provider": "provider",
    "model": "provider || '/' || model",
    "topic": "topic",
}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Analytics:
    """`store.analytics`. Days are budget days, `2026-11-20`, both ends included; "" leaves an end open."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def usage(
        self,
        by: Grouping = "total",
        first_day: str = "",
        last_day: str = "",
        *,
        week_starts: str = "monday",
        limit: int = 0,
    ) -> list[Figures]:
        """Sums by group: periods in order of time, the others by what they cost, dearest first; `limit` 0 is all.

        Demo and benchmarks are left out: see `demo`. "total" is always one row.
        """
        return self._store.read(
            partial(usage, by=by, first_day=first_day, last_day=last_day, week_starts=week_starts, limit=limit)
        )

    def demo(self, first_day: str = "", last_day: str = "") -> Figures:
        """What `usage` leaves out: the sum of demo and benchmarks."""
        return self._store.read(partial(usage, first_day=first_day, last_day=last_day, counted=0))[0]

    def conversations(self, by: Grouping, key: str, limit: int = 200) -> list[tuple[str, int]]:
        """Ids of conversations with requests in a group of `usage`, with the nano-dollars these cost, dearest first.

        Deleted conversations are left out.
        """
        return self._store.read(partial(conversations, by=by, key=key, limit=limit))

    def latency(self, by: Grouping = "total", first_day: str = "", last_day: str = "") -> dict[str, Latency]:
        """Percentiles by total (key ""), day, month, provider or model."""
        return self._store.read(partial(latency, by=by, first_day=first_day, last_day=last_day))

    def models_used(self, attempts: int = 500) -> list[ModelRef]:
        """The models of so many newest attempts, the one asked last first."""
        rows = self._store.read(
            lambda connection: connection.execute(
                "SELECT provider, model FROM attempts ORDER BY started_at DESC LIMIT ?", (attempts,)
            ).fetchall()
        )
        return list(dict.fromkeys(ModelRef(provider, model) for provider, model in rows))

    def recent(self, hours: int = 24) -> Recent:
        """The last so many hours, for alerts and for requests an hour."""
        return self._store.read(partial(recent, now=self._store.now(), hours=hours))

    def overview(self, today: str, week_first: str, month_first: str) -> Overview:
        """Today, this week, this month, the average conversation and the trend; the days are the budget's."""
        return self._store.read(partial(overview, today=today, week_first=week_first, month_first=month_first))


def usage(
    connection: sqlite3.Connection,
    by: Grouping = "total",
    first_day: str = "",
    last_day: str = "",
    *,
    week_starts: str = "monday",
    limit: int = 0,
    counted: int = 1,
) -> list[Figures]:
    """See Analytics.usage; `counted` 0 sums what it leaves out."""
    span = (first_day, last_day or _LAST)
    if by == "conversation":
        return _by_conversation(connection, span, limit)
    key, where = _KEYS[by], f"WHERE counted = {counted:d} AND day BETWEEN ? AND ?"
    table = "topic_days" if by == "topic" else "days"
    rows = connection.execute(f"SELECT {key}, {_SUMMED} FROM {table} {where} GROUP BY 1", span).fetchall()  # noqa: S608
    errors: dict[str, dict[str, int]] = {}
    if by != "topic":
        for group, kind, count in connection.execute(
            f"SELECT {key}, kind, sum(requests) FROM error_days {where} GROUP BY 1, 2 HAVING sum(requests) > 0",  # noqa: S608
            span,
        ):
            errors.setdefault(group, {})[kind] = count
    found = [Figures(row[0], row[0], row[1], errors.get(row[0], {}), *row[2:]) for row in rows if row[1]]
    if by == "total":
        return found or [Figures()]
    if by == "week":
        found = _by_week(found, week_starts)
    if by in ("day", "week", "month"):
        return found[-limit:]
    found.sort(key=lambda each: (-each.resolved_nanos - each.estimated_nanos, -each.requests, each.key))
    return found[:limit] if limit else found


def _by_conversation(connection: sqlite3.Connection, span: tuple[str, str], limit: int) -> list[Figures]:
    dearest = connection.execute(
        "SELECT conversation_id, sum(resolved_nanos + estimated_nanos) FROM conversation_days"
        " WHERE day BETWEEN ? AND ? AND requests > 0 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?",
        (*span, limit or -1),
    ).fetchall()
    found = []
    for conversation_id, _ in dearest:
        row = connection.execute(
            f"SELECT {_SUMMED} FROM conversation_days WHERE conversation_id = ? AND day BETWEEN ? AND ?",  # noqa: S608
            (conversation_id, *span),
        ).fetchone()
        title = connection.execute("SELECT title FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
        found.append(Figures(conversation_id, title[0] if title else "", row[0], {}, *row[1:]))
    return found


def conversations(connection: sqlite3.Connection, by: Grouping, key: str, limit: int = 200) -> list[tuple[str, int]]:
    """See Analytics.conversations."""
    if by in ("total", "week", "conversation"):
        raise ValueError(by)
    return connection.execute(
        "SELECT a.conversation_id, sum(coalesce(cost_nanos, 0) + coalesce(estimate_nanos, 0)) AS nanos FROM attempts a"  # noqa: S608
        " JOIN conversations c ON c.id = a.conversation_id AND c.deleted_at IS NULL"
        f" WHERE demo = 0 AND state NOT IN ('open', 'void') AND {_KEYS[by].replace('model', 'a.model')} = ?"
        " GROUP BY 1 ORDER BY nanos DESC, 1 LIMIT ?",
        (key, limit),
    ).fetchall()


def _by_week(days: Iterable[Figures], week_starts: str) -> list[Figures]:
    """Days, in order, added up by weeks."""
    start = _WEEKDAYS.index(week_starts)
    weeks: dict[str, Figures] = {}
    for each in days:
        day = date.fromisoformat(each.key)
        first = (day - timedelta(days=(day.weekday() - start) % 7)).isoformat()
        weeks[first] = _sum(weeks.get(first, Figures(first, first)), each)
    return list(weeks.values())


def _sum(one: Figures, other: Figures) -> Figures:
    errors = dict(one.errors)
    for kind, count in other.errors.items():
        errors[kind] = errors.get(kind, 0) + count
    amounts = [mine + theirs for mine, theirs in zip(one[4:], other[4:], strict=True)]
    return Figures(one.key, one.label, one.requests + other.requests, errors, *amounts)


def latency(
    connection: sqlite3.Connection, by: Grouping = "total", first_day: str = "", last_day: str = ""
) -> dict[str, Latency]:
    """See Analytics.latency."""
    span = (first_day, last_day or _LAST)
    count: int = connection.execute(
        "SELECT coalesce(sum(requests), 0) FROM days WHERE counted = 1 AND day BETWEEN ? AND ?", span
    ).fetchone()[0]
    if count <= MANY:  # every so manieth
        which: int | str = max(1, count // EXACT)
        index, chosen = "attempts_by_day", "rowid % ? = 0"
    else:  # so large a part of the random ids
        which = f"{int(EXACT / count * 2**32):08x}"
        index, chosen = "attempts_sampled", "id < ? AND id < '1'"
    rows = connection.execute(
        f"SELECT {_KEYS[by]}, ttft_ms, duration_ms FROM attempts INDEXED BY {index}"  # noqa: S608
        f" WHERE {chosen} AND day BETWEEN ? AND ? AND demo = 0 AND duration_ms IS NOT NULL",
        (which, *span),
    ).fetchall()
    return _percentiles(rows, sampled=which != 1)


def _percentiles(rows: Iterable[tuple[str, float | None, float]], *, sampled: bool) -> dict[str, Latency]:
    times: dict[str, tuple[list[float], list[float]]] = {}
    for key, ttft, duration in rows:
        firsts, durations = times.setdefault(key, ([], []))
        durations.append(duration)
        if ttft is not None:
            firsts.append(ttft)
    for firsts, durations in times.values():
        firsts.sort()
        durations.sort()
    return {
        key: Latency(
            percentile(firsts, 0.5),
            percentile(firsts, 0.95),
            percentile(durations, 0.5),
            percentile(durations, 0.95),
            sampled,
        )
        for key, (firsts, durations) in times.items()
    }


def recent(connection: sqlite3.Connection, now: int, hours: int = 24) -> Recent:
    """See Analytics.recent."""
    since = now - hours * HOUR_MS
    rows = connection.execute(
        "SELECT started_at, error_kind, ttft_ms, duration_ms, coalesce(cost_nanos, 0), coalesce(estimate_nanos, 0) FROM attempts"
        " WHERE started_at > ? AND started_at <= ? AND demo = 0 AND state NOT IN ('open', 'void')",
        (since, now),
    ).fetchall()
    spans = [Hour(since + i * HOUR_MS) for i in range(hours)]
    errors: dict[str, int] = {}
    for started_at, kind, _, _, resolved, estimated in rows:
        i = min(hours - 1, (started_at - since) // HOUR_MS)
        hour = spans[i]
        spans[i] = Hour(
            hour.starts_at,
            hour.requests + 1,
            hour.failed + bool(kind),
            hour.rate_limits + (kind == "rate_limited"),
            hour.resolved_nanos + resolved,
            hour.estimated_nanos + estimated,
        )
        if kind:
            errors[kind] = errors.get(kind, 0) + 1
    times = _percentiles(
        (("", ttft, duration) for _, _, ttft, duration, _, _ in rows if duration is not None), sampled=False
    )
    return Recent(len(rows), errors, times.get("", Latency()), tuple(spans))


def overview(connection: sqlite3.Connection, today: str, week_first: str, month_first: str) -> Overview:
    """See Analytics.overview."""
    day = date.fromisoformat(today)
    seven, fourteen = ((day - timedelta(days=days)).isoformat() for days in (7, 14))
    last_week = usage(connection, "total", _after(seven), today)[0].resolved_nanos
    week_before = usage(connection, "total", _after(fourteen), seven)[0].resolved_nanos
    conversations, spent = connection.execute(
        "SELECT count(DISTINCT conversation_id), coalesce(sum(resolved_nanos), 0) FROM conversation_days WHERE requests > 0"
    ).fetchone()
    change = last_week - week_before
    trend: Trend = "level" if abs(change) * 10 <= max(last_week, week_before) else "up" if change > 0 else "down"
    return Overview(
        usage(connection, "total", today, today)[0],
        usage(connection, "total", week_first, today)[0],
        usage(connection, "total", month_first, today)[0],
        conversations,
        round(spent / conversations) if conversations else 0,
        trend,
        last_week,
        week_before,
    )


def _after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
