"""Streamed text is drawn as if it had come whole, and is fit for the terminal at every moment (STR-5, STR-13)."""

from __future__ import annotations

import random
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmtui.render import Document, Line, Look, PlainDocument

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK = Look.ansi()

MARKDOWN = [
    *("word", "another longer-word", " ", "  ", "\n", "\n\n", "    ", "\t", "  \n", "\\\n", "   "),
    *("- ", "* ", "1. ", "10. ", "2) ", "- [ ] ", "- [x] ", "> ", ">>>>>", "# ", "## ", "---", "***", "===\n"),
    *("```", "```python\n", "~~~", "`", "``", '"""', "def f():\n    return 1", "/* c", "*/"),
    *("*", "**", "_", "~~", "[", "]", "(", ")", "\\", "\\*", "&amp;", "&#27;", "<b>", "|"),
    *(
        "[link](http://x.y)",
        "![alt](u)",
        "[ref]",
        "[ref]: http://z\n",
        "<http://auto.link>",
        "https://bare.example/p?q=1",
    ),
    *(
        "| a | b |\n",
        "|---|---|\n",
        "|:-:|--:|\n",
        "| 1 | 2 |\n",
        "x" * 45,
        "中" * 30,
        "中文字符，测试。",
        "👩‍💻",
        "❤️",
        "🇯🇵",
    ),
    *(
        "\u0301" * 7,
        "\u200d",
        "\u200b" * 3,
        "\u202e",
        "\x1b[31m",
        "\x1b]8;;x\x07",
        "\x9b",
        "\r\n",
        "\r",
        "\x00",
        "\ud800",
    ),
    *("\U000e0041", "שלום", "नमस्ते", "\u3164", "\ufeff", "\x7f", "\u2028", "\x85", "\x0b", "- - - ", "1234567890. "),
]
SOURCES = st.one_of(
    st.lists(st.sampled_from(MARKDOWN), max_size=40).map("".join),
    st.lists(st.one_of(st.sampled_from(MARKDOWN), st.text(max_size=5)), max_size=20).map("".join),
)
WIDTHS = st.one_of(st.sampled_from([20, 21, 40, 80, 300]), st.integers(20, 300))
KINDS = st.sampled_from([Document, Document, PlainDocument])


def rows(document: Document) -> list[Line]:
    """All rows; reading one may move those below it."""
    out: list[Line] = []
    while len(out) < document.height:
        out.append(document.line(len(out)))
    return out


def whole(kind: type[Document], text: str, width: int) -> list[Line]:
    document = kind(LOOK, width)
    document.append(text)
    document.finish()
    return rows(document)


def pieces(text: str, sizes: list[int]) -> list[str]:
    out: list[str] = []
    at = turn = 0
    while at < len(text):
        size = sizes[turn % len(sizes)] if sizes else len(text)
        out.append(text[at : at + size])
        at, turn = at + size, turn + 1
    return out


