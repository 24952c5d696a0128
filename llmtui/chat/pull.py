"""Lets a reader pull a turn along: it runs from one packet to the next, and between two pulls it stands still.

A turn pushes its events into a sink. Here the sink is a `Feed`, and the transport is wrapped so that nothing more is read
while the feed holds something that nobody has taken. Then the turn's coroutine is suspended, and whoever pulls next
drives it on by hand: under asyncio in the reader's own task, without an event loop in the reader's own thread. So the
same turn serves both, a slow reader holds the sender back, and a reader who goes away leaves a coroutine that books what
there is when it is closed.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from llmtui.chat.runtime import run_blocking
from llmtui.core.events import ChunkArrived, Noted, TurnSettled

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Event, Task
    from collections.abc import Callable, Coroutine, Generator, Mapping
    from concurrent.futures import Future

    from llmtui.chat.control import TurnControl
    from llmtui.chat.runtime import Runtime
    from llmtui.core.events import StreamChunk, TurnEvent, TurnResult
    from llmtui.providers.base import Target, WireRequest
    from llmtui.providers.transport import Response, Transport

T = TypeVar("T")


class Stopped(BaseException):
    """Thrown into a turn that stands still, to end it. Not an Exception: nothing may swallow it by the way."""


class _Pause:
    def __await__(self) -> Generator[_Pause, None, None]:
        yield self


_PAUSE = _Pause()


class Feed:
    """What a turn has said. It knows the turn and no reader, so that a reader who goes away is noticed at once."""

    def __init__(self) -> None:
        self.chunks: deque[StreamChunk] = deque()
        """Not taken yet."""
        self.warnings: list[str] = []
        self.result: TurnResult | None = None
        self.lingers = False
        """The answer is complete, and the turn waits to be told how it is booked."""
        self.is_decided = False
        self.was_interrupted = False
        """The reader's task was cancelled in order to stop the turn, not by others."""
        self.is_writing = False
        """The turn waits for the store; that is never interrupted."""
        self.response: Response | None = None
        """The newest answer that was received, as the transport gave it."""

    def __call__(self, event: TurnEvent) -> None:
        match event:
            case ChunkArrived(chunk):
                self.chunks.append(chunk)
            case Noted(text, _):
                self.warnings.append(text)
            case TurnSettled(result):
                self.result = result


class PulledRuntime:
    """A runtime whose turn stands still while its feed is full, and before it books a complete answer."""

    def __init__(self, inner: Runtime, feed: Feed, transport: Transport, control: TurnControl) -> None:
        self._inner = inner
        self._feed = feed
        self.has_loop = inner.has_loop
        self.transport: Transport = _PulledTransport(transport, feed, control)

    async def sleep(self, seconds: float, control: TurnControl) -> None:
        _check(control)
        await self._inner.sleep(seconds, control)

    async def wait(self, future: Future[T]) -> T:
        self._feed.is_writing = True
        try:
            return await self._inner.wait(future)
        finally:
            self._feed.is_writing = False

    async def written(self, future: Future[None], limit_s: float | None) -> bool:
        self._feed.is_writing = True
        try:
            return await self._inner.written(future, limit_s)
        finally:
            self._feed.is_writing = False

    async def call(self, function: Callable[[], T]) -> T:
        return await self._inner.call(function)

    async def linger(self) -> None:
        self._feed.lingers = True
        while not self._feed.is_decided:
            await _PAUSE
        self._feed.lingers = False

    def attach(self, control: TurnControl) -> None:
        """Nothing to do: whoever stops a pulled turn goes through `Pull.stop`."""

    def absorb_cancel(self) -> None:
        if self._feed.was_interrupted:
            self._inner.absorb_cancel()


def _check(control: TurnControl) -> None:
    """Raise Stopped where a stop came while the turn could not be interrupted."""
    if control.cancelled:
        raise Stopped


class _PulledTransport:
    def __init__(self, inner: Transport, feed: Feed, control: TurnControl) -> None:
        self._inner = inner
        self._feed = feed
        self._control = control

    async def open(self, request: WireRequest, target: Target, *, connect_s: float, header_s: float) -> Response:
        _check(self._control)
        response = await self._inner.open(request, target, connect_s=connect_s, header_s=header_s)
        self._feed.response = response
        return _PulledResponse(response, self._feed, self._control)

    async def warm(self, target: Target) -> None:
        await self._inner.warm(target)

    async def close(self) -> None:
        """The transport belongs to others too."""


