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

_MOST_TRIES = 100
"""So often stray lines are read as JSON: an error is whole after a few of them, and each try takes all of them."""


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
        self._data = ""
        """The text of the frame that is being read."""
        self._judged = 0  # stray lines that have been looked at
        self._stray_from = 0  # the last of them that begins an object or a list
        self._tries = 0

    def _frame(self, frame: Mapping[str, Any], out: list[StreamEvent]) -> None:
        """Append the events that one frame stands for."""
        raise NotImplementedError

    def _done(self, out: list[StreamEvent]) -> None:
        """`[DONE]` came: nothing, where a wire has an end of its own."""

    def _ending(self, out: list[StreamEvent]) -> None:
        """Append what is only known when nothing follows: a usage of zeros, for one."""

    def feed(self, data: bytes) -> list[StreamEvent]:
        """Take the next bytes as they came, split anywhere; return the events they complete."""
        out: list[StreamEvent] = []
        if self._over:
            return out
        try:
            self._take(self._parser.feed(data), out)
        except ProviderError as error:
            self._fail(out, error)
        if self._judged < len(self._parser.stray):
            self._judge_stray(out)
        return out

    def close(self) -> list[StreamEvent]:
        """The connection has ended; return what an unfinished last line still says."""
        out: list[StreamEvent] = []
        if self._over:
            return out
        try:
            self._take(self._parser.close(), out)
            self._judge_stray(out)
            if not self._frames and not self._over:
                self._no_stream(out)
        except ProviderError as error:
            if not self._finished:  # after the finish reason a connection may drop wherever it likes
                self._fail(out, error)
        if self._finished and not self._over:
            self._end(out)
        if not self._over:
            self._flush(out)
        self._over = True
        return out

    def _take(self, events: Iterable[SseEvent], out: list[StreamEvent]) -> None:
        strays = self._judged < len(self._parser.stray)
        for place, (kind, data) in enumerate(events):
            if strays:
                self._judge_stray(out, before=place)
                if self._over:
                    return
            if data.startswith("[DONE]"):
                self._done(out)
            elif data:
                self._event(kind, data, out)
            if self._over:
                return

    def _event(self, kind: str, data: str, out: list[StreamEvent]) -> None:
        try:
            frame = parse(data, self._target)
        except MalformedResponse:
            if kind == "error":
                self._fail(out, self._fault(data))
                return
            if kind not in {"", "message"} and not data.lstrip().startswith(("{", "[")):
                return  # an event of the server's own, such as a ping in plain words
            raise
        if isinstance(frame, list) and len(frame) == 1:
            frame = frame[0]
        if kind == "error" and not isinstance(frame, dict):
            self._fail(out, self._fault(frame))
            return
        if not isinstance(frame, dict):
            raise MalformedResponse(
                f"{self._target.name} sent a frame that is no object: {quote(data, self._target, 80)}",
                advice="Check that base_url leads to a model server.",
            )
        self._frames += 1
        if frame.get("error") or kind == "error" or frame.get("type") == "error" or frame.get("object") == "error":
            self._fail(out, self._fault(frame))
        else:
            self._data = data
            self._frame(frame, out)

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

    def _flush(self, out: list[StreamEvent]) -> None:
        """Half characters whose other halves never came."""
        if rest := self._thought.rest():
            out.append(ReasoningDelta(rest))
        if rest := self._text.rest():
            out.append(TextDelta(rest))

    def _finish(self, out: list[StreamEvent], reason: FinishReason, native: str = "", explanation: str = "") -> None:
        self._flush(out)
        self._finished = True
        out.append(Finished(reason, quote(native, self._target, 60), quote(explanation, self._target)))

    def _end(self, out: list[StreamEvent]) -> None:
        """The terminal mark."""
        self._flush(out)
        self._ending(out)
        self._over = True
        out.append(StreamEnded())

    def _fail(self, out: list[StreamEvent], error: ProviderError) -> None:
        self._flush(out)
        self._over = True
        out.append(StreamFailed(error if error.provider else broken_frame(error, self._request, self._target)))

    def _fault(self, payload: object) -> ProviderError:
        return stream_error(payload, self._request, self._target, begun=self._text_seen)

    def _judge_stray(self, out: list[StreamEvent], *, before: int | None = None) -> None:
        """Lines that are no events: an error in raw JSON fails the stream with the line that makes it whole, in whatever
        pieces the lines came, also behind other such lines. `before`: only those before the event of that number."""
        lines, places = self._parser.stray, self._parser.stray_places
        while self._judged < len(lines) and not self._over:
            if before is not None and places[self._judged] > before:
                return
            self._judged += 1
            if lines[self._judged - 1].startswith(("{", "[")):
                self._stray_from = self._judged - 1
            if not lines[self._judged - 1].rstrip().endswith(("}", "]")) or self._tries == _MOST_TRIES:
                continue
            self._tries += 1
            for start in {0, self._stray_from}:
                try:
                    payload = parse("\n".join(lines[start : self._judged]).strip())
                except MalformedResponse:
                    continue
                first = payload[0] if isinstance(payload, list) and payload else payload
                if isinstance(first, dict) and first.get("error"):
                    self._fail(out, self._fault(payload))
                    return

    def _as_frames(self, whole: object) -> list[dict[str, Any]]:
        """An answer in one piece of JSON, from a server that does not stream, as the frames it stands for."""
        return []

    def _no_stream(self, out: list[StreamEvent]) -> None:
        """Not a single frame came: a whole answer all the same, or say what came instead."""
        text = "\n".join(self._parser.stray).strip()
        if text.startswith(("{", "[")):
            for frame in self._as_frames(parse(text, self._target)):
                self._frames += 1
                if not self._over:
                    self._frame(frame, out)
        if self._frames:
            return
        what = f"something that is no stream: {quote(text, self._target)}" if text else "nothing at all"
        raise MalformedResponse(
            f"{self._target.name} answered with {what}", advice="Check base_url and the model's name, or try again."
        )
