"""One request to one provider: sent, read into chunks, and judged at its end. Knows nothing of retries or money."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from llmtui.core.errors import ConnectionFailed, MalformedResponse, ProviderError, StreamBroken, TimedOut
from llmtui.core.events import (
    Finished,
    FinishReason,
    Identified,
    OpaqueReasoning,
    ReasoningDelta,
    StreamChunk,
    StreamEnded,
    StreamFailed,
    TextDelta,
    UsageReported,
)
from llmtui.providers.base import LooksUp
from llmtui.tokens.estimate import estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from decimal import Decimal

    from llmtui.chat.candidate import Endpoint
    from llmtui.core.errors import LlmtuiError
    from llmtui.core.events import StreamEvent
    from llmtui.core.policy import Timeouts
    from llmtui.core.request import ChatRequest
    from llmtui.core.usage import Usage
    from llmtui.providers.base import Target, WireRequest
    from llmtui.providers.transport import Response, Transport

ERROR_BODY_BYTES = 64 * 1024
"""How much of an error's body is read; envelopes are far smaller, HTML pages of proxies are cut."""
SHORTEST_SECRET = 8
"""A header's value that is shorter is a word, not a secret."""
ERROR_BODY_S = 3.0
"""How long an error's body is waited for."""

_SURROGATE = re.compile("[\ud800-\udfff]")

_REASONING = re.compile(
    r"(?:^|/)(?:o\d|gpt-[5-9](?!\S*chat)|deepseek-(?:r|reasoner)|grok-(?:[4-9]|3-mini)|magistral|qwq|gpt-oss)|thinking|reason"
)
"""Models that think unasked, by how their names are formed."""


def reasons(model: str, effort: str | None) -> bool:
    """Whether a request to the model is likely to think before it says anything."""
    return effort not in (None, "none") or (effort is None and _REASONING.search(model.lower()) is not None)


def scrubbed(text: str, target: Target) -> str:
    """The text without the target's key, and without what the config's headers for it hold: servers do echo them."""
    if target.key:
        text = target.key.scrub(text)
    for value in target.headers.values():
        if len(value) >= SHORTEST_SECRET:
            text = text.replace(value, "[header]")
    return text


def scrub(error: LlmtuiError, target: Target) -> None:
    """Take every secret out of what an error says, before anybody logs or shows it."""
    error.message, error.advice = scrubbed(error.message, target), scrubbed(error.advice, target)
    error.args = (error.message,)


