"""The smallest app around a transcript: a prompt beside it, and a list of everything the transcript told."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar
from unittest.mock import patch

from textual.app import App
from textual.widgets import Input

from llmtui.core.messages import Role
from llmtui.tui.widgets.transcript import Item, Transcript
from llmtui.tui.widgets.transcript_events import TranscriptEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from textual.app import ComposeResult
    from textual.message import Message
    from textual.pilot import Pilot

Told = TypeVar("Told", bound=TranscriptEvent)
SIZES = [(120, 40), (80, 24), (40, 12)]


class Host(App[None]):
    """A transcript and a prompt."""

    CSS = "Transcript { height: 1fr; } Input { height: 1; border: none; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self) -> None:
        super().__init__()
        self.told: list[TranscriptEvent] = []

    def compose(self) -> ComposeResult:
        yield Transcript(id="transcript")
        yield Input(id="prompt")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @property
    def pane(self) -> Transcript:
        return self.query_one(Transcript)


class Desk:
    """What a test does with the app and sees of it."""

    def __init__(self, app: Host, pilot: Pilot[None]) -> None:
        self.app, self.pilot, self.pane = app, pilot, app.pane

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the app work until something is so."""
        for _ in range(2000):
            await self.pilot.pause()
            if condition():
                return
        raise AssertionError("it did not come to pass")

    async def calm(self) -> None:
        """Let the app draw all it was given."""
        pane = self.pane
        await self.until(lambda: not (pane._frame_due or pane._is_filling or pane._parsing))

    def rows(self) -> list[str]:
        """The text on screen, row by row."""
        return [strip.text.rstrip() for strip in self.pane.render_lines(self.pane.size.region)]

    @property
    def text(self) -> str:
        return "\n".join(self.rows())

    def y_of(self, text: str) -> int:
        """The screen row with a text."""
        return [text in row for row in self.rows()].index(True)

    def told(self, kind: type[Told]) -> list[Told]:
        return [event for event in self.app.told if isinstance(event, kind)]


@asynccontextmanager
async def desk(size: tuple[int, int] = (80, 24), items: list[Item] | None = None) -> AsyncIterator[Desk]:
    """The app, running, with a conversation open."""
    app = Host()

    def note(message: Message) -> None:
        if isinstance(message, TranscriptEvent) and not any(message is known for known in app.told):  # it bubbles
            app.told.append(message)

    frames_as_they_come = patch("llmtui.tui.widgets.transcript_streaming.FRAME_S", 0.001)
    with frames_as_they_come:
        async with app.run_test(size=size, message_hook=note) as pilot:
            here = Desk(app, pilot)
            if items:
                here.pane.open(items)
            await here.calm()
            app.told.clear()
            yield here


def asked(number: int, text: str = "") -> Item:
    return Item(f"q{number}", Role.USER, "you", text or f"question {number}", time="14:02")


def answered(number: int, text: str = "") -> Item:
    return Item(f"a{number}", Role.ASSISTANT, "demo/parrot", text or f"answer {number}", metadata=(f"✓ {number} out",))


def long_talk(pairs: int, lines: int = 6) -> list[Item]:
    """Questions and answers of several paragraphs each."""
    return [
        item
        for n in range(pairs)
        for item in (asked(n), answered(n, "\n\n".join(f"answer {n} line {line}" for line in range(lines))))
    ]
