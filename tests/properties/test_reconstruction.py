"""Reconstruction: the answer is the same whatever the network, the server's habits and the way into the database make of it."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

import llmtui
from llmtui.chat.runtime import run_blocking
from llmtui.core.events import FinishReason
from llmtui.core.messages import MessageState
from tests.properties.generators import cuts, dialects, events, examples, text, texts
from tests.support.desk import reply, split
from tests.support.dialects import DIALECTS, encoded, event
from tests.support.wire_server import CLOSE, RESET

if TYPE_CHECKING:
    from llmtui.core.events import TurnEvent
    from tests.support.desk import Desk
    from tests.support.dialects import Dialect


@examples(20)
@given(dialects, st.lists(text, min_size=1, max_size=3))
def test_str_2_one_byte_at_a_time_is_no_different(desk: Desk, dialect: Dialect, pieces: list[str]) -> None:
    """STR-2: every character and every line cut wherever it can be."""
    script = dialect.script(pieces)
    desk.server.replies(reply(script, [script.body[at : at + 1] for at in range(len(script.body))]))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    assert (asked.result.content, asked.result.finish_reason) == ("".join(pieces), FinishReason.STOP)
    assert [chunk.index for chunk in asked.chunks] == list(range(len(asked.chunks)))


@examples(20)
@given(dialects, texts)
def test_str_2_many_events_in_one_packet_are_no_different(desk: Desk, dialect: Dialect, pieces: list[str]) -> None:
    """STR-2: one chunk for each piece, not one for each packet."""
    script = dialect.script(pieces)
    desk.server.replies(reply(script, [script.body]))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    assert [chunk.content for chunk in asked.chunks] == [*pieces, ""]


@examples(20)
@given(
    events, texts, cuts, st.lists(st.sampled_from([b":\n\n", b": OPENROUTER PROCESSING\n\n", b"\n\n", b"id: 7\n\n"]))
)
def test_rob_3_keep_alives_between_frames_change_nothing(
    desk: Desk, dialect: Dialect, pieces: list[str], at: list[int], between: list[bytes]
) -> None:
    """ROB-3, STR-2: comments, empty events, ids without data."""
    script = dialect.script(pieces)
    frames = list(script.frames)
    for number, noise in enumerate(between):
        frames.insert(number % (script.finish + 1), noise)
    desk.server.replies(reply(script, list(split(b"".join(frames), at))))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    assert [chunk.content for chunk in asked.chunks] == [*pieces, ""]


@examples(20)
@given(events, texts, cuts, st.sampled_from([b"\n", b"\r\n", b"\r"]), st.booleans())
def test_str_2_line_ends_and_a_byte_order_mark_change_nothing(
    desk: Desk, dialect: Dialect, pieces: list[str], at: list[int], end: bytes, mark: bool
) -> None:
    """STR-2: LF, CRLF and CR, as the standard allows; a BOM only at the very beginning."""
    script = dialect.script(pieces)
    body = (b"\xef\xbb\xbf" if mark else b"") + re.sub(rb"\r?\n", lambda _: end, script.body)
    desk.server.replies(reply(script, list(split(body, at))))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    assert (asked.result.content, asked.result.error) == ("".join(pieces), None)


@examples(20)
@given(dialects, texts, st.dictionaries(st.text("xyz_", min_size=1, max_size=6), st.integers() | st.none(), max_size=4))
def test_rob_8_unknown_events_and_fields_change_nothing(
    desk: Desk, dialect: Dialect, pieces: list[str], extra: dict[str, int | None]
) -> None:
    """ROB-8: what a provider adds some day is passed over."""
    script = dialect.script(pieces)
    fields = {f"new_{name}": value for name, value in extra.items()} | {"type": "something.new"}
    news = encoded(fields) + b"\n" if dialect.wire == "ollama" else event(fields)
    frames = [part for frame in script.frames[: script.finish + 1] for part in (news, frame)]
    desk.server.replies(reply(script, [*frames, *script.frames[script.finish + 1 :]]))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    assert [chunk.content for chunk in asked.chunks] == [*pieces, ""]


@examples(40)
@given(dialects, texts, st.data(), st.sampled_from([CLOSE, RESET, None]))
def test_str_3_what_arrived_of_a_cut_stream_is_kept_and_marked(
    desk: Desk, dialect: Dialect, pieces: list[str], data: st.DataObject, how: object
) -> None:
    """STR-3, STR-11: a prefix of the answer, numbered without a gap, never called complete."""
    script = dialect.script(pieces)
    cut = data.draw(st.integers(1, script.whole_from - 1), label="bytes that arrive")
    sent = [script.body[:cut], *([how] if how else [])]
    desk.server.replies(reply(script, sent))  # type: ignore[arg-type]
    asked = desk.ask(model=f"my-{dialect.wire}/m", config="[retry]\nmax_retries = 0")
    assert asked.result.error is not None
    assert "".join(pieces).startswith(asked.result.content)
    assert asked.thread[-1].content == asked.result.content
    assert asked.thread[-1].state in (MessageState.TRUNCATED, MessageState.FAILED)
    assert [chunk.index for chunk in asked.chunks] == list(range(len(asked.chunks)))
    assert asked.result.finish_reason in (FinishReason.TRUNCATED, FinishReason.ERROR)


@examples(20)
@given(texts, st.lists(text, min_size=1, max_size=4))
def test_str_9_a_continued_answer_is_the_two_parts_and_nothing_between(
    desk: Desk, first: list[str], second: list[str]
) -> None:
    """STR-9: what is stored begins with the text so far; the chunks carry the new part alone."""
    dialect = DIALECTS["openai"]
    session = desk.session()
    desk.server.replies(reply(dialect.script(first, finish="length")), reply(dialect.script(second)))
    begun = desk.ask(session=session)
    said: list[TurnEvent] = []
    result = run_blocking(
        session.continue_answer(begun.result.conversation_id, begun.result.answer_message_id, sink=said.append)
    )
    assert result.content == "".join(second)
    stored = desk.store.conversations.thread(begun.result.conversation_id)
    assert stored[-1].content == "".join([*first, *second])


@examples(20)
@given(texts, cuts)
def test_str_16_metering_a_split_stream_of_events_gives_the_text(desk: Desk, pieces: list[str], at: list[int]) -> None:
    """STR-16: strings that are cut anywhere, as a reader of a file would have them."""
    desk.server.replies(reply(DIALECTS["openai"].script(pieces)))
    written = "".join(chunk.to_sse() for chunk in desk.ask().chunks)
    places = sorted({place % len(written) for place in at} | {0, len(written)})
    parts = [written[a:b] for a, b in pairwise(places)]
    assert llmtui.meter(parts, "my/m", "sse", store=False).collect() == "".join(pieces)


@examples(15)
@given(st.lists(st.tuples(text, text), min_size=1, max_size=4))
def test_chat_1_a_conversation_reads_back_as_it_was_said(desk: Desk, said: list[tuple[str, str]]) -> None:
    """CHAT-1: question by question, answer by answer, from the file."""
    session = desk.session("[guard]\nmode = 'off'")
    conversation: str | None = None
    for question, answer in said:
        desk.server.replies(reply(DIALECTS["openai"].script([answer])))
        asked = desk.ask(question, session=session, conversation_id=conversation)
        conversation = asked.result.conversation_id
    assert [message.content for message in asked.thread] == [part for pair in said for part in pair]
    assert [m["content"] for m in asked.requests[-1].json()["messages"]] == [p for pair in said for p in pair][:-1]
