"""Budget days, weeks and months: local calendar days as strings, and the moment at which a budget begins anew.

A booked row keeps its day, so neither a jumping clock nor a change of the clocks moves it. Days begin at local midnight in
the configured zone, or, where the clocks skip midnight, at the first moment that the day has.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.errors import ConfigError

if TYPE_CHECKING:
    from datetime import tzinfo

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Scope(StrEnum):
    """What a limit is for."""

    CONVERSATION = "conversation"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Period(NamedTuple):
    """The days that a limit adds up, as the ledger writes them, and when the next period begins."""

    first_day: str
    last_day: str
    """Included."""
    resets_at: datetime
    """Aware, UTC."""


def local_day(at: datetime, zone: str = "", *, not_before: str = "") -> str:
    """The calendar day of a moment (aware) in a zone, ISO 8601; never before `not_before`, the last day in the ledger.

    `zone` is an IANA name, "" the system's. Raise ConfigError for a zone that is not known.
    """
    return max(at.astimezone(_zone(zone)).date().isoformat(), not_before)


def period(scope: Scope, day: str, zone: str = "", *, week_starts: str = "monday") -> Period | None:
    """The period of a scope that a day lies in; None for a conversation, which has no reset."""
    if scope is Scope.CONVERSATION:
        return None
    first = date.fromisoformat(day)
    if scope is Scope.DAY:
        after = first + timedelta(days=1)
    elif scope is Scope.WEEK:
        first -= timedelta(days=(first.weekday() - _WEEKDAYS.index(week_starts)) % 7)
        after = first + timedelta(days=7)
    else:
        first = first.replace(day=1)
        after = (first + timedelta(days=31)).replace(day=1)
    return Period(first.isoformat(), (after - timedelta(days=1)).isoformat(), day_start(after, zone))


def day_start(day: date, zone: str = "") -> datetime:
    """The first moment of a local day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=_zone(zone)).astimezone(UTC)


def until(moment: datetime, now: datetime | None = None) -> str:
    """How long it is until then, for people: `3 d 2 h`, `7 h 55 min`, `12 min 5 s`."""
    seconds = max(0, round((moment - (now or datetime.now(UTC))).total_seconds()))
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"


def _zone(name: str) -> tzinfo | None:
    """A zone by its name; None, which `astimezone` takes for the system's, for ""."""
    if not name:
        return None
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(
            f"“{name}” is not a time zone that this machine knows",
            advice="Write one such as Europe/Berlin as time_zone in [budget], or leave it empty for the system's.",
        ) from error
