"""The chat as a person uses it, driven by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llmtui.core.messages import MessageState, Role
from llmtui.core.options import Options
from tests.tui.conftest import driving

if TYPE_CHECKING:
    from llmtui.core.messages import Message


def shown(chat: object) -> list[tuple[Role, str]]:
    messages: list[Message] = chat.talk.messages  # type: ignore[attr-defined]
    return [(message.role, message.content) for message in messages]


async def test_a_question_is_answered_and_both_are_on_screen(size: tuple[int, int]) -> None:
    """STR-6, STR-14, PRV-8: Enter sends, the answer streams in, the line of figures follows."""
    async with driving(size=size) as driven:
        await driven.type("hello there")
        assert driven.prompt == "hello there"
        await driven.press("enter")
        await driven.settled()
        assert driven.prompt == ""
        assert [role for role, _ in shown(driven.chat)] == [Role.USER, Role.ASSISTANT]
        text = driven.screen_text()
        assert "✓" in text
        assert "total" in text
        assert "demo" in text.splitlines()[-1]


async def test_typing_before_the_session_is_open_is_sent_when_it_is() -> None:
    """CHAT-5: the prompt works from the first paint on; what was sent too early waits and goes out."""
    from llmtui.config import Config
    from llmtui.tui.app import ChatApp
    from tests.tui.conftest import Driven

    app = ChatApp(Options(demo=True, model="instant"), Config())
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        driven = Driven(app, pilot)
        assert app.chat.session is None
        await driven.type("early")
        await driven.press("enter")
        await driven.ready()
        await driven.settled()
        assert shown(app.chat)[0] == (Role.USER, "early")
        await app.leave(0)


async def test_escape_stops_the_answer_and_keeps_what_arrived() -> None:
    """STR-9: Esc stops; the partial text stays, is marked and settled."""
    async with driving(options=Options(demo=True, model="endless")) as driven:
        driven.chat.prompt.fill("go on and on")
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk.live and driven.chat.talk.live.text)
        await driven.press("escape")
        await driven.settled()
        answer = driven.chat.talk.messages[-1]
        assert answer.state is MessageState.CANCELLED
        assert answer.content
        assert "stopped" in driven.screen_text()


async def test_ctrl_c_stops_and_twice_while_idle_quits() -> None:
    """STR-9, CHAT-4: Ctrl+C without a selection stops; pressed twice while idle it quits."""
    async with driving(options=Options(demo=True, model="endless")) as driven:
        driven.chat.prompt.fill("go on")
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk.live and driven.chat.talk.live.text)
        await driven.press("ctrl+c")
        await driven.settled()
        assert driven.chat.talk.messages[-1].state is MessageState.CANCELLED
        await driven.press("ctrl+c")
        assert "once more" in driven.notices()
        await driven.pilot.press("ctrl+c")
        await driven.until(lambda: driven.app._exit)
        assert driven.app.return_code == 0


async def test_enter_while_streaming_queues_and_says_so() -> None:
    """STR-7: typing goes on while an answer streams; Enter queues the message, which is sent afterwards."""
    async with driving(options=Options(demo=True, model="endless")) as driven:
        driven.chat.prompt.fill("first")
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk.live and driven.chat.talk.live.text)
        await driven.type("second")
        assert driven.prompt == "second"
        await driven.press("enter")
        assert driven.prompt == ""
        assert "Queued" in driven.notices()
        await driven.press("escape")
        await driven.settled()
        assert driven.prompt == "second", "stopping gives a queued message back instead of sending it"


@pytest.mark.parametrize("key", ["ctrl+r", "f2"])
async def test_keys_work_while_the_prompt_has_the_focus(key: str) -> None:
    """CHAT-4: function keys and control keys reach the chat from the prompt."""
    async with driving() as driven:
        await driven.ask("one")
        first = driven.chat.talk.messages[-1].id
        await driven.press(key)
        if key == "f2":
            await driven.until(lambda: type(driven.app.screen).__name__ == "ModelScreen")
            return
        await driven.settled()
        assert driven.chat.talk.messages[-1].id != first
        assert driven.chat.talk.siblings[driven.chat.talk.messages[-1].id] == (2, 2)


async def test_ctrl_t_edits_the_last_question_as_another_version() -> None:
    """STR-10: the edited question is a sibling; the earlier branch stays and can be shown again."""
    async with driving() as driven:
        await driven.ask("alpha")
        await driven.press("ctrl+t")
        assert driven.prompt == "alpha"
        await driven.type("bet")
        await driven.press("enter")
        await driven.settled()
        assert shown(driven.chat)[0] == (Role.USER, "alphabet")
        assert len(driven.chat.talk.messages) == 2
        question = driven.chat.talk.messages[0].id
        assert driven.chat.talk.siblings[question] == (2, 2)
        driven.chat.transcript.selected = question
        driven.chat.transcript.focus()
        await driven.press("left")
        await driven.until(lambda: shown(driven.chat)[0] == (Role.USER, "alpha"))


@pytest.mark.parametrize("key", ["ctrl+t", "e"])
async def test_editing_the_second_question_keeps_what_was_said_before_it(key: str) -> None:
    """STR-10: the edited question follows the first answer, also when all was asked in this session."""
    async with driving() as driven:
        await driven.ask("alpha")
        first = driven.chat.talk.messages[:]
        await driven.ask("beta")
        if key == "e":
            driven.chat.transcript.selected = driven.chat.talk.messages[2].id
            driven.chat.transcript.focus()
        await driven.press(key)
        assert driven.prompt == "beta"
        await driven.press("x", "enter")
        await driven.settled()
        assert [content for role, content in shown(driven.chat) if role is Role.USER] == ["alpha", "betax"]
        assert driven.chat.talk.messages[:2] == first
        assert driven.chat.talk.siblings[driven.chat.talk.messages[2].id] == (2, 2)
        assert driven.chat.library is not None
        stored = await driven.chat.library.thread(driven.chat.talk.id or "")
        assert [message.id for message in stored] == [message.id for message in driven.chat.talk.messages]
        assert stored[2].parent_id == first[1].id


async def test_editing_is_seen_and_can_be_left(size: tuple[int, int]) -> None:
    """STR-10, CHAT-4: the prompt's edge says that a question is edited; Esc leaves, and what stood there comes back."""
    async with driving(size=size) as driven:
        await driven.ask("alpha")
        await driven.type("draft")
        await driven.press("ctrl+t")
        assert driven.prompt == "alpha"
        assert "Editing · Esc leaves" in driven.screen_text()
        await driven.press("x", "escape")
        assert driven.prompt == "draft"
        assert "Editing" not in driven.screen_text()
        await driven.press("enter")
        await driven.settled()
        assert [content for role, content in shown(driven.chat) if role is Role.USER] == ["alpha", "draft"]


