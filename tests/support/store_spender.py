"""A process that spends on a shared budget: `PATH SEED REQUESTS LIMIT_NANOS`. Prints how many were admitted and refused.

It waits for a line on its input before it starts, so that all of them start together.
"""

from __future__ import annotations

import random
import sys
from decimal import Decimal
from pathlib import Path

from llmtui.core.cost import NANO, Cost, Resolution
from llmtui.core.errors import BudgetExceeded
from llmtui.store.database import Store
from llmtui.store.records import HardLimit
from tests.support.stores import opening, settlement


def main() -> None:
    path, seed, requests, limit_nanos = sys.argv[1:]
    dice = random.Random(int(seed))
    limits = [HardLimit("day", "2026-11-20", nanos=int(limit_nanos))]
    store = Store(Path(path))
    store.ready.result()
    print("ready", flush=True)
    sys.stdin.readline()
    admitted = refused = 0
    for _ in range(int(requests)):
        made = opening(reserved_nanos=NANO)
        try:
            store.ledger.open_attempt(made, limits).result()
        except BudgetExceeded:
            refused += 1
            continue
        admitted += 1
        cost = Cost(Decimal(dice.randrange(NANO + 1)) / NANO, Resolution.RESOLVED, "provider")
        store.ledger.settle(settlement(made.id, cost=cost)).result()
    assert store.close(60)
    print(admitted, refused, flush=True)


if __name__ == "__main__":
    main()
