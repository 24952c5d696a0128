"""A conversation is a tree: branches, siblings, the leaf that is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from llmtui.core.errors import ConfigError
from llmtui.core.messages import Attachment, Message, MessageState
from tests.support.stores import placeholder, question

if TYPE_CHECKING:
    from llmtui.store.database import Store


def say(store: Store, text: str, reply: str, parent: str | None = None) -> tuple[Message, Message]:
    """A question and its complete answer, stored."""
    asked = question(text, parent)
    answer = placeholder(asked.id, content=reply, state=MessageState.COMPLETE)
    store.conversations.begin_turn("c", asked, answer, None).result()
    return asked, answer


def test_the_thread_runs_from_root_to_leaf(store: Store) -> None:
    _, one = say(store, "q1", "a1")
    _, two = say(store, "q2", "a2", one.id)
    say(store, "q3", "a3", two.id)
    texts = [message.content for message in store.conversations.thread("c")]
    assert texts == ["q1", "a1", "q2", "a2", "q3", "a3"]
    assert [message.content for message in store.conversations.thread("c", leaf=two.id)] == texts[:4]
    assert [message.content for message in store.conversations.thread("c", last=3)] == texts[3:]
    assert store.conversations.thread("nowhere") == []


def test_regenerated_answers_and_edited_questions_are_siblings(store: Store) -> None:
    """STR-10: nothing is overwritten; both branches can be shown again."""
    first, one = say(store, "q1", "a1")
    other = placeholder(first.id, content="a1 again", state=MessageState.COMPLETE)
    store.conversations.begin_turn("c", None, other, None).result()
    edited, _ = say(store, "q1 edited", "a1 edited")
    assert store.conversations.siblings(one.id) == [one.id, other.id]
    assert store.conversations.siblings(edited.id) == [first.id, edited.id]
    assert [message.content for message in store.conversations.thread("c")] == ["q1 edited", "a1 edited"]
    assert store.conversations.set_leaf("c", first.id).result() == other.id
    assert [message.content for message in store.conversations.thread("c")] == ["q1", "a1 again"]
    assert len(store.conversations.whole("c")) == 5


def test_showing_a_branch_goes_down_to_its_newest_end(store: Store) -> None:
    first, one = say(store, "q1", "a1")
    _, two = say(store, "q2", "a2", one.id)
    say(store, "q1 edited", "a")
    assert store.conversations.set_leaf("c", first.id).result() == two.id
    with pytest.raises(ConfigError, match="no message"):
        store.conversations.set_leaf("c", "nothing").result()


def test_a_message_is_removed_with_what_follows_and_comes_back(store: Store) -> None:
    """CHAT-1: deleting one message has an undo; order, attachments and the branch shown return as they were."""
    first, one = say(store, "q1", "a1")
    file = Attachment("note.txt", "text/plain", b"words")
    asked = replace(question("q2", one.id), attachments=(file,))
    answer = placeholder(asked.id, content="a2", state=MessageState.COMPLETE)
    store.conversations.begin_turn("c", asked, answer, None).result()
    before, shown = store.conversations.whole("c"), store.conversations.thread("c")
    removed = store.conversations.remove_message("c", asked.id).result()
    assert [message.content for message in store.conversations.thread("c")] == ["q1", "a1"]
    assert not store.search("q2")
    _, late = say(store, "q3", "a3", one.id)  # takes the places in the order of arrival that had become free
    store.conversations.restore_messages(removed).result()
    assert store.conversations.thread("c") == shown
    assert [each for each in store.conversations.whole("c") if each.content not in ("q3", "a3")] == before
    assert store.conversations.siblings(asked.id) != []
    store.conversations.remove_message("c", asked.id).result()
    assert store.conversations.thread("c")[-1].id == late.id, "what stands beside it is shown"
    store.conversations.remove_message("c", first.id).result()
    assert store.conversations.thread("c") == []
    with pytest.raises(ConfigError, match="no message"):
        store.conversations.remove_message("c", first.id).result()


def test_a_message_below_which_an_answer_comes_is_not_removed(store: Store) -> None:
    asked = question("q")
    store.conversations.begin_turn("c", asked, placeholder(asked.id), None).result()
    with pytest.raises(ConfigError, match="still coming"):
        store.conversations.remove_message("c", asked.id).result()
    assert len(store.conversations.thread("c")) == 2


def test_marks_of_the_context_stay(store: Store) -> None:
    """TOK-5"""
    asked, _ = say(store, "q", "a")
    store.conversations.mark(asked.id, excluded=True)
    store.conversations.mark(asked.id, pinned=True).result()
    message = store.conversations.thread("c")[0]
    assert (message.excluded, message.pinned) == (True, True)
    store.conversations.mark(asked.id, excluded=False).result()
    assert not store.conversations.thread("c")[0].excluded


def test_earlier_answers_to_the_same_question(store: Store) -> None:
    """ROB-6: the very same question, complete answers only, the newest first."""
    long = "x" * 100
    first, one = say(store, long + "1", "old")
    say(store, long + "2", "another")
    store.conversations.begin_turn("c", None, placeholder(first.id, content="cut", state=MessageState.TRUNCATED), None)
    newer = placeholder(first.id, content="new", state=MessageState.COMPLETE)
    store.conversations.begin_turn("c", None, newer, None).result()
    found = store.conversations.earlier_answers(long + "1")
    assert [(where, message.id) for where, message in found] == [("c", newer.id), ("c", one.id)]
    store.conversations.delete("c").result()
    assert store.conversations.earlier_answers(long + "1") == []


def test_a_long_thread_is_walked_whole(store: Store) -> None:
    parent, made = None, []
    for i in range(600):
        message = replace(question(f"m{i}", parent), created_at=i + 1)
        made.append(message)
        parent = message.id
    from llmtui.store.records import Conversation

    store.conversations.create(Conversation("c", "long", 1, 2, parent, "", {}), made).result()
    thread = store.conversations.thread("c")
    assert [message.content for message in thread] == [f"m{i}" for i in range(600)]
    assert thread == made
