"""A headless Chromium that is spoken to over its DevTools protocol: a few calls over one websocket are all that is needed."""

from __future__ import annotations

import asyncio
import base64
import itertools
import re
import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE_S = 60.0
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
    "--window-size=1200,800",
)


class Tab:
    """A page that is open."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self._websocket = websocket
        self._numbers = itertools.count(1)
        self.requests: list[str] = []
        """Every address that the page asked for."""
        self.said: list[str] = []
        """What it wrote to its console, and errors."""
        self.terminal = ""
        """What its websockets were sent, without colours and places."""

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command and its result; events that come before it are noted."""
        number = next(self._numbers)
        await self._websocket.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(PATIENCE_S):
            async for message in self._websocket:
                found: dict[str, Any] = message.json()
                if found.get("id") == number:
                    assert "error" not in found, found
                    result: dict[str, Any] = found["result"]
                    return result
                self._note(found)
        raise AssertionError("the browser has gone")

    def _note(self, event: dict[str, Any]) -> None:
        match event:
            case {"method": "Network.requestWillBeSent", "params": {"request": {"url": url}}}:
                self.requests.append(url)
            case {"method": "Network.webSocketCreated", "params": {"url": url}}:
                self.requests.append(url)
            case {
                "method": "Network.webSocketFrameReceived",
                "params": {"response": {"opcode": 2, "payloadData": data}},
            }:
                text = base64.b64decode(data).decode("utf-8", "replace")
                self.terminal += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
            case {"method": "Log.entryAdded", "params": {"entry": {"text": text}}}:
                self.said.append(text)
            case {"method": "Runtime.exceptionThrown", "params": {"exceptionDetails": details}}:
                self.said.append(str(details))
            case {"method": "Runtime.consoleAPICalled", "params": {"args": args}}:
                self.said.append(" ".join(str(arg.get("value")) for arg in args))

    async def go(self, url: str) -> None:
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=url)

    async def value(self, expression: str) -> Any:
        """What a script comes to; a promise is awaited."""
        found = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def until(self, expression: str) -> None:
        """Wait until a script says true."""
        async with asyncio.timeout(PATIENCE_S):
            while not await self.value(expression):  # noqa: ASYNC110 - the browser cannot be awaited
                await asyncio.sleep(0.05)

    async def shown(self, text: str) -> None:
        """Wait until the terminal in the page was sent a text since the last time."""
        async with asyncio.timeout(PATIENCE_S):
            while text not in self.terminal:
                await self.value("new Promise(requestAnimationFrame)")
        self.terminal = self.terminal.partition(text)[2]

    async def type(self, text: str) -> None:
        """As if it were typed where the focus is."""
        await self.call("Input.insertText", text=text)

    async def press(self, key: str, code: int, modifiers: int = 0, text: str = "") -> None:
        """A key with its Windows code; modifiers: 1 Alt, 2 Ctrl, 4 Meta, 8 Shift."""
        how = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        await self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **how)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **how)

    async def picture(self) -> bytes:
        """The page as a PNG."""
        return base64.b64decode((await self.call("Page.captureScreenshot"))["data"])


@asynccontextmanager
async def chromium(profile: Path) -> AsyncIterator[Tab]:
    """A browser of its own with one empty tab; it ends with the context."""
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *_FLAGS,
        f"--user-data-dir={profile}",
        "about:blank",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    draining: asyncio.Task[bytes] | None = None
    try:
        async with asyncio.timeout(PATIENCE_S):
            line = b""
            while b"DevTools listening on " not in line:
                line = await process.stderr.readline()
                assert line, "Chromium did not start"
        draining = asyncio.create_task(process.stderr.read())
        port = line.decode().partition("ws://")[2].partition("/")[0]
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://{port}/json/list") as response:
                (page,) = [each for each in await response.json() if each["type"] == "page"]
            async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=64 * 1024 * 1024) as websocket:
                yield Tab(websocket)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        if draining is not None:
            await draining
