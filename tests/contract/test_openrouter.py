"""The wire `openrouter`: cost in the stream and looked up later, reasoning in two forms, models with prices."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.core import errors
from llmtui.core.events import FinishReason, Identified, StreamEnded
from llmtui.core.usage import Usage
from llmtui.providers.openrouter import create
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

OPENROUTER = create()
HOME = target("openrouter", "https://openrouter.ai/api/v1")
SONNET = request("anthropic/claude-sonnet-4.5")
HELLO = '{"id":"gen-1","model":"m","choices":[{"index":0,"delta":{"content":"Hello"}}]}'
STOP = (
    '{"id":"gen-1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop","native_finish_reason":"STOP"}]}'
)


def events(*frames: str, asked: ChatRequest = SONNET) -> list[StreamEvent]:
    return read(OPENROUTER, sse(*frames), asked, HOME)


def billed(**fields: Any) -> str:
    return json.dumps({"id": "gen-1", "choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5, **fields}})


def sent(asked: ChatRequest) -> tuple[dict[str, Any], Any]:
    wire = OPENROUTER.chat(asked, HOME)
    return json.loads(wire.body), wire


# ------------------------------------------------------------------------------------------------- the answer


def test_reasoning_answer() -> None:
    """STR-2, PRV-4: comments are nothing, reasoning is shown once though it comes twice, cost is exact."""
    got = read(OPENROUTER, stream("openrouter", "reasoning.sse"), SONNET, HOME)
    assert got[0] == Identified("gen-1763650000-abc", "anthropic/claude-sonnet-4.5")
    assert reasoning(got) == "Let me add."
    assert text(got) == "Vier – 4️⃣."
    assert usage(got) == Usage(1000, 600, 100, 50, 20, cost_usd=Decimal("0.004125"))
    assert finished(got) == (FinishReason.STOP, "end_turn", "")
    assert got[-1] == StreamEnded()


def test_independent_mock(shared: Path) -> None:
    """PRV-4: an independent mock: keep-alive comments first, usage in a chunk of its own, no cost."""
    got = read(OPENROUTER, shared_stream(shared, "mock-openrouter-keepalive.http"), SONNET, HOME)
    assert text(got) == "Answer after a keepalive comment."
    assert usage(got) == Usage(4, 0, 0, 9)
    assert got[-1] == StreamEnded()


def test_details_alone_are_shown() -> None:
    """STR-1: where only the structured details come, their text or summary is the visible reasoning."""
    details = [
        {"type": "reasoning.summary", "summary": "Adding", "index": 0},
        {"type": "reasoning.encrypted", "data": "x"},
    ]
    frame = json.dumps({"choices": [{"index": 0, "delta": {"reasoning_details": details}}]})
    got = events(frame, HELLO, STOP, "[DONE]")
    assert reasoning(got) == "Adding"


def test_hostile_details() -> None:
    """ROB-8: details of unknown shapes neither crash nor appear."""
    odd = [
        5,
        None,
        {},
        {"type": 7, "index": {}},
        {"type": 7, "index": {}, "text": 3},
        {"type": "reasoning.text", "text": None},
    ]
    frame = json.dumps({"choices": [{"index": 0, "delta": {"reasoning_details": odd}, "native_finish_reason": 5}]})
    frame2 = json.dumps({"choices": [{"index": 0, "delta": {"reasoning_details": "no"}}]})
    got = events(frame, frame2, HELLO, STOP, "[DONE]")
    assert (text(got), reasoning(got), opaque(got)) == ("Hello", "", [])


# ------------------------------------------------------------------------------------------------- cost

UPSTREAM = {"upstream_inference_cost": 0.019}


@pytest.mark.parametrize(
    ("fields", "cost"),
    [
        ({"cost": 0.001, "is_byok": True, "cost_details": UPSTREAM}, "0.020"),
        ({"cost": 0, "is_byok": True, "cost_details": UPSTREAM}, "0.019"),
        ({"cost": 0.019, "is_byok": False, "cost_details": UPSTREAM}, "0.019"),
        ({"cost": 0.001, "is_byok": False, "cost_details": UPSTREAM}, "0.001"),
        ({"cost": 0.001, "cost_details": UPSTREAM}, "0.020"),
        ({"cost": 0.019, "cost_details": UPSTREAM}, "0.019"),
        ({"cost": 0.00000012345, "is_byok": False}, "1.2345E-7"),
        ({"cost": 0, "is_byok": False}, "0"),
    ],
)
def test_own_cost(fields: dict[str, Any], cost: str) -> None:
    """P14, P15, P23, COST-1: the router's fee and the upstream cost are added where the user brought the key."""
    used = usage(events(HELLO, STOP, billed(**fields), "[DONE]"))
    assert used is not None
    assert used.cost_usd == Decimal(cost)
    assert used.total_tokens == 15


