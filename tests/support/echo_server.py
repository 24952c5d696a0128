"""A provider on loopback that answers each request by its own question: for many streams at once, where mixing would show.

The answer to the question "7" is the pieces `7.0;`, `7.1;` … and a usage of 7 + 1 in, 2 × 7 + 1 out.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Self

from tests.e2e.chat_server import DONE, frame, usage_frame

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable, Collection

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def pieces_of(number: int, count: int) -> list[str]:
    """The pieces of the answer to that question."""
    return [f"{number}.{k};" for k in range(count)]


class EchoServer:
    """Runs in the test's event loop. `together`: the second piece is held back until so many requests are under way."""

    def __init__(
        self,
        *,
        pieces: int = 20,
        together: int = 1,
        split: Callable[[bytes], list[bytes]] = lambda data: [data],
        breaks: Collection[int] = (),
        holds: Collection[int] = (),
    ) -> None:
        """`breaks`: the questions whose connection ends after the first piece; `holds`: whose answer goes no further."""
        self._breaks = breaks
        self._holds = holds
        self._pieces = pieces
        self._together = together
        self._split = split
        self._all_here = asyncio.Event()
        self.arrived = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: StreamReader, writer: StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        body = json.loads(await reader.readexactly(length))
        number = int(body["messages"][-1]["content"])
        self.arrived += 1
        if self.arrived >= self._together:
            self._all_here.set()
        writer.write(HEAD)
        for k, piece in enumerate(pieces_of(number, self._pieces)):
            if k == 1:
                await self._all_here.wait()
            if k == 1 and number in self._holds:
                await reader.read(1)  # until the client hangs up
            if k == 1 and number in {*self._breaks, *self._holds}:
                return False
            await self._send(writer, frame(piece))
        await self._send(writer, frame(finish="stop") + usage_frame(number + 1, 2 * number + 1) + DONE)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _send(self, writer: StreamWriter, data: bytes) -> None:
        for part in self._split(data):
            writer.write(b"%x\r\n%s\r\n" % (len(part), part))
            await writer.drain()
            await asyncio.sleep(0)  # others' turn
