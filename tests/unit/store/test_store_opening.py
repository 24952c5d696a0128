"""However the file is found, there is a way on, a sentence, and nothing is deleted (ROB-11)."""

from __future__ import annotations

import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.core.errors import StoreError
from llmtui.core.messages import MessageState
from llmtui.store import emptied, migrations, opening, rescue, schema, writer
from llmtui.store.connection import connect
from llmtui.store.database import Store
from tests.support import stores
from tests.support.stores import checked, placeholder, question, rows, running, settlement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEXT = (
    *schema.MIGRATIONS,
    ("ALTER TABLE conversations ADD COLUMN colour TEXT", "UPDATE conversations SET colour = 'red'"),
)


def talk(store: Store, conversation_id: str = "c", text: str = "a question to keep") -> None:
    """A whole turn, booked."""
    asked = question(text)
    answer = placeholder(asked.id)
    made = stores.opening(conversation_id=conversation_id, message_id=answer.id)
    store.conversations.begin_turn(conversation_id, asked, answer, made)
    done = replace(answer, content="an answer to keep", state=MessageState.COMPLETE)
    store.ledger.settle(settlement(made.id, answer=done)).result()


def said(store: Store, conversation_id: str = "c") -> list[str]:
    return [message.content for message in store.conversations.thread(conversation_id)]


