"""STR-8: a message copied as plain text."""

from __future__ import annotations

import pytest

from llmtui.render.text import plain_text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("# Head *it*\n\n**bold** `code` [link](http://x)\nmore", "Head it\n\nbold code link\nmore"),
        ("- a\n- b\n  - c\n    d\n\nend", "- a\n- b\n  - c\n    d\n\nend"),
        ("3. x\n4. y", "3. x\n4. y"),
        ("| a | b |\n|---|---|\n| **1** | 2 |", "a\tb\n1\t2"),
        ("x\n```py\n  y = 1\n\n\nz\n```\nw", "x\n\n  y = 1\n\n\nz\n\nw"),
        ("> quote\n\n---\n~~s~~ ![alt](p.png)", "quote\n\n---\n\ns alt"),
        ("", ""),
        ("[/foo] [@click=app.quit]x[/]", "[/foo] [@click=app.quit]x[/]"),
    ],
)
def test_the_marks_go_and_the_text_stays(markdown: str, text: str) -> None:
    assert plain_text(markdown) == text
