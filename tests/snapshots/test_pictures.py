"""Pictures of every screen: at 120×40, the main ones at 80×24 and 40×12, dark, light and in 16 colours.

A change of look shows as a difference to look at; the names of the pictures say what they show.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from llmtui.config import BudgetConfig, Config, RoleConfig
from llmtui.core.budget import Gauge, Limit
from llmtui.core.context import Breakdown
from llmtui.core.cost import Cost, Price, Resolution
from llmtui.core.messages import Message, MessageState, ModelRef, Role
from llmtui.core.options import Options
from llmtui.core.periods import Scope
from llmtui.core.usage import Usage
from llmtui.providers import _demo_server
from llmtui.providers._demo_server import DemoModel
from llmtui.providers.base import ModelInfo
from llmtui.store.figures import Figures, Hour, Latency, Overview, Recent
from llmtui.store.records import BookedAttempt
from llmtui.tui import usage
from llmtui.tui.screens.compare import CompareScreen
from tests.snapshots.gallery import SMALL, USUAL, WIDE, ChatSession, Gallery, hung, stand_still

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syrupy.assertion import SnapshotAssertion

QUESTION = "How do I count the words of a book?"
SIZES = {"120x40": WIDE, "80x24": USUAL, "40x12": SMALL}


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        stand_still(patch)
        time.tzset()
        yield
    time.tzset()


async def at_every_size(gallery: Gallery, name: str, shows: str) -> None:
    for size, cells in SIZES.items():
        await gallery.picture(f"{name}, {size}", shows=shows, size=cells)
    await gallery.resize(WIDE)


async def test_chat(snapshot: SnapshotAssertion) -> None:
    """STR-6, STR-14: question, answer, figures, list, prompt and status bar; small, light and in 16 colours."""
    async with hung(snapshot, WIDE) as gallery:
        await gallery.ask(QUESTION)
        await at_every_size(gallery, "an answer", "Enter sends")
        await gallery.picture("an answer, 16 colours", shows="Enter sends", colours=16)
        await gallery.press("shift+tab", "end")
        await gallery.picture("a message is selected", shows="180 total")
        await gallery.press("escape")
        await gallery.type("/s")
        await gallery.picture("commands are completed", shows="/summarise")
        gallery.app.theme = "llmtui-light"
        await gallery.picture("commands are completed, light", shows="/summarise")
        await gallery.press("escape", "ctrl+u")
        await gallery.picture("an answer, light", shows="Enter sends")
        await gallery.picture("an answer, light, 16 colours", shows="Enter sends", colours=16)


async def test_conversation_list(snapshot: SnapshotAssertion) -> None:
    """CHAT-1: pinned, open, unseen; entered, over a narrow transcript, with a new title asked for."""
    async with hung(snapshot, WIDE) as gallery:
        await gallery.picture("no conversation yet", shows="No conversations yet")
        for text in ("Fibonacci in Python", "日本語の文法について教えてください、できれば例文も", "Trip to Graz"):
            await gallery.press("ctrl+n")
            await gallery.ask(text)
        ids = {each.title: each.id for each in await gallery.chat.library.conversations()}  # type: ignore[union-attr]
        gallery.chat.unread[ids["Fibonacci in Python"]] = 2
        gallery.chat.reload_list()
        await gallery.until(lambda: re.search(r"Fibonacci in Py.* 2", gallery.screen_text()))
        await gallery.press("f5")
        side = gallery.chat.sidebar
        assert side is not None
        await gallery.until(lambda: side.marked == ids["Trip to Graz"])
        await gallery.press("down")
        await gallery.until(lambda: side.marked not in (None, ids["Trip to Graz"]))
        await gallery.press("ctrl+t")
        await gallery.picture("the list is entered, 120x40", shows="Pinned")
        await gallery.press("escape")
        await gallery.resize(USUAL)
        await gallery.press("f5")
        await gallery.picture("the list is entered, 80x24", shows="Pinned")
        await gallery.press("ctrl+r")
        await gallery.picture("a title is asked for", shows="The title of this conversation")


async def test_dialogs(snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch) -> None:
    """CHAT-4, PRV-5, STR-14: palette, help, model, search, keys, settings and themes."""

    async def listed(*_: object, **__: object) -> list[tuple[ModelRef, ModelInfo]]:
        known = {"gpt-5-mini": ModelInfo("gpt-5-mini", 400_000, takes_images=True, reasons=True)}
        return [(ModelRef("openai", name), info) for name, info in known.items()]

    monkeypatch.setattr(ChatSession, "list_models", listed)
    async with hung(snapshot, WIDE) as gallery:
        await gallery.ask(QUESTION)
        for key, name, shows in (
            ("ctrl+p", "palette", "Command"),
            ("f1", "help", "Anywhere"),
            ("f2", "model", "openai/gpt-5-mini"),
            ("f9", "keys", "perplexity"),
            ("f10", "settings", "Theme"),
        ):
            await gallery.press(key)
            await at_every_size(gallery, name, "Esc closes")
            assert shows in gallery.screen_text()
            await gallery.press("escape")
        await gallery.press("f3")
        await gallery.picture("search, nothing typed yet", shows="Results come as you type")
        await gallery.type("count words")
        await at_every_size(gallery, "search", "count the words")
        await gallery.type(" zzz")
        await gallery.picture("search, nothing found", shows="No message has all these words")
        await gallery.press("escape")
        gallery.chat.prompt.fill("/theme")
        await gallery.press("enter")
        await gallery.until(lambda: "llmtui-light" in gallery.screen_text())
        await gallery.press("down")
        await gallery.picture("the light theme is tried", shows="llmtui-light")
        await gallery.press("enter", "f2")
        await gallery.picture("model, light", shows="openai/gpt-5-mini")
        await gallery.picture("model, light, 16 colours", shows="openai/gpt-5-mini", colours=16)


async def test_failure(snapshot: SnapshotAssertion) -> None:
    """STR-11: the sentence and the ways out."""
    async with hung(snapshot, (100, 24), Options(demo=True, model="nosuch")) as gallery:
        await gallery.ask(QUESTION)
        await gallery.picture("a model that does not exist", shows="Other model /model")


def figures() -> usage.Report:
    """A ledger's report with everything in it."""
    mini = Figures(
        "openai/gpt-5-mini", "openai/gpt-5-mini", 310, {"timeout": 2}, 4_200_000_000, 0, 0, 420_000, 0, 0, 81_000, 0
    )
    claude = mini._replace(
        key="anthropic/claude", label="anthropic/claude", resolved_nanos=1_400_000_000, estimated_nanos=90_000_000,
        requests=40,
    )  # fmt: skip
    days = [
        mini._replace(key=f"2026-11-{day}", label=f"2026-11-{day}", resolved_nanos=day * 20_000_000)
        for day in (20, 19, 17)
    ]
    return usage.Report(
        Overview(claude, mini, mini, 41, 136_000_000, "up", 2_000_000_000, 1_200_000_000),
        mini, Latency(380.0, 1200.0, 2300.0, 8000.0), Recent(48, {}, Latency(), (Hour(0, 48),) * 24),
        tuple(range(0, 600_000_000, 20_000_000)),
        {"day": days, "model": [mini, claude], "provider": [], "conversation": [], "kind": []},
    )  # fmt: skip


