"""Recovery: how often, how long after, and what is left when it was in vain. Waits are noted, not slept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from llmtui.core.cost import from_nanos
from llmtui.core.messages import MessageState
from llmtui.tokens.estimate import estimate_tokens
from tests.properties.generators import dialects, examples, text, texts
from tests.support.desk import reply
from tests.support.dialects import DIALECTS, encoded
from tests.support.wire_server import CLOSE, RESET, Reply, error_reply

if TYPE_CHECKING:
    from tests.support.desk import Desk
    from tests.support.dialects import Dialect
    from tests.support.wire_server import Piece

PASSING = {408, 409, 429, 500, 502, 503, 504, 529}
LASTING = {400, 401, 403, 404, 413, 422}


def refused(status: int, message: str = "later", **headers: str) -> Reply:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return error_reply(status, {"error": {"message": message}}, names)


def broken(how: str) -> Reply:
    """A try that fails before anything was said, and may be repeated. A connection that dies with the first bytes of an
    answer is no kept one that had been closed: nobody asks again unseen."""
    if how in ("reset", "closed"):
        return Reply(before=[b"HTTP/1.1 2", RESET if how == "reset" else CLOSE])
    if how == "cut":
        return reply(DIALECTS["openai"].script(["x"]), [DIALECTS["openai"].script(["x"]).body[:9], RESET])
    return refused(int(how))


passing = st.sampled_from(["reset", "closed", "cut", *map(str, sorted(PASSING))])


def policy(retries: int = 5, base: float = 1.0, **more: float) -> str:
    lines = {"max_retries": retries, "base_s": base, "breaker_failures": 1000, **more}
    return "[retry]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items())


@examples(25)
@given(st.integers(0, 6), passing)
@example(1, "closed")
def test_rob_1_the_number_of_retries_is_exact(desk: Desk, limit: int, how: str) -> None:
    """ROB-1, ROB-2: so many, and the first try; each has its row.

    Symptom: a connection that was closed within the status line was “not HTTP”, and nobody tried again.
    Cause: an end before the head was whole was told from no answer at all by the count of bytes alone.
    Fix: what is HTTP as far as it goes has broken off; only what begins otherwise is something else.
    """
    desk.server.replies(broken(how))
    asked = desk.ask(config=policy(limit, 0.01))
    assert len(asked.rows) == len(asked.result.attempts) == limit + 1
    assert len(asked.waits) == len(asked.retries) == limit
    assert [event.retry for event in asked.retries] == list(range(1, limit + 1))
    assert [row["number"] for row in asked.rows] == list(range(1, limit + 2))


@examples(25)
@given(st.integers(1, 6), st.floats(0.01, 2.0), st.sampled_from(["500", "502", "reset", "429"]))
def test_rob_1_waits_grow_exponentially(desk: Desk, limit: int, base: float, how: str) -> None:
    """ROB-1: doubling, jitter only added, each at least half as long again as the one before."""
    desk.server.replies(broken(how))
    waits = desk.ask(config=policy(limit, base, max_wait_s=1000, max_total_s=86400)).waits
    for number, wait in enumerate(waits):
        assert base * 2**number <= wait <= base * 2**number * 1.25 * (1 + 1e-9)
    assert all(later >= 1.5 * earlier for earlier, later in pairwise(waits))


@examples(25)
@given(st.integers(1, 30), st.sampled_from(["seconds", "milliseconds", "date"]), st.sampled_from([429, 503]))
def test_rob_1_retry_after_is_obeyed_in_every_spelling(desk: Desk, seconds: int, spelling: str, status: int) -> None:
    """ROB-1: never earlier than asked for, and hardly later."""
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds + 1), usegmt=True)
    headers = {
        "seconds": {"retry_after": str(seconds)},
        "milliseconds": {"retry_after_ms": str(seconds * 1000)},
        "date": {"retry_after": at},
    }[spelling]
    desk.server.replies(refused(status, **headers), reply(DIALECTS["openai"].script(["x"])))
    asked = desk.ask(config=policy())
    assert asked.result.content == "x"
    (wait,) = asked.waits
    # a date has whole seconds, and the way here takes time: it may be told late, never slept too short
    assert seconds - (0 if spelling != "date" else 5) <= wait <= seconds + 1.25


@examples(20)
@given(st.integers(61, 10**6), st.sampled_from([429, 503]))
@example(61, 429)
def test_rob_1_a_longer_retry_after_is_not_slept(desk: Desk, seconds: int, status: int) -> None:
    """ROB-1: it is told, with what it asks for, at once."""
    desk.server.replies(refused(status, retry_after=str(seconds)))
    asked = desk.ask(config=policy())
    assert (asked.waits, len(asked.requests)) == ([], 1)
    assert asked.result.error is not None
    assert "wait" in asked.result.error.sentence


@examples(20)
@given(st.integers(0, 12), st.floats(0.5, 40.0), st.floats(1, 60))
def test_rob_1_all_waits_together_stay_below_the_limit(desk: Desk, limit: int, base: float, total: float) -> None:
    """ROB-1: at most 60 s in all; jitter may add its quarter to the last one."""
    desk.server.replies(refused(500))
    waits = desk.ask(config=policy(limit, base, max_total_s=total)).waits
    assert sum(waits) <= total * 1.25
    assert len(waits) <= limit


@examples(25)
@given(st.lists(passing, max_size=5), dialects, texts)
def test_rob_2_what_passes_is_recovered_from(desk: Desk, fails: list[str], dialect: Dialect, pieces: list[str]) -> None:
    """ROB-2, P20: the answer is whole, and it alone is billed; each failure has its row and its wait."""
    desk.server.replies(*map(broken, fails), reply(dialect.script(pieces)))
    name = f"my-{dialect.wire}/m"
    asked = desk.ask(model=name, config=policy(5, 0.01) + f"[prices.'{name}']\ninput = 1\noutput = 2\n")
    assert asked.result.error is None
    assert asked.result.content == "".join(pieces)
    assert [row["state"] for row in asked.rows] == ["failed"] * len(fails) + ["completed"]
    assert [row["resolution"] for row in asked.rows] == ["none"] * len(fails) + ["resolved"]
    assert asked.rows[-1]["retries"] == len(fails)
    assert sum(asked.waits) * 1000 <= asked.rows[-1]["wait_ms"] + 1
    assert len(asked.thread) == 2


@examples(20)
@given(passing, st.integers(0, 3), text)
def test_rob_2_in_vain_the_error_is_clear_and_the_question_kept(
    desk: Desk, how: str, limit: int, question: str
) -> None:
    """STR-11, ROB-2: what failed, at whom, and what to do."""
    desk.server.replies(broken(how))
    asked = desk.ask(question, session=desk.session(policy(limit, 0.01) + "[guard]\nmode = 'off'\n"))
    error = asked.result.error
    assert error is not None
    assert "one" in error.sentence
    assert "Traceback" not in error.sentence
    assert [message.content for message in asked.thread] == [question, ""]
    assert asked.thread[-1].state is MessageState.FAILED
    assert asked.thread[-1].error == error.sentence


@examples(20)
@given(st.sampled_from(sorted(LASTING)), dialects)
def test_rob_2_what_lasts_is_never_retried(desk: Desk, status: int, dialect: Dialect) -> None:
    """ROB-2: one request, no wait."""
    desk.server.replies(refused(status))
    asked = desk.ask(model=f"my-{dialect.wire}/m", config=policy())
    assert (len(asked.requests), asked.waits) == (1, [])
    assert asked.result.error is not None
    assert getattr(asked.result.error, "status", None) == status


@examples(12)
@given(st.sampled_from(["insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded"]))
def test_rob_1_an_exhausted_quota_is_no_rate_limit(desk: Desk, code: str) -> None:
    """ROB-1: it will not be better in a second."""
    desk.server.replies(
        error_reply(429, {"error": {"message": "no credit", "code": code, "type": "insufficient_quota"}})
    )
    asked = desk.ask(config=policy())
    assert (len(asked.requests), asked.waits) == (1, [])
    assert asked.result.error is not None
    assert asked.result.error.kind == "quota"


@examples(25)
@given(dialects, texts, st.sampled_from([CLOSE, RESET]), st.data())
def test_rob_4_nothing_is_retried_once_something_was_shown(
    desk: Desk, dialect: Dialect, pieces: list[str], how: object, data: st.DataObject
) -> None:
    """ROB-4: on every wire."""
    script = dialect.script(pieces)
    first = next(n for n, frame in enumerate(script.frames) if encoded(pieces[0]) in frame)
    kept = data.draw(st.integers(first + 1, script.finish), label="frames that arrive")
    desk.server.replies(reply(script, [*script.frames[:kept], how]), reply(dialect.script(["again"])))  # type: ignore[list-item]
    asked = desk.ask(model=f"my-{dialect.wire}/m", config=policy())
    assert (len(asked.requests), asked.waits) == (1, [])
    assert "".join(pieces).startswith(asked.result.content)
    assert asked.result.content


@examples(20)
@given(dialects, st.integers(0, 3))
def test_rob_7_an_error_in_the_stream_is_retried_as_its_status_would_be(
    desk: Desk, dialect: Dialect, fails: int
) -> None:
    """ROB-7: before any content."""
    error = reply(dialect.script([]), [dialect.failure("server had an error", 500)])
    desk.server.replies(*([error] * fails), reply(dialect.script(["x"])))
    asked = desk.ask(model=f"my-{dialect.wire}/m", config=policy(5, 0.01))
    assert (asked.result.content, len(asked.waits)) == ("x", fails)


@examples(20)
@given(st.integers(1, 4), passing)
def test_cost_4_what_failed_confirms_nothing(desk: Desk, limit: int, how: str) -> None:
    """COST-4, P5: not one of the tries has a cost or an estimate where nothing had streamed."""
    desk.server.replies(broken(how))
    asked = desk.ask(config=policy(limit, 0.01) + "[prices.'one/m']\ninput = 1\noutput = 2\n")
    assert {(row["resolution"], row["cost_nanos"], row["estimate_nanos"]) for row in asked.rows} == {
        ("none", None, None)
    }
    assert asked.result.cost.amount is None


@examples(25)
@given(dialects, texts, st.sampled_from(["closed", "reset", "error"]))
def test_cost_4_what_had_streamed_is_an_estimate_of_its_own_kind(
    desk: Desk, dialect: Dialect, pieces: list[str], how: str
) -> None:
    """COST-4, P5, P6: outside what is confirmed, and counted by a budget all the same."""
    script = dialect.script(pieces)
    last = next(n for n in reversed(range(script.finish)) if encoded(pieces[-1]) in script.frames[n])
    end: Piece = {"closed": CLOSE, "reset": RESET}.get(how, dialect.failure("broke", 500))
    desk.server.replies(reply(script, [*script.frames[: last + 1], end]))
    name = f"my-{dialect.wire}/m"
    asked = desk.ask(model=name, config=policy() + f"[prices.'{name}']\ninput = 1\noutput = 2\n")
    (row,) = asked.rows
    assert row["state"] == ("failed" if how == "error" else "truncated")
    assert row["resolution"] == ("none" if how == "error" else "unknown")
    assert (row["cost_nanos"], row["usage_source"]) == (None, "estimate")
    assert row["output_tokens"] >= estimate_tokens("".join(pieces))
    assert row["estimate_nanos"] == row["input_tokens"] * 1000 + row["output_tokens"] * 2000
    spent = desk.store.ledger.spent(conversation_id=asked.result.conversation_id)
    assert (spent.resolved, spent.estimated) == (Decimal(0), from_nanos(row["estimate_nanos"]))
