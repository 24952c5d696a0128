"""Input counting: an estimate before, the provider's own figure after, and never a token twice."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llmtui.core.usage import MESSAGE_TOKENS, REPLY_TOKENS
from llmtui.tokens.blocking import count_batch
from llmtui.tokens.estimate import Calibration, estimate_request, estimate_tokens
from tests.conftest import SHARED
from tests.properties.generators import characters, counts, dialects, examples, text, texts
from tests.support.desk import reply
from tests.support.dialects import DIALECTS, chat_usage, event
from tests.support.wire_server import RESET, sse

if TYPE_CHECKING:
    from tests.support.desk import Desk
    from tests.support.dialects import Counts, Dialect

any_text = st.text(characters, max_size=300)


@examples(25)
@given(dialects, texts, counts())
def test_tok_3_what_the_provider_counted_replaces_the_estimate(
    desk: Desk, dialect: Dialect, pieces: list[str], used: Counts
) -> None:
    """TOK-3, PRV-4: input with what was cached of it, as the wire reports it, to the ledger's row."""
    desk.server.replies(reply(dialect.script(pieces, used)))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    told, row = dialect.reported(used), asked.rows[0]
    assert asked.result.usage is not None
    assert asked.result.usage.source == row["usage_source"] == "provider"
    assert asked.result.usage.input_tokens == row["input_tokens"] == told.input
    assert (row["cache_read_tokens"], row["cache_write_tokens"]) == (told.read, told.write)


@examples(25)
@given(text, st.text(characters, max_size=60), texts)
def test_tok_1_without_a_report_the_input_is_the_estimate_of_what_was_sent(
    desk: Desk, question: str, system: str, pieces: list[str]
) -> None:
    """TOK-1, P11: four tokens a message and three for the reply, beside the texts; marked as an estimate."""
    script = DIALECTS["openai"].script(pieces)
    desk.server.replies(reply(script, [*script.frames[:2], RESET]))
    asked = desk.ask(question, session=desk.session("[guard]\nmode = 'off'"), system=system or None)
    sent = [message["content"] for message in asked.requests[0].json()["messages"]]
    assert asked.rows[0]["usage_source"] == "estimate"
    assert asked.rows[0]["input_tokens"] == estimate_request(sent)
    assert estimate_request(sent) == sum(map(estimate_tokens, sent)) + MESSAGE_TOKENS * len(sent) + REPLY_TOKENS


@examples(20)
@given(counts(10**5), st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_cached_than_input_is_never_booked(desk: Desk, used: Counts, read: int, write: int) -> None:
    """P17, P19: cache reads and writes are parts of the input, whatever a server claims."""
    frames = [event({"choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}]})]
    usage = chat_usage(used._replace(read=read, write=write))
    desk.server.replies(reply(DIALECTS["openai"].script([]), [*frames, event({"choices": [], "usage": usage})]))
    row = desk.ask().rows[0]
    assert row["cache_read_tokens"] + row["cache_write_tokens"] <= row["input_tokens"]


@examples(25)
@given(st.lists(any_text, max_size=6))
def test_tok_1_no_text_is_nothing_and_any_other_is_something(pieces: list[str]) -> None:
    """TOK-1: and no text has more tokens than bytes."""
    for piece in pieces:
        guess = estimate_tokens(piece)
        assert (guess == 0) == (piece == "")
        assert guess <= len(piece.encode())
    assert estimate_request(pieces) >= MESSAGE_TOKENS * len(pieces) + REPLY_TOKENS


@examples(12)
@given(st.lists(text, min_size=2, max_size=4))
def test_tok_4_a_longer_conversation_is_counted_whole(desk: Desk, questions: list[str]) -> None:
    """TOK-4: each question carries what was said before it, and its estimate says so."""
    session = desk.session("[guard]\nmode = 'off'")
    conversation, guesses = None, []
    for question in questions:
        script = DIALECTS["openai"].script(["an answer"])
        desk.server.replies(reply(script, script.frames[: script.finish + 1]))
        asked = desk.ask(question, session=session, conversation_id=conversation)
        conversation = asked.result.conversation_id
        guesses.append(asked.rows[0]["input_tokens"])
        sent = [message["content"] for message in asked.requests[0].json()["messages"]]
        assert guesses[-1] == estimate_request(sent)
    assert guesses == sorted(set(guesses))


@examples(25)
@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)), max_size=20), st.integers(0, 10**6))
def test_tok_1_calibration_stays_within_reason(seen: list[tuple[int, int]], guess: int) -> None:
    """TOK-1: whatever providers report, an estimate is moved by a factor of four at most, and 0 stays 0."""
    learnt = Calibration()
    for estimated, reported in seen:
        learnt = learnt.observe(estimated, reported)
    moved = learnt.apply(guess)
    assert (moved == 0) == (guess == 0)
    assert guess // 4 <= moved <= max(1, guess * 4)


@pytest.fixture(scope="module")
def vocabularies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the real ones (tiktoken deletes what it does not like)."""
    if not (SHARED / "tiktoken").is_dir():
        pytest.skip("the real vocabularies are not beside this checkout")
    return Path(shutil.copytree(SHARED / "tiktoken", tmp_path_factory.mktemp("cache") / "tiktoken"))


@examples(1)
@given(st.lists(any_text | st.just("<|endoftext|>"), min_size=1, max_size=12))
@example(["<|endoftext|>", "", "<|im_start|>user", "a" * 5000])
def test_tok_1_a_batch_counts_as_its_texts_do(vocabularies: Path, pieces: list[str]) -> None:
    """TOK-1: tiktoken's own count in its own process; special tokens are text."""
    twice = count_batch([*pieces, *reversed(pieces)], "openai/gpt-4o", vocabularies)
    assert twice[: len(pieces)] == twice[: len(pieces) - 1 : -1]
    for piece, count in zip(pieces, twice, strict=False):
        assert (count.tokens == 0) == (piece == "")
        assert count.tokens <= len(piece.encode())
        assert count.exact or not piece


@examples(15)
@given(texts, st.integers(1, 10**6), st.integers(1, 10**6))
def test_prv_4_input_reported_early_and_output_reported_late_are_merged(
    desk: Desk, pieces: list[str], prompt: int, output: int
) -> None:
    """PRV-4, P8: counts that are spread over frames are put together, never added."""
    frames = sse(
        {"choices": [], "usage": {"prompt_tokens": prompt}},
        *({"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces),
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": output}},
    )
    desk.server.replies(reply(DIALECTS["openai"].script([]), frames))
    row = desk.ask().rows[0]
    assert (row["input_tokens"], row["output_tokens"]) == (prompt, output)
