"""Times every figure of the usage screen over a million attempts (USE-4). Usage: store_usage.py [DATABASE]."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from llmtui.store.database import Store

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5


def timed(name: str, figure: Callable[[], object]) -> None:
    """Print the best and the worst of some rounds, the connection's opening included."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        figure()
        times.append((time.perf_counter() - started) * 1000)
    print(f"{name:40s} best {min(times):7.1f} ms  worst {max(times):7.1f} ms")


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.gettempdir()) / "llmtui-million" / "llmtui.db"
    # beside this file: benchmarks are run by hand, each as a program of its own
    subprocess.run([sys.executable, str(Path(__file__).with_name("store_million.py")), str(path)], check=True)
    store = Store(path)
    store.ready.result()
    today = date.today()
    month, year = (today - timedelta(days=30)).isoformat(), (today - timedelta(days=365)).isoformat()
    analytics, ledger = store.analytics, store.ledger
    timed("overview", lambda: analytics.overview(today.isoformat(), month, month))
    for by in ("total", "day", "week", "month", "provider", "model", "topic", "conversation"):
        timed(f"usage by {by}, all", lambda by=by: analytics.usage(by, limit=50))  # type: ignore[misc]
    timed("usage by conversation, 30 days", lambda: analytics.usage("conversation", month))
    for by in ("total", "model", "day"):
        timed(f"latency by {by}, all", lambda by=by: analytics.latency(by))  # type: ignore[misc]
        timed(f"latency by {by}, a year", lambda by=by: analytics.latency(by, year))  # type: ignore[misc]
        timed(f"latency by {by}, 30 days", lambda by=by: analytics.latency(by, month))  # type: ignore[misc]
    timed("recent", analytics.recent)
    timed("spent, a month", lambda: ledger.spent(first_day=month))
    timed("spent, a conversation", lambda: ledger.spent(conversation_id="c100"))
    store.close()


if __name__ == "__main__":
    main()
