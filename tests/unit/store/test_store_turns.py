"""A turn's text: stored before the first byte, kept while it streams, whole at the end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from llmtui.core.messages import Attachment, MessageState
from llmtui.store.turns import title_from
from tests.support.stores import NOON, checked, opening, placeholder, question, rows, running, settlement

if TYPE_CHECKING:
    from pathlib import Path

    from llmtui.store.database import Store


def test_question_place_and_reservation_are_there_before_the_first_byte(store: Store, path: Path) -> None:
    """ROB-9: what begin_turn has acknowledged is in the file, for every other process to see."""
    asked = question("Tell me\nabout   monads")
    answer = placeholder(asked.id)
    store.conversations.begin_turn("c", asked, answer, opening("a", message_id=answer.id, reserved_nanos=7)).result()
    with running(path) as other:
        assert [message.content for message in other.conversations.thread("c")] == ["Tell me\nabout   monads", ""]
        assert rows(other, "SELECT state, reserved_nanos, sent, day FROM attempts") == [("open", 7, 0, "2026-11-20")]
        (found,) = other.conversations.listed()
        assert (found.title, found.leaf_id, found.message_count, found.created_at) == (
            "Tell me about monads",
            answer.id,
            2,
            NOON,
        )


def test_pieces_are_joined_until_the_final_text_replaces_them(store: Store) -> None:
    asked = question()
    answer = placeholder(asked.id)
    store.conversations.begin_turn("c", asked, answer, opening("a", message_id=answer.id))
    store.conversations.flush(answer.id, "A monad ", "hm")
    store.conversations.flush(answer.id, "is", "")
    store.submit(lambda _: None).result()
    streaming = store.conversations.thread("c")[1]
    assert (streaming.content, streaming.reasoning, streaming.state) == ("A monad is", "hm", MessageState.STREAMING)
    done = replace(
        answer, content="A monad is a burrito.", reasoning="hmm", state=MessageState.COMPLETE, opaque=({"sig": "x"},)
    )
    store.ledger.settle(settlement("a", answer=done)).result()
    final = store.conversations.thread("c")[1]
    assert (final.content, final.reasoning, final.state) == ("A monad is a burrito.", "hmm", MessageState.COMPLETE)
    assert final.opaque == ({"sig": "x"},)
    assert rows(store, "SELECT count(*) FROM partials") == [(0,)]


def test_a_late_piece_cannot_touch_a_settled_answer(store: Store) -> None:
    asked = question()
    answer = placeholder(asked.id)
    store.conversations.begin_turn("c", asked, answer, opening("a", message_id=answer.id))
    store.ledger.settle(settlement("a", answer=replace(answer, content="whole", state=MessageState.COMPLETE)))
    store.conversations.flush(answer.id, "late", "")
    store.conversations.finish_answer(replace(answer, content="later", state=MessageState.FAILED)).result()
    assert store.conversations.thread("c")[1].content == "whole"
    assert rows(store, "SELECT count(*) FROM partials") == [(0,)]


def test_an_answer_that_goes_on_keeps_its_text(store: Store) -> None:
    """STR-9: continue takes up an answer that was cut."""
    asked = question()
    answer = placeholder(asked.id)
    cut = replace(answer, content="One, two", state=MessageState.CANCELLED)
    store.conversations.begin_turn("c", asked, cut, None)
    store.conversations.begin_turn("c", None, replace(answer, content="One, two"), opening("a", message_id=answer.id))
    store.conversations.flush(answer.id, ", three", "")
    store.submit(lambda _: None).result()
    (_, going) = store.conversations.thread("c")
    assert (going.content, going.state) == ("One, two, three", MessageState.STREAMING)


def test_without_an_attempt_the_answer_is_stored_as_it_is(store: Store) -> None:
    asked = question()
    failed = placeholder(asked.id, state=MessageState.FAILED, error="no key")
    store.conversations.begin_turn("c", asked, failed, None).result()
    stored = store.conversations.thread("c")[1]
    assert (stored.state, stored.error) == (MessageState.FAILED, "no key")
    assert rows(store, "SELECT count(*) FROM attempts") == [(0,)]


def test_what_utf8_cannot_hold_is_stored_all_the_same(store: Store) -> None:
    """ROB-8: a lone surrogate from a server's JSON is no reason to lose an answer."""
    asked = question("broken \ud83d and whole \ud83d\ude00 é")
    answer = placeholder(asked.id)
    store.conversations.begin_turn("c", asked, answer, opening("a", message_id=answer.id))
    store.conversations.flush(answer.id, "\udc00", "\ud800")
    done = replace(answer, content="a\udfffb", state=MessageState.COMPLETE, error="\ud800")
    store.ledger.settle(settlement("a", answer=done, error_message="\ud800")).result()
    first, second = store.conversations.thread("c")
    assert first.content == "broken \ufffd and whole 😀 é"
    assert (second.content, second.error) == ("a\ufffdb", "\ufffd")
    checked(store)


def test_attachments_come_back_byte_for_byte(store: Store) -> None:
    files = (Attachment("a.png", "image/png", bytes(range(256))), Attachment("b.txt", "text/plain", b"hi"))
    asked = replace(question(), attachments=files)
    store.conversations.begin_turn("c", asked, placeholder(asked.id), None).result()
    assert store.conversations.thread("c")[0].attachments == files
    assert store.conversations.whole("c")[0].attachments == files


def test_a_failing_begin_leaves_nothing(store: Store) -> None:
    """One transaction: a question whose attempt cannot be written is not stored either."""
    asked = question()
    store.conversations.begin_turn("c", asked, placeholder(asked.id), opening("a")).result()
    again = question("second", parent=asked.id)
    with pytest.raises(Exception, match="UNIQUE"):
        store.conversations.begin_turn("c", again, placeholder(again.id), opening("a")).result()
    assert rows(store, "SELECT count(*) FROM messages") == [(2,)]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("short", "short"),
        ("  many \n\n blanks\t here ", "many blanks here"),
        ("word " * 30, "word word word word word word word word word word word…"),
        ("x" * 200, "x" * 59 + "…"),
        ("", ""),
    ],
)
def test_a_title_is_the_first_words(text: str, title: str) -> None:
    """CHAT-1"""
    assert title_from(text) == title
    assert len(title_from(text)) <= 60
