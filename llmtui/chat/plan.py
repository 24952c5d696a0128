"""What a turn is told before it starts, as one value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmtui.chat.candidate import Candidate
    from llmtui.chat.gate import Confirm, Gate
    from llmtui.core.messages import ModelRef
    from llmtui.core.policy import RetryPolicy, Timeouts
    from llmtui.core.request import ChatRequest


class TurnPlan(NamedTuple):
    """All a turn needs to know before it starts."""

    request: ChatRequest
    """Its model is replaced by each candidate's."""
    chain: Sequence[Candidate]
    """The model asked for, then the fallbacks."""
    timeouts: Timeouts
    retry: RetryPolicy
    conversation_id: str
    user_message_id: str
    answer_message_id: str
    input_tokens: int
    """Estimated, unless it is exact for the model that is asked first."""
    gate: Gate
    confirm: Confirm
    warnings: tuple[str, ...] = ()
    """What to say before anything is sent."""
    prefix: str = ""
    """Text that the answer goes on from (continue); part of the message, not of the chunks."""
    metadata: Mapping[str, Any] = {}
    exact_for: ModelRef | None = None
    """The model whose own tokenizer has counted the input; None: it is an estimate."""
    purpose: str = "chat"
    live_cost: bool = True
