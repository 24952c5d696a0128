"""The chat driven by keys: the real app, the real session with the demo provider, a real database in a folder of its own."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from llmtui.config import Config
from llmtui.core.options import Options
from llmtui.providers import _demo_server
from llmtui.providers._demo_server import DemoModel
from llmtui.tui.app import ChatApp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from textual.pilot import Pilot

DEMO = {
    "instant": DemoModel(0.0, 1e6),
    "endless": DemoModel(0.0, 300.0, words=20_000),
    "waiting": DemoModel(3600.0, 1.0),
}
"""Demo models for tests: one that answers at once, one that goes on until it is stopped, one that never begins."""
SIZES = [(120, 40), (80, 24), (40, 12)]


class Driven:
    """An app under a pilot, with the waits that tests need."""

    def __init__(self, app: ChatApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot
        self.chat = app.chat

    async def until(self, condition: Callable[[], object]) -> None:
        """Let the program run until something is so; fail after a while."""
        async with asyncio.timeout(20):
            while not condition():
                await self.pilot.pause(0.01)
        await self.pilot.pause()

    async def ready(self) -> None:
        """The session is open and what follows it is done."""
        await self.until(lambda: self.chat.is_ready)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type a text into whatever has the focus."""
        names = {
            " ": "space",
            "/": "slash",
            "@": "at",
            ".": "full_stop",
            "?": "question_mark",
            "\\": "backslash",
            "-": "minus",
            "_": "underscore",
        }
        await self.press(*(names.get(letter, letter) for letter in text))

    async def ask(self, text: str) -> None:
        """Ask and wait for the answer's end."""
        self.chat.prompt.fill(text)
        await self.press("enter")
        await self.settled()

    async def settled(self) -> None:
        """Nothing streams any more."""
        await self.until(lambda: not self.chat.turns.is_busy and not self.chat.turns.talks)
        await self.until(lambda: not self.chat.transcript.is_streaming)

    @property
    def prompt(self) -> str:
        return self.chat.prompt.text

    def screen_text(self) -> str:
        """What is on the screen, as text."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in line).rstrip() for line in lines)

    def notices(self) -> str:
        return "\n".join(str(notice.message) for notice in self.app._notifications)


@asynccontextmanager
async def driving(
    *, size: tuple[int, int] = (120, 40), options: Options | None = None, config: Config | None = None
) -> AsyncIterator[Driven]:
    """The app, ready, and closed properly at the end."""
    wanted = options or Options(demo=True, model="instant")
    app = ChatApp(wanted, config or Config())
    async with app.run_test(size=size, notifications=True) as pilot:
        driven = Driven(app, pilot)
        await driven.ready()
        yield driven
        await app.leave(0)


@pytest.fixture(autouse=True)
def _demo_models(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, model in DEMO.items():
        monkeypatch.setitem(_demo_server.MODELS, name, model)


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """The three sizes that every screen must work in."""
    found: tuple[int, int] = request.param
    return found
