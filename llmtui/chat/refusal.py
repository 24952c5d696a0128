"""What a person is told when the budget refuses a request: by how much, and every way out that can help here.

Models that cost less are named with what this very request would cost there at most; a limit is named as the config
calls it. The time until a reset is the error's own to say, since it runs.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.admission import Proposal, WayOut, cheaper_models, ways_out
from llmtui.core.budget import least_left
from llmtui.core.cost import format_usd
from llmtui.core.errors import BudgetExceeded
from llmtui.core.messages import Role
from llmtui.tokens.estimate import estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from llmtui.core.admission import Cheaper, Refused
    from llmtui.core.budget import Gauge
    from llmtui.core.cost import Price
    from llmtui.core.messages import ModelRef
    from llmtui.core.request import ChatRequest

SHORT_ANSWER = 256
"""Output tokens of the shortest answer that is worth asking for."""


class Refusal(NamedTuple):
    """A request that was refused."""

    request: ChatRequest
    input_tokens: int
    """At most."""
    output_tokens: int
    """Of the shortest answer for which there was no room."""
    price: Price | None
    others: Callable[[], Iterable[tuple[ModelRef, Price]]]
    """Other models that could be asked."""

    def error(self, refused: Refused) -> BudgetExceeded:
        """The refusal with its ways out as advice."""
        cheaper = self._cheaper(refused)
        shortest = Proposal(
            self.price.worst_case(self.input_tokens, SHORT_ANSWER) if self.price else None,
            self.input_tokens + SHORT_ANSWER,
            Decimal(0),
            0,
        )
        words = _words(refused, cheaper)
        ways = ways_out(
            refused,
            context_tokens=_context_tokens(self.request),
            shortest=shortest if self.output_tokens > SHORT_ANSWER else None,
            cheaper=cheaper,
        )
        advice = f"Ways out: {'; '.join(words[way] for way in ways if way in words)}."
        return BudgetExceeded(refused.sentence, advice=advice, resets_at=refused.resets_at, cheaper=cheaper, ways=ways)

    def _cheaper(self, refused: Refused) -> tuple[Cheaper, ...]:
        """Where money is short: a limit of tokens is the same for every model."""
        gauges = [excess.gauge for excess in refused.excesses]
        if any(gauge.limit.unit == "tokens" for gauge in gauges):
            return ()
        left = least_left(gauges, "usd")
        assert left is not None
        return cheaper_models(self.others(), self.input_tokens, self.output_tokens, below=left)


def _words(refused: Refused, cheaper: tuple[Cheaper, ...]) -> dict[WayOut, str]:
    named = ", ".join(f"{each.model} (at most {format_usd(each.usd)} there)" for each in cheaper)
    settings = ", ".join(dict.fromkeys(excess.gauge.limit.setting for excess in refused.excesses))
    return {
        WayOut.NEW_CONVERSATION: "begin a new conversation",
        WayOut.DROP_CONTEXT: "drop earlier messages",
        WayOut.SUMMARISE: "summarise them",
        WayOut.SHORTER_ANSWER: f"ask for a shorter answer (max tokens {SHORT_ANSWER})",
        WayOut.CHEAPER_MODEL: f"take a cheaper model: {named}",
        WayOut.RAISE_LIMIT: f"raise {settings} under [budget] in the config",
    }


def _context_tokens(request: ChatRequest) -> int:
    """Of the messages before the newest, but for the system prompt: what can be left out."""
    return sum(estimate_tokens(each.content) for each in request.messages[:-1] if each.role is not Role.SYSTEM)


def passed_over(gauge: Gauge, over: Decimal) -> str:
    """What is said where a budget only warns: the limit may be passed, and by how much."""
    return f"this may go over {gauge.limit.name} by up to {gauge.limit.show(over)} ({gauge.text} used)"