@pytest.mark.parametrize(
    "fields",
    [
        {"is_byok": True, "cost_details": UPSTREAM},
        {"cost": None, "is_byok": True, "cost_details": UPSTREAM},
        {"cost": 0.001, "is_byok": True},
        {"cost": 0.001, "is_byok": True, "cost_details": {"upstream_inference_cost": None}},
        {"cost": -1, "is_byok": True, "cost_details": UPSTREAM},
    ],
)
def test_half_a_cost_is_unknown(fields: dict[str, Any]) -> None:
    """P16: with the user's own key a missing half makes the cost unknown."""
    assert usage(events(HELLO, STOP, billed(**fields), "[DONE]")) is None


def test_last_frame_twice() -> None:
    """P9: a final frame sent twice changes nothing."""
    once = events(HELLO, STOP, billed(cost=0.5), "[DONE]")
    assert events(HELLO, STOP, billed(cost=0.5), billed(cost=0.5), "[DONE]") == once


def test_details_that_change_their_type() -> None:
    """P8, P19: details merge field by field; senseless ones give way, and depth beyond measure does no harm."""
    deep = json.loads('{"a":' * 900 + "1" + "}" * 900)
    frames = [
        billed(prompt_tokens_details=first) for first in (5, deep, {"cached_tokens": 4, "cache_write_tokens": None})
    ]
    used = usage(events(HELLO, STOP, *frames, billed(prompt_tokens_details={"cache_write_tokens": 2}), "[DONE]"))
    assert used == Usage(10, 4, 2, 5)


