"""Streams damaged at random: never a crash, never a doubt, and the same whatever way the bytes are split."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from llmtui.core.events import StreamEnded, StreamFailed
from llmtui.providers.registry import adapter
from tests.contract.pieces import STREAMS, read, request, target

if TYPE_CHECKING:
    from pathlib import Path

WIRES = {
    "anthropic": "anthropic",
    "completions": "openai-completions",
    "gemini": "gemini",
    "openrouter": "openrouter",
    "responses": "openai-responses",
}
FILES = [file for folder in WIRES for file in sorted((STREAMS / folder).glob("*.sse"))]
JUNK = (
    b"null",
    b"{}",
    b"[]",
    b'"',
    b"\n\n",
    b"\r",
    b"1e999",
    b"-1",
    b"\\ud83d",
    b"\xff",
    b"\xef\xbb\xbf",
    b'"error":{}',
)


def damaged(data: bytes, dice: random.Random) -> bytes:
    for _ in range(dice.randrange(1, 6)):
        at = dice.randrange(len(data) + 1)
        match dice.randrange(4):
            case 0:
                data = data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]
            case 1:
                data = data[:at] + data[at + dice.randrange(1, 200) :]
            case 2:
                data = data[:at] + dice.choice(JUNK) + data[at:]
            case _:
                data = data[:at] or data
    return data


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_damage(file: Path) -> None:
    """ROB-8, STR-2: at most one terminal event, always the last; nothing raises."""
    wire = WIRES[file.parent.name]
    for seed in range(12):
        data = damaged(file.read_bytes(), random.Random(seed))
        events = read(adapter(wire), data, request("claude-sonnet-4-5"), target(wire, "http://localhost:1"))
        assert not any(isinstance(event, StreamEnded | StreamFailed) for event in events[:-1]), seed
