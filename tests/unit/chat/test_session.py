"""Turns under asyncio, as the full screen and the library drive them: stop, siblings, fallback, many at once."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.chat.control import TurnControl
from llmtui.core.cost import Resolution
from llmtui.core.errors import ConfigError, ModelNotFound
from llmtui.core.events import (
    AttemptStarted,
    ChunkArrived,
    FallbackChosen,
    FinishReason,
    RetryScheduled,
    TurnEvent,
    TurnSettled,
    TurnStarted,
)
from llmtui.core.messages import MessageState, ModelRef
from tests.e2e.chat_server import DONE, ChatServer, Reply, answer, error, frame, usage_frame

if TYPE_CHECKING:
    from tests.unit.chat.conftest import OpenSession


class Events(list[TurnEvent]):
    """A sink that remembers, and can be waited on."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = asyncio.Event()

    def __call__(self, event: TurnEvent) -> None:
        self.append(event)
        self._changed.set()

    async def until(self, kind: type[Any], count: int = 1) -> Any:
        """The count-th event of a kind, waited for."""
        async with asyncio.timeout(30):
            while len(found := [event for event in self if isinstance(event, kind)]) < count:
                self._changed.clear()
                await self._changed.wait()
        return found[count - 1]


async def test_the_events_of_a_turn_come_in_order(session: OpenSession) -> None:
    events = Events()
    with ChatServer(answer("Hel", "lo")) as server:
        async with session(server.base_url) as chat:
            result = await chat.send("hi", sink=events)
    kinds = [type(event) for event in events]
    assert kinds == [TurnStarted, AttemptStarted, ChunkArrived, ChunkArrived, ChunkArrived, TurnSettled]
    assert result.content == "Hello"
    assert events[-1] == TurnSettled(result)


async def test_str_9_p3_a_stop_keeps_the_text_and_settles_before_it_says_so(session: OpenSession) -> None:
    """STR-9, COST-3, P3."""
    never = threading.Event()
    events, control = Events(), TurnControl()
    with ChatServer(Reply(steps=(frame("half"), never))) as server:
        async with session(server.base_url) as chat:
            turn = asyncio.create_task(chat.send("hi", sink=events, control=control))
            await events.until(ChunkArrived)
            control.cancel()
            result = await turn
            row = chat.store.read(
                lambda db: db.execute("SELECT state, resolution, reserved_nanos FROM attempts").fetchone()
            )
            stored = chat.store.conversations.thread(result.conversation_id)
        never.set()
    assert (result.content, result.finish_reason, result.error) == ("half", FinishReason.CANCELLED, None)
    assert tuple(row) == ("cancelled", "unknown", 0)
    assert [(message.content, message.state) for message in stored] == [
        ("hi", MessageState.COMPLETE),
        ("half", MessageState.CANCELLED),
    ]


async def test_p3_a_stop_that_comes_when_all_is_there_does_not_interrupt_the_booking(session: OpenSession) -> None:
    """P3: Escape in the very moment in which the answer ends."""
    control = TurnControl()

    def sink(event: TurnEvent) -> None:
        if isinstance(event, ChunkArrived) and event.chunk.finish_reason is not None:
            control.cancel()

    with ChatServer(answer("all")) as server:
        async with session(server.base_url) as chat:
            result = await chat.send("hi", sink=sink, control=control)
            row = chat.store.read(lambda db: db.execute("SELECT state FROM attempts").fetchone())
    assert (result.content, result.finish_reason, row[0]) == ("all", FinishReason.STOP, "completed")


async def test_p4_a_task_that_is_cancelled_from_outside_books_all_the_same(session: OpenSession) -> None:
    never = threading.Event()
    events = Events()
    with ChatServer(Reply(steps=(frame("half"), never))) as server:
        async with session(server.base_url) as chat:
            turn = asyncio.create_task(chat.send("hi", sink=events))
            await events.until(ChunkArrived)
            turn.cancel()
            with pytest.raises(asyncio.CancelledError):
                await turn
            query = chat.store.submit(lambda db: db.execute("SELECT state FROM attempts").fetchall())
            rows = await asyncio.wrap_future(query)  # after the settlement, which is on the queue
        never.set()
    assert [tuple(row) for row in rows] == [("cancelled",)]


async def test_a_stop_before_the_first_byte_books_an_estimate(session: OpenSession) -> None:
    never = threading.Event()
    events, control = Events(), TurnControl()
    with ChatServer(Reply(steps=(never,))) as server:
        async with session(server.base_url) as chat:
            turn = asyncio.create_task(chat.send("hi", sink=events, control=control))
            await asyncio.to_thread(server.wait_for_requests, 1)
            control.cancel()
            result = await turn
        never.set()
    assert result.finish_reason is FinishReason.CANCELLED
    assert result.cost.resolution is Resolution.NONE
    assert result.usage is not None
    assert result.usage.source == "estimate"


