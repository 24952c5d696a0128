"""Takes pictures of the program: several of one running app, each of a screen that says it is there and has come to rest.

Nothing that is painted depends on the clock, on how quickly an answer came, or on what else runs on this machine; and
nothing is waited for by time. A picture is taken when what it should show is on the screen, nothing is under way, and
three looks in a row see the same.
"""

from __future__ import annotations

import io
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from pytest_textual_snapshot import SVGImageExtension
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import DEFAULT_TERMINAL_THEME

from llmtui.chat.directory import Directory
from llmtui.chat.session import ChatSession
from llmtui.config import Config
from llmtui.core.options import Options
from llmtui.providers import _demo_server
from llmtui.providers._demo_server import DemoModel
from llmtui.tui import describe, turns
from llmtui.tui.app import ChatApp
from llmtui.tui.screens import search, settings, usage
from llmtui.tui.widgets import sidebar
from llmtui.tui.widgets.transcript import Transcript
from tests.tui.conftest import Driven

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest
    from syrupy.assertion import SnapshotAssertion

WIDE, USUAL, SMALL = (120, 40), (80, 24), (40, 12)
FIGURES = (
    "✓ 24 in · 156 out · 180 total · $0.00042 · first token 0.38 s · 2.3 s · 68 tok/s",
    "✓ 24 in · 156 out · 180 total · $0.00042 · 2.3 s",
    "✓ 180 tok · $0.00042 · 2.3 s",
)
LOOKS = 3


def stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fixed times and figures, a demo that answers at once, and no server of this machine."""
    monkeypatch.setitem(_demo_server.MODELS, "instant", DemoModel(0.0, 1e6))
    monkeypatch.setattr(describe, "clock_time", lambda _: "14:02")
    monkeypatch.setattr(describe, "date_time", lambda _: "2026-11-20 14:02")
    monkeypatch.setattr(describe, "metadata", lambda _: FIGURES)
    monkeypatch.setattr(describe, "compared", lambda _: FIGURES)
    monkeypatch.setattr(turns, "metadata", lambda _: FIGURES)
    monkeypatch.setattr(sidebar, "day_group", lambda _: "Today")
    monkeypatch.setattr(search, "ago", lambda _: "5 min ago")
    monkeypatch.setattr(usage, "ago", lambda _: "5 min ago")
    monkeypatch.setattr(settings, "_where", lambda path: f"~/{path.name}")
    monkeypatch.setattr(Directory, "local_servers", lambda _: [])
    monkeypatch.setenv("TZ", "UTC")


class Gallery(Driven):
    """An app under a pilot, with a wall for its pictures."""

    def __init__(self, app: ChatApp, pilot: Any, snapshot: SnapshotAssertion) -> None:
        super().__init__(app, pilot)
        self._snapshot = snapshot.use_extension(SVGImageExtension)

    async def resize(self, size: tuple[int, int]) -> None:
        """To another size; what stands behind a dialog is shown anew, for it does not depend on the sizes before."""
        await self.pilot.resize_terminal(*size)
        await self.until(lambda: all(tuple(screen.size) == size for screen in self.app.screen_stack))
        if self.chat.talk.messages:
            self.chat.view.show(self.chat.talk)

    async def ask(self, text: str) -> None:
        """Ask and wait until this very answer is settled; then show the conversation anew: the view does not depend on
        how the text came in."""
        talk = self.chat.talk
        settled = len(talk.results)
        self.chat.prompt.fill(text)
        await self.press("enter")
        await self.until(lambda: len(talk.results) > settled)
        await self.settled()
        self.chat.view.show(talk)

    async def picture(self, name: str, *, shows: str, size: tuple[int, int] | None = None, colours: int = 0) -> None:
        """Compare with the picture of this name, once the screen shows a text; `colours`: as a terminal of 16 does."""
        if size is not None:
            await self.resize(size)
        await self.until(lambda: shows in self.screen_text())
        await self._rest()
        drawn = self._in_16_colours() if colours else self.app.export_screenshot()
        same = self._snapshot(name=name) == drawn
        assert same, f"{name} looks otherwise than when it was last looked at"

    async def _rest(self) -> None:
        """Let everything that is under way end."""
        seen: list[object] = []
        while len(seen) < LOOKS:
            await self.until(lambda: all(worker.is_finished for worker in self.app.workers) and self._is_drawn())
            self.app.clear_notifications()
            await self.pilot.pause()
            now = [screen._compositor.render_strips() for screen in self.app.screen_stack]
            seen = [*seen, now] if seen and now == seen[-1] else [now]

    def _is_drawn(self) -> bool:
        """Whether no transcript has a frame to draw still."""
        panes = [pane for screen in self.app.screen_stack for pane in screen.query(Transcript)]
        return not any(pane._frame_due or pane._is_filling or pane._parsing for pane in panes)

    def _in_16_colours(self) -> str:
        width, height = self.app.size
        console = Console(
            width=width, height=height, file=io.StringIO(), force_terminal=True, color_system="truecolor", record=True,
            legacy_windows=False, safe_box=False,
        )  # fmt: skip
        update = self.app.screen._compositor.render_update(full=True, screen_stack=self.app._background_screens)
        whole = list(console.render(update))  # type: ignore[arg-type]  # the full screen's update is renderable
        console.print(*[_Piece(_downgraded(segment)) for segment in whole], sep="", end="")
        return console.export_svg(title="16 colours", theme=DEFAULT_TERMINAL_THEME)


class _Piece:
    def __init__(self, segment: Segment) -> None:
        self._segment = segment

    def __rich_console__(self, *_: object) -> Any:
        yield self._segment


def _downgraded(segment: Segment) -> Segment:
    style = segment.style
    if style is None or segment.control:
        return segment
    colours = [each.downgrade(ColorSystem.STANDARD) if each else None for each in (style.color, style.bgcolor)]
    return Segment(segment.text, style + Style(color=colours[0], bgcolor=colours[1]))


@asynccontextmanager
async def hung(
    snapshot: SnapshotAssertion, size: tuple[int, int], options: Options | None = None, config: Config | None = None
) -> AsyncIterator[Gallery]:
    """The program at a size, ready for pictures."""
    app = ChatApp(options or Options(demo=True, model="instant"), config or Config())
    async with app.run_test(size=size, notifications=True) as pilot:
        gallery = Gallery(app, pilot, snapshot)
        await gallery.ready()
        yield gallery
        await app.leave(0)


__all__ = ["SMALL", "USUAL", "WIDE", "ChatSession", "Gallery", "hung", "stand_still"]
