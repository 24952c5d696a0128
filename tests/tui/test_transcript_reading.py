"""STR-7, STR-8, STR-10, CHAT-4, SEC-1: selecting, copying, finding, clicking, and keys, also while text streams."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.geometry import Offset
from textual.widgets import Input

from llmtui.core.messages import Role
from llmtui.render import Line
from llmtui.tui.widgets import transcript_events as told
from llmtui.tui.widgets.transcript import Item, Transcript
from llmtui.tui.widgets.transcript_paint import painted
from tests.tui.transcript_host import SIZES, Desk, answered, asked, desk, long_talk

RICH = "Some **bold words** and `code`.\n\n- first item\n- second 你好 item\n\n[a link](https://example.org/x)"


def at(d: Desk, text: str) -> tuple[int, int]:
    """Where a text stands on screen: column, row."""
    y = d.y_of(text)
    return len(d.rows()[y].split(text)[0].encode("utf-16-le")) // 2, y


async def drag(d: Desk, start: tuple[int, int], end: tuple[int, int], then: str = "#transcript") -> None:
    await d.pilot.mouse_down("#transcript", offset=start)
    await d.pilot.hover(then, offset=end)
    await d.pilot.mouse_up(then, offset=end)
    await d.pilot.pause()


# ---------------------------------------------------------------------------------------------------- the marked message


async def test_keys_go_from_message_to_message() -> None:
    """CHAT-4: Vim-like movement; the marked message shows at its left edge."""
    async with desk((80, 12), long_talk(6)) as d:
        d.pane.focus()
        await d.pilot.pause()
        assert d.pane.selected == "a5"
        await d.pilot.press("k", "k", "k")
        await d.calm()
        assert d.pane.selected == "q4"
        assert [row for row in d.rows() if row.startswith("▌")] == [d.rows()[d.y_of("you")], "▌ question 4"]
        await d.pilot.press("j")
        assert d.pane.selected == "a4"
        await d.pilot.press("g")
        await d.calm()
        assert d.pane.selected == "q0"
        assert d.y_of("question 0") == 1
        await d.pilot.press("up", "G")
        await d.calm()
        assert d.pane.selected == "a5"
        assert d.pane.follow
        assert [event.message_id for event in d.told(told.MessageSelected)][-1] == "a5"


async def test_a_click_marks_a_message_and_leaves_the_typing_in_the_prompt() -> None:
    async with desk(items=long_talk(2)) as d:
        await d.pilot.click("#transcript", offset=(4, d.y_of("question 1")))
        await d.pilot.press("h", "i")
        assert d.pane.selected == "q1"
        assert d.app.query_one(Input).value == "hi"
        assert not d.pane.has_focus


@pytest.mark.parametrize(
    ("key", "event", "fields"),
    [
        ("e", told.EditRequested, {}),
        ("r", told.RegenerateRequested, {}),
        ("c", told.ContinueRequested, {}),
        ("x", told.ExcludeToggled, {}),
        ("p", told.PinToggled, {}),
        ("d", told.DeleteRequested, {}),
        ("enter", told.DetailRequested, {}),
        ("left", told.SiblingRequested, {"delta": -1}),
        ("right_square_bracket", told.SiblingRequested, {"delta": 1}),
    ],
)
async def test_keys_ask_for_things_about_the_marked_message(
    key: str, event: type[told.TranscriptEvent], fields: dict[str, object]
) -> None:
    """The transcript only tells; the app does."""
    async with desk(items=long_talk(2)) as d:
        d.pane.focus()
        d.pane.selected = "a0"
        await d.pilot.press(key)
        (found,) = d.told(event)
        assert vars(found).items() >= {"message_id": "a0", **fields}.items()


async def test_keys_can_be_bound_anew() -> None:
    """CHAT-4: every binding has an id of its own."""
    ids = [binding.id for binding in Transcript.BINDINGS if isinstance(binding, Binding)]
    assert len(set(ids)) == len(Transcript.BINDINGS)
    assert all(name and name.startswith("transcript.") for name in ids)
    async with desk(items=long_talk(1)) as d:
        d.app.set_keymap({"transcript.copy": "f5"})
        d.pane.focus()
        await d.pilot.press("y")
        assert not d.told(told.CopyRequested)
        await d.pilot.press("f5")
        assert d.told(told.CopyRequested)


async def test_the_reader_leaves_for_the_prompt() -> None:
    """Tab leaves; what Esc is about only the app knows."""
    async with desk(items=long_talk(1)) as d:
        d.pane.focus()
        await d.pilot.press("tab", "escape")
        assert len(d.told(told.Left)) == 1
        assert len(d.told(told.EscapePressed)) == 1


async def test_the_sibling_switch_is_clicked() -> None:
    """STR-10"""
    async with desk(items=[asked(1), answered(1)._replace(sibling=(1, 2))]) as d:
        x, y = at(d, "‹ ›")
        await d.pilot.click("#transcript", offset=(x, y))
        await d.pilot.click("#transcript", offset=(x + 2, y))
        await d.pilot.pause()
        assert [event.delta for event in d.told(told.SiblingRequested)] == [-1, 1]


# ---------------------------------------------------------------------------------------------------- copying


async def test_messages_and_code_are_copied_also_while_they_come() -> None:
    """STR-8: the message as Markdown, a code block by its number, before it is complete too."""
    async with desk(items=[asked(1)]) as d:
        d.pane.focus()
        d.pane.begin_answer("a1", "demo/parrot")
        d.pane.append_text("a1", "See:\n\n```python\nx = 1\n```\n\nand\n\n```js\nlet y\n  = 2")
        await d.calm()
        d.pane.selected = "a1"
        await d.pilot.press("y", "1", "2", "3")
        await d.pilot.pause()
        copies = d.told(told.CopyRequested)
        assert copies[0].text == d.pane.message_source("a1")
        assert copies[0].what == "message"
        assert [copy.text.rstrip("\n") for copy in copies[1:]] == [
            "x = 1",
            "let y\n  = 2",
            "",
        ]  # no third: the chat says so
        assert copies[1].what == "code block 1"
        assert d.pane.code_blocks("q1") == ()


@pytest.mark.parametrize("size", SIZES)
async def test_the_mouse_selects_the_source(size: tuple[int, int]) -> None:
    """STR-8: what is copied is the text as it came, not as it is drawn."""
    async with desk(size, [asked(1), answered(1, RICH)]) as d:
        await drag(d, at(d, "bold"), at(d, "item"))
        assert d.pane.selected_text.startswith("bold words** and `code`.\n\n- first i")
        assert d.app.screen.get_selected_text() == d.pane.selected_text


async def test_wide_characters_are_selected_whole() -> None:
    async with desk(items=[answered(1, "你好 wide 世界 end")]) as d:
        y = d.y_of("你好")
        await drag(d, (2, y), (5, y))
        assert d.pane.selected_text == "你好"


async def test_a_selection_reaches_over_messages() -> None:
    async with desk(items=[asked(1), answered(1, "alpha beta"), asked(2)]) as d:
        await drag(d, at(d, "question 1"), at(d, "beta"))
        assert d.pane.selected_text == "question 1\n\nalpha b"


async def test_a_drag_that_leaves_the_transcript_ends_with_the_screen() -> None:
    async with desk((60, 14), long_talk(10)) as d:
        first = next(row.strip() for row in d.rows() if "line" in row)
        await drag(d, at(d, first), (3, 0), then="#prompt")
        text = d.pane.selected_text
        assert text.startswith(first)
        assert "question 0" not in text
        assert len(text) < 200


async def test_a_double_click_takes_a_word_and_a_triple_click_a_line() -> None:
    async with desk(items=[asked(1), answered(1, "one two-three\nfour")]) as d:
        x, y = at(d, "two")
        await d.pilot.click("#transcript", offset=(x + 1, y), times=2)
        await d.pilot.pause()
        assert d.pane.selected_text == "two"
        await d.pilot.click("#transcript", offset=(x + 1, y), times=3)
        await d.pilot.pause()
        assert d.pane.selected_text == "one two-three"


async def test_a_selection_stays_while_text_comes_and_the_view_moves() -> None:
    """STR-7: selecting works while text is streaming."""
    async with desk((80, 14), long_talk(3)) as d:
        word = next(row.strip() for row in d.rows() if "line" in row)
        x, y = at(d, word)
        await drag(d, (x, y), (x + 5, y))
        assert d.pane.selected_text == "answer"
        d.pane.begin_answer("live", "demo/parrot")
        d.pane.append_text("live", "text\n\n" * 20)
        await d.calm()
        await d.pilot.resize_terminal(50, 20)
        await d.calm()
        assert d.pane.selected_text == "answer"


async def test_y_copies_the_selection_where_there_is_one() -> None:
    async with desk(items=[asked(1, "alpha beta")]) as d:
        await drag(d, at(d, "alpha"), at(d, "beta"))
        d.pane.focus()
        assert d.pane.selected_text
        await d.pilot.press("y")
        assert d.told(told.CopyRequested)[0].what == "selection"


async def test_textual_asks_the_transcript_for_the_offset_under_the_mouse() -> None:
    """The contract with Textual 8.2: offset metadata on segments is what a selection is made of."""
    async with desk(items=[asked(1), answered(1, "alpha **beta**")]) as d:
        x, y = at(d, "beta")
        widget, offset = d.app.screen.get_widget_and_offset_at(x, y)
        assert widget is d.pane
        assert offset is not None
        assert offset.y == 1
        assert d.pane.message_source("a1")[offset.x % (1 << 40) :].startswith("beta")
        assert d.app.screen.get_widget_and_offset_at(x + 4, y)[1] == Offset(offset.x + 4, 1)


# ---------------------------------------------------------------------------------------------------- finding


async def test_every_hit_is_marked_and_reached() -> None:
    """Search in the conversation, newest first, around the ends."""
    async with desk((80, 16), long_talk(30)) as d:
        d.pane.find("QUESTION 1")
        await d.until(lambda: any(event.complete for event in d.told(told.FindProgressed)))
        await d.calm()
        assert d.told(told.FindProgressed)[-1].total == 11
        assert d.told(told.FindProgressed)[-1].current == 11
        assert "question 19" in d.text
        assert d.pane.selected == "q19"
        y = d.y_of("question 19")
        marked = [seg.text for seg in d.pane.render_lines(d.pane.size.region)[y] if seg.style and seg.style.underline]
        assert marked == ["question 1"]
        d.pane.focus()
        await d.pilot.press("N")
        await d.calm()
        assert "question 18" in d.text
        await d.pilot.press("n", "n")
        await d.calm()
        assert d.pane.selected == "q1"
        assert d.told(told.FindProgressed)[-1].current == 1
        d.pane.end_find()
        assert not [
            seg
            for strip in d.pane.render_lines(d.pane.size.region)
            for seg in strip
            if seg.style and seg.style.underline
        ]


async def test_a_find_without_hits_says_so() -> None:
    async with desk(items=long_talk(2)) as d:
        d.pane.find("nowhere")
        await d.until(lambda: bool(d.told(told.FindProgressed)))
        assert (d.told(told.FindProgressed)[-1].current, d.told(told.FindProgressed)[-1].total) == (0, 0)
        d.pane.next_hit()
        assert d.pane.selected is None


async def test_what_arrives_during_a_find_is_found() -> None:
    async with desk(items=long_talk(2)) as d:
        d.pane.find("parrot")
        await d.calm()
        d.pane.begin_answer("live", "x")
        d.pane.append_text("live", "a parrot")
        d.pane.finish_answer("live")
        await d.calm()
        d.pane.next_hit()
        assert d.pane.selected == "live"


async def test_a_hit_in_a_folded_paste_opens_it() -> None:
    paste = "\n".join(f"pasted {n}" for n in range(100))
    async with desk(items=[asked(99, paste), *long_talk(5)]) as d:
        d.pane.find("pasted 77")
        await d.until(lambda: "pasted 77" in d.text)
        assert d.pane.selected == "q99"


# ---------------------------------------------------------------------------------------------------- hostile text

HOSTILE = "\x1b[31mred\x1b]52;c;ZXZpbA==\x07 \x9b2J \u202eabc [@click=app.quit]x[/] [/foo] <b> \x00\x7f\x85"


async def test_no_control_character_reaches_the_screen() -> None:
    """SEC-1: not from text, reasoning, labels, errors, figures, notes or actions."""
    hostile = Item(
        "a",
        Role.ASSISTANT,
        HOSTILE,
        HOSTILE,
        time=HOSTILE,
        reasoning=HOSTILE,
        metadata=(HOSTILE,),
        notes=(HOSTILE,),
        error=HOSTILE,
    )
    async with desk((120, 40), [asked(1, HOSTILE), hostile]) as d:
        d.pane.toggle_fold("a")
        await d.calm()
        for strip in d.pane.render_lines(d.pane.size.region):
            assert strip.text.isprintable(), strip.text
        assert "click=app.quit" in d.text
        for y in range(20):
            await d.pilot.click("#transcript", offset=(50, y))
        assert d.app.is_running


async def test_a_link_is_told_and_not_opened() -> None:
    """SEC-1: no action is reachable from content."""
    async with desk(items=[answered(1, "[go](javascript:alert) [mail](mailto:a@example.org)")]) as d:
        await d.pilot.click("#transcript", offset=at(d, "mail"))
        await d.pilot.pause()
        assert [event.url for event in d.told(told.LinkActivated)] == ["mailto:a@example.org"]
        for strip in d.pane.render_lines(d.pane.size.region):
            assert not any(
                segment.style and (segment.style.link or "@click" in segment.style.meta) for segment in strip
            )


async def test_the_last_guard_holds_when_cleaning_was_forgotten() -> None:
    """SEC-1: a control character, a link or an action in a segment does not get past the painting."""
    style = Style(link="https://example.org/\x1b]52;c;x\x07") + Style.from_meta({"@click": "app.quit"})
    line = Line((Segment("a\x1b[2Jb\tc", style),), (), 0, 0)
    async with desk() as d:
        strip = painted("body", line, d.pane.dress.palette, 40, is_marked=True)
        assert strip.text.isprintable()
        assert strip.cell_length == 40
        assert not any(segment.style and (segment.style.link or segment.style.meta) for segment in strip)
