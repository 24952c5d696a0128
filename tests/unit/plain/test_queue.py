"""The wait for a provider in the plain chat: asked again and again, each provider once a round, each question sent once."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.chat.queueing import PROBE_S, queued
from llmtui.core.errors import ConfigError, ConnectionFailed
from llmtui.core.messages import MessageState, ModelRef
from llmtui.plain import queue
from llmtui.plain.voice import Voice
from tests.support.stores import placeholder, question, running

if TYPE_CHECKING:
    from pathlib import Path

    from llmtui.store.database import Store

MODEL = ModelRef("far", "m")


def failed(store: Store, conversation_id: str, text: str) -> None:
    """A conversation of one question whose answer failed, and which waits."""
    asked = question(text)
    answer = placeholder(asked.id, state=MessageState.FAILED)
    store.conversations.begin_turn(conversation_id, asked, answer, None).result()
    store.outbox.add(queued(conversation_id, asked.id, MODEL)).result()


def chat_of(store: Store, away: int) -> Any:
    """What `/queue` uses of a chat; its provider is back after so many probes."""
    probes: list[str] = []

    async def probe(provider: str) -> None:
        probes.append(provider)
        if len(probes) <= away:
            raise ConnectionFailed("nobody there")

    out = io.BytesIO()
    chat: Any = SimpleNamespace(
        session=SimpleNamespace(store=store, probe=probe), voice=Voice(out, terminal=False, abandoned=lambda: None),
        out=out, probes=probes, id=None, model=MODEL, settings=None, sent=[],
    )  # fmt: skip
    chat.messages = lambda: store.conversations.thread(chat.id) if chat.id else ()
    chat.open = lambda conversation_id: setattr(chat, "id", conversation_id)
    chat.answer_again = lambda answer, model, _settings: chat.sent.append((answer.parent_id, model))
    return chat


def test_rob_6_it_asks_again_until_the_provider_is_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ROB-6: what waits is sent in order, and is out of the queue before it goes."""
    slept: list[float] = []
    monkeypatch.setattr(queue, "sleep", slept.append)
    with running(tmp_path / "db") as store:
        failed(store, "one", "first")
        failed(store, "two", "second")
        ids = [each.message_id for each in store.outbox.waiting()]
        chat = chat_of(store, away=2)
        queue.queue(chat, "")
        assert store.outbox.waiting() == []
    assert slept == [PROBE_S] * 2
    assert len(chat.probes) == 4, "a provider that is away is asked once a round"
    assert chat.sent == [(each, MODEL) for each in ids]
    assert chat.out.getvalue().decode().count("queued: far is not back: nobody there") == 2


def test_rob_6_what_was_answered_meanwhile_is_not_sent(tmp_path: Path) -> None:
    """ROB-6: it leaves the queue all the same."""
    with running(tmp_path / "db") as store:
        failed(store, "one", "first")
        asked = question("again", parent=store.conversations.thread("one")[-1].id)
        done = placeholder(asked.id, state=MessageState.COMPLETE, content="fine")
        store.conversations.begin_turn("one", asked, done, None).result()
        chat = chat_of(store, away=0)
        queue.queue(chat, "")
        assert chat.sent == []
        assert "has been answered, or is no longer shown" in chat.out.getvalue().decode()
        with pytest.raises(ConfigError, match="whose answer failed"):
            queue.queue(chat, "")
