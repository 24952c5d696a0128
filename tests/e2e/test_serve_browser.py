"""`llmtui serve` in a real browser, where there is one: a question typed, its answer seen to stream, a foreign page kept out."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


from aiohttp import web

from tests.e2e.serving import serving
from tests.support.chromium import CHROMIUM, chromium

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@asynccontextmanager
async def foreign_page() -> AsyncIterator[str]:
    """The address of another web page on this machine: the same site to a browser, so that it even sends our cookie."""

    async def blank(_request: web.Request) -> web.Response:
        return web.Response(text="<title>foreign</title>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", blank)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def test_a_question_in_a_browser_and_a_foreign_page(tmp_path: Path) -> None:
    """CHAT-9: typed, streamed, painted, copied; nothing asked of another server; another origin gets no chat."""
    async with (
        serving("--demo", "-m", "demo/quick") as served,
        foreign_page() as foreign,
        chromium(tmp_path / "profile") as tab,
    ):
        await tab.go(served.address)
        await tab.shown("ready")
        assert await tab.value("location.href") == f"{served.origin}/"  # the token is not in what is seen and kept
        before = await tab.picture()
        await tab.type("Tell me about tables")
        await tab.shown("Tell me about tables")
        await tab.press("Enter", 13, text="\r")
        await tab.shown("streaming")
        middle = await tab.picture()
        await tab.shown(" total · ")
        after = await tab.picture()
        assert len({before, middle, after}) == 3
        (folder := tmp_path / "pictures").mkdir()
        for name, picture in (("before", before), ("middle", middle), ("after", after)):
            assert picture.startswith(b"\x89PNG")
            (folder / f"{name}.png").write_bytes(picture)
        await tab.call("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        await tab.press("o", 79, 2)
        await tab.shown("Copied through the browser")
        await tab.until("navigator.clipboard.readText().then(text => text.includes('tables'))")
        assert {address.partition("//")[2].partition("/")[0] for address in tab.requests} == {
            served.origin.partition("//")[2]
        }
        assert not [said for said in tab.said if "Security Policy" in said or "Refused" in said]

        await tab.go(foreign)
        await tab.until("document.title === 'foreign'")
        socket = served.address.replace("http:", "ws:").replace("/?", "/ws?")
        opened = (
            f"new Promise(done => {{ const s = new WebSocket({socket!r});"
            " s.onopen = () => done('open'); s.onerror = () => done('refused'); })"
        )
        assert await tab.value(opened) == "refused"
        assert await tab.value(f"fetch({served.address!r}).then(() => 'read', () => 'refused')") == "refused"
        code, said = await served.end()
    assert (code, said.count("\n")) == (130, 1)
