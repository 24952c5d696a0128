"""Feeds one stream to a decoder in every way a network could split it, and holds the results against each other."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.core.events import (
    Finished,
    OpaqueReasoning,
    ReasoningDelta,
    StreamFailed,
    TextDelta,
    UsageReported,
)
from llmtui.core.messages import Message, ModelRef, Role
from llmtui.core.request import ChatRequest, GenerationSettings
from llmtui.core.secret import Secret
from llmtui.providers.base import Adapter, Target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llmtui.core.errors import ProviderError
    from llmtui.core.events import StreamEvent
    from llmtui.core.usage import Usage

STREAMS = Path(__file__).resolve().parent.parent / "streams"
KEY = "sk-canary-0123456789abcdef"


def target(wire: str, base_url: str, name: str = "acme", key: str = KEY, **fields: Any) -> Target:
    return Target(name, wire, base_url, Secret(key) if key else None, **fields)


def request(
    model: str, *messages: Message, provider: str = "acme", conversation_id: str = "", **settings: Any
) -> ChatRequest:
    said = messages or (user("Hello?"),)
    return ChatRequest(ModelRef(provider, model), said, GenerationSettings(**settings), conversation_id)


def user(text: str, *attachments: Any) -> Message:
    return Message(Role.USER, text, attachments=attachments)


def answer(text: str, *opaque: Any) -> Message:
    return Message(Role.ASSISTANT, text, opaque=opaque)


def system(text: str) -> Message:
    return Message(Role.SYSTEM, text)


def stream(folder: str, name: str) -> bytes:
    """A file of ours under tests/streams: the body alone."""
    return (STREAMS / folder / name).read_bytes()


def shared_stream(shared: Path, name: str) -> bytes:
    """The body of a recorded answer of an independent server; skips where there is none."""
    file = shared / "streams" / name
    if not file.is_file():
        pytest.skip(f"{name} is not among the shared streams")
    return file.read_bytes().partition(b"\r\n\r\n")[2]


def read(adapter: Adapter, data: bytes, asked: ChatRequest, where: Target) -> list[StreamEvent]:
    """The events of a stream; the same however it is split (STR-2)."""
    whole = _fed(adapter, [data], asked, where)
    assert _comparable(_fed(adapter, [data[i : i + 1] for i in range(len(data))], asked, where)) == _comparable(whole)
    for seed in range(12):
        dice = random.Random(seed)
        cuts = sorted(dice.randrange(len(data) + 1) for _ in range(dice.randrange(1, 40)))
        pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        assert _comparable(_fed(adapter, pieces, asked, where)) == _comparable(whole), f"seed {seed}"
    return whole


def _fed(adapter: Adapter, pieces: Iterable[bytes], asked: ChatRequest, where: Target) -> list[StreamEvent]:
    decoder = adapter.decoder(asked, where)
    events = [event for piece in pieces for event in decoder.feed(piece)]
    events += decoder.close()
    assert [*decoder.feed(b'data: {"late": true}\n\n'), *decoder.close()] == []
    return events


def _comparable(events: list[StreamEvent]) -> list[object]:
    return [(type(e.error), str(e.error), e.error.code) if isinstance(e, StreamFailed) else e for e in events]


def text(events: Iterable[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def reasoning(events: Iterable[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, ReasoningDelta))


def opaque(events: Iterable[StreamEvent]) -> list[Any]:
    return [event.item for event in events if isinstance(event, OpaqueReasoning)]


def finished(events: Iterable[StreamEvent]) -> Finished | None:
    found = [event for event in events if isinstance(event, Finished)]
    assert len(found) <= 1
    return found[0] if found else None


def failure(events: list[StreamEvent]) -> ProviderError:
    """The error a stream ended with; nothing stands behind it."""
    last = events[-1]
    assert isinstance(last, StreamFailed), events
    assert KEY not in str(last.error)
    return last.error


def usage(events: Iterable[StreamEvent]) -> Usage | None:
    """The last report; fails when there is none."""
    reports = [event.usage for event in events if isinstance(event, UsageReported)]
    assert reports, "no usage was reported"
    return reports[-1]


def sse(*frames: str, end: str = "\n") -> bytes:
    """Frames as unnamed events."""
    return "".join(f"data: {frame}{end}{end}" for frame in frames).encode()
