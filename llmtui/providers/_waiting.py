"""How long a provider asks to wait, in whichever header, unit or sentence it says so."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 0.000001, "µs": 0.000001, "ns": 0.000000001}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:h|ms|m|us|µs|ns|s))+")
_PIECE = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|us|µs|ns|s)")
_SENTENCE = re.compile(
    r"(?:try again|retry) (?:in|after) ((?:\d+(?:\.\d+)?(?:h|ms|m|s))+|\d+(?:\.\d+)? ?seconds?)", re.IGNORECASE
)
_RESETS = (
    # a window that is used up, and when it is full again: not where something is said to remain
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("ratelimit-remaining", "ratelimit-reset"),
)


def retry_after(headers: Mapping[str, str], message: str = "", hint: float | None = None) -> float | None:
    """Seconds from now, or None. `hint` is what the body said in a field, `message` its sentence.

    The order is by trust: the header in milliseconds, the header in seconds or as a date, the body's field, the body's
    sentence, and last when the windows that are used up are full again (later than need be, but never too early).
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    now = _server_time(headers)
    sentence = _SENTENCE.search(message)
    candidates: Iterable[Callable[[], float | None]] = (
        lambda: _moment(headers.get("retry-after"), now),
        lambda: hint,
        lambda: seconds(re.sub(" ?seconds?$", "s", sentence[1].lower())) if sentence else None,
        lambda: _resets(headers, now),
    )
    return next((wait for candidate in candidates if (wait := candidate()) is not None), None)


def seconds(value: object) -> float | None:
    """A duration: a number of seconds, or as Go and protobuf write it (`12s`, `6m0s`, `20ms`); None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if math.isfinite(value) and value >= 0 else None
    if not isinstance(value, str):
        return None
    if _DURATION.fullmatch(value.strip()):
        return sum(float(number) * _UNITS[unit] for number, unit in _PIECE.findall(value))
    return _number(value)


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _moment(text: str | None, now: float) -> float | None:
    """Seconds from `now`: a number or duration, a number that is a time of day since 1970, an HTTP date, RFC 3339."""
    if not text:
        return None
    wait = seconds(text)
    if wait is not None:
        if wait > 1e11:
            wait /= 1000
        return max(0.0, wait - now) if wait > 1e9 else wait
    moment = _date(text)
    return None if moment is None else max(0.0, moment - now)


def _date(text: str) -> float | None:
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = parse(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _server_time(headers: Mapping[str, str]) -> float:
    """The server's own clock, which its dates are by; ours where it does not say."""
    import time

    moment = _date(headers["date"]) if headers.get("date") else None
    return time.time() if moment is None else moment


def _resets(headers: Mapping[str, str], now: float) -> float | None:
    waits = [
        wait
        for remaining, reset in _RESETS
        if headers.get(remaining, "0").strip() == "0" and (wait := _moment(headers.get(reset), now)) is not None
    ]
    return max(waits, default=None)
