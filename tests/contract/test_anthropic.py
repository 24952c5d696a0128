"""The wire `anthropic`: what is asked of each generation of models, and every way an answer comes and fails."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.core import errors
from llmtui.core.cost import Price
from llmtui.core.events import FinishReason, Identified, StreamEnded, StreamFailed, TextDelta, UsageReported
from llmtui.core.messages import Attachment
from llmtui.core.usage import Usage
from llmtui.providers._claude import generation
from llmtui.providers.anthropic import create
from tests.contract.pieces import (
    KEY,
    answer,
    failure,
    finished,
    opaque,
    read,
    reasoning,
    request,
    shared_stream,
    sse,
    stream,
    system,
    target,
    text,
    usage,
    user,
)

if TYPE_CHECKING:
    from pathlib import Path

    from llmtui.core.events import StreamEvent
    from llmtui.core.request import ChatRequest

ANTHROPIC = create()
HOME = target("anthropic", "https://api.anthropic.com")
SONNET = request("claude-sonnet-4-5")

START = (
    '{"type":"message_start","message":{"id":"msg_1","model":"claude-x","usage":{"input_tokens":10,"output_tokens":1}}}'
)
BLOCK = '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}'
HELLO = '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}'
STOP = '{"type":"message_stop"}'


def delta(reason: str, **used: object) -> str:
    return json.dumps({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": used})


def events(*frames: str, asked: ChatRequest = SONNET) -> list[StreamEvent]:
    return read(ANTHROPIC, sse(*frames), asked, HOME)


def sent(asked: ChatRequest, base_url: str = "https://api.anthropic.com") -> tuple[dict[str, Any], Any]:
    wire = ANTHROPIC.chat(asked, target("anthropic", base_url))
    return json.loads(wire.body), wire


# ------------------------------------------------------------------------------------------------- the answer


def test_thinking_answer() -> None:
    """STR-2, PRV-4: text, thinking, signatures and usage of both frames, whatever way the bytes are split."""
    got = read(ANTHROPIC, stream("anthropic", "thinking.sse"), SONNET, HOME)
    assert got[0] == Identified("msg_01Thin", "claude-sonnet-4-5-20250929")
    assert reasoning(got) == "Let me add: 2 + 2."
    assert text(got) == "Four – 4️⃣ 👍🏽."
    assert [stored["item"] for stored in opaque(got)] == [
        {"type": "thinking", "thinking": "Let me add: 2 + 2.", "signature": "EqQBCgIYAg=="},
        {"type": "redacted_thinking", "data": "EmwKAhgB"},
    ]
    assert usage(got) == Usage(10_000, 6_000, 2_000, 500, 120)
    assert finished(got) is not None
    assert got[-1] == StreamEnded()


def test_worked_price_of_a_cached_answer() -> None:
    """P17: cached and cache-write tokens are priced once; input counts them, as Anthropic's own figure does not."""
    used = usage(read(ANTHROPIC, stream("anthropic", "thinking.sse"), SONNET, HOME))
    assert used is not None
    price = Price(Decimal(3), Decimal(15), Decimal("0.3"), Decimal("3.75"))
    assert price.cost(used) == Decimal("0.0228")


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("end_turn", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("pause_turn", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.LENGTH),
        ("tool_use", FinishReason.TOOL_CALLS),
        ("refusal", FinishReason.CONTENT_FILTER),
        ("something_new", FinishReason.STOP),
    ],
)
def test_stop_reasons(native: str, reason: FinishReason) -> None:
    """STR-3: every stop reason is mapped and kept in the provider's own word."""
    got = events(START, BLOCK, HELLO, delta(native, output_tokens=3), STOP)
    end = finished(got)
    assert end is not None
    assert (end.reason, end.native) == (reason, native)
    assert got[-1] == StreamEnded()