# ------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("code", "metadata", "expected", "again"),
    [
        (429, {"error_type": "rate_limit_exceeded"}, errors.RateLimited, True),
        (502, {"provider_name": "Acme", "raw": "upstream broke"}, errors.ServerError, True),
        (503, {"error_type": "provider_overloaded"}, errors.Overloaded, True),
        (529, {}, errors.Overloaded, True),
        (402, {"error_type": "payment_required"}, errors.QuotaExhausted, False),
        (400, {"error_type": "context_length_exceeded"}, errors.ContextTooLong, False),
        (403, {"error_type": "content_policy_violation"}, errors.ContentFiltered, False),
        (401, {}, errors.AuthenticationFailed, False),
    ],
)
def test_error_in_the_stream(
    code: int, metadata: dict[str, Any], expected: type[errors.ProviderError], again: bool
) -> None:
    """ROB-7: an error beside choices, with finish reason `error`, is that error and no end."""
    frame = {"id": "gen-1", "error": {"code": code, "message": "Provider returned error", "metadata": metadata},
             "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]}  # fmt: skip
    got = events(HELLO, json.dumps(frame), "[DONE]")
    error = failure(got)
    assert type(error) is expected
    assert error.is_retryable is again
    assert finished(got) is None


def test_finish_reason_error_alone() -> None:
    """ROB-7: the finish reason `error` without an error object fails the answer too."""
    frame = '{"choices":[{"index":0,"delta":{},"finish_reason":"error","native_finish_reason":"ERROR"}]}'
    assert isinstance(failure(events(HELLO, frame, "[DONE]")), errors.ServerError)


@pytest.mark.parametrize(
    ("status", "metadata", "headers", "expected", "wait"),
    [
        (402, {"limit_source": "openrouter_in_flight_budget"}, {"retry-after": "3"}, errors.RateLimited, 3),
        (402, {"limit_source": "account"}, {"retry-after": "3"}, errors.QuotaExhausted, None),
        (408, {}, {}, errors.ServerError, None),
        (413, {}, {}, errors.InvalidRequest, None),
        (422, {}, {}, errors.InvalidRequest, None),
        (429, {}, {"retry-after": "9"}, errors.RateLimited, 9),
        (500, {}, {}, errors.ServerError, None),
        (524, {}, {}, errors.ServerError, None),
        (529, {}, {}, errors.Overloaded, None),
    ],
)
def test_errors_by_status(
    status: int,
    metadata: dict[str, str],
    headers: dict[str, str],
    expected: type[errors.ProviderError],
    wait: float | None,
) -> None:
    """ROB-1, ROB-2: each status; a 402 is final but for requests under way that hold the credit."""
    body = json.dumps({"error": {"code": status, "message": "m", "metadata": metadata}}).encode()
    error = OPENROUTER.error(status, headers, body, SONNET, HOME)
    assert type(error) is expected
    assert error.retry_after_s == wait


# ------------------------------------------------------------------------------------------------- the request


def test_plain_request() -> None:
    """PRV-1, PRV-3, PRV-7: address, key, effort in this wire's own form, attribution unless the config says otherwise."""
    where = target("openrouter", "https://openrouter.ai/api", headers={"X-Title": "mine"})
    wire = OPENROUTER.chat(
        request("deepseek/deepseek-r1", system("Be brief."), user("Hi"), reasoning_effort="high", seed=7), where
    )
    body = json.loads(wire.body)
    assert wire.url == "https://openrouter.ai/api/v1/chat/completions"
    assert wire.headers["authorization"] == f"Bearer {KEY}"
    assert wire.headers["http-referer"].startswith("https://")
    assert (wire.headers["x-openrouter-title"], wire.headers["x-title"]) == ("llmtui", "mine")
    assert body["reasoning"] == {"effort": "high"}
    assert "reasoning_effort" not in body
    assert body["seed"] == 7
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert "reasoning" not in sent(SONNET)[0]


@pytest.mark.parametrize(
    ("model", "messages", "cached"),
    [
        ("anthropic/claude-sonnet-4.5", (system("x" * 5000), user("Hi")), True),
        ("anthropic/claude-sonnet-4.5", (user("x" * 5000), answer("y"), user("z")), True),
        ("anthropic/claude-sonnet-4.5", (user("x" * 5000),), False),
        ("anthropic/claude-sonnet-4.5", (user("x"), answer("y"), user("z")), False),
        ("openai/gpt-5.6", (system("x" * 5000), user("Hi")), False),
    ],
)
def test_the_cache_is_asked_for_where_it_saves_money(model: str, messages: Any, cached: bool) -> None:
    """PRV-3: Anthropic's models cache only what they are told to; it pays from the second time on."""
    assert ("cache_control" in sent(request(model, *messages))[0]) is cached


def test_details_go_back_as_they_came() -> None:
    """PRV-3: the whole sequence, put together from its pieces, after a round through the store as JSON."""
    stored = json.loads(json.dumps(opaque(read(OPENROUTER, stream("openrouter", "reasoning.sse"), SONNET, HOME))))
    again = request("anthropic/claude-sonnet-4.5", user("2 + 2?"), answer("Vier", *stored), user("more"))
    assert sent(again)[0]["messages"][1] == {
        "role": "assistant",
        "content": "Vier",
        "reasoning_details": [
            {
                "type": "reasoning.text",
                "text": "Let me add.",
                "signature": "EqQB",
                "format": "anthropic-claude-v1",
                "index": 0,
            },
            {"type": "reasoning.encrypted", "data": "gAAA", "id": "rs_1", "format": "openai-responses-v1", "index": 1},
        ],
    }
    other = request("openai/gpt-5.6", user("2 + 2?"), answer("Vier", *stored), user("more"))
    assert "reasoning_details" not in json.dumps(sent(other)[0])


def test_details_that_are_not_worth_keeping() -> None:
    """PRV-3: plain text that nobody signed would only cost input; a router's next pick could not read what is signed."""
    plain = json.dumps(
        {"choices": [{"index": 0, "delta": {"reasoning_details": [{"type": "reasoning.text", "text": "Hm"}]}}]}
    )
    assert opaque(events(plain, HELLO, STOP, "[DONE]")) == []
    auto = request("openrouter/auto")
    assert opaque(read(OPENROUTER, stream("openrouter", "reasoning.sse"), auto, HOME)) == []
    cut = stream("openrouter", "reasoning.sse").partition(
        b'data: {"id":"gen-1763650000-abc","provider":"Anthropic","model":"anthropic/claude-sonnet-4.5","object":"chat.completion.chunk","created":1763650000,"choices":[{"index":0,"delta":{"role":"assistant","content":"Vier'
    )[0]
    assert opaque(read(OPENROUTER, cut, SONNET, HOME)) == []


# ------------------------------------------------------------------------------------------------- look-up of a cost


def test_generation_request() -> None:
    """COST-3: where a cancelled request's cost is asked for."""
    wire = OPENROUTER.generation(HOME, "gen-1&x")
    assert (wire.method, wire.url) == ("GET", "https://openrouter.ai/api/v1/generation?id=gen-1%26x")
    assert wire.headers["authorization"] == f"Bearer {KEY}"


def record(**fields: Any) -> bytes:
    data = {
        "id": "gen-1", "total_cost": 0.0015, "usage": 0.0015, "is_byok": False, "upstream_inference_cost": 0.0015, "cancelled": True,
        "tokens_prompt": 11, "tokens_completion": 26, "native_tokens_prompt": 10, "native_tokens_completion": 25,
        "native_tokens_reasoning": 5, "native_tokens_cached": 3, "finish_reason": None,
    } | fields  # fmt: skip
    return json.dumps({"data": data}).encode()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, Usage(10, 3, 0, 25, 5, cost_usd=Decimal("0.0015"))),
        ({"is_byok": True, "total_cost": 0.0001}, Usage(10, 3, 0, 25, 5, cost_usd=Decimal("0.0016"))),
        (
            {"native_tokens_prompt": None, "native_tokens_completion": None},
            Usage(11, 3, 0, 26, 5, cost_usd=Decimal("0.0015")),
        ),
        (
            {"native_tokens_reasoning": None, "native_tokens_cached": None},
            Usage(10, 0, 0, 25, 0, cost_usd=Decimal("0.0015")),
        ),
        ({"total_cost": 0, "upstream_inference_cost": 0}, Usage(10, 3, 0, 25, 5, cost_usd=Decimal(0))),
        ({"total_cost": None}, None),
        ({"is_byok": True, "upstream_inference_cost": None}, None),
        ({"native_tokens_prompt": -4}, None),
        ({"total_cost": "free"}, None),
    ],
)
def test_generation_record(fields: dict[str, Any], expected: Usage | None) -> None:
    """COST-3, P5, P15: the vendor's own counts and the whole cost; None while something is missing."""
    assert OPENROUTER.parse_generation(record(**fields)) == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"error":{"code":404,"message":"Generation not found"}}',
        b'{"data":null}',
        b'{"data":{}}',
    ],
)
def test_generation_that_is_not_ready(body: bytes) -> None:
    """COST-3: anything that is no record means: not ready yet."""
    assert OPENROUTER.parse_generation(body) is None


