"""One chat behind one page: the full-screen program as a child process, spoken to in Textual's packets over its pipes.

A packet is a letter (D terminal data, M a JSON object, P a piece of a file), four bytes of length, and so many bytes. What
the program writes is read to its end even when the page is gone: else it would wait for room and never settle its bill.
"""

from __future__ import annotations

import asyncio
import json
import os
from asyncio.subprocess import PIPE
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Sequence

DRIVER = "textual.drivers.web_driver:WebDriver"
_PRELUDE = b"__GANGLION__\n"
_LARGEST = 64 * 1024 * 1024
"""Bytes of a packet."""
_LAST_WORDS = 4096
"""Bytes of standard error that are kept: the sentence it ended with."""
SETTLING_S = 10.0
"""How long a program may take to settle its answers and end; its own limit is shorter."""
ENDING_S = 2.0


class Page(Protocol):
    """What a program's output goes to. Raise ConnectionError when the page is gone."""

    async def show(self, data: bytes) -> None: ...
    async def tell(self, kind: str, value: object) -> None: ...
    async def deliver(self, meta: dict[str, Any]) -> None: ...
    async def take(self, key: str, piece: bytes) -> None: ...


class Program:
    """A chat that runs."""

    def __init__(self, command: Sequence[str], page: Page) -> None:
        self._command = command
        self._page = page
        self._process: Process | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._is_heard = True
        self.last_words = ""
        """What it said on standard error."""

    async def start(self, width: int, height: int) -> None:
        """Begin with a screen of this size. Raise OSError."""
        environ = {
            **os.environ,
            "TEXTUAL_DRIVER": DRIVER,
            "TEXTUAL_COLOR_SYSTEM": "truecolor",
            "TERM": "xterm-256color",
            "COLUMNS": str(width),
            "ROWS": str(height),
        }
        # A session of its own: Ctrl-C in the server's terminal is the server's, which has it settle and end.
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environ, start_new_session=True
        )

    async def run(self) -> None:
        """Pass on what it writes until it has ended."""
        process = self._process
        assert process is not None
        words = asyncio.create_task(self._listen(process))
        try:
            await self._relay(process)
        finally:
            self._is_heard = False
            await process.wait()
            await words

    async def _relay(self, process: Process) -> None:
        stdout = process.stdout
        assert stdout is not None
        with suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            await stdout.readuntil(_PRELUDE)
            while True:
                head = await stdout.readexactly(5)
                size = int.from_bytes(head[1:], "big")
                if size > _LARGEST:
                    break
                await self._pass_on(head[:1], await stdout.readexactly(size))
        while await stdout.read(65536):  # nothing that can be understood
            pass

    async def _pass_on(self, kind: bytes, payload: bytes) -> None:
        if not self._is_heard:
            return
        try:
            if kind == b"D":
                await self._page.show(payload)
            elif kind == b"M":
                await self._obey(json.loads(payload))
            elif kind == b"P":
                from textual._binary_encode import load

                match load(payload):
                    case (_, str(key), bytes(piece)):
                        await self._page.take(key, piece)
                    case (_, str(key), str(text)):
                        await self._page.take(key, text.encode("utf-8", "replace"))
        except (ConnectionError, RuntimeError):
            self._is_heard = False

    async def _obey(self, meta: dict[str, Any]) -> None:
        match meta.get("type"):
            case "open_url":
                await self._page.tell("open_url", {"url": meta["url"], "new_tab": True})
            case "deliver_file_start":
                await self._page.deliver(meta)
            case "notify":
                await self._page.tell("notify", meta["sentence"])

    async def _listen(self, process: Process) -> None:
        stderr, said = process.stderr, b""
        assert stderr is not None
        while data := await stderr.read(_LAST_WORDS):
            said = (said + data)[-_LAST_WORDS:]
        lines = said.decode("utf-8", "replace").splitlines()
        self.last_words = " ".join(line.removeprefix("llmtui: ").strip() for line in lines).strip()

    async def type(self, data: bytes) -> None:
        """Terminal input."""
        await self._send(b"D", data)

    async def tell(self, **meta: object) -> None:
        """A message for Textual's driver: a new size, the focus, a piece of a file that is asked for."""
        await self._send(b"M", json.dumps(meta).encode())

    async def _send(self, kind: bytes, payload: bytes) -> None:
        stdin = self._process.stdin if self._process else None
        if stdin is not None:
            with suppress(ConnectionError, RuntimeError):  # it has ended; `run` tells
                stdin.write(b"%s%s%s" % (kind, len(payload).to_bytes(4, "big"), payload))
                await stdin.drain()

    async def stop(self) -> None:
        """Have it settle and end; whoever calls, whoever gives up waiting."""
        if self._stopping is None:
            self._is_heard = False
            self._stopping = asyncio.create_task(self._stop())
        await asyncio.shield(self._stopping)

    async def _stop(self) -> None:
        process = self._process
        if process is None:
            return
        ways = ((partial(self.tell, type="quit"), SETTLING_S), (process.terminate, ENDING_S), (process.kill, None))
        for end, patience_s in ways:
            with suppress(TimeoutError, ProcessLookupError):
                async with asyncio.timeout(patience_s):
                    if (asked := end()) is not None:
                        await asked
                    await process.wait()
                    return
