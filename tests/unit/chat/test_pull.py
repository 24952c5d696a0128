"""A turn that is pulled along by hand: pauses, stops, drops, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, cast

import pytest

from llmtui.chat.control import TurnControl
from llmtui.chat.pull import Feed, Pull, PulledRuntime, Stopped
from llmtui.chat.runtime import AsyncRuntime, BlockingRuntime
from llmtui.core.events import ChunkArrived, Noted, StreamChunk

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from llmtui.providers.transport import Response, Transport

CHUNK = StreamChunk(0, "x", None, None, "p", "m", 1, None, 0.0, {})


class Answer:
    """A response whose every read is one more byte."""

    status = 200
    sent_at = 1.5

    def __init__(self) -> None:
        self.headers: Mapping[str, str] = {"a": "b"}
        self.limits: list[float] = []
        self.reads = 0
        self.closed = 0

    def limit(self, seconds: float) -> None:
        self.limits.append(seconds)

    async def read(self) -> bytes:
        self.reads += 1
        return b"x"

    async def body(self, limit: int) -> bytes:
        return b"body"[:limit]

    async def close(self) -> None:
        self.closed += 1


class Wires:
    """A transport that gives one answer."""

    def __init__(self) -> None:
        self.answer = Answer()
        self.warmed: list[object] = []
        self.closed = False

    async def open(self, request: object, target: object, *, connect_s: float, header_s: float) -> Response:
        return self.answer

    async def warm(self, target: object) -> None:
        self.warmed.append(target)

    async def close(self) -> None:
        self.closed = True


def made(turn: Any) -> tuple[Pull, Feed, Wires]:
    """A pull of a turn: a coroutine function that is given the runtime."""
    feed, wires, control = Feed(), Wires(), TurnControl()
    runtime = PulledRuntime(BlockingRuntime(cast("Transport", wires)), feed, cast("Transport", wires), control)
    coroutine: Coroutine[Any, Any, Any] = turn(runtime, feed)
    return Pull(coroutine, feed, control), feed, wires


async def opened(runtime: PulledRuntime) -> Response:
    return await runtime.transport.open(cast("Any", None), cast("Any", None), connect_s=1, header_s=1)


def test_nothing_is_read_while_a_chunk_waits_and_limits_start_anew() -> None:
    """ROB-3, STR-13."""

    async def turn(runtime: PulledRuntime, feed: Feed) -> None:
        response = await opened(runtime)
        response.limit(7.0)
        assert (response.status, response.headers, response.sent_at) == (200, {"a": "b"}, 1.5)
        for _ in range(3):
            await response.read()
            feed(ChunkArrived(CHUNK))
        feed(Noted("mind"))
        assert await response.body(2) == b"bo"
        await response.close()

    pull, feed, wires = made(turn)
    for reads in (1, 2):
        pull.run_blocking()
        assert wires.answer.reads == reads
        pull.run_blocking()  # nobody has taken it: it stands where it stood
        assert wires.answer.reads == reads
        feed.chunks.clear()
    pull.run_blocking()
    assert pull.is_over
    assert wires.answer.limits == [7.0, 7.0, 7.0]
    assert wires.answer.closed == 1
    assert feed.warnings == ["mind"]
    pull.run_blocking()  # over is over
    pull.stop_blocking()
    pull.drop()


def test_a_dropped_turn_runs_its_finally_and_its_connection_is_closed() -> None:
    """P4."""
    left: list[str] = []

    async def turn(runtime: PulledRuntime, feed: Feed) -> None:
        response = await opened(runtime)
        try:
            await response.read()
            feed(ChunkArrived(CHUNK))
            await response.read()
        finally:
            await response.close()  # does nothing: whoever drops the turn closes it
            left.append("settled")

    pull, _, wires = made(turn)
    pull.run_blocking()
    pull.drop()
    assert left == ["settled"]
    assert wires.answer.closed == 1


def test_a_turn_that_waits_for_a_loop_where_there_is_none_is_a_bug_and_said() -> None:
    async def turn(runtime: PulledRuntime, feed: Feed) -> None:
        await asyncio.sleep(0)

    pull, _, _ = made(turn)
    with pytest.raises(RuntimeError, match="event loop"):
        pull.run_blocking()
    assert pull.is_over


def test_what_the_turn_raises_comes_out() -> None:
    async def turn(runtime: PulledRuntime, feed: Feed) -> None:
        raise KeyError("x")

    pull, _, _ = made(turn)
    with pytest.raises(KeyError):
        pull.run_blocking()
    assert pull.is_over


def test_the_transport_and_its_waits_are_the_inner_ones() -> None:
    waited: list[float] = []

    async def turn(runtime: PulledRuntime, feed: Feed) -> None:
        await runtime.transport.warm(cast("Any", "there"))
        await runtime.transport.close()  # others use it too
        await runtime.sleep(0.0, TurnControl())
        runtime.attach(TurnControl())
        runtime.absorb_cancel()
        waited.append(await runtime.call(lambda: 1.0))

    pull, _, wires = made(turn)
    pull.run_blocking()
    assert (wires.warmed, wires.closed, waited) == (["there"], False, [1.0])


async def test_stopping_from_another_task_before_it_has_begun_and_after_it_is_over() -> None:
    async def turn(runtime: PulledRuntime, feed: Feed) -> None:
        raise AssertionError("it never began")

    pull, _, _ = made(turn)
    await pull.stop()
    await pull.stop()
    assert pull.is_over
    assert pull.control.cancelled


async def test_a_stop_reaches_a_turn_that_another_task_is_pulling() -> None:
    """STR-9: the puller's own cancellation is taken back."""
    began = asyncio.Event()
    ends: list[str] = []

    async def turn(runtime: AsyncRuntime, feed: Feed) -> None:
        try:
            began.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            runtime.absorb_cancel()
            ends.append("stopped")

    feed, wires = Feed(), cast("Transport", Wires())
    control = TurnControl()
    runtime = PulledRuntime(AsyncRuntime(wires), feed, wires, control)
    pull = Pull(cast("Any", turn(cast("Any", runtime), feed)), feed, control)
    puller = asyncio.create_task(pull.run())
    await began.wait()
    await asyncio.gather(pull.stop(), pull.stop())
    await puller
    assert ends == ["stopped"]
    assert puller.cancelling() == 0


