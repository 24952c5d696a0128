"""What each piece of Markdown looks like (STR-5)."""

from __future__ import annotations

import pytest

from llmtui.render import Document, Line, Look

LOOK = Look.ansi()


def lines_of(text: str, width: int = 40) -> list[Line]:
    document = Document(LOOK, width)
    document.append(text)
    document.finish()
    return [document.line(y) for y in range(document.height)]


def shown(text: str, width: int = 40) -> list[str]:
    return [line.text.rstrip() for line in lines_of(text, width)]


def styled(text: str, part: str) -> str:
    """The style of the segment that shows a part."""
    for line in lines_of(text):
        for segment in line.segments:
            if part in segment.text:
                return str(segment.style)
    raise AssertionError(f"{part} is not shown")


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        ("# One\n\ntext\n## Two", ["One", "", "text", "", "Two"]),
        ("Setext\n======\n\nb\n---", ["Setext", "", "b"]),
        ("## a # b ##  ", ["a # b"]),
        ("-\ta\n\n\tb\tc", ["• a", "", "  b c"]),
        ("`` a` `` ` b ` `c\nd` ` `", ["a` b c d"]),
        ("- # h\n- > q\n- ***\n-\n  x", ["• h", "• ▌ q", "• " + "─" * 38, "• x"]),
        ("a *b* **c** `d` ~~e~~", ["a b c d e"]),
        ("a **b", ["a **b"]),
        ("a\nb  \nc\\\nd", ["a b", "c", "d"]),
        ("\\*a\\* &amp; &copy; &#65;", ["*a* & © A"]),
        ("[t](http://x) <http://y> ![pic](z) ![](z)", ["t http://y [image: pic] [image]"]),
        ("<b>x</b>\n\n<div>\n\n*y*", ["<b>x</b>", "", "<div>", "", "y"]),
        ("- a\n- b\n  - c\n    - d\n      - e", ["• a", "• b", "  ◦ c", "    ▪ d", "      ▪ e"]),
        ("- a\n\n- b\n\n  c", ["• a", "", "• b", "", "  c"]),
        ("3. a\n3. b\n\n1) c", ["3. a", "4. b", "", "1) c"]),
        ("- [ ] a\n- [x] b\n  - [X] c\n\n- [ ] d\n\n  e", ["☐ a", "☑ b", "  ☑ c", "", "☐ d", "", "  e"]),
        ("-\n- a", ["•", "• a"]),
        ("> a\n> b\n>\n> c\n> > d", ["▌ a b", "▌", "▌ c", "▌ ▌ d"]),
        (">\n\na", ["▌", "", "a"]),
        ("> - a\n>   - b", ["▌ • a", "▌   ◦ b"]),
        ("a\n\n***\n\nb", ["a", "", "─" * 40, "", "b"]),
        ("a\r\nb\r\n\r\nc\r\n", ["a b", "", "c"]),
        ("[a]: http://x\n\n[a] b", ["a b"]),
        (
            "intro:\n\n```py\nx\n```\nend",
            ["intro:", "╭ py " + "─" * 26 + " copy 1 ╮", "│ x" + " " * 36 + "│", "╰" + "─" * 38 + "╯", "end"],
        ),
        (
            "1. a\n   ```\n   b\n   ```\n2. c",
            ["1. a", "   ╭" + "─" * 27 + " copy 1 ╮", "   │ b" + " " * 33 + "│", "   ╰" + "─" * 35 + "╯", "2. c"],
        ),
        ("", []),
        ("\n\n", []),
    ],
)
def test_shape(source: str, rows: list[str]) -> None:
    """STR-5: headings, emphasis, lists, tasks, quotes, rules, links, images, HTML, code."""
    assert shown(source) == rows


def test_styles_tell_the_roles() -> None:
    assert "bold" in styled("# Head", "Head")
    assert "bold" in styled("a **b** c", "b")
    assert "italic" in styled("a *b* c", "b")
    assert "bold italic" in styled("***b***", "b")
    assert "strike" in styled("~~b~~", "b")
    assert "underline" in styled("[b](http://x)", "b")
    assert "underline" in styled("see https://x.y now", "https://x.y")
    assert styled("a `b` c", "b") != styled("a b c", "b")


