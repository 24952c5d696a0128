"""Output counting: reported once, counted once, added up exactly; what cannot be is unknown, never nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import example, given
from hypothesis import strategies as st

from llmtui.tokens.estimate import estimate_tokens
from tests.properties.generators import counts, dialects, events, examples, texts
from tests.support.desk import reply
from tests.support.dialects import DIALECTS, chat_usage, encoded, event
from tests.support.wire_server import CLOSE, RESET, sse

if TYPE_CHECKING:
    from tests.support.desk import Desk
    from tests.support.dialects import Counts, Dialect
    from tests.support.wire_server import Piece

PRICED = "[prices.'one/m']\ninput = 1\noutput = 2\n"


def _said(*pieces: str) -> list[object]:
    frames: list[object] = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    return [*frames, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]


@examples(25)
@given(dialects, texts, counts())
def test_p18_output_and_the_reasoning_in_it(desk: Desk, dialect: Dialect, pieces: list[str], used: Counts) -> None:
    """P18: reasoning is part of the output in our figures, whether the provider says so or adds it apart."""
    desk.server.replies(reply(dialect.script(pieces, used)))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    told, row = dialect.reported(used), asked.rows[0]
    assert (row["output_tokens"], row["reasoning_tokens"]) == (told.output, told.reasoning)
    assert asked.result.usage is not None
    assert asked.result.usage.total_tokens == told.input + told.output


@examples(25)
@given(dialects, texts)
def test_tok_3_live_tokens_are_those_of_the_text_so_far(desk: Desk, dialect: Dialect, pieces: list[str]) -> None:
    """TOK-3: each chunk says its own, and their sum is what a counter beside the answer shows."""
    desk.server.replies(reply(dialect.script(pieces)))
    chunks = desk.ask(model=f"my-{dialect.wire}/m").chunks
    assert [chunk.tokens for chunk in chunks] == [estimate_tokens(chunk.content) for chunk in chunks]
    assert chunks[-1].tokens == 0


@examples(20)
@given(texts, st.lists(counts(), min_size=1, max_size=6))
def test_p8_the_latest_of_cumulative_reports_is_the_usage(desk: Desk, pieces: list[str], reports: list[Counts]) -> None:
    """P8: a usage on every chunk, as vLLM gives it, is never added up."""
    frames: list[object] = [
        {"choices": [{"index": 0, "delta": {"content": "x"}}], "usage": chat_usage(report)} for report in reports
    ]
    desk.server.replies(reply(DIALECTS["openai"].script([]), sse(*frames, *_said(*pieces))))
    row = desk.ask().rows[0]
    assert (row["input_tokens"], row["output_tokens"]) == (reports[-1].input, reports[-1].output)


@examples(20)
@given(events, texts, counts(10**5), st.integers(2, 4))
def test_p9_a_last_frame_sent_again_changes_nothing(
    desk: Desk, dialect: Dialect, pieces: list[str], used: Counts, times: int
) -> None:
    """P9: nor is a second finish reason a second answer."""
    script = dialect.script(pieces, used)
    head, last = script.frames[: script.finish], script.frames[script.finish :]
    desk.server.replies(reply(script, [*head, *(frame for frame in last for _ in range(times))]))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    told = dialect.reported(used)
    assert asked.result.content == "".join(pieces)
    assert (asked.rows[0]["input_tokens"], asked.rows[0]["output_tokens"]) == (told.input, told.output)
    assert len(asked.rows) == 1


@examples(20)
@given(texts, counts(), st.integers(0, 3))
def test_p10_usage_behind_the_finish_reason_is_taken(desk: Desk, pieces: list[str], used: Counts, gap: int) -> None:
    """P10: in a chunk without choices, after any comments, with or without `[DONE]`."""
    comments = [b": waiting\n\n"] * gap
    behind: list[Piece] = [event({"id": "r", "choices": [], "usage": chat_usage(used)}), CLOSE]
    desk.server.replies(reply(DIALECTS["openai"].script([]), [*sse(*_said(*pieces), done=False), *comments, *behind]))
    row = desk.ask(config=PRICED).rows[0]
    assert (row["input_tokens"], row["output_tokens"], row["usage_source"]) == (used.input, used.output, "provider")
    assert row["cost_nanos"] == used.input * 1000 + used.output * 2000


@examples(20)
@given(dialects, texts)
def test_p11_finished_without_usage_is_unknown_with_an_estimate_beside_it(
    desk: Desk, dialect: Dialect, pieces: list[str]
) -> None:
    """P11: never 0, never confirmed; the output is estimated from the text."""
    script = dialect.script(pieces)
    strip = {"openai", "openai-completions", "openrouter"}
    if dialect.wire not in strip:  # the others have it in the frame with the finish reason
        script = DIALECTS["openai"].script(pieces)
    name = "one" if script.wire == "openai" else f"my-{script.wire}"
    desk.server.replies(reply(script, script.frames[: script.finish + 1]))
    row = desk.ask(model=f"{name}/m", config=f"[prices.'{name}/m']\ninput = 1\noutput = 2\n").rows[0]
    assert (row["resolution"], row["cost_nanos"], row["usage_source"]) == ("unknown", None, "estimate")
    assert row["output_tokens"] == estimate_tokens("".join(pieces))
    assert row["estimate_nanos"] == row["input_tokens"] * 1000 + row["output_tokens"] * 2000


early = st.sampled_from(["openai", "anthropic", "gemini"])
"""The dialects that report usage before the end."""


@examples(20)
@given(early, texts, counts(10**5), st.integers(0, 8))
def test_p7_usage_seen_before_an_error_is_evidence_and_no_cost(
    desk: Desk, wire: str, pieces: list[str], used: Counts, kept: int
) -> None:
    """P6, P7: the input that was reported stands in the row; nothing is confirmed, what had streamed is an estimate."""
    dialect = DIALECTS[wire]
    script = dialect.script(pieces, used)
    if wire == "anthropic":
        first = script.frames[0]
    elif wire == "gemini":
        counted = {"promptTokenCount": used.input, "cachedContentTokenCount": used.read, "totalTokenCount": used.input}
        first = event({"candidates": [{"content": {"parts": []}}], "usageMetadata": counted})
    else:
        first = event({"choices": [], "usage": {"prompt_tokens": used.input, "completion_tokens": 0}})
    text_frames = [frame for frame in script.frames[:-1] if any(encoded(piece) in frame for piece in pieces)][:kept]
    desk.server.replies(reply(script, [first, *text_frames, dialect.failure("broke", 500)]))
    name = f"my-{wire}/m"
    asked = desk.ask(model=name, config=f"[retry]\nmax_retries = 0\n[prices.'{name}']\ninput = 1\noutput = 2\n")
    (row,) = asked.rows
    assert (row["state"], row["resolution"], row["cost_nanos"]) == ("failed", "none", None)
    assert row["input_tokens"] == used.input
    assert (row["estimate_nanos"] is not None) == bool(asked.result.content)
    assert asked.result.cost.amount is None


nonsense = st.one_of(
    st.integers(-(10**6), -1),
    st.integers(10**10, 10**30),
    st.text("abc ", max_size=4),
    st.lists(st.integers(), max_size=2),
    st.floats(0.01, 0.99),
    st.sampled_from([float("nan"), float("inf"), float("-inf")]),
)


@examples(30)
@given(texts, nonsense, st.sampled_from(["prompt_tokens", "completion_tokens"]))
@example(["Hello"], float("nan"), "prompt_tokens")
@example(["Hello"], float("inf"), "completion_tokens")
def test_p19_counts_that_cannot_be_make_the_cost_unknown(desk: Desk, pieces: list[str], bad: Any, which: str) -> None:
    """P19: negative, absurd, textual or no number at all; the answer is kept.

    Symptom: an answer whose usage held NaN or Infinity was thrown away as malformed.
    Cause: both are no JSON, and the frame was refused as a whole.
    Fix: they are read as numbers that no count accepts: only the usage is unknown.
    """
    usage = {"prompt_tokens": 5, "completion_tokens": 7} | {which: bad}
    desk.server.replies(reply(DIALECTS["openai"].script([]), sse(*_said(*pieces), {"choices": [], "usage": usage})))
    asked = desk.ask(config=PRICED)
    assert asked.result.content == "".join(pieces)
    assert (asked.rows[0]["state"], asked.rows[0]["resolution"]) == ("completed", "unknown")
    assert asked.rows[0]["cost_nanos"] is None
    assert asked.result.warnings


@examples(15)
@given(dialects, texts)
def test_p19_a_usage_of_nothing_after_text_is_unknown(desk: Desk, dialect: Dialect, pieces: list[str]) -> None:
    """P19: all zeros behind an answer is no count."""
    from tests.support.dialects import Counts

    desk.server.replies(reply(dialect.script(pieces, Counts(0, 0, 0, 0, 0))))
    row = desk.ask(
        model=f"my-{dialect.wire}/m", config=f"[prices.'my-{dialect.wire}/m']\ninput = 1\noutput = 2\n"
    ).rows[0]
    assert (row["resolution"], row["cost_nanos"]) == ("unknown", None)
    assert row["estimate_nanos"] > 0


@examples(12)
@given(st.lists(st.tuples(counts(10**5), st.booleans()), min_size=1, max_size=6))
def test_p22_a_conversation_adds_up_to_the_token(desk: Desk, turns: list[tuple[Counts, bool]]) -> None:
    """P22, BUD-4: input and output of all attempts, those that were cut off included, as estimates."""
    session, conversation = desk.session(PRICED), None
    rows: list[dict[str, Any]] = []
    for used, whole in turns:
        script = DIALECTS["openai"].script(["some text"], used)
        desk.server.replies(reply(script, script.frames if whole else [*script.frames[:2], RESET]))
        asked = desk.ask(session=session, conversation_id=conversation)
        conversation = asked.result.conversation_id
        rows += asked.rows
    spent = desk.store.ledger.spent(conversation_id=conversation)
    assert spent.tokens == sum(row["input_tokens"] + row["output_tokens"] for row in rows)
    assert len(rows) == len(turns)
