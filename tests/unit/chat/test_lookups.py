"""Look-ups of what a broken-off answer cost: at once, after a restart, and where the provider never says."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.chat.control import TurnControl
from llmtui.chat.directory import Directory
from llmtui.chat.lookups import WAITS_S, Found, Lookups, ThreadedLookups
from llmtui.chat.runtime import BlockingRuntime, run_blocking
from llmtui.config import load_config
from llmtui.core.cost import Cost, Price, Resolution
from llmtui.core.errors import StreamBroken
from llmtui.core.events import ChunkArrived, TurnEvent
from llmtui.core.messages import ModelRef
from llmtui.core.usage import Usage
from llmtui.paths import locate
from llmtui.providers._http import BlockingTransport
from llmtui.providers.openrouter import OpenRouter
from llmtui.store.records import PendingLookup
from tests.support.stores import opening, running, settlement
from tests.support.wire_server import CLOSE, HANG, Reply, WireServer, error_reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from llmtui.chat.session import ChatSession
    from tests.unit.chat.conftest import OpenSession

FRAME = {"id": "gen-7", "model": "m", "choices": [{"index": 0, "delta": {"content": "half"}, "finish_reason": None}]}
HALF = f"data: {json.dumps(FRAME)}\n\n".encode()
RECORD = {"data": {"total_cost": 0.00125, "is_byok": False, "native_tokens_prompt": 9, "native_tokens_completion": 4}}
NOT_YET = error_reply(404, {"error": {"code": 404, "message": "not found"}})
KNOWN = error_reply(200, RECORD)


class Sleep:
    """Takes no time, and remembers what was asked for."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture
def server() -> Iterator[WireServer]:
    with WireServer() as listening:
        yield listening


def attempts(chat: ChatSession) -> list[Any]:
    return chat.store.read(
        lambda db: [
            tuple(row)
            for row in db.execute(
                "SELECT state, resolution, cost_nanos, pending, response_id, input_tokens, output_tokens FROM attempts"
            )
        ]
    )


async def stopped_after_first_chunk(chat: ChatSession) -> Cost:
    arrived, control = asyncio.Event(), TurnControl()

    def sink(event: TurnEvent) -> None:
        if isinstance(event, ChunkArrived):
            arrived.set()

    turn = asyncio.create_task(chat.send("hi", sink=sink, control=control))
    await arrived.wait()
    control.cancel()
    return (await turn).cost


def listening_for_figures(chat: ChatSession) -> tuple[Sleep, list[Found]]:
    sleep, told = Sleep(), list[Found]()
    assert chat.lookups is not None
    chat.lookups._sleep = sleep
    chat.lookups.told = told.append
    return sleep, told


async def test_cost_3_a_stopped_answer_is_looked_up_and_told_once(session: OpenSession, server: WireServer) -> None:
    """COST-3, P3: the estimate stands as pending before the stop is over; the provider's figure replaces it."""
    server.replies(Reply(pieces=[HALF, HANG]), NOT_YET, NOT_YET, KNOWN)
    async with session(server.url, wire="openrouter") as chat:
        sleep, told = listening_for_figures(chat)
        cost = await stopped_after_first_chunk(chat)
        assert cost.pending
        assert cost.amount is None
        assert chat.lookups is not None
        await chat.lookups.drain()
        rows = attempts(chat)
    assert rows == [("cancelled", "resolved", 1_250_000, 0, "gen-7", 9, 4)]
    assert [request.path for request in server.requests[1:]] == ["/v1/generation?id=gen-7"] * 3
    assert sleep.waits == [1, 2, 4]
    assert [found.cost for found in told] == [Cost(Decimal("0.00125"), Resolution.RESOLVED, "provider")]


async def test_cost_3_what_this_session_stops_is_not_taken_for_what_an_earlier_one_left(
    session: OpenSession, server: WireServer
) -> None:
    """COST-3, P3: the start's own look at what is pending may come late, on a busy machine: nothing is asked twice."""
    server.replies(Reply(pieces=[HALF, HANG]), KNOWN)
    async with session(server.url, wire="openrouter") as chat:
        sleep, told = listening_for_figures(chat)
        await stopped_after_first_chunk(chat)
        assert chat.lookups is not None
        chat.lookups.resume(chat.directory)  # as late as it can come: the row is there, and nobody has asked yet
        await chat.lookups.drain()
    assert len(server.requests) == 2
    assert sleep.waits == [1]
    assert len(told) == 1


