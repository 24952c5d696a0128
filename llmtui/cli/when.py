"""Days as people write them, and points in time as they are shown."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from llmtui.cli.parse import shown, usage_error

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def parse_day(text: str, today: date, flag: str, *, last: bool = False) -> date:
    """The day that WHEN means: `2026-11-20`, `2026-11`, `7d`, `2w`, `today`, `yesterday`, `monday` (the latest one).

    `7d` is the first of the last seven days, today included; `last` takes the end of a month. Raise ConfigError.
    """
    word = text.strip().lower()
    if word in {"today", "yesterday"}:
        return today - timedelta(days=word == "yesterday")
    if word in _WEEKDAYS:
        return today - timedelta(days=(today.weekday() - _WEEKDAYS.index(word)) % 7)
    if found := re.fullmatch(r"([1-9]\d{0,4})([dw])", word, re.ASCII):
        return today - timedelta(days=int(found[1]) * (7 if found[2] == "w" else 1) - 1)
    try:
        if re.fullmatch(r"\d{4}-\d\d", word, re.ASCII):
            first = date.fromisoformat(f"{word}-01")
            return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1) if last else first
        if re.fullmatch(r"\d{4}-\d\d-\d\d", word, re.ASCII):
            return date.fromisoformat(word)
    except (ValueError, OverflowError):
        pass
    message = f"{flag} must be a day such as 2026-11-20, 7d, today or monday, not “{shown(text)}”"
    raise usage_error(message, command="llmtui usage")


def iso(milliseconds: int) -> str:
    """For scripts: ISO 8601 in UTC, to the millisecond."""
    stamp = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{stamp:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}Z"


def local(milliseconds: int) -> str:
    """For people: to the minute, in their own time."""
    return f"{datetime.fromtimestamp(milliseconds / 1000).astimezone():%Y-%m-%d %H:%M}"
