"""`llmtui serve` as a browser, a foreign page and a script find it: real processes, real sockets (CHAT-9)."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import aiohttp
import pytest

from llmtui.paths import locate
from llmtui.serve.site import FILES
from tests.e2e.program import run
from tests.e2e.serving import PATIENCE_S, page, serving

if TYPE_CHECKING:
    from pathlib import Path


def answer_states() -> set[str]:
    with closing(sqlite3.connect(locate(os.environ).database)) as connection:
        return {state for (state,) in connection.execute("SELECT state FROM messages WHERE role = 'assistant'")}


async def settled() -> set[str]:
    """The states of the answers, once none streams any more."""
    async with asyncio.timeout(PATIENCE_S):
        while not (states := answer_states()) or "streaming" in states:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)
    return states


async def draft() -> str:
    """What was typed and not sent, once it is stored."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with closing(sqlite3.connect(locate(os.environ).database)) as connection:
                for (text,) in connection.execute("SELECT text FROM drafts WHERE text <> ''"):
                    return str(text)
            await asyncio.sleep(0.05)


async def test_only_the_own_page_with_the_token_gets_in() -> None:
    """CHAT-9: page, files, downloads and websocket alike; what is refused says why and starts nothing."""
    async with serving("--demo") as served, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
        token, origin = f"?token={served.token}", served.origin
        host = origin.removeprefix("http://")
        paths = ["/", "/ws", "/download/x", "/nowhere", *FILES]
        refused = [
            ({}, ""),
            ({}, "?token="),
            ({}, f"?token={served.token[:-1]}"),
            ({"Origin": "http://evil.example"}, token),
            ({"Origin": "null"}, token),
            ({"Origin": origin[:-1]}, token),
            ({"Host": "evil.example"}, token),
            ({"Host": f"evil.example:{host.partition(':')[2]}", "Origin": "http://evil.example"}, token),
        ]
        for path in paths:
            for headers, query in refused:
                async with client.get(f"{origin}{path}{query}", headers=headers) as response:
                    assert response.status == 403, (path, headers, query)
                    assert response.headers["Referrer-Policy"] == "no-referrer"
                    assert served.token not in await response.text()
        for headers, query in refused:
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await client.ws_connect(f"{origin}/ws{query}", headers=headers)
            assert caught.value.status == 403
        async with client.get(f"{origin}/{token}", headers={"Origin": origin}) as response:
            assert response.status == 200
            cookie = response.headers["Set-Cookie"]
            policy = response.headers["Content-Security-Policy"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "frame-ancestors 'none'" in policy
        for path, status in [("/download/x", 404), ("/nowhere", 404), *((path, 200) for path in FILES)]:
            async with client.get(f"{origin}{path}", headers={"Cookie": cookie.partition(";")[0]}) as response:
                assert response.status == status, path
        code, said = await served.end()
    assert code == 128 + signal.SIGINT
    assert said == "llmtui: open this address in a browser; Ctrl-C ends it\n"
    assert not locate(os.environ).database.exists()  # no chat was started


async def test_a_question_is_answered_in_the_page(tmp_path: Path) -> None:
    """CHAT-9: typed, streamed, copied, exported to the browser, left with /quit; option values reach no shell."""
    async with serving(
        "--demo", "-m", "demo/quick", '--system=$(touch pwned); `touch pwned` "', cwd=str(tmp_path)
    ) as served:
        async with page(served) as terminal:
            await terminal.tell("focus", None)
            await terminal.until("ready")
            await terminal.type("hello")
            await terminal.type("\r")
            await terminal.until(" total · ")
            await terminal.tell("resize", {"width": 80, "height": 24})
            await terminal.type('\x1b[200~/export html ä "b.html\x1b[201~')
            await terminal.type("\r")
            await terminal.until("The browser saves it as html")
            ((_, key),) = [told for told in terminal.told if told[0] == "deliver_file_start"]
            async with aiohttp.ClientSession() as client:
                address = f"{served.origin}/download/{key}?token={served.token}"
                async with client.get(address) as response:
                    assert response.status == 200
                    assert response.headers["Content-Type"] == "application/octet-stream"
                    assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%C3%A4%20%22b.html"
                    assert "hello" in await response.text()
                async with client.get(address) as response:
                    assert response.status == 404
            await terminal.type("/quit")
            await terminal.type("\r")
            assert await terminal.end() == 1000
        code, said = await served.end(signal.SIGTERM)
    assert code == 128 + signal.SIGTERM
    assert "Traceback" not in said
    assert not {"pwned", 'ä "b.html'} & set(os.listdir(tmp_path))  # noqa: PTH208 - names are what is asked


@pytest.mark.parametrize(
    "how",
    ["page", "SIGINT", "SIGKILL", *(pytest.param(name, marks=pytest.mark.soak) for name in ("SIGTERM", "SIGHUP"))],
)
async def test_an_answer_that_streams_is_settled_when_it_ends(how: str) -> None:
    """CHAT-9, STR-9: the page is closed, the server is asked to end, or the server dies: the chat settles and ends."""
    async with serving("--demo", "-m", "demo/long") as served:
        async with page(served) as terminal:
            await terminal.until("ready")
            await terminal.type("hello")
            await terminal.type("\r")
            await terminal.until("streaming")
            await terminal.type("unsent words")
            await terminal.until("unsent words")
            if how != "page":
                number = signal.Signals[how]
                code, said = await served.end(number)
                assert code == (-number if how == "SIGKILL" else 128 + number)
                assert said == "llmtui: open this address in a browser; Ctrl-C ends it\n"
                if how != "SIGKILL":
                    assert answer_states() == {"cancelled"}  # by the time the server has ended
                    await terminal.end()
                    assert terminal.told[-1] == ["ended", "The server has ended."]
        assert await settled() == {"cancelled"}
        assert await draft() == "unsent words"


async def test_what_no_page_sends_ends_only_that_chat() -> None:
    """CHAT-9: broken messages, absurd sizes, lone surrogates."""
    async with serving("--demo") as served:
        async with page(served) as kept:
            await kept.until("ready")
            for message in ("{", "[]", "17", '["resize", {"width": "x"}]', '["resize", 3]', "[" * 5000):
                async with page(served) as terminal:
                    await terminal._websocket.send_str(message)
                    assert await terminal.end() is not None
            await kept.tell("resize", {"width": 10**9, "height": -5})
            await kept.tell("resize", {"width": 100, "height": 30})
            await kept._websocket.send_str('["stdin", "\\ud83d"]')
            await kept.tell("nonsense", None)
            await kept.type("\x11")  # Ctrl+Q
            assert await kept.end() == 1000
        _, said = await served.end()
    assert "Traceback" not in said


async def test_a_chat_that_cannot_start_says_why_in_the_page() -> None:
    """CHAT-9: and on the server's stderr, as a sentence."""
    async with serving("--demo") as served:
        locate(os.environ).config_file.write_text("[ui]\nthem = 1\n")
        async with page(served) as terminal:
            await terminal.end()
        ((kind, sentence),) = terminal.told
        assert kind == "ended"
        assert "them" in str(sentence)
        _, said = await served.end()
    assert said.endswith(f"llmtui: {sentence}\n")
    assert "Traceback" not in said


async def test_another_host_is_warned_of() -> None:
    """CHAT-9: on stderr, in words that say what it means."""
    async with serving("--demo", "--host", "0.0.0.0") as served:
        assert served.address.startswith("http://127.0.0.1:")
        async with aiohttp.ClientSession() as client, client.get(served.address) as response:
            assert response.status == 200
        _, said = await served.end()
    assert "everyone who can reach port" in said
    assert "can use this chat: spend your money" in said
    assert "in place of 127.0.0.1" in said


def test_a_port_in_use_is_one_sentence() -> None:
    """CHAT-9."""
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = str(other.getsockname()[1])
        done = run("serve", "--port", port)
    assert done.returncode == 1
    assert done.stderr.decode().startswith(f"llmtui: port {port} on 127.0.0.1 is in use.")
    assert done.stderr.count(b"\n") == 1
