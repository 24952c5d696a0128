"""A paragraph's inline Markdown as one run of styled text in which every piece knows where in the source it came from."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rich.segment import Segment

from llmtui.core.sanitize import clean
from llmtui.render.cells import settle, width, wrap
from llmtui.render.look import CODE, EMPHASIS, LINK, STRIKE, STRONG, Look
from llmtui.render.parser import References, parse_inline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.style import Style

    from llmtui.render.line import Run

_OPENS = {"strong_open": STRONG, "em_open": EMPHASIS, "s_open": STRIKE}
_CLOSES = {"strong_close": STRONG, "em_close": EMPHASIS, "s_close": STRIKE}
_URL = re.compile(r"https?://[^\s<>\"'`|\\^{}\[\]]*[^\s<>\"'`|\\^{}\[\].,;:!?*_~)]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of one style from one place."""

    text: str
    style: Style
    offset: int
    """In the source."""
    count: int
    """Source characters shown: as many as the text has, 1 for an entity, 0 for decoration."""
    link: str


class Row(NamedTuple):
    """One wrapped row of a flow, cells counted from its own beginning."""

    segments: list[Segment]
    runs: list[Run]
    links: list[tuple[int, int, str]]
    cells: int


class Flow:
    """Styled text to be wrapped. A newline in it is a hard break."""

    __slots__ = ("_length", "pieces", "starts", "text")

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.starts: list[int] = []
        self.text = ""
        self._length = 0

    def add(self, text: str, style: Style, offset: int, count: int | None = None, link: str = "") -> None:
        """Append a piece; `count` is the text's length unless told."""
        if not text:
            return
        count = len(text) if count is None else count
        if not text.isascii():
            text = settle(text)
        self.starts.append(self._length)
        self._length += len(text)
        self.pieces.append(Piece(text, style, offset, count, link))

    def seal(self) -> Flow:
        """Nothing more is added."""
        self.text = "".join([piece.text for piece in self.pieces])
        return self

    def rows(self, room: int) -> list[Row]:
        """Wrapped to `room` cells."""
        return [self.row(a, b) for a, b in wrap(self.text, room)]

    def row(self, a: int, b: int) -> Row:
        """The characters from a to b."""
        segments: list[Segment] = []
        runs: list[Run] = []
        links: list[tuple[int, int, str]] = []
        x = 0
        for index in range(max(0, bisect_right(self.starts, a) - 1), len(self.pieces)):
            start = self.starts[index]
            if start >= b:
                break
            piece = self.pieces[index]
            text, offset, count = piece.text, piece.offset, piece.count
            low, high = max(0, a - start), min(len(text), b - start)
            if low >= high:
                continue
            if count == len(text):
                offset, count = offset + low, high - low
            if low or high < len(text):
                text = text[low:high]
            cells = width(text)
            segments.append(Segment(text, piece.style))
            if count:
                runs.append((x, offset, count))
            if piece.link:
                links.append((x, x + cells, piece.link))
            x += cells
        return Row(segments, runs, links, x)


def words(flow: Flow, text: str, style: Style, offset: int, linked: Style) -> None:
    """Add plain text in which addresses are links."""
    if "://" in text:
        done = 0
        for found in _URL.finditer(text):
            flow.add(text[done : found.start()], style, offset + done)
            flow.add(found[0], linked, offset + found.start(), link=found[0])
            done = found.end()
        text, offset = text[done:], offset + done
    flow.add(text, style, offset)


class Origin:
    """Translates an index in a token's content to an offset in the source. The content's lines are ends of source lines."""

    __slots__ = ("_indices", "_offsets")

    def __init__(self, content: str, lines: Sequence[tuple[int, str]]) -> None:
        """`lines` gives for each line of the content the offset and text of its source line."""
        self._indices: list[int] = []
        self._offsets: list[int] = []
        index = 0
        for part, (offset, line) in zip(content.split("\n"), lines, strict=False):
            if not line.endswith(part):
                line = line.rstrip()
                if not line.endswith(part):
                    part_start = max(0, line.rfind(part.strip()))  # a heading's closing marks, a tab cut in half
                    indent = len(part) - len(part.lstrip())
                    self._indices.append(index)
                    self._offsets.append(offset + part_start - indent)
                    index += len(part) + 1
                    continue
            self._indices.append(index)
            self._offsets.append(offset + len(line) - len(part))
            index += len(part) + 1
        if not self._indices:
            self._indices, self._offsets = [0], [lines[0][0] if lines else 0]

    def __call__(self, index: int) -> int:
        line = bisect_right(self._indices, index) - 1
        return self._offsets[line] + index - self._indices[line]


