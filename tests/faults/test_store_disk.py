"""Full disks and damaged files while the program runs: said in a sentence, nothing settled is forgotten (ROB-11)."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llmtui.core.errors import StoreError
from llmtui.core.messages import Message, MessageState
from llmtui.store.database import Store
from llmtui.store.rescue import copy_readable
from llmtui.store.writer import Patience
from tests.support.stores import checked, opening, placeholder, question, rows, running, settlement

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]


def limit_pages(store: Store, pages: int) -> None:
    """From now on the database cannot grow, as on a full disk: SQLite itself says so."""
    store.submit(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()).result()


def fill(store: Store) -> None:
    """Leave no free page."""
    pages = rows(store, "PRAGMA page_count")[0][0]
    limit_pages(store, pages)
    while store.prompts.add("x" * 50_000).exception() is None:
        pass


def begin(store: Store, attempt_id: str) -> Message:
    asked = question("q" * 100)
    answer = placeholder(asked.id)
    store.conversations.begin_turn(
        "c", asked, answer, opening(attempt_id, message_id=answer.id, reserved_nanos=5)
    ).result()
    return answer


def test_a_full_disk_is_said_and_the_bill_is_written_when_there_is_room(tmp_path: Path) -> None:
    """Nothing is lost silently: the settlement is kept and tried again."""
    with running(tmp_path / "llmtui.db") as store:
        answer = begin(store, "a")
        fill(store)
        done = replace(answer, content="z" * 100_000, state=MessageState.COMPLETE)
        with pytest.raises(StoreError, match="the disk is full") as caught:
            store.ledger.settle(settlement("a", answer=done)).result()
        assert "Make room" in caught.value.advice
        assert rows(store, "SELECT state, reserved_nanos FROM attempts") == [("open", 5)]
        limit_pages(store, 10**6)
        store.submit(lambda _: None).result()
        assert rows(store, "SELECT state, reserved_nanos FROM attempts") == [("completed", 0)]
        assert store.conversations.thread("c")[1].content == done.content
        checked(store)


def test_a_full_disk_until_the_end_leaves_an_estimate(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """P4: logged as an error; the reservation stays, and the sweep at the next start books it."""
    path = tmp_path / "llmtui.db"
    with running(path) as store:
        answer = begin(store, "a")
        fill(store)
        done = replace(answer, content="z" * 100_000, state=MessageState.COMPLETE)
        store.ledger.settle(settlement("a", answer=done))
    assert any(record.levelname == "ERROR" and "could not be written" in record.message for record in caplog.records)
    with running(path) as store:
        assert rows(store, "SELECT state FROM attempts") == [("open",)]


def test_a_full_disk_then_the_chat_goes_on_in_memory(tmp_path: Path) -> None:
    """What is owed is paid there, so that the session's own sums are right."""
    with running(tmp_path / "llmtui.db") as store:
        answer = begin(store, "a")
        fill(store)
        done = replace(answer, content="z" * 100_000, state=MessageState.COMPLETE)
        settled = store.ledger.settle(settlement("a", answer=done))
        with pytest.raises(StoreError):
            settled.result()
        assert store.detach().result().ephemeral
        begin(store, "b")
        assert dict(rows(store, "SELECT id, state FROM attempts")) == {"a": "completed", "b": "open"}
        assert len(store.conversations.whole("c")) == 4


def test_the_systems_own_limit_on_a_files_size(tmp_path: Path) -> None:
    """A write that the system refuses (here: a limit on file sizes) fails the one job, and the process lives."""
    code = (
        "import resource, sys; from pathlib import Path; from llmtui.store.database import Store;"
        "from llmtui.core.errors import StoreError;"
        "store = Store(Path(sys.argv[1])); store.ready.result();"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))\n"
        "try:\n    store.prompts.add('x' * 2_000_000).result()\nexcept StoreError as error:\n    print(error.sentence)\n"
        "store.prompts.add('small').result(); print(store.prompts.recent()); print(store.close())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "llmtui.db")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    sentence, prompts, closed = done.stdout.splitlines()
    assert "cannot be written" in sentence or "disk is full" in sentence
    assert (prompts, closed) == ("['small']", "True")
    assert resource.getrlimit(resource.RLIMIT_FSIZE) != (400_000, 400_000)


