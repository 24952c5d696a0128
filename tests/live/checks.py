"""What holds of every provider, real or played: our counts and costs are theirs, and what is stopped is booked.

What the provider reported is read from its own bytes a second time, by a few lines that know nothing of our decoders.
"""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import llmtui
from llmtui.bench.tap import Tap, tapped
from llmtui.chat.candidate import Candidate
from llmtui.core.cost import Resolution, to_nanos
from llmtui.core.errors import AuthenticationFailed
from llmtui.core.events import FinishReason
from llmtui.core.reservation import input_bound
from llmtui.library.request import StreamOptions, prepare
from llmtui.library.session import Session
from llmtui.providers._http import AsyncTransport
from llmtui.tokens.estimate import estimate_request
from tests.live.places import CAP_USD, LOOKED_UP, MOST_TOKENS, PROMPT, WORD, Place, begun, listed, refused, whole

if TYPE_CHECKING:
    from llmtui.core.events import StreamChunk

ALLOWED = Decimal("0.05")
"""How far a price of ours may be from what a router charged."""
_worst_cases: list[Decimal] = []
"""What has been asked so far could cost so much."""


class Told(NamedTuple):
    """What the provider itself reported."""

    input: int
    output: int
    usd: Decimal | None = None


def told(raw: bytes, wire: str) -> Told:
    """The usage as it stands in the bytes."""
    lines = [line.removeprefix("data:").strip() for line in raw.decode().splitlines()]
    frames: list[Any] = [json.loads(line, parse_float=Decimal) for line in lines if line.startswith("{")]
    if wire == "anthropic":
        start = next(f["message"]["usage"] for f in frames if f["type"] == "message_start")
        end = [f["usage"] for f in frames if f["type"] == "message_delta"][-1]
        cached = [start.get(f"cache_{kind}_input_tokens") or 0 for kind in ("read", "creation")]
        return Told(start["input_tokens"] + sum(cached), end["output_tokens"])
    if wire == "gemini":
        last = [f["usageMetadata"] for f in frames if "usageMetadata" in f][-1]
        return Told(last["promptTokenCount"], last.get("candidatesTokenCount", 0) + last.get("thoughtsTokenCount", 0))
    if wire == "ollama":
        return Told(frames[-1].get("prompt_eval_count", 0), frames[-1].get("eval_count", 0))
    if wire == "openai-responses":
        last = [f["response"]["usage"] for f in frames if f["type"] == "response.completed"][-1]
        return Told(last["input_tokens"], last["output_tokens"])
    last = [f["usage"] for f in frames if f.get("usage")][-1]
    reasoning = (last.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0
    outside = last.get("total_tokens") == last["prompt_tokens"] + last["completion_tokens"] + reasoning  # xAI's
    cost = last.get("cost")
    return Told(
        last["prompt_tokens"],
        last["completion_tokens"] + (reasoning if outside else 0),
        None if cost is None else Decimal(cost),
    )


def asked(place: Place, prompt: str = PROMPT, **options: Any) -> tuple[Session, Tap]:
    """A session that has not begun, its bytes heard. Skips what could pass the cap."""
    given: StreamOptions = {"key": place.key, "max_output_tokens": MOST_TOKENS, "retries": 2, **options}  # type: ignore[typeddict-item]
    name = f"{place.provider}/{place.model}"
    if place.base_url:
        name = place.model
        given["base_url"], given["wire"] = place.base_url, place.wire
    if place.price is not None:
        given["prices"] = llmtui.prices.with_price(f"custom/{place.model}", place.price)
    ask = prepare(name, prompt, given)
    endpoint = ask.chain[0].resolve()
    if place.server is None:
        _pay(endpoint.price(100), len(prompt.encode()), prompt)
    tap = Tap()
    heard = endpoint._replace(adapter=tapped(endpoint.adapter, tap))
    return Session(ask._replace(chain=[Candidate(endpoint.ref, lambda: heard, is_ready=True)])), tap


def _pay(price: Any, size: int, prompt: str) -> None:
    """Count what a request could cost at most towards the cap."""
    if price is None:
        pytest.skip("the model has no price: what it costs could not be capped")
    worst = price.worst_case(input_bound(size, estimate_request([prompt]), messages=1), MOST_TOKENS)
    if sum(_worst_cases) + worst > CAP_USD:
        pytest.skip(f"asking once more could cost more than ${CAP_USD} in all; LLMTUI_LIVE_USD is the cap")
    _worst_cases.append(worst)


async def check_answer_and_bill(place: Place) -> None:
    """PRV-1, PRV-4, COST-1, STR-2, STR-3: order, end, counts, and a bill to the nano-dollar."""
    place.rehearse(whole(place.wire))
    session, tap = asked(place)
    chunks: list[StreamChunk] = []
    async with session:
        async for chunk in session:
            chunks.append(chunk)
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert [chunk.finish_reason for chunk in chunks] == [None] * (len(chunks) - 1) + [FinishReason.STOP]
    assert "".join(chunk.content for chunk in chunks) == session.content
    assert WORD in session.content.lower()
    due, usage = told(bytes(tap.raw), place.wire), session.usage
    assert usage is not None
    assert usage.source == "provider"
    assert (usage.input_tokens, usage.output_tokens) == (due.input, due.output)
    _check_cost(session, due)


def _check_cost(session: Session, due: Told) -> None:
    usage, cost = session.usage, session.cost
    assert usage is not None
    endpoint = session._ask.chain[0].resolve()
    price = endpoint.price(usage.input_tokens)
    if due.usd is not None:
        assert (cost.amount, cost.source) == (due.usd, "provider")
        if price is not None and due.usd:
            assert abs(price.cost(usage) - due.usd) <= ALLOWED * due.usd
        return
    if price is None:
        assert cost.resolution is Resolution.UNPRICED
        return
    read = price.input if price.cache_read is None else price.cache_read
    write = price.input if price.cache_write is None else price.cache_write
    exact = (
        usage.uncached_input_tokens * Fraction(price.input)
        + usage.cache_read_tokens * Fraction(read)
        + usage.cache_write_tokens * Fraction(write)
        + usage.output_tokens * Fraction(price.output)
    ) / 10**6
    assert cost.amount is not None
    assert to_nanos(cost.amount) == round(exact * 10**9)


async def check_estimate(place: Place) -> None:
    """TOK-1: what is said before sending is near what is billed, give or take what the provider puts round it."""
    place.rehearse(whole(place.wire))
    session, tap = asked(place)
    async with session:
        await session.collect()
    due = told(bytes(tap.raw), place.wire)
    assert due.input / 3 <= estimate_request([PROMPT]) <= due.input * 3


async def check_cancel(place: Place) -> None:
    """COST-3, STR-9: what had come is kept; a bill stands there at once, confirmed or as an estimate."""
    place.rehearse(begun(place.wire))
    session, _ = asked(place, "Count from one to two hundred in words.")
    async with session:
        async for chunk in session:
            if chunk.content:
                break
        await session.cancel()
        assert session.is_settled
    assert session.content
    assert session.finish_reason in (FinishReason.CANCELLED, FinishReason.STOP, FinishReason.LENGTH)
    cost = session.cost
    assert cost.amount is not None or cost.estimate is not None or cost.pending
    if place.wire == "openrouter" and place.server is not None:
        assert cost.amount == LOOKED_UP


async def check_wrong_key(place: Place) -> None:
    """ROB-2: told as what it is, after one request; costs nothing."""
    place.rehearse(refused())
    session, _ = asked(place._replace(key="sk-wrong-0123456789abcdef"))
    with pytest.raises(AuthenticationFailed):
        await session.collect()
    assert session.cost.amount is None


async def check_models(place: Place) -> None:
    """PRV-5: the list has the model that is asked here; costs nothing."""
    place.rehearse(whole(place.wire), list_reply=listed())
    session, _ = asked(place)
    transport = AsyncTransport()
    try:
        target = session._ask.chain[0].resolve().target
        found = await session._ask.directory.lists.fetch(target, transport)
    finally:
        await transport.close()
    assert any(info.name.startswith(place.model) for info in found)


CHECKS = (check_answer_and_bill, check_estimate, check_cancel, check_wrong_key, check_models)
