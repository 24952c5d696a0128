"""Summaries: offered where they save something, made by a booked request, sent in place of what they stand for."""

from __future__ import annotations

import pytest

from llmtui.chat.summarise import from_stored, made, offer, to_stored
from llmtui.core.errors import ConfigError
from llmtui.core.messages import Message, Role


def talk(exchanges: int, words: int = 400) -> list[Message]:
    return [
        Message(role, "word " * words, id=f"{role[0]}{number}")
        for number in range(exchanges)
        for role in (Role.USER, Role.ASSISTANT)
    ]


def test_a_summary_is_offered_for_all_but_the_newest_messages() -> None:
    """TOK-5: with what it saves; a short or a new conversation has nothing to save."""
    offered = offer(talk(5))
    assert offered is not None
    assert [message.id for message in offered.older] == ["u0", "a0", "u1", "a1", "u2", "a2"]
    assert offered.saved == offered.tokens - offered.at_most > 0
    assert offer(talk(2)) is None
    assert offer(talk(5, words=2)) is None


def test_a_second_summary_goes_on_from_the_first() -> None:
    """TOK-6: what is covered already is not counted again; with nothing fresh there is no offer."""
    messages = talk(6)
    first = made("short", ["u0", "a0", "u1", "a1"])
    again = offer(messages, first)
    whole = offer(messages)
    assert again is not None
    assert whole is not None
    assert again.tokens < whole.tokens
    assert again.older == whole.older
    assert offer(messages, made("short", [message.id for message in whole.older])) is None


def test_a_summary_survives_being_stored() -> None:
    summary = made("what was said", ["b", "a"])
    assert from_stored(to_stored(summary)) == summary
    assert from_stored(to_stored(None)) is None
    with pytest.raises(ConfigError, match="damaged"):
        from_stored({"summary": {"text": "x"}})
