"""Lists: the conversations at the side, and the dialogs that list things."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input, OptionList

from llmtui.core.messages import ModelRef
from llmtui.core.options import Options
from llmtui.tui.screens.picker import Row, fitting
from tests.tui.conftest import driving

if TYPE_CHECKING:
    from tests.tui.conftest import Driven


async def two(driven: Driven) -> None:
    """Two conversations, the second one open, and the cursor in the list on it."""
    await driven.ask("first one")
    await driven.press("ctrl+n")
    await driven.ask("second one")
    await driven.press("f5")
    await driven.until(lambda: "^T pin" in driven.screen_text())


async def test_a_conversation_is_pinned_from_the_list_and_by_command() -> None:
    """CHAT-1: pinned ones stand first under a heading; the same key and command unpin."""
    async with driving() as driven:
        await two(driven)
        await driven.press("down", "ctrl+t")
        await driven.until(lambda: "Pinned" in driven.screen_text())
        assert driven.screen_text().index("  first one") < driven.screen_text().index("▸ second one")
        await driven.press("ctrl+t")
        await driven.until(lambda: "Pinned" not in driven.screen_text().replace("Pinned: it stays", ""))
        await driven.press("escape")
        driven.chat.prompt.fill("/pin")
        await driven.press("enter")
        assert driven.chat.library is not None
        await driven.until(lambda: "Pinned: it stays at the top" in driven.notices())
        pinned = [each.title for each in await driven.chat.library.conversations() if each.pinned]
        assert pinned == ["second one"]


async def test_what_is_archived_is_found_by_typing() -> None:
    """CHAT-1: put away, it leaves the list; typing finds it, under a heading of its own, and the same key fetches it back."""
    async with driving() as driven:
        await two(driven)
        await driven.press("down", "ctrl+x")
        await driven.until(lambda: "first one" not in driven.screen_text())
        await driven.type("first")
        await driven.until(lambda: "Archived" in driven.screen_text() and "  first one" in driven.screen_text())
        await driven.press("ctrl+x")
        await driven.until(lambda: "Back in the list" in driven.notices())
        await driven.press("ctrl+u")
        await driven.until(lambda: "second one" in driven.screen_text() and "  first one" in driven.screen_text())


async def test_a_conversation_is_renamed_from_the_list_and_by_command() -> None:
    """CHAT-1: the dialog begins with the title there is; Esc leaves it."""
    async with driving() as driven:
        await two(driven)
        await driven.press("down", "ctrl+r")
        await driven.until(lambda: "The title of this conversation" in driven.screen_text())
        assert driven.app.screen.query_one(Input).value == "first one"
        driven.app.screen.query_one(Input).value = "[b]Earlier[/b]"
        await driven.press("enter")
        await driven.until(lambda: "[b]Earlier[/b]" in driven.screen_text())
        await driven.press("escape")
        driven.chat.prompt.fill("/rename")
        await driven.press("enter")
        await driven.until(lambda: "The title of this conversation" in driven.screen_text())
        assert driven.app.screen.query_one(Input).value == "second one"
        await driven.press("escape")
        assert driven.chat.talk.title == "second one"


async def test_an_answer_that_ended_unseen_is_counted_in_the_list() -> None:
    """STR-12: while another conversation is shown; looking at it takes the count away."""
    async with driving(options=Options(demo=True, model="endless")) as driven:
        driven.chat.prompt.fill("long one")
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk.live is not None and driven.chat.talk.live.text)
        left = driven.chat.talk
        await driven.press("ctrl+n")
        await driven.until(lambda: "◌ long one" in driven.screen_text())
        driven.chat.turns.stop(left)
        await driven.settled()
        await driven.until(lambda: re.search(r"long one +1 ", driven.screen_text()))
        await driven.press("f5", "enter")
        await driven.until(lambda: "▸ long one" in driven.screen_text())
        assert driven.chat.unread == {}


async def test_an_empty_list_says_so() -> None:
    """CHAT-1: before the first conversation, and where no title fits."""
    async with driving() as driven:
        await driven.until(lambda: "No conversations yet" in driven.screen_text())
        await driven.press("f5")
        await driven.type("zzz")
        await driven.until(lambda: "No title has this in it" in driven.screen_text())


@pytest.mark.parametrize("key", ["ctrl+p", "f9"])
async def test_the_marked_row_is_always_in_sight(key: str, size: tuple[int, int]) -> None:
    """STR-14: to the last row of a list that is longer than the screen; each row takes one line."""
    async with driving(size=size) as driven:
        await driven.press(key)
        listed = driven.app.screen.query_one(OptionList)
        await driven.until(lambda: listed.option_count > 10)
        await driven.press("up")  # around to the last
        await driven.until(lambda: listed.highlighted == listed.option_count - 1)
        assert listed.virtual_size.height == listed.option_count
        last = driven.app.screen.shown[-1].title  # type: ignore[attr-defined]
        await driven.until(lambda: last[:10] in driven.screen_text())
        assert "Esc closes" in driven.screen_text()


async def test_a_dialog_without_a_hit_says_so() -> None:
    """CHAT-4: an empty list is never mute."""
    async with driving() as driven:
        await driven.press("ctrl+p")
        await driven.type("zzzz")
        await driven.until(lambda: "Nothing fits what was typed" in driven.screen_text())
        await driven.press("enter", "escape", "f3")
        await driven.until(lambda: "Results come as you type" in driven.screen_text())
        await driven.type("zzzz")
        await driven.until(lambda: "No message has all these words" in driven.screen_text())


def test_a_hint_keeps_the_way_out() -> None:
    """What does not fit goes from the end; how to get out stays."""
    hint = "Enter takes · F2 more · Esc closes"
    assert fitting(hint, 80) == hint
    assert fitting(hint, 30) == "Enter takes · Esc closes"
    assert fitting(hint, 12) == "Esc closes"


def test_a_row_gives_up_what_is_said_of_it_part_by_part() -> None:
    """STR-14: the title keeps its place; it is one line of the width, whatever the text."""
    row = Row("1", "openai/gpt-5-mini", "400k · $0.25 in · images")
    assert row.content(60).plain.endswith("400k · $0.25 in · images")
    assert row.content(36).plain.endswith("400k · $0.25 in")
    assert row.content(18).plain == "  openai/gpt-5-mi…"
    for width in (20, 36, 60):
        assert row.content(width).cell_length <= width


async def test_a_model_without_a_key_asks_for_it_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """PRV-5: a provider without a key stands in the list with a field to paste one; Esc changes nothing."""
    async with driving() as driven:
        await driven.press("f2")
        await driven.until(lambda: "openai/…" in driven.screen_text())
        await driven.type("openai/gpt-5-mini")
        await driven.until(lambda: "as typed" in driven.screen_text())
        await driven.press("up", "enter")
        await driven.until(lambda: "The key for openai" in driven.screen_text())
        await driven.press("escape")
        assert driven.chat.talk.model is None
        monkeypatch.setattr("llmtui.keys.set_key", lambda *_, **__: ("keyring", ""))
        await driven.press("enter")
        await driven.until(lambda: "The key for openai" in driven.screen_text())
        await driven.type("secret")
        await driven.press("enter")
        await driven.until(lambda: driven.chat.talk.model == ModelRef("openai", "gpt-5-mini"))
        assert "secret" not in driven.screen_text()
        assert "The key for openai is in the keyring" in driven.notices()


async def test_models_used_lately_stand_first() -> None:
    """PRV-5: the newest used first, after the one that is chosen."""
    async with driving() as driven:
        await driven.ask("one")
        await driven.chat.use_model(ModelRef("demo", "endless"))
        await driven.press("f2")
        await driven.until(lambda: "demo/thinker" in driven.screen_text())
        rows = [row.id for row in driven.app.screen.shown]  # type: ignore[attr-defined]
        assert rows[:2] == ["demo/endless", "demo/instant"]


async def test_details_show_what_the_request_was_made_of() -> None:
    """TOK-4: system prompt, earlier messages and question of the request behind an answer; its price."""
    async with driving() as driven:
        await driven.ask("one")
        driven.chat.prompt.fill("/system You are brief.")
        await driven.press("enter")
        await driven.ask("two")
        await driven.press("shift+tab", "end", "enter")
        await driven.until(lambda: "earlier" in driven.screen_text())
        text = driven.screen_text()
        for name in ("  system", "  question", "Output", "Price", "per million", "Attempt 1"):
            assert name in text


def test_a_hit_is_seen_where_its_line_is_longer_than_the_row() -> None:
    """CHAT-5: the row begins shortly before the first hit, which stands out; a short line is whole."""
    line = "Latency this stream budget often frame above context memory terminal a memory"
    at = line.index("terminal")
    row = Row("1", line, "Terminals · just now", spans=((at, at + 8),))
    content = row.content(60)
    assert "terminal" in content.plain
    assert content.plain.startswith("  …")
    assert content.cell_length == 60
    (span,) = [span for span in content.spans if "bold" in str(span.style)]
    assert content.plain[span.start : span.end] == "terminal"
    assert row.content(120).plain.startswith(f"  {line}")
