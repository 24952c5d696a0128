"""Oddities that servers of every wire have been seen to send, each read whole, byte by byte and in random pieces."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.core import errors
from llmtui.core.events import Finished, FinishReason, StreamFailed
from llmtui.providers import _frames
from llmtui.providers._json import parse
from llmtui.providers.registry import adapter
from tests.contract.pieces import failure, finished, read, reasoning, request, sse, target, text, usage

if TYPE_CHECKING:
    from llmtui.core.events import StreamEvent


def events(wire: str, data: bytes) -> list[StreamEvent]:
    return read(adapter(wire), data, request("m"), target(wire, "http://127.0.0.1:9", key=""))


def chat(content: str | None = None, finish: str | None = None, **more: Any) -> str:
    delta = {} if content is None else {"content": content}
    return json.dumps({"id": "r", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})


CHAT_END = chat(finish="stop")
ANTHROPIC_TEXT = '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%s"}}'
ANTHROPIC_END = (
    '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}',
    '{"type":"message_stop"}',
)
GEMINI_TEXT = '{"candidates":[{"content":{"parts":[{"text":"%s"}]}}]}'
GEMINI_END = '{"candidates":[{"finishReason":"STOP"}]}'
RESPONSES_TEXT = '{"type":"response.output_text.delta","delta":"%s"}'
RESPONSES_END = '{"type":"response.completed","response":{"status":"completed","output":[]}}'
OLLAMA_END = b'{"message":{"content":""},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":4}\n'

HALF = r"a\ud83d"
HALVES = [
    ("openai", sse(f'{{"choices":[{{"delta":{{"content":"{HALF}"}}}}]}}', CHAT_END, "[DONE]")),
    ("openai-completions", sse(f'{{"choices":[{{"text":"{HALF}","finish_reason":"stop"}}]}}')),
    ("anthropic", sse(ANTHROPIC_TEXT % HALF, *ANTHROPIC_END)),
    ("gemini", sse(GEMINI_TEXT % HALF, GEMINI_END)),
    ("openai-responses", sse(RESPONSES_TEXT % HALF, RESPONSES_END)),
    ("ollama", b'{"message":{"content":"%s"},"done":false}\n' % HALF.encode() + OLLAMA_END),
]


@pytest.mark.parametrize(("wire", "data"), HALVES)
def test_half_a_character_at_the_end_is_not_dropped(wire: str, data: bytes) -> None:
    """STR-2: the first half of a pair that is never completed is shown as U+FFFD, before the finish reason."""
    found = events(wire, data)
    assert text(found) == "a\ufffd"
    assert finished(found) is not None


@pytest.mark.parametrize(("wire", "data"), HALVES)
def test_half_a_character_where_the_stream_is_cut(wire: str, data: bytes) -> None:
    """STR-2: it is not dropped where the stream breaks off behind it either."""
    if wire == "openai-completions":
        data = data.replace(b'"stop"', b"null")
    cut = data.partition(b"\n")[0] + b"\n" if wire == "ollama" else data.partition(b"\n\n")[0] + b"\n\n"
    found = events(wire, cut)
    assert (text(found), finished(found)) == ("a\ufffd", None)


SAID = [
    ("openai", sse(chat("Hi"), CHAT_END, "[DONE]")),
    ("anthropic", sse(ANTHROPIC_TEXT % "Hi", *ANTHROPIC_END)),
    ("gemini", sse(GEMINI_TEXT % "Hi", GEMINI_END)),
    ("openai-responses", sse(RESPONSES_TEXT % "Hi", RESPONSES_END)),
]


@pytest.mark.parametrize("before", [b"event: ping\ndata: still here\n\n", b"event: ping\ndata:\n\n", b"data:\n\n"])
@pytest.mark.parametrize(("wire", "data"), SAID)
def test_events_of_the_servers_own(wire: str, data: bytes, before: bytes) -> None:
    """ROB-8: events that are no frames (a ping in plain words, one without data) are passed over."""
    found = events(wire, before + data)
    assert text(found) == "Hi"
    assert not any(isinstance(event, StreamFailed) for event in found)


@pytest.mark.parametrize(("wire", "data"), SAID)
@pytest.mark.parametrize("name", ["", "event: chunk\n"])
def test_a_frame_that_was_cut_off(wire: str, data: bytes, name: str) -> None:
    """ROB-7: a frame whose JSON is cut off is a malformed response, not skipped, whatever its event is called."""
    found = events(wire, data.partition(b"\n\n")[0] + f'\n\n{name}data: {{"id": "x", "cho\n\n'.encode() + data)
    assert text(found) == "Hi"
    assert isinstance(failure(found), errors.MalformedResponse)


@pytest.mark.parametrize(
    "wire", ["openai", "openrouter", "openai-completions", "anthropic", "gemini", "openai-responses"]
)
@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("boom", errors.ServerError),
        ('"the model is overloaded"', errors.ServerError),
        ('{"message": "prompt is too long"}', errors.ContextTooLong),
        ('{"code": "rate_limit_exceeded", "message": "slow down"}', errors.RateLimited),
        ('{"error": {"code": 503, "message": "busy"}}', errors.Overloaded),
    ],
)
def test_an_event_called_error(wire: str, payload: str, expected: type[errors.ProviderError]) -> None:
    """ROB-7: an event that is called an error is one on every wire, in whatever form its data are."""
    assert type(failure(events(wire, f"event: error\ndata: {payload}\n\n".encode()))) is expected


@pytest.mark.parametrize(("wire", "data"), SAID)
def test_an_error_that_is_no_event(wire: str, data: bytes) -> None:
    """ROB-7: raw JSON between the events, also behind other stray lines, is the error it is (first seen of Gemini)."""
    raw = json.dumps({"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}, indent=2)
    found = events(wire, data.partition(b"\n\n")[0] + f"\n\nsome words\n{raw}\n".encode())
    assert text(found) == "Hi"
    assert isinstance(failure(found), errors.Overloaded)


@pytest.mark.parametrize(
    "lines", [b"{}\n" * 20_000, b"{\n" + b"}\n" * 30_000, b"}\n\n" * 20_000], ids=["objects", "ends", "events"]
)
def test_stray_lines_without_end_are_not_read_over_and_over(lines: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """ROB-7: each of them may be the end of an error, but the work does not grow with the square of their number."""
    looked_at = 0

    def counting(text: str, *how: Any) -> Any:
        nonlocal looked_at
        looked_at += len(text)
        return parse(text, *how)

    monkeypatch.setattr(_frames, "parse", counting)
    decoder = adapter("openai").decoder(request("m"), target("openai", "http://127.0.0.1:9", key=""))
    pieces = [lines[place : place + 300] for place in range(0, len(lines), 300)]
    found = [event for piece in pieces for event in decoder.feed(piece)] + list(decoder.close())
    assert isinstance(failure(found), errors.MalformedResponse)
    assert looked_at < 20_000_000


def test_a_last_frame_that_says_everything_again() -> None:
    """STR-2: some servers end with the whole message beside or instead of a delta: nothing is shown twice."""
    message = {"role": "assistant", "content": "Hi"}
    nothing: tuple[dict[str, str] | None, ...] = ({}, None)
    for delta in nothing:
        last = json.dumps({"choices": [{"index": 0, "delta": delta, "message": message, "finish_reason": "stop"}]})
        assert text(events("openai", sse(chat("Hi"), last, "[DONE]"))) == "Hi"


def test_a_whole_answer_instead_of_a_stream() -> None:
    """ROB-8: a server that does not stream is read all the same, however long its one line is."""
    said = "Hi there. " * 20_000
    whole = {"choices": [{"message": {"role": "assistant", "content": said}, "finish_reason": "stop"}]}
    decoder = adapter("openai").decoder(request("m"), target("openai", "http://127.0.0.1:9", key=""))
    found = [*decoder.feed(json.dumps(whole).encode()), *decoder.close()]
    assert text(found) == said
    assert finished(found) == Finished(FinishReason.STOP, "stop")


WHOLE: list[tuple[str, Any, tuple[int, int]]] = [
    ("anthropic", {"type": "message", "id": "m", "model": "m", "stop_reason": "end_turn",
                   "content": [{"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "text", "text": "Hi"}],
                   "usage": {"input_tokens": 5, "output_tokens": 3}}, (5, 3)),
    ("gemini", {"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}, {"text": "Hi"}]}, "finishReason": "STOP"}],
                "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 3}}, (5, 3)),
    ("gemini", [{"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}, {"text": "H"}]}}]},
                {"candidates": [{"content": {"parts": [{"text": "i"}]}, "finishReason": "STOP"}],
                 "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 3}}], (5, 3)),
    ("openai-responses", {"object": "response", "id": "r", "status": "completed", "error": None,
                          "output": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
                                     {"type": "message", "content": [{"type": "text", "text": "Hi"}]}],
                          "usage": {"input_tokens": 5, "output_tokens": 3}}, (5, 3)),
]  # fmt: skip


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize(("wire", "whole", "counts"), WHOLE)
def test_a_whole_answer_instead_of_a_stream_on_every_wire(
    wire: str, whole: Any, counts: tuple[int, int], indent: int | None
) -> None:
    """ROB-8, PRV-4: in one line or many, with its usage and its proper end."""
    found = events(wire, json.dumps(whole, indent=indent).encode())
    assert text(found) == "Hi"
    end, used = finished(found), usage(found)
    assert end is not None
    assert used is not None
    assert (end.reason, (used.input_tokens, used.output_tokens)) == (FinishReason.STOP, counts)


@pytest.mark.parametrize("wire", ["openai", "anthropic", "gemini", "openai-responses"])
@pytest.mark.parametrize("data", [b"{}", b"[]", b'{"object": "list"}', b'[{"candidates": null}, 7]', b'{"cut": '])
def test_json_that_is_no_answer(wire: str, data: bytes) -> None:
    """ROB-8: other JSON is no answer, and never a complete one."""
    assert finished(events(wire, data)) is None


def test_a_cost_in_a_frame_that_is_a_list() -> None:
    """P14, PRV-4: a frame wrapped in a list of one carries its cost like any other."""
    cost = '[{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"cost":0.1}}]'
    found = usage(events("openai", sse(chat("Hi"), CHAT_END, cost, "[DONE]")))
    assert found is not None
    assert found.cost_usd == Decimal("0.1")


@pytest.mark.parametrize("details", [{}, {"prompt_tokens_details": None}])
def test_cached_tokens_that_only_the_timings_name(details: dict[str, Any]) -> None:
    """PRV-4: llama.cpp's `timings` complete a usage that has no details."""
    last = chat(
        finish="stop",
        usage={"prompt_tokens": 30, "completion_tokens": 4, "total_tokens": 34, **details},
        timings={"cache_n": 20, "prompt_n": 10, "predicted_n": 4},
    )
    found = usage(events("openai", sse(chat("Hi"), last, "[DONE]")))
    assert found is not None
    assert (found.input_tokens, found.cache_read_tokens, found.output_tokens) == (30, 20, 4)


