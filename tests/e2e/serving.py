"""Starts `llmtui serve` on a free port and ends it."""

from __future__ import annotations

import asyncio
import re
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

import aiohttp

from tests.e2e.program import LLMTUI, environment

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator

PATIENCE_S = 60.0


class Served(NamedTuple):
    """A server that runs."""

    process: Process
    address: str
    """What it printed, with the token."""

    @property
    def origin(self) -> str:
        return self.address.partition("/?")[0]

    @property
    def token(self) -> str:
        return self.address.partition("token=")[2]

    async def end(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Send it a signal; its exit code, and what it said on stderr."""
        self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE_S):
            _, said = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, said.decode()


@asynccontextmanager
async def serving(*args: str, cwd: str | None = None) -> AsyncIterator[Served]:
    """A server on a free port with these options; what still runs at the end is killed."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *LLMTUI, "serve", "--port", "0", *args, stdout=pipe, stderr=pipe, env=environment(), cwd=cwd
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            address = (await process.stdout.readline()).decode().strip()
        assert address.startswith("http://"), address
        yield Served(process, address)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@asynccontextmanager
async def page(served: Served) -> AsyncIterator[Terminal]:
    """A page's websocket, as its script opens it: the cookie of the page, the page's own origin."""
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of addresses too
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        async with session.get(served.address) as response:
            assert response.status == 200
        async with session.ws_connect(f"{served.origin}/ws?width=100&height=30", origin=served.origin) as websocket:
            yield Terminal(websocket)


class Terminal:
    """The other side of the chat's terminal."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self._websocket = websocket
        self.text = ""
        """All that was painted, without colours and places."""
        self.told: list[list[object]] = []

    async def type(self, text: str) -> None:
        await self._websocket.send_json(["stdin", text])

    async def tell(self, kind: str, value: object) -> None:
        await self._websocket.send_json([kind, value])

    async def until(self, word: str) -> None:
        """Read until something is shown."""
        async with asyncio.timeout(PATIENCE_S):
            while word not in self.text:
                assert await self._read(), f"it ended without {word!r}: {self.told}"

    async def end(self) -> int | None:
        """Read to the end; the close code."""
        async with asyncio.timeout(PATIENCE_S):
            while await self._read():
                pass
        code: int | None = self._websocket.close_code
        return code

    async def _read(self) -> bool:
        message = await self._websocket.receive()
        if message.type is aiohttp.WSMsgType.BINARY:
            self.text += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", message.data.decode())
        elif message.type is aiohttp.WSMsgType.TEXT:
            self.told.append(message.json())
        else:
            return False
        return True
