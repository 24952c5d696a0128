"""From the prompt into the transcript and back, and what its keys ask of the chat."""

from __future__ import annotations

from llmtui.core.options import Options
from tests.tui.conftest import driving


async def test_shift_tab_and_ctrl_up_enter_and_escape_and_tab_leave() -> None:
    """CHAT-4: the ways in and out, by keys."""
    async with driving() as driven:
        await driven.ask("one")
        for into in ("shift+tab", "ctrl+up"):
            for out in ("escape", "tab"):
                await driven.press(into)
                assert driven.app.focused is driven.chat.transcript
                await driven.press(out)
                await driven.until(lambda: driven.app.focused is driven.chat.prompt.area)


async def test_page_keys_scroll_the_transcript_from_the_prompt() -> None:
    """STR-7: PageUp leaves the newest text, Ctrl+End follows it again."""
    async with driving(size=(80, 20)) as driven:
        await driven.ask("one")
        assert driven.chat.transcript.follow
        await driven.press("pageup")
        await driven.until(lambda: not driven.chat.transcript.follow)
        await driven.press("pagedown", "pageup", "ctrl+end")
        await driven.until(lambda: driven.chat.transcript.follow)
        assert driven.app.focused is driven.chat.prompt.area


async def test_e_edits_r_answers_again_and_asks_when_it_was_not_the_last() -> None:
    """STR-10: what spends money asks when it was not the last answer."""
    async with driving() as driven:
        await driven.ask("alpha")
        await driven.ask("beta")
        messages = list(driven.chat.talk.messages)
        transcript = driven.chat.transcript
        transcript.selected = messages[1].id
        transcript.focus()
        await driven.press("r")
        await driven.until(lambda: type(driven.app.screen).__name__ == "Confirm")
        await driven.press("y")
        await driven.settled()
        assert [message.content for message in driven.chat.talk.messages[:1]] == ["alpha"]
        assert len(driven.chat.talk.messages) == 2
        transcript.selected = driven.chat.talk.messages[0].id
        transcript.focus()
        await driven.press("e")
        await driven.until(lambda: driven.prompt == "alpha")
        assert driven.app.focused is driven.chat.prompt.area


async def test_x_and_p_mark_a_message_and_are_stored() -> None:
    """TOK-5: out of the context and back, pinned and not."""
    async with driving() as driven:
        await driven.ask("one")
        question = driven.chat.talk.messages[0].id
        driven.chat.transcript.selected = question
        driven.chat.transcript.focus()
        await driven.press("x", "p")
        await driven.until(lambda: driven.chat.talk.messages[0].excluded and driven.chat.talk.messages[0].pinned)
    async with driving(options=Options(demo=True, model="instant", continue_newest=True)) as driven:
        assert driven.chat.talk.messages[0].excluded
        assert driven.chat.talk.messages[0].pinned


async def test_find_asks_marks_and_escape_ends_it() -> None:
    """STR-7: / asks what for; Esc ends the find before anything else."""
    async with driving() as driven:
        await driven.ask("needle in hay")
        await driven.press("shift+tab", "slash")
        await driven.until(lambda: type(driven.app.screen).__name__ == "AskText")
        await driven.type("needle")
        await driven.press("enter")
        await driven.until(lambda: driven.chat.transcript.is_finding)
        driven.chat.focus_prompt()
        await driven.press("escape")
        assert not driven.chat.transcript.is_finding


async def test_y_copies_the_message_and_a_digit_a_code_block() -> None:
    """STR-8: from the transcript, into the clipboard."""
    async with driving() as driven:
        await driven.ask("one")
        await driven.press("shift+tab", "end", "y")
        await driven.until(lambda: driven.app.clipboard == driven.chat.talk.messages[-1].content)
        await driven.press("1")
        await driven.until(
            lambda: driven.app.clipboard and driven.app.clipboard != driven.chat.talk.messages[-1].content
        )


async def test_a_click_selects_a_message_and_leaves_the_typing_in_the_prompt() -> None:
    """CHAT-4: the focus stays where one types."""
    async with driving() as driven:
        await driven.ask("one")
        await driven.pilot.click("#transcript", offset=(5, 3))
        await driven.pilot.pause()
        assert driven.chat.transcript.selected
        assert driven.app.focused is driven.chat.prompt.area


async def test_str_7_more_text_below_is_told_until_the_reader_goes_there() -> None:
    """STR-7: a mark that more has arrived; at 40 columns too."""
    async with driving(options=Options(demo=True, model="endless"), size=(40, 14)) as driven:
        driven.chat.prompt.fill("long")
        await driven.press("enter")
        await driven.until(lambda: driven.chat.transcript.max_scroll_y > 20)
        await driven.press("pageup")
        await driven.until(lambda: "new line" in str(driven.chat.prompt.border_title or ""))
        await driven.press("ctrl+end")
        await driven.until(lambda: not driven.chat.prompt.border_title)
        await driven.press("escape")
        await driven.settled()
    assert driven.chat.transcript.follow
