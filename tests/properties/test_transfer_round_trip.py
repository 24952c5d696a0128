"""Whatever conversation there is, exported and imported it is the same again: every branch, mark and byte."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmtui.cli.transfer import _take_in
from llmtui.core.messages import Attachment, Message, MessageState, ModelRef, Role
from llmtui.store.database import Store
from llmtui.transfer.as_json import from_json, to_json
from llmtui.transfer.document import Document, of_conversation

if TYPE_CHECKING:
    from pathlib import Path

MOMENTS = st.integers(1, 2**42)
NAMES = st.text(st.characters(categories=("L", "N", "P", "S"), exclude_characters="/"), min_size=1, max_size=12)
FILES = st.builds(Attachment, NAMES, st.sampled_from(["text/plain", "image/png"]), st.binary(max_size=40))
VALUES = st.one_of(st.text(max_size=20), st.integers(-(2**40), 2**40), st.booleans(), st.lists(st.text(max_size=5)))
SETTINGS = st.dictionaries(st.sampled_from(["system", "role", "temperature", "stop"]), VALUES)
STATES = [state for state in MessageState if state is not MessageState.STREAMING]


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A conversation as a tree of messages."""
    messages: list[Message] = []
    identity = draw(st.from_regex(r"[0-9a-zA-Z]{1,12}", fullmatch=True))
    for number in range(draw(st.integers(0, 6))):
        parent = draw(st.sampled_from([None, *(message.id for message in messages)]))
        messages.append(
            Message(
                role=draw(st.sampled_from(Role)),
                content=draw(st.text(max_size=200)),
                id=f"{identity}-{number}",
                parent_id=parent,
                reasoning=draw(st.text(max_size=50)),
                attachments=tuple(draw(st.lists(FILES, max_size=2))),
                opaque=tuple(draw(st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=2), max_size=2))),
                model=draw(st.one_of(st.none(), st.builds(ModelRef, NAMES, NAMES))),
                state=draw(st.sampled_from(STATES)),
                finish_reason=draw(st.sampled_from([None, "stop", "length"])),
                created_at=draw(MOMENTS),
                excluded=draw(st.booleans()),
                pinned=draw(st.booleans()),
                error=draw(st.one_of(st.none(), st.text(min_size=1, max_size=20))),
            )
        )
    return Document(
        id=identity,
        title=draw(st.text(max_size=60)),
        created_at=draw(MOMENTS),
        updated_at=draw(MOMENTS),
        leaf_id=draw(st.sampled_from([message.id for message in messages])) if messages else None,
        model=draw(st.one_of(st.just(""), st.builds("{}/{}".format, NAMES, NAMES))),
        settings=draw(SETTINGS),
        pinned=draw(st.booleans()),
        archived=draw(st.booleans()),
        messages=tuple(messages),
    )


@settings(max_examples=60, deadline=None)
@given(document=documents())
def test_chat_1_json_and_back_is_the_same(document: Document) -> None:
    assert from_json(to_json([document]), "f") == [document]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=documents())
def test_chat_1_what_was_imported_is_exported_as_it_came(tmp_path: Path, document: Document) -> None:
    """Through a real database, byte for byte."""
    text = to_json([document])
    store = Store(tmp_path / "round-trip.db")
    try:
        if store.conversations.get(document.id) is None:  # an id that was drawn before is there already
            [read] = from_json(text, "f")
            store.submit(partial(_take_in, new=[(read, "llmtui")])).result()
            assert to_json([of_conversation(store, document.id)]) == text
            assert store.conversations.resolve(document.id) == document.id
    finally:
        store.close()