async def test_rob_1_a_wait_can_be_cut_short(session: OpenSession) -> None:
    events, control = Events(), TurnControl()
    with ChatServer(error(429, "slow", headers=[("retry-after", "40")]), answer("there")) as server:
        async with session(server.base_url) as chat:
            turn = asyncio.create_task(chat.send("hi", sink=events, control=control))
            scheduled = await events.until(RetryScheduled)
            assert scheduled.wait_s >= 40
            await asyncio.sleep(0)
            control.retry_now()
            result = await turn
    assert result.content == "there"


async def test_rob_1_a_wait_can_be_cancelled(session: OpenSession) -> None:
    events, control = Events(), TurnControl()
    with ChatServer(error(429, "slow", headers=[("retry-after", "40")])) as server:
        async with session(server.base_url) as chat:
            turn = asyncio.create_task(chat.send("hi", sink=events, control=control))
            await events.until(RetryScheduled)
            control.cancel()
            result = await turn
    assert result.finish_reason is FinishReason.CANCELLED
    assert len(server.requests) == 1


async def test_str_10_regenerating_makes_a_sibling(session: OpenSession) -> None:
    with ChatServer(answer("one"), answer("two")) as server:
        async with session(server.base_url) as chat:
            first = await chat.send("hi", sink=Events())
            second = await chat.regenerate(first.conversation_id, first.answer_message_id, sink=Events())
            siblings = chat.store.conversations.siblings(second.answer_message_id)
            shown = chat.store.conversations.thread(first.conversation_id)
    assert list(siblings) == [first.answer_message_id, second.answer_message_id]
    assert [message.content for message in shown] == ["hi", "two"]
    assert server.requests[1].body["messages"] == [{"role": "user", "content": "hi"}]


async def test_str_10_editing_a_question_leaves_the_old_branch(session: OpenSession) -> None:
    with ChatServer(answer("one"), answer("two")) as server:
        async with session(server.base_url) as chat:
            first = await chat.send("hi", sink=Events())
            second = await chat.send("hello", sink=Events(), conversation_id=first.conversation_id, parent_id=None)
            shown = chat.store.conversations.thread(first.conversation_id)
            whole = chat.store.conversations.whole(first.conversation_id)
    assert [message.content for message in shown] == ["hello", "two"]
    assert len(whole) == 4
    assert second.conversation_id == first.conversation_id


async def test_str_9_a_cut_answer_goes_on_where_it_ended(session: OpenSession) -> None:
    cut = Reply(steps=(frame("one two"), frame(finish="length"), usage_frame(1, 2), DONE))
    with ChatServer(cut, answer(" three")) as server:
        async with session(server.base_url) as chat:
            first = await chat.send("count", sink=Events())
            assert first.finish_reason is FinishReason.LENGTH
            assert any("output limit" in warning for warning in first.warnings)
            await chat.continue_answer(first.conversation_id, first.answer_message_id, sink=Events())
            shown = chat.store.conversations.thread(first.conversation_id)
    assert [message.content for message in shown] == ["count", "one two three"]
    assert [m["role"] for m in server.requests[1].body["messages"]] == ["user", "assistant", "user"]


async def test_what_cannot_be_regenerated_or_continued_is_said(session: OpenSession) -> None:
    with ChatServer(answer("one")) as server:
        async with session(server.base_url) as chat:
            first = await chat.send("hi", sink=Events())
            with pytest.raises(ConfigError, match="regenerate"):
                await chat.regenerate(first.conversation_id, first.user_message_id, sink=Events())
            with pytest.raises(ConfigError, match="continue"):
                await chat.continue_answer(first.conversation_id, first.user_message_id, sink=Events())


async def test_rob_5_a_provider_that_keeps_failing_is_skipped_and_said_so(session: OpenSession) -> None:
    with ChatServer(error(500, "down")) as bad, ChatServer(answer("ok")) as good:
        config = (
            "[retry]\nmax_retries = 0\nbreaker_failures = 2\n"
            f'[providers.one]\nwire = "openai"\nbase_url = "{bad.base_url}"\n'
            f'[providers.two]\nwire = "openai"\nbase_url = "{good.base_url}"\n'
        )
        async with session(config=config, model="one/a", fallback=("two/b",)) as chat:
            for _ in range(2):
                events = Events()
                result = await chat.send("hi", sink=events)
                assert [event.chosen for event in events if isinstance(event, FallbackChosen)] == [ModelRef("two", "b")]
            result = await chat.send("hi", sink=Events())
    assert len(bad.requests) == 2
    assert result.model == ModelRef("two", "b")
    assert any("skipped" in warning for warning in result.warnings)


async def test_rob_5_the_model_that_takes_over_is_named_and_not_one_that_is_skipped(session: OpenSession) -> None:
    """ROB-5: what failed and what answered are told, also where a provider between them is being skipped."""
    with (
        ChatServer(error(500, "down")) as first,
        ChatServer(error(500, "down")) as second,
        ChatServer(answer("ok")) as last,
    ):
        config = "[retry]\nmax_retries = 0\nbreaker_failures = 2\n" + "".join(
            f'[providers.{name}]\nwire = "openai"\nbase_url = "{server.base_url}"\n'
            for name, server in (("one", first), ("two", second), ("three", last))
        )
        async with session(config=config, model="one/a", fallback=("two/b", "three/c")) as chat:
            await chat.send("hi", sink=Events())
            await chat.send("hi", sink=Events(), model=ModelRef("two", "b"))  # now two is left alone, one is not
            events = Events()
            result = await chat.send("hi", sink=events)
    told = [(event.failed, event.chosen) for event in events if isinstance(event, FallbackChosen)]
    assert told == [(ModelRef("one", "a"), ModelRef("three", "c"))]
    assert any(warning.endswith("three/c was asked instead") for warning in result.warnings)


