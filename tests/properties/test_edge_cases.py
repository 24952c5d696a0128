"""Edge cases: nothing, one token, very much, and every character there is, halves of characters included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from llmtui.core.messages import MessageState
from tests.properties.generators import cuts, dialects, examples, text, texts
from tests.support.desk import reply, split
from tests.support.dialects import DIALECTS, Counts, event
from tests.support.wire_server import Reply, error_reply

if TYPE_CHECKING:
    from tests.support.desk import Desk
    from tests.support.dialects import Dialect

FREE = "[guard]\nmode = 'off'\n"
anything = st.text(st.characters(), min_size=1, max_size=12)
"""Lone surrogates too."""


def mended(said: str) -> str:
    """As it can be stored and shown: pairs joined, halves replaced."""
    return said.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


@examples(20)
@given(dialects, texts, st.integers(1, 4))
def test_str_2_empty_deltas_are_no_chunks(desk: Desk, dialect: Dialect, pieces: list[str], gap: int) -> None:
    """STR-2: a server that sends "" now and then adds nothing and numbers nothing."""
    spaced = [part for piece in pieces for part in (*[""] * gap, piece)]
    desk.server.replies(reply(dialect.script(spaced)))
    assert [chunk.content for chunk in desk.ask(model=f"my-{dialect.wire}/m").chunks] == [*pieces, ""]


@examples(20)
@given(dialects, text)
def test_one_token(desk: Desk, dialect: Dialect, piece: str) -> None:
    """STR-2, USE-1: two chunks, no rate: there is no time between the first and the last."""
    desk.server.replies(reply(dialect.script([piece], Counts(1, 0, 0, 1, 0))))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    assert [chunk.content for chunk in asked.chunks] == [piece, ""]
    assert asked.result.tokens_per_second is None
    assert asked.rows[0]["output_tokens"] == 1


@examples(8)
@given(dialects, st.integers(100_000, 400_000), st.sampled_from("aé漢🙂"), cuts)
def test_one_very_long_delta(desk: Desk, dialect: Dialect, length: int, letter: str, at: list[int]) -> None:
    """STR-13, ROB-8: a whole answer in one event of a megabyte and more."""
    script = dialect.script([letter * length])
    desk.server.replies(reply(script, list(split(script.body, at))))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    assert asked.result.content == letter * length
    assert len(asked.thread[-1].content) == length


@examples(20)
@given(dialects, st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1, max_size=5), cuts)
@example(DIALECTS["ollama"], ["a\u2028b\x85c\x0bd\x0ce\x1cf"], [3, 5, 7])
@example(DIALECTS["gemini"], ["\ufeff", "\r\n", "\0"], [])
def test_str_2_every_character_there_is(desk: Desk, dialect: Dialect, pieces: list[str], at: list[int]) -> None:
    """STR-2: also those at which `str.splitlines` would cut, which stand in answers like any other."""
    script = dialect.script(pieces)
    desk.server.replies(reply(script, list(split(script.body, at))))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    assert asked.result.content == asked.thread[-1].content == "".join(pieces)


@examples(15)
@given(st.sampled_from(["<|endoftext|>", "<|im_start|>", "<|fim_prefix|>", "[DONE]", "data: [DONE]"]), text)
def test_tok_1_special_tokens_are_text(desk: Desk, special: str, rest: str) -> None:
    """TOK-1: in a question and in an answer."""
    desk.server.replies(reply(DIALECTS["openai"].script([special, rest, special])))
    asked = desk.ask(special + rest, session=desk.session(FREE))
    assert asked.result.content == special + rest + special
    assert asked.requests[0].json()["messages"][-1]["content"] == special + rest
    assert asked.rows[0]["input_tokens"]


@examples(25)
@given(dialects, st.lists(anything, min_size=1, max_size=6))
@example(DIALECTS["openai"], ["Hi \ud83d", "\ude42!"])
@example(DIALECTS["openai"], ["cut \ud83d"])
@example(DIALECTS["anthropic"], ["\ud83d"])
def test_str_2_halves_of_characters_are_joined_or_replaced(desk: Desk, dialect: Dialect, pieces: list[str]) -> None:
    """STR-2: servers that count in UTF-16 cut emoji in two, half in this delta, half in the next.

    Symptom: such an emoji came as two U+FFFD; later: half a character at the very end of an answer vanished.
    Cause: each delta was mended by itself; later: the half that waits for its other half was never let go of.
    Fix: a half waits for the next delta, and what still waits at the end is a U+FFFD.
    """
    desk.server.replies(reply(dialect.script(pieces)))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    assert asked.result.content == asked.thread[-1].content == mended("".join(pieces))
    assert asked.result.error is None


@examples(20)
@given(anything.filter(str.strip))
@example("broken \ud83d paste")
def test_a_broken_paste_is_asked_and_kept(desk: Desk, question: str) -> None:
    """CHAT-1, STR-11: half a character in a question neither fails the request nor the database."""
    desk.server.replies(reply(DIALECTS["openai"].script(["x"])))
    asked = desk.ask(question, session=desk.session(FREE))
    assert asked.result.error is None
    assert asked.requests[0].json()["messages"][-1]["content"] == mended(question)
    assert asked.thread[0].content == mended(question)


@examples(15)
@given(dialects, st.text(" \t\n\u3000\xa0", min_size=1, max_size=10))
def test_an_answer_of_blanks_is_an_answer(desk: Desk, dialect: Dialect, blanks: str) -> None:
    """STR-3: complete, kept to the character."""
    desk.server.replies(reply(dialect.script([blanks])))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    assert (asked.thread[-1].content, asked.thread[-1].state) == (blanks, MessageState.COMPLETE)


@examples(20)
@given(st.sampled_from([400, 401, 404, 429, 500]), st.text(max_size=400), st.booleans())
@example(500, "x" * 295 + "secret-header-0123456789", True)
@example(400, "the value on is not allowed", True)
def test_no_secret_is_told_whatever_the_server_says(desk: Desk, status: int, said: str, echoes: bool) -> None:
    """SEC-3, ROB-8: nor a piece of one, and ordinary words stay.

    Symptom: a piece of a key stood in an error; or, with a header whose value is a short word, the text had holes.
    Cause: what the server said was cut before secrets were looked for; every value was taken for a secret.
    Fix: secrets are taken out first, and what is as short as a word is none.
    """
    secret = "secret-header-0123456789"
    message = f"{said} {secret} {said}" if echoes else said
    desk.server.replies(error_reply(status, {"error": {"message": message}}))
    session = desk.session('[retry]\nmax_retries = 0\n[providers.four]\nwire = "openai"\nbase_url = "{url}"\n'.replace(
        "{url}", desk.server.url
    ) + f'headers = {{ "x-team" = "{secret}", "x-mode" = "on" }}\n')  # fmt: skip
    asked = desk.ask(model="four/m", session=session)
    assert asked.result.error is not None
    assert "secret-header" not in asked.result.error.sentence
    assert asked.requests[0].headers["x-team"] == secret


@examples(20)
@given(st.binary(max_size=300), dialects)
def test_rob_8_any_body_is_one_clear_error_or_an_answer(desk: Desk, body: bytes, dialect: Dialect) -> None:
    """ROB-8: over a real socket, never a traceback, never a question lost."""
    desk.server.replies(Reply(pieces=[body] if body else []))
    asked = desk.ask(model=f"my-{dialect.wire}/m", config="[retry]\nmax_retries = 0\n")
    assert asked.thread[0].content == "Hello?"
    assert (asked.result.error is None) == (asked.thread[-1].state is MessageState.COMPLETE)
    if asked.result.error is not None:
        assert asked.result.error.sentence


@examples(15)
@given(st.text(st.characters(codec="utf-8"), max_size=60), st.text(st.characters(codec="utf-8"), max_size=60))
def test_odd_names_of_models_and_answers_are_stored_as_they_are(desk: Desk, model: str, answer_id: str) -> None:
    """USE-1: whatever a server calls itself."""
    frames = [
        event({"id": answer_id, "model": model, "choices": [{"index": 0, "delta": {"content": "x"}}]}),
        event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
    ]
    desk.server.replies(reply(DIALECTS["openai"].script([]), frames))
    row = desk.ask().rows[0]
    assert row["state"] == "completed"
    assert (row["answered_by"], row["response_id"] or "") == (model, answer_id)
