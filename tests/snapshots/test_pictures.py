"""Pictures of the main screens, with a fixed clock and fixed figures; a change of look shows as a difference to look at."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.chat.session import ChatSession
from llmtui.config import Config, RoleConfig
from llmtui.core.budget import Gauge, Limit
from llmtui.core.options import Options
from llmtui.core.periods import Scope
from llmtui.providers import _demo_server
from llmtui.providers._demo_server import DemoModel
from llmtui.store.figures import Figures, Hour, Latency, Overview, Recent
from llmtui.tui import describe, turns
from llmtui.tui.app import ChatApp
from llmtui.tui.screens.compare import CompareScreen
from tests.tui.conftest import Driven

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.pilot import Pilot

    Before = Callable[[Driven], Awaitable[None]]

FIGURES = (
    "✓ 24 in · 156 out · 180 total · $0.00042 · first token 0.38 s · 2.3 s · 68 tok/s",
    "✓ 24 in · 156 out · 180 total · $0.00042 · 2.3 s",
    "✓ 180 tok · $0.00042 · 2.3 s",
)


@pytest.fixture(autouse=True)
def _fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_demo_server.MODELS, "instant", DemoModel(0.0, 1e6))
    monkeypatch.setattr(describe, "clock_time", lambda _: "14:02")
    monkeypatch.setattr(describe, "date_time", lambda _: "2026-11-20 14:02")
    monkeypatch.setattr(describe, "metadata", lambda _: FIGURES)
    monkeypatch.setattr(describe, "compared", lambda _: FIGURES)
    monkeypatch.setattr(turns, "metadata", lambda _: FIGURES)
    monkeypatch.setenv("TZ", "UTC")


def picture(snap_compare: Any, size: tuple[int, int], before: Before, options: Options | None = None) -> bool:
    """Whether the screen looks as it did when it was last looked at."""
    app = ChatApp(options or Options(demo=True, model="instant"), Config())

    async def prepare(pilot: Pilot[int]) -> None:
        driven = Driven(app, pilot)
        await driven.ready()
        await before(driven)
        app.clear_notifications()
        await driven.until(lambda: all(worker.is_finished for worker in app.workers))
        await pilot.pause(0.3)

    same: bool = snap_compare(app, terminal_size=size, run_before=prepare)
    return same


async def asked(driven: Driven, question: str) -> None:
    """Ask; then show the conversation anew, so that the view does not depend on how the text came in."""
    await driven.ask(question)
    driven.chat.view.show(driven.chat.talk)


async def an_answer(driven: Driven) -> None:
    await asked(driven, "How do I count the words of a book?")


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 12)], ids=["120x40", "80x24", "40x12"])
def test_an_answer(snap_compare: Any, size: tuple[int, int]) -> None:
    """STR-6, STR-14: question, answer, figures, prompt, status bar at three sizes."""
    assert picture(snap_compare, size, an_answer)


def test_a_failure(snap_compare: Any) -> None:
    """STR-11: the sentence and the ways out."""

    async def before(driven: Driven) -> None:
        await driven.ask("How do I count the words of a book?")

    assert picture(snap_compare, (100, 24), before, Options(demo=True, model="nosuch"))


def test_the_palette(snap_compare: Any) -> None:
    """CHAT-4: commands with their keys."""

    async def before(driven: Driven) -> None:
        await driven.press("ctrl+p")
        await driven.type("con")

    assert picture(snap_compare, (100, 30), before)


def test_the_help(snap_compare: Any) -> None:
    """CHAT-4: every key."""

    async def before(driven: Driven) -> None:
        await driven.press("f1")

    assert picture(snap_compare, (100, 60), before)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 12)], ids=["120x40", "80x24", "40x12"])
def test_the_usage(snap_compare: Any, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    """USE-2, STR-14: figures above, shares below."""
    from llmtui.tui import usage

    figures = Figures(
        "openai/gpt-5-mini", "openai/gpt-5-mini", 310, {"timeout": 2}, 4_200_000_000, 0, 0, 420_000, 0, 0, 81_000, 0
    )
    other = figures._replace(
        key="anthropic/claude", label="anthropic/claude", resolved_nanos=1_400_000_000, requests=40
    )
    limit = Gauge(Limit(Scope.DAY, "usd", Decimal(5)), Decimal("2.45"), resets_at=datetime(2026, 11, 21, tzinfo=UTC))
    report = usage.Report(
        Overview(other, figures, figures, 41, 136_000_000, "up", 2_000_000_000, 1_200_000_000),
        figures, Latency(380.0, 1200.0, 2300.0, 8000.0), Recent(48, {}, Latency(), (Hour(0, 48),) * 24),
        tuple(range(0, 600_000_000, 20_000_000)),
        {"day": [figures, other], "model": [figures, other], "provider": [], "conversation": [], "kind": []}, (limit,),
    )  # fmt: skip
    monkeypatch.setattr(usage, "read", lambda *_: report)

    async def no_gauges(*_: object) -> tuple[Gauge, ...]:
        return (limit,)

    monkeypatch.setattr(ChatSession, "gauges", no_gauges)

    async def before(driven: Driven) -> None:
        await driven.press("f6", "tab")
        await driven.until(lambda: "█" in driven.screen_text())

    assert picture(snap_compare, size, before)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 12)], ids=["120x40", "80x24", "40x12"])
def test_the_context(snap_compare: Any, size: tuple[int, int]) -> None:
    """TOK-5, STR-14: what is sent, taken out and pinned, with its share of the window."""

    async def before(driven: Driven) -> None:
        driven.chat.talk.system = "You are a patient teacher."
        await asked(driven, "How do I count the words of a book?")
        await asked(driven, "And its letters?")
        await driven.press("f4")
        await driven.until(lambda: "system" in driven.screen_text())
        await driven.press("down", "x", "down", "down", "p")
        await driven.until(lambda: driven.chat.talk.messages[2].pinned)

    assert picture(snap_compare, size, before)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 12)], ids=["120x40", "80x24", "40x12"])
def test_the_roles(snap_compare: Any, size: tuple[int, int]) -> None:
    """CHAT-3, STR-14: roles and templates, the chosen one marked."""

    async def before(driven: Driven) -> None:
        driven.app.config = Config(
            roles={
                "teacher": RoleConfig("Explain slowly, with an example.", "openai/gpt-5-mini", 0.2),
                "critic": RoleConfig("Find what is wrong."),
            },
            templates={"explain": "Explain {{topic}} to {{audience}}"},
        )
        driven.chat.talk.system = "Find what is wrong."
        await driven.press("f8")

    assert picture(snap_compare, size, before)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 12)], ids=["120x40", "80x24", "40x12"])
def test_the_comparison(snap_compare: Any, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    """STR-15, STR-14: side by side where there is room, else stacked."""
    monkeypatch.setitem(_demo_server.MODELS, "other", DemoModel(0.0, 1e6))

    async def before(driven: Driven) -> None:
        driven.chat.prompt.fill("/compare demo/instant demo/other -- How do I count words?")
        await driven.press("enter")
        await driven.until(lambda: isinstance(driven.app.screen, CompareScreen) and not driven.app.screen.is_busy)
        await driven.press("2")

    assert picture(snap_compare, size, before)


@pytest.mark.parametrize("size", [(120, 40), (40, 12)], ids=["120x40", "40x12"])
def test_an_earlier_answer(snap_compare: Any, size: tuple[int, int]) -> None:
    """ROB-6, STR-14: never to be taken for a new one."""

    async def before(driven: Driven) -> None:
        for _ in range(2):
            await asked(driven, "How do I count the words of a book?")
            await driven.press("ctrl+n")
        await asked(driven, "How do I count the words of a book?")
        driven.chat.prompt.fill("/earlier")
        await driven.press("enter")
        await driven.until(lambda: "Earlier answer" in driven.screen_text())

    assert picture(snap_compare, size, before)


def test_the_first_run(snap_compare: Any) -> None:
    """CHAT-5: what was found, a key, or the demo."""

    async def before(driven: Driven) -> None:
        await driven.until(lambda: "openai" in driven.screen_text())

    assert picture(snap_compare, (100, 30), before, Options())


def test_the_light_theme_with_completions(snap_compare: Any) -> None:
    """CHAT-2, CHAT-4: commands being completed, in the light theme."""

    async def before(driven: Driven) -> None:
        driven.app.theme = "llmtui-light"
        await asked(driven, "hello")
        await driven.type("/s")

    assert picture(snap_compare, (100, 30), before)
