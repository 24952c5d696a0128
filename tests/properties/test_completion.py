"""Completion: order, integrity, metadata and the end of a stream, in every dialect and over real sockets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import example, given
from hypothesis import strategies as st

import llmtui
from llmtui.core.events import FinishReason
from llmtui.core.messages import MessageState
from tests.properties.generators import counts, cuts, dialects, examples, text, texts
from tests.support.desk import reply, split
from tests.support.dialects import DIALECTS, Counts
from tests.support.wire_server import HANG, RESET, Reply

if TYPE_CHECKING:
    from tests.support.desk import Desk
    from tests.support.dialects import Dialect
    from tests.support.wire_server import Piece

FINISHES = {"stop": FinishReason.STOP, "length": FinishReason.LENGTH, "filter": FinishReason.CONTENT_FILTER}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=6,
)


@examples(25)
@given(dialects, texts, cuts)
def test_str_2_chunks_are_numbered_without_a_gap(
    desk: Desk, dialect: Dialect, pieces: list[str], at: list[int]
) -> None:
    """STR-2: 0..N-1, whatever the wire and the packets."""
    script = dialect.script(pieces)
    desk.server.replies(reply(script, list(split(script.body, at))))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    assert [chunk.index for chunk in asked.chunks] == list(range(asked.result.chunk_count))
    assert asked.result.chunk_count == asked.rows[0]["chunk_count"]


@examples(25)
@given(dialects, texts, texts, cuts)
def test_str_2_text_and_reasoning_arrive_byte_for_byte(
    desk: Desk, dialect: Dialect, pieces: list[str], thoughts: list[str], at: list[int]
) -> None:
    """STR-2: what was sent is what the chunks add up to, what the result says and what is stored; reasoning apart."""
    thoughts = thoughts if dialect.thinks else []
    script = dialect.script(pieces, reasoning=thoughts)
    desk.server.replies(reply(script, list(split(script.body, at))))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    assert asked.result.error is None
    assert "".join(chunk.content for chunk in asked.chunks) == asked.result.content == "".join(pieces)
    assert "".join(chunk.reasoning or "" for chunk in asked.chunks) == asked.result.reasoning == "".join(thoughts)
    assert (asked.thread[-1].content, asked.thread[-1].reasoning) == ("".join(pieces), "".join(thoughts))


@examples(25)
@given(dialects, texts, st.sampled_from(sorted(FINISHES)))
def test_str_3_only_the_last_chunk_has_a_finish_reason(
    desk: Desk, dialect: Dialect, pieces: list[str], finish: str
) -> None:
    """STR-3: and it is the provider's, in our words."""
    finish = finish if finish != "filter" or dialect.filters else "stop"
    desk.server.replies(reply(dialect.script(pieces, finish=finish)))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    assert [chunk.finish_reason for chunk in asked.chunks] == [None] * (len(asked.chunks) - 1) + [FINISHES[finish]]
    assert asked.result.finish_reason is FINISHES[finish]
    assert asked.thread[-1].finish_reason == FINISHES[finish]


@examples(20)
@given(dialects, texts, st.text("abcdefgh-0123456789.", min_size=1, max_size=20))
def test_str_3_provider_and_model_are_the_same_on_every_chunk(
    desk: Desk, dialect: Dialect, pieces: list[str], named: str
) -> None:
    """STR-3: those that were asked, also where the answer names another; that one is in the ledger."""
    desk.server.replies(reply(dialect.script(pieces, model=named)))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    assert {(chunk.provider, chunk.model) for chunk in asked.chunks} == {(f"my-{dialect.wire}", "m")}
    assert (asked.rows[0]["model"], asked.rows[0]["answered_by"]) == ("m", named)


@examples(20)
@given(texts, st.dictionaries(st.text("abcxyz", min_size=1, max_size=4), json_values, max_size=4))
def test_str_16_metadata_travels_untouched(desk: Desk, pieces: list[str], mine: dict[str, Any]) -> None:
    """STR-16: to every chunk and to the ledger's row."""
    desk.server.replies(reply(DIALECTS["openai"].script(pieces)))
    asked = desk.ask(metadata=mine)
    assert all(chunk.metadata == mine for chunk in asked.chunks)
    assert json.loads(asked.rows[0]["metadata"]) == mine


