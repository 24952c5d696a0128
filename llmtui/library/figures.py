"""What is known of a session at any moment: text, figures, times, from the turn while it runs and from its booking after."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from llmtui.chat.booking import estimated_usage
from llmtui.chat.control import TurnControl
from llmtui.chat.pull import Feed
from llmtui.core.cost import NO_COST, Cost, Resolution
from llmtui.core.events import FinishReason, TurnResult
from llmtui.core.messages import new_id
from llmtui.library.bills import Books

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from llmtui.chat.attempt import Attempt
    from llmtui.chat.lookups import Found
    from llmtui.chat.pull import Pull
    from llmtui.chat.turn import Turn
    from llmtui.core.errors import LlmtuiError
    from llmtui.core.messages import ModelRef
    from llmtui.core.usage import Usage
    from llmtui.library.bills import Bill
    from llmtui.library.request import Ask
    from llmtui.store.records import Settlement


class Figures:
    """The readable side of a session. Everything stays readable when it is over."""

    def __init__(self, ask: Ask) -> None:
        self.id = new_id()
        """Also the `turn_id` of its ledger rows."""
        self.agent_id = ask.agent_id
        self.metadata: Mapping[str, Any] = ask.metadata
        self.start: datetime | None = None
        """When it began, UTC; None before the first chunk was asked for."""
        self.end: datetime | None = None
        """When the answer had ended, however."""
        self.bills: list[Bill] = []
        """What has been booked and is final, attempt by attempt."""
        self._ask = ask
        self._books = Books(ask.library.store)
        self._control = TurnControl()
        self._feed = Feed()
        self._turn: Turn | None = None
        self._pull: Pull | None = None
        self._begun_at = self._ended_at = 0.0
        self._booked_by = ""
        self._error_is_told = False
        self._found: Found | None = None

    # ------------------------------------------------------------------------------------------ what is known of it

    @property
    def model(self) -> ModelRef:
        """Who answers; before that, who is asked."""
        attempt = self._attempt
        return attempt.endpoint.ref if attempt else self._ask.request.model

    @property
    def content(self) -> str:
        """The text that has been received so far."""
        return "".join(self._attempt.text) if self._attempt else ""

    @property
    def reasoning(self) -> str:
        """The visible reasoning that has been received so far."""
        return "".join(self._attempt.reasoning) if self._attempt else ""

    @property
    def usage(self) -> Usage | None:
        """The tokens: as booked, else as far as they are known (`source` says whether they were reported); None before."""
        if self._found is not None and self._found.usage is not None:
            return self._found.usage
        if self._books.last is not None:
            return self._books.last.usage
        attempt = self._attempt
        if attempt is None or not attempt.sent:
            return None
        is_whole = self._feed.lingers and attempt.usage is not None
        return attempt.usage if is_whole else estimated_usage(attempt, self._ask.input_tokens)

    @property
    def cost(self) -> Cost:
        """What it was booked with. Before that nothing is confirmed, and `estimate` is what it may come to so far."""
        last = self._books.last
        if last is not None:
            return self._final_cost(last)
        usage, attempt = self.usage, self._attempt
        price = attempt.endpoint.price(usage.input_tokens) if attempt and usage else None
        return Cost(None, Resolution.NONE, estimate=price.cost(usage)) if price and usage else NO_COST

    @property
    def duration(self) -> float:
        """Seconds from its beginning to its end, or to now."""
        if not self._begun_at:
            return 0.0
        return (self._ended_at or time.monotonic()) - self._begun_at

    @property
    def first_token_s(self) -> float | None:
        """Seconds from the request to the first text or reasoning."""
        return self._attempt.ttft_s if self._attempt else None

    @property
    def tokens_per_second(self) -> float | None:
        """Output over the time from first to last content; None below two pieces."""
        usage = self.usage
        return self._attempt.tokens_per_second(usage.output_tokens) if self._attempt and usage else None

    @property
    def chunk_count(self) -> int:
        """Chunks so far, those included that have arrived and were not taken yet."""
        return self._attempt.chunk_count if self._attempt else 0

    @property
    def finish_reason(self) -> FinishReason | None:
        """None while the answer is arriving."""
        if self._books.last is not None:
            return self._books.last.finish_reason
        finished = self._attempt.finished if self._attempt and self._feed.lingers else None
        return finished.reason if finished else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know and what stopped nothing: a dropped parameter, a budget nearly used up."""
        return tuple(self._feed.warnings)

    @property
    def error(self) -> LlmtuiError | None:
        """What went wrong; the text so far is kept."""
        return self._feed.result.error if self._feed.result else None

    @property
    def is_finished(self) -> bool:
        """The answer has ended: complete, cut off, stopped or failed."""
        return self.end is not None

    @property
    def is_settled(self) -> bool:
        """What it cost has been booked."""
        return self._pull is not None and self._pull.is_over

    @property
    def result(self) -> TurnResult:
        """All figures as one value, as far as they are known now."""
        return TurnResult(
            turn_id=self.id,
            conversation_id="",
            user_message_id="",
            answer_message_id="",
            model=self.model,
            content=self.content,
            reasoning=self.reasoning,
            finish_reason=self.finish_reason or FinishReason.TRUNCATED,
            usage=self.usage,
            cost=self.cost,
            ttft_s=self.first_token_s,
            duration_s=self.duration,
            tokens_per_second=self.tokens_per_second,
            chunk_count=self.chunk_count,
            attempts=self._feed.result.attempts if self._feed.result else (),
            warnings=self.warnings,
            error=self.error,
        )

    def to_dict(self) -> dict[str, Any]:
        """The summary object of the command line's contract, with what a session knows besides; JSON can hold it."""
        known = self.result.to_dict()
        del known["conversation_id"]
        return {
            **known,
            "type": "session",
            "agent_id": self.agent_id,
            "metadata": dict(self.metadata),
            "finish_reason": self.finish_reason,
            "start": self.start.isoformat() if self.start else None,
            "end": self.end.isoformat() if self.end else None,
            "is_finished": self.is_finished,
            "is_settled": self.is_settled,
        }

    def __repr__(self) -> str:
        how = "settled" if self.is_settled else "finished" if self.is_finished else "open"
        return f"<{type(self).__name__} {self.id} {self.model} {how}, {self.chunk_count} chunks>"

    @property
    def _attempt(self) -> Attempt | None:
        return self._turn.attempt if self._turn else None

    def _final_cost(self, settlement: Settlement) -> Cost:
        found = self._found
        if found is None or found.attempt_id != settlement.attempt_id or found.cost.pending:
            return settlement.cost
        return found.cost if found.cost.amount is not None else replace(settlement.cost, pending=False)
