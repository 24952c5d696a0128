"""Code blocks: frame, colours while the fence is open, long lines, and getting the code back (STR-5, STR-8)."""

from __future__ import annotations

import pytest

from llmtui.render import Document, Look, warm
from llmtui.render.highlight import LineLexer, Memo, highlight, language_of, role_of

LOOK = Look.ansi()


def document_of(text: str, width: int = 30, *, code_wrap: bool = True, pieces: int = 0) -> Document:
    document = Document(LOOK, width, code_wrap=code_wrap)
    for index in range(0, len(text), pieces or len(text)):
        document.append(text[index : index + (pieces or len(text))])
        _ = document.height
    return document


def shown(document: Document) -> list[str]:
    return [document.line(y).text for y in range(document.height)]


def test_the_frame_names_the_language_and_the_key() -> None:
    """STR-8: each block tells the number that copies it, the tenth and later have none."""
    text = "".join(f"```py\n{i}\n```\n\n" for i in range(11))
    tops = [row for row in shown(document_of(text)) if row.startswith("╭")]
    assert tops[0] == "╭ py ──────────────── copy 1 ╮"
    assert tops[8].endswith(" copy 9 ╮")
    assert tops[9].endswith("─ copy ╮")
    assert len(tops) == 11


@pytest.mark.parametrize("width", [10, 12, 16, 20])
def test_a_narrow_frame_leaves_out_what_does_not_fit(width: int) -> None:
    for row in shown(document_of("```a-very-long-language-name\nx\n```", width)):
        assert len(row) == width


def test_colours_come_while_the_fence_is_open() -> None:
    """STR-5: highlighting does not wait for the block's end, nor for the line's."""
    document = document_of("```python\ndef f():\n    return 'a", 60, pieces=5)
    styles = {segment.text: segment.style for segment in document.line(1).segments + document.line(2).segments}
    assert styles["def"] == LOOK.style("keyword")
    assert styles["f"] == LOOK.style("function")
    assert styles["return"] == LOOK.style("keyword")


def test_an_unknown_language_is_plain_and_none_is_guessed() -> None:
    for fence in ("```", "```no-such-language", "```" + "x" * 80):
        document = document_of(fence + "\ndef f(): pass\n", 60, pieces=4)
        (text,) = [segment for segment in document.line(1).segments if "def" in segment.text]
        assert text.text == "def f(): pass"
        assert text.style == LOOK.style("code_text")


def test_a_string_over_many_lines_keeps_its_colour_as_it_grows() -> None:
    document = document_of('```python\nx = """one\n' + "two\n" * 130 + '"""\ny = 1\n', 60, pieces=40)
    styles = {segment.style for segment in document.line(120).segments if segment.text == "two"}
    assert styles == {LOOK.style("string")}


def test_what_was_coloured_wrong_while_it_grew_is_mended_at_the_end() -> None:
    """A comment whose end had not come yet is a comment when the answer is complete."""
    document = document_of("```c\n/* one\n   int two */\n```\n", 60, pieces=3)
    growing = [segment.style for segment in document.line(2).segments if "int" in segment.text]
    document.take_changed()
    document.finish()
    assert document.take_changed() == 0
    finished = [segment.style for segment in document.line(2).segments if "int" in segment.text]
    assert finished == [LOOK.style("comment")]
    assert growing != finished


def test_long_lines_wrap_or_scroll_sideways() -> None:
    """Under 60 columns code scrolls sideways; wider it wraps."""
    text = "```\nabcdefghijklmnopqrstuvwxyz0123456789\n中文中文中文中文中文中文中文中文\n```"
    wrapped = shown(document_of(text))
    assert wrapped[1:3] == ["│ abcdefghijklmnopqrstuvwxyz │", "│ 0123456789                 │"]
    assert wrapped[3:5] == ["│ " + "中文" * 6 + "中" + " │", "│ 文中文                     │"]
    cut = document_of(text, code_wrap=False)
    assert shown(cut)[1:3] == ["│ abcdefghijklmnopqrstuvwxyz ›", "│ " + "中文" * 6 + "中" + " ›"]
    cut.take_changed()
    cut.shift_code(5)
    assert cut.take_changed() == 0
    assert shown(cut)[1:3] == ["‹ fghijklmnopqrstuvwxyz01234 ›", "‹ " + "文中" * 6 + "文" + " │"]
    assert cut.position(1, 2) == 4 + 5
    cut.shift_code(5)
    assert cut.take_changed() is None
    cut.shift_code(99)
    assert shown(cut)[1] == "‹" + " " * 28 + "│"


