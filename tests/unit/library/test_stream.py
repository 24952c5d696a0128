"""Sessions under asyncio: what they give, and how they are booked."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sqlite3
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

import llmtui
from llmtui import Bill, ConfigError, FinishReason, Message, Price, Resolution, Role, StreamChunk
from llmtui.core.errors import AuthenticationFailed, ContentFiltered, RateLimited, StreamBroken
from llmtui.paths import locate
from tests.e2e.chat_server import CLOSE, DONE, ChatServer, Reply, answer, error, frame, usage_frame

if TYPE_CHECKING:
    from pathlib import Path

    from llmtui.library import Session
    from tests.unit.library.conftest import Configure, Rows


def ask(server: ChatServer, messages: Any = "hi", **options: Any) -> Session:
    """A question to a model that costs $1 and $2 a million tokens."""
    prices = llmtui.prices.with_price("custom/m", Price(Decimal(1), Decimal(2)))
    return llmtui.stream("m", messages, base_url=server.base_url, **{"prices": prices, **options})


async def test_str_16_a_session_gives_chunks_and_every_figure(rows: Rows) -> None:
    """STR-16, STR-2, STR-3."""
    with ChatServer(answer("Hel", "lo", prompt=1000, completion=500)) as server:
        async with ask(server, agent_id="a7", metadata={"task": 3}) as session:
            chunks = [chunk async for chunk in session]
            assert (session.is_finished, session.is_settled) == (True, False)
            assert session.cost == llmtui.Cost(None, Resolution.NONE, estimate=Decimal("0.002"))
    assert [chunk.index for chunk in chunks] == [0, 1, 2]
    assert "".join(chunk.content for chunk in chunks) == session.content == "Hello"
    assert [chunk.finish_reason for chunk in chunks] == [None, None, FinishReason.STOP]
    assert {(chunk.provider, chunk.model) for chunk in chunks} == {("custom", "m")}
    assert all(chunk.metadata == {"task": 3} for chunk in chunks)
    assert session.cost.amount == Decimal("0.002")
    assert session.usage is not None
    assert (session.usage.input_tokens, session.usage.output_tokens) == (1000, 500)
    assert session.chunk_count == 3
    assert session.start is not None
    assert session.end is not None
    assert session.start <= session.end
    assert session.duration >= (session.first_token_s or 0) >= 0
    assert session.error is None
    assert session.finish_reason is FinishReason.STOP
    assert session.is_settled
    assert rows("state", "purpose", "cost_nanos", "turn_id", "metadata") == [
        ("completed", "chat", 2_000_000, session.id, '{"task": 3}')
    ]


async def test_str_16_to_dict_is_json(rows: Rows) -> None:
    """STR-16."""
    with ChatServer(answer("x")) as server:
        session = ask(server, agent_id="a7", metadata={"task": 3})
        before = json.loads(json.dumps(session.to_dict()))
        async with session:
            await session.collect()
    after = json.loads(json.dumps(session.to_dict()))
    assert (before["start"], before["is_finished"], before["usage"]["source"]) == (None, False, "estimate")
    assert after["agent_id"] == "a7"
    assert after["metadata"] == {"task": 3}
    assert after["finish_reason"] == "stop"
    assert after["cost"]["usd"] == "0.000019"
    assert after["is_settled"]
    assert "settled" in repr(session)
    assert session.id in repr(session)


async def test_collect_reads_to_the_end_and_books_nothing(rows: Rows) -> None:
    with ChatServer(answer("Hel", "lo")) as server:
        async with ask(server) as session:
            assert await session.collect() == "Hello"
            assert await session.collect() == "Hello"
            assert [row[0] for row in rows("state")] == ["open"]
            cost = await session.settle()
            assert cost.resolution is Resolution.RESOLVED
            assert [row[0] for row in rows("state")] == ["completed"]


async def test_p2_a_second_booking_warns_and_changes_nothing(rows: Rows, caplog: pytest.LogCaptureFixture) -> None:
    """P2."""
    told: list[Bill] = []
    with ChatServer(answer("x")) as server:
        async with ask(server, on_cost=told.append) as session:
            await session.collect()
            first = await session.settle()
            assert caplog.records == []
            assert await session.settle() == first
            assert await session.reject() == first
            assert await session.cancel() == first
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 3
    assert "booked before (settled)" in caplog.text
    assert len(told) == 1
    assert [row[0] for row in rows("state")] == ["completed"]


async def test_cost_5_a_rejected_answer_has_no_confirmed_cost(rows: Rows) -> None:
    """COST-5: the rejection is recorded, and the usage as exposure."""
    told: list[Bill] = []
    with ChatServer(answer("I cannot", prompt=1000, completion=500)) as server:
        async with ask(server, on_cost=told.append) as session:
            await session.collect()
            await session.reject()
    assert session.cost.amount is None
    assert rows("state", "resolution", "cost_nanos", "estimate_nanos", "input_tokens", "output_tokens") == [
        ("rejected", "none", None, 2_000_000, 1000, 500)
    ]
    assert [bill.state for bill in told] == ["rejected"]


async def test_cost_5_an_unfinished_answer_can_be_rejected(rows: Rows) -> None:
    """COST-5."""
    never = threading.Event()
    with ChatServer(Reply(steps=(frame("no"), never))) as server:
        async with ask(server) as session:
            await anext(session)
            await session.reject()
        never.set()
    ((state, resolution, estimate),) = rows("state", "resolution", "estimate_nanos")
    assert (state, resolution) == ("rejected", "none")
    assert estimate > 0


async def test_str_9_cancel_in_mid_stream_keeps_the_text(rows: Rows) -> None:
    """STR-9, COST-3."""
    never = threading.Event()
    with ChatServer(Reply(steps=(frame("half"), never))) as server:
        async with ask(server) as session:
            assert (await anext(session)).content == "half"
            cost = await session.cancel()
            rest = [chunk async for chunk in session]
        never.set()
    assert [(chunk.content, chunk.finish_reason) for chunk in rest] == [("", FinishReason.CANCELLED)]
    assert session.content == "half"
    assert session.error is None
    assert cost.resolution is Resolution.UNKNOWN
    assert cost.estimate is not None
    assert rows("state", "resolution", "reserved_nanos") == [("cancelled", "unknown", 0)]


async def test_str_9_another_task_may_cancel(rows: Rows) -> None:
    """STR-9: the reader's iteration ends as if the answer had; its task goes on."""
    never, first = threading.Event(), asyncio.Event()
    with ChatServer(Reply(steps=(frame("half"), never))) as server:
        session = ask(server)

        async def read() -> list[str]:
            texts = []
            async for chunk in session:
                texts.append(chunk.content)
                first.set()
            await asyncio.sleep(0)  # would raise where the cancellation had not been taken back
            return texts

        reader = asyncio.create_task(read())
        await first.wait()
        await session.cancel()
        assert await reader == ["half", ""]
        assert reader.cancelling() == 0
        never.set()
    assert session.finish_reason is FinishReason.CANCELLED
    assert [row[0] for row in rows("state")] == ["cancelled"]


