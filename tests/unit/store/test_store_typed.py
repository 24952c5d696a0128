"""Prompts, drafts and the outbox survive a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.store import typed
from llmtui.store.records import Draft, QueuedQuestion
from tests.support.stores import placeholder, question, running

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from llmtui.store.database import Store


def test_prompts_are_different_and_the_newest_first(store: Store) -> None:
    """CHAT-2"""
    for text in ("one", "two", "one\nmore", "one", "\ud800"):
        store.prompts.add(text)
    store.submit(lambda _: None).result()
    assert store.prompts.recent() == ["\ufffd", "one", "one\nmore", "two"]
    assert store.prompts.recent(1) == ["\ufffd"]


def test_only_so_many_prompts_are_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed, "KEPT", 3)
    for i in range(6):
        store.prompts.add(str(i)).result()
    assert store.prompts.recent() == ["5", "4", "3"]


def test_drafts_survive_a_restart(path: Path) -> None:
    """CHAT-2"""
    with running(path) as store:
        store.drafts.save("", "not yet sent", ["/tmp/a.png"])
        store.drafts.save("c", "first")
        store.drafts.save("c", "second")
    with running(path) as store:
        assert store.drafts.get("") == Draft("not yet sent", ("/tmp/a.png",))
        assert store.drafts.get("c") == Draft("second")
        store.drafts.save("c", "").result()
        assert store.drafts.get("c") == Draft("")


def test_queued_questions_wait_in_order_and_are_taken_once(path: Path) -> None:
    """ROB-6"""
    with running(path) as store:
        for i in (2, 1):
            asked = question(f"q{i}")
            store.conversations.begin_turn(f"c{i}", asked, placeholder(asked.id), None)
            store.outbox.add(QueuedQuestion(f"id{i}", f"c{i}", asked.id, "openai/gpt-4o", i)).result()
    with running(path) as store:
        assert [each.id for each in store.outbox.waiting()] == ["id1", "id2"]
        store.conversations.delete("c2").result()
        assert [each.id for each in store.outbox.waiting()] == ["id1"]
        assert store.outbox.remove("id1").result()
        assert not store.outbox.remove("id1").result()
        assert store.outbox.waiting() == []
