"""One thing a press, a find that says how it stands, ways out that fit, states of the status bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.selection import SELECT_ALL
from textual.widgets import Button

from llmtui.config import Config
from llmtui.config.values import ProviderConfig
from llmtui.core.messages import ModelRef
from llmtui.core.options import Options
from llmtui.tui import describe
from tests.tui.conftest import driving

if TYPE_CHECKING:
    from tests.tui.conftest import Driven


async def streaming(driven: Driven, question: str = "some words") -> None:
    driven.chat.prompt.fill(question)
    await driven.press("enter")
    await driven.until(lambda: driven.chat.talk.live and len(driven.chat.talk.live.text) > 2)


@pytest.mark.parametrize("focus", ["prompt", "transcript"])
async def test_escape_does_one_thing_a_press_in_order(focus: str) -> None:
    """CHAT-4: overlay, selection, find, the answer, the transcript; wherever the focus is."""
    async with driving(options=Options(demo=True, model="endless"), size=(80, 24)) as driven:
        await streaming(driven)
        chat = driven.chat
        await driven.press("f5")
        await driven.until(lambda: chat.sidebar is not None)
        (chat.transcript if focus == "transcript" else chat.prompt.area).focus()
        chat.transcript.find("words")
        await driven.pilot.pause()
        chat.selections = {chat.transcript: SELECT_ALL}
        await driven.until(lambda: chat.transcript.selected_text)
        await driven.press("escape")
        assert not chat.query("Sidebar")
        assert chat.transcript.selected_text
        await driven.press("escape")
        assert not chat.transcript.selected_text
        assert chat.transcript.sought == "words"
        await driven.press("escape")
        assert chat.transcript.sought == ""
        assert [str(talk.live.phase) for talk in chat.turns.talks if talk.live] == ["streaming"]
        await driven.press("escape")
        await driven.settled()
        if focus == "transcript":
            assert driven.app.focused is chat.transcript, "stopping is one thing, leaving another"
            await driven.press("escape")
        assert driven.app.focused is chat.prompt.area


async def test_a_find_says_how_it_stands() -> None:
    """STR-7: which hit of how many on the prompt's edge; that there is none; nothing when it is over."""
    async with driving() as driven:
        await driven.ask("needle in hay")
        await driven.press("shift+tab")
        driven.chat.transcript.find("needle")
        await driven.until(lambda: "“needle” " in driven.screen_text())
        total = len(driven.chat.transcript._find._hits) if driven.chat.transcript._find else 0
        assert f"“needle” {total}/{total} · n N · Esc ends" in driven.screen_text()
        await driven.press("N")
        await driven.until(lambda: f"“needle” {total - 1}/{total}" in driven.screen_text())
        driven.chat.transcript.find("zebra")
        await driven.until(lambda: "“zebra” is not found" in driven.screen_text())
        await driven.press("escape")
        await driven.until(lambda: "zebra" not in driven.screen_text())
        driven.chat.transcript.find("needle")
        await driven.until(lambda: "“needle” " in driven.screen_text())
        await driven.press("ctrl+n")
        await driven.until(lambda: "“needle”" not in driven.screen_text())


async def test_going_into_the_transcript_moves_nothing() -> None:
    """STR-7: the last message in sight is marked, be it higher than the screen."""
    async with driving(size=(80, 16)) as driven:
        await driven.ask("one")
        top = driven.chat.transcript.top
        await driven.press("shift+tab")
        assert driven.chat.transcript.selected == driven.chat.talk.messages[-1].id
        assert (driven.chat.transcript.top, driven.chat.transcript.follow) == (top, True)


async def test_the_ways_out_fit_at_every_size(size: tuple[int, int]) -> None:
    """STR-11, STR-14: every button is seen whole, and its last word is the command."""
    config = Config(providers={"away": ProviderConfig(base_url="http://127.0.0.1:9/v1", wire="openai")})
    config = config._replace(retry=config.retry._replace(max_retries=0))
    async with driving(size=size, options=Options(model="away/m"), config=config) as driven:
        await driven.ask("hello")
        await driven.until(lambda: driven.chat.query("WaysOut Button"))
        buttons = list(driven.chat.query("WaysOut Button").results(Button))
        assert [button.name for button in buttons] == ["retry", "model", "queue", "earlier"]
        for button in buttons:
            assert button.region.right <= size[0]
            assert str(button.label).endswith(f"/{button.name}")
            assert str(button.label) in driven.screen_text()
        assert driven.screen_text().splitlines()[-1].startswith(" offline")
        await driven.chat.use_model(ModelRef("demo", "instant"))
        assert driven.screen_text().splitlines()[-1].startswith(" demo · ready")