async def test_a_stop_waits_while_the_turn_is_writing() -> None:
    """P3, STR-9: the ledger's commit is not interrupted, and the reader is not cancelled for it."""
    began, written = asyncio.Event(), Future[str]()
    ends: list[str] = []

    async def turn(runtime: PulledRuntime, feed: Feed) -> None:
        began.set()
        ends.append(await runtime.wait(written))
        try:
            await opened(runtime)
        except Stopped:
            ends.append("stopped")

    feed, wires, control = Feed(), cast("Transport", Wires()), TurnControl()
    runtime = PulledRuntime(AsyncRuntime(wires), feed, wires, control)
    pull = Pull(cast("Any", turn(runtime, feed)), feed, control)
    puller = asyncio.create_task(pull.run())
    await began.wait()
    stopper = asyncio.create_task(pull.stop())
    await asyncio.sleep(0)
    assert not puller.cancelling()
    written.set_result("written")
    await asyncio.gather(puller, stopper)
    assert ends == ["written", "stopped"]


async def test_a_cancellation_by_others_is_not_taken_back() -> None:
    began = asyncio.Event()

    async def turn(runtime: AsyncRuntime, feed: Feed) -> None:
        began.set()
        await asyncio.Event().wait()

    feed = Feed()
    pull = Pull(cast("Any", turn(cast("Any", None), feed)), feed, TurnControl())
    puller = asyncio.create_task(pull.run())
    await began.wait()
    puller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await puller
    assert pull.is_over


def test_a_task_that_is_thrown_away_drops_its_turn() -> None:
    """P4: its loop is closed while it waits."""
    left: list[str] = []

    async def turn(runtime: AsyncRuntime, feed: Feed) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            left.append("settled")

    feed = Feed()
    pull = Pull(cast("Any", turn(cast("Any", None), feed)), feed, TurnControl())
    loop = asyncio.new_event_loop()
    running = pull.run()
    loop.run_until_complete(_one_step(running))
    loop.close()
    assert left == ["settled"]
    assert pull.is_over
    assert issubclass(Stopped, BaseException)
    assert not issubclass(Stopped, Exception)


async def _one_step(coroutine: Coroutine[Any, Any, None]) -> None:
    """Let it begin to wait, then close it as the collector would."""
    coroutine.send(None)
    coroutine.close()
