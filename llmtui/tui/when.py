"""Moments as lists show them: relative, by groups of days."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta


def day_group(created_at: int, today: date | None = None) -> str:
    """The heading that a moment (milliseconds since 1970) falls under: Today, Yesterday, This week, a month, a year."""
    day = datetime.fromtimestamp(created_at / 1000).astimezone().date()
    today = today or datetime.now().astimezone().date()
    if day >= today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    if day > today - timedelta(days=7):
        return "This week"
    if day > today - timedelta(days=30):
        return "This month"
    return f"{day:%B %Y}" if day.year == today.year else f"{day.year}"


def ago(created_at: int, now: float | None = None) -> str:
    """How long ago a moment (milliseconds since 1970) was, in one unit."""
    seconds = max(0.0, (time.time() if now is None else now) - created_at / 1000)
    for unit, size in (("y", 365 * 86400), ("mo", 30 * 86400), ("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now"
