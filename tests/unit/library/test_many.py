"""Many answers at once, and what one of them may keep in memory."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import TYPE_CHECKING

import llmtui
from llmtui import Bill, FinishReason
from tests.e2e.chat_server import ChatServer, Reply, answer, frame
from tests.support.echo_server import EchoServer, pieces_of

if TYPE_CHECKING:
    from llmtui.library import Session
    from tests.unit.library.conftest import Rows

STREAMS = 128


async def test_str_12_p30_128_answers_at_once_do_not_touch_one_another(rows: Rows) -> None:
    """STR-12, STR-2, STR-3, STR-16, P1, P30: every one open before any goes on; text, order, usage, metadata, bill."""
    told: list[Bill] = []

    async def one(number: int) -> Session:
        async with llmtui.stream(
            "m",
            str(number),
            base_url=server.base_url,
            metadata={"n": number},
            agent_id=f"agent {number}",
            on_cost=told.append,
        ) as session:
            chunks = [chunk async for chunk in session]
        assert [chunk.index for chunk in chunks] == list(range(21))
        assert [chunk.content for chunk in chunks] == [*pieces_of(number, 20), ""]
        assert [chunk.finish_reason for chunk in chunks] == [None] * 20 + [FinishReason.STOP]
        assert {(chunk.provider, chunk.model) for chunk in chunks} == {("custom", "m")}
        assert all(chunk.metadata == {"n": number} for chunk in chunks)
        return session

    async with EchoServer(together=STREAMS) as server:
        sessions = await asyncio.gather(*(one(number) for number in range(STREAMS)))
    for number, session in enumerate(sessions):
        assert session.usage is not None
        assert (session.usage.input_tokens, session.usage.output_tokens) == (number + 1, 2 * number + 1)
    by_turn = {session.id: number for number, session in enumerate(sessions)}
    found = rows("turn_id", "state", "input_tokens", "metadata")
    assert sorted(found) == sorted((s.id, "completed", n + 1, f'{{"n": {n}}}') for n, s in enumerate(sessions))
    assert sorted(by_turn[bill.session_id] for bill in told) == list(range(STREAMS))
    assert all(bill.agent_id == f"agent {by_turn[bill.session_id]}" for bill in told)


async def test_str_12_a_stream_costs_no_thread_and_no_task(rows: Rows) -> None:
    """STR-12: what a stream adds is a connection and its text."""
    async with EchoServer(together=33) as server:
        first = llmtui.stream("m", "0", base_url=server.base_url)
        await anext(first)
        threads, tasks = threading.active_count(), len(asyncio.all_tasks())
        more = [llmtui.stream("m", str(n), base_url=server.base_url) for n in range(1, 32)]
        for session in more:
            await anext(session)
        handlers = server.arrived - 1  # the server's own, in this loop
        assert threading.active_count() < threads + 8
        assert len(asyncio.all_tasks()) <= tasks + handlers
        for session in (first, *more):
            await session.cancel()


async def test_str_13_a_reader_who_takes_his_time_keeps_little_waiting(rows: Rows) -> None:
    """STR-13: of an answer of 20,000 pieces that arrives at once, a packet's worth waits to be taken."""
    burst = b"".join(frame("x") for _ in range(20_000))
    with ChatServer(Reply(steps=(burst, frame(finish="stop")))) as server:
        most = 0
        async with llmtui.stream("m", "hi", base_url=server.base_url) as session:
            async for _ in session:
                most = max(most, len(session._feed.chunks))
    assert session.chunk_count == 20_001
    assert most < 500


async def test_str_12_sessions_leave_nothing_behind(rows: Rows) -> None:
    """STR-12: after a hundred answers nothing of them is held by what they shared."""
    with ChatServer(answer("x")) as server:
        for _ in range(100):
            async with llmtui.stream("m", "hi", base_url=server.base_url, store=False) as session:
                await session.collect()
    del session
    gc.collect()
    assert not [thing for thing in gc.get_objects() if isinstance(thing, llmtui.Session)]


async def test_p4_a_session_in_a_reference_cycle_is_booked_by_the_collector(rows: Rows) -> None:
    """P4: whichever of its parts the collector takes first."""
    never = threading.Event()
    with ChatServer(Reply(steps=(frame("half"), never))) as server:
        for _ in range(3):
            session = llmtui.stream("m", "hi", base_url=server.base_url)
            await anext(session)
            session.mine = session  # type: ignore[attr-defined]
            del session
        gc.collect()
        never.set()
    await asyncio.sleep(0)
    llmtui.close()
    assert [row[0] for row in rows("state")] == ["cancelled"] * 3


async def test_connections_are_used_again(rows: Rows) -> None:
    with ChatServer(answer("x")) as server:
        for _ in range(5):
            async with llmtui.stream("m", "hi", base_url=server.base_url) as session:
                await session.collect()
        assert len(server.requests) == 5
    assert len(rows("state")) == 5