def make_full(path: Path, conversations: int = 60) -> None:
    with running(path) as store:
        for i in range(conversations):
            asked = question(f"question {i} " + "q" * 3000)
            answer = placeholder(asked.id, content="a" * 3000, state=MessageState.COMPLETE)
            made = opening(f"a{i}", message_id=answer.id, conversation_id=f"c{i}")
            store.conversations.begin_turn(f"c{i}", asked, answer, made)
            store.ledger.settle(settlement(f"a{i}")).result()


def break_page_of(path: Path, table: str, which: Callable[[list[int]], int]) -> None:
    """Overwrite a leaf page of a table with rubbish, as a failing disk does."""
    connection = sqlite3.connect(path)
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    pages = [
        row[0]
        for row in connection.execute(
            "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno", (table,)
        )
    ]
    connection.close()
    with path.open("r+b") as file:
        file.seek((which(pages) - 1) * size)
        file.write(b"\xa5" * size)


def test_damage_found_while_running_is_set_aside_and_what_can_be_read_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "llmtui.db"
    make_full(path)
    break_page_of(path, "messages", lambda pages: pages[len(pages) // 2])
    told: list[str] = []
    store = Store(path, notice=told.append)
    assert store.ready.result().kind == "opened"
    store.submit(lambda connection: connection.execute("UPDATE messages SET pinned = 1")).result(60)
    (aside,) = tmp_path.glob("*.damaged-*")
    assert told == [store.state.sentence]
    assert aside.name in told[0]
    checked(store)
    kept = rows(store, "SELECT count(*), sum(pinned) FROM messages")[0]
    assert kept[0] == kept[1]
    assert 100 <= kept[0] < 120
    assert rows(store, "SELECT count(*) FROM conversations") == [(60,)]
    assert rows(store, "SELECT count(*) FROM attempts") == [(60,)]
    assert all(each.leaf_id for each in store.conversations.listed() if each.message_count)
    assert store.close()
    with running(path) as again:
        assert again.state.kind == "opened"


def test_messages_without_their_conversations_get_new_ones(tmp_path: Path) -> None:
    path = tmp_path / "llmtui.db"
    make_full(path)
    direct = sqlite3.connect(path)
    direct.execute("PRAGMA writable_schema = ON")
    direct.execute("UPDATE sqlite_master SET rootpage = 999999 WHERE name = 'conversations'")
    direct.commit()
    direct.close()
    with running(path) as store:
        assert store.state.kind == "set_aside"
        checked(store)
        found = store.conversations.listed()
        assert len(found) == 60
        assert {each.title for each in found} == {"(recovered)"}
        assert [message.content[:8] for message in store.conversations.thread("c7")] == ["question", "aaaaaaaa"]


def test_two_processes_find_the_same_damage(tmp_path: Path) -> None:
    """Only one sets it aside; the other takes the new file over."""
    path = tmp_path / "llmtui.db"
    make_full(path, 10)
    with path.open("r+b") as file:
        file.write(b"rubbish" * 1000)
    stores = [Store(path) for _ in range(4)]
    kinds = sorted(store.ready.result(60).kind for store in stores)
    assert kinds == ["opened", "opened", "opened", "set_aside"]
    for i, store in enumerate(stores):
        store.prompts.add(str(i)).result(60)
    assert all(store.close(60) for store in stores)
    assert len(list(tmp_path.glob("*.damaged-*"))) == 1
    with running(path) as store:
        assert sorted(store.prompts.recent()) == ["0", "1", "2", "3"]


def test_rows_that_make_no_sense_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "llmtui.db"
    make_full(path, 3)
    direct = sqlite3.connect(path)
    direct.execute("PRAGMA ignore_check_constraints = ON")
    direct.execute("UPDATE messages SET role = 'nobody' WHERE rowid = 2")
    direct.commit()
    direct.close()
    with running(tmp_path / "new.db") as store:
        assert store.submit(lambda _: None).result() is None
        target = sqlite3.connect(tmp_path / "new.db", isolation_level=None)
        assert copy_readable(path, target, Patience(threading.Event(), None)) == 3 + 5 + 3
        target.close()
        checked(store)
