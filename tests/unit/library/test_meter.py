"""Metering iterators of strings that no provider of ours has sent."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

import llmtui
from llmtui import Bill, ConfigError, FinishReason, Price, Resolution
from llmtui.core.errors import MalformedResponse, ServerError, StreamBroken
from llmtui.pricing.prices import Prices
from tests.e2e.chat_server import ChatServer, answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.unit.library.conftest import Rows

PRICES = Prices({"acme/m": Price(Decimal(1), Decimal(2), source="config")})


def pieces(*texts: str) -> Iterator[str]:
    yield from texts


async def later(*texts: str) -> AsyncIterator[str]:
    for text in texts:
        await asyncio.sleep(0)
        yield text


def test_str_16_text_is_metered_as_an_estimate(rows: Rows) -> None:
    """STR-16, P11: nobody reports usage, so the cost is unknown, with an estimate beside it."""
    told: list[Bill] = []
    with llmtui.meter(
        pieces("Hel", "", "lo"), "acme/m", prompt="What? " * 100, prices=PRICES, metadata={"a": 1}, on_cost=told.append
    ) as session:
        chunks = list(session)
    assert [(chunk.index, chunk.content) for chunk in chunks] == [(0, "Hel"), (1, "lo"), (2, "")]
    assert chunks[-1].finish_reason is FinishReason.STOP
    assert session.cost.resolution is Resolution.UNKNOWN
    assert session.cost.estimate is not None
    assert session.cost.estimate > Decimal("0.0001")
    assert rows("state", "purpose", "provider", "model", "resolution", "metadata") == [
        ("completed", "meter", "acme", "m", "unknown", '{"a": 1}')
    ]
    assert [bill.session_id for bill in told] == [session.id]


async def test_str_16_asynchronous_sources_too(rows: Rows) -> None:
    """STR-16."""
    async with llmtui.meter(later("a", "b"), "acme/m") as session:
        assert [chunk.content async for chunk in session] == ["a", "b", ""]
    assert session.cost.estimate is None
    assert rows("purpose", "resolution") == [("meter", "unknown")]


def completions(*texts: str, usage: bool = True, end: bool = True) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"id": "r", "model": "m", "choices": [{"index": 0, "delta": {"content": text}}]} for text in texts
    ]
    if end:
        found.append({"id": "r", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    if usage:
        found.append({"id": "r", "choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 500}})
    return found


def test_chat_completions_as_objects_and_as_events(rows: Rows) -> None:
    objects = [json.dumps(item) for item in completions("Hel", "lo\u2028")]
    for form, texts in (
        ("json", objects),
        ("json", ["\n".join(objects)]),
        ("json", list("".join(objects))),
        ("sse", [f"data: {text}\n\n" for text in objects] + ["data: [DONE]\n\n"]),
        ("sse", list("".join(f"data: {text}\r\n\r\n" for text in objects))),
    ):
        with llmtui.meter(pieces(*texts), "acme/m", form, prices=PRICES) as session:  # type: ignore[call-overload]
            assert session.collect() == "Hello\u2028"
        assert session.cost.amount == Decimal("0.002")


def test_our_own_chunks_can_be_metered_again(rows: Rows) -> None:
    """STR-16: what `--once --format json` and `--format sse` print, and what `to_json` and `to_sse` give."""
    with ChatServer(answer("Hel", "lo", prompt=1000, completion=500)) as server:
        with llmtui.stream_sync("m", "hi", base_url=server.base_url) as first:
            chunks = list(first)
    summary = json.dumps(first.result.to_dict())
    for form, texts in (
        ("json", [chunk.to_json() for chunk in chunks] + [summary]),
        ("sse", [chunk.to_sse() for chunk in chunks] + [f"data: {summary}\n\n", "data: [DONE]\n\n"]),
    ):
        with llmtui.meter(pieces(*texts), "acme/m", form, prices=PRICES) as session:  # type: ignore[call-overload]
            assert session.collect() == "Hello"
        assert session.cost.amount == Decimal("0.002")
        assert session.finish_reason is FinishReason.STOP


@pytest.mark.parametrize(
    ("texts", "content", "reasoning"),
    [
        (['{"text": "a"}', '{"text": "b"}'], "ab", ""),
        (['"a"', '""', '"b"'], "ab", ""),
        (['{"reasoning": "hm"}', '{"content": "a", "finish_reason": "stop"}'], "a", "hm"),
        (['{"content": "a"}[DONE]'], None, ""),
        (['{"other": 1}'], "", ""),
    ],
)
def test_objects_of_other_kinds(texts: list[str], content: str | None, reasoning: str, rows: Rows) -> None:
    session = llmtui.meter(pieces(*texts), "acme/m", "json")
    if content is None:
        with pytest.raises(MalformedResponse):
            session.collect()
        return
    assert session.collect() == content
    assert session.reasoning == reasoning


def test_a_source_that_ends_without_its_finish_reason_is_cut_off(rows: Rows) -> None:
    """STR-3."""
    for texts in ([json.dumps(one) for one in completions("a", end=False)], ['{"content":"a","finish_reason":null}']):
        with pytest.raises(StreamBroken):
            llmtui.meter(pieces(*texts), "acme/m", "json").collect()
    assert [row[0] for row in rows("state")] == ["truncated", "truncated"]


@pytest.mark.parametrize("text", ["[1]", "{", "nonsense", '{"content": "a"} tail'])
def test_what_is_no_json_is_said(text: str, rows: Rows) -> None:
    with pytest.raises(MalformedResponse, match="no JSON"):
        llmtui.meter(pieces(text), "acme/m", "json").collect()


@pytest.mark.parametrize("said", ["boom", {"message": "boom"}])
def test_p6_a_reported_error_books_nothing(said: object, rows: Rows) -> None:
    """P6."""
    with pytest.raises(ServerError, match="boom"):
        llmtui.meter(pieces(json.dumps({"content": "a"}), json.dumps({"error": said})), "acme/m", "json").collect()
    assert rows("state", "cost_nanos") == [("failed", None)]


@pytest.mark.parametrize(
    ("usage", "resolution"),
    [
        ({"input_tokens": 1000, "output_tokens": 500}, Resolution.RESOLVED),
        ({"input_tokens": -1, "output_tokens": 500}, Resolution.UNKNOWN),
        ({"input_tokens": "many", "output_tokens": 500}, Resolution.UNKNOWN),
        ({"input_tokens": True}, Resolution.UNKNOWN),
        ({"input_tokens": 10, "output_tokens": 5, "source": "estimate"}, Resolution.UNKNOWN),
    ],
)
def test_p19_counts_that_make_no_sense_are_unknown(usage: dict[str, Any], resolution: Resolution, rows: Rows) -> None:
    """P19."""
    with llmtui.meter(pieces(json.dumps({"content": "a", "usage": usage})), "acme/m", "json", prices=PRICES) as session:
        session.collect()
    assert session.cost.resolution is resolution


def test_a_providers_own_total_is_taken(rows: Rows) -> None:
    """P14."""
    usage, cost = {"input_tokens": 10, "output_tokens": 5}, {"usd": "0.5", "source": "provider"}
    with llmtui.meter(pieces(json.dumps({"content": "a", "usage": usage, "cost": cost})), "acme/m", "json") as session:
        session.collect()
    assert session.cost.amount == Decimal("0.5")
    bad = json.dumps({"content": "a", "usage": usage, "cost": cost | {"usd": "much"}})
    with llmtui.meter(pieces(bad), "acme/m", "json") as session:
        session.collect()
    assert session.cost.amount is None


def test_p19_usage_in_the_middle_of_reading_is_the_latest(rows: Rows) -> None:
    """P8: the latest counts, never the sum."""
    parts = [json.dumps({"content": "a", "usage": {"input_tokens": 5, "output_tokens": n}}) for n in (1, 2)]
    session = llmtui.meter(pieces(*parts), "acme/m", "json", prices=PRICES)
    session.collect()
    assert session.usage is not None
    assert session.usage.output_tokens == 2
    assert session.settle().amount == Decimal("0.000009")


@pytest.mark.parametrize(
    ("word", "reason"), [("length", FinishReason.LENGTH), ("end_turn", FinishReason.STOP), ("stop", FinishReason.STOP)]
)
def test_finish_reasons_of_others(word: str, reason: FinishReason, rows: Rows) -> None:
    session = llmtui.meter(pieces(json.dumps({"content": "a", "finish_reason": word})), "acme/m", "json")
    session.collect()
    assert session.finish_reason is reason


def test_an_object_without_end_is_given_up_on(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """ROB-8: bounded memory."""
    from llmtui.library import metered_text

    monkeypatch.setattr(metered_text, "_MAX_OBJECT", 1000)
    endless = ("[" for _ in range(10**9))
    with pytest.raises(MalformedResponse):
        llmtui.meter(endless, "acme/m", "json").collect()


def test_a_bare_name_is_looked_up_and_errors_of_ours_pass_through(rows: Rows) -> None:
    def failing() -> Iterator[str]:
        yield "x"
        raise ServerError("from inside")

    assert str(llmtui.meter([], "gpt-4o").model) == "openai/gpt-4o"
    with pytest.raises(ServerError, match="from inside"):
        llmtui.meter(failing(), "acme/m").collect()


def test_an_error_of_the_source_comes_out_as_it_is(rows: Rows) -> None:
    def failing() -> Iterator[str]:
        yield "half"
        raise KeyError("mine")

    session = llmtui.meter(failing(), "acme/m")
    with pytest.raises(KeyError, match="mine"):
        session.collect()
    assert session.content == "half"
    assert session.error is not None
    assert "mine" in session.error.message
    assert rows("state", "cost_nanos") == [("failed", None)]


def test_what_is_no_string_is_said(rows: Rows) -> None:
    with pytest.raises(TypeError, match="bytes"):
        llmtui.meter(iter([b"x"]), "acme/m").collect()  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="iterator"):
        llmtui.meter("text", "acme/m")
    with pytest.raises(ConfigError, match="format"):
        llmtui.meter([], "acme/m", "xml")  # type: ignore[call-overload]


async def test_str_9_a_cancelled_source_is_closed(rows: Rows) -> None:
    """STR-9: the generator gets to clean up, plain or asynchronous."""
    closed: list[str] = []

    def plain() -> Iterator[str]:
        try:
            while True:
                yield "x"
        finally:
            closed.append("plain")

    async def asynchronous() -> AsyncIterator[str]:
        try:
            while True:
                yield "x"
        finally:
            closed.append("asynchronous")

    with llmtui.meter(plain(), "acme/m") as session:
        next(session)
    async with llmtui.meter(asynchronous(), "acme/m") as other:
        await anext(other)
    assert closed == ["plain", "asynchronous"]
    assert [row[0] for row in rows("state")] == ["cancelled", "cancelled"]


def test_surrogates_and_odd_characters_survive(rows: Rows) -> None:
    """STR-2."""
    texts = ["a\u2028b", "\x85", "😀"[0], "\U0001f600", "\r\n", "é"]
    with llmtui.meter(iter(texts), "acme/m") as session:
        assert session.collect() == "".join(texts)


def test_a_metered_failure_does_not_make_a_provider_look_bad(rows: Rows) -> None:
    """ROB-5: the circuit breaker hears of real requests alone."""
    with ChatServer(answer("x")) as server:
        for _ in range(5):
            with pytest.raises(ServerError):
                llmtui.meter(iter(['{"error": "boom"}']), "custom/m", "json").collect()
        assert llmtui.stream_sync("m", "hi", base_url=server.base_url, fallback=["demo/steady"]).collect() == "x"
