"""Look-ups by the library: awaited, in the background, and left to a later session."""

from __future__ import annotations

import asyncio
import json
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

import llmtui
from llmtui import Bill, Resolution
from llmtui.library.shared import Library, library_for
from tests.support.wire_server import CLOSE, HANG, Reply, WireServer, error_reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.library.conftest import Configure, Rows

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
def router(configure: Configure) -> Iterator[WireServer]:
    """A provider `router` that can be asked what a request cost."""
    with WireServer() as server:
        configure(f'[providers.router]\nwire = "openrouter"\nbase_url = "{server.url}"\n')
        yield server


async def sleeping_fast(library: Library) -> Sleep:
    sleep = Sleep()
    (await library.on_loop()).lookups._sleep = sleep
    return sleep


async def test_cost_3_cancel_awaits_the_look_up(router: WireServer, rows: Rows) -> None:
    """COST-3, P3: told once, when the figure is final."""
    router.replies(Reply(pieces=[HALF, HANG]), NOT_YET, KNOWN)
    sleep = await sleeping_fast(library_for(store=True))
    told: list[Bill] = []
    async with llmtui.stream("router/m", "hi", on_cost=told.append) as session:
        await anext(session)
        cost = await session.cancel()
    assert cost == session.cost
    assert (cost.amount, cost.resolution, cost.pending) == (Decimal("0.00125"), Resolution.RESOLVED, False)
    assert session.usage is not None
    assert (session.usage.input_tokens, session.usage.output_tokens) == (9, 4)
    assert sleep.waits == [1, 2]
    assert [(bill.cost, bill.usage) for bill in told] == [(cost, session.usage)]
    assert rows("state", "resolution", "cost_nanos", "pending") == [("cancelled", "resolved", 1_250_000, 0)]


async def test_cost_3_unless_told_not_to(router: WireServer, rows: Rows) -> None:
    """COST-3, P3: the estimate stands as pending at once; the callback waits for the fact."""
    router.replies(Reply(pieces=[HALF, HANG]), KNOWN)
    await sleeping_fast(library_for(store=True))
    told: asyncio.Queue[Bill] = asyncio.Queue()
    async with llmtui.stream("router/m", "hi", on_cost=told.put) as session:
        await anext(session)
        cost = await session.cancel(wait=False)
        assert cost.pending
        assert cost.amount is None
    async with asyncio.timeout(30):
        bill = await told.get()
    assert bill.cost.amount == session.cost.amount == Decimal("0.00125")
    assert told.empty()


async def test_cost_3_a_provider_that_never_says_leaves_the_estimate(router: WireServer, rows: Rows) -> None:
    """COST-3: that is final too, and told."""
    router.replies(Reply(pieces=[HALF, HANG]), NOT_YET)
    sleep = await sleeping_fast(library_for(store=True))
    told: list[Bill] = []
    async with llmtui.stream("router/m", "hi", on_cost=told.append) as session:
        await anext(session)
        cost = await session.cancel()
    assert (cost.amount, cost.resolution, cost.pending) == (None, Resolution.UNKNOWN, False)
    assert len(sleep.waits) == 6
    assert [bill.cost for bill in told] == [cost]
    assert rows("pending") == [(0,)]


async def test_cost_3_who_cannot_be_asked_stays_pending(router: WireServer, rows: Rows) -> None:
    """COST-3: the bill says so, and a later session asks again."""
    router.replies(Reply(pieces=[HALF, HANG]), error_reply(401, {}), KNOWN)
    await sleeping_fast(library_for(store=True))
    told: list[Bill] = []
    async with llmtui.stream("router/m", "hi", on_cost=told.append) as session:
        await anext(session)
        assert (await session.cancel()).pending
    assert [bill.cost.pending for bill in told] == [True]
    assert rows("pending") == [(1,)]
    means = await library_for(store=True).on_loop()
    means.lookups.resume(library_for(store=True).directory)
    await means.lookups.drain()
    assert rows("pending", "cost_nanos") == [(0, 1_250_000)]


async def test_p5_a_stream_that_broke_off_is_looked_up_behind_the_error(router: WireServer, rows: Rows) -> None:
    """P5."""
    router.replies(Reply(pieces=[HALF, CLOSE]), KNOWN)
    await sleeping_fast(library_for(store=True))
    told: asyncio.Queue[Bill] = asyncio.Queue()
    with pytest.raises(llmtui.StreamBroken):
        await llmtui.stream("router/m", "hi", on_cost=told.put_nowait).collect()
    async with asyncio.timeout(30):
        bill = await told.get()
    assert (bill.state, bill.cost.amount) == ("truncated", Decimal("0.00125"))


async def test_p4_a_dropped_session_is_looked_up(router: WireServer, rows: Rows) -> None:
    """P4, COST-3."""
    router.replies(Reply(pieces=[HALF, HANG]), KNOWN)
    await sleeping_fast(library_for(store=True))
    told: asyncio.Queue[Bill] = asyncio.Queue()
    session = llmtui.stream("router/m", "hi", on_cost=told.put)
    await anext(session)
    del session
    async with asyncio.timeout(30):
        bill = await told.get()
    assert (bill.state, bill.cost.amount) == ("cancelled", Decimal("0.00125"))


def test_p4_a_session_dropped_after_its_loop_stays_pending(router: WireServer, rows: Rows) -> None:
    """P4, COST-3: nobody is left to ask; the next session is."""
    router.replies(Reply(pieces=[HALF, HANG]))
    told: list[Bill] = []

    async def begin() -> llmtui.Session:
        session = llmtui.stream("router/m", "hi", on_cost=told.append)
        await anext(session)
        return session

    session: Any = asyncio.run(begin())
    del session
    llmtui.close()
    assert rows("state", "pending") == [("cancelled", 1)]
    assert told == []


def test_cost_3_without_an_event_loop(router: WireServer, rows: Rows) -> None:
    """COST-3: awaited, and in a thread that nobody waits for."""
    router.replies(Reply(pieces=[HALF, HANG]), KNOWN)
    library_for(store=True).blocking().lookups._sleep = Sleep()
    with llmtui.stream_sync("router/m", "hi") as session:
        next(session)
        assert session.cancel().amount == Decimal("0.00125")
    router.replies(Reply(pieces=[HALF, HANG]), KNOWN)
    told, was_told = list[Bill](), threading.Event()

    def on_cost(bill: Bill) -> None:
        told.append(bill)
        was_told.set()

    with llmtui.stream_sync("router/m", "hi", on_cost=on_cost) as session:
        next(session)
        assert session.cancel(wait=False).pending
    assert was_told.wait(30)
    assert [bill.cost.amount for bill in told] == [Decimal("0.00125")]
    assert rows("pending") == [(0,), (0,)]


def test_cost_3_the_next_program_asks_about_what_was_left(
    router: WireServer, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """COST-3: after a restart, with the first session that is begun."""
    from llmtui.chat import lookups

    monkeypatch.setattr(lookups, "WAITS_S", (0.0,))
    router.replies(Reply(pieces=[HALF, HANG]), error_reply(500, {}))
    with llmtui.stream_sync("router/m", "hi") as session:
        next(session)
        session.cancel()
    llmtui.close()
    assert rows("pending") == [(1,)]
    router.replies(KNOWN)
    library_for(store=True).blocking()
    for thread in threading.enumerate():
        if thread.name == "llmtui-lookups":
            thread.join(30)
    assert rows("pending", "cost_nanos") == [(0, 1_250_000)]
