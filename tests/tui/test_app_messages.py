"""Single messages of the transcript: deleted with a way back, their figures after a restart, their code copied by a click."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from textual.selection import SELECT_ALL

from llmtui.core.options import Options
from tests.tui.conftest import driving

if TYPE_CHECKING:
    from tests.tui.conftest import Driven


def _contents(driven: Driven) -> list[str]:
    return [message.content for message in driven.chat.talk.messages]


async def test_d_deletes_a_message_with_what_follows_and_undo_brings_it_back() -> None:
    """CHAT-1: the whole exchange goes and comes back; the bill stays."""
    async with driving() as driven:
        await driven.ask("alpha")
        await driven.ask("beta")
        before = _contents(driven)
        driven.chat.transcript.selected = driven.chat.talk.messages[2].id
        driven.chat.transcript.focus()
        await driven.press("d")
        await driven.until(lambda: len(driven.chat.talk.messages) == 2)
        assert "2 messages" in driven.notices()
        assert _contents(driven) == before[:2]
        driven.chat.prompt.fill("/undo")
        driven.chat.focus_prompt()
        await driven.press("enter")
        await driven.until(lambda: _contents(driven) == before)


async def test_d_while_an_answer_comes_says_so() -> None:
    """CHAT-1, STR-12: what streams is not deleted."""
    async with driving(options=Options(demo=True, model="endless")) as driven:
        driven.chat.prompt.fill("one")
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk.live and driven.chat.talk.live.text)
        await driven.press("shift+tab", "d")
        await driven.until(lambda: "still coming" in driven.notices())
        assert driven.chat.talk.messages
        await driven.press("ctrl+c")
        await driven.settled()


async def test_answers_of_earlier_sessions_show_their_figures_and_details() -> None:
    """STR-6, TOK-4: from the ledger, after a restart."""
    async with driving() as driven:
        await driven.ask("one")
        await driven.until(lambda: re.search(r"✓ \d+ in · \d+ out", driven.screen_text()))
    async with driving(options=Options(demo=True, model="instant", continue_newest=True)) as driven:
        await driven.until(lambda: re.search(r"✓ \d+ in · \d+ out .*first token", driven.screen_text()))
        await driven.press("shift+tab", "end", "enter")
        await driven.until(lambda: "Attempt 1" in driven.screen_text())
        assert "demo/instant: answered" in driven.screen_text()


async def test_escape_with_a_selection_drops_it_and_the_answer_goes_on() -> None:
    """CHAT-4: one thing a press, also while the prompt has the focus."""
    async with driving(options=Options(demo=True, model="endless")) as driven:
        driven.chat.prompt.fill("some words")
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk.live and len(driven.chat.talk.live.text) > 2)
        driven.chat.selections = {driven.chat.transcript: SELECT_ALL}
        await driven.until(lambda: driven.chat.transcript.selected_text)
        assert driven.app.focused is driven.chat.prompt.area
        await driven.press("escape")
        assert not driven.chat.transcript.selected_text
        assert driven.chat.talk.live is not None
        assert str(driven.chat.talk.live.phase) == "streaming"
        await driven.press("escape")
        await driven.settled()


async def test_a_click_on_a_code_frames_label_copies_the_block() -> None:
    """STR-8: by mouse as by key; a click beside the label copies nothing."""
    async with driving() as driven:
        await driven.ask("one")
        transcript = driven.chat.transcript
        transcript.scroll_home(animate=False)
        await driven.until(lambda: "copy 1 ╮" in driven.screen_text())
        rows = driven.screen_text().split("\n")
        y = next(number for number, row in enumerate(rows) if "copy 1 ╮" in row)
        x = rows[y].index("copy 1")
        await driven.pilot.click(offset=(x - 6, y))
        assert not driven.app.clipboard
        await driven.pilot.click(offset=(x + 1, y))
        await driven.until(lambda: driven.app.clipboard)
        assert driven.app.clipboard in driven.chat.talk.messages[-1].content


async def test_no_row_stays_free_below_a_finished_answer() -> None:
    """STR-7: what was kept free while it streamed is taken up, but for the blank line between messages."""
    async with driving(size=(80, 24), options=Options(demo=True, model="instant")) as driven:
        for text in ("one", "two"):
            await driven.ask(text)
        transcript = driven.chat.transcript
        await driven.until(lambda: transcript.virtual_size.height == transcript.model.heights.total)
        assert transcript.follow


async def test_a_search_that_is_closed_at_once_leaves_nothing_behind() -> None:
    """CHAT-1: no search goes on for a screen that is gone."""
    import gc
    import warnings

    async with driving() as driven:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            await driven.pilot.press("f3", "escape")
            await driven.until(lambda: driven.app.screen is driven.chat)
            gc.collect()
    assert not [each for each in caught if "never awaited" in str(each.message)]


async def test_help_hangs_what_does_not_fit_below_its_text() -> None:
    """CHAT-4: no wrapped command falls to the first column."""
    from textual.widgets import Static

    for width in (120, 80, 40):
        async with driving(size=(width, 30)) as driven:
            await driven.press("f1")
            await driven.until(lambda: driven.app.screen is not driven.chat)
            static = driven.app.screen.query_one(Static)
            await driven.until(lambda static=static: "Ctrl+P" in str(static.content))  # type: ignore[misc]
            lines = str(static.content).split("\n")
            astray = ("[P", "[T", "VALUE", "TEMPERATURE") if width == 40 else ("/r", "/s", "[P", "VALUE", "TEMPERATURE")
            assert not [line for line in lines if line.startswith(astray)]
            assert not [line for line in lines if len(line) > static.size.width]
            await driven.press("escape")
