"""Streams taken apart, whichever way they are framed (STR-2, STR-3)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from llmtui.bench.anatomy import (
    DOUBLED,
    LATE_TEXT,
    MIXED,
    NO_JSON,
    NO_MARK,
    NO_REASON,
    SILENT_END,
    dissect,
)


def sse(*frames: Any, end: bytes = b"\n\n") -> bytes:
    return b"".join(
        b"data: " + (each if isinstance(each, bytes) else json.dumps(each).encode()) + end for each in frames
    )


def chunk(content: str, reason: str | None = None) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": 0, "delta": {"content": content}, "finish_reason": reason}]}


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r"], ids=["lf", "crlf", "cr"])
def test_a_proper_stream_has_no_fault_whatever_its_line_ends(end: bytes) -> None:
    found = dissect(b"\xef\xbb\xbf" + sse(chunk("a"), chunk("b", "stop"), b"[DONE]", end=end), "openai")
    assert (found.frames, found.faults, found.oddities) == (3, frozenset(), frozenset())


def test_a_few_repeated_tokens_are_no_doubled_frames() -> None:
    found = dissect(sse(chunk("ha"), chunk("ha"), chunk("!"), chunk("!"), chunk("", "stop"), b"[DONE]"), "openai")
    assert found.faults == frozenset()
    doubled = [each for word in ("a", "b", "c") for each in [chunk(word)] * 2]
    assert dissect(sse(*doubled, chunk("", "stop"), b"[DONE]"), "openai").faults == {DOUBLED}


def test_what_we_stopped_reading_ourselves_is_no_fault() -> None:
    raw = sse(chunk("a")) + b'data: {"half'
    assert dissect(raw, "openai", whole=False).faults == frozenset()
    assert dissect(sse(b"{"), "openai", whole=False).faults == frozenset()
    assert dissect(sse(b"{"), "openai").faults == {NO_JSON, NO_REASON}
    assert dissect(sse(["no object"], chunk("a", "stop")), "openai").oddities == {SILENT_END}


def test_what_the_other_wires_lack_is_told() -> None:
    delta = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "x"}}
    stop = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    start = {"type": "message_start", "message": {"id": "1"}}
    assert dissect(sse(start, delta, stop), "anthropic").faults == {NO_MARK}
    assert dissect(sse(start, stop, delta, {"type": "message_stop"}), "anthropic").faults == {LATE_TEXT}
    two = {"type": "message_start", "message": {"id": "2"}}
    assert dissect(sse(start, two, {"type": "message_stop"}), "anthropic").oddities == {MIXED}
    assert dissect(sse({"candidates": [{"content": {"parts": [{"text": "x"}]}}]}), "gemini").faults == {NO_MARK}
    assert dissect(b'{"message":{"content":"x"}}\n\n', "ollama").faults == {NO_MARK}
    assert dissect(sse({"type": "response.created"}), "openai-responses").faults == {NO_MARK}


def test_timings_are_read_where_they_make_sense() -> None:
    timings = {"predicted_per_second": 50, "predicted_n": 10, "prompt_ms": 250, "cache_n": True}
    assert dissect(sse(chunk("a", "stop") | {"timings": timings}, b"[DONE]"), "openai").timings == {
        "tokens_per_second": 50,
        "output_tokens": 10,
        "prompt_s": 0.25,
    }
    assert dissect(b'{"done":true,"eval_count":true,"eval_duration":"x"}\n', "ollama").timings == {}