GAUGES = (
    Gauge(Limit(Scope.DAY, "usd", Decimal(5)), Decimal("2.45"), resets_at=datetime(2026, 11, 21, tzinfo=UTC)),
    Gauge(Limit(Scope.MONTH, "usd", Decimal(60)), Decimal("55.20"), resets_at=datetime(2026, 12, 1, tzinfo=UTC)),
    Gauge(Limit(Scope.CONVERSATION, "tokens", Decimal(4000)), Decimal(4100)),
)


async def test_usage(snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch) -> None:
    """USE-2, BUD-1, STR-14: figures and budgets above, a chart by day or shares below; before anything was asked."""

    async def gauges(*_: object) -> tuple[Gauge, ...]:
        return GAUGES

    async with hung(snapshot, WIDE) as gallery:
        await gallery.press("f6")
        await gallery.picture("usage, nothing asked yet", shows="Nothing has been asked yet")
        await gallery.press("escape")
        monkeypatch.setattr(usage, "read", lambda *_: figures())
        monkeypatch.setattr(ChatSession, "gauges", gauges)
        await gallery.press("f6")
        await at_every_size(gallery, "usage by day", "2026-11-20")
        await gallery.picture("usage by day, 16 colours", shows="2026-11-20", colours=16)
        await gallery.press("tab")
        await at_every_size(gallery, "usage by model", "anthropic/cl")
        gallery.app.theme = "llmtui-light"
        await gallery.picture("usage by model, light", shows="anthropic/claude")


async def test_context(snapshot: SnapshotAssertion) -> None:
    """TOK-5, STR-14: what is sent, taken out and pinned, with its share of the window."""
    async with hung(snapshot, WIDE) as gallery:
        gallery.chat.talk.system = "You are a patient teacher."
        await gallery.ask(QUESTION)
        await gallery.ask("And its letters?")
        await gallery.press("f4")
        await gallery.until(lambda: "patient teacher" in gallery.screen_text())
        await gallery.press("down", "x")
        await gallery.until(lambda: "excluded" in gallery.screen_text())
        await gallery.press("down", "down", "p")
        await gallery.until(lambda: gallery.chat.talk.messages[2].pinned)
        await at_every_size(gallery, "context", "● you")


async def test_roles(snapshot: SnapshotAssertion) -> None:
    """CHAT-3, STR-14: roles and templates, the chosen one marked; none in the config; a variable asked for."""
    config = Config(
        roles={
            "teacher": RoleConfig("Explain slowly, with an example.", "openai/gpt-5-mini", 0.2),
            "critic": RoleConfig("Find what is wrong."),
        },
        templates={"explain": "Explain {{topic}} to {{audience}}"},
    )
    async with hung(snapshot, WIDE) as gallery:
        await gallery.press("f8")
        await gallery.picture("no roles in the config", shows="The config has none yet")
        await gallery.press("escape")
        gallery.app.config = config
        gallery.chat.talk.system = "Find what is wrong."
        await gallery.press("f8")
        await at_every_size(gallery, "roles", "● critic")
        await gallery.type("expl")
        await gallery.press("enter")
        await gallery.picture("a variable is asked for", shows="explain: topic")


