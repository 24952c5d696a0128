"""One thread writes, in order, patiently; whoever waits is told what went wrong."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.core.errors import StoreError
from llmtui.store import failures, writer
from llmtui.store.database import Store
from llmtui.store.writer import Patience
from tests.support.stores import placeholder, question, rows, running

if TYPE_CHECKING:
    from pathlib import Path


def remember(text: str) -> Any:
    return lambda connection: connection.execute("INSERT INTO prompts (text, at) VALUES (?, 0)", (text,)).lastrowid


def test_jobs_run_in_order_each_in_its_transaction(store: Store) -> None:
    futures = [store.submit(remember(str(i))) for i in range(50)]
    assert [future.result() for future in futures] == list(range(1, 51))
    assert rows(store, "SELECT text FROM prompts ORDER BY seq") == [(str(i),) for i in range(50)]


def test_a_failing_job_writes_nothing_and_stops_nobody(store: Store) -> None:
    def half(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO prompts (text, at) VALUES ('half', 0)")
        raise ZeroDivisionError

    def wrong(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO prompts (text, at) VALUES ('half', 'no number')")

    with pytest.raises(ZeroDivisionError):
        store.submit(half).result()
    with pytest.raises(StoreError, match="the database refused") as caught:
        store.submit(wrong).result()
    assert caught.value.advice
    store.submit(remember("next")).result()
    assert rows(store, "SELECT text FROM prompts") == [("next",)]


def test_reads_see_one_moment(store: Store) -> None:
    """Two queries of one read cannot fall on both sides of a commit; the writer waits for them meanwhile."""
    store.submit(remember("one")).result()

    def job(connection: sqlite3.Connection) -> tuple[int, int]:
        first = connection.execute("SELECT count(*) FROM prompts").fetchone()[0]
        written = store.submit(remember("two"))
        with pytest.raises(TimeoutError):
            written.result(0.2)
        return first, connection.execute("SELECT count(*) FROM prompts").fetchone()[0]

    assert store.read(job) == (1, 1)
    store.submit(lambda _: None).result()
    assert rows(store, "SELECT count(*) FROM prompts") == [(2,)]


def test_closing_writes_what_is_queued(path: Path) -> None:
    store = Store(path)
    futures = [store.submit(remember(str(i))) for i in range(100)]
    assert store.close()
    assert all(future.done() for future in futures)
    with pytest.raises(StoreError, match="closed"):
        store.submit(remember("late")).result()
    with running(path) as again:
        assert rows(again, "SELECT count(*) FROM prompts") == [(100,)]


def test_another_locks_are_waited_for_with_a_notice(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ROB-10: busy is never an error; after a while it is said, once."""
    monkeypatch.setattr(writer, "NOTICE_AFTER_S", 0.0)
    told: list[str] = []
    noticed = threading.Event()

    def notice(text: str) -> None:
        told.append(text)
        noticed.set()

    store = Store(path, notice=notice)
    store.ready.result()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    written = store.submit(remember("patient"))
    assert noticed.wait(10)
    assert not written.done()
    other.execute("COMMIT")
    assert written.result(10) == 1
    assert told == ["Another program is using the database; waiting for it."]
    other.execute("BEGIN EXCLUSIVE")
    noticed.clear()
    reader = threading.Thread(target=lambda: told.append(str(rows(store, "SELECT text FROM prompts"))))
    reader.start()
    assert noticed.wait(10)
    other.execute("COMMIT")
    reader.join(10)
    assert told[-1] == "[('patient',)]"
    other.close()
    assert store.close()


def test_closing_gives_up_on_a_lock_that_stays(path: Path) -> None:
    """The futures fail with a sentence; the process can end."""
    store = Store(path)
    store.ready.result()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    written = store.submit(remember("never"))
    assert not store.close(timeout=0.3)
    with pytest.raises(StoreError, match="another program held the database"):
        written.result(10)
    store._thread.join(10)
    assert not store._thread.is_alive()
    other.close()


def test_readers_do_not_force_a_job_to_run_twice(store: Store) -> None:
    """A reader delays the commit alone: the transaction stays as it is."""
    runs = []
    reading, done = threading.Event(), threading.Event()

    def slow(connection: sqlite3.Connection) -> None:
        connection.execute("SELECT count(*) FROM prompts").fetchone()
        reading.set()
        assert done.wait(10)

    def job(connection: sqlite3.Connection) -> None:
        runs.append(1)
        connection.execute("INSERT INTO prompts (text, at) VALUES ('x', 0)")

    reader = threading.Thread(target=lambda: store.read(slow))
    reader.start()
    assert reading.wait(10)
    written = store.submit(job)
    with pytest.raises(TimeoutError):
        written.result(0.3)
    done.set()
    written.result(10)
    reader.join(10)
    assert runs == [1]


