"""Tells what happens while an answer comes: thinking, first token, every wait with its length, how it ended, what it cost."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

from llmtui.chat.queueing import AWAY
from llmtui.core.cost import Resolution, format_usd
from llmtui.core.events import (
    AttemptStarted,
    ChunkArrived,
    FallbackChosen,
    FinishReason,
    Noted,
    RetryScheduled,
    TurnSettled,
)

if TYPE_CHECKING:
    from llmtui.core.cost import Cost
    from llmtui.core.errors import LlmtuiError
    from llmtui.core.events import StreamChunk, TurnEvent, TurnResult
    from llmtui.core.usage import Usage
    from llmtui.plain.voice import Voice

_SAY_AFTER_S = (5.0, 10.0, 20.0, 30.0)
"""When a wait without a token is mentioned; then as often as the last."""


class Narrator:
    """The sink of one turn. Reasoning is announced; its text is told only where it was asked for (`-v`)."""

    def __init__(self, voice: Voice, *, verbose: bool, aside: bool = False) -> None:
        """`aside`: it is no answer of the conversation, so that no command goes on from it."""
        self._voice = voice
        self._aside = aside
        self._verbose = verbose
        self._reasoning = self._answering = False
        self._began_at = 0.0
        self._watch: Watch | None = None

    def event(self, event: TurnEvent) -> None:
        kind = type(event)
        if kind is ChunkArrived:
            self._chunk(event.chunk)  # type: ignore[union-attr]
            return
        self._quiet()
        match event:
            case AttemptStarted():
                again = f", attempt {event.number}" if event.number > 1 else ""
                self._voice.line(f"thinking: {event.model}{again}")
                self._began_at = time.monotonic()
                self._reasoning = self._answering = False
                self._watch = Watch(self._voice, "still thinking")
            case RetryScheduled():
                self._voice.line(
                    f"waiting {event.wait_s:.1f} s, then retry {event.retry} of {event.max_retries}: {event.error.message}"
                )
            case FallbackChosen():
                self._voice.line(f"fallback: {event.failed} failed ({event.error.message}); asking {event.chosen}")
            case Noted():
                self._voice.line(f"note: {event.text}")
            case TurnSettled(result):
                self._voice.end_text()
                self._settled(result)
            case _:
                pass

    def close(self) -> None:
        """Nothing more will come, however it ended."""
        self._quiet()
        self._voice.end_text()

    def _quiet(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.stop()

    def _chunk(self, chunk: StreamChunk) -> None:
        waited = time.monotonic() - self._began_at
        if chunk.reasoning and not self._answering:
            if not self._reasoning:
                self._reasoning = True
                self._quiet()
                self._voice.line(f"reasoning, first token after {waited:.2f} s")
                if not self._verbose:
                    self._watch = Watch(self._voice, "still reasoning")
            if self._verbose:
                self._voice.text(chunk.reasoning)
        elif chunk.content:
            if not self._answering:
                self._answering = True
                self._quiet()
                if self._verbose and self._reasoning:
                    self._voice.end_text()
                self._voice.line(
                    f"answer after {waited:.2f} s:" if self._reasoning else f"answer, first token after {waited:.2f} s:"
                )
            self._voice.text(chunk.content)

    def _settled(self, result: TurnResult) -> None:
        if result.error is None and not result.content and result.finish_reason is FinishReason.STOP:
            self._voice.line("(empty answer)")
        if result.error is not None:
            self._voice.line(f"failed: {result.error.sentence}")
        if result.attempts:
            self._voice.line(figures(result))
        if not self._aside and (ways := ways_on(result)):
            self._voice.line(f"ways on: {ways}")


class Watch:
    """Says now and then that a wait goes on, with its length, from a thread of its own."""

    def __init__(self, voice: Voice, words: str) -> None:
        self._voice = voice
        self._words = words
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="llmtui-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        begun = time.monotonic()
        steps = list(_SAY_AFTER_S)
        while not self._over.wait(max(0.0, begun + steps[0] - time.monotonic())):
            self._voice.line(f"{self._words}, {steps[0]:.0f} s")
            steps = steps[1:] or [steps[0] + _SAY_AFTER_S[-1]]


def figures(result: TurnResult) -> str:
    """`done: 24 tokens in, 156 out, 180 in all; $0.00042; first token 0.38 s; 2.3 s in all; 68 tokens a second`."""
    parts = [*_tokens(result.usage), cost_words(result.cost)]
    if result.ttft_s is not None:
        parts.append(f"first token {result.ttft_s:.2f} s")
    parts.append(f"{result.duration_s:.1f} s in all")
    if result.tokens_per_second is not None:
        parts.append(f"{result.tokens_per_second:.0f} tokens a second")
    return f"{_ENDINGS.get(result.finish_reason, 'done')}: " + "; ".join(part for part in parts if part)


_ENDINGS = {
    FinishReason.CANCELLED: "stopped",
    FinishReason.TRUNCATED: "cut off",
    FinishReason.ERROR: "not answered",
    FinishReason.CONTENT_FILTER: "stopped by the content filter",
    FinishReason.LENGTH: "done, cut at the output limit",
}


def _tokens(usage: Usage | None) -> list[str]:
    if usage is None:
        return ["tokens not known"]
    about = "about " if usage.source == "estimate" else ""
    parts = f"{about}{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out, {usage.total_tokens:,} in all"
    if usage.cache_read_tokens:
        parts += f", {usage.cache_read_tokens:,} of them cached"
    if usage.reasoning_tokens:
        parts += f", {usage.reasoning_tokens:,} for reasoning"
    return [parts]


def cost_words(cost: Cost) -> str:
    """`$0.0042`, `about $0.0042`, or why there is none; empty where nothing was accepted."""
    if cost.amount is not None:
        return format_usd(cost.amount)
    if cost.estimate is not None:
        return f"about {format_usd(cost.estimate)}"
    return {Resolution.UNPRICED: "price not known", Resolution.UNKNOWN: "cost not known"}.get(cost.resolution, "")


def ways_on(result: TurnResult) -> str:
    """What to type after an answer that is not whole, or that is none; empty when all is well."""
    error: LlmtuiError | None = result.error
    if error is None and result.finish_reason not in (FinishReason.CANCELLED, FinishReason.LENGTH):
        return ""
    ways = ["/continue goes on from here"] if result.content else []
    ways.append("/retry tries again")
    if error is not None:
        ways.append("/model asks another")
        if error.kind in AWAY and not result.content:
            ways += ["/queue sends it when the provider is back", "/earlier looks for an earlier answer"]
        if error.kind in ("authentication", "permission"):
            ways.insert(0, "/keys shows where the key comes from")
        if error.kind in ("budget", "context_too_long"):
            ways += ["/context drop and /summarise make it smaller", "/new begins anew"]
    return ", ".join(ways)
