"""Reads what a metered source gives: plain text, JSON objects, or events with JSON; makes stream events of it."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from llmtui.core.errors import MalformedResponse, ServerError
from llmtui.core.events import (
    Finished,
    FinishReason,
    ReasoningDelta,
    StreamEnded,
    StreamFailed,
    TextDelta,
    UsageReported,
)
from llmtui.core.usage import Usage
from llmtui.providers.registry import adapter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.core.events import StreamEvent
    from llmtui.core.request import ChatRequest
    from llmtui.providers.base import Decoder, Target

_MAX_OBJECT = 8 * 1024 * 1024
_COUNTS = {
    "input_tokens": "input_tokens",
    "cached_input_tokens": "cache_read_tokens",
    "cache_read_tokens": "cache_read_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "output_tokens": "output_tokens",
    "reasoning_tokens": "reasoning_tokens",
}
"""Our names of counts, in a summary object and elsewhere."""


def decoder_for(form: str, request: ChatRequest, target: Target) -> Decoder:
    """A fresh decoder for one source."""
    if form == "raw":
        return RawText()
    return Objects(request, target) if form == "json" else Events(request, target)


class RawText:
    """Every string is a piece of the answer; the end of the source is the end of the answer."""

    def feed(self, data: bytes) -> Sequence[StreamEvent]:
        return [TextDelta(data.decode("utf-8", "surrogatepass"))]

    def close(self) -> Sequence[StreamEvent]:
        return [Finished(FinishReason.STOP), StreamEnded()]


class _Json:
    """What objects say, whoever formed them. Chat Completions chunks go through the decoder of that wire."""

    def __init__(self, request: ChatRequest, target: Target) -> None:
        self._request = request
        self._completions = adapter("openai").decoder(request, target)
        self._says_its_end = False
        """Its objects have a finish reason, so one must come for the answer to be complete."""
        self._has_finished = False
        self._is_over = False

    def object(self, text: str) -> list[StreamEvent]:
        """The events of one JSON text."""
        if text.strip() == "[DONE]":
            return self._ended()
        try:
            value = json.loads(text, parse_float=Decimal)
        except (ValueError, RecursionError):
            raise self._malformed(text) from None
        if isinstance(value, str):
            return [TextDelta(value)] if value else []
        if not isinstance(value, dict):
            raise self._malformed(text)
        if "choices" in value:
            events = list(
                self._completions.feed(b"data: " + text.replace("\n", " ").encode("utf-8", "replace") + b"\n\n")
            )
            self._says_its_end = True
        else:
            events = self._plain(value)
        self._has_finished = self._has_finished or any(isinstance(event, Finished) for event in events)
        return events

    def _plain(self, value: dict[str, Any]) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        is_summary = value.get("type") in ("summary", "session")  # says once more what the chunks have said
        for name, event in (("reasoning", ReasoningDelta), ("content", TextDelta), ("text", TextDelta)):
            if not is_summary and isinstance(value.get(name), str) and value[name]:
                events.append(event(value[name]))
        self._says_its_end = self._says_its_end or "finish_reason" in value
        if isinstance(usage := value.get("usage"), dict) and usage.get("source") != "estimate":
            events.append(UsageReported(_usage(usage, value.get("cost"))))
        if reason := value.get("finish_reason"):
            events.append(Finished(_reason(reason)))
        if error := value.get("error"):
            said = error.get("message") if isinstance(error, dict) else error
            events.append(StreamFailed(ServerError(f"the metered stream reports an error: {said}")))
        return events

    def _ended(self) -> list[StreamEvent]:
        """Objects that would have said their finish reason, and have not, were cut off."""
        self._is_over = True
        if self._says_its_end or self._has_finished:
            return [StreamEnded()]
        return [Finished(FinishReason.STOP), StreamEnded()]

    def _end_of_source(self) -> list[StreamEvent]:
        return [] if self._is_over else self._ended()

    def _malformed(self, text: str) -> MalformedResponse:
        ref = self._request.model
        return MalformedResponse(
            f"the metered source gave something that is no JSON object: {text[:60]!r}",
            advice="Say format='raw' for plain text.",
            provider=ref.provider,
            model=ref.name,
        )


class Objects(_Json):
    """JSON texts one after the other, split anywhere."""

    def __init__(self, request: ChatRequest, target: Target) -> None:
        super().__init__(request, target)
        self._rest = ""
        self._reader = json.JSONDecoder()

    def feed(self, data: bytes) -> Sequence[StreamEvent]:
        events: list[StreamEvent] = []
        text = (self._rest + data.decode("utf-8", "surrogatepass")).lstrip()
        while text:
            try:
                end = self._reader.raw_decode(text)[1]
            except (ValueError, RecursionError):
                if len(text) > _MAX_OBJECT:
                    raise self._malformed(text) from None
                break
            events += self.object(text[:end])
            text = text[end:].lstrip()
        self._rest = text
        return events

    def close(self) -> Sequence[StreamEvent]:
        if self._rest:
            raise self._malformed(self._rest)
        return self._end_of_source()


class Events(_Json):
    """Server-sent events whose data are JSON texts."""

    def __init__(self, request: ChatRequest, target: Target) -> None:
        super().__init__(request, target)
        from llmtui.providers._sse import SseParser

        self._parser = SseParser()

    def feed(self, data: bytes) -> Sequence[StreamEvent]:
        return [made for event in self._parser.feed(data) for made in self.object(event.data)]

    def close(self) -> Sequence[StreamEvent]:
        rest = [made for event in self._parser.close() for made in self.object(event.data)]
        return [*rest, *self._end_of_source()]


def _reason(word: object) -> FinishReason:
    try:
        return FinishReason(str(word))
    except ValueError:
        return FinishReason.STOP


def _usage(usage: dict[str, Any], cost: object) -> Usage | None:
    """Our own counts, and the provider's own total where a summary has one; None for what makes no sense."""
    counts: dict[str, int] = {}
    for name, field in _COUNTS.items():
        value = usage.get(name, 0)
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        counts[field] = counts.get(field, 0) or value
    told = cost.get("usd") if isinstance(cost, dict) and cost.get("source") == "provider" else None
    try:
        return Usage(cost_usd=None if told is None else Decimal(str(told)), **counts)  # type: ignore[arg-type]  # counts alone
    except InvalidOperation:
        return None