@examples(20)
@given(dialects, texts, st.sampled_from(["hangs", "resets", "chatters"]), st.binary(max_size=60))
def test_rob_3_after_the_terminal_mark_the_stream_is_over(
    desk: Desk, dialect: Dialect, pieces: list[str], then: str, noise: bytes
) -> None:
    """ROB-3: whether the server closes, hangs, resets or goes on talking; nobody waits, nothing is added."""
    script = dialect.script(pieces)
    endings: dict[str, list[Piece]] = {"hangs": [HANG], "resets": [RESET], "chatters": [noise or b"?", HANG]}
    desk.server.replies(reply(script, [*script.frames, *endings[then]]))
    marked = dialect.wire != "gemini"  # which has no mark besides its finish reason: that there is more is awaited
    session = desk.session(after_finish_s=2.0 if marked else 0.0)
    asked = desk.ask(model=f"my-{dialect.wire}/m", session=session)
    assert asked.result.content == "".join(pieces)
    assert asked.result.error is None
    assert [row["state"] for row in asked.rows] == ["completed"]


@examples(20)
@given(dialects, texts, counts(1000))
@example(DIALECTS["openai"], ["Hello"], Counts())
@example(DIALECTS["ollama"], ["Hello"], Counts())
def test_rob_7_a_connection_that_drops_after_the_finish_reason_fails_nothing(
    desk: Desk, dialect: Dialect, pieces: list[str], used: Counts
) -> None:
    """ROB-7, P11: the answer is complete; what it cost is unknown where the usage would have come later.

    Symptom: an answer whose last frame had come whole, but for its line end, before a reset was called cut off.
    Cause: when the connection died the decoder was not asked what it still held, as it is when the body ends in order.
    Fix: the attempt takes what is whole of it; only what was cut off in its midst is left.
    """
    script = dialect.script(pieces, used)
    desk.server.replies(reply(script, [script.body[: script.whole_from], RESET]))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    assert asked.result.error is None
    assert asked.result.content == "".join(pieces)
    assert asked.thread[-1].state is MessageState.COMPLETE
    assert asked.rows[0]["state"] == "completed"
    assert not asked.rows[0]["cost_nanos"]  # only of a local server is it known that it takes nothing


@examples(14)
@given(dialects, counts(1000))
def test_str_3_an_end_without_text_is_a_completed_empty_answer(desk: Desk, dialect: Dialect, used: Counts) -> None:
    """STR-3: one chunk of "", booked."""
    desk.server.replies(reply(dialect.script([], used)))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    assert [(chunk.index, chunk.content, chunk.finish_reason) for chunk in asked.chunks] == [(0, "", FinishReason.STOP)]
    assert (asked.rows[0]["state"], asked.rows[0]["input_tokens"]) == ("completed", used.input)


@examples(14)
@given(dialects, st.sampled_from([b"", b"\n\n", b": keep-alive\n\n", b"\r\n"]))
def test_str_3_a_200_without_an_event_is_an_error(desk: Desk, dialect: Dialect, body: bytes) -> None:
    """STR-3: never an empty answer."""
    if dialect.wire == "ollama" and body.startswith(b":"):
        body = b"\n"
    desk.server.replies(Reply(pieces=[body] if body else []))
    asked = desk.ask(model=f"my-{dialect.wire}/m", config="[retry]\nmax_retries = 0")
    assert asked.result.error is not None
    assert asked.result.error.kind == "malformed_response"
    assert asked.thread[-1].state is MessageState.FAILED


@examples(20)
@given(texts)
def test_str_16_a_chunk_survives_the_way_through_json(desk: Desk, pieces: list[str]) -> None:
    """STR-16: `to_json` is what `to_dict` says, `to_sse` is one event, and metering it gives the text again."""
    desk.server.replies(reply(DIALECTS["openai"].script(pieces)))
    chunks = desk.ask(metadata={"n": 1}).chunks
    for chunk in chunks:
        assert json.loads(chunk.to_json()) == chunk.to_dict()
        assert chunk.to_sse().count("\n") == 2
    assert llmtui.meter([chunk.to_sse() for chunk in chunks], "my/m", "sse", store=False).collect() == "".join(pieces)


@examples(20)
@given(dialects, texts, text)
def test_time_never_runs_backwards(desk: Desk, dialect: Dialect, pieces: list[str], question: str) -> None:
    """STR-3, STR-6: stamps of chunks do not fall, and the first token comes before the end."""
    desk.server.replies(reply(dialect.script(pieces)))
    asked = desk.ask(question, model=f"my-{dialect.wire}/m")
    stamps = [chunk.timestamp for chunk in asked.chunks]
    assert stamps == sorted(stamps)
    assert asked.result.ttft_s is not None
    assert 0 <= asked.result.ttft_s <= asked.result.duration_s
