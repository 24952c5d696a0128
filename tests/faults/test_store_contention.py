"""Several processes, one database: no "database is locked", no lost row, never over the budget (ROB-10, P26)."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.core.cost import NANO
from llmtui.store.database import Store
from tests.support.stores import checked, opening, placeholder, question, rows, running

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]

# Looks again at every admission, in the database itself: a gate that let too much through would fail the insert.
WITNESS = """
CREATE TRIGGER witness AFTER INSERT ON attempts BEGIN
    SELECT raise(ABORT, 'over budget') WHERE (SELECT sum(coalesce(cost_nanos, 0) + reserved_nanos) FROM attempts) > {limit};
END
"""


def start(*arguments: object) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "tests.support.store_spender", *map(str, arguments)]
    return subprocess.Popen(
        words, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def spend_together(path: Path, processes: int, requests: int, dollars: int) -> None:
    with running(path) as store:
        store.submit(lambda c: c.execute(WITNESS.format(limit=dollars * NANO))).result()
    spenders = [start(path, seed, requests, dollars * NANO) for seed in range(processes)]
    for spender in spenders:
        assert spender.stdout is not None
        assert spender.stdout.readline() == "ready\n"
    for spender in spenders:
        assert spender.stdin is not None
        spender.stdin.write("go\n")
        spender.stdin.flush()
    told = [spender.communicate(timeout=600) for spender in spenders]
    assert [errors for _, errors in told] == [""] * processes
    counts = [tuple(map(int, said.split())) for said, _ in told]
    with running(path) as store:
        checked(store)
        assert rows(store, "SELECT count(*) FROM attempts") == [(sum(admitted for admitted, _ in counts),)]
        spend = store.ledger.spent()
        assert spend.reserved == 0
        assert dollars - 1 < spend.resolved <= dollars
        assert sum(refused for _, refused in counts) > 0


def test_processes_share_a_budget(tmp_path: Path) -> None:
    spend_together(tmp_path / "llmtui.db", processes=4, requests=40, dollars=40)


@pytest.mark.soak
def test_eight_processes_of_two_hundred_requests(tmp_path: Path) -> None:
    spend_together(tmp_path / "llmtui.db", processes=8, requests=200, dollars=100)


def test_another_process_holds_the_lock(tmp_path: Path) -> None:
    """The question waits, with a notice after a second, and is stored when the lock is gone."""
    path = tmp_path / "llmtui.db"
    noticed = threading.Event()
    store = Store(path, notice=lambda _: noticed.set())
    store.ready.result()
    code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN EXCLUSIVE'); print('held', flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    asked = question()
    begun = store.conversations.begin_turn("c", asked, placeholder(asked.id), opening())
    assert noticed.wait(30)
    assert not begun.done()
    holder.communicate("\n", timeout=30)
    begun.result(30)
    assert len(store.conversations.thread("c")) == 2
    assert store.close()


def test_many_start_at_once_on_a_file_that_is_not_there(tmp_path: Path) -> None:
    """One makes the database, the others find it."""
    path = tmp_path / "data" / "llmtui.db"
    stores = [Store(path) for _ in range(6)]
    kinds = sorted(store.ready.result(60).kind for store in stores)
    assert kinds == ["new", *["opened"] * 5]
    futures = [store.submit(_add(str(i))) for i, store in enumerate(stores)]
    for future in futures:
        future.result(60)
    assert all(store.close(60) for store in stores)
    with running(path) as store:
        assert len(rows(store, "SELECT text FROM prompts")) == 6


def test_readers_and_writers_do_not_see_each_others_locks(tmp_path: Path) -> None:
    """Reads of several threads while two stores write: whole rows, no error."""
    path = tmp_path / "llmtui.db"
    failures: list[BaseException] = []
    with running(path) as one, running(path) as two:

        def read() -> None:
            try:
                for _ in range(60):
                    found = rows(one, "SELECT count(*), count(text) FROM prompts")
                    assert found[0][0] == found[0][1]
            except BaseException as error:
                failures.append(error)

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        futures = [store.submit(_add(str(i))) for i in range(60) for store in (one, two)]
        for future in futures:
            future.result(60)
        for reader in readers:
            reader.join(60)
        assert failures == []
        assert rows(one, "SELECT count(*) FROM prompts") == [(120,)]


def _add(text: str) -> Callable[[Any], Any]:
    return lambda connection: connection.execute("INSERT INTO prompts (text, at) VALUES (?, 0)", (text,))
