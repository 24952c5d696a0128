#!/usr/bin/env python3
"""Takes the pictures of the README from the program itself, on the built-in demo: no key, no network.

    python screenshots/take.py            # writes screenshots/*.svg

Everything runs in a folder of its own; nothing of the user's is read or written.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.pilot import Pilot

    from llmtui.tui.app import ChatApp

HERE = Path(__file__).resolve().parent
QUESTION = "Count the words of a book in Python, with a table of ways to do it"
PATIENCE_S = 60


async def until(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    """Let the program go on until the condition holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await pilot.pause(0.05)


async def asked(app: ChatApp, pilot: Pilot[int]) -> None:
    """Ask the demo a question and wait for its answer."""
    await until(pilot, lambda: app.chat.is_ready)
    app.chat.prompt.fill(QUESTION)
    await pilot.press("enter")
    await pilot.pause(0.1)
    await until(pilot, lambda: not app.chat.turns.is_busy and not app.chat.turns.talks)
    await until(pilot, lambda: not app.chat.transcript.is_streaming)
    app.clear_notifications()
    await pilot.pause(0.3)


async def chat(app: ChatApp, pilot: Pilot[int]) -> None:
    await asked(app, pilot)
    await pilot.press("pageup")
    await pilot.press("pageup")


async def narrow(app: ChatApp, pilot: Pilot[int]) -> None:
    await asked(app, pilot)


def pressing(*keys: str) -> Callable[[ChatApp, Pilot[int]], Awaitable[None]]:
    """A picture of what keys open, over a conversation."""

    async def prepare(app: ChatApp, pilot: Pilot[int]) -> None:
        await asked(app, pilot)
        await pilot.press(*keys)

    return prepare


PICTURES: dict[str, tuple[tuple[int, int], Callable[[ChatApp, Pilot[int]], Awaitable[None]]]] = {
    "chat": ((120, 40), chat),
    "models": ((120, 40), pressing("f2")),
    "search": ((120, 40), pressing("f3", *"words")),
    "help": ((120, 40), pressing("f1")),
    "palette": ((120, 40), pressing("ctrl+p")),
    "narrow": ((40, 12), narrow),
}


async def take(name: str) -> None:
    from llmtui.config import Config
    from llmtui.core.options import Options
    from llmtui.tui.app import ChatApp

    size, prepare = PICTURES[name]
    app = ChatApp(Options(demo=True, model="quick"), Config())
    async with app.run_test(size=size) as pilot:
        await prepare(app, pilot)
        await pilot.pause(0.5)
        app.clear_notifications()
        await pilot.pause(0.1)
        (HERE / f"{name}.svg").write_text(app.export_screenshot(title="llmtui"), encoding="utf-8")
    print(f"screenshots/{name}.svg")  # noqa: T201


def main() -> None:
    for name in PICTURES:
        with tempfile.TemporaryDirectory() as folder:
            os.environ.update(
                HOME=folder,
                LLMTUI_DATA_DIR=f"{folder}/data",
                LLMTUI_CACHE_DIR=f"{folder}/cache",
                LLMTUI_CONFIG=f"{folder}/config.toml",
                COLORTERM="truecolor",
            )
            for key in [key for key in os.environ if key.endswith("_API_KEY")]:
                del os.environ[key]
            asyncio.run(take(name))


if __name__ == "__main__":
    main()
