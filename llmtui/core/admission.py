"""May a request be sent? The decision against the budgets, its sentence, and the ways out of a refusal.

Pure, so that the store can take it again inside the transaction that makes the reservation.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, NamedTuple

from llmtui.core.periods import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from llmtui.core.budget import Gauge
    from llmtui.core.cost import Price
    from llmtui.core.messages import ModelRef


class Proposal(NamedTuple):
    """A request about to be sent: at most, and as it will likely be."""

    usd: Decimal | None
    """The worst case; None where the model has no price."""
    tokens: int
    expected_usd: Decimal
    expected_tokens: int


class Excess(NamedTuple):
    """A limit that a request would exceed."""

    gauge: Gauge
    over: Decimal
    """By how much, in the limit's unit."""


class Allowed(NamedTuple):
    """It may be sent."""

    over: tuple[Excess, ...] = ()
    """What it may exceed all the same, because the budget only warns."""


class ConfirmNeeded(NamedTuple):
    """It may be sent when a person says so."""

    reason: Literal["near", "unpriced"]
    gauge: Gauge
    left: Decimal
    """What would likely be left of the gauge's limit, in its unit; negative where it would be exceeded."""
    sentence: str


class Refused(NamedTuple):
    """It is not sent."""

    excesses: tuple[Excess, ...]
    """The worst first; never empty."""
    sentence: str
    resets_at: datetime | None
    """When waiting will have helped: all the limits that it exceeds have begun anew. None: waiting does not help."""


Decision = Allowed | ConfirmNeeded | Refused


def decide(
    gauges: Iterable[Gauge], proposal: Proposal, *, confirm_at: float = 0.9, hard: bool = True, confirmed: bool = False
) -> Decision:
    """May it be sent? At exactly the limit it passes.

    `hard` is `on_exceed = "block"`; `confirmed` that a person has been asked and said yes, which helps near a limit and
    for a model without a price, and never beyond a hard limit.
    """
    gauges = tuple(gauges)
    excesses = _excesses(gauges, proposal)
    if excesses and hard:
        return _refusal(excesses, proposal)
    if confirmed:
        return Allowed(excesses)
    money = [gauge for gauge in gauges if gauge.limit.unit == "usd"]
    if proposal.usd is None and money and hard:
        tightest = min(money, key=lambda gauge: gauge.left)
        sentence = f"This model's price is not known, so nobody can say whether it stays within {tightest.limit.name}"
        return ConfirmNeeded("unpriced", tightest, tightest.left, sentence)
    near = [gauge for gauge in gauges if _is_near(gauge, proposal, confirm_at)]
    if not near:
        return Allowed(excesses)
    fullest = max(near, key=lambda gauge: gauge.fraction)
    left = fullest.left - _expected(fullest, proposal)
    return ConfirmNeeded("near", fullest, left, _warning(fullest, _expected(fullest, proposal), left))


def _excesses(gauges: tuple[Gauge, ...], proposal: Proposal) -> tuple[Excess, ...]:
    """The limits exceeded, the one that is exceeded most in proportion first. What costs nothing exceeds nothing."""
    found = [
        Excess(gauge, worst - gauge.left)
        for gauge in gauges
        if (worst := _worst(gauge, proposal)) > max(Decimal(0), gauge.left)
    ]
    return tuple(sorted(found, key=lambda excess: excess.over / excess.gauge.limit.amount, reverse=True))


def _worst(gauge: Gauge, proposal: Proposal) -> Decimal:
    return (proposal.usd or Decimal(0)) if gauge.limit.unit == "usd" else Decimal(proposal.tokens)


def _expected(gauge: Gauge, proposal: Proposal) -> Decimal:
    return proposal.expected_usd if gauge.limit.unit == "usd" else Decimal(proposal.expected_tokens)


def _is_near(gauge: Gauge, proposal: Proposal, confirm_at: float) -> bool:
    expected = _expected(gauge, proposal)
    after = gauge.limit.amount - gauge.left + expected
    return expected > 0 and after >= gauge.limit.amount * Decimal(str(confirm_at))


def _warning(gauge: Gauge, expected: Decimal, left: Decimal) -> str:
    """What a person is asked to confirm. Under a budget that only warns, nothing may be left, or less."""
    name, show = gauge.limit.name, gauge.limit.show
    begins = f"This message will take about ~{show(expected)}"
    if gauge.left < 0:
        return f"{begins}; {name} is already exceeded by {show(-gauge.left)}"
    if gauge.left == 0:
        return f"{begins}; {name} is used up"
    if left < 0:
        return f"{begins}; {name} would be exceeded by ~{show(-left)}"
    return f"{begins}; of {name} ~{show(left)} would be left"


def _refusal(excesses: tuple[Excess, ...], proposal: Proposal) -> Refused:
    gauge, over = excesses[0]
    show = gauge.limit.show
    verb, are = ("cost", "is") if gauge.limit.unit == "usd" else ("use", "are")
    sentence = (
        f"This message could {verb} up to {show(_worst(gauge, proposal))}, and "
        f"{show(max(Decimal(0), gauge.left))} of {gauge.limit.name} {are} left: {show(over)} too much"
    )
    resets = [excess.gauge.resets_at for excess in excesses]
    known = [moment for moment in resets if moment is not None]
    return Refused(excesses, sentence, max(known) if len(known) == len(resets) else None)


# ------------------------------------------------------------------------------------------------- ways out


class WayOut(StrEnum):
    """What a person can do about a refusal."""

    NEW_CONVERSATION = "new conversation"
    DROP_CONTEXT = "drop context"
    SUMMARISE = "summarise context"
    SHORTER_ANSWER = "shorter answer"
    CHEAPER_MODEL = "cheaper model"
    RAISE_LIMIT = "raise the limit"
    WAIT = "wait"


class Cheaper(NamedTuple):
    """A model that would do it for less."""

    model: ModelRef
    usd: Decimal
    """What the message would cost there at most."""


def ways_out(
    refused: Refused, *, context_tokens: int, shortest: Proposal | None = None, cheaper: tuple[Cheaper, ...] = ()
) -> tuple[WayOut, ...]:
    """The ways that can help here. `context_tokens` are those of earlier messages, `shortest` the same request with the
    shortest answer worth asking for."""
    own = any(excess.gauge.limit.scope is Scope.CONVERSATION for excess in refused.excesses)
    gauges = tuple(excess.gauge for excess in refused.excesses)
    helps = {
        WayOut.NEW_CONVERSATION: own or context_tokens > 0,
        WayOut.DROP_CONTEXT: context_tokens > 0,
        WayOut.SUMMARISE: context_tokens > 0,
        WayOut.SHORTER_ANSWER: shortest is not None and not _excesses(gauges, shortest),
        WayOut.CHEAPER_MODEL: bool(cheaper),
        WayOut.RAISE_LIMIT: True,
        WayOut.WAIT: refused.resets_at is not None,
    }
    return tuple(way for way, does in helps.items() if does)


def cheaper_models(
    candidates: Iterable[tuple[ModelRef, Price]],
    input_tokens: int,
    output_tokens: int,
    *,
    below: Decimal,
    most: int = 3,
) -> tuple[Cheaper, ...]:
    """Of the candidates those whose worst case is at most `below` USD, the dearest (likely the most able) first."""
    costs = [Cheaper(model, price.worst_case(input_tokens, output_tokens)) for model, price in candidates]
    fitting = sorted((each for each in costs if each.usd <= below), key=lambda each: (-each.usd, each.model))
    return tuple(fitting[:most])
