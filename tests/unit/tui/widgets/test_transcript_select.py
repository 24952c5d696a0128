"""STR-8: what Textual's offsets mean, in characters of the source."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Offset
from textual.selection import Selection

from llmtui.core.messages import Role
from llmtui.tui.widgets.transcript_item import Item
from llmtui.tui.widgets.transcript_model import Model
from llmtui.tui.widgets.transcript_select import TEXT, Point, Range, line_at, range_of, text_of, word_at

FIRST, LAST = Point(1, TEXT), Point(2, TEXT + 3)


def test_an_open_end_is_the_end_of_the_screen() -> None:
    start, end = Offset(TEXT + 1, 1), Offset(TEXT + 2, 2)
    assert range_of(Selection(start, end), FIRST, LAST) == Range(Point(1, TEXT + 1), Point(2, TEXT + 2))
    assert range_of(Selection(start, None), FIRST, LAST) == Range(Point(1, TEXT + 1), LAST)
    assert range_of(Selection(None, end), FIRST, LAST) == Range(FIRST, Point(2, TEXT + 2))
    assert range_of(Selection(None, None), FIRST, LAST) == Range(FIRST, LAST)
    above = Selection(None, Offset(0, 0))
    assert range_of(above, FIRST, LAST) == Range(Point(0, 0), FIRST)


def test_reasoning_and_text_of_a_message_are_apart() -> None:
    talk = Model(
        [Item("a", Role.ASSISTANT, "x", "answer", reasoning="thinking"), Item("b", Role.USER, "you", "next\n")]
    )
    all_of_it = Range(Point(0, 3), Point(1, TEXT + 5))
    assert text_of(talk, all_of_it) == "answer\n\nnext"
    talk.view(0).toggle_thoughts()
    assert text_of(talk, all_of_it) == "nking\n\nanswer\n\nnext"
    assert text_of(talk, Range(Point(0, 0), Point(0, 2))) == "th"
    assert all_of_it.within(0, "head") is None
    assert all_of_it.within(2, "body") is None
    assert Range(Point(0, TEXT + 2), Point(0, TEXT + 2)).within(0, "body") is None


@given(st.text(alphabet="ab _-\n你", max_size=30), st.integers(0, 40))
def test_words_lie_within_their_line(source: str, offset: int) -> None:
    start, end = line_at(source, min(offset, len(source)))
    assert "\n" not in source[start:end]
    first, last = word_at(source, min(offset, len(source)))
    assert first <= last
    assert first == last or start <= first <= offset < last <= end


def test_words() -> None:
    source = "foo_bar(x) += 你好\nnext"
    assert [source[slice(*word_at(source, at))] for at in (0, 7, 8, 9, 11, 14, 19)] == [
        "foo_bar",
        "(",
        "x",
        ")",
        "+=",
        "你好",
        "next",
    ]
