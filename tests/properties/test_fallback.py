"""Fallback: the next model gets the same conversation, pays its own price, and inherits nobody's failures."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import example, given
from hypothesis import strategies as st

from llmtui.core.errors import BudgetExceeded
from llmtui.core.events import FinishReason
from llmtui.core.messages import MessageState, ModelRef
from llmtui.core.request import GenerationSettings
from tests.properties.generators import counts, dialects, examples, prices, text, texts
from tests.support.desk import reply
from tests.support.dialects import DIALECTS, Counts
from tests.support.wire_server import CLOSE, RESET, Reply, error_reply

if TYPE_CHECKING:
    from decimal import Decimal

    from tests.support.desk import Desk
    from tests.support.dialects import Dialect

ONCE = "[retry]\nmax_retries = 0\nbreaker_failures = 100\n[guard]\nmode = 'off'\n"
CHAIN = ("two/m2", "three/m3")
LEADS_ON = {401, 403, 404, 429, 500, 502, 503, 504, 529}
STAYS = {400, 413, 422}


def refused(status: int) -> Reply:
    return error_reply(status, {"error": {"message": f"status {status}"}})


def down(how: str) -> Reply:
    """A provider that fails before it has said anything."""
    match how:
        case "reset":
            return Reply(before=[b"HTTP/1.1 2", RESET])
        case "closed":
            return Reply(before=[b"HTTP/1.1 2", CLOSE])
        case "empty":
            return Reply(pieces=[])
        case "in the stream":
            return reply(DIALECTS["openai"].script([]), [DIALECTS["openai"].failure("boom", 500)])
    return refused(int(how))


failing = st.sampled_from(["reset", "closed", "empty", "in the stream", *map(str, sorted(LEADS_ON))])


spoken = text.filter(str.strip)
"""Anthropic refuses messages of blanks alone, so that none are sent there."""


@examples(25)
@given(failing, dialects, st.lists(spoken, max_size=3), spoken, st.text("abc ", max_size=10), st.floats(0, 2))
def test_rob_5_the_next_model_gets_the_same_conversation(
    desk: Desk, how: str, dialect: Dialect, earlier: list[str], question: str, system: str, temperature: float
) -> None:
    """ROB-5: system prompt, history, question and settings, in its own wire."""
    session = desk.session(ONCE, [f"my-{dialect.wire}/m2"])
    conversation = None
    for said in earlier:
        desk.server.replies(reply(DIALECTS["openai"].script([f"re: {said}"])))
        asked = desk.ask(said, session=session, conversation_id=conversation, system=system or None)
        conversation = asked.result.conversation_id
    desk.server.replies(down(how), reply(dialect.script(["at last"])))
    settings = GenerationSettings(temperature=temperature, max_output_tokens=2000)
    asked = desk.ask(question, session=session, conversation_id=conversation, settings=settings, system=system or None)
    assert asked.result.content == "at last"
    first, second = (request.json() for request in asked.requests)
    due = [said for each in earlier for said in (each, f"re: {each}")] + [question]
    assert _texts(first) == due
    assert _texts(second) == due if "prompt" not in second else _stand_in_order(due, second["prompt"])
    assert [event.chosen for event in asked.fallbacks] == [ModelRef(f"my-{dialect.wire}", "m2")]


def _texts(body: dict[str, Any]) -> list[str]:
    """What a request's messages say, without the system prompt, whatever the wire calls them."""
    found = []
    for message in body.get("messages") or body.get("input") or body.get("contents") or ():
        content = message.get("content", message.get("parts"))
        if message["role"] != "system":
            found.append(content if isinstance(content, str) else "".join(part.get("text", "") for part in content))
    return found


def _stand_in_order(texts: list[str], prompt: str) -> bool:
    """For text completions, where the conversation is one text."""
    place = 0
    for said in texts:
        if (place := prompt.find(said, place)) < 0:
            return False
        place += len(said)
    return True


@examples(25)
@given(st.lists(failing, min_size=0, max_size=2), counts(), prices, prices, prices)
def test_cost_1_it_costs_what_the_one_who_answered_asks(
    desk: Desk, fails: list[str], used: Counts, first: Decimal, second: Decimal, third: Decimal
) -> None:
    """P20, P21: of a turn's attempts only the accepted one has a confirmed cost, at its own provider's price."""
    config = ONCE + "".join(
        f"[prices.'{name}']\ninput = {price:f}\noutput = {price:f}\n"
        for name, price in zip(("one/m", *CHAIN), (first, second, third), strict=True)
    )
    desk.server.replies(*map(down, fails), reply(DIALECTS["openai"].script(["x"], used)))
    asked = desk.ask(config=config, fallback=CHAIN)
    price = (first, second, third)[len(fails)]
    assert asked.result.model == ModelRef.parse(("one/m", *CHAIN)[len(fails)])
    assert [row["resolution"] for row in asked.rows] == ["none"] * len(fails) + ["resolved"]
    assert [row["cost_nanos"] for row in asked.rows[:-1]] == [None] * len(fails)
    assert asked.rows[-1]["cost_nanos"] == round((used.input + used.output) * price * 1000)


@examples(25)
@given(st.lists(failing, max_size=2))
def test_rob_5_the_chain_is_asked_in_order_and_no_further(desk: Desk, fails: list[str]) -> None:
    """ROB-5: each once, and nobody behind the one that answered; what failed and what answered is recorded."""
    desk.server.replies(*map(down, fails), reply(DIALECTS["openai"].script(["x"])))
    asked = desk.ask(config=ONCE, fallback=CHAIN)
    names = ["m", "m2", "m3"][: len(fails) + 1]
    assert [request.json()["model"] for request in asked.requests] == names
    assert [row["model"] for row in asked.rows] == names
    assert [attempt.error is None for attempt in asked.result.attempts] == [False] * len(fails) + [True]
    assert [(event.failed.name, event.chosen.name) for event in asked.fallbacks] == list(pairwise(names))