class _PulledResponse:
    """Reads no further while chunks wait; the reader's own time does not count against the provider's limits."""

    def __init__(self, inner: Response, feed: Feed, control: TurnControl) -> None:
        self._inner = inner
        self._feed = feed
        self._control = control
        self._limit_s: float | None = None
        self._dropped = False

    @property
    def status(self) -> int:
        return self._inner.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._inner.headers

    @property
    def sent_at(self) -> float:
        return self._inner.sent_at

    def limit(self, seconds: float) -> None:
        self._limit_s = seconds
        self._inner.limit(seconds)

    async def read(self) -> bytes:
        try:
            if self._feed.chunks:
                while self._feed.chunks:
                    await _PAUSE
                if self._limit_s is not None:
                    self._inner.limit(self._limit_s)
            _check(self._control)
            return await self._inner.read()
        except GeneratorExit:
            self._dropped = True
            raise

    async def body(self, limit: int) -> bytes:
        return await self._inner.body(limit)

    async def close(self) -> None:
        if not self._dropped:  # else nobody is there who could wait: `Pull.drop` sees to it
            await self._inner.close()


class Pull:
    """Drives one turn for one reader."""

    def __init__(self, turn: Coroutine[Any, Any, TurnResult], feed: Feed, control: TurnControl) -> None:
        self.feed = feed
        self.control = control
        self.is_over = False
        """The turn has ended, whichever way."""
        self.has_begun = False
        self._turn = turn
        self._loop: AbstractEventLoop | None = None
        self._puller: Task[Any] | None = None
        self._ended: Event | None = None

    def run_blocking(self, error: BaseException | None = None) -> None:
        """On to the next pause or the end. `error` is thrown into the turn; what the turn raises comes out."""
        yielded = self.step(error)
        if not self.is_over and yielded is not _PAUSE:
            self.drop()
            raise RuntimeError("a blocking coroutine tried to wait for an event loop")

    async def run(self, error: BaseException | None = None) -> None:
        """The same in a task of an event loop. Raise RuntimeError while another task pulls."""
        import asyncio

        if self._puller is not None:
            raise RuntimeError("another task is reading this session")
        self._loop = asyncio.get_running_loop()
        self._puller = asyncio.current_task()
        try:
            await _Drive(self, error)
        finally:
            self._puller = None
            if self.is_over and self._ended is not None:
                self._ended.set()

    async def stop(self) -> None:
        """End the turn wherever it is, also while another task pulls; it has settled when this returns."""
        import asyncio

        self.control.cancel()
        if self.is_over:
            return
        if self._puller is None or self._puller is asyncio.current_task():
            await self.run(Stopped())
            return
        self._ended = self._ended or asyncio.Event()
        if not (self.feed.is_writing or self.feed.was_interrupted):
            self.feed.was_interrupted = True  # a task counts its cancellations, and this one is taken back once
            self._puller.cancel()
        await self._ended.wait()

    def stop_blocking(self) -> None:
        """The same without an event loop, between two pulls."""
        self.control.cancel()
        if not self.is_over:
            self.run_blocking(Stopped())

    def drop(self) -> None:
        """Nobody reads on: the turn books what there is, at once, and its connection is given up. Safe in a destructor."""
        if self.is_over:
            return
        self.is_over = True
        self._turn.close()
        response, loop = self.feed.response, self._loop
        if response is None:
            return
        if loop is None:
            run_blocking(response.close())
            return
        with suppress(RuntimeError):  # the loop may be closed by now, and its connections with it
            loop.call_soon_threadsafe(_close, response)

    def step(self, error: BaseException | None) -> object:
        """Run the turn until it yields; what it yields. For `run` and `run_blocking`."""
        if self.is_over:
            return None
        if not self.has_begun:
            if error is not None:  # stopped before anything was sent: there is nothing to book
                self.drop()
                return None
            self.has_begun = True
        try:
            return self._turn.send(None) if error is None else self._turn.throw(error)
        except StopIteration:
            self.is_over = True
        except BaseException:
            self.is_over = True
            raise
        return None


_closing: set[Task[None]] = set()
"""A loop holds its tasks but weakly."""


def _close(response: Response) -> None:
    """Give a connection up, in a task of the running loop."""
    import asyncio

    task = asyncio.get_running_loop().create_task(_closed(response))
    _closing.add(task)
    task.add_done_callback(_closing.discard)


async def _closed(response: Response) -> None:
    await response.close()


class _Drive:
    """Awaits what the turn awaits, in the task of whoever pulls, until it pauses or ends."""

    def __init__(self, pull: Pull, error: BaseException | None) -> None:
        self._pull = pull
        self._error = error

    def __await__(self) -> Generator[Any, None, None]:
        error = self._error
        while True:
            yielded = self._pull.step(error)
            if self._pull.is_over or yielded is _PAUSE:
                return
            try:
                yield yielded
                error = None
            except GeneratorExit:
                self._pull.drop()
                raise
            except BaseException as thrown:  # noqa: BLE001  (a cancellation: the turn's to deal with)
                error = thrown