async def test_cost_3_a_provider_that_never_says_leaves_the_estimate(session: OpenSession, server: WireServer) -> None:
    """COST-3: asked after 1, 2, 4, 8, 16 and 30 seconds, then no more, by no session."""
    server.replies(Reply(pieces=[HALF, HANG]), NOT_YET)
    async with session(server.url, wire="openrouter") as chat:
        sleep, told = listening_for_figures(chat)
        await stopped_after_first_chunk(chat)
        assert chat.lookups is not None
        await chat.lookups.drain()
        rows = attempts(chat)
        left = chat.store.ledger.pending_lookups()
    assert sleep.waits == list(WAITS_S) == [1, 2, 4, 8, 16, 30]
    assert rows[0][:4] == ("cancelled", "unknown", None, 0)
    assert left == []
    assert [(found.usage, found.cost) for found in told] == [(None, Cost(None, Resolution.UNKNOWN))]


async def test_p5_a_stream_that_broke_off_is_looked_up(session: OpenSession, server: WireServer) -> None:
    """P5: to the provider it looks like a client that hung up; its answer is a fact."""
    server.replies(Reply(pieces=[HALF, CLOSE]), KNOWN)
    async with session(server.url, wire="openrouter") as chat:
        listening_for_figures(chat)
        result = await chat.send("hi", sink=lambda event: None)
        assert isinstance(result.error, StreamBroken)
        assert chat.lookups is not None
        await chat.lookups.drain()
        assert attempts(chat)[0][:4] == ("truncated", "resolved", 1_250_000, 0)


async def test_p5_an_answer_that_cannot_be_read_on_is_looked_up(session: OpenSession, server: WireServer) -> None:
    """P5: who stops reading at a frame that is none hangs up, and the provider knows what it charged."""
    server.replies(Reply(pieces=[HALF, b"data: {nonsense\n\n"]), KNOWN)
    async with session(server.url, wire="openrouter") as chat:
        listening_for_figures(chat)
        await chat.send("hi", sink=lambda event: None)
        assert chat.lookups is not None
        await chat.lookups.drain()
        assert attempts(chat)[0][:4] == ("failed", "resolved", 1_250_000, 0)


async def test_p6_an_error_in_the_stream_is_not_looked_up(session: OpenSession, server: WireServer) -> None:
    """P6."""
    server.replies(Reply(pieces=[HALF, b'data: {"id":"gen-7","error":{"code":502,"message":"boom"}}\n\n']))
    async with session(server.url, wire="openrouter") as chat:
        result = await chat.send("hi", sink=lambda event: None)
        assert result.error is not None
        assert attempts(chat)[0][:4] == ("failed", "none", None, 0)
    assert len(server.requests) == 1