def check(lines: list[Line], width: int, length: int) -> None:
    keys = [line.key for line in lines]
    assert keys == sorted(set(keys))
    for line in lines:
        assert line.cells <= width
        for segment in line.segments:
            assert segment.text
            assert all(unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp") for char in segment.text)
            assert segment.style is not None
            assert segment.style.link is None
            assert not segment.style.meta
        for _, offset, count in line.source:
            assert 0 <= offset < offset + count <= length


@settings(deadline=None, max_examples=150)
@given(SOURCES, WIDTHS, st.lists(st.integers(1, 30), max_size=8), KINDS)
def test_any_split_ends_as_the_whole(text: str, width: int, sizes: list[int], kind: type[Document]) -> None:
    """STR-5: whatever way a text came, it is drawn the same in the end, and is safe and fits at every step."""
    document = kind(LOOK, width)
    came = 0
    for piece in pieces(text, sizes):
        document.append(piece)
        came += len(piece)
        check(rows(document), width, came)
    document.finish()
    assert rows(document) == whole(kind, text, width)
    assert document.source == text


@settings(deadline=None, max_examples=100)
@given(SOURCES, WIDTHS, st.lists(st.integers(1, 30), min_size=1, max_size=8), KINDS)
def test_what_is_not_told_as_changed_has_not_changed(
    text: str, width: int, sizes: list[int], kind: type[Document]
) -> None:
    """Only changed rows need painting."""
    document = kind(LOOK, width)
    shown: list[Line] = []
    for piece in [*pieces(text, sizes), None]:
        document.append(piece) if piece is not None else document.finish()
        changed = document.take_changed()
        now = rows(document)
        same = len(shown) if changed is None else changed
        assert now[:same] == shown[:same]
        if changed is None:
            assert len(now) == len(shown)
        document.take_changed()
        shown = now


@settings(deadline=None, max_examples=60)
@given(
    SOURCES,
    WIDTHS,
    WIDTHS,
    st.lists(st.sampled_from(["resize", "relook", "evict", "finish"]), max_size=5),
    st.randoms(),
)
def test_whatever_happens_meanwhile_it_ends_the_same(
    text: str, width: int, other: int, events: list[str], rng: random.Random
) -> None:
    """STR-14: resize, theme changes, eviction and a finished text that is continued leave no trace."""
    document = Document(LOOK, width)
    for piece in pieces(text, [rng.randint(1, 9)]):
        document.append(piece)
        if events and rng.random() < 0.3:
            match rng.choice(events):
                case "resize":
                    document.resize(other)
                    check(rows(document), other, len(document.source))
                    document.resize(width)
                case "relook":
                    document.relook(Look.plain())
                    rows(document)
                    document.relook(LOOK)
                case "evict":
                    document.evict(rng.randint(0, 5), rng.randint(0, 9))
                case _:
                    document.finish()
    document.finish()
    assert rows(document) == whole(Document, text, width)


@given(
    st.lists(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=30), min_size=1, max_size=60), WIDTHS
)
@settings(deadline=None, max_examples=100)
def test_no_letter_of_prose_is_lost(words: list[str], width: int) -> None:
    """STR-5: every non-blank character of plain prose is on screen, in order."""
    text = " ".join("x" + word for word in words)
    for kind in (Document, PlainDocument):
        shown = "".join(line.text for line in whole(kind, text, width))
        assert shown.replace(" ", "") == text.replace(" ", "")


def long_list(rng: random.Random) -> str:
    return "- top\n" + "".join(
        f"  {rng.choice('-*')} item {i} **bold** {'word ' * 9}\n" + ("\n    more\n" if i % 7 == 0 else "")
        for i in range(90)
    )


def long_numbers(rng: random.Random) -> str:
    return (
        "3. first\n"
        + "".join(f"   1. inner {i} {'word ' * rng.randint(4, 9)}\n      - deep\n" for i in range(70))
        + "4. last\n"
    )


def long_deep(rng: random.Random) -> str:
    inner = "".join(f"      {rng.choice(['-', '1.'])} item {i} {'word ' * 12}\n" for i in range(60))
    return f"- a\n  1. b\n     - c\n{inner}   - [ ] d\n\n     e\n-\ttab\n" + "".join(
        f"\t- x {i} {'word ' * 9}\n" for i in range(60)
    )


def long_children(rng: random.Random) -> str:
    body = "".join(f"   para {i} {'word ' * rng.randint(5, 30)}\n\n" for i in range(40))
    return f"1. a\n\n{body}   | a | b |\n   |---|---|\n   | 1 | 2 |\n\n   > q\n\n{body}2. b\n"


def unclosed(rng: random.Random) -> str:
    return "**never closed " + "word " * 900 + "[also](" + "word " * 900 + " x" * rng.randint(1, 2)


def long_paragraph(rng: random.Random) -> str:
    return " ".join(
        rng.choice(["plain", "*em*", "`code`", "**strong**", "[a](http://b)", "中文。", "1.", "-"]) for _ in range(1500)
    )


def long_table(rng: random.Random) -> str:
    return (
        "| a | b |\n|---|--:|\n" + "".join(f"| {'w ' * rng.randint(1, 40)}| {i} |\n" for i in range(150)) + "\nafter\n"
    )


def long_code(rng: random.Random) -> str:
    body = "".join(rng.choice(["x = 1\n", "\n", "def f():\n", '    """doc\n', "\ttab\n", "#c\n"]) for _ in range(330))
    return f"text\n\n```python\n{body}```\n\n- a\n\n  ```js\n" + "  let a = /* c */ 1;\n" * 40 + "  ```\nend\n"


