"""What is told of a turn, and waits that go on (CHAT-8, STR-6)."""

from __future__ import annotations

import io
import threading
from decimal import Decimal
from typing import Any

import pytest

from llmtui.core.cost import NO_COST, Cost, Resolution
from llmtui.core.errors import AuthenticationFailed, BudgetExceeded, StreamBroken
from llmtui.core.events import AttemptOutcome, FinishReason, TurnResult
from llmtui.core.messages import ModelRef
from llmtui.core.usage import Usage
from llmtui.plain import narrator
from llmtui.plain.narrator import Watch, cost_words, figures, ways_on
from llmtui.plain.voice import Voice

REF = ModelRef("p", "m")


def result(**changes: Any) -> TurnResult:
    whole = TurnResult(
        turn_id="t", conversation_id="c", user_message_id="u", answer_message_id="a", model=REF, content="text",
        reasoning="", finish_reason=FinishReason.STOP, usage=Usage(10, 4, 0, 20, 5), cost=NO_COST, ttft_s=0.5, duration_s=2.0,
        tokens_per_second=13.2, chunk_count=3, attempts=(AttemptOutcome("x", REF, None, 0.0),), warnings=(), error=None,
    )  # fmt: skip
    return whole._replace(**changes)


def test_str_6_the_figures_are_words() -> None:
    """STR-6"""
    cost = Cost(Decimal("0.00042"), Resolution.RESOLVED)
    assert figures(result(cost=cost)) == (
        "done: 10 tokens in, 20 out, 30 in all, 4 of them cached, 5 for reasoning; $0.00042; first token 0.50 s; "
        "2.0 s in all; 13 tokens a second"
    )
    bare = result(usage=None, ttft_s=None, tokens_per_second=None, finish_reason=FinishReason.CANCELLED)
    assert figures(bare) == "stopped: tokens not known; 2.0 s in all"


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (Cost(None, Resolution.UNKNOWN, estimate=Decimal("0.5")), "about $0.5000"),
        (Cost(None, Resolution.UNPRICED), "price not known"),
        (Cost(None, Resolution.UNKNOWN), "cost not known"),
        (NO_COST, ""),
    ],
)
def test_p11_p12_what_is_not_known_is_never_zero(cost: Cost, words: str) -> None:
    """P11, P12"""
    assert cost_words(cost) == words


def test_the_ways_on_fit_what_happened() -> None:
    assert ways_on(result()) == ""
    assert ways_on(result(finish_reason=FinishReason.LENGTH)).startswith("/continue")
    assert ways_on(result(content="", finish_reason=FinishReason.CANCELLED)) == "/retry tries again"
    assert "/model" in ways_on(result(error=StreamBroken("x")))
    assert "/queue" not in ways_on(result(error=StreamBroken("x")))
    assert "/queue" in ways_on(result(content="", error=StreamBroken("x")))
    assert ways_on(result(content="", error=AuthenticationFailed("x"))).startswith("/keys shows")
    assert "/queue" not in ways_on(result(content="", error=AuthenticationFailed("x")))
    assert ways_on(result(content="", error=BudgetExceeded("x"))).endswith("/new begins anew")


def test_a_wait_that_goes_on_is_told_with_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    enough = threading.Event()

    class Heard(io.BytesIO):
        def write(self, data: Any) -> int:
            count = super().write(data)
            if self.getvalue().count(b"\n") == 3:
                enough.set()
            return count

    monkeypatch.setattr(narrator, "_SAY_AFTER_S", (0.001, 0.002))
    stream = Heard()
    watch = Watch(Voice(stream, terminal=True, abandoned=lambda: None), "still thinking")
    assert enough.wait(10)
    watch.stop()
    watch._thread.join(10)
    assert stream.getvalue().startswith(b"still thinking, 0 s\nstill thinking, 0 s\nstill thinking, 0 s\n")
