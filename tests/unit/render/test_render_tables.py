"""Tables fit the screen whatever they hold, and grow row by row (STR-5)."""

from __future__ import annotations

import pytest

from llmtui.render import Document, Look

LOOK = Look.ansi()


def rows_of(text: str, width: int = 40, pieces: int = 0) -> list[str]:
    document = Document(LOOK, width)
    for index in range(0, len(text), pieces or len(text)):
        document.append(text[index : index + (pieces or len(text))])
        _ = document.height
    document.finish()
    return [document.line(y).text.rstrip() for y in range(document.height)]


def test_columns_are_aligned() -> None:
    assert rows_of("|a|b|c|\n|:--|--:|:-:|\n|1|2|3|\n|long|word|here|") == [
        "a    │    b │  c",
        "─────┼──────┼─────",
        "1    │    2 │  3",
        "long │ word │ here",
    ]


def test_a_wide_table_shrinks_its_widest_columns_and_wraps() -> None:
    """STR-14: no row is wider than the screen, narrow columns keep what they need."""
    rows = rows_of("| n | text |\n|---|---|\n| 1 | " + "word " * 20 + "|\n", 30)
    assert all(len(row) <= 30 for row in rows)
    assert rows[2] == "1 │ word word word word word"
    assert rows[3] == "  │ word word word word word"


def test_the_columns_that_are_too_wide_share_what_is_left() -> None:
    rows = rows_of(f"| a | b | c |\n|---|---|---|\n| 1 | {'x' * 50} | {'y' * 50} |\n", 31)
    assert [len(part.strip("─") or part) for part in rows[1].split("┼")] == [2, 14, 13]


def test_too_many_columns_become_records() -> None:
    """STR-14: at 20 columns a table of nine is still legible."""
    names = "|".join(f"name{i}" for i in range(9))
    rows = rows_of(f"|{names}|\n|{'|'.join(['---'] * 9)}|\n|{'|'.join('123456789')}|\n", 20)
    assert rows[:3] == ["name0: 1", "name1: 2", "name2: 3"]
    assert rows[9] == "─" * 12


def test_cells_have_markup_wide_characters_and_pipes() -> None:
    assert rows_of("| a |\n|---|\n| **b** `c\\|d` |\n| 中文 |\n| |\n") == ["a", "─────", "b c|d", "中文", ""]


def test_a_row_too_short_or_too_long_is_made_to_fit() -> None:
    assert rows_of("|a|b|\n|-|-|\n|1|\n|1|2|3|\n") == ["a │ b", "──┼──", "1 │", "1 │ 2"]


@pytest.mark.parametrize("pieces", [1, 3, 7, 50])
def test_a_growing_table_ends_as_the_whole(pieces: int) -> None:
    """STR-5: rows appear one by one, columns widen when a wider cell comes."""
    text = "x\n\n| a | b |\n|---|--:|\n" + "".join(f"| {'w' * (i % 9)} | {i**3} |\n" for i in range(40)) + "\n# End\n"
    assert rows_of(text, 40, pieces) == rows_of(text, 40)


def test_rows_show_before_they_are_whole() -> None:
    document = Document(LOOK, 40)
    document.append("| a | b |\n|---|---|\n| one | tw")
    assert [document.line(y).text for y in range(document.height)] == ["a   │ b", "────┼───", "one │ tw"]


def test_a_late_wide_row_is_wrapped_until_it_is_whole() -> None:
    """Many rows are not drawn again for each character of a new one."""
    document = Document(LOOK, 60)
    document.append("| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 30)
    before = [document.line(y) for y in range(document.height)]
    document.append("| a much wider cell")
    after = [document.line(y) for y in range(document.height)]
    assert all(one is other for one, other in zip(before, after, strict=False))
    assert after[32].text.startswith("a")
    document.append(" | 3 |\n")
    assert document.line(document.height - 1).text == "a much wider cell │ 3"


def test_what_follows_a_table_is_not_swallowed() -> None:
    for after in ("\npara", "# head\n", "> quote\n", "- item\n", "```py\nx\n```\n", "***\n"):
        text = "|a|\n|-|\n|1|\n" + after
        assert rows_of(text, 40, 1) == rows_of(text, 40)
        assert len(rows_of(text)) > 3


def test_columns_settle_on_very_long_tables() -> None:
    """A table of hundreds of rows moves its columns seldom while it grows, and is exact in the end."""
    text = "| a | b |\n|---|---|\n" + "".join(f"| {'x' * (i // 6)} | {i} |\n" for i in range(250))
    document = Document(LOOK, 100)
    moved = 0
    last = ""
    for line in text.splitlines(keepends=True):
        document.append(line)
        rule = document.line(1).text if document.height > 1 else ""
        moved += rule != last
        last = rule
    assert moved < 30
    document.finish()
    assert document.line(1).text == "─" * 42 + "┼" + "─" * 4