async def test_a_queued_message_is_seen_and_the_size_of_the_conversation_stays() -> None:
    """STR-7, TOK-3: the status bar says that a message waits; after the answer, and after a restart, what it all takes."""
    async with driving(options=Options(demo=True, model="endless")) as driven:
        await streaming(driven)
        await driven.type("next")
        await driven.press("enter")
        await driven.until(lambda: "streaming · 1 queued" in driven.screen_text())
        await driven.press("escape")
        await driven.settled()
    async with driving() as driven:
        await driven.ask("one")
        await driven.until(lambda: "│ chat " in driven.screen_text().splitlines()[-1])
        shown = driven.screen_text().splitlines()[-1]
    async with driving(options=Options(demo=True, model="instant", continue_newest=True)) as driven:
        await driven.until(lambda: driven.screen_text().splitlines()[-1] == shown)


async def test_code_scrolls_sideways_on_a_narrow_screen() -> None:
    """STR-14: under 60 columns long lines are cut, and `>` and `<` bring the rest; wider they go on below."""
    async with driving(size=(40, 30)) as driven:
        await driven.ask("one")
        transcript = driven.chat.transcript
        transcript.replace_message(
            driven.chat.talk.messages[-1].id,
            transcript.model.find(driven.chat.talk.messages[-1].id).item._replace(
                text="```\n" + "".join(chr(97 + n % 26) for n in range(60)) + "\n```"
            ),
        )
        await driven.press("shift+tab")
        await driven.until(lambda: "abcdefghij" in driven.screen_text())
        assert " ›" in driven.screen_text()
        for key in ("greater_than_sign", "shift+right"):
            await driven.press(key)
        await driven.until(lambda: "‹ qrstuv" in driven.screen_text())
        await driven.press("less_than_sign", "shift+left")
        await driven.until(lambda: "│ abcdef" in driven.screen_text())
        await driven.pilot.resize_terminal(80, 30)
        await driven.until(lambda: "›" not in driven.screen_text() and "abcdef" in driven.screen_text())


@pytest.mark.parametrize("way", ["Y", "/copy plain"])
async def test_an_answer_is_copied_as_plain_text(way: str) -> None:
    """STR-8: without Markdown's marks."""
    async with driving() as driven:
        await driven.ask("one")
        assert "**" in driven.chat.talk.messages[-1].content or "`" in driven.chat.talk.messages[-1].content
        if way == "Y":
            await driven.press("shift+tab", "Y")
        else:
            driven.chat.prompt.fill(way)
            await driven.press("enter")
        await driven.until(lambda: driven.app.clipboard)
        assert "**" not in driven.app.clipboard
        assert "```" not in driven.app.clipboard
        await driven.until(lambda: "Copied" in driven.notices())


async def test_a_refusal_is_read_whole_and_the_prompt_stays_whole(size: tuple[int, int]) -> None:
    """BUD-3, STR-14: the sentence wraps, and leaves the prompt, the buttons and the status bar their rows."""
    from llmtui.tui.widgets.ways_out import WaysOut

    sentence = (
        "This message could use up to 1,066 tokens, and 50 tokens of today's 50 are left. " + "Wait until 00:00. " * 12
    )
    async with driving(size=size) as driven:
        driven.chat.view.offer(sentence, describe.ways_out("budget", has_text=False))
        await driven.until(lambda: driven.chat.query("WaysOut Button") and "This message" in driven.screen_text())
        box = driven.chat.query_one(WaysOut)
        assert box.region.height <= size[1] - 5
        assert driven.chat.prompt.region.bottom == size[1] - 1
        assert driven.chat.prompt.region.height == 3
        assert "/model" in driven.screen_text()
        assert (" …\n" in driven.screen_text()) is (size[1] == 12), "where it is too long it says so"
        driven.chat.query_one("WaysOut Button").focus()
        await driven.pilot.pause()
        driven.chat.view.leave_failure()
        await driven.pilot.pause()
        assert driven.app.focused is driven.chat.prompt.area
        assert driven.chat.transcript.selected is None, "the focus did not go by way of the transcript"
