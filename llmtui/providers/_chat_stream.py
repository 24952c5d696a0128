"""The one reader of streamed chat completions, whichever server speaks: OpenAI, or one of the many that resemble it.

What they do differently is taken as it comes rather than told apart by name: reasoning under two names, content as text
or as a list of parts, usage in four places, errors as text or object, choices missing, `[DONE]` missing or after an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.core.errors import LlmtuiError, MalformedResponse, Overloaded, ProviderError, ServerError
from llmtui.core.events import (
    Finished,
    FinishReason,
    ReasoningDelta,
    StreamEnded,
    StreamFailed,
    TextDelta,
)
from llmtui.providers._chat_usage import read_chat_usage, read_timings
from llmtui.providers._faults import broken_frame, identified, stream_error
from llmtui.providers._json import TextJoiner, parse, parse_exact, quote
from llmtui.providers._sse import SseParser
from llmtui.providers._usage import UsageMeter

if TYPE_CHECKING:
    from llmtui.core.events import StreamEvent
    from llmtui.core.request import ChatRequest
    from llmtui.providers._sse import SseEvent
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


class ChatDecoder:
    """Reads one answer. Subclasses override `_delta` or `_choice` for what their server adds."""

    def __init__(self, request: ChatRequest, target: Target) -> None:
        self._request = request
        self._target = target
        self._parser = SseParser()
        self._meter = UsageMeter(read_chat_usage)
        self._text = TextJoiner()
        self._reasoning = TextJoiner()
        self._identity: tuple[str | None, str | None] = (None, None)
        self._text_seen = False
        self._finished = False
        self._over = False
        self._frames = 0

    def feed(self, data: bytes) -> list[StreamEvent]:
        """Take the next bytes as they came, split anywhere; return the events they complete."""
        out: list[StreamEvent] = []
        if not self._over:
            try:
                self._read(self._parser.feed(data), out)
            except ProviderError as error:
                self._fail(error, out)
        return out

    def close(self) -> list[StreamEvent]:
        """The connection has ended; return what an unfinished last line still says."""
        out: list[StreamEvent] = []
        if self._over:
            return out
        try:
            self._read(self._parser.close(), out)
            if not self._frames and not self._over:
                self._no_stream(out)
        except ProviderError as error:
            if not self._finished:  # after the finish reason a connection may break off as it likes
                self._fail(error, out)
        if not self._over:
            out += self._meter.end(text_seen=self._text_seen)
            self._over = True
        return out

    def _read(self, events: list[SseEvent], out: list[StreamEvent]) -> None:
        for kind, data in events:
            if data.startswith("[DONE]"):
                out += self._meter.end(text_seen=self._text_seen)
                out.append(StreamEnded())
                self._frames += 1
                self._over = True
            elif data:
                self._event(kind, data, out)
            if self._over:
                return

    def _event(self, kind: str, data: str, out: list[StreamEvent]) -> None:
        try:
            frame = parse(data, self._target)
        except MalformedResponse:
            if kind not in {"", "message", "error"}:  # an event of the server's own, such as a ping in plain words
                return
            frame = data if kind == "error" else None
            if frame is None:
                raise
        if isinstance(frame, list) and len(frame) == 1:
            frame = frame[0]
        if kind == "error":
            self._fail(self._fault(frame), out)
        elif isinstance(frame, dict):
            self._frames += 1
            self._frame(frame, data, out)
        else:
            raise MalformedResponse(
                f"{self._target.name} sent a frame that is no answer: {quote(data, self._target)}",
                advice="Check that base_url leads to a model server.",
            )

    def _frame(self, frame: dict[str, Any], data: str, out: list[StreamEvent]) -> None:
        if frame.get("error") or frame.get("object") == "error" or frame.get("type") == "error":
            self._fail(self._fault(frame), out)
            return
        if None in self._identity:
            self._identify(frame, out)
        choices = frame.get("choices")
        if isinstance(choices, list):
            for choice in choices:
                if isinstance(choice, dict) and not choice.get("index"):
                    self._choice(choice, data, out)
        usage = frame.get("usage")
        if usage is not None:
            self._usage(usage, data, out)
        elif "timings" in frame and isinstance(frame["timings"], dict):
            self._usage(read_timings(frame["timings"]), data, out)
        if "x_groq" in frame and isinstance(frame["x_groq"], dict):
            if frame["x_groq"].get("error"):
                self._fail(self._fault(frame["x_groq"]), out)
            else:
                self._usage(frame["x_groq"].get("usage"), data, out)

    def _choice(self, choice: dict[str, Any], data: str, out: list[StreamEvent]) -> None:
        """One choice: its delta, and the finish reason where it has one."""
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict):
            self._delta(delta, out)
        if "usage" in choice:
            self._usage(choice["usage"], data, out)
        reason = choice.get("finish_reason")
        if reason and isinstance(reason, str) and reason != "null" and not self._finished:
            self._finish(reason, out)

    def _delta(self, delta: dict[str, Any], out: list[StreamEvent]) -> None:
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

    def _say(self, text: object, out: list[StreamEvent]) -> None:
        if isinstance(text, str) and text:
            self._text_seen = True
            if text := self._text.push(text):
                out.append(TextDelta(text))

    def _think(self, text: object, out: list[StreamEvent]) -> None:
        if isinstance(text, str) and text:
            self._text_seen = True
            if text := self._reasoning.push(text):
                out.append(ReasoningDelta(text))

    def _finish(self, reason: str, out: list[StreamEvent]) -> None:
        if failure := _FAILURES.get(reason):
            error = failure(
                f"{self._target.name} broke the answer off: finish reason “{reason}”",
                advice="Try again, or choose another model with -m.",
                code=reason,
            )
            self._fail(error, out)
            return
        self._finished = True
        out.append(Finished(FINISH_REASONS.get(reason, FinishReason.STOP), quote(reason, self._target, 60)))

    def _identify(self, frame: dict[str, Any], out: list[StreamEvent]) -> None:
        known = tuple(old or _name(frame.get(key)) for old, key in zip(self._identity, ("id", "model"), strict=True))
        if known != self._identity:
            self._identity = (known[0], known[1])
            out.append(identified(self._identity, self._target))

    def _usage(self, usage: object, data: str, out: list[StreamEvent]) -> None:
        if isinstance(usage, dict) and "cost" in usage:
            usage = _exact_usage(data) or usage
        out += self._meter.report(usage, text_seen=self._text_seen)

    def _no_stream(self, out: list[StreamEvent]) -> None:
        """No event in the whole body: an error or a whole answer in plain JSON, a web page, or nothing."""
        text = "\n".join(self._parser.stray).strip()
        if text.startswith(("{", "[")):
            self._event("", text, out)
            return
        what = f"something that is no stream: {quote(text, self._target)}" if text else "nothing at all"
        raise MalformedResponse(
            f"{self._target.name} answered with {what}", advice="Check base_url and the model's name, or try again."
        )

    def _fault(self, payload: object) -> ProviderError:
        return stream_error(payload, self._request, self._target, begun=self._text_seen)

    def _fail(self, error: ProviderError, out: list[StreamEvent]) -> None:
        if not error.provider:
            error = broken_frame(error, self._request, self._target)
        out.append(StreamFailed(error))
        self._over = True


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _exact_usage(data: str) -> object:
    """The frame's usage again, its amounts as Decimal: only frames with a cost are read twice."""
    try:
        frame = parse_exact(data)
    except LlmtuiError:
        return None
    choices = frame.get("choices")
    for holder in (frame, frame.get("x_groq"), *(choices if isinstance(choices, list) else ())):
        if isinstance(holder, dict) and isinstance(holder.get("usage"), dict):
            return holder["usage"]
    return None
