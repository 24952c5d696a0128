"""Concurrency: many streams over real sockets in one process, and none knows of another."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

import llmtui
from llmtui.chat.control import TurnControl
from llmtui.core.cost import from_nanos
from llmtui.core.errors import BudgetExceeded
from llmtui.core.events import ChunkArrived, FinishReason
from llmtui.core.messages import MessageState, ModelRef
from tests.properties.generators import examples
from tests.support.desk import split
from tests.support.echo_server import EchoServer, pieces_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from llmtui.chat.session import ChatSession
    from llmtui.core.events import TurnEvent, TurnResult
    from tests.support.desk import Desk

MANY = 128
few = st.integers(2, 10)
cutting = st.lists(st.integers(0, 10**6), max_size=4)


@asynccontextmanager
async def chat(desk: Desk, url: str, config: str = "") -> AsyncIterator[ChatSession]:
    """A session of this event loop on the desk's database."""
    async with desk.on_loop(f'{config}\n[providers.echo]\nwire = "openai"\nbase_url = "{url}"\n') as (session, _):
        session.default_model = ModelRef("echo", "m")
        yield session


def packets(at: list[int]) -> Callable[[bytes], list[bytes]]:
    return lambda data: list(split(data, at))


def checked(number: int, pieces: int, result: TurnResult, events: list[TurnEvent]) -> None:
    """The answer to this question, and to no other."""
    chunks = [event.chunk for event in events if isinstance(event, ChunkArrived)]
    assert [chunk.content for chunk in chunks] == [*pieces_of(number, pieces), ""]
    assert [chunk.index for chunk in chunks] == list(range(pieces + 1))
    assert result.content == "".join(pieces_of(number, pieces))
    assert result.usage is not None
    assert (result.usage.input_tokens, result.usage.output_tokens) == (number + 1, 2 * number + 1)


@examples(12)
@given(few, cutting, st.integers(1, 12))
def test_str_12_p30_streams_of_the_library_do_not_mix(count: int, at: list[int], pieces: int) -> None:
    """STR-12, P30: text, order, usage and metadata, in packets cut anywhere."""

    async def one(server: EchoServer, number: int) -> None:
        asked = llmtui.stream("m", str(number), base_url=server.base_url, store=False, metadata={"n": number})
        async with asked as session:
            chunks = [chunk async for chunk in session]
        assert [chunk.content for chunk in chunks] == [*pieces_of(number, pieces), ""]
        assert [chunk.finish_reason for chunk in chunks] == [None] * pieces + [FinishReason.STOP]
        assert all(chunk.metadata == {"n": number} for chunk in chunks)
        assert session.usage is not None
        assert session.usage.output_tokens == 2 * number + 1

    async def all_of_them() -> None:
        async with EchoServer(pieces=pieces, together=count, split=packets(at)) as server:
            await asyncio.gather(*(one(server, number) for number in range(count)))

    asyncio.run(all_of_them())


@examples(12)
@given(few, cutting, st.integers(2, 12))
def test_str_12_p30_conversations_do_not_mix(desk: Desk, count: int, at: list[int], pieces: int) -> None:
    """STR-12, P30: what is shown, what is stored, what is billed."""

    async def all_of_them() -> None:
        async with (
            EchoServer(pieces=pieces, together=count, split=packets(at)) as server,
            chat(desk, server.base_url) as it,
        ):
            said: list[list[TurnEvent]] = [[] for _ in range(count)]
            results = await asyncio.gather(*(it.send(str(n), sink=said[n].append) for n in range(count)))
        for number, result in enumerate(results):
            checked(number, pieces, result, said[number])
            (row,) = desk.rows(result.turn_id)
            assert (row["input_tokens"], row["message_id"]) == (number + 1, result.answer_message_id)
            stored = desk.store.conversations.thread(result.conversation_id)
            assert [message.content for message in stored] == [str(number), result.content]

    asyncio.run(all_of_them())