def test_the_file_is_moved_away_while_open(path: Path) -> None:
    """SQLite tells that it moved: the next write goes into the file that is in its place, here a new one."""
    told: list[str] = []
    store = Store(path, notice=told.append)
    store.submit(remember("old")).result()
    path.rename(path.with_name("moved.db"))
    store.submit(remember("new")).result()
    assert rows(store, "SELECT text FROM prompts") == [("new",)]
    assert store.close()


def test_going_on_in_memory(path: Path) -> None:
    """ROB-11: with what can be read; nothing of it is kept."""
    with running(path) as store:
        asked = question("kept")
        store.conversations.begin_turn("c", asked, placeholder(asked.id), None).result()
        state = store.detach().result()
        assert state.ephemeral
        assert store.state == state == store.detach().result()
        store.submit(remember("lost")).result()
        assert rows(store, "SELECT text FROM prompts") == [("lost",)]
        assert store.conversations.thread("c")[0].content == "kept"
    with running(path) as store:
        assert rows(store, "SELECT text FROM prompts") == []


def test_a_program_that_forgets_to_close_still_ends(path: Path) -> None:
    """The writer's thread is no daemon, yet it does not keep a program alive that is over; what was queued is written."""
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from llmtui.store.database import Store;"
        "Store(Path(sys.argv[1])).submit(lambda c: c.execute(\"INSERT INTO prompts (text, at) VALUES ('x', 0)\"))"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, timeout=60)
    with running(path) as store:
        assert rows(store, "SELECT text FROM prompts") == [("x",)]


def test_a_store_imports_nothing_heavy() -> None:
    """`--once` pays for it: no asyncio, no textual, no date arithmetic before it is asked for."""
    import subprocess
    import sys

    from tests.support.processes import unmeasured

    code = (
        "import sys; import llmtui.store.database, llmtui.store.conversations, llmtui.store.ledger; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=unmeasured(), check=True, capture_output=True, text=True)
    loaded = done.stdout.split()
    for module in ("asyncio", "textual", "rich", "keyring", "tomllib", "llmtui.store.analytics", "llmtui.store.rescue"):
        assert module not in loaded


class TestSentences:
    """What SQLite says becomes one sentence and a way on."""

    @pytest.mark.parametrize(
        ("code", "sentence"),
        [
            (sqlite3.SQLITE_FULL, "the disk is full"),
            (sqlite3.SQLITE_IOERR, "cannot be written"),
            (sqlite3.SQLITE_READONLY, "cannot be written"),
            (sqlite3.SQLITE_CORRUPT, "is damaged"),
            (sqlite3.SQLITE_NOTADB, "is damaged"),
            (sqlite3.SQLITE_MISUSE, "refused"),
        ],
    )
    def test_by_code(self, path: Path, code: int, sentence: str) -> None:
        error = sqlite3.OperationalError("native words")
        error.sqlite_errorcode = code
        explained = failures.explain(error, path)
        assert sentence in explained.message
        assert explained.advice

    def test_kinds_do_not_overlap(self) -> None:
        moved = sqlite3.OperationalError("readonly")
        moved.sqlite_errorcode = sqlite3.SQLITE_READONLY_DBMOVED
        assert failures.is_moved(moved)
        assert not failures.is_unwritable(moved)
        assert failures.is_unwritable(OSError())
        assert failures.is_damaged(sqlite3.DatabaseError("database disk image is malformed"))
        assert not failures.is_busy(OSError())


def test_patience_does_not_wait_beyond_the_end() -> None:
    over = threading.Event()
    over.set()
    with pytest.raises(StoreError):
        Patience(over, None).wait(sqlite3.OperationalError("locked"))


def test_a_mistake_in_opening_is_told_to_whoever_waits(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread lives on to answer, and the store can be closed."""

    def mistaken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("llmtui.store.database.open_database", mistaken)
    store = Store(path)
    with pytest.raises(StoreError, match="the database refused"):
        store.ready.result(10)
    with pytest.raises(StoreError, match="could not be opened"):
        store.submit(remember("x")).result(10)
    assert store.close()
