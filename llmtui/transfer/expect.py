"""Reads values out of parsed JSON: what does not fit is refused with the place and the key."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from llmtui.core.errors import ConfigError

LAST_SECOND = 253_402_300_799
"""Of the year 9999."""


def object_at(raw: Any, where: str) -> dict[str, Any]:
    """A JSON object. Raise ConfigError."""
    if not isinstance(raw, dict):
        raise ConfigError(f"{where}: a JSON object was expected")
    return raw


def array_at(raw: Any, where: str) -> list[Any]:
    """A JSON array. Raise ConfigError."""
    if not isinstance(raw, list):
        raise ConfigError(f"{where}: a JSON array was expected")
    return raw


def text_at(table: dict[str, Any], key: str, where: str) -> str:
    """A text; "" where there is none. Raise ConfigError."""
    value = table.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ConfigError(f"{where}: {key} must be text")
    return value


def moment_at(table: dict[str, Any], key: str, where: str) -> int:
    """A time as ISO 8601, in milliseconds since 1970; UTC where it names no zone. Raise ConfigError."""
    try:
        stamp = datetime.fromisoformat(text_at(table, key, where))
    except ValueError:
        raise ConfigError(f"{where}: {key} must be a time as 2026-11-20T14:02:00Z") from None
    stamp = stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    seconds = (stamp.replace(microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    return int(seconds) * 1000 + stamp.microsecond // 1000


def seconds_at(table: dict[str, Any], key: str, where: str) -> int | None:
    """A time as seconds since 1970, in milliseconds; None where there is none. Raise ConfigError."""
    value = table.get(key)
    if value is None:
        return None
    if (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
        and 0 <= value <= LAST_SECOND
    ):
        return int(value * 1000)
    raise ConfigError(f"{where}: {key} must be seconds since 1970")
