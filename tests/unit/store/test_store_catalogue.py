"""The list of conversations: found, named, pinned, archived, deleted with a way back (CHAT-1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llmtui.core.errors import ConfigError
from llmtui.store.catalogue import BIN_MS
from llmtui.store.records import Conversation
from tests.support.stores import NOON, checked, opening, placeholder, question, rows, running, settlement

if TYPE_CHECKING:
    from pathlib import Path

    from llmtui.store.database import Store


def add(store: Store, conversation_id: str, title: str = "", updated_at: int = 1, **facts: object) -> None:
    made = Conversation(conversation_id, title, 1, updated_at, None, "", {})._replace(**facts)  # type: ignore[arg-type]
    store.conversations.create(made).result()


def listed(store: Store, **facts: object) -> list[str]:
    return [each.id for each in store.conversations.listed(**facts)]  # type: ignore[arg-type]


def test_newest_first_pinned_above_archived_apart(store: Store) -> None:
    for conversation_id, when in (("old", 1), ("mid", 2), ("new", 3)):
        add(store, conversation_id, updated_at=when)
    assert listed(store) == ["new", "mid", "old"]
    assert store.conversations.newest() == "new"
    store.conversations.pin("old").result()
    store.conversations.archive("new").result()
    assert listed(store) == ["old", "mid"]
    assert listed(store, archived=True) == ["new"]
    assert listed(store, limit=1, offset=1) == ["mid"]
    assert store.conversations.newest() == "mid"
    store.conversations.pin("old", pinned=False).result()
    store.conversations.archive("new", archived=False).result()
    assert listed(store) == ["new", "mid", "old"]


def test_titles_are_filtered_literally(store: Store) -> None:
    add(store, "a", "100% sure_ly")
    add(store, "b", "100 sure ly")
    assert listed(store, title="0%") == ["a"]
    assert listed(store, title="e_l") == ["a"]
    assert listed(store, title="SURE") == ["a", "b"] or listed(store, title="SURE") == ["b", "a"]


def test_a_persons_title_is_not_replaced_by_a_models(store: Store) -> None:
    asked = question("what is it?")
    store.conversations.begin_turn("c", asked, placeholder(asked.id), None)
    assert store.conversations.rename("c", "Made by a\n model", source="model").result()
    found = store.conversations.get("c")
    assert found is not None
    assert found.title == "Made by a model"
    assert store.conversations.rename("c", "Mine").result()
    assert not store.conversations.rename("c", "Theirs", source="model").result()
    again = store.conversations.get("c")
    assert again is not None
    assert again.title == "Mine"


def test_an_id_by_its_beginning(store: Store) -> None:
    for conversation_id in ("abc1", "abc2", "abd", "ab"):
        add(store, conversation_id)
    assert store.conversations.resolve("abd") == "abd"
    assert store.conversations.resolve(" ABC1 ") == "abc1"
    assert store.conversations.resolve("ab") == "ab"
    with pytest.raises(ConfigError, match=r"more than one conversation \(abc1, abc2\)"):
        store.conversations.resolve("abc")
    for unknown in ("zz", "", "%"):
        with pytest.raises(ConfigError, match="there is no conversation"):
            store.conversations.resolve(unknown)
    store.conversations.delete("abd").result()
    with pytest.raises(ConfigError, match="there is no conversation"):
        store.conversations.resolve("abd")


def test_deleted_with_a_way_back_then_for_good(store: Store) -> None:
    """P32: the bill stays when the conversation goes."""
    asked = question("deletable words")
    answer = placeholder(asked.id)
    store.conversations.begin_turn("c", asked, answer, opening("a", message_id=answer.id))
    store.ledger.settle(settlement("a")).result()
    assert store.conversations.purge("c").result() == 0  # not in the bin
    store.conversations.delete("c").result()
    assert listed(store) == []
    assert store.search("deletable") == []
    store.conversations.undelete("c").result()
    assert listed(store) == ["c"]
    assert len(store.search("deletable")) == 1
    store.conversations.delete("c").result()
    assert store.conversations.purge("c").result() == 1
    assert store.conversations.get("c") is None
    assert rows(store, "SELECT count(*) FROM messages") == [(0,)]
    assert rows(store, "SELECT cost_nanos FROM attempts") == [(4_500_000,)]
    assert rows(store, "SELECT count(*) FROM messages_fts WHERE messages_fts MATCH 'deletable'") == [(0,)]
    checked(store)


def test_the_bin_is_emptied_after_its_time(path: Path) -> None:
    with running(path) as store:
        add(store, "c")
        store.conversations.delete("c").result()
    with running(path, NOON + BIN_MS - 1) as store:
        assert store.conversations.get("c") is not None
    with running(path, NOON + BIN_MS) as store:
        assert store.conversations.get("c") is None


def test_settings_and_model_of_a_conversation(store: Store) -> None:
    add(store, "c")
    store.conversations.set_model("c", "openai/gpt-4o")
    store.conversations.set_settings("c", {"temperature": 0.5, "seed": None, "system": "Be brief"}).result()
    found = store.conversations.get("c")
    assert found is not None
    assert (found.model, found.settings) == ("openai/gpt-4o", {"temperature": 0.5, "system": "Be brief"})
    assert not store.conversations.set_model("nowhere", "x/y").result()


def test_an_import_keeps_everything(store: Store) -> None:
    asked = question("imported")
    answer = placeholder(asked.id, content="yes")
    whole = Conversation("c", "T", 5, 6, answer.id, "a/b", {"role": "x"}, pinned=True, archived=True)
    store.conversations.create(whole, [asked, answer], source="chatgpt").result()
    assert store.conversations.get("c") == whole._replace(message_count=2)
    assert [message.created_at for message in store.conversations.whole("c")] == [5, 5]
    assert rows(store, "SELECT source, title_source FROM conversations") == [("chatgpt", "user")]