def flow_of(content: str, origin: Callable[[int], int], look: Look, role: str, references: References) -> Flow:
    """Inline Markdown, parsed and styled."""
    flow = Flow()
    if not _MARKUP.search(content) and "\n" not in content and "\t" not in content:
        words(flow, content, look.style(role), origin(0), look.style(role, LINK))
        return flow.seal()
    bits = at = 0
    target = ""
    for token in parse_inline(content, references):
        kind = token.type
        text = token.content
        if kind == "text":
            if not text:
                continue
            if not content.startswith(text, at):
                found = content.find(text, at)
                at = found if found >= 0 else at
            end = at + len(text)
            visible = (text.rstrip("\t") if content.startswith("\n", end) else text).replace("\t", " ")
            if target:
                if token.level and content.startswith("<", at) and content.startswith(text, at + 1):
                    at += 1  # <https://…>
                flow.add(visible, look.style(role, bits), origin(at), link=target)
            else:
                words(flow, visible, look.style(role, bits), origin(at), look.style(role, bits | LINK))
            at += len(text)
        elif kind in _OPENS:
            bits |= _OPENS[kind]
            at += len(token.markup)
        elif kind in _CLOSES:
            bits &= ~_CLOSES[kind]
            at += len(token.markup)
        elif kind == "softbreak":
            end = content.index("\n", at)
            flow.add(" ", look.style(role, bits), origin(end), link=target)
            at = _after_spaces(content, end + 1)
        elif kind == "hardbreak":
            end = content.index("\n", at)
            flow.add("\n", look.style(role), origin(end), 0)
            at = _after_spaces(content, end + 1)
        elif kind == "code_inline":
            at = _code(flow, token.content, token.markup, content, at, origin, look.style(role, bits | CODE), target)
        elif kind == "text_special":
            shown = clean(text).replace("\n", " ").replace("\t", " ")
            whole = text != token.markup
            start = at + 1 if token.info == "escape" and whole else at
            flow.add(shown, look.style(role, bits), origin(start), 1 if whole else None, link=target)
            at += len(token.markup)
        elif kind == "link_open":
            target = str(token.attrs.get("href", ""))
            bits |= LINK
            at += 0 if token.markup == "autolink" else 1
        elif kind == "link_close":
            target = ""
            bits &= ~LINK
            at = token.meta["end"]
        elif kind == "image":
            style = look.style("image", bits)
            link = target or str(token.attrs.get("src", ""))
            alt = " ".join(token.content.split())
            flow.add("[image: " if alt else "[image", style, origin(at), 0, link)
            verbatim = alt == token.content
            flow.add(alt, style, origin(at + 2), None if verbatim else 1, link)
            flow.add("]", style, origin(at), 0, link)
            at = token.meta["end"]
    return flow.seal()


_MARKUP = re.compile(r"[\\`*_\[<&~]")


def _after_spaces(content: str, at: int) -> int:
    while at < len(content) and content[at] in " \t":
        at += 1
    return at


def _code(
    flow: Flow, text: str, markup: str, content: str, at: int, origin: Callable[[int], int], style: Style, link: str
) -> int:
    """Add inline code; it may run over line ends. Gives where it ends."""
    start = at + len(markup)
    if content[start : start + len(text)].replace("\n", " ") != text:
        start += 1  # a space on each side was only for the backticks
    shown = content[start : start + len(text)]
    done = 0
    for part in shown.split("\n"):
        if done:
            flow.add(" ", style, origin(start + done - 1), link=link)
        flow.add(part.replace("\t", " "), style, origin(start + done), link=link)
        done += len(part) + 1
    return content.index(markup, start + len(text)) + len(markup)
