"""STR-7, STR-13, STR-14: what is in sight, what stays in place, and what is not looked at costs nothing."""

from __future__ import annotations

from itertools import pairwise

import pytest

from llmtui.core.messages import Role
from llmtui.tui.widgets.transcript import Item
from llmtui.tui.widgets.transcript_events import FollowChanged, NewLinesArrived
from llmtui.tui.widgets.transcript_view import STEP
from tests.tui.transcript_host import SIZES, Desk, answered, asked, desk, long_talk


def last_text(d: Desk) -> str:
    return [row for row in d.rows() if row.strip(" ▌")][-1].strip(" ▌")


async def stream(d: Desk, lines: int, first: int = 0, message_id: str = "live") -> None:
    if message_id not in d.pane.model:
        d.pane.begin_answer(message_id, "demo/parrot")
    for n in range(first, first + lines):
        d.pane.append_text(message_id, f"new {n}\n\n")
        await d.calm()


@pytest.mark.parametrize("size", SIZES)
async def test_the_view_follows_the_newest_text(size: tuple[int, int]) -> None:
    """STR-7"""
    async with desk(size, long_talk(5)) as d:
        assert last_text(d) == "✓ 4 out"
        await stream(d, 40)
        assert d.pane.follow
        assert last_text(d) == "new 39"
        assert len(d.rows()) - d.y_of("new 39") <= STEP + 2


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("away", ["wheel", "page", "key"])
async def test_the_view_stays_put_once_the_reader_scrolled_up(size: tuple[int, int], away: str) -> None:
    """STR-7: with a mark that more has arrived."""
    async with desk(size, long_talk(5)) as d:
        await stream(d, 5)
        if away == "wheel":
            d.pane._scroll_up_for_pointer(animate=False)
        elif away == "page":
            d.pane.action_page(-1)
        else:
            d.pane.select_first()
        await d.calm()
        assert not d.pane.follow
        before = d.rows()
        await stream(d, 30, first=5)
        kept = len("\n".join(before).rstrip().split("\n"))
        assert d.rows()[:kept] == before[:kept]
        news = [event.count for event in d.told(NewLinesArrived)]
        assert news == sorted(news)
        assert news[-1] == 60
        d.pane.follow_newest()
        await d.calm()
        assert last_text(d) == "new 34"
        assert d.told(NewLinesArrived)[-1].count == 0
        assert [event.follow for event in d.told(FollowChanged)] == [False, True]


async def test_scrolling_back_to_the_end_follows_again() -> None:
    async with desk(items=long_talk(5)) as d:
        d.pane.action_page(-1)
        await d.calm()
        assert not d.pane.follow
        d.pane.action_page(1)
        await d.calm()
        assert d.pane.follow


async def test_while_text_streams_the_view_moves_by_several_rows_at_a_time() -> None:
    """A scroll paints the whole screen: a quarter of the scrolls are a quarter of the bytes."""
    async with desk(items=long_talk(5)) as d:
        await stream(d, 1)
        tops = []
        for n in range(24):
            d.pane.append_text("live", f"row {n}\n\n")
            await d.calm()
            tops.append(d.pane.top)
        moves = [b - a for a, b in pairwise(tops) if b != a]
        assert moves
        assert all(move >= 3 for move in moves)