async def test_leaving_the_context_early_stops_and_books(rows: Rows) -> None:
    never = threading.Event()
    with ChatServer(Reply(steps=(frame("half"), never))) as server:
        session = ask(server)

        async def read() -> None:
            async with session:
                async for _ in session:
                    raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await read()
        never.set()
    assert [row[0] for row in rows("state")] == ["cancelled"]
    assert session.is_settled


async def test_leaving_after_the_end_books_what_is_complete(rows: Rows) -> None:
    with ChatServer(answer("x")) as server:
        session = ask(server)

        async def read() -> None:
            async with session:
                await session.collect()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await read()
    assert [row[0] for row in rows("state")] == ["completed"]


async def test_a_session_that_never_began_books_nothing(rows: Rows) -> None:
    with ChatServer(answer("x")) as server:
        async with ask(server) as session:
            assert session.to_dict()["is_finished"] is False
        assert [chunk async for chunk in session] == []
        unused = ask(server)
        assert (await unused.cancel()).resolution is Resolution.NONE
        del unused
    assert server.requests == []
    assert session.is_finished
    assert (session.duration, session.usage, session.finish_reason) == (0.0, None, None)


async def test_p4_a_session_that_is_dropped_books_all_the_same(rows: Rows) -> None:
    """P4: no context, no verb, no reference left; the connection is given up."""
    never = threading.Event()
    told: asyncio.Queue[Bill] = asyncio.Queue()
    with ChatServer(Reply(steps=(frame("half"), never)), answer("whole")) as server:
        session = ask(server, on_cost=told.put_nowait)
        await anext(session)
        del session
        session = ask(server, on_cost=told.put_nowait)
        await session.collect()
        del session
        async with asyncio.timeout(30):
            assert [(await told.get()).state, (await told.get()).state] == ["cancelled", "completed"]
        never.set()
    llmtui.close()
    assert [row[0] for row in rows("state")] == ["cancelled", "completed"]