def test_refusal_without_text() -> None:
    """STR-3: a refusal may come without a word; its explanation is passed on."""
    got = read(ANTHROPIC, stream("anthropic", "refusal.sse"), SONNET, HOME)
    end = finished(got)
    assert end is not None
    assert end.reason is FinishReason.CONTENT_FILTER
    assert end.explanation == "bio: This request asks for help with a weapon."
    assert text(got) == ""
    assert usage(got) == Usage(21, 0, 0, 9)


def test_end_without_message_stop() -> None:
    """STR-3: a stop reason is an explicit end even when message_stop never comes; text alone is none."""
    got = events(START, BLOCK, HELLO, delta("end_turn", output_tokens=2))
    assert got[-1] == StreamEnded()
    cut = events(START, BLOCK, HELLO)
    assert finished(cut) is None
    assert StreamEnded() not in cut
    bare = events(START, BLOCK, HELLO, STOP)
    assert finished(bare) is not None


def test_nothing_follows_the_terminal_mark() -> None:
    """ROB-3: the decoder is over at message_stop, whatever the server still sends."""
    got = events(START, BLOCK, HELLO, delta("end_turn", output_tokens=2), STOP, HELLO, "not json")
    assert text(got) == "Hello"
    assert got[-1] == StreamEnded()


def test_emoji_cut_in_two() -> None:
    """STR-2: surrogate halves in two frames become one character."""
    halves = [
        f'{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{half}"}}}}'
        for half in ("a\\ud83d", "\\ude00b")
    ]
    got = events(START, BLOCK, *halves, delta("end_turn", output_tokens=2), STOP)
    assert text(got) == "a😀b"


# ------------------------------------------------------------------------------------------------- usage


def test_cumulative_usage_overwrites() -> None:
    """P8: message_delta overwrites what it names, and leaves what it does not."""
    start = (
        '{"type":"message_start","message":{"id":"m","model":"c","usage":'
        '{"input_tokens":5,"cache_read_input_tokens":7,"output_tokens":1}}}'
    )
    got = events(
        start,
        BLOCK,
        HELLO,
        delta("", output_tokens=3),
        delta("end_turn", input_tokens=6, output_tokens=8, cache_read_input_tokens=None),
        STOP,
    )
    assert usage(got) == Usage(13, 7, 0, 8)


def test_placeholder_is_no_output() -> None:
    """P11: the output count of message_start is a placeholder; before message_delta no output is known."""
    first = next(e for e in events(START, BLOCK, HELLO) if isinstance(e, UsageReported))
    assert first.usage == Usage(10, 0, 0, 0)
    assert usage(events(START, BLOCK, HELLO, STOP)) is None


@pytest.mark.parametrize("senseless", [-1, "many", 1.5, 10**12, True, [3]])
def test_senseless_usage_is_unknown(senseless: object) -> None:
    """P19: a count that cannot be meant makes the usage unknown."""
    assert usage(events(START, BLOCK, HELLO, delta("end_turn", output_tokens=senseless), STOP)) is None


def test_zeros_after_text_are_unknown(shared: Path) -> None:
    """P19: all zeros after text, as an independent mock sends them."""
    got = read(ANTHROPIC, shared_stream(shared, "mock-anthropic-hello.http"), SONNET, HOME)
    assert text(got) == "Hello from the rig. This answer is short and always the same."
    assert usage(got) is None
    assert finished(got) is not None
    assert got[-1] == StreamEnded()


# ------------------------------------------------------------------------------------------------- errors in the stream


def test_error_in_the_stream() -> None:
    """ROB-7: an error event is an error of the same kind as by status, and ends the stream."""
    got = read(ANTHROPIC, stream("anthropic", "overloaded.sse"), SONNET, HOME)
    error = failure(got)
    assert isinstance(error, errors.Overloaded)
    assert error.is_retryable
    assert (error.request_id, error.provider, error.model) == ("req_011", "acme", "claude-sonnet-4-5")
    assert text(got) == "Well"


