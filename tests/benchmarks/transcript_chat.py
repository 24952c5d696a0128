"""The transcript in the smallest chat program there can be: what a stream costs without the rest of llmtui.

Driven by a harness that types a prompt and counts (argv: root URL of an OpenAI-compatible server, model).
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from textual.app import App
from textual.widgets import Input

from llmtui.core.messages import Role
from llmtui.tui.widgets.transcript import Item, Transcript

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.app import ComposeResult


class Chat(App[None]):
    """A transcript, a prompt, and a client made of sockets."""

    CSS = "#pane { height: 1fr; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, root: str, model: str) -> None:
        super().__init__()
        self.root, self.model = root, model
        self.asked = 0

    def compose(self) -> ComposeResult:
        yield Transcript(id="pane")
        yield Input(id="prompt")

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self.set_timer(0.05, gc.freeze)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.input.clear()
        self.asked += 1
        pane = self.query_one(Transcript)
        pane.add_message(Item(f"q{self.asked}", Role.USER, "you", event.value))
        pane.begin_answer(f"a{self.asked}", self.model)
        self.run_worker(self.ask(event.value, f"a{self.asked}"))

    async def ask(self, prompt: str, answer: str) -> None:
        pane = self.query_one(Transcript)
        body = {
            "model": self.model,
            "stream": True,
            "stream_options": {"include_usage": True},
            "messages": [{"role": "user", "content": prompt}],
        }
        async for line in self.lines(body):
            if text := piece(line):
                pane.append_text(answer, text)
        pane.finish_answer(answer, metadata=("✓ 24 in · 1,000 out",))

    async def lines(self, body: dict[str, Any]) -> AsyncIterator[str]:
        """The lines of a chunked response."""
        url = urlsplit(self.root)
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        data = json.dumps(body).encode()
        head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        writer.write(head % len(data) + data)
        await reader.readuntil(b"\r\n\r\n")
        carry, count = b"", 0
        while size := int(await reader.readline(), 16):
            carry += (await reader.readexactly(size + 2))[:-2]
            *lines, carry = carry.split(b"\n")
            for line in lines:
                yield line.decode()
            count += 1
            if count % 64 == 0:
                await asyncio.sleep(0)
        writer.close()


def piece(line: str) -> str:
    """The text of one server-sent event."""
    if not line.startswith("data: {"):
        return ""
    choices = json.loads(line[6:])["choices"]
    return (choices[0]["delta"].get("content") or "") if choices else ""


if __name__ == "__main__":
    Chat(*sys.argv[1:3]).run()
