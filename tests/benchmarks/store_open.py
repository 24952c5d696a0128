"""Times what a start and a turn pay for the store: importing, opening, the first write. Usage: store_open.py [DATABASE]."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

CODE = """
import sys, time
started = time.perf_counter()
import concurrent.futures, json, logging, pathlib  # what a turn needs anyway
import llmtui.core.events, llmtui.core.cost, llmtui.core.request, llmtui.core.usage, llmtui.paths
from pathlib import Path
needed = time.perf_counter()
from llmtui.store.database import Store
imported = time.perf_counter()
store = Store(Path(sys.argv[1]))
made = time.perf_counter()
store.ready.result()
ready = time.perf_counter()
from tests.support.stores import opening, placeholder, question, settlement
asked = question()
answer = placeholder(asked.id)
attempt = opening(message_id=answer.id)
before = time.perf_counter()
store.conversations.begin_turn("bench", asked, answer, attempt).result()
begun = time.perf_counter()
store.ledger.settle(settlement(attempt.id)).result()
settled = time.perf_counter()
store.submit(lambda c: c.execute("DELETE FROM attempts WHERE id = ?", (attempt.id,))).result()
store.submit(lambda c: c.execute("DELETE FROM conversations WHERE id = 'bench'")).result()
ended = time.perf_counter()
store.close()
closed = time.perf_counter()
print(*((b - a) * 1000 for a, b in ((needed, imported), (imported, made), (made, ready), (before, begun), (begun, settled), (ended, closed))))
"""
NAMES = ("import", "Store(…) returns", "ready after", "begin_turn", "settle", "close")
ROUNDS = 15


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp()) / "llmtui.db"
    rounds = []
    for _ in range(ROUNDS):
        said = subprocess.run(
            [sys.executable, "-c", CODE, str(path)], check=True, capture_output=True, text=True
        ).stdout
        rounds.append([float(word) for word in said.split()])
        time.sleep(0.05)
    for name, times in zip(NAMES, zip(*rounds, strict=True), strict=True):
        print(f"{name:20s} median {median(times):6.2f} ms  best {min(times):6.2f} ms")


if __name__ == "__main__":
    main()
