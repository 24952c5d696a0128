"""Which part of the source each block of a document is, and what it needs to know of its surroundings to be drawn alone.

The unit is what can be drawn, frozen and thrown away by itself: a top-level block, an item of a top-level list, a child
of a top-level quote, or some hundred lines of a code block.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from llmtui.render.highlight import language_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

FRAGMENT = 100
"""Code lines drawn together (some 8 ms); a longer block is several of them."""

CONTEXT = 20
"""Code lines above a later fragment that the lexer reads first, for its state."""


Kind = Literal["block", "item", "quote", "table", "code", "text"]


class Code(NamedTuple):
    """A fragment of a top-level code block."""

    language: str
    number: int
    """Counts the document's code blocks from 1."""
    body: int
    """Offset of the fragment's first code line."""
    body_end: int
    """Offset after its last code line, the line end included."""
    context: int
    """Offset of the first line to be lexed."""
    indent: int
    """Leading spaces that belong to the fence and are not code."""
    opens: bool
    """Draws the frame's top."""
    closes: bool
    """Draws the frame's bottom."""
    complete: bool
    """The closing fence has been seen."""


class Frame(NamedTuple):
    """A list item that a unit lies in without beginning it."""

    columns: int
    """By which its content is indented in the source, from the item around it."""
    cells: int
    """By which it is indented on screen."""
    marker: str
    """`-`, `+`, `*`, `.` or `)`."""


class Spec(NamedTuple):
    """One unit. Equal specs of one source are drawn alike (if the link definitions are the same)."""

    start: int
    end: int
    kind: Kind
    top: int
    """Index of the top-level block."""
    gap: bool = False
    """An empty row stands above."""
    codes: int = 0
    """Code blocks before this unit."""
    inside: int = 0
    """Code blocks in it."""
    ordinal: int | None = None
    """Number of a list item; None for a bullet."""
    joined: bool = False
    """Goes on a quote: the bar runs through the gap."""
    code: Code | None = None
    path: tuple[Frame, ...] = ()
    """The items around the lower part of an item that was cut while it grew, the outermost first."""
    inner: int | None = None
    """Number of the first item in that part."""


def skeleton(path: tuple[Frame, ...]) -> list[str]:
    """Lines that, put above such a part, give the parser the items it lies in."""
    lines: list[str] = []
    column = 0
    for columns, _, marker in path:
        sign = marker if columns == 2 and marker in "-+*" else "1" * (columns - 2) + (marker if marker in ".)" else ".")
        lines.append(" " * column + sign)
        column += columns
    return lines


class Lines:
    """The lines of a piece of source: offsets and texts."""

    __slots__ = ("offsets", "texts")

    def __init__(self, text: str, base: int, above: Sequence[str] = ()) -> None:
        """`above` are lines put in front that are not in the source."""
        lines = text.split("\n")
        self.texts = [*above, *lines]
        self.offsets = [base] * (len(above) + 1)
        for line in lines:
            base += len(line) + 1
            self.offsets.append(base)
        self.offsets[-1] -= 1  # the last line has no end

    def between(self, first: int, last: int) -> list[tuple[int, str]]:
        """Offset and text of the lines first … last - 1."""
        return list(zip(self.offsets[first:last], self.texts[first:last], strict=True))

    def blank(self, index: int) -> bool:
        """Whether there is nothing on a line but quote marks."""
        return not self.texts[index].strip(" \t>")


def split(tokens: Sequence[Token], lines: Lines, first: Spec | None = None, before: Spec | None = None) -> list[Spec]:
    """The units of parsed source.

    When the source is a document's later part, `first` is what is known of the unit it begins with, or `before` the
    unit that has ended right above it.
    """
    return _Splitter(lines, first, before).split(tokens)


