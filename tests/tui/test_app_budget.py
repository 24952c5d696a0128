"""The screen of budgets: every way out of a refusal, how full the limits are, and a limit raised until the end."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from llmtui.chat.refusal import SHORT_ANSWER
from llmtui.config import Config
from llmtui.core.cost import Price
from llmtui.core.messages import ModelRef
from llmtui.core.options import Options
from tests.tui.conftest import driving

if TYPE_CHECKING:
    from tests.tui.conftest import Driven

DEAR = Options(model="openai/gpt-dear")
CONFIG = Config(
    prices={
        "openai/gpt-dear": Price(Decimal(1000), Decimal(1000), source="config"),
        "openai/gpt-cheap": Price(Decimal(1), Decimal(1), source="config"),
    },
    budget=Config().budget._replace(daily_usd=Decimal("0.01")),
)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-test-test-test")


def said(driven: Driven, text: str) -> bool:
    return text in driven.notices()


async def refused(driven: Driven) -> None:
    """A question that the budget refused, and the screen of ways out over it."""
    await driven.ask("a question")
    await driven.press("ctrl+p")
    await driven.type("budgets")
    await driven.press("enter")
    await driven.until(lambda: "Over budget: nothing was sent" in driven.screen_text())
    await driven.until(lambda: "today's $0.01" in driven.screen_text().lower())


async def test_every_way_out_is_offered_and_the_first_changes_nothing(size: tuple[int, int]) -> None:
    """BUD-3: by how much, a cheaper model with what it costs there, the time to the reset; Enter alone leaves it."""
    async with driving(size=size, options=DEAR, config=CONFIG) as driven:
        await refused(driven)
        rows = {row.title: row.detail for row in driven.app.screen.shown}  # type: ignore[attr-defined]
        assert rows["Ask openai/gpt-cheap"] == "at most $0.0011 there"
        assert rows["Wait until it resets"].startswith("in ")
        assert "too much" in " ".join(driven.screen_text().split()).replace("│ ", "").replace(" │", "")
        await driven.press("enter")
        await driven.until(lambda: driven.app.screen is driven.chat)
        assert driven.prompt == "a question"
        assert driven.chat.current_model == ModelRef("openai", "gpt-dear")


async def test_a_cheaper_model_is_taken() -> None:
    """BUD-3: it answers from then on; the message still stands in the prompt."""
    async with driving(options=DEAR, config=CONFIG) as driven:
        await refused(driven)
        await driven.press("down", "enter")
        await driven.until(lambda: driven.chat.current_model == ModelRef("openai", "gpt-cheap"))
        assert driven.prompt == "a question"


async def test_a_limit_is_raised_until_the_end() -> None:
    """BUD-3: what is no number changes nothing; a number holds at once, for the check and the bar."""
    async with driving(options=DEAR, config=CONFIG) as driven:
        await refused(driven)
        await driven.press("up", "enter")
        for text in ("much", "-1"):
            await driven.until(lambda: driven.app.screen.query(Input).first().value == "0.01")
            driven.app.screen.query_one(Input).value = text
            await driven.press("enter")
            await driven.until(partial(said, driven, f"above 0, not “{text}”"))
            await driven.press("enter")
        driven.app.screen.query_one(Input).value = "$25"
        await driven.press("enter")
        await driven.until(lambda: "Until llmtui ends: today's $25.00" in driven.notices())
        assert driven.chat.session is not None
        (gauge,) = await driven.chat.session.gauges()
        assert gauge.limit.amount == 25
        await driven.press("escape")
        await driven.until(lambda: "today $0.00/$25.00" in driven.screen_text())


async def test_a_new_conversation_and_a_shorter_answer_keep_the_message() -> None:
    """BUD-3: the ways that change the conversation leave what stands in the prompt."""
    limits = CONFIG.budget._replace(conversation_tokens=800, daily_usd=Decimal(0))
    async with driving(options=Options(model="openai/gpt-cheap"), config=CONFIG._replace(budget=limits)) as driven:
        await refused_by_tokens(driven)
        titles = [row.title for row in driven.app.screen.shown]  # type: ignore[attr-defined]
        await driven.press(*["down"] * titles.index(f"A shorter answer, of {SHORT_ANSWER} tokens"), "enter")
        await driven.until(lambda: driven.chat.talk.settings.max_output_tokens == SHORT_ANSWER)
        assert driven.prompt == "a question"
        await driven.press("ctrl+p")
        await driven.type("budgets")
        await driven.press("enter")
        await driven.until(lambda: "nothing was sent" in driven.screen_text())
        before = driven.chat.talk
        await driven.press("down", "enter")
        await driven.until(lambda: driven.chat.talk is not before)
        await driven.until(lambda: driven.prompt == "a question")


async def refused_by_tokens(driven: Driven) -> None:
    await driven.ask("a question")
    await driven.press("ctrl+p")
    await driven.type("budgets")
    await driven.press("enter")
    await driven.until(lambda: "Take it to a new conversation" in driven.screen_text())


async def test_without_limits_it_says_where_they_are_set() -> None:
    """BUD-1: an empty screen is never mute."""
    async with driving() as driven:
        driven.chat.prompt.fill("/budget")
        await driven.press("enter")
        await driven.until(lambda: "No limits are set" in driven.screen_text())