async def test_p4_a_dropped_session_tells_an_async_callback(rows: Rows) -> None:
    """P4, P3."""
    told: asyncio.Queue[Bill] = asyncio.Queue()
    with ChatServer(answer("whole")) as server:
        session = ask(server, on_cost=told.put)
        await session.collect()
        del session
        async with asyncio.timeout(30):
            bill = await told.get()
    assert bill.cost.amount == Decimal("0.000019")


async def test_p4_a_reader_whose_task_is_cancelled_books(rows: Rows) -> None:
    """P4."""
    never, first = threading.Event(), asyncio.Event()
    told: asyncio.Queue[Bill] = asyncio.Queue()
    with ChatServer(Reply(steps=(frame("half"), never))) as server:
        session = ask(server, on_cost=told.put_nowait)

        async def read() -> None:
            async for _ in session:
                first.set()

        reader = asyncio.create_task(read())
        await first.wait()
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        never.set()
        assert session.is_settled
        async with asyncio.timeout(30):
            assert (await told.get()).state == "cancelled"
    llmtui.close()
    assert [row[0] for row in rows("state")] == ["cancelled"]


def test_p4_a_session_outlives_its_event_loop(rows: Rows) -> None:
    """P4: the loop is closed with the answer half read."""
    never = threading.Event()
    told: list[Bill] = []
    with ChatServer(Reply(steps=(frame("half"), never))) as server:

        async def begin() -> Session:
            session = ask(server, on_cost=told.append)
            await anext(session)
            return session

        session = asyncio.run(begin())
        del session
        never.set()
    llmtui.close()
    assert [row[0] for row in rows("state")] == ["cancelled"]
    assert [bill.state for bill in told] == ["cancelled"]


