"""A conversation's title as a model wrote it, and as it is shown."""

from __future__ import annotations

import pytest

from llmtui.chat.titles import LONGEST, cleaned


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Cheese in France.", "Cheese in France"),
        ("\n**“Cheese in France”**\nand more", "Cheese in France"),
        ("Title: Cheese", "Cheese"),
        ("<think>\nthey want a title\n</think>\n\nCheese", "Cheese"),
        ("<think>\nthey want a title, so", ""),
        (" \n", ""),
    ],
)
def test_only_the_title_is_taken_of_what_a_model_wrote(written: str, title: str) -> None:
    """CHAT-1: no marks around it, no second line, nothing of what it thought, also where it was cut off thinking."""
    assert cleaned(written) == title


def test_a_long_title_is_cut_at_a_word() -> None:
    """CHAT-1: a list of conversations has room for a line."""
    found = cleaned("word " * 50)
    assert found.endswith("word…")
    assert len(found) <= LONGEST
