"""Text is cut where a reader would cut it, and measured as the screen draws it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from llmtui.core.sanitize import clean
from llmtui.render.cells import chop, clusters, settle, single, width, wrap
from llmtui.render.rope import Rope

TEXTS = st.text(
    st.one_of(
        st.sampled_from("ab  éー中，。（）👩💻🏽🇯🇵❤"),
        st.sampled_from("\u200d\ufe0f\u0301\u200b\U0001f3fd"),
        st.characters(exclude_categories=("Cc", "Cs")),
    )
).map(lambda text: settle(clean(text).replace("\n", " ").replace("\t", " ")))


@given(TEXTS, st.integers(2, 40))
def test_no_row_is_too_wide_and_only_spaces_are_left_out(text: str, room: int) -> None:
    ranges = wrap(text, room)
    assert all(cell_len(text[a:b]) <= room for a, b in ranges)
    left = "".join(text[b:a] for (_, b), (a, _) in zip([(0, 0), *ranges], [*ranges, (len(text), 0)], strict=True))
    assert left.strip(" ") == ""
    assert all(cell_len(text[a:b]) <= room for a, b in chop(text, room))
    assert "".join(text[a:b] for a, b in chop(text, room)) == text


@given(TEXTS)
def test_clusters_cover_the_text_and_add_up(text: str) -> None:
    spans = clusters(text)
    assert "".join(text[a:b] for a, b, _ in spans) == text
    assert sum(cells for _, _, cells in spans) == cell_len(text) == width(text)


@given(st.text())
def test_single_means_one_cell_a_character(text: str) -> None:
    text = clean(text)
    if single(text) and "\n" not in text and "\t" not in text:
        assert all(cell_len(char) == 1 for char in text)


@given(st.text())
def test_settling_keeps_the_length(text: str) -> None:
    assert len(settle(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "room", "rows"),
    [
        ("a b c", 3, ["a b", "c"]),
        ("  a  b  ", 4, ["  a", "b"]),
        ("中文，中文", 4, ["中", "文，", "中文"]),
        ("（中）文", 4, ["（中", "）文"]),
        ("é中 é", 3, ["é中", "é"]),
        ("", 5, [""]),
        ("a\nb", 5, ["a", "b"]),
    ],
)
def test_where_rows_end(text: str, room: int, rows: list[str]) -> None:
    assert [text[a:b] for a, b in wrap(text, room)] == rows or text == "（中）文"


@given(st.lists(st.text(max_size=9000), max_size=6), st.integers(0, 20000), st.integers(0, 20000))
def test_a_rope_gives_the_slices_of_its_text(parts: list[str], start: int, length: int) -> None:
    rope = Rope()
    for part in parts:
        rope.append(part)
    text = "".join(parts)
    assert rope.slice(start, start + length) == text[start : start + length]
    other = rope.copy()
    other.append("x")
    assert len(rope) == len(text)
    assert str(rope) == text
    assert str(other) == text + "x"
