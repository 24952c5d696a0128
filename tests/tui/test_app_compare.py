"""Compare: one question to several models at once, each with its figures; one kept, all stopped, every one booked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llmtui.core.messages import MessageState
from llmtui.tui.screens.compare import CompareScreen
from tests.support.stores import rows
from tests.tui.conftest import driving

if TYPE_CHECKING:
    from tests.tui.conftest import Driven

BOOKED = "SELECT model, state FROM attempts WHERE purpose = 'compare' ORDER BY model"


def screen(driven: Driven) -> CompareScreen:
    found = driven.app.screen
    assert isinstance(found, CompareScreen)
    return found


def booked(driven: Driven) -> list[tuple[str, str]]:
    assert driven.chat.session is not None
    return rows(driven.chat.session.store, BOOKED)


async def compared(driven: Driven, command: str) -> None:
    driven.chat.prompt.fill(command)
    await driven.press("enter")
    await driven.until(lambda: isinstance(driven.app.screen, CompareScreen))


async def test_models_are_picked_from_the_list_and_answer_side_by_side() -> None:
    """STR-15: the prompt's text goes to all of them; each shows first token, tokens, cost."""
    async with driving() as driven:
        await driven.type("count words")
        await driven.press("f7")
        await driven.until(lambda: "demo/quick" in driven.screen_text())
        await driven.press("f7")
        await driven.until(lambda: "at least two" in driven.notices())
        await driven.type("quick")
        await driven.press("enter", "f7")
        await driven.until(lambda: isinstance(driven.app.screen, CompareScreen))
        await driven.until(lambda: not screen(driven).is_busy)
        await driven.until(lambda: driven.screen_text().count("first token") == 2)
        left, right = (column.box.region for column in screen(driven).columns)
        assert left.y == right.y
        assert left.right <= right.x
        assert {state for _, state in booked(driven)} == {"completed"}
        assert len(booked(driven)) == 2
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is driven.chat)
        assert driven.prompt == "count words", "nothing was kept: the question is still there"


async def test_the_answer_that_is_kept_goes_on_in_the_conversation() -> None:
    """STR-15: with what was said before; its figures come from the ledger; the others leave only their bills."""
    async with driving() as driven:
        await driven.ask("before")
        await compared(driven, "/compare demo/instant demo/quick -- again")
        await driven.until(lambda: not screen(driven).is_busy)
        kept = screen(driven).columns[1]
        await driven.press("right", "enter")
        await driven.until(lambda: driven.app.screen is driven.chat)
        await driven.until(lambda: len(driven.chat.talk.messages) == 4)
        assert driven.chat.talk.messages[2].content == "again"
        assert driven.chat.talk.messages[3].id == kept.answer_id
        assert driven.chat.talk.booked[kept.answer_id][-1].usage is not None
        assert driven.prompt == ""
        await driven.ask("after")
        assert len(driven.chat.talk.messages) == 6


async def test_a_first_question_can_be_compared_and_digits_choose() -> None:
    """STR-15: keeping an answer begins the conversation."""
    async with driving() as driven:
        await compared(driven, "/compare demo/instant demo/quick -- hello there")
        await driven.until(lambda: not screen(driven).is_busy)
        await driven.press("2", "1", "y")
        await driven.until(lambda: driven.app.clipboard)
        await driven.press("pageup", "pagedown", "left", "tab", "enter")
        await driven.until(lambda: len(driven.chat.talk.messages) == 2)
        assert driven.chat.talk.title == "hello there"


async def test_escape_stops_all_and_settles_before_it_closes() -> None:
    """STR-15, COST-3: each is booked as cancelled; what came of one can still be kept."""
    async with driving() as driven:
        await compared(driven, "/compare demo/endless demo/waiting -- go on")
        first = screen(driven).columns[0]
        await driven.until(lambda: first.pane.message_source(first.answer_id))
        await driven.press("enter")
        assert driven.app.screen is not driven.chat, "nothing is kept while answers come"
        await driven.press("escape")
        await driven.until(lambda: not screen(driven).is_busy)
        assert booked(driven) == [("endless", "cancelled"), ("waiting", "cancelled")]
        await driven.press("2", "enter")
        await driven.until(lambda: "cannot be kept" in driven.notices())
        await driven.press("1", "enter")
        await driven.until(lambda: len(driven.chat.talk.messages) == 2)
        assert driven.chat.talk.messages[1].state is MessageState.CANCELLED


async def test_leaving_while_answers_come_settles_them_first() -> None:
    """P4, COST-3: quitting stops all columns and waits for their bills."""
    from llmtui.chat.session import ChatSession

    states: list[tuple[str, str]] = []
    close = ChatSession.close

    async def looked(session: ChatSession) -> None:
        states.extend(rows(session.store, BOOKED))
        await close(session)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ChatSession, "close", looked)
        async with driving() as driven:
            await compared(driven, "/compare demo/endless demo/waiting -- go on")
            first = screen(driven).columns[0]
            await driven.until(lambda: first.pane.message_source(first.answer_id))
            await driven.press("ctrl+q")
    assert states == [("endless", "cancelled"), ("waiting", "cancelled")]


async def test_one_that_fails_leaves_the_other_alone() -> None:
    """STR-15, STR-11: its column says why."""
    async with driving() as driven:
        await compared(driven, "/compare demo/instant demo/nosuch -- hello")
        await driven.until(lambda: not screen(driven).is_busy)
        await driven.until(lambda: "✗" in driven.screen_text())
        assert screen(driven).columns[0].can_be_kept
        assert not screen(driven).columns[1].can_be_kept


async def test_what_cannot_be_compared_is_said() -> None:
    """STR-15: no question, one model, a provider that does not exist."""
    async with driving() as driven:
        for command, said in (
            ("/compare demo/instant demo/quick", "question into the prompt"),
            ("/compare demo/instant -- x", "two to four"),
            ("/compare nobody/x demo/quick -- x", "no provider"),
        ):
            driven.chat.prompt.fill(command)
            await driven.press("enter")
            await driven.until(lambda said=said: said in driven.notices())  # type: ignore[misc]


async def test_compare_at_every_size(size: tuple[int, int]) -> None:
    """STR-14, STR-15: stacked where there is no room side by side."""
    async with driving(size=size) as driven:
        await compared(driven, "/compare demo/instant demo/quick -- hello")
        await driven.until(lambda: not screen(driven).is_busy)
        first, second = (column.box.region for column in screen(driven).columns)
        assert (first.y == second.y) == (size[0] >= 100)
        assert min(first.height, second.height) >= 4
