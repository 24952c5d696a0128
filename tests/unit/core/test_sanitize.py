"""Outside text must not command the terminal, nor hide in it (security.md, "The terminal")."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size

from llmtui.core.sanitize import FLOOD, MARKS, Cleaner, clean, clean_line

HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("a \t\n\r\x00\x1b\x07\x7f\x85\x9b\u0301\u0302\u0903\u200b\u200d\ufe0f\u202e\u2066\u2028"),
        st.sampled_from("❤👩💻🏽🇯🇵क्षᅡ\u3164\ufeff\ufff9\U000e0041\U000e0100\ud800\udfff"),
    )
)


@given(HOSTILE)
def test_no_control_of_any_kind_remains(text: str) -> None:
    for char in clean(text):
        assert char in "\t\n" or unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(char) not in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        assert not 0xE0000 <= ord(char) <= 0xE007F


@given(HOSTILE)
def test_each_code_point_stands_for_one(text: str) -> None:
    assert len(clean(text)) == len(text)


@given(HOSTILE, st.lists(st.integers(0, 40), max_size=6))
def test_pieces_give_what_the_whole_gives(text: str, cuts: list[int]) -> None:
    """A sequence split over two chunks is as harmless as a whole one."""
    cleaner = Cleaner()
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    assert "".join(cleaner.feed(text[a:b]) for a, b in pairwise(edges)) == clean(text)


@given(HOSTILE)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]52;c;aGk=\x1b\\", "␛]52;c;aGk=␛\\"),
        ("a\x00b\x07c\x7fd\r\n", "a␀b␇c␡d␍\n"),
        ("\x9b2J \x85 \x90", "␛2J ␤ ␦"),
        ("ab\u202egpj.exe", "ab⇠gpj.exe"),
        ("\u2066x\u2069", "⇢x⇥"),
        ("\U000e0041\U000e007f", "\ufffd\ufffd"),
        ("\ud800x\udfff", "\ufffdx\ufffd"),
        ("a\u2028b\u2029c", "a␤b¶c"),
    ],
)
def test_what_is_dangerous_becomes_visible(raw: str, shown: str) -> None:
    assert clean(raw) == shown


@pytest.mark.parametrize(
    "text", ["👩‍❤️‍💋‍👨", "🏳️‍🌈", "🧔🏻‍♂️", "1️⃣", "❤️", "🇯🇵", "é", "नमस्ते", "שָׁלוֹם", "مرحبا", "한국어", "Zürich “x” – y…"]
)
def test_emoji_and_scripts_stay(text: str) -> None:
    assert clean(text) is text or clean(text) == text


def test_marks_and_invisible_characters_do_not_pile_up() -> None:
    assert clean("a" + "\u0301" * 9 + "b") == "a" + "\u0301" * MARKS + FLOOD * 5 + "b"
    assert clean("a" + "\u200b" * 5 + "b" + "\u200d\u200d") == "a\u200b\u200b" + FLOOD * 3 + "b\u200d\u200d"
    assert clean("a" + "\u0301\u200b" * 5).count(FLOOD) == 4


def test_no_code_point_can_be_repeated_without_being_seen() -> None:
    """Fifty of any code point take room on screen."""
    unseen = [chr(code) for code in range(0x110000) if code not in (9, 10) and get_character_cell_size(chr(code)) == 0]
    assert len(unseen) > 6000
    hidden = [char for char in unseen if cell_len(clean("a" + char * 50)) < 45]
    assert hidden == []


def test_a_line_is_one_line_and_not_longer_than_asked() -> None:
    assert clean_line("a\r\nb\tc\nd\x1b") == "a b c d␛"
    assert clean_line("abcdef", 4) == "abc…"
    assert clean_line("abcd", 4) == "abcd"
    assert clean_line("abcd", 0) == "…"


def test_an_empty_piece_keeps_the_counts() -> None:
    cleaner = Cleaner()
    assert cleaner.feed("a" + "\u0301" * 4) == "a" + "\u0301" * 4
    assert cleaner.feed("") == ""
    assert cleaner.feed("\u0301") == FLOOD
