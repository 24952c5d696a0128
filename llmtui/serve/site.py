"""The web server: the page and its few files, a websocket for each page that is open, and files that a chat delivers.

Everything passes the guard, files and refusals included, and carries headers that let the page load nothing from elsewhere.
"""

from __future__ import annotations

import asyncio
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from llmtui.serve.page_link import PageLink
from llmtui.serve.program import Program

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from importlib.resources.abc import Traversable

    from llmtui.serve.guard import Guard

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MOST_PAGES = 16
"""Programs at a time; each is a Python process."""
LARGEST_MESSAGE = 16 * 1024 * 1024
"""Bytes of a paste."""
HEARTBEAT_S = 15.0
"""A page that went away without a word is noticed within this time and a half."""
GOODBYE_S = 2.0

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Server": "llmtui",
}
"""`style-src` as it is because the terminal sets the style of its own elements."""

_OWN = files("llmtui.serve") / "page"
_TERMINAL = files("textual_serve") / "static"
FILES: dict[str, tuple[Traversable, str]] = {
    "/page.css": (_OWN / "page.css", "text/css"),
    "/page.js": (_OWN / "page.js", "text/javascript"),
    "/xterm.css": (_TERMINAL / "css" / "xterm.css", "text/css"),
    "/terminal.js": (_TERMINAL / "js" / "textual.js", "text/javascript"),
    "/mono.ttf": (_TERMINAL / "fonts" / "RobotoMono-VariableFont_wght.ttf", "font/ttf"),
    "/mono-italic.ttf": (_TERMINAL / "fonts" / "RobotoMono-Italic-VariableFont_wght.ttf", "font/ttf"),
}


class Site:
    """The server's state: who may come in, what it starts, which chats are open."""

    def __init__(self, guard: Guard, command: Sequence[str], cookie: str, notice: Callable[[str], None]) -> None:
        self._guard = guard
        self._command = command
        self._cookie = cookie
        self._notice = notice
        self._links: set[PageLink] = set()
        self._closing = False

    def application(self) -> web.Application:
        """Everything that is answered."""
        # partial: aiohttp marks a middleware by an attribute, which a bound method does not take
        app = web.Application(middlewares=[web.middleware(partial(self._guarded))])
        app.on_response_prepare.append(self._dress)
        app.router.add_get("/", self._page)
        app.router.add_get("/ws", self._talk)
        app.router.add_get("/download/{key}", self._download)
        for path, (file, kind) in FILES.items():
            app.router.add_get(path, partial(self._file, file, kind))
        return app

    async def close(self) -> None:
        """End every chat, each settling its answers; no new one begins."""
        self._closing = True
        await asyncio.gather(*(link.close("The server has ended.") for link in self._links))

    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        headers = request.headers
        tokens = [request.cookies.get(self._cookie, ""), request.query.get("token", "")]
        refusal = self._guard.refusal(headers.getall("Host", []), headers.getall("Origin", []), tokens)
        if refusal is not None:
            return web.Response(status=403, text=f"{refusal}\n")
        return await handler(request)

    async def _dress(self, _request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(HEADERS)

    async def _page(self, request: web.Request) -> web.StreamResponse:
        response = web.Response(text=(_OWN / "index.html").read_text("utf-8"), content_type="text/html")
        if self._guard.knows(request.query.get("token", "")):  # the page takes it out of its address
            response.set_cookie(self._cookie, self._guard.token, httponly=True, samesite="Strict")
        return response

    async def _file(self, file: Traversable, kind: str, _request: web.Request) -> web.StreamResponse:
        return web.Response(body=await asyncio.to_thread(file.read_bytes), content_type=kind)

    async def _talk(self, request: web.Request) -> web.StreamResponse:
        websocket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=LARGEST_MESSAGE, timeout=GOODBYE_S)
        await websocket.prepare(request)
        link = PageLink(websocket)
        if self._closing or len(self._links) >= MOST_PAGES:
            await link.refuse(f"{MOST_PAGES} chats are open already. Close one first.")
            return websocket
        self._links.add(link)
        try:
            program = Program(self._command, link)
            words = await link.run(program, request.query.get("width", ""), request.query.get("height", ""))
        finally:
            self._links.discard(link)
        if words:
            self._notice(words)
        return websocket

    async def _download(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        link = next((link for link in self._links if link.delivers(key)), None)
        if link is None:
            raise web.HTTPNotFound(text="There is no such file, or it was fetched already.\n")
        name, pieces = link.pieces(key)
        response = web.StreamResponse()
        response.content_type = "application/octet-stream"  # never shown under this origin, whatever it contains
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        await response.prepare(request)
        async for piece in pieces:
            await response.write(piece)
        await response.write_eof()
        return response