@examples(12)
@given(few, st.data())
def test_str_12_a_stop_stops_one_answer(desk: Desk, count: int, data: st.DataObject) -> None:
    """STR-12, STR-9: those that are stopped keep what they have; the others do not notice."""
    stopped = data.draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=count), label="stopped")

    async def all_of_them() -> None:
        controls = [TurnControl() for _ in range(count)]
        said: list[list[TurnEvent]] = [[] for _ in range(count)]

        def sink(number: int) -> Callable[[TurnEvent], None]:
            def take(event: TurnEvent) -> None:
                said[number].append(event)
                if number in stopped and isinstance(event, ChunkArrived) and event.chunk.index == 0:
                    controls[number].cancel()

            return take

        async with EchoServer(pieces=6, together=count, holds=stopped) as server, chat(desk, server.base_url) as it:
            results = await asyncio.gather(*(it.send(str(n), sink=sink(n), control=controls[n]) for n in range(count)))
        for number, result in enumerate(results):
            (row,) = desk.rows(result.turn_id)
            if number not in stopped:
                checked(number, 6, result, said[number])
                assert row["state"] == "completed"
                continue
            assert (row["state"], result.finish_reason) == ("cancelled", FinishReason.CANCELLED)
            assert result.content == pieces_of(number, 1)[0]
            stored = desk.store.conversations.thread(result.conversation_id)
            assert (stored[-1].content, stored[-1].state) == (result.content, MessageState.CANCELLED)

    asyncio.run(all_of_them())


@examples(12)
@given(few, st.data())
def test_rob_5_a_connection_that_breaks_breaks_one_answer(desk: Desk, count: int, data: st.DataObject) -> None:
    """ROB-5, STR-12: cut after its first piece, others whole."""
    broken = data.draw(st.sets(st.integers(0, count - 1), min_size=1), label="broken")

    async def all_of_them() -> None:
        said: list[list[TurnEvent]] = [[] for _ in range(count)]
        async with EchoServer(pieces=5, together=count, breaks=broken) as server, chat(desk, server.base_url) as it:
            results = await asyncio.gather(*(it.send(str(n), sink=said[n].append) for n in range(count)))
        for number, result in enumerate(results):
            if number in broken:
                assert result.error is not None
                assert "".join(pieces_of(number, 5)).startswith(result.content)
                assert [row["state"] for row in desk.rows(result.turn_id)] == ["truncated"]
            else:
                checked(number, 5, result, said[number])

    asyncio.run(all_of_them())


@examples(10)
@given(few, st.integers(1, 10))
def test_p26_many_at_once_spend_no_more_than_there_is(desk: Desk, count: int, affordable: int) -> None:
    """P26, COST-7: the budget has room for some; so many are asked, the rest sends no byte."""
    limit = from_nanos(affordable * 1024 * 2000 + 10**6)
    config = f"[budget]\nconfirm_at = 1\nconversation_usd = {limit:f}\n[prices.'echo/m']\ninput = 1\noutput = 2\n"

    async def all_of_them() -> tuple[list[TurnResult], int]:
        async with EchoServer(pieces=2) as server, chat(desk, server.base_url, config) as it:
            first = await it.send("1", sink=lambda _: None)
            sends: list[Any] = [
                it.send(str(n), sink=lambda _: None, conversation_id=first.conversation_id, parent_id=None)
                for n in range(count)
            ]
            return [first, *await asyncio.gather(*sends)], server.arrived

    results, arrived = asyncio.run(all_of_them())
    admitted = [result for result in results if not isinstance(result.error, BudgetExceeded)]
    assert all(result.error is None for result in admitted)
    assert arrived == len(admitted)
    spent = desk.store.ledger.spent(conversation_id=results[0].conversation_id)
    assert spent.resolved + spent.estimated <= limit
    assert desk.still_reserved() == (0, 0, 0)


async def test_str_12_p30_128_conversations_at_once(desk: Desk) -> None:
    """STR-12, P30, P1: every one open before any goes on; text, order, usage, ledger and history of each its own."""
    said: list[list[TurnEvent]] = [[] for _ in range(MANY)]
    async with EchoServer(together=MANY) as server, chat(desk, server.base_url) as it:
        results = await asyncio.gather(*(it.send(str(n), sink=said[n].append) for n in range(MANY)))
    for number, result in enumerate(results):
        checked(number, 20, result, said[number])
        (row,) = desk.rows(result.turn_id)
        assert (row["state"], row["input_tokens"], row["output_tokens"]) == ("completed", number + 1, 2 * number + 1)
        stored = desk.store.conversations.thread(result.conversation_id)
        assert [message.content for message in stored] == [str(number), result.content]


async def test_str_12_128_streams_of_the_library_in_small_packets() -> None:
    """STR-12, STR-2: in packets that end anywhere, all of them mixed on their way."""

    async def one(number: int) -> str:
        async with llmtui.stream("m", str(number), base_url=server.base_url, store=False) as session:
            return await session.collect()

    threads = threading.active_count()
    async with EchoServer(pieces=4, together=MANY, split=packets(list(range(0, 200, 37)))) as server:
        answers = await asyncio.gather(*(one(number) for number in range(MANY)))
    assert answers == ["".join(pieces_of(number, 4)) for number in range(MANY)]
    assert threading.active_count() < threads + MANY // 8  # none a stream; a few belong to what ran before
