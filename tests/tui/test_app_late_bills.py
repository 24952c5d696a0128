"""A stopped answer's cost is an estimate until the provider says it; then every figure on screen is the ledger's."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

from llmtui.config import BudgetConfig, Config
from llmtui.config.values import ProviderConfig
from llmtui.core.options import Options
from tests.support.stores import rows
from tests.support.wire_server import HANG, Reply, WireServer, error_reply
from tests.tui.conftest import driving

if TYPE_CHECKING:
    import pytest

FRAME = {"id": "gen-7", "model": "m", "choices": [{"index": 0, "delta": {"content": "half"}, "finish_reason": None}]}
RECORD = {"data": {"total_cost": 0.125, "is_byok": False, "native_tokens_prompt": 9, "native_tokens_completion": 4}}


async def test_p3_what_the_provider_says_replaces_the_estimate_on_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """P3, P22, COST-3: under the answer, in the conversation's cost and in the budget, without another question."""
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-0123456789")
    monkeypatch.setattr("llmtui.chat.lookups.WAITS_S", (0.0,))
    with WireServer() as server:
        server.replies(Reply(pieces=[f"data: {json.dumps(FRAME)}\n\n".encode(), HANG]), error_reply(200, RECORD))
        config = Config(
            providers={"openrouter": ProviderConfig(base_url=f"{server.url}/api/v1")},
            budget=BudgetConfig(daily_usd=Decimal(1)),
        )
        async with driving(options=Options(model="openrouter/openai/gpt-4o"), config=config) as driven:
            driven.chat.prompt.fill("hi")
            await driven.press("enter")
            await driven.until(lambda: "half" in driven.screen_text())
            await driven.press("escape")
            await driven.until(lambda: "$0.1250" in driven.screen_text())
            talk = driven.chat.talk
            assert driven.chat.session is not None
            assert rows(driven.chat.session.store, "SELECT sum(cost_nanos), max(pending) FROM attempts") == [
                (125_000_000, 0)
            ]
            await driven.until(lambda: talk.cost == Decimal("0.125"))
            assert not talk.cost_estimated
            await driven.until(lambda: "today $0.1250/$1.00" in driven.screen_text())
            assert not talk.results[talk.messages[-1].id].cost.pending