def test_responses_text_that_only_the_end_has() -> None:
    """PRV-1: reasoning came as deltas, the text only in the last event."""
    item = {"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}
    found = events(
        "openai-responses",
        sse(
            '{"type":"response.reasoning_text.delta","delta":"hm"}',
            json.dumps({"type": "response.completed", "response": {"output": [item]}}),
        ),
    )
    assert (reasoning(found), text(found)) == ("hm", "Hi")


def test_responses_errors_that_asking_again_would_not_change() -> None:
    """ROB-7: final codes are final in the flat event, in a nested one and in a failed response."""
    error = {"code": "data_residency_mismatch", "message": "no"}
    for frame in (
        {"type": "error", **error},
        {"type": "error", "error": error},
        {"type": "response.failed", "response": {"error": error}},
    ):
        assert isinstance(failure(events("openai-responses", sse(json.dumps(frame)))), errors.InvalidRequest)


def test_ollama_with_a_byte_order_mark_and_windows_line_ends() -> None:
    """ROB-8: neither is part of the answer."""
    data = b'\xef\xbb\xbf{"message":{"content":"Hi"},"done":false}\r\n' + OLLAMA_END.replace(b"\n", b"\r\n")
    assert text(events("ollama", data)) == "Hi"


def test_ollama_with_an_empty_reason() -> None:
    """PRV-1: an empty `done_reason` is a runner that was lost, whatever counts stand beside it."""
    data = b'{"message":{"content":"Hi"},"done":false}\n' + OLLAMA_END.replace(b'"stop"', b'""')
    assert isinstance(failure(events("ollama", data)), errors.ServerError)


def test_responses_tool_call_that_the_end_does_not_repeat() -> None:
    """PRV-1: a call that was seen on the way counts where the last event lists no items."""
    call = {"type": "response.output_item.done", "item": {"type": "function_call", "name": "f", "arguments": "{}"}}
    assert finished(events("openai-responses", sse(json.dumps(call), RESPONSES_END))) == Finished(
        FinishReason.TOOL_CALLS, "completed"
    )
