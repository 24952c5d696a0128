"""What an attempt costs, however it ended: the one place where an ending becomes a bill.

Confirmed cost needs an accepted answer and the provider's own usage. Everything else that may be billed is an estimate,
kept apart (`Cost.estimate`), so that reports state facts and budgets err on the high side. Where the provider can be
asked later what it charged, the estimate is marked pending.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llmtui.core.cost import NO_COST, Cost, Resolution
from llmtui.core.errors import ConnectionFailed, MalformedResponse, StreamBroken, TimedOut
from llmtui.core.usage import Usage
from llmtui.tokens.estimate import estimate_tokens

if TYPE_CHECKING:
    from llmtui.chat.attempt import Attempt
    from llmtui.core.errors import LlmtuiError

_HANGING_UP = ConnectionFailed | StreamBroken | MalformedResponse
"""What ends the reading from our side, or the line: the provider may have said all of it, and bill it."""


def estimated_usage(attempt: Attempt, input_tokens: int) -> Usage:
    """The usage so far: what was reported, completed by what can be counted in the text that arrived."""
    output = estimate_tokens("".join(attempt.text)) + estimate_tokens("".join(attempt.reasoning))
    reported = attempt.usage
    if reported is None:
        return Usage(input_tokens=input_tokens, output_tokens=output, source="estimate")
    return replace(
        reported,
        input_tokens=reported.input_tokens or input_tokens,
        output_tokens=max(reported.output_tokens, output),
        source="estimate",
        cost_usd=None,
    )


def book(attempt: Attempt, *, state: str, error: LlmtuiError | None, input_tokens: int) -> tuple[Usage | None, Cost]:
    """Usage and cost of an attempt that ended in `state`; `input_tokens` is the estimate made before sending."""
    usage, cost = _book(attempt, state, error, input_tokens)
    hung_up = state == "cancelled" or isinstance(error, _HANGING_UP | TimedOut)
    if hung_up and attempt.sent and attempt.can_be_looked_up and cost.resolution is not Resolution.RESOLVED:
        cost = replace(cost, pending=True)
    return usage, cost


def _book(attempt: Attempt, state: str, error: LlmtuiError | None, input_tokens: int) -> tuple[Usage | None, Cost]:
    if state == "completed":
        return _completed(attempt, input_tokens)
    if state == "rejected":
        return _rejected(attempt, input_tokens)
    if not attempt.sent:
        return None, NO_COST
    guess = estimated_usage(attempt, input_tokens)
    if state == "cancelled":
        if not attempt.opened:
            return guess, _estimate(attempt, guess, Resolution.NONE)
        if attempt.usage is not None and (
            attempt.finished or (attempt.usage_is_current and attempt.usage.output_tokens)
        ):
            return _completed(attempt, input_tokens)
        return guess, _estimate(attempt, guess, Resolution.UNKNOWN)
    if state == "truncated":
        return guess, _estimate(attempt, guess, Resolution.UNKNOWN)
    # failed: nothing is confirmed; text that had streamed, or a request that was given up on, may still be billed: to the
    # provider an answer that broke off once it had begun looks like a client that hung up
    hung_up = attempt.opened and isinstance(error, _HANGING_UP)
    if attempt.has_content or hung_up or isinstance(error, TimedOut):
        return guess, _estimate(attempt, guess, Resolution.NONE)
    return attempt.usage, NO_COST


def _completed(attempt: Attempt, input_tokens: int) -> tuple[Usage | None, Cost]:
    usage = attempt.usage
    if usage is not None:
        cost = attempt.endpoint.cost(usage, attempt.answered_by)
        if cost.resolution is not Resolution.UNKNOWN:
            return usage, cost
    guess = estimated_usage(attempt, input_tokens)
    return guess, _estimate(attempt, guess, Resolution.UNKNOWN)


def _rejected(attempt: Attempt, input_tokens: int) -> tuple[Usage, Cost]:
    """Nothing is confirmed; what the provider may bill all the same is exposure."""
    usage, cost = _completed(attempt, input_tokens)
    usage = usage or estimated_usage(attempt, input_tokens)
    if cost.amount is not None:
        return usage, Cost(None, Resolution.NONE, estimate=cost.amount)
    return usage, _estimate(attempt, usage, Resolution.NONE)


def _estimate(attempt: Attempt, usage: Usage, resolution: Resolution) -> Cost:
    price = attempt.endpoint.price(usage.input_tokens)
    return Cost(None, resolution, estimate=price.cost(usage) if price else None)