def test_a_new_one_then_as_it_was_left(path: Path) -> None:
    """SEC-3: 0600 in a 0700 folder."""
    with running(path) as store:
        assert store.state.kind == "new"
        assert store.state.sentence == ""
        talk(store)
    for file in (path, path.with_name("llmtui.db-journal")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    with running(path) as store:
        assert store.state.kind == "opened"
        assert said(store) == ["a question to keep", "an answer to keep"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_settings_of_the_file(store: Store) -> None:
    """Rollback journal and full syncing, always."""
    settings = store.submit(
        lambda c: [
            c.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    )
    assert settings.result() == ["truncate", 2, 1]


def test_readers_cannot_write(store: Store) -> None:
    with pytest.raises(Exception, match="readonly"):
        store.read(lambda connection: connection.execute("DELETE FROM conversations"))


def test_an_older_one_is_backed_up_then_migrated(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(path) as store:
        talk(store)
    monkeypatch.setattr(schema, "MIGRATIONS", NEXT)
    monkeypatch.setattr(schema, "VERSION", len(NEXT))
    with running(path) as store:
        assert store.state.kind == "migrated"
        assert rows(store, "SELECT colour FROM conversations") == [("red",)]
    (backup,) = path.parent.glob("*.bak")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    old = sqlite3.connect(backup)
    assert old.execute("PRAGMA user_version").fetchone() == (1,)
    assert old.execute("SELECT count(*) FROM messages").fetchone() == (2,)
    old.close()
    with running(path) as store:
        assert store.state.kind == "opened"
    assert len(list(path.parent.glob("*.bak"))) == 1


def test_a_migration_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(path) as store:
        talk(store)
    broken = (*schema.MIGRATIONS, ("ALTER TABLE conversations ADD COLUMN colour TEXT", "this is no SQL"))
    monkeypatch.setattr(schema, "MIGRATIONS", broken)
    monkeypatch.setattr(schema, "VERSION", len(broken))
    raw = Store(path)
    with pytest.raises(StoreError, match="syntax error"):
        raw.ready.result(10)
    with pytest.raises(StoreError, match="could not be opened"):
        raw.submit(lambda _: None).result(10)
    assert raw.close()
    monkeypatch.undo()
    with running(path) as store:
        assert said(store) == ["a question to keep", "an answer to keep"]


def test_the_version_is_read_again_inside_the_lock(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes start at once: the second finds the work done and does nothing."""
    with running(path):
        pass
    monkeypatch.setattr(schema, "MIGRATIONS", NEXT)
    versions = iter((1,))
    real = migrations.version_of
    monkeypatch.setattr(opening, "version_of", lambda connection: next(versions, None) or real(connection))
    monkeypatch.setattr(schema, "VERSION", len(NEXT))
    direct = connect(path)
    for statement in NEXT[1]:
        direct.execute(statement)
    direct.execute("PRAGMA user_version = 2")
    direct.close()
    with running(path) as store:
        assert store.state.kind == "opened"
    assert list(path.parent.glob("*.bak")) == []


def test_a_newer_one_is_only_read(path: Path) -> None:
    with running(path) as store:
        talk(store)
    direct = connect(path)
    direct.execute("ALTER TABLE messages ADD COLUMN mood TEXT")
    direct.execute("PRAGMA user_version = 99")
    direct.close()
    before = path.read_bytes()
    with running(path) as store:
        assert (store.state.kind, store.state.ephemeral) == ("newer", True)
        assert "newer llmtui (schema 99" in store.state.sentence
        assert said(store) == ["a question to keep", "an answer to keep"]
        assert store.ledger.spent().tokens == 1200
        talk(store, "d")
        assert said(store, "d") == ["a question to keep", "an answer to keep"]
        checked(store)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"This is no database at all, only text. " * 100, b"SQLite format 3\0" + b"\xff" * 4000]
)
def test_what_is_no_database_is_set_aside(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with running(path) as store:
        assert store.state.kind == "set_aside"
        assert not store.state.ephemeral
        talk(store)
        (aside,) = path.parent.glob("*.damaged-*")
        assert str(aside) == store.state.set_aside
        assert aside.name in store.state.sentence
    assert aside.read_bytes() == content
    with running(path) as store:
        assert store.state.kind == "opened"
        assert said(store) == ["a question to keep", "an answer to keep"]


def test_another_programs_database_is_set_aside(path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE recipes (name)")
    other.commit()
    other.close()
    with running(path) as store:
        assert store.state.kind == "set_aside"
        talk(store)
    (aside,) = path.parent.glob("*.damaged-*")
    assert sqlite3.connect(aside).execute("SELECT count(*) FROM recipes").fetchone() == (0,)


def test_an_emptied_file_is_not_taken_for_a_new_one(path: Path) -> None:
    """The journal that stays beside a database tells that there was one."""
    with running(path) as store:
        talk(store)
    path.write_bytes(b"")
    with running(path) as store:
        assert store.state.kind == "set_aside"
        assert "was empty although it had held data" in store.state.sentence
        assert not store.state.set_aside
        talk(store)
    with running(path) as store:
        assert store.state.kind == "opened"


def test_the_journal_of_an_emptied_file_is_kept(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    journal = emptied._JOURNAL_MAGIC + (1).to_bytes(4, "big") + b"\0" * 4 + (40).to_bytes(4, "big") + b"pages" * 100
    path.with_name("llmtui.db-journal").write_bytes(journal)
    path.with_name("llmtui.db.v1-20260101-000000.bak").touch()
    with running(path) as store:
        (kept,) = path.parent.glob("*.lost-*-journal")
        assert kept.read_bytes() == journal
        assert store.state.set_aside == str(kept)
        assert "backup of an earlier version: llmtui.db.v1-20260101-000000.bak" in store.state.sentence


def test_an_empty_file_without_a_past_is_a_new_one(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    with running(path) as store:
        assert store.state.kind == "new"


def test_a_creation_that_was_cut_off_is_no_loss(path: Path) -> None:
    """Another process died over its first transaction: its journal says that there was nothing before."""
    path.parent.mkdir()
    path.touch()
    path.with_name("llmtui.db-journal").write_bytes(emptied._JOURNAL_MAGIC + bytes(500))
    with running(path) as store:
        assert store.state.kind == "new"


def test_a_backup_beside_an_empty_file_tells_too(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    path.with_name("llmtui.db.v1-20260101-000000.bak").touch()
    with running(path) as store:
        assert store.state.kind == "set_aside"


def test_where_no_folder_can_be_made_the_chat_goes_on(tmp_path: Path) -> None:
    """A data folder below a plain file, as a read-only home would be: everything works, in memory."""
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with running(blocked / "data" / "llmtui.db") as store:
        assert (store.state.kind, store.state.ephemeral) == ("unwritable", True)
        assert "nothing of it will be kept" in store.state.sentence
        talk(store)
        assert said(store) == ["a question to keep", "an answer to keep"]
        assert store.search("question to")[0].conversation_id == "c"
        checked(store)


def test_a_read_only_file_is_read_and_not_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a home on a read-only file system (root may write anywhere, so the question is answered for it)."""
    with running(path) as store:
        talk(store)
    monkeypatch.setattr("os.access", lambda where, mode: False)
    before = path.read_bytes()
    with running(path) as store:
        assert (store.state.kind, store.state.ephemeral) == ("unwritable", True)
        assert said(store) == ["a question to keep", "an answer to keep"]
        talk(store, "d")
    assert path.read_bytes() == before


def test_rescued_twice_in_a_second_where_files_cannot_be_linked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both damaged files are kept, under different names, each with its journal."""
    from pathlib import Path as Real

    def refuse(self: Path, target: Path) -> None:
        raise OSError("this file system has no hard links")

    monkeypatch.setattr(Real, "hardlink_to", refuse)
    monkeypatch.setattr("time.strftime", lambda *_: "20261120-120000")
    path.parent.mkdir()
    draft = path.with_name("draft")
    for content in (b"first", b"second"):
        path.write_bytes(content)
        path.with_name("llmtui.db-journal").write_bytes(content)
        draft.write_bytes(b"new")
        rescue._exchange(path, draft)
        assert path.read_bytes() == b"new"
        assert not draft.exists()
    kept = {
        file.name.removeprefix("llmtui.db.damaged-20261120-120000"): file.read_bytes()
        for file in path.parent.glob("*.dam*")
    }
    assert kept == {"": b"first", "-journal": b"first", "-2": b"second", "-2-journal": b"second"}


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program is at the file, and lets nobody read."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.close()


def waiting(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Store, threading.Event]:
    """A store that is being opened, and when it has said that it waits."""
    monkeypatch.setattr(writer, "NOTICE_AFTER_S", 0.0)
    noticed = threading.Event()
    return Store(path, notice=lambda _: noticed.set()), noticed


def test_a_lock_at_the_start_is_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ROB-10: with a notice, for as long as it takes, and then everything is there and is kept."""
    with running(path) as store:
        talk(store)
    with locked(path):
        store, noticed = waiting(path, monkeypatch)
        assert noticed.wait(10)
        assert not store.ready.done()
    assert store.ready.result(10).kind == "opened"
    talk(store, "d", "asked while it was locked")
    assert store.close()
    with running(path) as store:
        assert said(store, "d")[0] == "asked while it was locked"


def test_closing_gives_up_on_a_lock_at_the_start(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(path):
        pass
    with locked(path):
        store, noticed = waiting(path, monkeypatch)
        assert noticed.wait(10)
        assert not store.close(timeout=0.1)
        with pytest.raises(StoreError, match="another program held the database until the end"):
            store.ready.result(10)
        store._thread.join(10)
        assert not store._thread.is_alive()


def test_a_failed_connection_leaves_nothing_open(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(path):
        pass
    made: list[sqlite3.Connection] = []
    real = sqlite3.connect

    def remember(*where: Any, **how: Any) -> sqlite3.Connection:
        made.append(real(*where, **how))
        return made[-1]

    with locked(path):
        monkeypatch.setattr("llmtui.store.connection.sqlite3.connect", remember)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            connect(path)
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            made[0].execute("SELECT 1")


def test_what_is_locked_is_waited_for_when_it_is_only_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer one, or one that cannot be written: no row is lost for a lock."""
    with running(path) as store:
        talk(store)
    monkeypatch.setattr("os.access", lambda where, mode: False)
    with locked(path):
        store, noticed = waiting(path, monkeypatch)
        assert noticed.wait(10)
        assert not store.ready.done()
    assert store.ready.result(10).kind == "unwritable"
    assert said(store) == ["a question to keep", "an answer to keep"]
    assert store.close()


def test_a_lock_is_no_damage(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was told of damage and finds the file locked waits, and finds it sound: nothing is set aside."""
    with running(path) as store:
        talk(store)
    monkeypatch.setattr(writer, "NOTICE_AFTER_S", 0.0)
    noticed = threading.Event()

    def patience() -> writer.Patience:
        return writer.Patience(threading.Event(), lambda _: noticed.set())

    with ThreadPoolExecutor(1) as pool:
        with locked(path):
            aside = pool.submit(rescue.set_aside, path, patience)
            assert noticed.wait(10)
            assert not aside.done()
        assert aside.result(10) is None
    assert list(path.parent.glob("*.damaged-*")) == []