class Attempt:
    """The state of one request. Everything it has learnt stays readable whenever and however it ends."""

    def __init__(
        self,
        endpoint: Endpoint,
        request: ChatRequest,
        *,
        emit: Callable[[StreamChunk], None],
        metadata: Mapping[str, Any],
        live_cost: bool,
    ) -> None:
        self.endpoint = endpoint
        self.request = request
        self._emit = emit
        self._metadata = metadata
        self._live_cost = live_cost
        self._output_price: Decimal | None = None
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.opaque: list[Mapping[str, Any]] = []
        self.usage: Usage | None = None
        self.usage_is_current = False
        """No content has arrived since usage was last reported."""
        self.usage_was_nonsense = False
        self.finished: Finished | None = None
        self.answered_by = ""
        self.response_id: str | None = None
        self.opened = False
        """The provider took the request: 2xx headers and a first event that is no error."""
        self.sent = False
        """The request may have reached the provider."""
        self.sent_at = 0.0
        self.first_content_at: float | None = None
        self.last_content_at: float | None = None
        self.content_chunks = 0
        self.chunk_count = 0
        self._wall_clock = time.time() - time.monotonic()
        self._half = ""
        """The first half of a surrogate pair whose second half is in the next piece."""

    @property
    def has_content(self) -> bool:
        return self.content_chunks > 0

    @property
    def ttft_s(self) -> float | None:
        return None if self.first_content_at is None else max(0.0, self.first_content_at - self.sent_at)

    def tokens_per_second(self, output_tokens: int) -> float | None:
        """Output over the time from first to last content; None below two pieces."""
        first, last = self.first_content_at, self.last_content_at
        if self.content_chunks < 2 or first is None or last is None or last <= first:
            return None
        return output_tokens / (last - first)

    @property
    def can_be_looked_up(self) -> bool:
        """The provider can be asked later what this request cost."""
        return self.response_id is not None and isinstance(self.endpoint.adapter, LooksUp)

    async def run(self, transport: Transport, wire: WireRequest, timeouts: Timeouts) -> None:
        """Send and read to the end. Returns when the answer ended properly or was cut off without a word
        (`finished` is None then); raises a ProviderError otherwise."""
        try:
            await self._run(transport, wire, timeouts)
        except ProviderError as error:
            scrub(error, self.endpoint.target)
            raise

    async def _run(self, transport: Transport, wire: WireRequest, timeouts: Timeouts) -> None:
        endpoint = self.endpoint
        limit_s = self._first_content_limit(timeouts)
        self.sent_at = time.monotonic()
        self.sent = True
        try:
            response = await transport.open(wire, endpoint.target, connect_s=timeouts.connect_s, header_s=limit_s)
        except (ConnectionFailed, TimedOut) as error:
            if isinstance(error, ConnectionFailed) or error.code == "connect":
                self.sent = False
            raise
        try:
            self.sent_at = response.sent_at or self.sent_at
            if response.status // 100 != 2:
                body = await self._error_body(response)
                raise endpoint.adapter.error(response.status, response.headers, body, self.request, endpoint.target)
            if isinstance(endpoint.adapter, LooksUp):
                self.response_id = endpoint.adapter.generation_id(response.headers)
            await self._read(response, timeouts)
        finally:
            await response.close()

    @staticmethod
    async def _error_body(response: Response) -> bytes:
        """What the server says about its error, as far as it comes within a moment: the status counts all the same."""
        response.limit(ERROR_BODY_S)
        body = b""
        try:
            while len(body) < ERROR_BODY_BYTES and (piece := await response.read()):
                body += piece
        except ProviderError:
            pass
        return body[:ERROR_BODY_BYTES]

    def _first_content_limit(self, timeouts: Timeouts) -> float:
        """Seconds to the first content: longer for local servers, and where the model thinks first."""
        endpoint = self.endpoint
        if endpoint.first_content_s:
            return endpoint.first_content_s
        if endpoint.local or reasons(endpoint.ref.name, self.request.settings.reasoning_effort):
            return timeouts.first_content_slow_s
        return timeouts.first_content_s

    async def _read(self, response: Response, timeouts: Timeouts) -> None:
        decoder = self.endpoint.adapter.decoder(self.request, self.endpoint.target)
        seen = False
        while True:
            try:
                data = await response.read()
            except (StreamBroken, TimedOut) as error:
                self._take_rest(decoder.close())
                if self.finished:
                    return  # a connection that merely drops after the finish reason does not fail the answer
                if isinstance(error, StreamBroken) and not self.has_content:
                    raise ConnectionFailed(
                        f"{self.endpoint.ref.provider} broke the connection off before it had said anything",
                        advice="Try again, or choose another model.",
                        provider=error.provider,
                        model=error.model,
                    ) from None
                raise
            events = decoder.feed(data) if data else decoder.close()
            before, was_finished = self.content_chunks, self.finished
            for event in events:
                seen = True
                kind = type(event)
                if kind is TextDelta:
                    self._content(event.text, None)  # type: ignore[union-attr]
                elif kind is ReasoningDelta:
                    self._content("", event.text)  # type: ignore[union-attr]
                elif self._note(event):
                    return
            # comments do not keep an answer waiting, nor a finished one; content does, even behind a finish reason
            if self.finished is not was_finished or self.content_chunks != before:
                response.limit(timeouts.after_finish_s if self.finished else timeouts.idle_s)
            if not data:
                if not seen:
                    raise MalformedResponse(
                        f"{self.endpoint.ref.provider} answered with an empty stream",
                        advice="Try again, or choose another model.",
                        provider=self.endpoint.ref.provider,
                        model=self.endpoint.ref.name,
                        status=response.status,
                    )
                return

    def _take_rest(self, events: Sequence[StreamEvent]) -> None:
        """What had arrived whole when the connection died, though the end of its line had not: the last piece of text, a
        finish reason, an error of the provider's. What was cut off in its midst says nothing."""
        for event in events:
            if isinstance(event, StreamFailed) and isinstance(event.error, MalformedResponse):
                return
            match event:
                case TextDelta(text):
                    self._content(text, None)
                case ReasoningDelta(text):
                    self._content("", text)
                case _:
                    self._note(event)

    def _note(self, event: object) -> bool:
        """Take an event that is no content; True when the stream is over."""
        match event:
            case Finished():
                self.opened = True
                event = event._replace(explanation=scrubbed(event.explanation, self.endpoint.target))
                if self.finished is None or event.reason is FinishReason.ERROR:
                    self.finished = event
            case UsageReported(usage):
                self.opened = True
                self.usage = usage
                self.usage_was_nonsense = usage is None
                self.usage_is_current = True
            case Identified(response_id, model):
                self.opened = True
                self.response_id = response_id or self.response_id
                self.answered_by = model or self.answered_by
            case OpaqueReasoning(item):
                self.opened = True
                self.opaque.append(item)
            case StreamFailed(error):
                raise error
            case StreamEnded():
                return True
        return False

    def _content(self, text: str, reasoning: str | None) -> None:
        said = text if reasoning is None else reasoning
        if not said.isascii():
            said = self._whole(said)
            if not said:
                return
        now = time.monotonic()
        if self.first_content_at is None:
            self.opened = True
            self.first_content_at = now
            if self._live_cost:
                price = self.endpoint.price(0)
                self._output_price = price.output / 1_000_000 if price else None
        self.last_content_at = now
        self.content_chunks += 1
        self.usage_is_current = False
        if reasoning is None:
            self.text.append(said)
            self._chunk(said, None, None, now)
        else:
            self.reasoning.append(said)
            self._chunk("", said, None, now)

    def _whole(self, text: str) -> str:
        """The text with surrogate pairs joined, also across two pieces, and lone halves replaced by U+FFFD."""
        if self._half:
            text, self._half = self._half + text, ""
        if not _SURROGATE.search(text):
            return text
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def finish(self, reason: FinishReason) -> None:
        """Emit the closing chunk, the only one with a finish reason; an empty answer is this chunk alone."""
        if self._half:
            self._half = ""
            self._content("\ufffd", None)
        self._chunk("", None, reason, time.monotonic())

    def _chunk(self, text: str, reasoning: str | None, finish: FinishReason | None, now: float) -> None:
        tokens = estimate_tokens(text or reasoning or "")
        cost = None if self._output_price is None else self._output_price * tokens
        index = self.chunk_count
        self.chunk_count = index + 1
        provider, model = self.endpoint.ref
        at = now + self._wall_clock
        self._emit(StreamChunk(index, text, reasoning, finish, provider, model, tokens, cost, at, self._metadata))