# ------------------------------------------------------------------------------------------------- models


def test_model_list() -> None:
    """PRV-5: windows, abilities, and prices a million tokens in exact decimals."""
    page = {
        "data": [
            {
                "id": "anthropic/claude-sonnet-4.5", "name": "Anthropic: Claude Sonnet 4.5", "context_length": 1_000_000,
                "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
                "pricing": {
                    "prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003", "input_cache_write": "0.00000375",
                    "request": "0",
                },
                "top_provider": {"context_length": 1_000_000, "max_completion_tokens": 64_000},
                "supported_parameters": ["reasoning", "temperature"], "expiration_date": "2027-01-31",
            },
            {"id": "meta/llama:free", "pricing": {"prompt": "0", "completion": "0"}, "architecture": {"input_modalities": ["text"]}},
            {"id": "openrouter/auto", "pricing": {"prompt": "-1", "completion": "-1"}},
            {"id": "odd", "pricing": {"prompt": "cheap", "completion": 5, "input_cache_read": "NaN"}, "context_length": "big"},
            {"id": "painter", "architecture": {"output_modalities": ["image"]}},
            {"name": "no id"},
            7,
        ]
    }  # fmt: skip
    models, following = OPENROUTER.parse_models(json.dumps(page).encode())
    assert following == ""
    assert [model.name for model in models] == [
        "anthropic/claude-sonnet-4.5",
        "meta/llama:free",
        "openrouter/auto",
        "odd",
    ]
    sonnet, free, auto, odd = models
    assert (sonnet.input_price, sonnet.output_price) == (Decimal(3), Decimal(15))
    assert (sonnet.cache_read_price, sonnet.cache_write_price) == (Decimal("0.3"), Decimal("3.75"))
    assert (sonnet.context_window, sonnet.max_output_tokens) == (1_000_000, 64_000)
    assert (sonnet.takes_images, sonnet.reasons, sonnet.shutdown_date) == (True, True, "2027-01-31")
    assert (free.input_price, free.takes_images, free.reasons) == (Decimal(0), False, None)
    assert (auto.input_price, auto.output_price) == (None, None)
    assert (odd.input_price, odd.output_price, odd.cache_read_price, odd.context_window) == (None, None, None, None)
    assert OPENROUTER.models(HOME).url == "https://openrouter.ai/api/v1/models"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"models":[]}'])
def test_model_list_that_is_none(body: bytes) -> None:
    """ROB-8: anything else is one clear error."""
    with pytest.raises(errors.MalformedResponse):
        OPENROUTER.parse_models(body)
