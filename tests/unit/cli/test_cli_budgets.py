"""`llmtui usage` shows every limit, and says the same as the gate and the ledger (BUD-1, P22, P31)."""

from __future__ import annotations

import json
import os
import time
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from llmtui.cli.main import run
from llmtui.core.cost import Cost, Resolution
from llmtui.core.usage import Usage
from llmtui.paths import locate
from tests.support.stores import opening, running, settlement

if TYPE_CHECKING:
    import pytest

CONFIG = "[budget]\ndaily_usd = 0.02\nweekly_tokens = 1000\nmonthly_usd = 1.0\nconversation_usd = 5.0\n"


def book(name: str, usd: str, day: str) -> None:
    now = int(time.time() * 1000)
    with running(locate(os.environ).database, now) as store:
        store.ledger.open_attempt(opening(name, started_at=now, day=day)).result()
        cost = Cost(Decimal(usd), Resolution.RESOLVED, "price_table")
        store.ledger.settle(settlement(name, usage=Usage(100, output_tokens=50), cost=cost, ended_at=now)).result()


def told(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    assert run(["usage", *args]) == 0
    return capsys.readouterr().out


def test_bud1_used_limit_percentage_bar_and_reset(capsys: pytest.CaptureFixture[str]) -> None:
    """BUD-1, USE-2: for people and for scripts; the conversation's limit is a conversation's alone."""
    locate(os.environ).config_file.write_text(CONFIG, "utf-8")
    book("a1", "0.015000001", date.today().isoformat())
    said = json.loads(told(capsys, "--json"))
    found = {each["scope"]: each for each in said["budgets"]}
    assert set(found) == {"day", "week", "month"}
    assert (found["day"]["used"], found["day"]["limit"], found["day"]["percent"]) == ("0.015000001", "0.02", 75)
    assert (found["week"]["used"], found["week"]["limit"], found["week"]["unit"]) == (150, 1000, "tokens")
    assert found["day"]["resets_at"] is not None
    assert said["today"]["confirmed_usd"] == found["month"]["used"] == said["total"]["confirmed_usd"]
    text = told(capsys)
    assert "███████░░░ $0.0150 of $0.0200 (75 %), resets" in text
    assert "150 tokens of 1,000 tokens (15 %)" in text


def test_p31_after_the_clock_was_set_back_today_is_the_day_that_is_booked_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """P31: the budget day never goes backwards, and the figures look at the same one."""
    locate(os.environ).config_file.write_text(CONFIG, "utf-8")
    book("a1", "0.01", (date.today() + timedelta(days=1)).isoformat())
    said = json.loads(told(capsys, "--json"))
    assert said["today"]["confirmed_usd"] == "0.01"
    assert said["budgets"][0]["used"] == "0.01"


def test_use3_the_last_24_hours(capsys: pytest.CaptureFixture[str]) -> None:
    """USE-3: requests and rate limits an hour, errors by kind."""
    book("a1", "0.01", date.today().isoformat())
    recent = json.loads(told(capsys, "--json"))["last_24_hours"]
    assert (recent["requests"], recent["requests_per_hour"], recent["errors"]) == (1, 1 / 24, {})
    assert "0.0 requests an hour" in told(capsys)