@pytest.mark.parametrize(
    ("kind", "message", "expected"),
    [
        ("overloaded_error", "Overloaded", errors.Overloaded),
        ("api_error", "Internal server error", errors.ServerError),
        ("timeout_error", "Request timed out", errors.ServerError),
        ("rate_limit_error", "Number of tokens has exceeded your rate limit", errors.RateLimited),
        ("authentication_error", "invalid x-api-key", errors.AuthenticationFailed),
        ("permission_error", "Your key may not use this", errors.PermissionDenied),
        ("not_found_error", "model: claude-9", errors.ModelNotFound),
        ("billing_error", "No credit", errors.QuotaExhausted),
        ("invalid_request_error", "messages: roles must alternate", errors.InvalidRequest),
        ("invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum", errors.ContextTooLong),
    ],
)
def test_kinds_in_the_stream(kind: str, message: str, expected: type[errors.ProviderError]) -> None:
    """ROB-7: each error type inside a 200 stream."""
    error = failure(events(START, json.dumps({"type": "error", "error": {"type": kind, "message": message}})))
    assert type(error) is expected


def test_error_after_the_stop_reason() -> None:
    """ROB-7: an error after the finish reason still fails the answer."""
    overloaded = '{"type":"error","error":{"type":"overloaded_error","message":"x"}}'
    error = failure(events(START, BLOCK, HELLO, delta("end_turn", output_tokens=2), overloaded))
    assert isinstance(error, errors.Overloaded)


@pytest.mark.parametrize(
    "rubbish",
    ['{"type":"content_bl', "[1,2]", "5", "NaN", "[" * 100_000],
    ids=["cut", "list", "number", "nan", "deep"],
)
def test_malformed_frame(rubbish: str) -> None:
    """ROB-7, ROB-8: a frame that is no JSON object is a malformed response, never skipped."""
    got = events(START, BLOCK, HELLO, rubbish)
    assert isinstance(failure(got), errors.MalformedResponse)
    assert text(got) == "Hello"


def test_frame_cut_off_by_the_end() -> None:
    """ROB-7: a last frame cut in the middle is malformed, but after the stop reason a connection may drop anywhere."""
    whole = sse(START, BLOCK, HELLO)
    assert isinstance(failure(read(ANTHROPIC, whole[:-12], SONNET, HOME)), errors.MalformedResponse)
    done = sse(START, BLOCK, HELLO, delta("end_turn", output_tokens=2)) + b'data: {"type":"message_st'
    assert read(ANTHROPIC, done, SONNET, HOME)[-1] == StreamEnded()


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Welcome</body></html>\n",
        b"",
        b"\n\n: only a comment\n\n",
        b'{"id":"msg_1","type":"message","content":[]}',
    ],
)
def test_no_stream_at_all(body: bytes) -> None:
    """ROB-8, STR-3: a web page, nothing, or one JSON object instead of a stream is one clear error."""
    error = failure(read(ANTHROPIC, body, SONNET, HOME))
    assert isinstance(error, errors.MalformedResponse)
    assert "acme answered with" in error.message


def test_plain_json_error_instead_of_a_stream() -> None:
    """ROB-7: an error object as the whole 200 body is that error."""
    body = b'{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}'
    assert isinstance(failure(read(ANTHROPIC, body, SONNET, HOME)), errors.RateLimited)


def test_hostile_shapes() -> None:
    """ROB-8: known fields of unknown types neither crash nor appear."""
    odd = [
        '{"type":"message_start","message":5}',
        '{"type":"message_start","message":{"id":7,"model":[],"usage":"all"}}',
        '{"type":"content_block_start","index":{},"content_block":null}',
        '{"type":"content_block_delta","index":9,"delta":{"type":"text_delta","text":{"a":1}}}',
        '{"type":"content_block_delta","index":9,"delta":{"type":"signature_delta","signature":5}}',
        '{"type":"content_block_stop","index":[1]}',
        '{"type":"message_delta","delta":{"stop_reason":5},"usage":[]}',
        '{"type":7}',
        "{}",
    ]
    got = events(*odd, BLOCK, HELLO, delta("end_turn", output_tokens=1), STOP)
    assert text(got) == "Hello"
    assert not [e for e in got if isinstance(e, StreamFailed)]


