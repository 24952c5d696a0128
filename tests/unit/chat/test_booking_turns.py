"""What is booked of streams that break, and what is said of a usage that cannot be."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from llmtui.chat.control import TurnControl
from llmtui.core.events import ChunkArrived, TurnEvent
from tests.support.stores import rows
from tests.support.wire_server import HANG, RESET, Reply, WireServer, answer, sse

if TYPE_CHECKING:
    from tests.unit.chat.conftest import OpenSession

PRICED = '[prices."custom/m"]\ninput = 1000.0\noutput = 1000.0\n[retry]\nmax_retries = 0\n'
ROW = "SELECT state, resolution, cost_nanos, estimate_nanos > 0 FROM attempts"
ROLE = {"id": "r1", "model": "m", "choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}]}


async def booked(session: OpenSession, pieces: list[Any]) -> tuple[Any, Any]:
    with WireServer() as server:
        server.replies(Reply(pieces=pieces))
        async with session(server.url, PRICED) as chat:
            result = await chat.send("hi there", sink=lambda _: None)
            return result, rows(chat.store, ROW)[0]


async def test_p5_an_accepted_stream_that_breaks_before_its_first_word_is_exposure(session: OpenSession) -> None:
    """P5: to the provider it looks like a client that hung up, and the input may be billed."""
    result, row = await booked(session, [*sse(ROLE, done=False), RESET])
    assert row == ("failed", "none", None, 1)
    assert result.cost.amount is None
    assert result.cost.estimate > 0


async def test_p6_an_error_inside_the_stream_before_any_text_books_nothing(session: OpenSession) -> None:
    """P6."""
    _, row = await booked(session, sse(ROLE, {"error": {"message": "boom", "code": 500}}))
    assert row == ("failed", "none", None, None)


async def test_p19_a_cost_that_cannot_be_is_unknown_and_said(session: OpenSession) -> None:
    """P19: never the table's price in its place; a warning about money is said aloud."""
    usage = {"prompt_tokens": 150, "completion_tokens": 300, "cost": -1}
    result, row = await booked(session, answer("yes", usage=usage))
    assert row == ("completed", "unknown", None, 1)
    assert any("reported a usage that cannot be" in warning for warning in result.warnings)
    assert result.cost.estimate == Decimal("0.45"), "the counts beside it, at the price that is known"


async def test_p19_a_stop_behind_a_cost_that_cannot_be_leaves_an_estimate(session: OpenSession) -> None:
    """P19, P5: what is unknown counts against a budget, however the answer ended."""
    usage = {"prompt_tokens": 150, "completion_tokens": 300, "cost": -1}
    control = TurnControl()

    def stop(event: TurnEvent) -> None:
        if isinstance(event, ChunkArrived):
            control.cancel()  # which comes through when all that arrived with the chunk has been read

    with WireServer() as server:
        server.replies(Reply(pieces=[b"".join(answer("yes", usage=usage)[:3]), HANG]))
        async with session(server.url, PRICED) as chat:
            await chat.send("hi there", sink=stop, control=control)
            assert rows(chat.store, ROW)[0] == ("cancelled", "unknown", None, 1)