@pytest.mark.parametrize(
    ("source", "part", "target"),
    [
        ('a [b *c*](http://x "t") d', "c", "http://x"),
        ("see https://x.y/z?q=1. Then", "https", "https://x.y/z?q=1"),
        ("(https://x.y)", "https", "https://x.y"),
        ("<mailto:a@b.c>", "mailto", "mailto:a@b.c"),
        ("<a@b.c>", "a@b", "mailto:a@b.c"),
        ("![pic](http://p)", "pic", "http://p"),
        ("- > [b](ssh://-o) c", "b", "ssh://-o"),
        ("| h |\n|--:|\n| [b](http://t) |", "b", "http://t"),
    ],
)
def test_links_are_known_by_place_and_never_by_style(source: str, part: str, target: str) -> None:
    """A link's target is given on request; the terminal and the app never act on it by themselves."""
    document = Document(LOOK, 60)
    document.append(source)
    document.finish()
    for y in range(document.height):
        line = document.line(y)
        at = line.text.find(part)
        if at >= 0:
            assert document.link_at(y, at) == target
            assert document.link_at(y, 59) is None
            assert all(segment.style is not None and segment.style.link is None for segment in line.segments)
            return
    raise AssertionError("not shown")


def test_scripted_links_are_no_links() -> None:
    assert shown("[a](javascript:alert(1))") == ["[a](javascript:alert(1))"]


def test_long_words_and_wide_characters_break_at_the_edge() -> None:
    """STR-14: nothing is wider than the screen."""
    assert shown("x" * 50, 20) == ["x" * 20, "x" * 20, "x" * 10]
    assert shown("中" * 15, 21) == ["中" * 10, "中" * 5]
    assert shown("ab " + "y" * 25, 20) == ["ab", "y" * 20, "y" * 5]
    assert shown("文" * 9 + "字，后", 20) == ["文" * 9, "字，后"]


def test_emoji_are_not_torn_apart() -> None:
    """STR-5: a joined emoji, a flag, a tone stay on one row and count as the terminal draws them."""
    for emoji in ("👩‍💻", "🇯🇵", "👍🏽", "❤️", "1️⃣"):
        for line in lines_of(emoji * 30, 21):
            assert line.text == emoji * 10


def test_hostile_text_is_visible_text() -> None:
    """Control sequences, direction overrides and hidden characters are shown, not obeyed."""
    assert shown("a\x1b[31mb\u202ec\u200b\u200b\u200bd") == ["a␛[31mb⇠c\u200b\u200b◌d"]
    assert shown("&#27;[31m &#8238;") == ["\ufffd[31m ⇠"]
    assert shown("`a\x9bb`") == ["a␛b"]
    assert "␛" in "".join(shown("```\n\x1b]0;x\x07\n```"))


def test_deep_nesting_is_bounded_and_loses_nothing() -> None:
    """STR-5: a hundred quote marks or list levels are drawn, the deepest as text."""
    assert "deep" in "".join(shown(">" * 100 + " deep"))
    nested = "".join("  " * level + f"- level{level}\n" for level in range(40))
    text = "".join(shown(nested, 60)).replace(" ", "")
    assert all(f"level{level}" in text for level in range(40))
    assert all(len(row) <= 20 for row in shown(nested, 20))


def test_many_brackets_do_not_take_long_or_lose_anything() -> None:
    assert "".join(shown("[" * 3000)) == "[" * 3000


def test_references_that_come_late_make_links_at_the_end() -> None:
    document = Document(LOOK, 40)
    for piece in ("See [the docs] now.\n\n", "Other.\n\n", "[the docs]: http://d\n", "\nEnd.\n"):
        document.append(piece)
        _ = document.height
    assert document.link_at(0, 6) is None
    document.finish()
    assert document.link_at(0, 5) == "http://d"
    assert document.take_changed() == 0
