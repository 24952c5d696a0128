"""STR-13: where each message begins, whatever is measured, inserted or removed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmtui.tui.widgets.transcript_geometry import Heights

HEIGHTS = st.lists(st.integers(0, 9), max_size=30)


@given(HEIGHTS)
def test_rows_and_messages_belong_together(heights: list[int]) -> None:
    sums = Heights(heights)
    owners = [(index, row) for index, height in enumerate(heights) for row in range(height)]
    assert sums.total == len(owners)
    assert [sums.at(y) for y in range(sums.total)] == owners


@given(HEIGHTS, st.data())
def test_changes_are_as_if_made_before(heights: list[int], data: st.DataObject) -> None:
    sums, plain = Heights(heights), list(heights)
    for _ in range(data.draw(st.integers(0, 6))):
        index = data.draw(st.integers(0, len(plain)))
        kind = data.draw(st.sampled_from(["set", "insert", "remove"]))
        if kind == "insert" or index == len(plain):
            more = data.draw(st.lists(st.integers(0, 9), max_size=4))
            sums.insert(index, more)
            plain[index:index] = more
        elif kind == "remove":
            sums.remove(index)
            del plain[index]
        else:
            height = data.draw(st.integers(0, 9))
            assert sums.set(index, height) == height - plain[index]
            plain[index] = height
    assert [sums[index] for index in range(len(sums))] == plain
    assert [sums.top(index) for index in range(len(plain) + 1)] == [
        sum(plain[:index]) for index in range(len(plain) + 1)
    ]


@given(HEIGHTS, st.integers(-5, 40), st.integers(-5, 40))
def test_between_names_the_messages_on_screen(heights: list[int], first: int, last: int) -> None:
    sums = Heights(heights)
    seen = {sums.at(y)[0] for y in range(max(0, first), min(last, sums.total))}
    shown = sums.between(first, last)
    assert seen <= set(shown)
    assert all(index in seen or heights[index] == 0 for index in shown)


def test_rows_outside_belong_to_the_ends() -> None:
    assert Heights([2, 3]).at(-7) == (0, 0)
    assert Heights([2, 3]).at(99) == (1, 2)
    with pytest.raises(IndexError):
        Heights().at(0)