async def test_what_stood_in_the_prompt_comes_back_when_the_edit_is_sent() -> None:
    """STR-10: an unsent text is not lost to an edit."""
    async with driving() as driven:
        await driven.ask("alpha")
        await driven.type("draft")
        await driven.press("ctrl+t", "x", "enter")
        await driven.settled()
        assert driven.prompt == "draft"
        assert shown(driven.chat)[0] == (Role.USER, "alphax")
        assert "Editing" not in driven.screen_text()


async def test_ctrl_o_copies_the_last_answer() -> None:
    """STR-8: the answer as Markdown goes into the clipboard on a key."""
    async with driving() as driven:
        await driven.ask("one")
        await driven.press("ctrl+o")
        await driven.until(lambda: driven.app.clipboard)
        assert driven.app.clipboard == driven.chat.talk.messages[-1].content


async def test_an_answer_that_arrives_in_another_window_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """ROB-8, STR-12: `--continue` in a second window says where it streams, and shows it whole when it is."""
    monkeypatch.setattr("llmtui.tui.view.LOOK_S", 0.05)
    async with driving(options=Options(demo=True, model="endless")) as one:
        one.chat.prompt.fill("go on")
        await one.press("enter")
        await one.until(lambda: one.chat.talk.live and len(one.chat.talk.live.text) > 5)
        async with driving(options=Options(demo=True, model="instant", continue_newest=True)) as two:
            item = two.chat.transcript.model.find(two.chat.talk.messages[-1].id).item
            assert item.state is MessageState.STREAMING
            assert "Streaming in another window" in two.screen_text()
            assert "cut off" not in two.screen_text()
            one.chat.turns.stop(one.chat.talk)
            await one.settled()
            await two.until(lambda: two.chat.talk.messages[-1].state is MessageState.CANCELLED)
            assert two.chat.talk.messages[-1].content == one.chat.talk.messages[-1].content
            assert "another window" not in two.screen_text()


async def test_several_conversations_stream_at_once() -> None:
    """STR-12: a conversation goes on streaming while another is looked at, and is whole when one comes back."""
    async with driving(options=Options(demo=True, model="endless")) as driven:
        driven.chat.prompt.fill("first")
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk.live and driven.chat.talk.live.text)
        one = driven.chat.talk
        await driven.press("ctrl+n")
        assert driven.chat.talk is not one
        driven.chat.prompt.fill("other")
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk.live and driven.chat.talk.live.text)
        two = driven.chat.talk
        assert one.live is not None
        from llmtui.tui.actions import conversations

        await conversations.open_by_id(driven.chat, one.id or "")
        assert driven.chat.talk is one
        assert one.live is not None
        for talk in (one, two):
            driven.chat.turns.stop(talk)
        await driven.settled()
        assert "first" in one.messages[0].content
        assert "other" in two.messages[0].content
