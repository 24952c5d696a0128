"""Sessions without an event loop: the same surface, the same booking."""

from __future__ import annotations

import logging
import queue
import subprocess
import sys
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

import llmtui
from llmtui import Bill, FinishReason, Price, Resolution
from tests.e2e.chat_server import CLOSE, ChatServer, Reply, answer, error, frame

if TYPE_CHECKING:
    from llmtui.library import SyncSession
    from tests.unit.library.conftest import Rows


def ask(server: ChatServer, messages: Any = "hi", **options: Any) -> SyncSession:
    return llmtui.stream_sync("m", messages, base_url=server.base_url, **options)


def test_str_16_chunks_arrive_one_by_one(rows: Rows) -> None:
    """STR-16: the first chunk is there while the server still holds back the second."""
    go_on = threading.Event()
    steps = (frame("Hel"), go_on, frame("lo"), frame(finish="stop"))
    with ChatServer(Reply(steps=steps)) as server, ask(server) as session:
        assert next(session).content == "Hel"
        assert session.content == "Hel"
        go_on.set()
        rest = list(session)
        assert session.is_finished
        assert not session.is_settled
    assert [chunk.content for chunk in rest] == ["lo", ""]
    assert rest[-1].finish_reason is FinishReason.STOP
    assert [row[0] for row in rows("state")] == ["completed"]


def test_the_verbs_are_those_of_the_asynchronous_session(rows: Rows, caplog: pytest.LogCaptureFixture) -> None:
    """P2, COST-5: settle, reject, cancel."""
    told: list[Bill] = []
    never = threading.Event()
    with ChatServer(answer("a"), answer("b"), Reply(steps=(frame("c"), never))) as server:
        settled = ask(server, on_cost=told.append)
        assert settled.collect() == "a"
        assert settled.settle().resolution is Resolution.UNPRICED
        rejected = ask(server, on_cost=told.append)
        rejected.collect()
        rejected.reject()
        cancelled = ask(server, on_cost=told.append)
        next(cancelled)
        cancelled.cancel()
        assert [chunk.finish_reason for chunk in cancelled] == [FinishReason.CANCELLED]
        assert caplog.records == []
        cancelled.settle()
        never.set()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert [bill.state for bill in told] == ["completed", "cancelled"]  # a rejected one without a price exposes nothing
    assert [row[0] for row in rows("state")] == ["completed", "rejected", "cancelled"]


def test_errors_come_out_with_the_text_kept(rows: Rows) -> None:
    with ChatServer(Reply(steps=(frame("half"), CLOSE)), error(404, "no such model")) as server:
        session = ask(server)
        with pytest.raises(llmtui.StreamBroken):
            session.collect()
        assert session.content == "half"
        with pytest.raises(llmtui.ProviderError):
            list(ask(server, retries=0))


def test_p4_a_dropped_session_books(rows: Rows) -> None:
    """P4."""
    never = threading.Event()
    told: list[Bill] = []
    with ChatServer(Reply(steps=(frame("half"), never)), answer("whole")) as server:
        session = ask(server, on_cost=told.append)
        next(session)
        del session
        session = ask(server, on_cost=told.append)
        session.collect()
        del session
        never.set()
    llmtui.close()
    assert [row[0] for row in rows("state")] == ["cancelled", "completed"]
    assert [bill.state for bill in told] == ["cancelled", "completed"]


def test_p3_a_session_dropped_before_its_failure_was_read_tells_its_cost(rows: Rows) -> None:
    """P3, P4, STR-16: text and error came in one packet; the turn is over, and nobody has come to its end."""
    told: list[Bill] = []
    failure = b'data: {"error":{"message":"boom","code":503}}\n\n'
    priced = llmtui.prices.with_price("custom/m", Price(Decimal(1), Decimal(2)))
    with ChatServer(Reply(steps=(frame("half") + failure,))) as server:
        session = ask(server, prices=priced, on_cost=told.append)
        assert next(session).content == "half"
        del session
    llmtui.close()
    assert [bill.state for bill in told] == [row[0] for row in rows("state")] == ["failed"]
    assert told[0].cost.amount is None
    assert told[0].cost.estimate


def test_p4_a_program_that_ends_in_mid_answer_books(rows: Rows) -> None:
    """P4: the session still lies in a global when the interpreter goes away, and nothing was closed."""
    never = threading.Event()
    with ChatServer(Reply(steps=(frame("half"), never))) as server:
        program = (
            f"import llmtui\ns = llmtui.stream_sync('m', 'hi', base_url={server.base_url!r})\nprint(next(s).content)"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
        never.set()
    assert (done.stdout, done.stderr, done.returncode) == ("half\n", "", 0)
    assert [row[0] for row in rows("state")] == ["cancelled"]


def test_an_interrupt_books_and_comes_out(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """P4: Ctrl-C while the answer is being read."""
    never = threading.Event()
    told: list[Bill] = []
    with ChatServer(Reply(steps=(frame("half"), never))) as server:
        session = ask(server, on_cost=told.append)
        next(session)
        response = session._feed.response

        async def interrupted() -> bytes:
            raise KeyboardInterrupt

        monkeypatch.setattr(response, "read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            next(session)
        never.set()
    assert session.is_settled
    llmtui.close()
    assert [row[0] for row in rows("state")] == ["cancelled"]
    assert len(told) == 1


def test_an_async_callback_needs_a_loop() -> None:
    async def later(bill: Bill) -> None:
        raise AssertionError("never called")

    with pytest.raises(llmtui.ConfigError, match="plain function"):
        llmtui.stream_sync("demo/steady", "hi", on_cost=later)


def test_str_12_threads_stream_side_by_side(rows: Rows) -> None:
    """STR-12, P30: each thread its own answer and its own usage."""
    texts: queue.SimpleQueue[tuple[str, int]] = queue.SimpleQueue()
    with ChatServer(*[answer(f"answer {n}", prompt=n, completion=1) for n in range(1, 17)]) as server:

        def run() -> None:
            with ask(server) as session:
                text = session.collect()
            assert session.usage is not None
            texts.put((text, session.usage.input_tokens))

        threads = [threading.Thread(target=run) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    found = sorted(texts.get_nowait() for _ in range(16))
    assert found == sorted((f"answer {n}", n) for n in range(1, 17))
    assert sorted(row[0] for row in rows("input_tokens")) == list(range(1, 17))
