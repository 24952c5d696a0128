"""An answer while it arrives: what the events of its turn say so far, and how that reads in one line."""

from __future__ import annotations

import time
from collections import deque
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from llmtui.chat.control import TurnControl
from llmtui.core.events import (
    AttemptStarted,
    ChunkArrived,
    FallbackChosen,
    Noted,
    RetryScheduled,
    TurnSettled,
    TurnStarted,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmtui.core.events import TurnEvent, TurnResult
    from llmtui.core.messages import Message, ModelRef
    from llmtui.tui.talk import Question

SPEED_SAMPLES = 6


class Phase(StrEnum):
    """How far the turn is."""

    THINKING = "thinking"
    STREAMING = "streaming"
    RETRYING = "retrying"
    STOPPING = "stopping"
    SETTLED = "settled"


class LiveTurn:
    """Takes a turn's events; keeps the whole text, so that another conversation can be looked at meanwhile."""

    def __init__(
        self,
        model: ModelRef | None,
        *,
        question: Question | None = None,
        branch_parent: str | Literal[False] | None = False,
        edited: str | None = None,
        prefix: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`branch_parent`: the message an edited question follows, None for the root, False when nothing was edited.

        `edited`: the question that this one is another version of.

        `prefix`: the text of a cut answer that is continued.
        """
        self.model = model
        self.question = question
        self.branch_parent = branch_parent
        self.edited = edited
        self.before: tuple[str | None, list[Message]] = (None, [])
        """The conversation's id and messages when this turn began: what returns when nothing was sent."""
        self.prefix = prefix
        self.relabelled = False
        self.control = TurnControl()
        self.phase = Phase.THINKING
        self.user_message_id = ""
        self.answer_id = ""
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.notes: list[str] = []
        self.tokens = 0
        """Output so far, estimated."""
        self.cost: Decimal | None = None
        """Of the output so far, estimated USD; None before the first and without a price."""
        self.retry: RetryScheduled | None = None
        self.result: TurnResult | None = None
        self.speeds: deque[float] = deque(maxlen=SPEED_SAMPLES)
        self._clock = clock
        self.started = clock()
        self._retry_at = 0.0
        self._reasoned_until: float | None = None
        self._sampled_at = self.started
        self._sampled_tokens = 0

    def take(self, event: TurnEvent) -> None:
        """Note what an event says."""
        match event:
            case ChunkArrived(chunk):
                self.tokens += chunk.tokens
                if chunk.cost is not None:
                    self.cost = (self.cost or Decimal(0)) + chunk.cost
                if chunk.reasoning:
                    self.reasoning.append(chunk.reasoning)
                    self._reasoned_until = self._clock()
                if chunk.content:
                    self.text.append(chunk.content)
                if self.phase is not Phase.STOPPING and (chunk.content or chunk.reasoning):
                    self.phase = Phase.STREAMING
            case TurnStarted():
                self.user_message_id, self.answer_id = event.user_message_id, event.answer_message_id
            case AttemptStarted():
                self.relabelled = self.relabelled or event.model != self.model
                self.model, self.retry = event.model, None
                if self.phase is Phase.RETRYING:
                    self.phase = Phase.THINKING
            case RetryScheduled():
                self.retry, self._retry_at = event, self._clock() + event.wait_s
                if self.phase is not Phase.STOPPING:
                    self.phase = Phase.RETRYING
            case FallbackChosen():
                self.notes.append(f"{event.failed} failed ({event.error.message}); {event.chosen} answers instead.")
            case Noted():
                self.notes.append(event.text)
            case TurnSettled(result):
                self.result, self.phase = result, Phase.SETTLED

    def stop(self) -> None:
        """Ask for the end; the turn settles first."""
        self.phase = Phase.STOPPING
        self.control.cancel()

    @property
    def elapsed_s(self) -> float:
        return self._clock() - self.started

    @property
    def retry_in_s(self) -> float:
        return max(0.0, self._retry_at - self._clock())

    @property
    def reasoning_s(self) -> float | None:
        """How long the model reasoned so far; None when it did not."""
        return None if self._reasoned_until is None else self._reasoned_until - self.started

    def sample(self) -> None:
        """Note the speed since the last sample."""
        now = self._clock()
        if self.phase is Phase.STREAMING and now > self._sampled_at:
            self.speeds.append((self.tokens - self._sampled_tokens) / (now - self._sampled_at))
        self._sampled_at, self._sampled_tokens = now, self.tokens

    def words(self) -> str:
        """What is going on, beyond thinking and streaming; empty for those."""
        if self.phase is Phase.STOPPING:
            return "stopping"
        if self.phase is Phase.RETRYING and self.retry is not None:
            left = f"{self.retry_in_s:.0f} s"
            return f"retrying {self.retry.retry}/{self.retry.max_retries} in {left}: {self.retry.error.message}"
        return ""

    def state(self) -> tuple[str, str]:
        """What the status bar says of it, and the colour it says it in."""
        if self.phase is Phase.RETRYING and self.retry is not None:
            return f"retrying {self.retry.retry}/{self.retry.max_retries} in {self.retry_in_s:.0f} s", "warning"
        if self.phase is Phase.THINKING:
            return f"thinking {self.elapsed_s:.1f} s", "accent"
        return str(self.phase), "accent"