async def test_cost_3_a_stop_while_the_model_thinks_is_looked_up_by_the_headers_id(
    session: OpenSession, server: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """COST-3: no event has come, but the headers say which generation it is."""
    server.replies(Reply(headers={"X-Generation-Id": "gen-9"}, pieces=[b": OPENROUTER PROCESSING\n\n", HANG]), KNOWN)
    async with session(server.url, wire="openrouter") as chat:
        listening_for_figures(chat)
        control = TurnControl()
        has_headers, read_headers = asyncio.Event(), OpenRouter.generation_id

        def noticed(self: OpenRouter, headers: Mapping[str, str]) -> str | None:
            has_headers.set()
            return read_headers(self, headers)

        monkeypatch.setattr(OpenRouter, "generation_id", noticed)
        turn = asyncio.create_task(chat.send("hi", sink=lambda event: None, control=control))
        async with asyncio.timeout(30):
            await has_headers.wait()
        control.cancel()
        await turn
        assert chat.lookups is not None
        await chat.lookups.drain()
        assert attempts(chat)[0][:5] == ("cancelled", "resolved", 1_250_000, 0, "gen-9")


async def test_cost_3_what_a_restart_finds_pending_is_looked_up(session: OpenSession, server: WireServer) -> None:
    """COST-3: the program went away before the provider knew; the next session asks, by itself."""
    config = f'[providers.router]\nwire = "openrouter"\nbase_url = "{server.url}"\n'
    server.replies(Reply(pieces=[HALF, HANG]), KNOWN)
    async with session(config=config, model="router/m") as chat:
        assert chat.lookups is not None
        chat.lookups._sleep = forever
        await stopped_after_first_chunk(chat)
        assert len(chat.store.ledger.pending_lookups()) == 1
    async with session(config=config, model="router/m") as chat:
        _, told = listening_for_figures(chat)
        assert chat.lookups is not None
        await chat.lookups.drain()
        assert attempts(chat)[0][:4] == ("cancelled", "resolved", 1_250_000, 0)
    assert len(told) == 1


async def test_cost_3_without_an_event_loop_what_is_pending_is_looked_up_too(
    session: OpenSession, server: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """COST-3: `--plain` stays open as well; its look-ups are threads, and the ledger says the same."""
    config = f'[providers.router]\nwire = "openrouter"\nbase_url = "{server.url}"\n'
    server.replies(Reply(pieces=[HALF, HANG]), KNOWN)
    async with session(config=config, model="router/m") as chat:
        assert chat.lookups is not None
        chat.lookups._sleep = forever
        await stopped_after_first_chunk(chat)
        monkeypatch.setattr("llmtui.chat.lookups.WAITS_S", (0.0,))
        told, heard = threading.Event(), list[Found]()

        def tell(found: Found) -> None:
            heard.append(found)
            told.set()

        threads = ThreadedLookups(BlockingRuntime(BlockingTransport(lean=True)), chat.store, told=tell)
        threads.resume(chat.directory)
        assert await asyncio.to_thread(told.wait, 30)
        assert attempts(chat)[0][:4] == ("cancelled", "resolved", 1_250_000, 0)
        await threads.close()
        threads.resume(chat.directory)
    assert [found.cost.amount for found in heard] == [Decimal("0.00125")]


async def forever(seconds: float) -> None:
    await asyncio.Event().wait()


async def test_cost_3_nothing_is_asked_after_the_session_was_closed(session: OpenSession, server: WireServer) -> None:
    server.replies(Reply(pieces=[HALF, HANG]))
    async with session(server.url, wire="openrouter") as chat:
        assert chat.lookups is not None
        await chat.lookups.close()
        await stopped_after_first_chunk(chat)
        assert len(chat.store.ledger.pending_lookups()) == 1
    assert len(server.requests) == 1


async def test_cost_3_without_an_event_loop_the_asking_ends_too(server: WireServer) -> None:
    """COST-3."""
    with running(locate(os.environ).database) as store:
        found, waits = look_up(server, store=store, pending=pending_row(store))
        assert found.cost.amount is None
        assert waits == list(WAITS_S)
        assert store.ledger.pending_lookups() == []


def pending_row(store: Any) -> PendingLookup:
    store.ledger.open_attempt(opening("a1", model=ModelRef("router", "m"))).result()
    estimate = Cost(None, Resolution.UNKNOWN, estimate=Decimal("0.01"), pending=True)
    store.ledger.settle(settlement("a1", state="cancelled", cost=estimate, response_id="gen-1")).result()
    (pending,) = store.ledger.pending_lookups()
    assert isinstance(pending, PendingLookup)
    return pending


def look_up(
    server: WireServer, *, store: Any = None, wire: str = "openrouter", pending: PendingLookup | None = None
) -> tuple[Found, list[float]]:
    """A look-up without an event loop."""
    config = f'[providers.router]\nwire = "{wire}"\nbase_url = "{server.url}"\n'
    Path(os.environ["LLMTUI_CONFIG"]).write_text(config, "utf-8")
    if server.requests == [] and pending is not None:
        server.replies(NOT_YET)
    sleep = Sleep()
    transport = BlockingTransport()
    directory = Directory(load_config(None, os.environ), os.environ, locate(os.environ))
    lookups = Lookups(BlockingRuntime(transport), store, sleep=sleep)
    asked = pending or PendingLookup("a1", "router", "m", "gen-1", Price(Decimal(1), Decimal(1)))
    try:
        return run_blocking(lookups.find(asked, directory)), sleep.waits
    finally:
        run_blocking(transport.close())


def test_cost_3_without_an_event_loop_and_without_a_store(server: WireServer) -> None:
    server.replies(error_reply(500, {"error": {"message": "down"}}), Reply(pieces=[CLOSE]), KNOWN)
    found, waits = look_up(server)
    assert found == Found(
        "a1",
        Usage(9, output_tokens=4, cost_usd=Decimal("0.00125")),
        Cost(Decimal("0.00125"), Resolution.RESOLVED, "provider"),
    )
    assert waits == [1, 2, 4]


@pytest.mark.parametrize(
    ("reply", "asked"), [(error_reply(401, {}), 1), (error_reply(403, {}), 1), (error_reply(503, {}), 6)]
)
def test_cost_3_who_cannot_be_asked_now_is_asked_by_the_next_session(
    server: WireServer, reply: Reply, asked: int
) -> None:
    """COST-3: a refused key, a server that is down: the estimate stays pending."""
    server.replies(reply)
    found, waits = look_up(server)
    assert found.cost.pending
    assert len(waits) == asked


def test_cost_3_a_provider_that_is_gone_or_cannot_be_asked_stays_pending(server: WireServer) -> None:
    """COST-3: it may be back in the config by the next session."""
    gone = PendingLookup("a1", "vanished", "m", "gen-1", None)
    found, waits = look_up(server, pending=gone)
    assert (found.cost.pending, waits) == (True, [])
    found, waits = look_up(server, wire="openai")
    assert (found.cost.pending, waits) == (True, [])


def test_cost_3_a_true_zero_is_a_fact(server: WireServer) -> None:
    """COST-3, P13: stopped so early that the provider charges nothing."""
    server.replies(
        error_reply(200, {"data": {"total_cost": 0, "is_byok": False, "tokens_prompt": 0, "tokens_completion": 0}})
    )
    found, _ = look_up(server)
    assert found.cost == Cost(Decimal(0), Resolution.RESOLVED, "provider")
