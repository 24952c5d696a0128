"""What a one-shot run says on stderr: waits and fallbacks while it runs, a summary line at the end, and every error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.core.cost import Resolution, format_usd
from llmtui.core.events import AttemptStarted, FallbackChosen, FinishReason, Noted, RetryScheduled

if TYPE_CHECKING:
    from llmtui.core.events import TurnEvent, TurnResult
    from llmtui.waiting import Waiting


def say(text: str) -> None:
    """One line on stderr, cleaned; silent when stderr is gone."""
    from llmtui.core.sanitize import clean_line
    from llmtui.waiting import to_stderr

    to_stderr(f"llmtui: {clean_line(text)}\n")


class Progress:
    """Speaks when somebody may be watching (a terminal, or -v); warnings about money are always said."""

    def __init__(self, *, watched: bool, deferred: bool = False) -> None:
        """`deferred`: the output shows nothing before the answer is complete."""
        self._watched = watched
        self._deferred = deferred
        self._waiting: Waiting | None = None
        if watched:
            from llmtui.waiting import Waiting, can_rewrite

            self._waiting = Waiting(live=can_rewrite())
        self.sees_chunks = watched
        """It wants to hear of the next chunk: a wait ends with it."""

    def wait(self, what: str, *, limit_s: float | None = None) -> None:
        """Something begins that may take long."""
        if self._waiting:
            self._waiting.begin(what, limit_s=limit_s)

    def over(self) -> None:
        """It has ended: the line is free for others."""
        if self._waiting:
            self._waiting.end()

    def tell(self, text: str) -> None:
        """A sentence that must be said, from whichever thread."""
        self.over()
        say(text)

    def chunk(self, content: str) -> None:
        """A chunk has arrived; called while `sees_chunks`. Reasoning is not shown: the wait goes on."""
        if content:
            self.sees_chunks = False
            if not self._deferred:
                self.over()

    def event(self, event: TurnEvent) -> None:
        """Any event but a chunk."""
        kind = type(event)
        if kind is AttemptStarted:
            self.sees_chunks = self._watched
            self.wait(f"waiting for {event.model} …")  # type: ignore[union-attr]
        elif kind is RetryScheduled:
            if self._watched:
                self.tell(f"{event.error.message}; retry {event.retry}/{event.max_retries} in {event.wait_s:.1f} s")  # type: ignore[union-attr]
                self.wait("trying again in", limit_s=event.wait_s)  # type: ignore[union-attr]
        elif kind is FallbackChosen:
            if self._watched:
                self.tell(f"{event.failed} failed ({event.error.message}); asking {event.chosen}")  # type: ignore[union-attr]
        elif kind is Noted and (self._watched or event.must_be_said):  # type: ignore[union-attr]
            self.tell(event.text)  # type: ignore[union-attr]

    def end(self, result: TurnResult) -> None:
        if self._watched and result.error is None:
            say(summary_line(result))


def summary_line(result: TurnResult) -> str:
    """`provider/model · 24 in · 156 out · $0.00042 · first token 0.38 s · 2.3 s · 68 tok/s`; estimates are marked ~."""
    parts = [str(result.model)]
    usage, cost = result.usage, result.cost
    if usage:
        mark = "~" if usage.source == "estimate" else ""
        parts += [f"{mark}{usage.input_tokens} in", f"{mark}{usage.output_tokens} out"]
    if cost.amount is not None:
        parts.append(format_usd(cost.amount))
    elif cost.estimate is not None:
        parts.append("~" + format_usd(cost.estimate))
    elif cost.resolution is not Resolution.NONE:
        parts.append("cost ?" if cost.resolution is Resolution.UNKNOWN else "no price known")
    if result.ttft_s is not None:
        parts.append(f"first token {result.ttft_s:.2f} s")
    parts.append(f"{result.duration_s:.1f} s")
    if result.tokens_per_second is not None:
        parts.append(f"{result.tokens_per_second:.0f} tok/s")
    if result.finish_reason is FinishReason.CANCELLED:
        parts.insert(0, "stopped, what had arrived is in the history")
    return " · ".join(parts)