class _Splitter:
    def __init__(self, lines: Lines, first: Spec | None, before: Spec | None) -> None:
        self.lines = lines
        self.first = first
        self.specs: list[Spec] = []
        self.before = before
        self.codes = first.codes if first else _codes_after(before)
        self.top = first.top - 1 if first else before.top if before else -1

    def split(self, tokens: Sequence[Token]) -> list[Spec]:
        index = 0
        while index < len(tokens):
            token = tokens[index]
            after = index + 1
            if token.nesting > 0:
                while tokens[after].level or tokens[after].nesting >= 0:
                    after += 1
                after += 1
            self.top += 1
            if token.type == "fence":
                self.fence(token)
            elif token.type in ("bullet_list_open", "ordered_list_open"):
                self.items(token, tokens[index:after])
            elif token.type == "blockquote_open" and after - index > 2:
                self.children(tokens[index:after])
            else:
                first, last = _map(token)
                self.add(
                    "table" if token.type == "table_open" else "block",
                    first,
                    last,
                    heading=token.type == "heading_open",
                )
                self.count(token.type == "code_block")
            index = after
        return self.specs

    def add(
        self,
        kind: Kind,
        first: int,
        last: int,
        *,
        heading: bool = False,
        ordinal: int | None = None,
        joined: bool = False,
    ) -> None:
        start, end = self.lines.offsets[first], self.lines.offsets[last]
        before = self.specs[-1] if self.specs else self.before
        if not self.specs and self.first is not None and self.first.start == start:
            known = self.first
            self.specs.append(known._replace(end=end, kind=kind, top=self.top, inside=0, code=None))
            return
        blank = first > 0 and self.lines.blank(first - 1)
        gap = before is not None and before.kind != "code" and (heading or blank or before.end < start)
        self.specs.append(Spec(start, end, kind, self.top, gap, self.codes, ordinal=ordinal, joined=joined))

    def items(self, opening: Token, tokens: Sequence[Token]) -> None:
        number = int(opening.attrs.get("start", 1)) if opening.type == "ordered_list_open" else None
        if (
            number is not None
            and not self.specs
            and self.first is not None
            and self.first.ordinal is not None
            and self.first.start == self.lines.offsets[_map(opening)[0]]
        ):
            number = self.first.ordinal
        for token in tokens:
            if token.type == "list_item_open" and token.level == opening.level + 1:
                self.add("item", *_map(token), ordinal=number)
                if number is not None:
                    number += 1
            self.count(token.type in ("fence", "code_block"))

    def count(self, number: int) -> None:
        if number:
            self.codes += number
            self.specs[-1] = self.specs[-1]._replace(inside=self.specs[-1].inside + number)

    def children(self, tokens: Sequence[Token]) -> None:
        starts = [_map(token)[0] for token in tokens if token.level == 1 and token.nesting >= 0]
        ends = [*starts[1:], _map(tokens[0])[1]]
        starts[0] = _map(tokens[0])[0]
        codes = [0] * len(starts)
        child = -1
        for token in tokens[1:-1]:
            child += token.level == 1 and token.nesting >= 0
            codes[child] += token.type in ("fence", "code_block")
        for index, (first, last) in enumerate(zip(starts, ends, strict=True)):
            self.add("quote", first, last, joined=index > 0)
            self.count(codes[index])

    def fence(self, token: Token) -> None:
        first, last = _map(token)
        offsets = self.lines.offsets
        complete = last - first > 1 and closes(self.lines.texts[last - 1], token.markup)
        body_last = last - 1 if complete else last
        while (
            not complete
            and body_last > first + 1
            and body_last == len(self.lines.texts)
            and not self.lines.texts[body_last - 1]
        ):
            body_last -= 1  # the empty end of a source that ends with a newline
        text = self.lines.texts[first]
        self.codes += 1
        start = first + 1
        while True:
            stop = min(start + FRAGMENT, body_last)
            final = stop >= body_last
            code = Code(
                language_of(token.info),
                self.codes,
                offsets[start] if start < len(offsets) else offsets[-1],
                offsets[stop] if stop > start else offsets[min(start, len(offsets) - 1)],
                offsets[max(first + 1, start - CONTEXT)] if start < len(offsets) else offsets[-1],
                len(text) - len(text.lstrip(" ")),
                start == first + 1,
                final,
                complete and final,
            )
            self.specs.append(
                Spec(
                    offsets[first] if code.opens else code.body,
                    offsets[last] if final else code.body_end,
                    "code",
                    self.top,
                    codes=self.codes - 1,
                    inside=int(code.opens),
                    code=code,
                )
            )
            if final:
                return
            start = stop


def _codes_after(spec: Spec | None) -> int:
    if spec is None:
        return 0
    return spec.code.number if spec.code else spec.codes + spec.inside


_CLOSING = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*")


def closes(line: str, markup: str) -> bool:
    """Whether a line closes a fence opened with `markup`."""
    found = _CLOSING.fullmatch(line)
    return found is not None and found[1].startswith(markup)


def _map(token: Token) -> tuple[int, int]:
    assert token.map is not None
    return token.map[0], token.map[1]