def long_line(rng: random.Random) -> str:
    return "x" * 9000 + " [" * 300 + "**" * 900 + "> " * 200 + str(rng)[:0]


@pytest.mark.parametrize(
    "make",
    [long_list, long_numbers, long_deep, long_children, unclosed, long_paragraph, long_table, long_code, long_line],
)
@pytest.mark.parametrize("width", [30, 100])
def test_what_grows_long_ends_as_the_whole(make: Callable[[random.Random], str], width: int) -> None:
    """STR-13: parts that are let go while they grow come out as if drawn at once."""
    rng = random.Random(4)
    text = make(rng)
    for kind in (Document, PlainDocument):
        document = kind(LOOK, width)
        for piece in pieces(text, [20, 60, 3]):
            document.append(piece)
            _ = document.height
        check(rows(document), width, len(text))
        document.finish()
        assert rows(document) == whole(kind, text, width)


TRICKY = (
    "para one\n#5 is no heading\n-5 is no item\n\n# Head\ntext **bold\nstill** on\n---5 no rule\n\nx | y\n--|-- no table\n\n"
    "- a\n-b is lazy\n- c\n\n  d\n\n10. ten\n11. eleven\n1x\n\n> q\n>r\n\nwords\na | b\n--|--\n1 | 2\n\n"
    "```py\nx = 1\n``\n```\n\nend\n***\nlast\n"
)


def test_at_the_end_of_each_line_it_looks_like_the_whole_so_far() -> None:
    """STR-5: nothing is taken for final that the rest of its line can still change."""
    document = Document(LOOK, 60)
    for index, char in enumerate(TRICKY, 1):
        document.append(char)
        now = [line.text for line in rows(document)]
        if char == "\n":
            assert now == [line.text for line in whole(Document, TRICKY[:index], 60)]


def test_an_append_touches_only_the_end() -> None:
    """STR-13: what was drawn before stays the same object, so nothing is drawn twice."""
    text = "".join(f"## Head {i}\n\nSome *text* here.\n\n- a\n- b\n\n```python\nx = {i}\n```\n\n" for i in range(60))
    document = Document(LOOK, 80)
    document.append(text)
    before = rows(document)
    document.append("And **more** text.\n")
    after = rows(document)
    assert all(one is other for one, other in zip(before[:-2], after, strict=False))
    document.take_changed()
    document.append(" x")
    changed = document.take_changed()
    assert changed is not None
    assert changed >= len(after) - 2


def test_open_code_is_drawn_line_by_line() -> None:
    """STR-13: a code line is drawn once; the frame's end moves down."""
    document = Document(LOOK, 60)
    document.append("```python\n")
    document.append("".join(f"x{i} = {i}\n" for i in range(50)))
    first = rows(document)
    document.append("y = 1\nz")
    second = rows(document)
    assert first[:51] == second[:51]
    assert all(one is other for one, other in zip(first[:51], second, strict=False))
    assert second[-2].text.startswith("│ z ")
    assert second[-1].text.startswith("╰")


def test_reparsing_changes_nothing_until_it_is_adopted() -> None:
    """The whole is parsed off the loop; text that comes meanwhile wins."""
    document = Document(LOOK, 60)
    document.append("a [x]\n\nb\n\n[x]: http://y\n")
    before = rows(document)
    parsed = document.reparse()
    assert rows(document) == before
    document.append("\nmore")
    document.adopt(parsed)
    assert "more" in rows(document)[-1].text
    document.finish()
    assert document.link_at(0, 2) == "http://y"


def test_more_text_after_the_end_goes_on_where_it_was() -> None:
    """STR-9: a cut answer is continued, also in the middle of code."""
    for text in (
        "para one",
        "- a\n- b",
        "```py\nx = 1",
        "```py\nx = 1\n```",
        "```py\nx = 1\n```\n",
        "| a |\n|---|\n| b |",
        "```",
        "",
    ):
        document = Document(LOOK, 40)
        document.append(text)
        document.finish()
        for piece in ("\n", "y = 2\n", "```\nend *it*", "\n\n- c\n"):
            document.append(piece)
            _ = document.height
        document.finish()
        assert rows(document) == whole(Document, text + "\ny = 2\n```\nend *it*\n\n- c\n", 40)