@examples(20)
@given(st.sampled_from(sorted(LEADS_ON | STAYS)))
def test_rob_5_what_leads_on_and_what_does_not(desk: Desk, status: int) -> None:
    """ROB-5, ROB-2: a bad request is bad everywhere; the rest is worth another model."""
    desk.server.replies(refused(status), reply(DIALECTS["openai"].script(["x"])))
    asked = desk.ask(config=ONCE, fallback=CHAIN)
    assert len(asked.requests) == (2 if status in LEADS_ON else 1)
    assert (asked.result.error is None) == (status in LEADS_ON)


@examples(15)
@given(st.integers(1, 4), st.sampled_from(["reset", "500", "503", "529"]))
def test_rob_5_one_provider_s_failures_are_not_another_s(desk: Desk, failures: int, how: str) -> None:
    """ROB-5: the one that keeps failing is skipped, and said so; the others are asked as ever."""
    session = desk.session("[retry]\nmax_retries = 0\nbreaker_failures = 2\n", ["two/m2"])
    script = DIALECTS["openai"].script(["x"])
    for number in range(failures):
        desk.server.replies(*([down(how)] if number < 2 else []), reply(script))
        asked = desk.ask(session=session)
        assert asked.result.model == ModelRef("two", "m2")
        assert any("skipped" in warning for warning in asked.result.warnings) == (number >= 2)
    desk.server.replies(reply(script))
    third = desk.ask(session=session, model="three/m3")
    assert (third.result.model, len(third.requests)) == (ModelRef("three", "m3"), 1)
    assert not any("skipped" in warning for warning in third.result.warnings)


@examples(25)
@given(texts, st.sampled_from([CLOSE, RESET, "error"]), st.data())
def test_rob_4_once_something_was_shown_nobody_else_is_asked(
    desk: Desk, pieces: list[str], how: Any, data: st.DataObject
) -> None:
    """ROB-4: the partial text stays, marked, and not a character is shown twice."""
    dialect = DIALECTS["openai"]
    script = dialect.script(pieces)
    kept = data.draw(st.integers(1, len(pieces)), label="pieces that arrive")
    end = dialect.failure("boom", 503) if how == "error" else how
    desk.server.replies(reply(script, [*script.frames[: 1 + kept], end]), reply(dialect.script(["again"])))
    asked = desk.ask(config="[retry]\nmax_retries = 5\n", fallback=CHAIN)
    assert len(asked.requests) == 1
    assert asked.fallbacks == []
    assert asked.retries == []
    assert "".join(chunk.content for chunk in asked.chunks) == asked.thread[-1].content == "".join(pieces[:kept])
    assert asked.thread[-1].state in (MessageState.TRUNCATED, MessageState.FAILED)


@examples(20)
@given(st.lists(failing, min_size=3, max_size=3), text)
@example(["401", "401", "reset"], "kept?")
def test_rob_6_when_all_fail_the_question_is_kept_and_the_last_error_told(
    desk: Desk, fails: list[str], question: str
) -> None:
    """ROB-6, STR-11: one sentence with what to do, all three attempts, no answer that pretends."""
    desk.server.replies(*map(down, fails))
    asked = desk.ask(question, config=ONCE, fallback=CHAIN)
    assert asked.result.error is not None
    assert asked.result.error.sentence
    assert asked.result.finish_reason in (FinishReason.ERROR, FinishReason.TRUNCATED)
    assert [message.content for message in asked.thread] == [question, ""]
    assert asked.thread[-1].state is MessageState.FAILED
    assert [attempt.model.name for attempt in asked.result.attempts] == ["m", "m2", "m3"]
    assert all(row["cost_nanos"] is None and row["state"] == "failed" for row in asked.rows)


@examples(15)
@given(failing, st.integers(10, 500))
def test_rob_5_each_model_of_the_chain_has_its_own_budget_check(desk: Desk, how: str, dear: int) -> None:
    """ROB-5, BUD-3: a dearer stand-in that the budget does not afford is not asked."""
    config = ONCE + (
        "[budget]\nconfirm_at = 1\nconversation_usd = 0.05\n"
        f"[prices.'one/m']\ninput = 1\noutput = 2\n[prices.'two/m2']\ninput = 1\noutput = {dear}\n"
    )
    desk.server.replies(down(how), reply(DIALECTS["openai"].script(["x"], Counts(5, 0, 0, 5, 0))))
    asked = desk.ask("hi", config=config, fallback=["two/m2"])
    affords = 1024 * dear + 300 <= 50_000
    assert (asked.result.error is None) == affords
    if not affords:
        assert isinstance(asked.result.error, BudgetExceeded)
        assert [row["model"] for row in asked.rows] == ["m"]


@examples(15)
@given(st.lists(failing, min_size=1, max_size=2), texts)
def test_str_2_the_chunks_of_a_stand_in_begin_at_nought(desk: Desk, fails: list[str], pieces: list[str]) -> None:
    """STR-2, STR-3: of its own provider and model, and stored as its answer."""
    desk.server.replies(*map(down, fails), reply(DIALECTS["openai"].script(pieces)))
    asked = desk.ask(config=ONCE, fallback=CHAIN)
    assert [chunk.index for chunk in asked.chunks] == list(range(len(pieces) + 1))
    assert {(chunk.provider, chunk.model) for chunk in asked.chunks} == {asked.result.model}
    assert asked.thread[-1].model == asked.result.model
