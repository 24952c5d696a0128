"""Whatever a server sends, no decoder crashes, none forgets what it said, and how the bytes are split changes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llmtui.core.events import StreamEnded, StreamFailed, TextDelta
from llmtui.core.messages import Message, ModelRef, Role
from llmtui.core.request import ChatRequest
from llmtui.providers.base import Target
from llmtui.providers.registry import WIRES, adapter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llmtui.core.events import StreamEvent

REQUEST = ChatRequest(ModelRef("acme", "m"), (Message(Role.USER, "hi"),))
KEYS = [
    "choices", "delta", "content", "index", "finish_reason", "usage", "error", "message", "type", "text", "candidates", "parts",
    "thought", "reasoning", "reasoning_details", "prompt_tokens", "completion_tokens", "done", "done_reason", "response", "item",
    "model", "id", "code", "status", "thinking", "content_block", "usageMetadata", "cost", "output", "x_groq", "timings",
]  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(
    ["stop", "message_start", "content_block_delta", "response.completed", "response.output_text.delta", "error", "STOP"]
)  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)


def _frame(value: Any) -> bytes:
    return json.dumps(value).encode()


PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"\n",
            b"\n\n",
            b"\r\n",
            b"data: ",
            b"data: [DONE]\n\n",
            b"event: error\n",
            b": c\n\n",
            b"\xef\xbb\xbf",
            b"{",
            b"}",
        ]
    ),
    JSON.map(_frame),
    JSON.map(lambda value: b"data: " + _frame(value) + b"\n\n"),
    JSON.map(lambda value: _frame(value) + b"\n"),
)


def _fed(wire: str, pieces: Iterable[bytes]) -> list[StreamEvent]:
    where = Target("acme", wire, "https://h.test/v1")
    decoder = adapter(wire).decoder(REQUEST, where)
    return [*(event for piece in pieces for event in decoder.feed(piece)), *decoder.close()]


def _comparable(events: list[StreamEvent]) -> list[object]:
    return [(type(event.error), str(event.error)) if isinstance(event, StreamFailed) else event for event in events]


@pytest.mark.parametrize("wire", WIRES)
@settings(max_examples=150, deadline=None)
@given(pieces=st.lists(PIECES, max_size=12))
@example([b'{"error":true}\n', b"\n", b"data\n\n"])
@example([b'{"error":{"message":"no"}}\n\n', b'data: {"candidates":[{"content":{"parts":[{"text":"x"}]}}]}\n\n'])
def test_any_bytes(wire: str, pieces: list[bytes]) -> None:
    """ROB-8, STR-2: nothing stands behind the end, deltas are never empty, every text can be stored.

    Symptom: what stood behind a raw JSON error counted, or not, by how the packets were cut.
    Cause: lines that are no events were looked at after all events of a packet.
    Fix: they know how many events came before them, and are judged in their place.
    """
    events = _fed(wire, pieces)
    data = b"".join(pieces)
    assert _comparable(_fed(wire, [data])) == _comparable(events)
    assert _comparable(_fed(wire, [data[i : i + 1] for i in range(len(data))])) == _comparable(events)
    for event in events[:-1]:
        assert not isinstance(event, StreamEnded | StreamFailed)
    for event in events:
        if isinstance(event, TextDelta):
            assert event.text
            event.text.encode()
        if isinstance(event, StreamFailed):
            event.error.sentence.encode()