async def test_rob_4_nothing_leads_on_once_text_was_shown(session: OpenSession) -> None:
    broken = Reply(steps=(frame("some"), b'data: {"error":{"message":"boom","code":503}}\n\n'))
    with ChatServer(broken) as bad, ChatServer(answer("ok")) as good:
        config = (
            f'[providers.one]\nwire = "openai"\nbase_url = "{bad.base_url}"\n'
            f'[providers.two]\nwire = "openai"\nbase_url = "{good.base_url}"\n'
        )
        async with session(config=config, model="one/a", fallback=("two/b",)) as chat:
            result = await chat.send("hi", sink=Events())
    assert result.content == "some"
    assert result.error is not None
    assert (len(bad.requests), len(good.requests)) == (1, 0)


async def test_str_12_p30_many_answers_at_once_do_not_touch_one_another(session: OpenSession) -> None:
    """STR-12, P30: each keeps its own text and its own usage."""
    with ChatServer(*[answer(f"answer {n} ", "x" * n, prompt=n, completion=2 * n) for n in range(1, 25)]) as server:
        async with session(server.base_url) as chat:
            results = await asyncio.gather(*(chat.send(f"question {n}", sink=Events()) for n in range(24)))
            rows = chat.store.read(lambda db: db.execute("SELECT message_id, input_tokens FROM attempts").fetchall())
    booked = {row[0]: row[1] for row in rows}
    for result in results:
        number = int(result.content.split()[1])
        assert result.content == f"answer {number} " + "x" * number
        assert result.usage is not None
        assert (result.usage.input_tokens, result.usage.output_tokens) == (number, 2 * number)
        assert booked[result.answer_message_id] == number


async def test_prv_5_model_lists_are_fetched_once_and_kept(session: OpenSession) -> None:
    with ChatServer(answer("x"), models=("a", "b")) as server:
        config = f'[providers.mine]\nwire = "openai"\nbase_url = "{server.base_url}"\n'
        async with session(config=config, model="mine/a") as chat:
            found = await chat.list_models("mine")
        async with session(config=config, model="mine/a") as chat:
            again = await chat.list_models("mine")
            assert chat.directory.find_model("b") == ModelRef("mine", "b")
            with pytest.raises(ModelNotFound, match="no provider is known to have"):
                chat.directory.find_model("zzz")
            with pytest.raises(ConfigError) as wrong:
                chat.directory.find_model("min/a")
            assert "Did you mean mine" in wrong.value.sentence
    assert [str(ref) for ref, _ in found] == ["mine/a", "mine/b"]
    assert again == found


async def test_the_system_prompt_of_a_conversation_is_sent_first(session: OpenSession) -> None:
    with ChatServer(answer("x")) as server:
        async with session(server.base_url) as chat:
            await chat.send("hi", sink=Events(), system="be brief")
    assert server.requests[0].body["messages"][0]["content"] == "be brief"


async def test_without_storage_a_conversation_goes_on_for_as_long_as_the_program_is_open(session: OpenSession) -> None:
    with ChatServer(answer("Paris."), answer("Berlin.")) as server:
        async with session(server.base_url, keep_text=False) as chat:
            first = await chat.send("capital of France?", sink=Events())
            await chat.send("and Germany?", sink=Events(), conversation_id=first.conversation_id)
            kept = chat.store.read(lambda db: db.execute("SELECT count(*) FROM messages").fetchone()[0])
    assert kept == 0
    assert [m["content"] for m in server.requests[1].body["messages"]] == [
        "capital of France?",
        "Paris.",
        "and Germany?",
    ]


async def test_bud_3_a_refused_question_is_not_stored(session: OpenSession) -> None:
    config = '[prices."mine/m"]\ninput = 2.5\noutput = 10.0\n[budget]\ndaily_usd = 0.001\n'
    with ChatServer(answer("x")) as server:
        config += f'[providers.mine]\nwire = "openai"\nbase_url = "{server.base_url}"\n'
        async with session(config=config, model="mine/m") as chat:
            result = await chat.send("hi", sink=Events())
            kept = chat.store.read(lambda db: db.execute("SELECT count(*) FROM messages").fetchone()[0])
    assert result.error is not None
    assert result.error.kind == "budget"
    assert (kept, server.requests) == (0, [])


async def test_an_edited_first_question_keeps_the_system_prompt(session: OpenSession) -> None:
    with ChatServer(answer("one"), answer("two")) as server:
        async with session(server.base_url) as chat:
            first = await chat.send("hi", sink=Events(), system="be brief")
            await chat.send("hello", sink=Events(), conversation_id=first.conversation_id, parent_id=None)
    assert [m["content"] for m in server.requests[1].body["messages"]] == ["be brief", "hello"]