def test_p4_an_async_callback_of_a_loop_that_is_gone_is_missed_loudly(
    rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    """P4: the bill is written, and the log says that nobody could be told."""

    async def on_cost(bill: Bill) -> None:
        raise AssertionError("nobody can await this")

    with ChatServer(answer("x")) as server:

        async def begin() -> Session:
            session = ask(server, on_cost=on_cost)
            await session.collect()
            return session

        session = asyncio.run(begin())
        session.drop()
    llmtui.close()
    assert [row[0] for row in rows("state")] == ["completed"]
    assert "on_cost cannot be awaited" in caplog.text


async def test_p4_closing_books_what_lies_about(rows: Rows) -> None:
    """P4."""
    with ChatServer(answer("x")) as server:
        session = ask(server)
        await session.collect()
        llmtui.close()
        assert session.is_settled
    assert [row[0] for row in rows("state")] == ["completed"]


async def test_errors_are_raised_once_with_the_text_kept(rows: Rows) -> None:
    """COST-4: a stream that broke off has no confirmed cost, and an estimate of its own kind."""
    told: list[Bill] = []
    with ChatServer(Reply(steps=(frame("half"), CLOSE))) as server:
        async with ask(server, on_cost=told.append) as session:
            with pytest.raises(StreamBroken):
                async for _ in session:
                    pass
            assert [chunk async for chunk in session] == []
            await session.settle()
    assert session.content == "half"
    assert isinstance(session.error, StreamBroken)
    ((state, cost, estimate),) = rows("state", "cost_nanos", "estimate_nanos")
    assert (state, cost) == ("truncated", None)
    assert estimate > 0
    assert [bill.state for bill in told] == ["truncated"]


async def test_errors_can_be_left_to_be_looked_at(rows: Rows) -> None:
    told: list[Bill] = []
    with ChatServer(error(401, "bad key")) as server:
        async with ask(server, raise_errors=False, on_cost=told.append) as session:
            assert await session.collect() == ""
    assert isinstance(session.error, AuthenticationFailed)
    assert session.to_dict()["error"]["kind"] == "authentication"
    assert told == []
    assert rows("state", "resolution") == [("failed", "none")]


async def test_a_content_filter_is_an_error_at_the_end(rows: Rows) -> None:
    cut = Reply(steps=(frame("some"), frame(finish="content_filter"), usage_frame(5, 5), DONE))
    with ChatServer(cut) as server:
        async with ask(server) as session:
            with pytest.raises(ContentFiltered):
                await session.collect()
    assert session.content == "some"
    assert rows("state", "resolution") == [("completed", "resolved")]


async def test_retries_and_fallback_are_the_chats(
    rows: Rows, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ROB-5: each attempt has its row; the callback hears of what may cost something."""
    told: list[Bill] = []
    monkeypatch.setenv("LLMTUI_TWO_API_KEY", "k")
    with ChatServer(error(429, "slow")) as bad, ChatServer(answer("there")) as good:
        config = f'[providers.two]\nwire = "openai"\nbase_url = "{good.base_url}"\n'
        configure(config)
        async with ask(bad, fallback=["two/b"], retries=0, on_cost=told.append, timeout_s=20) as session:
            chunks = [chunk async for chunk in session]
    assert session.content == "there"
    assert str(session.model) == "two/b"
    assert [chunk.index for chunk in chunks] == [0, 1]
    assert rows("state", "provider") == [("failed", "custom"), ("completed", "two")]
    assert [bill.model.provider for bill in told] == ["two"]
    assert session.result.attempts[0].error is not None
    with ChatServer(error(429, "slow")) as bad:
        with pytest.raises(RateLimited):
            await ask(bad, retries=0).collect()


async def test_what_is_asked_goes_out_as_it_was_written(rows: Rows) -> None:
    with ChatServer(answer("x")) as server:
        messages = [{"role": "user", "content": "1"}, Message(Role.ASSISTANT, "2"), {"role": "user", "content": "3"}]
        session = ask(
            server, messages, system="be brief", temperature=0.5, top_p=0.9, max_output_tokens=77, stop="END", seed=4,
            key="sk-secret",
        )  # fmt: skip
        async with session:
            await session.collect()
        request = server.requests[0]
    assert [message["content"] for message in request.body["messages"]] == ["be brief", "1", "2", "3"]
    assert (request.body["temperature"], request.body["top_p"], request.body["seed"]) == (0.5, 0.9, 4)
    assert request.body["stop"] in (["END"], "END")
    assert 77 in request.body.values()
    assert request.headers["authorization"] == "Bearer sk-secret"


async def test_a_text_file_goes_with_the_last_message(rows: Rows) -> None:
    file = llmtui.Attachment("notes.txt", "text/plain", b"forty-two")
    with ChatServer(answer("x")) as server:
        async with ask(server, "what is in it?", attachments=[file]) as session:
            await session.collect()
    assert "forty-two" in json.dumps(server.requests[0].body)


@pytest.mark.parametrize(
    ("model", "messages", "options", "says"),
    [
        ("m", "", {"base_url": "http://localhost:1"}, "nothing to ask"),
        ("m", [], {"base_url": "http://localhost:1"}, "nothing to ask"),
        ("m", [{"role": "robot", "content": "x"}], {"base_url": "http://localhost:1"}, "a role"),
        ("m", [{"role": "user", "content": ["x"]}], {"base_url": "http://localhost:1"}, "is a text"),
        ("nowhere/m", "hi", {}, "no provider"),
        ("demo/steady", "hi", {"wire": "openai"}, "base_url"),
        ("demo/steady", "hi", {"metadata": {"x": object()}}, "JSON"),
        ("demo/steady", "hi", {"metadata": {(1, 2): 3}}, "JSON"),
    ],
)
def test_what_cannot_be_asked_is_said_at_once(model: str, messages: Any, options: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        llmtui.stream(model, messages, **options)


def test_a_misspelt_option_is_said_at_once() -> None:
    with pytest.raises(TypeError, match="temprature"):
        llmtui.stream("demo/steady", "hi", temprature=1)  # type: ignore[call-arg]


async def test_metadata_is_the_callers_own(rows: Rows) -> None:
    """STR-16: untouched to the ledger row; later changes of the caller's do not reach it."""
    mine: dict[str, Any] = {"a": [1, {"b": None}], "ü": "x"}
    before = json.loads(json.dumps(mine))
    with ChatServer(answer("x")) as server:
        session = ask(server, metadata=mine, agent_id="someone")
        mine["a"].append(2)
        async with session:
            await session.collect()
    assert session.metadata == before
    assert json.loads(rows("metadata")[0][0]) == before


async def test_a_callback_that_fails_harms_nothing(rows: Rows, caplog: pytest.LogCaptureFixture) -> None:
    def plain(bill: Bill) -> None:
        raise ValueError("mine")

    async def later(bill: Bill) -> None:
        raise ValueError("mine too")

    with ChatServer(answer("x")) as server:
        for callback in (plain, later):
            async with ask(server, on_cost=callback) as session:
                await session.collect()
    assert [row[0] for row in rows("state")] == ["completed", "completed"]
    assert caplog.text.count("on_cost failed") == 2


async def test_a_ledger_of_ones_own_and_none(rows: Rows, tmp_path: Path) -> None:
    own = tmp_path / "own" / "ledger.db"
    told: list[Bill] = []
    with ChatServer(answer("x")) as server:
        async with ask(server, store=own) as session:
            await session.collect()
        async with ask(server, store=False, on_cost=told.append) as session:
            await session.collect()
        assert session.cost.amount == Decimal("0.000019")
    llmtui.close()
    assert sqlite3.connect(own).execute("SELECT state FROM attempts").fetchall() == [("completed",)]
    assert [bill.cost.amount for bill in told] == [Decimal("0.000019")]
    assert not locate(os.environ).database.exists()


async def test_a_slow_reader_is_not_the_providers_fault(rows: Rows, configure: Configure) -> None:
    """ROB-3: the reader's own time does not count against the limit between contents."""
    configure("[timeouts]\nidle_s = 5.0\n")
    with ChatServer(answer("one", "two")) as server:
        async with ask(server) as session:
            await anext(session)
            response = session._feed.response
            assert response is not None
            response._exchange.at = 0.0  # type: ignore[attr-defined]  # as if the reader had taken very long
            assert await session.collect() == "onetwo"


async def test_two_tasks_cannot_read_at_once(rows: Rows) -> None:
    never = threading.Event()
    with ChatServer(Reply(steps=(frame("half"), never))) as server:
        async with ask(server) as session:
            await anext(session)
            reader = asyncio.create_task(session.collect())
            await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="another task"):
                await session.collect()
            await session.cancel()
            assert await reader == "half"
        never.set()


async def test_a_budget_holds_for_the_library_too(rows: Rows, configure: Configure) -> None:
    """P27: a refused request sends no byte."""
    configure("[budget]\ndaily_tokens = 100\nconversation_tokens = 1\n")
    with ChatServer(answer("x")) as server:
        with pytest.raises(llmtui.BudgetExceeded):
            await ask(server).collect()
        assert server.requests == []


async def test_a_conversations_budget_is_not_the_librarys(rows: Rows, configure: Configure) -> None:
    """BUD-1: its answers belong to no conversation, so nothing adds up there."""
    configure("[budget]\nconversation_tokens = 1\nconversation_usd = 0.000000001\n")
    with ChatServer(answer("x")) as server:
        async with ask(server) as session:
            assert await session.collect() == "x"


async def test_the_router_chooses_for_auto(rows: Rows, configure: Configure) -> None:
    with ChatServer(answer("x")) as server:
        config = (
            f'[providers.mine]\nwire = "openai"\nbase_url = "{server.base_url}"\n'
            '[router]\nsimple = ["mine/small"]\nstandard = ["mine/small"]\ncomplex = ["mine/small"]\n'
        )
        configure(config)
        session = llmtui.stream("auto", "hi")
        assert str(session.model) == "mine/small"
        await session.collect()


def test_public_names_are_all_there() -> None:
    assert all(getattr(llmtui, name) is not None for name in llmtui.__all__)
    assert set(llmtui.__all__) <= set(dir(llmtui))
    assert llmtui.StreamChunk is StreamChunk
    with pytest.raises(AttributeError, match="nonsense"):
        _ = llmtui.nonsense
