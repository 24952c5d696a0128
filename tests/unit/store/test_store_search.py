"""Full-text search: literal, newest first, in any script, with and without an index (CHAT-1)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from llmtui.core.errors import StoreError
from llmtui.core.messages import MessageState
from llmtui.store import migrations, search
from tests.support.stores import checked, placeholder, question, rows, running

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from llmtui.store.database import Store

TEXTS = (
    "The quick brown fox",
    'say "hello" OR NOT (x) AND y*',
    "naïve Straße 漢字かな交じり文",
    "100% sure_thing \\ back",
    "line one\nline two has the QUICK word twice: quick\nline three",
)


@pytest.fixture
def filled(store: Store) -> Store:
    for i, text in enumerate(TEXTS):
        asked = question(text)
        store.conversations.begin_turn(
            f"c{i}", asked, placeholder(asked.id, state=MessageState.COMPLETE), None
        ).result()
    return store


@pytest.fixture(params=["index", "no index"])
def either(request: pytest.FixtureRequest, filled: Store) -> Store:
    if request.param == "no index":

        def drop(connection: sqlite3.Connection) -> None:
            connection.execute("DROP TABLE messages_fts")
            for name in ("insert", "delete", "update"):
                connection.execute(f"DROP TRIGGER messages_fts_{name}")

        filled.submit(drop).result()
    return filled


def found(store: Store, text: str, **facts: int) -> list[str]:
    return [hit.conversation_id for hit in store.search(text, **facts)]


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("quick", ["c4", "c0"]),
        ("QUICK", ["c4", "c0"]),
        ("uic", ["c4", "c0"]),
        ("ui", ["c4", "c0"]),
        ("quick fox", ["c0"]),
        ("fo quick", ["c0"]),
        ('"hello"', ["c1"]),
        ('"hello" OR', ["c1"]),
        ("NOT (x)", ["c1"]),
        ("y*", ["c1"]),
        ("hel*", []),
        ('"', ["c1"]),
        ("漢字か", ["c2"]),
        ("漢", ["c2"]),
        ("0%", ["c3"]),
        ("e_t", ["c3"]),
        ("\\", ["c3"]),
        ("%", ["c3"]),
        ("", []),
        ("  \n", []),
        ("\0", []),
        ("fox\0", ["c0"]),
        ("\ud800", []),
    ],
)
def test_what_is_typed_is_meant_literally(either: Store, text: str, hits: list[str]) -> None:
    assert found(either, text) == hits


def test_pages_go_on_where_the_last_ended(either: Store) -> None:
    first = either.search("quick", limit=1)
    assert [hit.conversation_id for hit in first] == ["c4"]
    assert found(either, "quick", before=first[0].seq) == ["c0"]


def test_the_snippet_is_the_line_with_the_hit(filled: Store) -> None:
    hit = filled.search("quick")[0]
    assert hit.snippet == "line two has the QUICK word twice: quick"
    assert [hit.snippet[start:end] for start, end in hit.spans] == ["QUICK", "quick"]
    assert (hit.conversation_title, hit.role) == (
        "line one line two has the QUICK word twice: quick line three",
        "user",
    )


def test_a_long_line_is_cut_around_the_hit(store: Store) -> None:
    asked = question("a" * 500 + " needle " + "b" * 500)
    store.conversations.begin_turn("c", asked, placeholder(asked.id), None).result()
    (hit,) = store.search("needle")
    assert len(hit.snippet) <= search.SNIPPET
    assert hit.snippet[0] == hit.snippet[-1] == "…"
    assert [hit.snippet[start:end] for start, end in hit.spans] == ["needle"]


def test_short_words_look_only_at_the_newest(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is bounded: ten messages (five questions, five empty answers), of which the last four are looked at."""
    monkeypatch.setattr(search, "NEWEST", 4)
    assert found(filled, "ui") == ["c4"]


def test_an_error_of_the_database_is_not_taken_for_a_missing_index(filled: Store) -> None:
    with pytest.raises(StoreError, match="interrupted"):
        filled.submit(_interrupted).result()


def _interrupted(connection: sqlite3.Connection) -> None:
    connection.set_progress_handler(lambda: 1, 1)
    try:
        search.search(connection, "quick")
    finally:
        connection.set_progress_handler(None, 0)


def test_an_sqlite_without_the_index_keeps_working(filled: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The triggers are dropped where they would fail; where the index is possible again it is built anew."""
    monkeypatch.setattr(migrations, "_can_index", lambda connection: False)
    with running(path) as poor:
        asked = question("written without an index")
        poor.conversations.begin_turn("new", asked, placeholder(asked.id), None).result()
        assert rows(
            poor, "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'messages_fts*'"
        ) == [(0,)]
    monkeypatch.undo()
    with running(path) as rich:
        assert found(rich, "written without") == ["new"]
        assert rows(rich, "SELECT count(*) FROM messages_fts WHERE messages_fts MATCH 'written'") == [(1,)]
        checked(rich)


def test_a_new_database_without_the_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "_can_index", lambda connection: False)
    with running(tmp_path / "poor.db") as store:
        asked = question("found all the same")
        store.conversations.begin_turn("c", asked, placeholder(asked.id), None).result()
        assert found(store, "all the same") == ["c"]


def test_the_index_follows_every_change(store: Store) -> None:
    asked = question("first words")
    answer = placeholder(asked.id)
    store.conversations.begin_turn("c", asked, answer, None)
    store.conversations.finish_answer(
        replace(answer, content="the streamed reply", state=MessageState.COMPLETE)
    ).result()
    assert found(store, "streamed") == ["c"]
    store.submit(lambda c: c.execute("UPDATE messages SET content = '' WHERE id = ?", (answer.id,))).result()
    assert found(store, "streamed") == []
    store.submit(lambda c: c.execute("INSERT INTO messages_fts (messages_fts) VALUES ('integrity-check')")).result()
    checked(store)
