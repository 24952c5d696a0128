"""Each wire once over a real socket, both ways of driving it: the request as the server sees it, the answer as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llmtui.core.events import StreamFailed
from llmtui.providers._http import AsyncTransport, BlockingTransport
from llmtui.providers.registry import adapter
from tests.contract.pieces import finished, request, stream, target, text, usage
from tests.support.wire_server import Reply, WireServer, error_reply

if TYPE_CHECKING:
    from llmtui.core.events import StreamEvent
    from llmtui.providers.transport import Transport

WIRES = [
    ("anthropic", "claude-sonnet-4-5", "thinking.sse", "/v1/messages", "Four – 4️⃣ 👍🏽."),
    (
        "gemini",
        "gemini-2.5-pro",
        "thinking.sse",
        "/v1/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
        "Vier – 4️⃣.",
    ),
    ("openai-responses", "gpt-5.6", "reasoning.sse", "/v1/responses", "Ich rechne. Vier – 4️⃣."),
    ("openrouter", "anthropic/claude-sonnet-4.5", "reasoning.sse", "/v1/chat/completions", "Vier – 4️⃣."),
    ("openai-completions", "base-7b", "vllm.sse", "/v1/completions", " Vier – 4️⃣."),
]
FOLDERS = {"openai-responses": "responses", "openai-completions": "completions"}


async def ask(transport: Transport, server: WireServer, wire: str, model: str) -> list[StreamEvent]:
    speaker, asked, where = adapter(wire), request(model), target(wire, server.url)
    response = await transport.open(speaker.chat(asked, where), where, connect_s=5, header_s=5)
    try:
        if response.status != 200:
            body = await response.body(65536)
            return [StreamFailed(speaker.error(response.status, response.headers, body, asked, where))]
        response.limit(5)
        decoder = speaker.decoder(asked, where)
        events: list[StreamEvent] = []
        while data := await response.read():
            events += decoder.feed(data)
        return events + list(decoder.close())
    finally:
        await response.close()
        await transport.close()


def blocking(server: WireServer, wire: str, model: str) -> list[StreamEvent]:
    """Without an event loop: the coroutine never suspends."""
    transport = BlockingTransport()
    coroutine = ask(transport, server, wire, model)
    try:
        coroutine.send(None)
    except StopIteration as done:
        events: list[StreamEvent] = done.value
        return events
    raise AssertionError("the blocking transport suspended")


@pytest.mark.parametrize(("wire", "model", "file", "path", "said"), WIRES)
async def test_answer(wire: str, model: str, file: str, path: str, said: str) -> None:
    """STR-2, PRV-1: the answer of each wire in uneven HTTP chunks, over both transports."""
    body = stream(FOLDERS.get(wire, wire), file)
    with WireServer() as server:
        server.replies(Reply(pieces=[body[i : i + 37] for i in range(0, len(body), 37)]))
        for events in (await ask(AsyncTransport(), server, wire, model), blocking(server, wire, model)):
            assert text(events) == said
            assert finished(events) is not None
            assert usage(events) is not None
        assert [seen.path for seen in server.requests] == [path, path]
        assert all(seen.method == "POST" and seen.json() for seen in server.requests)


@pytest.mark.parametrize(("wire", "model", "file", "path", "said"), WIRES)
async def test_web_page_of_a_proxy(wire: str, model: str, file: str, path: str, said: str) -> None:
    """ROB-8: a web page, under 502 and under 200, is one clear error on every wire."""
    page = "<html><head><title>Bad gateway</title></head><body>no</body></html>"
    with WireServer() as server:
        server.replies(error_reply(502, page), error_reply(200, page))
        kinds = []
        for _ in range(2):
            last = (await ask(AsyncTransport(), server, wire, model))[-1]
            assert isinstance(last, StreamFailed)
            kinds.append(last.error.kind)
        assert kinds == ["server_error", "malformed_response"]