def test_tabs_become_spaces_that_know_their_tab() -> None:
    document = document_of("```\n\ta\tb\n```", 30)
    assert document.line(1).text == "│     a   b                  │"
    assert [document.position(1, cell) for cell in (2, 5, 6, 7, 9, 10)] == [4, 4, 5, 6, 6, 7]


def test_the_code_can_be_had_without_what_surrounds_it() -> None:
    """STR-8: the exact code, wherever the block stands, complete or not."""
    text = (
        "a\n\n```py\nx = 1\n\ty\x1b\n```\n\n- b\n\n  ```js\n  let z\n\n    w\n  ```\n\n> ```\n> q\n> ```\n\n    indented\n\n"
        "  ```sh\n    ls\n"
    )
    for pieces in (0, 3):
        document = document_of(text, 40, pieces=pieces)
        blocks = document.code_blocks
        assert [(block.language, block.text, block.complete) for block in blocks] == [
            ("py", "x = 1\n\ty\x1b\n", True),
            ("js", "let z\n\n  w\n", True),
            ("", "q\n", True),
            ("", "indented\n", True),
            ("sh", "  ls\n", False),
        ]
        assert document.source[blocks[0].start : blocks[0].end] == "x = 1\n\ty\x1b\n"
        for number, block in enumerate(blocks, 1):
            assert f"copy {number} ╮" in document.line(block.y).text


def test_a_long_block_is_one_for_the_reader() -> None:
    """STR-8, STR-13: drawn in parts, copied as one."""
    code = "".join(f"x{i} = {i}\n" for i in range(450))
    for pieces in (0, 50):
        document = document_of(f"```python\n{code}```\nend\n", 40, pieces=pieces)
        (block,) = document.code_blocks
        assert block.text == code
        assert block.complete
        rows = shown(document)
        assert len(rows) == 453
        assert sum(row.startswith("╭") for row in rows) == sum(row.startswith("╰") for row in rows) == 1


def test_a_fence_is_closed_by_its_own_kind_only() -> None:
    document = document_of("````\n```\n~~~\n````x\n`````\nafter", 30, pieces=2)
    rows = shown(document)
    assert [row.strip("│ ") for row in rows[1:4]] == ["```", "~~~", "````x"]
    assert rows[4].startswith("╰")
    assert rows[5] == "after"


@pytest.mark.parametrize(
    ("info", "name"),
    [("python", "python"), (" py linenos", "py"), ("{.rust}", "rust"), ("", ""), ("a" * 40, "a" * 24), ("c,d", "c")],
)
def test_the_language_is_the_first_word(info: str, name: str) -> None:
    assert language_of(info) == name


@pytest.mark.parametrize(
    "language", ["python", "javascript", "json", "bash", "html", "yaml", "rust", "sql", "", "unknown-one", "console"]
)
def test_line_by_line_shows_every_character(language: str) -> None:
    lines = ["def f(x): # c", "", '  "a": 1, `b` $(c) <d e="f">', "\t'unclosed", "x" * 5000, "@@ é 中"]
    lexer = LineLexer(language)
    for line in lines:
        assert "".join(text for text, _ in lexer.partial(line[:7])) == line[:7]
        assert "".join(text for text, _ in lexer.complete(line)) == line
    assert ["".join(text for text, _ in row) for row in highlight(lines, language)] == lines


def test_simple_code_is_coloured_the_same_line_by_line() -> None:
    lines = [
        "import os",
        "class A(B):",
        '    """doc',
        "    more",
        '    """',
        "    def f(self, x=1):",
        "        return f'{x}' # c",
    ]
    lexer = LineLexer("python", lines[:3])
    memo = Memo()

    def merged(rows: list[list[tuple[str, str]]]) -> list[list[tuple[str, str]]]:
        return [[(char, role) for text, role in row for char in text] for row in rows]

    assert merged([lexer.complete(line) for line in lines[3:]]) == merged(highlight(lines, "python", 3))
    for count in range(1, len(lines) + 1):
        assert (
            merged(memo.colour(lines[:count], "python"))[: count - 1] == merged(highlight(lines, "python"))[: count - 1]
        )
    assert merged(memo.colour(["x"], "python")) == merged(highlight(["x"], "python"))


def test_warming_up_reads_every_language_it_names() -> None:
    warm(("python", "no-such-language"))
    assert role_of.cache_info().currsize > 0
