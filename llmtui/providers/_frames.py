"""What every decoder of an event stream has in common; a wire only says what its frames mean.

The bytes become JSON frames, in order, whatever way they were split. Whatever goes wrong becomes the one `StreamFailed`
that ends the stream: a frame that is no JSON, an error in a frame, and what stands there without being an event at all (a
web page, one JSON object instead of a stream, the raw JSON error that Gemini appends).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.core.errors import MalformedResponse, ProviderError
from llmtui.core.events import Finished, ReasoningDelta, StreamEnded, StreamFailed, TextDelta
from llmtui.providers._faults import broken_frame, stream_error
from llmtui.providers._json import TextJoiner, parse, quote
from llmtui.providers._sse import SseParser

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llmtui.core.events import FinishReason, StreamEvent
    from llmtui.core.request import ChatRequest
    from llmtui.providers._sse import SseEvent
    from llmtui.providers.base import Target


class FrameDecoder:
    """A decoder whose subclass implements `_frame`, and where needed `_ending`."""

    def __init__(self, request: ChatRequest, target: Target) -> None:
        self._request = request
        self._target = target
        self._parser = SseParser()
        self._over = False
        self._text = TextJoiner()
        self._thought = TextJoiner()
        self._text_seen = False
        self._finished = False
        self._frames = 0
        self._judged = 0  # stray lines that have been looked at

    def _frame(self, frame: Mapping[str, Any], out: list[StreamEvent]) -> None:
        """Append the events that one frame stands for."""
        raise NotImplementedError

    def _ending(self, out: list[StreamEvent]) -> None:
        """Append what is only known when nothing follows: a usage of zeros, for one."""

    def feed(self, data: bytes) -> list[StreamEvent]:
        return [] if self._over else self._feed(data)

    def close(self) -> list[StreamEvent]:
        return [] if self._over else self._close()

    def _feed(self, data: bytes) -> list[StreamEvent]:
        out: list[StreamEvent] = []
        try:
            self._take(self._parser.feed(data), out)
        except ProviderError as error:
            self._fail(out, broken_frame(error, self._request, self._target))
        self._judge_stray(out)
        return out

    def _close(self) -> list[StreamEvent]:
        out: list[StreamEvent] = []
        try:
            self._take(self._parser.close(), out)
        except ProviderError as error:
            if not self._finished:  # after the finish reason a connection may drop wherever it likes
                self._fail(out, broken_frame(error, self._request, self._target))
        self._judge_stray(out)
        if not self._frames and not self._over:
            self._no_stream(out)
        if self._finished and not self._over:
            self._end(out)
        self._over = True
        return out

    def _take(self, events: Iterable[SseEvent], out: list[StreamEvent]) -> None:
        for event in events:
            if not event.data.startswith("[DONE]"):
                frame = parse(event.data, self._target)
                if isinstance(frame, list) and len(frame) == 1:
                    frame = frame[0]
                if not isinstance(frame, dict):
                    what = quote(event.data, self._target, 80)
                    raise MalformedResponse(f"The server sent a frame that is no object: {what}")
                self._frames += 1
                if frame.get("error"):
                    self._fail(out, self._fault(frame))
                else:
                    self._frame(frame, out)
            if self._over:
                return

    def _say(self, text: object, out: list[StreamEvent]) -> int:
        """A piece of the answer's text, if it is one; returns how many characters went out."""
        if not isinstance(text, str) or not text:
            return 0
        self._text_seen = True
        if whole := self._text.push(text):
            out.append(TextDelta(whole))
        return len(whole)

    def _think(self, text: object, out: list[StreamEvent]) -> None:
        """A piece of visible reasoning, if it is one."""
        if isinstance(text, str) and text:
            self._text_seen = True
            if whole := self._thought.push(text):
                out.append(ReasoningDelta(whole))

    def _finish(self, out: list[StreamEvent], reason: FinishReason, native: str = "", explanation: str = "") -> None:
        self._finished = True
        out.append(Finished(reason, quote(native, self._target, 60), quote(explanation, self._target)))

    def _end(self, out: list[StreamEvent]) -> None:
        """The terminal mark."""
        self._ending(out)
        self._over = True
        out.append(StreamEnded())

    def _fail(self, out: list[StreamEvent], error: ProviderError) -> None:
        self._over = True
        out.append(StreamFailed(error))

    def _fault(self, payload: object) -> ProviderError:
        return stream_error(payload, self._request, self._target, begun=self._text_seen)

    def _judge_stray(self, out: list[StreamEvent]) -> None:
        """Lines that are no events: an error in raw JSON fails the stream with the line that makes it whole, in whatever
        pieces the lines came."""
        lines = self._parser.stray
        while self._judged < len(lines) and not self._over:
            self._judged += 1
            if not lines[self._judged - 1].rstrip().endswith(("}", "]")):
                continue
            try:
                payload = parse("\n".join(lines[: self._judged]).strip())
            except MalformedResponse:
                continue
            first = payload[0] if isinstance(payload, list) and payload else payload
            if isinstance(first, dict) and first.get("error"):
                self._fail(out, self._fault(payload))

    def _no_stream(self, out: list[StreamEvent]) -> None:
        """Not a single frame came: say what came instead."""
        text = "\n".join(self._parser.stray).strip()
        what = f"something that is no stream: {quote(text, self._target)}" if text else "nothing at all"
        error = MalformedResponse(
            f"{self._target.name} answered with {what}", advice="Check base_url and the model's name, or try again."
        )
        self._fail(out, broken_frame(error, self._request, self._target))
