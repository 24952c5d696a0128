"""The context screen: what the next request sends, changed by keys; and the summary of the older part, made when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.chat.directory import Directory
from llmtui.config import Config
from llmtui.core.options import Options
from llmtui.tui import context
from tests.support.stores import rows
from tests.tui.conftest import driving

if TYPE_CHECKING:
    import pytest

    from tests.tui.conftest import Driven

LONG = "word " * 400
ROOMY = Config(context=Config().context._replace(reserve_output_tokens=50))


async def opened(driven: Driven) -> None:
    await driven.press("f4")
    await driven.until(lambda: "reserve" in driven.screen_text())


async def test_every_message_is_shown_with_its_tokens_and_the_prompts_text() -> None:
    """TOK-4, TOK-5: system prompt, messages, what stands in the prompt, window and reserve."""
    async with driving() as driven:
        driven.chat.talk.system = "Be brief"
        await driven.ask("alpha")
        await driven.type("beta")
        await opened(driven)
        text = driven.screen_text()
        for said in ("system  Be brief", "you     alpha", "prompt  beta", "reserve", "tokens"):
            assert said in text
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is driven.chat)
        assert driven.prompt == "beta"


async def test_x_and_p_and_o_change_what_is_sent() -> None:
    """TOK-5: out and in, pinned, the oldest dropped; all of it is stored."""
    async with driving() as driven:
        for text in ("alpha", "beta", "gamma"):
            await driven.ask(text)
        messages = driven.chat.talk.messages
        await opened(driven)
        await driven.press("x")
        await driven.until(lambda: messages[0].excluded)
        await driven.until(lambda: "excluded" in driven.screen_text())
        await driven.press("x")
        await driven.until(lambda: not messages[0].excluded and "excluded" not in driven.screen_text())
        await driven.press("p")
        await driven.until(lambda: messages[0].pinned and "●" in driven.screen_text())
        await driven.press("p")
        await driven.until(lambda: not messages[0].pinned and "●" not in driven.screen_text())
        await driven.press("o")
        await driven.until(lambda: [m.excluded for m in messages] == [True, True, False, False, False, False])
        await driven.press("enter")
        await driven.until(lambda: driven.app.focused is driven.chat.transcript)
        assert driven.chat.transcript.selected == messages[0].id


async def test_a_summary_is_made_only_when_said_yes_to_and_is_booked_and_can_be_undone() -> None:
    """TOK-5, TOK-6: a preview with what it saves; purpose `summary`; what it covers is not sent; /undo sends it again."""
    async with driving() as driven:
        for _ in range(4):
            await driven.ask(LONG)
        await opened(driven)
        await driven.press("s")
        await driven.until(lambda: "Summarise 4 older messages" in driven.screen_text())
        await driven.press("escape")
        await driven.until(lambda: "reserve" in driven.screen_text())
        assert driven.chat.session is not None
        store = driven.chat.session.store
        asked = (
            "SELECT count(*) FROM attempts WHERE purpose = 'summary' AND conversation_id = ? AND state = 'completed'"
        )
        assert rows(store, asked, driven.chat.talk.id) == [(0,)]
        await driven.press("s")
        await driven.until(lambda: "→" in driven.screen_text())
        await driven.press("y")
        await driven.until(lambda: driven.chat.talk.summary is not None)
        await driven.until(lambda: "summary " in driven.screen_text() and "summarised" in driven.screen_text())
        assert rows(store, asked, driven.chat.talk.id) == [(1,)]
        await driven.press("escape")
        await driven.ask("next")
        sent = rows(store, "SELECT input_tokens FROM attempts ORDER BY started_at DESC LIMIT 2")
        assert sent[0][0] < 4 * 500, "the older part was sent as its summary"
        summary = driven.chat.talk.summary
    async with driving(options=Options(demo=True, model="instant", continue_newest=True)) as driven:
        assert driven.chat.talk.summary == summary
        driven.chat.prompt.fill("/set temperature 0.5")
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk.settings.temperature == 0.5)
        assert driven.chat.library is not None
        assert driven.chat.talk.id is not None
        stored = await driven.chat.library.conversation(driven.chat.talk.id)
        assert stored is not None
        assert "summary" in stored.settings


async def test_undo_drops_the_summary() -> None:
    """TOK-5: the messages themselves are sent again."""
    async with driving() as driven:
        for _ in range(4):
            await driven.ask(LONG)
        for text, done in (("/summarise", "Summarise 4"), ("/undo", "")):
            driven.chat.prompt.fill(text)
            await driven.press("enter")
            if done:
                await driven.until(lambda: "Summarise 4" in driven.screen_text())
                await driven.press("y")
                await driven.until(lambda: driven.chat.talk.summary is not None)
                await driven.until(lambda: driven.chat.deleted)
        await driven.until(lambda: driven.chat.talk.summary is None)


async def test_a_short_conversation_has_nothing_to_summarise() -> None:
    """TOK-5: nothing is asked for that saves nothing."""
    async with driving() as driven:
        await driven.ask("one")
        driven.chat.prompt.fill("/summarise")
        await driven.press("enter")
        await driven.until(lambda: "nothing old enough" in driven.notices())


async def test_context_at_every_size(size: tuple[int, int]) -> None:
    """STR-14: on a small screen too; the key that opens it closes it."""
    async with driving(size=size) as driven:
        await driven.ask("alpha")
        await driven.press("f4")
        await driven.until(lambda: "you     alpha" in driven.screen_text())
        assert "tokens" in driven.screen_text()
        await driven.press("f4")
        await driven.until(lambda: driven.app.screen is driven.chat)


async def test_a_window_that_is_nearly_full_is_told_once_with_a_way_to_make_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """TOK-5: unasked, from `[context] warn_at` on: the room for the answer and what a summary would make of it."""
    async with driving(config=ROOMY) as driven:
        for _ in range(4):
            await driven.ask(LONG)
        assert "of the window" not in driven.notices()
        used = (await look_at(driven)).plan.tokens
        monkeypatch.setattr(Directory, "window", lambda *_: used * 5 // 4)
        await driven.ask("short")
        await driven.until(lambda: "of the window, with room for" in driven.notices())
        assert "/summarise" in driven.notices()
        assert "F4 makes room" in driven.notices()
        driven.app.clear_notifications()
        await driven.ask("and again")
        assert "of the window" not in driven.notices()


async def look_at(driven: Driven) -> context.Look:
    found = await context.look(driven.chat)
    assert found is not None
    return found
