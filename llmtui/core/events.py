"""What happens while an answer streams.

Two families. *Stream events* come from a provider's decoder and say what the wire said. *Turn events* go from the turn
into a front end's sink and say what a person should see. Events are named tuples, not dataclasses: hundreds of thousands
are made in a long answer, and a frozen dataclass costs four times as much to make and eight times as much to define.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from llmtui.core.cost import Cost
    from llmtui.core.errors import LlmtuiError, ProviderError
    from llmtui.core.messages import ModelRef
    from llmtui.core.usage import Usage


class FinishReason(StrEnum):
    """Why an answer ended."""

    STOP = "stop"
    LENGTH = "length"
    CONTENT_FILTER = "content_filter"
    TOOL_CALLS = "tool_calls"
    CANCELLED = "cancelled"
    TRUNCATED = "truncated"  # ended without the provider's terminal mark
    ERROR = "error"


# ------------------------------------------------------------------------------------------------- stream events


class TextDelta(NamedTuple):
    """A piece of the answer's text; never empty."""

    text: str


class ReasoningDelta(NamedTuple):
    """A piece of the model's visible reasoning; never empty."""

    text: str


class OpaqueReasoning(NamedTuple):
    """Reasoning state to store with the message and send back as it came."""

    item: Mapping[str, Any]


class Identified(NamedTuple):
    """The response's id at the provider, and the model that answers; either may be missing."""

    response_id: str | None
    model: str | None


class UsageReported(NamedTuple):
    """The usage as known so far. Cumulative and merged by the decoder: the latest replaces the ones before.

    `usage` is None when what was reported makes no sense (negative, absurd, textual): then the cost is unknown.
    """

    usage: Usage | None


class Finished(NamedTuple):
    """The provider's finish reason, mapped. Usage may still follow."""

    reason: FinishReason
    native: str = ""
    """The provider's own word for it."""
    explanation: str = ""
    """What the provider says about a refusal; empty as a rule."""


class StreamEnded(NamedTuple):
    """The provider's terminal mark: nothing follows, whether or not the connection is closed."""


class StreamFailed(NamedTuple):
    """An error inside the stream. Nothing that follows it counts."""

    error: ProviderError


StreamEvent = (
    TextDelta | ReasoningDelta | OpaqueReasoning | Identified | UsageReported | Finished | StreamEnded | StreamFailed
)


# ------------------------------------------------------------------------------------------------- chunks