# ------------------------------------------------------------------------------------------------- errors by status


@pytest.mark.parametrize(
    ("status", "kind", "message", "expected"),
    [
        (400, "invalid_request_error", "max_tokens: must be positive", errors.InvalidRequest),
        (400, "invalid_request_error", "prompt is too long: 201000 tokens > 200000 maximum", errors.ContextTooLong),
        (
            400, "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 178959 + 64000 > 200000, decrease input length",
            errors.ContextTooLong,
        ),
        (400, "invalid_request_error", "You have reached your specified API usage limits.", errors.QuotaExhausted),
        (400, "invalid_request_error", "Your credit balance is too low to access the API", errors.QuotaExhausted),
        (401, "authentication_error", "invalid x-api-key", errors.AuthenticationFailed),
        (402, "billing_error", "payment", errors.QuotaExhausted),
        (403, "permission_error", "not allowed", errors.PermissionDenied),
        (404, "not_found_error", "model: claude-9", errors.ModelNotFound),
        (409, "conflict_error", "conflict", errors.ServerError),
        (413, "request_too_large", "Request exceeds the maximum size", errors.InvalidRequest),
        (429, "rate_limit_error", "rate limit", errors.RateLimited),
        (500, "api_error", "Internal", errors.ServerError),
        (504, "timeout_error", "timeout", errors.ServerError),
        (529, "overloaded_error", "Overloaded", errors.Overloaded),
    ],
)  # fmt: skip
def test_errors_by_status(status: int, kind: str, message: str, expected: type[errors.ProviderError]) -> None:
    """ROB-2: each status with its envelope."""
    body = json.dumps({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_7"}).encode()
    error = ANTHROPIC.error(status, {"request-id": "req_7"}, body, SONNET, HOME)
    assert type(error) is expected
    assert (error.status, error.request_id, error.provider) == (status, "req_7", "acme")


def test_waits() -> None:
    """ROB-1: retry-after in seconds, else the window that is used up; a spend limit is no rate limit."""

    def limited(headers: dict[str, str], **details: str) -> errors.ProviderError:
        body = {"type": "error", "error": {"type": "rate_limit_error", "message": "m", "details": details}}
        return ANTHROPIC.error(429, headers, json.dumps(body).encode(), SONNET, HOME)

    assert limited({"retry-after": "17"}).retry_after_s == 17
    date = "Fri, 20 Nov 2026 15:00:00 GMT"
    window = {
        "date": date,
        "anthropic-ratelimit-tokens-remaining": "0",
        "anthropic-ratelimit-tokens-reset": "2026-11-20T15:00:42Z",
    }
    assert limited(window).retry_after_s == 42
    assert type(limited({}, error_code="enforced_spend_limit_reached")) is errors.QuotaExhausted
    assert limited({"retry-after": "3"}, error_code="ramp_limit_exceeded").is_retryable


def test_reasoning_that_is_refused() -> None:
    """STR-11: an account or server may refuse its own earlier reasoning; the advice says how to get on."""
    said = (
        "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation."
    )
    body = json.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": said}}).encode()
    error = ANTHROPIC.error(400, {}, body, SONNET, HOME)
    assert isinstance(error, errors.InvalidRequest)
    assert "new conversation" in error.advice


# ------------------------------------------------------------------------------------------------- the request


def test_plain_request() -> None:
    """PRV-1, PRV-3: address, headers, roles, and the limit that this wire demands."""
    asked = request("claude-sonnet-4-5", system("Be brief."), user("Hi"), answer("Hello."), user("Again"))
    body, wire = sent(asked)
    assert (wire.method, wire.url) == ("POST", "https://api.anthropic.com/v1/messages")
    assert wire.headers["x-api-key"] == KEY
    assert wire.headers["anthropic-version"] == "2026-10-21"
    assert wire.headers["content-type"] == "application/json"
    assert KEY not in wire.body.decode()
    assert body["system"] == [{"type": "text", "text": "Be brief."}]
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][0]["content"] == [{"type": "text", "text": "Hi"}]
    assert body["stream"] is True
    assert body["max_tokens"] == 32_000
    assert wire.notes == ()


@pytest.mark.parametrize("base", ["https://x.test", "https://x.test/", "https://x.test/v1", "https://x.test/v1/v1/"])
def test_base_url_is_put_right(base: str) -> None:
    """PRV-7: a missing or doubled version part."""
    assert sent(SONNET, base)[1].url == "https://x.test/v1/messages"


def test_headers_of_the_user_win_and_no_key_is_no_header() -> None:
    """PRV-7: extra headers; a server without a key."""
    wire = ANTHROPIC.chat(
        SONNET, target("anthropic", "http://localhost:9", key="", headers={"Anthropic-Beta": "b", "x": "y"})
    )
    assert wire.headers["anthropic-beta"] == "b"
    assert "x-api-key" not in wire.headers


@pytest.mark.parametrize(
    ("model", "settings", "version", "fields", "notes"),
    [
        ("claude-sonnet-4-5", {"temperature": 0.5}, "2023-06-01", {"temperature": 0.5}, 0),
        ("claude-opus-4-6", {"top_p": 0.9}, "2023-06-01", {"top_p": 0.9}, 0),
        (
            "claude-3-haiku-20240307",
            {"temperature": 0.5, "top_p": 0.9},
            "2023-06-01",
            {"temperature": 0.5, "top_p": 0.9},
            0,
        ),
        ("claude-sonnet-4-5", {"temperature": 0.5, "top_p": 0.9}, "2023-06-01", {"temperature": 0.5}, 1),
        ("claude-sonnet-4-5", {"temperature": 1.7}, "2023-06-01", {"temperature": 1.0}, 1),
        ("claude-opus-4-7", {"temperature": 0.5}, "2026-10-21", {}, 1),
        ("claude-sonnet-5-5", {"temperature": 0.5, "top_p": 1.0}, "2026-10-21", {}, 1),
        ("claude-sonnet-4-5", {"temperature": 0.5, "reasoning_effort": "low"}, "2026-10-21", {}, 1),
        ("glm-4.6", {"temperature": 0.5, "top_p": 0.9}, "2023-06-01", {"temperature": 0.5, "top_p": 0.9}, 0),
    ],
)
def test_sampling(model: str, settings: dict[str, Any], version: str, fields: dict[str, float], notes: int) -> None:
    """PRV-3: the first version of the API where a temperature needs it and the model takes it; else a note."""
    body, wire = sent(request(model, **settings))
    assert wire.headers["anthropic-version"] == version
    assert {name: body[name] for name in ("temperature", "top_p") if name in body} == fields
    assert len(wire.notes) == notes


@pytest.mark.parametrize(
    ("model", "effort", "expected"),
    [
        ("claude-3-5-haiku-latest", "high", {}),
        ("claude-sonnet-4-5", None, {}),
        ("claude-sonnet-4-5", "none", {}),
        ("claude-sonnet-4-5", "minimal", {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
        ("claude-sonnet-4-5", "high", {"thinking": {"type": "enabled", "budget_tokens": 16384}}),
        ("claude-opus-4-6", "max", {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}),
        (
            "claude-opus-4-7", "minimal",
            {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "low"}},
        ),
        ("claude-opus-4-8", None, {}),
        ("claude-sonnet-5", None, {"thinking": {"type": "adaptive", "display": "summarized"}}),
        ("claude-opus-5", "none", {"thinking": {"type": "disabled"}}),
        ("claude-haiku-5-5", "none", {"thinking": {"type": "disabled"}}),
        ("claude-sonnet-5-5", "none", {"thinking": {"type": "between_tools"}}),
        (
            "claude-opus-5-5", "none",
            {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "low"}},
        ),
        ("glm-4.6", "low", {"thinking": {"type": "enabled", "budget_tokens": 2048}}),
    ],
)  # fmt: skip
def test_effort(model: str, effort: Any, expected: dict[str, Any]) -> None:
    """PRV-3: each generation is asked to think in its own way; none of them is sent what it refuses."""
    body, wire = sent(request(model, reasoning_effort=effort))
    assert {name: body[name] for name in ("thinking", "output_config") if name in body} == expected
    refused = (model, effort) in {("claude-3-5-haiku-latest", "high"), ("claude-opus-5-5", "none")}
    assert len(wire.notes) == refused


def test_budget_stays_under_the_limit() -> None:
    """PRV-3: thinking counts among the output tokens; where no room is left it is not asked for."""
    body, _ = sent(request("claude-sonnet-4-5", reasoning_effort="high", max_output_tokens=4000))
    assert (body["max_tokens"], body["thinking"]["budget_tokens"]) == (4000, 2000)
    body, wire = sent(request("claude-sonnet-4-5", reasoning_effort="high", max_output_tokens=1000))
    assert "thinking" not in body
    assert len(wire.notes) == 1


@pytest.mark.parametrize(
    ("model", "effort", "limit"),
    [
        ("claude-3-opus-20240229", None, 4_096),
        ("claude-3-5-sonnet-20241022", None, 8_192),
        ("claude-3-7-sonnet-latest", "high", 64_000),
        ("claude-opus-4-20250514", "high", 32_000),
        ("claude-opus-4-5", "max", 64_000),
        ("claude-opus-5-5", "high", 64_000),
        ("claude-opus-5-5", None, 32_000),
        ("claude-2.1", None, 4_096),
        ("kimi-k2", None, 8_192),
    ],
)
def test_default_limit(model: str, effort: Any, limit: int) -> None:
    """PRV-3: an answer's length when nobody says one."""
    assert sent(request(model, reasoning_effort=effort))[0]["max_tokens"] == limit


def test_default_limit_leaves_the_window() -> None:
    """PRV-3: a long prompt shortens the default, so that both fit the window."""
    long = request("claude-haiku-4-5", user("x" * 570_000))
    assert sent(long)[0]["max_tokens"] == 10_000
    assert sent(request("claude-haiku-4-5", user("x" * 900_000)))[0]["max_tokens"] == 4_096


def test_generations() -> None:
    assert generation("claude-sonnet-4-20250514") == ("sonnet", (4, 0))
    assert generation("claude-opus-4-1-20250805") == ("opus", (4, 1))
    assert generation("claude-3-5-sonnet-20241022") == ("sonnet", (3, 5))
    assert generation("us.anthropic.claude-3-7-sonnet-20250219-v1:0") == ("sonnet", (3, 7))
    assert generation("claude-fable-5-1") == ("fable", (5, 1))
    assert generation("claude-opus-latest").version > (50, 0)
    assert generation("deepseek-chat").family == ""


def test_dropped_parameters() -> None:
    """PRV-3: what this wire does not take is left out with a note."""
    body, wire = sent(request("claude-sonnet-4-5", seed=7, stop=("END", " \n")))
    assert "seed" not in body
    assert body["stop_sequences"] == ["END"]
    assert len(wire.notes) == 2


def test_attachments() -> None:
    """PRV-3: pictures as base64 blocks, text files inside the text; both of one message."""
    picture = Attachment("a.png", "image/png", b"\x89PNG")
    notes = Attachment("notes.txt", "text/plain", "größe".encode())
    body, _ = sent(request("claude-sonnet-4-5", user("What is this?", picture, notes)))
    image, said = body["messages"][0]["content"]
    assert image == {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw=="}}
    assert "notes.txt" in said["text"]
    assert "größe" in said["text"]
    assert said["text"].endswith("What is this?")


def test_empty_messages_are_left_out() -> None:
    """PRV-3: the server takes no empty text; what stands on both sides is joined under one role."""
    body, _ = sent(
        request(
            "claude-sonnet-4-5",
            user("one"),
            answer(""),
            user("two"),
            user("  ", Attachment("b.png", "image/png", b"x")),
        )
    )
    assert [message["role"] for message in body["messages"]] == ["user"]
    assert [block["type"] for block in body["messages"][0]["content"]] == ["text", "text", "image"]


def test_cache_hints() -> None:
    """COST-1: what will come again is marked, when it is long enough to be worth it; the newest question is not."""
    short, _ = sent(request("claude-sonnet-4-5", system("s"), user("a"), answer("b"), user("c")))
    assert "cache_control" not in json.dumps(short)
    long, _ = sent(request("claude-sonnet-4-5", system("s" * 5000), user("a" * 5000), answer("b"), user("c" * 9000)))
    mark = {"type": "ephemeral"}
    assert long["system"][0]["cache_control"] == mark
    assert long["messages"][1]["content"][-1]["cache_control"] == mark
    assert json.dumps(long).count("cache_control") == 2
    first, _ = sent(request("claude-sonnet-4-5", user("a" * 9000)))
    assert "cache_control" not in json.dumps(first)


# ------------------------------------------------------------------------------------------------- thinking sent again


def thinking_of(asked: ChatRequest) -> list[Any]:
    return opaque(read(ANTHROPIC, stream("anthropic", "thinking.sse"), asked, HOME))


def blocks(asked: ChatRequest) -> list[list[str]]:
    return [[block["type"] for block in message["content"]] for message in sent(asked)[0]["messages"]]


def test_thinking_goes_back_as_it_came() -> None:
    """PRV-3: signed blocks stand before the text they led to, unchanged, after a round through the store as JSON."""
    first = request("claude-sonnet-4-5", system("Be brief."), user("2 + 2?"))
    stored = json.loads(json.dumps(thinking_of(first)))
    second = request(
        "claude-sonnet-4-5", system("Be brief."), user("2 + 2?"), answer("Four", *stored), user("And 3 + 3?")
    )
    assert blocks(second) == [["text"], ["thinking", "redacted_thinking", "text"], ["text"]]
    content = sent(second)[0]["messages"][1]["content"]
    assert content[0] == {"type": "thinking", "thinking": "Let me add: 2 + 2.", "signature": "EqQBCgIYAg=="}
    more = json.loads(json.dumps(thinking_of(second)))
    third = request(
        "claude-sonnet-4-5",
        system("Be brief."),
        user("2 + 2?"),
        answer("Four", *stored),
        user("And 3 + 3?"),
        answer("Six", *more),
        user("!"),
    )
    assert blocks(third)[3] == ["thinking", "redacted_thinking", "text"]


def test_thinking_is_bound_to_what_stood_before_it() -> None:
    """ROB-2: signed thinking behind changed messages is refused by the server, so it is left out, and all after it."""
    first = request("claude-sonnet-4-5", system("Be brief."), user("2 + 2?"))
    stored = thinking_of(first)
    second = request("claude-sonnet-4-5", system("Be brief."), user("2 + 2?"), answer("Four", *stored), user("more"))
    more = thinking_of(second)
    changed = [
        (system("Be long."), user("2 + 2?"), answer("Four", *stored), user("more"), answer("x", *more), user("y")),
        (system("Be brief."), user("2 + 3?"), answer("Four", *stored), user("more"), answer("x", *more), user("y")),
        (user("more"), answer("x", *more), user("y")),
    ]
    for messages in changed:
        assert "thinking" not in json.dumps(sent(request("claude-sonnet-4-5", *messages))[0])
    edited = (system("Be brief."), user("2 + 2?"), answer("5", *stored), user("more"), answer("x", *more), user("y"))
    assert [len(kinds) for kinds in blocks(request("claude-sonnet-4-5", *edited))] == [1, 3, 1, 1, 1]


@pytest.mark.parametrize(
    "other", [{"model": "claude-opus-4-5"}, {"model": "claude-sonnet-4-5", "provider": "elsewhere"}]
)
def test_thinking_of_another_model_is_left_out(other: dict[str, str]) -> None:
    """ROB-5: after a change of model or provider nothing of the other's state is sent."""
    stored = thinking_of(request("claude-sonnet-4-5", user("2 + 2?")))
    name = other.pop("model")
    body, _ = sent(request(name, user("2 + 2?"), answer("Four", *stored), user("more"), **other))
    assert "thinking" not in json.dumps(body)
    garbage: tuple[Any, ...] = (
        {"wire": "anthropic"},
        {},
        {"wire": "anthropic", "provider": "acme", "model": name, "item": 5},
    )
    assert sent(request(name, user("a"), answer("b", *garbage), user("c")))[0]["messages"][1]["content"] == [
        {"type": "text", "text": "b"}
    ]


def test_unsigned_thinking_is_not_stored() -> None:
    """PRV-3: thinking that was cut off before its signature cannot be sent again."""
    opened = '{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"Hm"}}'
    closed = '{"type":"content_block_stop","index":0}'
    got = events(START, opened, closed, STOP)
    assert reasoning(got) == "Hm"
    assert opaque(got) == []


# ------------------------------------------------------------------------------------------------- models


def test_model_list() -> None:
    """PRV-5: pages, windows, abilities, the date a model is switched off."""
    wire = ANTHROPIC.models(HOME)
    assert (wire.method, wire.url) == ("GET", "https://api.anthropic.com/v1/models?limit=1000")
    assert wire.headers["x-api-key"] == KEY
    page = {
        "data": [
            {
                "id": "claude-opus-5-5", "display_name": "Claude Opus 5.5", "max_input_tokens": 1_000_000, "max_tokens": 128_000,
                "capabilities": {"image_input": {"supported": True}, "thinking": True}, "retires_at": "2027-09-22T00:00:00Z",
            },
            {"id": "claude-small"},
            {"name": "no id"},
            None,
        ],
        "has_more": True, "first_id": "claude-opus-5-5", "last_id": "claude small&x",
    }  # fmt: skip
    models, following = ANTHROPIC.parse_models(json.dumps(page).encode())
    assert [model.name for model in models] == ["claude-opus-5-5", "claude-small"]
    opus = models[0]
    assert (opus.context_window, opus.max_output_tokens, opus.takes_images, opus.reasons) == (
        1_000_000,
        128_000,
        True,
        True,
    )
    assert (opus.shutdown_date, opus.display_name) == ("2027-09-22", "Claude Opus 5.5")
    assert (models[1].takes_images, models[1].context_window) == (None, None)
    assert ANTHROPIC.models(HOME, following).url.endswith("?limit=1000&after_id=claude%20small%26x")
    assert ANTHROPIC.parse_models(b'{"data":[],"has_more":false,"last_id":"x"}') == ([], "")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"5", b'{"data":5}'])
def test_model_list_that_is_none(body: bytes) -> None:
    """ROB-8: anything else is one clear error."""
    with pytest.raises(errors.MalformedResponse):
        ANTHROPIC.parse_models(body)


def test_first_text_is_not_held_back() -> None:
    """STR-4: a frame that is complete gives its text at once, before the next one has begun."""
    decoder = ANTHROPIC.decoder(SONNET, HOME)
    decoder.feed(sse(START, BLOCK))
    assert decoder.feed(sse(HELLO)) == [TextDelta("Hello")]
