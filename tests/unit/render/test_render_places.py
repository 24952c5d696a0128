"""Rows know their place in the source, and are found again after everything has moved (STR-7, STR-14)."""

from __future__ import annotations

import pytest

from llmtui.render import Document, Line, Look, PlainDocument

LOOK = Look.ansi()
TEXT = (
    "# Head *x*\n\nSome `code` and **bold** text &amp; 中文 that is long enough to be wrapped twice.\nNext \\* line 👩‍💻 end.\n\n"
    "> - quoted item\n>   more\n\n| left | right |\n|---|--:|\n| one | **two** |\n\n```py\nx = 1\n```\n"
)


def document_of(text: str, width: int = 40) -> Document:
    document = Document(LOOK, width)
    document.append(text)
    document.finish()
    return document


@pytest.mark.parametrize("width", [20, 40, 100])
def test_every_word_is_found_where_it_is_drawn(width: int) -> None:
    """Selecting and searching speak in source offsets; a cell and an offset lead to each other."""
    document = document_of(TEXT, width)
    for word in (
        "Head",
        "x*",
        "Some",
        "code",
        "bold",
        "&",
        "中文",
        "wrapped",
        "Next",
        "* line",
        "end",
        "quoted",
        "more",
        "left",
        "one",
        "two",
        "x = 1",
    ):
        offset = TEXT.index(word)
        y, cell = document.locate(offset)
        assert document.position(y, cell) == offset
        assert document.line(y).cell_of(offset) == cell


def test_cells_of_wide_characters_lead_to_their_first_cell() -> None:
    document = document_of("a中文b👩‍💻c")
    assert [document.position(0, cell) for cell in range(10)] == [0, 1, 1, 2, 2, 3, 4, 4, 7, None]


def test_decoration_has_no_place() -> None:
    document = document_of("- a\n\n> b\n\n***\n")
    assert [document.position(y, 0) for y in range(document.height)] == [None] * document.height
    assert document.position(0, 2) == 2
    assert document.line(0).span == (2, 3)
    assert document.line(document.height - 1).span is None
    assert document.position(0, 30) is None


def test_an_offset_in_markup_leads_to_the_text_before_it() -> None:
    document = document_of("ab **cd**\n\n[x](http://y) z")
    assert document.locate(4) == (0, 2)
    assert document.locate(0) == (0, 0)
    assert document.locate(20) == (2, 0)
    assert document_of("").locate(3) == (0, 0)


def test_an_escape_and_an_entity_are_one_character() -> None:
    document = document_of("\\* &amp; b")
    assert [document.position(0, cell) for cell in range(5)] == [1, 2, 3, 8, 9]


def test_marked_up_cells_know_where_a_pipe_was_escaped() -> None:
    document = document_of("> | a |\n> |---|\n> | x\\|y z |\n")
    y, cell = document.locate(document.source.index("z"))
    assert document.line(y).text[cell] == "z"
    assert document.position(y, cell) == document.source.index("z")


def test_keys_stay_when_text_comes_and_find_their_row_after_a_resize() -> None:
    """STR-7, STR-14: the reader's place is kept by key."""
    document = Document(LOOK, 60)
    text = TEXT * 6
    document.append(text[:900])
    before = {document.line(y).key: document.line(y).text for y in range(document.height - 12)}
    document.append(text[900:])
    after = {document.line(y).key: document.line(y).text for y in range(document.height)}
    assert before.items() <= after.items()
    for y in range(document.height):
        assert document.row_of(document.line(y).key) == y
    key = document.line(30).key
    offset = key >> 16
    document.resize(33)
    y = document.row_of(key)
    span = document.line(y).span
    assert span is None or span[0] <= offset + 60
    assert document_of("").row_of(5) == 0


def test_a_resize_is_lazy_and_tells_when_heights_become_exact() -> None:
    """STR-14: only what is looked at is wrapped again."""
    document = document_of("word " * 60 + "\n\n" + "- item " + "long " * 30 + "\n\nend", 100)
    exact = [document.line(y).text for y in range(document.height)]
    document.resize(25)
    document.take_changed()
    rows = []
    y = 0
    while y < document.height:
        rows.append(document.line(y).text)
        y += 1
    assert max(map(len, rows)) <= 25
    assert " ".join(rows).split() == " ".join(exact).split()
    document.resize(25)
    document.resize(3)
    assert all(document.line(y).cells <= 10 for y in range(5))


def test_a_long_text_that_comes_at_once_is_drawn_from_its_end() -> None:
    """Opening is quick: what is far from the end gets an estimate."""
    document = Document(LOOK, 60)
    document.append("".join(f"## Head {i}\n\n{'word ' * 40}\n\n" for i in range(200)))
    height = document.height
    assert document.line(height - 1).text.startswith("word")
    rows: list[Line] = []
    while len(rows) < document.height:
        rows.append(document.line(len(rows)))
    assert sum(row.text.startswith("Head") for row in rows) == 200
    with pytest.raises(IndexError):
        document.line(document.height)
    with pytest.raises(IndexError):
        document.line(-1)


def test_other_colours_keep_heights_and_places() -> None:
    """A theme change redraws, nothing moves."""
    document = document_of(TEXT)
    before = [document.line(y) for y in range(document.height)]
    document.take_changed()
    document.relook(Look.plain())
    assert document.take_changed() == 0
    after = [document.line(y) for y in range(document.height)]
    assert [(line.text, line.source, line.key) for line in before] == [
        (line.text, line.source, line.key) for line in after
    ]
    assert before != after
    document.relook(Look.plain())
    assert document.take_changed() is None


def test_rows_far_away_can_be_forgotten() -> None:
    """STR-13: memory is given back, and the rows are made again when they are asked for."""
    document = document_of(TEXT * 5)
    rows = [document.line(y) for y in range(document.height)]
    document.evict(20, 30)
    assert document.height == len(rows)
    again = [document.line(y) for y in range(document.height)]
    assert again == rows
    assert again[0] is not rows[0]
    assert again[25] is rows[25]


def test_plain_text_is_shown_as_typed() -> None:
    """A user's message is not Markdown; addresses in it are links."""
    document = PlainDocument(LOOK, 30)
    document.append("# not *head*\n\n  - see https://x.y/z, ok?\n\ttab\x1b\n")
    assert [document.line(y).text for y in range(document.height)] == [
        "# not *head*",
        "",
        "  - see https://x.y/z, ok?",
        "    tab␛",
    ]
    assert document.link_at(2, 10) == "https://x.y/z"
    assert document.position(3, 5) == document.source.index("ab\x1b")
    assert document.position(2, 8) == document.source.index("https")
    assert document.code_blocks == []


def test_plain_text_of_many_lines_grows_like_the_whole() -> None:
    text = "".join(f"line {i} {'word ' * (i % 20)}\n" for i in range(300))
    whole = PlainDocument(LOOK, 50)
    whole.append(text)
    grown = PlainDocument(LOOK, 50)
    for index in range(0, len(text), 17):
        grown.append(text[index : index + 17])
        _ = grown.height
    grown.finish()
    whole.finish()
    rows: list[list[str]] = [[], []]
    for found, document in zip(rows, (whole, grown), strict=True):
        while len(found) < document.height:
            found.append(document.line(len(found)).text)
    assert rows[0] == rows[1]
    assert " ".join(rows[0]).split() == text.split()
