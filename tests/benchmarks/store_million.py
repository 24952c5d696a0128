"""Makes a ledger of a million attempts, three years of heavy use, for the measurements of the usage screen (USE-4)."""

from __future__ import annotations

import random
import sqlite3
import sys
import time
from datetime import date, timedelta
from pathlib import Path

from llmtui.store.database import Store

MODELS = (
    ("openai", "gpt-4o"),
    ("openai", "gpt-5-mini"),
    ("anthropic", "claude-sonnet-4-5"),
    ("gemini", "gemini-2.5-pro"),
    ("ollama", "llama3.3"),
    ("openrouter", "deepseek/deepseek-r1"),
)
TOPICS = ("code", "explanation", "follow-up", "")
ERRORS = ("rate_limited", "timeout", "server_error", "connection")
DAYS = 1095
INSERT = """
INSERT INTO attempts (id, turn_id, number, conversation_id, message_id, topic, provider, model, answered_by, demo, state, sent,
    started_at, ended_at, day, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
    usage_source, resolution, cost_nanos, cost_source, estimate_nanos, price, ttft_ms, duration_ms, chunk_count, finish_reason,
    error_kind, owner_pid)
VALUES (?,?,1,?,?,?,?,?,?,?,?,1,?,?,?,?,?,0,?,0,'provider',?,?,?,?,?,?,?,?,'stop',?,1)
"""


def rows(count: int, today: date, per_conversation: int = 12) -> list[tuple[object, ...]]:
    """So many attempts up to today, some failed, some estimated, a few of the demo."""
    dice = random.Random(7)
    made: list[tuple[object, ...]] = []
    price = '{"input": "2.5", "output": "10", "source": "price_table", "as_of": "2026-11-01"}'
    for i in range(count):
        ago = DAYS - 1 - i * DAYS // count
        day = today - timedelta(days=ago)
        started = int((day - date(1970, 1, 1)).total_seconds() * 1000) + dice.randrange(86_400_000)
        provider, model = dice.choice(MODELS)
        luck = dice.random()
        state, resolution, error = "completed", "resolved", None
        if luck < 0.02:
            state, resolution, error = "failed", "none", dice.choice(ERRORS)
        elif luck < 0.05:
            state, resolution = "cancelled", "unknown"
        cost = dice.randrange(10**8) if resolution == "resolved" else None
        estimate = dice.randrange(10**8) if resolution == "unknown" else None
        ttft = dice.lognormvariate(6.2, 0.6)
        made.append(
            (
                f"{i:016x}"[::-1], f"t{i:x}", f"c{i // per_conversation:x}", f"m{i:x}", dice.choice(TOPICS), provider, model, model,
                int(luck > 0.99), state, started, started + 9000, day.isoformat(), dice.randrange(20_000), dice.randrange(9000),
                dice.randrange(4000), resolution, cost, "price_table" if cost is not None else None, estimate, price,
                ttft, ttft + dice.lognormvariate(8, 0.7), dice.randrange(900), error,
            )
        )  # fmt: skip
    return made


def build(path: Path, count: int = 1_000_000, per_conversation: int = 12) -> None:
    """A database with so many attempts; one that is there stays as it is."""
    if path.exists():
        return
    store = Store(path)
    store.ready.result()
    store.close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    connection.executemany(INSERT, rows(count, date.today(), per_conversation))
    connection.execute("COMMIT")
    connection.close()


if __name__ == "__main__":
    started = time.perf_counter()
    build(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
    print(f"{time.perf_counter() - started:.1f} s, {Path(sys.argv[1]).stat().st_size / 2**20:.0f} MiB")