@pytest.mark.parametrize("count", [200, 2_000])
async def test_only_what_is_near_the_screen_is_rendered(count: int) -> None:
    """Opening 2,000 messages renders as many as opening 200."""
    async with desk((80, 24), long_talk(count // 2)) as d:
        drawn = [index for index, view in d.pane.model.views() if view.body.document is not None]
        assert 2 <= len(drawn) <= 24
        assert drawn[-1] == count - 1
        assert last_text(d) == f"✓ {count // 2 - 1} out"


async def test_scrolling_into_the_unseen_loses_no_row() -> None:
    """Heights are guesses until a message is seen; a page up shows exactly the rows above all the same."""
    items = [answered(n, "\n\n".join(f"a{n} " + "word " * (7 * line % 50) for line in range(9))) for n in range(60)]
    async with desk((60, 20), items) as d:
        for _ in range(25):
            top = d.rows()[0]
            d.pane.action_page(-1)
            await d.calm()
            assert d.rows()[-1] == top


async def test_the_first_message_is_reached() -> None:
    async with desk(items=long_talk(300)) as d:
        d.pane.action_first()
        await d.calm()
        assert d.rows()[1] == "▌ question 0"
        d.pane.action_last()
        await d.calm()
        assert last_text(d) == "✓ 299 out"
        assert d.pane.follow


@pytest.mark.parametrize("follow", [True, False])
async def test_a_resize_keeps_the_place(follow: bool) -> None:
    """STR-14: resize at any moment; what was read stays on screen, through several sizes and back."""
    text = "\n\n".join(f"paragraph {n} " + "lorem ipsum " * 12 for n in range(40))
    async with desk((100, 30), [asked(1), answered(1, text), asked(2), answered(2, text)]) as d:
        if not follow:
            for _ in range(3):
                d.pane.action_page(-1)
                await d.calm()
        before, top = d.rows(), d.pane.top

        def first_paragraph() -> str:
            return next(row for row in d.rows() if "paragraph" in row).split()[1]

        first = first_paragraph()
        for width, height in ((60, 20), (40, 12), (119, 40)):
            await d.pilot.resize_terminal(width, height)
            await d.calm()
            if follow:
                assert last_text(d) == "✓ 2 out"
            else:
                assert first_paragraph() == first
        await d.pilot.resize_terminal(100, 30)
        await d.calm()
        assert d.rows() == before
        assert d.pane.top == top or follow


async def test_a_resize_while_streaming() -> None:
    """STR-14"""
    async with desk((100, 30)) as d:
        await stream(d, 30)
        await d.pilot.resize_terminal(50, 14)
        await stream(d, 30, first=30)
        assert last_text(d) == "new 59"
        await d.pilot.resize_terminal(100, 30)
        await d.calm()
        assert last_text(d) == "new 59"


async def test_older_messages_can_be_put_on_top_unseen() -> None:
    talk = long_talk(40)
    async with desk(items=talk[40:]) as d:
        before = d.rows()
        d.pane.prepend(talk[:40])
        await d.calm()
        assert d.rows() == before
        d.pane.action_page(-1)
        await d.calm()
        before = d.rows()
        d.pane.prepend([asked(1000)])
        await d.calm()
        assert d.rows() == before
        d.pane.action_first()
        await d.calm()
        assert "question 1000" in d.text


async def test_messages_change_in_place() -> None:
    """STR-10: a sibling takes an answer's place; others go."""
    async with desk((80, 30), long_talk(2)) as d:
        d.pane.replace_message("a0", answered(5)._replace(sibling=(2, 2)))
        await d.calm()
        assert "2/2 ‹ ›" in d.text
        assert "answer 5" in d.text
        assert "answer 0 line" not in d.text
        d.pane.remove_message("q0")
        await d.calm()
        assert "question 0" not in d.text
        d.pane.update_message("q1", excluded=True, pinned=True)
        await d.calm()
        assert "pinned  not sent  14:02" in d.text
        d.pane.update_message("q1", text="another question")
        await d.calm()
        assert "another question" in d.text
        with pytest.raises(KeyError):
            d.pane.remove_message("q0")


async def test_another_conversation_replaces_all() -> None:
    async with desk(items=long_talk(20)) as d:
        d.pane.begin_answer("live", "demo/parrot")
        d.pane.action_page(-1)
        d.pane.open([asked(99)])
        await d.calm()
        assert d.rows()[:2] == [d.rows()[0], "  question 99"]
        assert d.pane.follow
        assert not d.pane.is_streaming
        d.pane.clear()
        await d.calm()
        assert not d.text.strip()


async def test_a_conversation_opens_at_a_message() -> None:
    async with desk(items=long_talk(100)) as d:
        d.pane.open(long_talk(100), at="q40")
        await d.calm()
        assert d.rows()[1] == "  question 40"
        await d.pilot.resize_terminal(60, 30)
        await d.calm()
        assert d.rows()[1] == "  question 40"


async def test_a_long_paste_is_folded_until_it_is_opened() -> None:
    async with desk(items=[asked(1, "\n".join(f"pasted {n}" for n in range(100)))]) as d:
        assert "pasted 15" in d.text
        assert "pasted 20" not in d.text
        y = d.y_of("▸ 84 more lines")
        await d.pilot.click("#transcript", offset=(4, y))
        await d.calm()
        d.pane.action_first()
        await d.calm()
        assert "pasted 20" in d.text
        d.pane.toggle_fold("q1")
        await d.calm()
        assert "more lines" in d.text


async def test_a_very_long_message_is_parsed_in_a_thread() -> None:
    """STR-13: no turn of the event loop takes as long as the text."""
    text = "\n\n".join(f"paragraph {n}" for n in range(6000))
    async with desk(items=[asked(1), answered(1, text)]) as d:
        await d.until(lambda: "paragraph 5999" in d.text)
        assert last_text(d) == "✓ 1 out"


async def test_what_is_far_away_is_given_up_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llmtui.tui.widgets.transcript_ahead.KEPT_ROWS", 200)
    async with desk(items=long_talk(100)) as d:
        before = d.rows()
        for _ in range(30):
            d.pane.action_page(-1)
            await d.calm()
        await d.until(lambda: d.pane.model.view(199).body.document is None)
        d.pane.follow_newest()
        await d.calm()
        assert d.rows() == before


async def test_colours_follow_the_theme() -> None:
    async with desk(items=[asked(1), answered(1, "a `b`\n\n```python\nx = 1\n```")]) as d:
        dark = d.pane.render_lines(d.pane.size.region)
        d.app.theme = "textual-light"
        await d.calm()
        light = d.pane.render_lines(d.pane.size.region)
        assert [strip.text for strip in dark] == [strip.text for strip in light]
        assert all(a != b for a, b in zip(dark, light, strict=True))


async def test_a_transcript_without_messages_takes_every_key() -> None:
    async with desk() as d:
        d.pane.focus()
        for key in "jkgGyercxpdnN1[] ":
            await d.pilot.press({"[": "left_square_bracket", "]": "right_square_bracket", " ": "space"}.get(key, key))
        await d.pilot.press("pageup", "pagedown", "enter", "ctrl+end")
        d.pane.find("x")
        d.pane.next_hit()
        assert d.app.is_running


async def test_narrow_and_wide_texts_never_break_a_border() -> None:
    """STR-14: every row is exactly as wide as the screen."""
    text = "```\n你好 👩‍💻 " + "x" * 300 + "\n```\n\n| 你 | b |\n|--|--|\n| 👍🏽 | c |"
    for size in (*SIZES, (300, 50)):
        async with desk(
            size, [Item("a", Role.ASSISTANT, "very-long-provider/" + "m" * 90, text, time="14:02", sibling=(1, 3))]
        ) as d:
            assert {strip.cell_length for strip in d.pane.render_lines(d.pane.size.region)} == {size[0] - 1}
