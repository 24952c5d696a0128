"""Times full-text search over a hundred thousand messages. Usage: store_search.py [DATABASE]."""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from llmtui.store.database import Store

MESSAGES = 100_000
# A few hundred common words and a long tail, as in real text.
SYLLABLES = (
    "ka",
    "lo",
    "mi",
    "ren",
    "tas",
    "vor",
    "the",
    "and",
    "ing",
    "con",
    "ver",
    "sa",
    "tion",
    "pre",
    "dic",
    "to",
    "al",
    "de",
    "bug",
    "token",
)


def words(dice: random.Random) -> list[str]:
    """A vocabulary, most common first."""
    return ["".join(dice.choice(SYLLABLES) for _ in range(dice.randint(1, 4))) for _ in range(20_000)]


def build(path: Path) -> None:
    """A database of so many messages in two thousand conversations; one that is there stays as it is."""
    if path.exists():
        return
    store = Store(path)
    store.ready.result()
    store.close()
    dice = random.Random(3)
    vocabulary = words(dice)
    weights = [1 / (rank + 1) for rank in range(len(vocabulary))]
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    for i in range(2000):
        connection.execute(
            "INSERT INTO conversations (id, title, created_at, updated_at) VALUES (?,?,?,?)",
            (f"c{i}", f"Talk {i}", i, i),
        )
    for i in range(MESSAGES):
        text = " ".join(dice.choices(vocabulary, weights, k=dice.randint(10, 200)))
        if i == 500:
            text += " needlehaystack"
        connection.execute(
            "INSERT INTO messages (id, conversation_id, role, content, created_at) VALUES (?,?,?,?,?)",
            (f"m{i}", f"c{i // 50}", "user" if i % 2 else "assistant", text, i),
        )
    connection.execute("COMMIT")
    connection.close()


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.gettempdir()) / "llmtui-search" / "llmtui.db"
    build(path)
    store = Store(path)
    store.ready.result()
    for text in (
        "the",
        "tion",
        "algorithm",
        "needlehaystack",
        "nowherenothing",
        "the bug",
        "debugtokenkalo",
        "th",
        "k",
        "zq",
        "qqq ta",
    ):
        times = []
        for _ in range(5):
            started = time.perf_counter()
            found = store.search(text)
            times.append((time.perf_counter() - started) * 1000)
        print(f"{text:20s} {len(found):3d} hits  best {min(times):6.1f} ms  worst {max(times):6.1f} ms")
    store.close()
    print(f"{path.stat().st_size / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
