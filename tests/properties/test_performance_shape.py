"""The shape of the cost: straight lines, counted and not timed, so that a busy machine changes nothing.

Work is counted in calls of functions, Python's and C's; memory by what the interpreter has allocated.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from llmtui.chat.attempt import Attempt
from llmtui.chat.candidate import Endpoint
from llmtui.core.cost import NO_COST
from llmtui.core.messages import Message, ModelRef, Role
from llmtui.core.policy import Timeouts
from llmtui.core.request import ChatRequest
from llmtui.providers._sse import SseParser
from llmtui.providers.base import Target
from llmtui.providers.registry import adapter
from tests.properties.generators import dialects, examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from llmtui.core.events import StreamChunk
    from tests.support.dialects import Dialect

REF = ModelRef("acme", "m")
REQUEST = ChatRequest(REF, (Message(Role.USER, "hi"),))


def calls(work: Callable[[], object]) -> int:
    """How many functions it calls."""
    seen = 0

    def count(_: Any, event: str, __: Any) -> None:
        nonlocal seen
        seen += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return seen


class Packets:
    """A response whose bytes are there already."""

    status = 200
    headers: dict[str, str] = {}  # noqa: RUF012  (never changed)
    sent_at = 0.0

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces: Iterator[bytes] = iter(pieces)

    def limit(self, seconds: float) -> None:
        """Nobody waits."""

    async def read(self) -> bytes:
        return next(self._pieces, b"")

    async def body(self, limit: int) -> bytes:
        return b""

    async def close(self) -> None:
        """Nothing is open."""


def answered(dialect: Dialect, pieces: Sequence[bytes], emit: Callable[[StreamChunk], None]) -> Attempt:
    """The real decoder and the real attempt over packets."""
    speaks = adapter(dialect.wire)
    endpoint = Endpoint(
        REF, speaks, Target("acme", dialect.wire, "http://localhost"), lambda _: None, lambda *_: NO_COST
    )
    attempt = Attempt(endpoint, REQUEST, emit=emit, metadata={}, live_cost=True)
    reading = attempt._read(Packets(pieces), Timeouts())
    try:
        reading.send(None)
    except StopIteration:
        return attempt
    raise AssertionError("it waited")


def packets(dialect: Dialect, tokens: int, size: int) -> list[bytes]:
    """An answer of so many tokens, so many bytes a packet."""
    body = dialect.script([f"word{n % 10} " for n in range(tokens)]).body
    return [body[at : at + size] for at in range(0, len(body), size)]


@examples(14)
@given(dialects, st.integers(50, 300), st.sampled_from([64, 1000, 16_384]))
def test_str_13_the_work_for_a_token_does_not_grow_with_the_answer(dialect: Dialect, tokens: int, size: int) -> None:
    """STR-13: four times the tokens are four times the calls, give or take what is done once."""

    def work(count: int) -> int:
        pieces = packets(dialect, count, size)
        return calls(lambda: answered(dialect, pieces, lambda _: None))

    assert work(4 * tokens) <= 4.2 * work(tokens) + 500


@examples(7)
@given(dialects, st.integers(300, 600))
def test_str_13_memory_grows_with_the_text_alone(dialect: Dialect, tokens: int) -> None:
    """STR-13: a straight line, and no copy of what the decoder has read."""

    def kept(count: int) -> int:
        pieces = packets(dialect, count, 4096)
        gc.collect()
        tracemalloc.start()
        try:
            attempt = answered(dialect, pieces, lambda _: None)
            return tracemalloc.get_traced_memory()[0] if attempt.text else 0
        finally:
            tracemalloc.stop()

    kept(10)  # what is made once
    small, large = kept(tokens), kept(4 * tokens)
    assert small > 0
    assert large <= 4.5 * small + 20_000
    assert large <= 4 * tokens * 400 + 100_000  # a token's string, its place in a list, and little else


@examples(20)
@given(st.integers(1, 40), st.integers(1, 3000), st.integers(1, 5000))
def test_rob_8_a_parser_keeps_no_more_than_an_unfinished_event(frames: int, length: int, size: int) -> None:
    """ROB-8: what has been handed on is let go of, whatever the packets."""
    body = (b"data: " + b"x" * length + b"\n\n") * frames
    parser = SseParser()
    for at in range(0, len(body), size):
        parser.feed(body[at : at + size])
        assert len(parser._buffer) <= length + 8


@examples(10)
@given(st.integers(200, 800))
def test_rob_8_an_event_that_comes_byte_by_byte_costs_its_bytes(length: int) -> None:
    """ROB-8, STR-13: looking for the end of an event never begins at its beginning again."""
    body = b"data: " + b"x" * length

    def trickle(count: int) -> int:
        parser = SseParser()
        return calls(lambda: [parser.feed(b"x") for _ in range(count)] and parser.feed(b"\n\n"))

    assert trickle(4 * len(body)) <= 4.1 * trickle(len(body)) + 50


@examples(10)
@given(dialects, st.integers(20, 200), st.sampled_from([32, 4096]))
def test_str_4_a_chunk_is_out_before_the_next_packet_is_read(dialect: Dialect, tokens: int, size: int) -> None:
    """STR-4: nothing is gathered: what a packet completes is said at once."""
    out: list[StreamChunk] = []
    whole = packets(dialect, tokens, size)
    behind: list[int] = []

    def watched() -> Iterator[bytes]:
        speaks = adapter(dialect.wire).decoder(REQUEST, Target("acme", dialect.wire, "http://localhost"))
        due = 0
        for piece in whole:
            behind.append(due - len(out))
            due += sum(type(event).__name__ == "TextDelta" for event in speaks.feed(piece))
            yield piece

    answered(dialect, watched(), out.append)  # type: ignore[arg-type]
    assert len(out) == tokens
    assert set(behind) == {0}