@pytest.mark.parametrize("size", SIZES)
async def test_comparison(snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch, size: str) -> None:
    """STR-15, STR-14: side by side where there is room, else stacked."""
    monkeypatch.setitem(_demo_server.MODELS, "other", DemoModel(0.0, 1e6))
    async with hung(snapshot, SIZES[size]) as gallery:
        gallery.chat.prompt.fill("/compare demo/instant demo/other -- How do I count words?")
        await gallery.press("enter")
        await gallery.until(lambda: isinstance(gallery.app.screen, CompareScreen) and not gallery.app.screen.is_busy)
        await gallery.press("2")
        await gallery.picture(f"comparison, {size}", shows="Esc closes")


@pytest.mark.parametrize("size", SIZES)
async def test_earlier_answer(snapshot: SnapshotAssertion, size: str) -> None:
    """ROB-6, STR-14: never to be taken for a new one."""
    async with hung(snapshot, SIZES[size]) as gallery:
        for _ in range(2):
            await gallery.ask(QUESTION)
            await gallery.press("ctrl+n")
        await gallery.ask(QUESTION)
        gallery.chat.prompt.fill("/earlier")
        await gallery.press("enter")
        await gallery.picture(f"an earlier answer, {size}", shows="Earlier answer 1/2")


async def test_details(snapshot: SnapshotAssertion) -> None:
    """TOK-4: what the request was made of, what it cost at which price, and each attempt."""
    from llmtui.tui.screens.detail import DetailScreen

    model = ModelRef("openai", "gpt-5-mini")
    answer = Message(
        Role.ASSISTANT, "words " * 40, model=model, state=MessageState.COMPLETE, finish_reason="stop", created_at=0
    )
    price = Price(Decimal("0.25"), Decimal(2), Decimal("0.025"), as_of="2026-11-01")
    failed = BookedAttempt(
        "", model, "", None, Cost(None, Resolution.NONE), None, None, 0.4, 2.0, "openai answered 503: overloaded"
    )
    booked = BookedAttempt(
        "", model, "gpt-5-mini-2025", Usage(1500, 1024, 0, 300, 120), Cost(Decimal("0.00075"), Resolution.RESOLVED, "price_table"),
        price, 0.381, 2.3, 0.0, None,
    )  # fmt: skip
    async with hung(snapshot, WIDE) as gallery:
        gallery.app.push_screen(DetailScreen(answer, None, (failed, booked), Breakdown(40, 1300, 120, 0)))
        await gallery.picture("details of an answer, 120x40", shows="Attempt 2")
        await gallery.picture("details of an answer, 40x12", shows="gpt-5-mini", size=SMALL)


async def test_first_run(snapshot: SnapshotAssertion) -> None:
    """CHAT-5: what was found, a key, or the demo."""
    async with hung(snapshot, WIDE, Options()) as gallery:
        await at_every_size(gallery, "the first run", "Try the demo")


async def test_budget(snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch) -> None:
    """BUD-3, BUD-4: near a limit the message is asked about; beyond it the ways out, and how full every limit is."""
    from llmtui.core.admission import Cheaper, WayOut
    from llmtui.core.errors import BudgetExceeded
    from llmtui.tui.screens import budget
    from llmtui.tui.screens.confirm import Confirm

    async def gauges(*_: object) -> tuple[Gauge, ...]:
        return GAUGES

    sentence = "This message will take about ~$0.02; of today's $5.00 ~$0.11 would be left"
    async with hung(snapshot, USUAL, config=Config(budget=BudgetConfig(daily_usd=Decimal(5)))) as gallery:
        gallery.app.push_screen(Confirm(sentence, yes="Send", no="Cancel"))
        await gallery.picture("a message near a limit", shows="Send (y)")
        await gallery.press("escape")
        monkeypatch.setattr(ChatSession, "gauges", gauges)
        monkeypatch.setattr(budget, "until", lambda _: "7 h 55 min")
        error = BudgetExceeded(
            "This message could cost up to $0.22, and of today's $5.00 $0.11 are left: $0.11 too much",
            resets_at=datetime(2026, 11, 21, tzinfo=UTC),
            cheaper=(Cheaper(ModelRef("openai", "gpt-5-nano"), Decimal("0.0011")),),
            ways=tuple(WayOut),
        )
        gallery.app.push_screen(budget.BudgetScreen(gallery.chat, error))
        await at_every_size(gallery, "over budget", "too much")
        await gallery.press("escape")
        gallery.app.theme = "llmtui-light"
        gallery.app.push_screen(budget.BudgetScreen(gallery.chat, error))
        await gallery.picture("over budget, light", shows="raise it")