class StreamChunk(NamedTuple):
    """A piece of an answer as a caller sees it; indices run 0..N-1, only the last has a finish reason."""

    index: int  # type: ignore[assignment]  # hides the tuple's method of that name, which nobody needs here
    content: str
    reasoning: str | None
    finish_reason: FinishReason | None
    provider: str
    model: str
    tokens: int
    """This chunk's output tokens, estimated."""
    cost: Decimal | None
    """This chunk's output in USD, estimated; None without a price."""
    timestamp: float
    """Seconds since 1970, UTC."""
    metadata: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The chunk object of the command line's contract."""
        stamp = datetime.fromtimestamp(self.timestamp, UTC).isoformat(timespec="milliseconds")
        return {
            "type": "chunk",
            "index": self.index,
            "content": self.content,
            "reasoning": self.reasoning,
            "finish_reason": self.finish_reason,
            "provider": self.provider,
            "model": self.model,
            "tokens": self.tokens,
            "cost_usd": None if self.cost is None else format(self.cost, "f"),
            "timestamp": stamp.replace("+00:00", "Z"),
            "metadata": dict(self.metadata),
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"))

    def to_sse(self) -> str:
        return f"data: {self.to_json()}\n\n"


# ------------------------------------------------------------------------------------------------- turn events


class TurnStarted(NamedTuple):
    """A turn begins; its ids are known from here on. The question is stored with the first attempt."""

    turn_id: str
    conversation_id: str
    user_message_id: str
    answer_message_id: str


class AttemptStarted(NamedTuple):
    """A request is about to be sent."""

    attempt_id: str
    model: ModelRef
    number: int
    """1 for the first attempt of the turn."""


class ChunkArrived(NamedTuple):
    """Text or reasoning arrived."""

    chunk: StreamChunk


class RetryScheduled(NamedTuple):
    """An attempt failed and the same model is asked again after a wait, which can be cut short."""

    error: ProviderError
    wait_s: float
    retry: int
    """1 for the first retry of this model."""
    max_retries: int


class FallbackChosen(NamedTuple):
    """The next model of the chain takes over."""

    failed: ModelRef
    error: LlmtuiError
    chosen: ModelRef


class Noted(NamedTuple):
    """Something the reader should know and that stops nothing: a dropped parameter, a budget warning."""

    text: str
    must_be_said: bool = False
    """Also where nobody watches: it is about money, or the answer is not whole."""


class TurnSettled(NamedTuple):
    """The turn is over and its bill is committed; always the last event of a turn."""

    result: TurnResult


TurnEvent = TurnStarted | AttemptStarted | ChunkArrived | RetryScheduled | FallbackChosen | Noted | TurnSettled


class AttemptOutcome(NamedTuple):
    """One request of a turn, as the summary and the failure screen show it."""

    attempt_id: str
    model: ModelRef
    error: LlmtuiError | None
    wait_s: float
    """How long was waited after it, before the next one."""


class TurnResult(NamedTuple):
    """All there is to know of a turn that is over."""

    turn_id: str
    conversation_id: str
    user_message_id: str
    answer_message_id: str
    model: ModelRef
    """The provider and model that answered (or were asked last)."""
    content: str
    reasoning: str
    finish_reason: FinishReason
    usage: Usage | None
    """None when nothing is known; `source` says whether it was reported or estimated."""
    cost: Cost
    ttft_s: float | None
    """From the request's last byte written to the first text or reasoning."""
    duration_s: float
    tokens_per_second: float | None
    """Output over the time from first to last content; None below two chunks."""
    chunk_count: int
    attempts: tuple[AttemptOutcome, ...]
    warnings: tuple[str, ...]
    error: LlmtuiError | None

    def to_dict(self) -> dict[str, Any]:
        """The summary object of the command line's contract."""
        usage, cost = self.usage, self.cost
        return {
            "type": "summary",
            "id": self.turn_id,
            "conversation_id": self.conversation_id,
            "provider": self.model.provider,
            "model": self.model.name,
            "content": self.content,
            "reasoning": self.reasoning or None,
            "finish_reason": self.finish_reason,
            "usage": {
                "input_tokens": usage.input_tokens if usage else 0,
                "cached_input_tokens": usage.cache_read_tokens if usage else 0,
                "cache_write_tokens": usage.cache_write_tokens if usage else 0,
                "output_tokens": usage.output_tokens if usage else 0,
                "reasoning_tokens": usage.reasoning_tokens if usage else 0,
                "total_tokens": usage.total_tokens if usage else 0,
                "source": usage.source if usage else "estimate",
            },
            "cost": {
                "usd": None if cost.amount is None else format(cost.amount, "f"),
                "estimate_usd": None if cost.estimate is None else format(cost.estimate, "f"),
                "resolution": str(cost.resolution),
                "source": cost.source,
                "pending": cost.pending,
            },
            "timing": {
                "ttft_ms": None if self.ttft_s is None else round(self.ttft_s * 1000, 3),
                "duration_ms": round(self.duration_s * 1000, 3),
                "tokens_per_second": None if self.tokens_per_second is None else round(self.tokens_per_second, 2),
                "chunk_count": self.chunk_count,
            },
            "attempts": [
                {
                    "provider": attempt.model.provider,
                    "model": attempt.model.name,
                    "error": attempt.error.kind if attempt.error else None,
                    "wait_s": round(attempt.wait_s, 3),
                }
                for attempt in self.attempts
            ],
            "warnings": list(self.warnings),
            "error": self.error.to_dict() if self.error else None,
        }


Sink: TypeAlias = "Callable[[TurnEvent], None]"
"""Where a turn's events go: synchronous, quick, never raising."""
