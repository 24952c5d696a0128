"""STR-5, STR-13: a message's rows, whatever the width, in slices or at once; places found again after re-wrapping."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from llmtui.core.messages import MessageState, Role
from llmtui.render import Line, Look
from llmtui.tui.widgets.message_view import MessageView
from llmtui.tui.widgets.message_view_dress import Dress, estimated_height
from llmtui.tui.widgets.message_view_passage import QUICK, Passage
from llmtui.tui.widgets.message_view_rows import Palette, ending_rows, label_row, wrap
from llmtui.tui.widgets.transcript_item import Item

PALETTE = Palette(*[Style()] * len(Palette._fields))
TEXT = "# Title\n\nSome **words** that go on and on, and on.\n\n```python\nx = 1\n```\n\n- a\n- b\n"


def dress(width: int) -> Dress:
    look = Look.plain()
    return Dress(look, look.dimmed(), PALETTE, width)


def drawn(view: MessageView, how: Dress, limit: int = 1 << 20) -> list[str]:
    while not view.feed(how, limit):
        pass
    assert view.unsettled() == []
    view.settle()
    view.lay_out(0, 10_000)
    view.settle()
    return ["".join(segment.text for segment in view.row(y)[1].segments) for y in range(view.height)]


@given(st.integers(10, 100), st.integers(1, 60))
def test_slices_make_no_difference(width: int, limit: int) -> None:
    item = Item("a", Role.ASSISTANT, "model", TEXT, reasoning="well\nwell", state=MessageState.STREAMING)
    whole, sliced = MessageView(item), MessageView(item)
    for view in (whole, sliced):
        view.toggle_thoughts()
    assert drawn(sliced, dress(width), limit) == drawn(whole, dress(width))


@given(st.lists(st.integers(10, 90), min_size=1, max_size=4))
def test_rows_depend_on_the_width_alone(widths: list[int]) -> None:
    view = MessageView(Item("a", Role.ASSISTANT, "model", TEXT))
    for width in widths:
        fresh = MessageView(Item("a", Role.ASSISTANT, "model", TEXT))
        how = dress(width)
        assert drawn(view, how) == drawn(fresh, how)
        assert view.height == fresh.height


def test_a_height_that_others_settled_is_noticed() -> None:
    """STR-14: after another width somebody asked for rows, and an estimate became exact; the view must not lie a row off."""
    view = MessageView(Item("a", Role.ASSISTANT, "model", TEXT * 30))
    drawn(view, dress(90))
    view.feed(dress(20), 1 << 20)
    view.settle()
    document = view.body.document
    assert document is not None
    estimated, y = document.height, 0
    while y < document.height:
        document.line(y)
        y += 1
    assert document.height != estimated
    assert view.lay_out(0, 5)
    view.settle()
    assert not view.lay_out(0, 5)


@given(st.integers(10, 90), st.integers(10, 90), st.data())
def test_a_place_is_found_again(before: int, after: int, data: st.DataObject) -> None:
    view = MessageView(Item("a", Role.ASSISTANT, "model", TEXT, reasoning="one\ntwo", metadata=("✓",)))
    view.toggle_thoughts()
    narrow, wide = dress(before), dress(after)
    drawn(view, narrow)
    y = data.draw(st.integers(0, view.height - 1))
    place = view.place(y)
    assert view.row_of(place) == y
    drawn(view, wide)
    part, row = view.row(view.row_of(place))
    assert part == place.part
    if part == "body" and not place.below:
        assert isinstance(row, Line)
        assert row.span is None or row.span[0] <= place.offset <= row.span[1]
    drawn(view, narrow)
    assert view.row_of(place) == y


def test_settling_names_the_first_row_that_changed() -> None:
    view, how = MessageView(Item("a", Role.ASSISTANT, "m", state=MessageState.STREAMING)), dress(40)
    view.feed(how, 100)
    assert view.settle() == 0
    assert view.settle() is None
    view.status = "thinking 0.1 s"
    assert view.settle() == 1
    view.status = "thinking 0.2 s"
    assert view.settle() == 1
    view.status = ""
    view.body.append("one\n\ntwo")
    view.feed(how, 100)
    assert view.settle() == 1
    view.body.append(" more")
    view.feed(how, 100)
    assert view.settle() == 3


def test_a_released_view_begins_anew() -> None:
    view, how = MessageView(Item("a", Role.ASSISTANT, "m", TEXT)), dress(40)
    rows = drawn(view, how)
    view.release()
    assert not view.is_dressed(how)
    assert drawn(view, how) == rows


async def test_what_is_long_is_settled_in_a_thread() -> None:
    view, how = MessageView(Item("a", Role.ASSISTANT, "m", "word\n\n" * QUICK)), dress(40)
    view.feed(how, 100)
    (passage,) = view.unsettled()
    assert view.body.height == 0
    assert view.unsettled() == []
    await passage.settle_apart()
    assert view.body.height == 2 * QUICK - 1


async def test_a_thread_that_comes_too_late_changes_nothing() -> None:
    passage = Passage("word")
    await passage.settle_apart()
    assert passage.height == 0
    assert passage.settle()


@pytest.mark.parametrize("width", [10, 11, 24, 40, 200])
def test_no_row_is_wider_than_the_screen(width: int) -> None:
    """STR-14"""
    item = Item(
        "a", Role.ASSISTANT, "提供者/模型-" + "m" * 50, time="14:02", sibling=(12, 34), pinned=True, excluded=True, state=MessageState.CANCELLED,
        metadata=("long " * 30, "short"), notes=("note " * 20, "你好" * 40), error="went wrong " * 10,
    )  # fmt: skip
    for row in [label_row(item, width, PALETTE), *ending_rows(item, width, PALETTE)]:
        assert sum(cell_len(segment.text) for segment in row.segments) <= width + 2 * bool(row.spots)
        for spot in row.spots:
            assert 0 <= spot.first < spot.last <= width
            assert row.spot(spot.first) == spot
        assert row.spot(-1) is None


@given(st.text(alphabet="ab 你", max_size=60), st.integers(2, 12))
def test_wrapping_keeps_every_character(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(cell_len(line) <= width for line in lines)


def test_an_estimate_counts_lines() -> None:
    assert estimated_height(Item("a", Role.USER, "you", "x" * 100 + "\n" * 5, metadata=("m",)), 40) == 3 + 5 + 2 + 1
