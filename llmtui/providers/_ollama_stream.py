"""Reads an answer in Ollama's format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.core.errors import MalformedResponse, ProviderError, ServerError
from llmtui.core.events import (
    Finished,
    FinishReason,
    ReasoningDelta,
    StreamEnded,
    StreamFailed,
    TextDelta,
)
from llmtui.providers._faults import broken_frame, identified, stream_error
from llmtui.providers._json import TextJoiner, parse, quote
from llmtui.providers._ndjson import LineParser
from llmtui.providers._usage import Nonsense, UsageMeter, count, has_count, make_usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.core.events import StreamEvent
    from llmtui.core.request import ChatRequest
    from llmtui.core.usage import Usage
    from llmtui.providers.base import Target


def read_usage(raw: Mapping[str, Any]) -> Usage:
    """The counts of the last line; Ollama leaves out those that are 0, so one of the two may be missing."""
    if not has_count(raw, "prompt_eval_count", "eval_count"):
        raise Nonsense("no counts")
    return make_usage(
        input_tokens=count(raw.get("prompt_eval_count")),
        cache_read=0,
        cache_write=0,
        output=count(raw.get("eval_count")),
        reasoning=0,
    )


class OllamaDecoder:
    """Reads one answer."""

    def __init__(self, request: ChatRequest, target: Target) -> None:
        self._request = request
        self._target = target
        self._parser = LineParser()
        self._meter = UsageMeter(read_usage)
        self._text = TextJoiner()
        self._reasoning = TextJoiner()
        self._identified = False
        self._text_seen = False
        self._called_tools = False
        self._lines = 0
        self._over = False

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
        if not self._over:
            try:
                self._read(self._parser.close(), out)
                if not self._lines:
                    raise MalformedResponse(f"{self._target.name} answered with nothing at all", advice="Try again.")
            except ProviderError as error:
                self._fail(error, out)
        self._flush(out)
        self._over = True
        return out

    def _read(self, lines: list[str], out: list[StreamEvent]) -> None:
        for line in lines:
            frame = parse(line, self._target)
            self._lines += 1
            if not isinstance(frame, dict):
                raise MalformedResponse(
                    f"{self._target.name} sent a line that is no answer: {quote(line, self._target)}",
                    advice="Check that base_url leads to Ollama.",
                )
            self._frame(frame, out)
            if self._over:
                return

    def _frame(self, frame: dict[str, Any], out: list[StreamEvent]) -> None:
        if frame.get("error"):
            self._fail(stream_error(frame, self._request, self._target, begun=self._text_seen), out)
            return
        if not self._identified and isinstance(frame.get("model"), str):
            self._identified = True
            out.append(identified((None, frame["model"]), self._target))
        message = frame.get("message")
        if isinstance(message, dict):
            self._add(message.get("thinking"), self._reasoning, ReasoningDelta, out)
            self._add(message.get("content"), self._text, TextDelta, out)
            self._called_tools = self._called_tools or bool(message.get("tool_calls"))
        if frame.get("done") is True:
            self._end(frame, out)

    def _add(
        self, text: object, joiner: TextJoiner, kind: type[TextDelta | ReasoningDelta], out: list[StreamEvent]
    ) -> None:
        if isinstance(text, str) and text:
            self._text_seen = True
            if text := joiner.push(text):
                out.append(kind(text))

    def _end(self, frame: dict[str, Any], out: list[StreamEvent]) -> None:
        reason = frame.get("done_reason")
        if reason == "" or (reason is None and not has_count(frame, "eval_count")):
            # an empty reason, or none and no counts: the process that runs the model has died
            error = ServerError(
                f"{self._target.name} lost the process that runs the model", advice="Try again; Ollama's log says why."
            )
            self._fail(error, out)
            return
        finish = FinishReason.LENGTH if reason == "length" else FinishReason.STOP
        if self._called_tools:
            finish = FinishReason.TOOL_CALLS
        self._flush(out)
        out.append(Finished(finish, quote(reason or "", self._target, 60)))
        counts = {name: frame[name] for name in ("prompt_eval_count", "eval_count") if name in frame}
        if counts or self._text_seen:
            out += self._meter.report(counts, text_seen=self._text_seen)
        out += self._meter.end(text_seen=self._text_seen)
        out.append(StreamEnded())
        self._over = True

    def _flush(self, out: list[StreamEvent]) -> None:
        """Half characters whose other halves never came."""
        if rest := self._reasoning.rest():
            out.append(ReasoningDelta(rest))
        if rest := self._text.rest():
            out.append(TextDelta(rest))

    def _fail(self, error: ProviderError, out: list[StreamEvent]) -> None:
        self._flush(out)
        if not error.provider:
            error = broken_frame(error, self._request, self._target)
        out.append(StreamFailed(error))
        self._over = True
