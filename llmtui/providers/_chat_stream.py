"""The one reader of streamed chat completions, whichever server speaks: OpenAI, or one of the many that resemble it.

What they do differently is taken as it comes rather than told apart by name: reasoning under two names, content as text
or as a list of parts, usage in four places, errors as text or object, choices missing, `[DONE]` missing or after an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.core.errors import LlmtuiError, Overloaded, ProviderError, ServerError
from llmtui.core.events import FinishReason
from llmtui.providers._chat_usage import read_chat_usage, read_timings, with_timings
from llmtui.providers._faults import identified
from llmtui.providers._frames import FrameDecoder
from llmtui.providers._json import parse_exact
from llmtui.providers._usage import UsageMeter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.core.events import StreamEvent
    from llmtui.core.request import ChatRequest
    from llmtui.providers.base import Target

FINISH_REASONS = {
    "stop": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "eos_token": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
    "content_filtered": FinishReason.CONTENT_FILTER,
    "sensitive": FinishReason.CONTENT_FILTER,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
}
"""Any other word is an explicit end too, and counts as `stop`, except for these:"""
_FAILURES: dict[str, type[ProviderError]] = {
    "error": ServerError,
    "abort": ServerError,
    "cancelled": ServerError,
    "network_error": ServerError,
    "insufficient_system_resource": Overloaded,
}


class ChatDecoder(FrameDecoder):
    """Reads one answer. Subclasses override `_delta` or `_choice` for what their server adds."""

    def __init__(self, request: ChatRequest, target: Target) -> None:
        super().__init__(request, target)
        self._meter = UsageMeter(read_chat_usage)
        self._identity: tuple[str | None, str | None] = (None, None)

    def _done(self, out: list[StreamEvent]) -> None:
        self._frames += 1
        self._end(out)

    def _ending(self, out: list[StreamEvent]) -> None:
        out += self._meter.end(text_seen=self._text_seen)

    def _frame(self, frame: Mapping[str, Any], out: list[StreamEvent]) -> None:
        if None in self._identity:
            self._identify(frame, out)
        choices = frame.get("choices")
        if isinstance(choices, list):
            for choice in choices:
                if isinstance(choice, dict) and not choice.get("index"):
                    self._choice(choice, out)
        usage, timings = frame.get("usage"), frame.get("timings")
        if usage is not None:
            self._usage(with_timings(usage, timings), out)
        elif isinstance(timings, dict):
            self._usage(read_timings(timings), out)
        groq = frame.get("x_groq")
        if isinstance(groq, dict):
            if groq.get("error"):
                self._fail(out, self._fault(groq))
            else:
                self._usage(groq.get("usage"), out)

    def _choice(self, choice: Mapping[str, Any], out: list[StreamEvent]) -> None:
        """One choice: its delta, and the finish reason where it has one."""
        delta = choice.get("delta")
        if not delta and not self._text_seen:  # an answer in one piece; behind deltas it only says them again
            delta = choice.get("message")
        if isinstance(delta, dict):
            self._delta(delta, out)
        if "usage" in choice:
            self._usage(choice["usage"], out)
        reason = choice.get("finish_reason")
        if reason and isinstance(reason, str) and reason != "null" and not self._finished:
            self._stop(reason, out)

    def _delta(self, delta: Mapping[str, Any], out: list[StreamEvent]) -> None:
        """What one delta adds: reasoning, text, the words of a refusal."""
        reasoning = delta.get("reasoning_content") or delta.get("reasoning")
        if reasoning:
            self._think(reasoning, out)
        content = delta.get("content")
        if content:
            if isinstance(content, str):
                self._say(content, out)
            elif isinstance(content, list):
                self._parts(content, out)
        refusal = delta.get("refusal")
        if refusal:
            self._say(refusal, out)

    def _parts(self, parts: list[Any], out: list[StreamEvent]) -> None:
        for part in parts:
            if not isinstance(part, dict):
                continue
            if "thinking" in part:
                thoughts = part["thinking"]
                for thought in thoughts if isinstance(thoughts, list) else [thoughts]:
                    self._think(thought.get("text") if isinstance(thought, dict) else thought, out)
            else:
                self._say(part.get("text"), out)

    def _stop(self, reason: str, out: list[StreamEvent]) -> None:
        if failure := _FAILURES.get(reason):
            error = failure(
                f"{self._target.name} broke the answer off: finish reason “{reason}”",
                advice="Try again, or choose another model with -m.",
                code=reason,
            )
            self._fail(out, error)
        else:
            self._finish(out, FINISH_REASONS.get(reason, FinishReason.STOP), reason)

    def _identify(self, frame: Mapping[str, Any], out: list[StreamEvent]) -> None:
        known = tuple(old or _name(frame.get(key)) for old, key in zip(self._identity, ("id", "model"), strict=True))
        if known != self._identity:
            self._identity = (known[0], known[1])
            out.append(identified(self._identity, self._target))

    def _usage(self, usage: object, out: list[StreamEvent]) -> None:
        if isinstance(usage, dict) and "cost" in usage:
            usage = _exact_usage(self._data) or usage
        out += self._meter.report(usage, text_seen=self._text_seen)

    def _no_stream(self, out: list[StreamEvent]) -> None:
        """No event in the whole body: an error or a whole answer in plain JSON, a web page, or nothing."""
        text = "\n".join(self._parser.stray).strip()
        if text.startswith(("{", "[")):
            self._event("", text, out)
        else:
            super()._no_stream(out)


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _exact_usage(data: str) -> object:
    """The frame's usage again, its amounts as Decimal: only frames with a cost are read twice."""
    try:
        frame = parse_exact(data)
    except LlmtuiError:
        return None
    if isinstance(frame, list) and frame:
        frame = frame[0]
    if not isinstance(frame, dict):
        return None
    choices = frame.get("choices")
    for holder in (frame, frame.get("x_groq"), *(choices if isinstance(choices, list) else ())):
        if isinstance(holder, dict) and isinstance(holder.get("usage"), dict):
            return holder["usage"]
    return None
