"""Learns from what providers report how far estimates of input are off (TOK-1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.chat.compose import text_of
from llmtui.tokens.estimate import estimate_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.chat.plan import TurnPlan
    from llmtui.core.events import TurnResult
    from llmtui.core.messages import Message
    from llmtui.tokens.counts import Counts

TELLING_TOKENS = 100
"""Of a smaller request what the provider adds by itself would be taken for the text's."""


def calibrate(counts: Counts, plan: TurnPlan, result: TurnResult) -> bool:
    """Compare the provider's count with the estimate where that can be done; whether something was learnt."""
    usage = result.usage
    if plan.exact_for is not None or usage is None or usage.source != "provider" or result.model.provider == "demo":
        return False
    estimated = uncalibrated(plan.request.messages)
    return (
        estimated is not None
        and estimated >= TELLING_TOKENS
        and counts.observe(result.model.provider, estimated, usage.input_tokens)
    )


def uncalibrated(messages: Sequence[Message]) -> int | None:
    """The estimate that a provider's report is compared with; None where images or sealed reasoning would blur it."""
    if any(message.opaque or any(item.is_image for item in message.attachments) for message in messages):
        return None
    return estimate_request(text_of(message) for message in messages)
