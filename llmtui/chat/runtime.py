"""What a turn needs of the world that differs with and without an event loop: waiting and moving bytes.

The turn is one coroutine either way. Under asyncio it suspends as usual. In the blocking runtime no awaitable ever
suspends, so `run_blocking` drives the coroutine to its end with a single `send`: `--once` never imports asyncio.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future

    from llmtui.chat.control import TurnControl
    from llmtui.providers.transport import Transport

T = TypeVar("T")

QUICK_S = 0.004
"""A commit or a read takes a millisecond or two. So long the event loop simply waits: giving way would let a repaint of
many milliseconds slip in between Enter and the request."""


class Runtime(Protocol):
    """How a turn waits."""

    transport: Transport
    has_loop: bool
    """Several things can be waited for at once."""

    async def sleep(self, seconds: float, control: TurnControl) -> None:
        """Wait; `control.retry_now()` ends it early, a cancel raises."""
        ...

    async def wait(self, future: Future[T]) -> T:
        """The result of a job of the writer's thread."""
        ...

    async def written(self, future: Future[None], limit_s: float | None) -> bool:
        """Wait for a job of the writer's thread, at most so long; False when it was not done by then."""
        ...

    async def call(self, function: Callable[[], T]) -> T:
        """Run what may block (a keyring, a password manager) without stopping others."""
        ...

    async def linger(self) -> None:
        """The answer is complete and not booked yet: whoever reads it may want to look at it first."""
        ...

    def attach(self, control: TurnControl) -> None:
        """Let `control.cancel()` interrupt the turn that is about to run here."""
        ...

    def absorb_cancel(self) -> None:
        """A cancel that came through the control has been dealt with; the driver goes on."""
        ...


class BlockingRuntime:
    """For a process that does one thing: `--once`. Interrupted by exceptions that signal handlers raise."""

    has_loop = False

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    async def sleep(self, seconds: float, control: TurnControl) -> None:
        early = threading.Event()
        control.waiting(early.set)
        try:
            early.wait(seconds)
        finally:
            control.waiting(None)

    async def wait(self, future: Future[T]) -> T:
        return future.result()

    async def written(self, future: Future[None], limit_s: float | None) -> bool:
        try:
            future.result(limit_s)
        except TimeoutError:
            return False
        return True

    async def call(self, function: Callable[[], T]) -> T:
        return function()

    async def linger(self) -> None:
        """Nobody looks: what is complete is booked."""

    def attach(self, control: TurnControl) -> None:
        """Nothing to do: the signal handler that cancels raises by itself."""

    def absorb_cancel(self) -> None:
        """Nothing to do: the exception has been caught."""


def run_blocking(coroutine: Coroutine[Any, Any, T]) -> T:
    """Drive a coroutine that never suspends to its end."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise RuntimeError("a blocking coroutine tried to wait for an event loop")


class AsyncRuntime:
    """Under asyncio: the full-screen program and the library."""

    has_loop = True

    def __init__(self, transport: Transport) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self.transport = transport
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="llmtui-call")

    async def sleep(self, seconds: float, control: TurnControl) -> None:
        import asyncio

        early = asyncio.Event()
        control.waiting(early.set)
        try:
            async with asyncio.timeout(seconds):
                await early.wait()
        except TimeoutError:
            pass
        finally:
            control.waiting(None)

    async def wait(self, future: Future[T]) -> T:
        import asyncio

        try:
            return future.result(QUICK_S)
        except TimeoutError:
            if future.done():  # the job itself failed so
                raise
        return await asyncio.shield(asyncio.wrap_future(future))

    async def written(self, future: Future[None], limit_s: float | None) -> bool:
        import asyncio

        try:
            async with asyncio.timeout(limit_s):
                await self.wait(future)
        except TimeoutError:
            return False
        return True

    async def call(self, function: Callable[[], T]) -> T:
        return await self.wait(self._threads.submit(function))

    async def linger(self) -> None:
        """Nobody looks: what is complete is booked."""

    def attach(self, control: TurnControl) -> None:
        import asyncio

        task = asyncio.current_task()
        if task is None:
            return
        loop = task.get_loop()

        def interrupt() -> None:
            if control.is_attached:  # else the turn has ended meanwhile, and its bill is being written
                task.cancel()

        def cancel() -> None:
            loop.call_soon_threadsafe(interrupt)

        control.attach(cancel)

    def absorb_cancel(self) -> None:
        import asyncio

        task = asyncio.current_task()
        if task is not None and task.cancelling():
            task.uncancel()
