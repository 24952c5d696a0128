"""What goes between a page and its program: keys, sizes and focus in, terminal output and messages out."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web

    from llmtui.serve.program import Program

MOST_CELLS = 1000
"""Columns or rows that are believed."""
_PIECE = 64 * 1024
_PATIENCE_S = 10.0
"""For one piece of a file."""


class PageLink:
    """A page that is open; the program's `Page`."""

    def __init__(self, websocket: web.WebSocketResponse) -> None:
        self._websocket = websocket
        self._program: Program | None = None
        self._farewell = ""
        """Why the page is closed, where the program itself has no reason."""
        self._files: dict[str, tuple[str, str, asyncio.Queue[bytes]]] = {}
        """By delivery key: file name, the app's own name for it, pieces that have come."""

    async def run(self, program: Program, width: str, height: str) -> str:
        """Until either side ends; returns the program's last words, if it had any."""
        try:
            await program.start(_cells(width, 80), _cells(height, 24))
        except OSError as error:
            await self.refuse(sentence := f"The chat cannot be started: {error.strerror or error}")
            return sentence
        self._program = program
        running = asyncio.create_task(self._follow(program))
        try:
            await self._hear(program)
        finally:
            await asyncio.shield(program.stop())
            await running
        return program.last_words

    async def refuse(self, sentence: str) -> None:
        """Say why there is no chat here (any more), and close."""
        with suppress(ConnectionError, RuntimeError):
            await self.tell("ended", sentence)
            await self._websocket.close()

    async def close(self, sentence: str) -> None:
        """End the program; the page is told why."""
        self._farewell = sentence
        if self._program is not None:
            await self._program.stop()
        await self.refuse(sentence)

    async def _follow(self, program: Program) -> None:
        await program.run()
        await self.refuse(program.last_words or self._farewell)

    async def _hear(self, program: Program) -> None:
        async for message in self._websocket:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                kind, *values = json.loads(message.data)
                await self._take(program, kind, values[0] if values else None)
            except (ValueError, TypeError, KeyError, RecursionError):  # no page of ours sends that
                await self._websocket.close(code=1003)

    async def _take(self, program: Program, kind: str, value: Any) -> None:
        match kind:
            case "stdin":
                await program.type(str(value).encode("utf-8", "replace"))
            case "resize":
                size = {side: _cells(str(value[side]), 80) for side in ("width", "height")}
                await program.tell(type="resize", **size)
            case "focus" | "blur":
                await program.tell(type=kind)
            case "ping":
                await self.tell("pong", value)

    # ------------------------------------------------------------------------------------------------ a program's page

    async def show(self, data: bytes) -> None:
        await self._websocket.send_bytes(data)

    async def tell(self, kind: str, value: object) -> None:
        await self._websocket.send_str(json.dumps([kind, value]))

    async def deliver(self, meta: dict[str, Any]) -> None:
        key = str(meta["key"])
        self._files[key] = (PurePath(str(meta["path"])).name, meta.get("name") or "", asyncio.Queue())
        await self.tell("deliver_file_start", key)

    async def take(self, key: str, piece: bytes) -> None:
        if key in self._files:
            self._files[key][2].put_nowait(piece)

    # ------------------------------------------------------------------------------------------------ files

    def delivers(self, key: str) -> bool:
        """Whether this is a file of its program that was not fetched yet."""
        return key in self._files

    def pieces(self, key: str) -> tuple[str, AsyncIterator[bytes]]:
        """The file's name, and what it consists of; once."""
        name, own_name, queue = self._files[key]
        return name, self._pieces(key, own_name, queue)

    async def _pieces(self, key: str, own_name: str, queue: asyncio.Queue[bytes]) -> AsyncIterator[bytes]:
        assert self._program is not None
        try:
            while True:
                await self._program.tell(type="deliver_chunk_request", key=key, size=_PIECE, name=own_name)
                async with asyncio.timeout(_PATIENCE_S):
                    piece = await queue.get()
                if not piece:
                    return
                yield piece
        finally:
            self._files.pop(key, None)


def _cells(given: str, default: int) -> int:
    return max(1, min(int(given), MOST_CELLS)) if given.isascii() and given.isdecimal() and len(given) < 6 else default
