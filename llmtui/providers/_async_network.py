"""Connecting under asyncio: within the exchange's limit, to whichever address answers, and ahead of time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from llmtui.providers._async_stream import AsyncStream, limited
from llmtui.providers._exchange import Exchange, current
from llmtui.providers._resolve import is_address, look_up

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

_NEXT_ADDRESS_S = 0.25


class AsyncBackend:
    """Makes connections, and keeps those that were made ahead of time until they are asked for."""

    def __init__(self) -> None:
        self._warm: dict[tuple[str, int], AsyncStream] = {}

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncStream:
        ready = self._warm.pop((host, port), None)
        if ready is not None:
            if ready.is_usable:
                return ready
            await ready.aclose()
        exchange = current.get()
        exchange.fresh = True
        async with limited(exchange):
            return await _connect(await _resolve(host, port), port)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def warm(self, host: str, port: int, ssl_context: ssl.SSLContext | None, seconds: float) -> None:
        """Make a connection, with TLS where it will be wanted, and keep it."""
        ready = self._warm.get((host, port))
        if ready is not None and ready.is_usable:
            return
        current.set(Exchange(seconds, seconds))
        stream = await self.connect_tcp(host, port)
        if ssl_context is not None:
            ssl_context.set_alpn_protocols(["http/1.1"])
            stream = await stream.start_tls(ssl_context, host)
            stream.secured_for = host
        self._warm[host, port] = stream

    async def aclose(self) -> None:
        while self._warm:
            await self._warm.popitem()[1].aclose()


async def _resolve(host: str, port: int) -> list[str]:
    if is_address(host):
        return [host]
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str] | OSError] = loop.create_future()

    def deliver(found: list[str] | OSError) -> None:
        if not answer.done():
            answer.set_result(found)

    def hand_over(found: list[str] | OSError) -> None:
        with suppress(RuntimeError):  # the loop may be gone by now
            loop.call_soon_threadsafe(deliver, found)

    look_up(host, port, hand_over)
    found = await answer
    if isinstance(found, OSError):
        raise found
    return found


async def _connect(addresses: list[str], port: int) -> AsyncStream:
    """The first address that answers. While one keeps us waiting the next is tried beside it: many a network has IPv6 in
    name only."""
    loop = asyncio.get_running_loop()
    untried = list(addresses)
    trying: set[asyncio.Task[tuple[asyncio.Transport, AsyncStream]]] = set()
    error: BaseException = OSError("the host has no address")
    try:
        while untried or trying:
            if untried:
                trying.add(loop.create_task(loop.create_connection(AsyncStream, untried.pop(0), port)))
            patience = _NEXT_ADDRESS_S if untried else None
            done, trying = await asyncio.wait(trying, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            while done:
                task = done.pop()
                failed = task.exception()
                if failed is None:
                    trying |= done
                    return task.result()[1]
                error = failed
        raise error
    finally:
        for task in trying:
            if not task.cancel() and task.exception() is None:
                task.result()[0].abort()
