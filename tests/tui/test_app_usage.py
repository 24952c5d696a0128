"""The usage screen: figures that are the ledger's, shares by Tab, rows that lead to conversations."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from decimal import Decimal
from typing import TYPE_CHECKING

from llmtui.config import BudgetConfig, Config
from llmtui.core.cost import Cost, Resolution
from llmtui.core.messages import ModelRef
from llmtui.core.usage import Usage
from llmtui.tui import usage
from tests.support.stores import opening, placeholder, question, settlement
from tests.tui.conftest import driving

if TYPE_CHECKING:
    from tests.tui.conftest import Driven

CONFIG = Config(budget=BudgetConfig(daily_usd=Decimal(1)))


def book(
    driven: Driven,
    conversation: str,
    usd: str,
    *,
    model: str = "openai/gpt-4o",
    days_ago: int = 0,
    error: str | None = None,
) -> None:
    """A conversation with one settled attempt."""
    assert driven.chat.session is not None
    store = driven.chat.session.store
    at = int((time.time() - days_ago * 86400) * 1000)
    asked = question(f"About {conversation}")
    answer = placeholder(asked.id)
    attempt = opening(
        conversation_id=conversation, message_id=answer.id, model=ModelRef.parse(model), started_at=at,
        day=time.strftime("%Y-%m-%d", time.localtime(at / 1000)),
    )  # fmt: skip
    store.conversations.begin_turn(conversation, asked, answer, attempt).result()
    store.ledger.settle(
        settlement(
            attempt.id, usage=Usage(100, output_tokens=50), cost=Cost(Decimal(usd), Resolution.RESOLVED, "price_table"),
            topic="code", error_kind=error, state="failed" if error else "completed", ended_at=at + 1000,
        )
    ).result()  # fmt: skip


def fill(driven: Driven) -> None:
    book(driven, "ancient", "0.10", days_ago=3)
    book(driven, "cheap", "0.0045")
    book(driven, "dear", "0.25", model="anthropic/claude-sonnet-4-5")


async def opened(driven: Driven) -> None:
    await driven.press("f6")
    await driven.until(lambda: "Today" in driven.screen_text())


async def test_the_sums_are_those_of_llmtui_usage() -> None:
    """P22, USE-2: screen, library and `llmtui usage --json` say the same, to the nano-dollar."""
    async with driving(config=CONFIG) as driven:
        fill(driven)
        await opened(driven)
        text = driven.screen_text()
        assert "$0.3545" in text
        assert driven.chat.session is not None
        report = usage.read(driven.chat.session.store, CONFIG.budget)
        done = subprocess.run(  # noqa: ASYNC221 - nothing else is under way
            [sys.executable, "-m", "llmtui", "usage", "--json"], capture_output=True, check=True, text=True
        )
        said = json.loads(done.stdout)
        assert Decimal(said["total"]["confirmed_usd"]) == report.total.confirmed == Decimal("0.3545")
        for name, figures in (("today", report.overview.today), ("month", report.overview.month)):
            assert Decimal(said[name]["confirmed_usd"]) == figures.confirmed
        for shares in report.shares.values():
            assert sum(each.resolved_nanos for each in shares) == report.total.resolved_nanos
        await driven.press("escape")


async def test_tab_shows_the_shares_by_something_else_and_a_row_opens_its_conversation() -> None:
    """USE-2: by day, model, provider, conversation and kind; Enter leads to the conversations behind a row."""
    async with driving(config=CONFIG) as driven:
        fill(driven)
        await opened(driven)
        for word, row in (
            ("model", "anthropic/claude-sonnet-4-5"),
            ("provider", "openai"),
            ("conversation", "About dear"),
        ):
            await driven.press("tab")
            await driven.until(lambda word=word: f"Usage by {word}" in driven.screen_text())  # type: ignore[misc]
            assert row in driven.screen_text()
        await driven.press("tab")
        await driven.until(lambda: re.search(r"code .*100 %", driven.screen_text()))
        await driven.press("shift+tab", "shift+tab")
        await driven.type("openai")
        await driven.press("enter")
        await driven.until(lambda: "About cheap" in driven.screen_text())
        assert "About dear" not in driven.screen_text()
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk.id is not None)
        assert driven.chat.talk.messages[0].content in {"About cheap", "About ancient"}


async def test_a_row_of_the_conversations_opens_that_one() -> None:
    """USE-2: straight, without another list."""
    async with driving() as driven:
        fill(driven)
        await opened(driven)
        await driven.press("tab", "tab", "tab", "enter")
        await driven.until(lambda: driven.chat.talk.id == "dear")


async def test_budgets_and_alerts_are_shown_and_the_status_bar_leads_there() -> None:
    """BUD-1, USE-3: used, limit, bar, reset; failures of the last 24 hours as an alert, at every size in the status bar."""
    async with driving(config=Config(budget=BudgetConfig(daily_usd=Decimal("0.25")))) as driven:
        for number in range(20):
            book(driven, f"c{number}", "0.02", error="server_error" if number < 5 else None)
        await driven.chat.budgets.refresh()
        await driven.until(lambda: "⚠ 2 alerts" in driven.screen_text())
        driven.chat.prompt.fill("/usage")
        await driven.press("enter")
        await driven.until(lambda: "25.0% of the requests failed" in driven.screen_text())
        assert re.search(r"today ██████████ \$0\.40\d* of \$0\.25\d* \(160 %\) · resets", driven.screen_text())
        assert "server error 5" in driven.screen_text()


async def test_usage_at_every_size(size: tuple[int, int]) -> None:
    """STR-14: the most important figures and some shares, also on a small screen; Esc closes."""
    async with driving(size=size, config=CONFIG) as driven:
        fill(driven)
        await opened(driven)
        await driven.until(lambda: "█" in driven.screen_text())
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is driven.chat)
