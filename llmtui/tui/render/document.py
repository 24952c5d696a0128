"""One message's body as rows: grows while it streams, is parsed once more when it is whole, and draws only what is looked at."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.sanitize import Cleaner
from llmtui.tui.render.code import Framing
from llmtui.tui.render.highlight import language_of
from llmtui.tui.render.layout import draw
from llmtui.tui.render.parser import References, parse_blocks
from llmtui.tui.render.rope import Rope
from llmtui.tui.render.spec import Lines, Spec, closes, split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.tui.render.line import Line
    from llmtui.tui.render.look import Look

NARROWEST = 10
"""Documents are never laid out for fewer cells."""


class CodeBlock(NamedTuple):
    """One code block of a document, for copying."""

    language: str
    start: int
    """Offset of the code's first character in the source."""
    end: int
    """Offset after its last character."""
    y: int
    """Row of its upper edge."""
    complete: bool
    """The closing fence has come."""
    text: str
    """The code itself, without fences, quote marks and list indentation."""


class Block:
    """A unit and its rows, if it is drawn."""

    __slots__ = ("height", "lines", "spec", "version")

    def __init__(self, spec: Spec, height: int) -> None:
        self.spec = spec
        self.lines: list[Line] | None = None
        self.height = height
        self.version = 0


class Document:
    """Markdown as rows.

    Heights are exact where rows have been asked for and estimates elsewhere: `line(y)` may change what lies below y.
    """

    def __init__(self, look: Look, width: int, *, code_wrap: bool = True) -> None:
        self._look = look
        self._width = max(width, NARROWEST)
        self._framing = Framing(code_wrap)
        self._raw = Rope()
        self._clean = self._raw  # until the two differ
        self._cleaner = Cleaner()
        self._held = ""  # a carriage return whose newline may still come
        self._blocks: list[Block] = []
        self._tops: list[int] = [0]
        self._changed: int | None = None
        self._stale = False
        self._references: References = {}

    # ------------------------------------------------------------------ source

    @property
    def source(self) -> str:
        """The raw text so far."""
        return str(self._raw)

    def append(self, text: str) -> None:
        """More text, in any pieces."""
        if not text:
            return
        shown = self._display(text)
        if self._clean is self._raw and shown != text:
            self._clean = Rope()
            self._clean.append(str(self._raw))
        self._raw.append(text)
        if self._clean is not self._raw:
            self._clean.append(shown)
        self._stale = True

    def _display(self, text: str) -> str:
        text = self._held + text
        self._held = ""
        if "\r" in text:
            if text.endswith("\r"):
                text, self._held = text[:-1], "\r"
            text = text.replace("\r\n", "\t\n")  # as long as before, and a tab at a line's end means nothing
        return self._cleaner.feed(text)

    def finish(self) -> None:
        """The text is whole."""
        if self._held:
            self._clean.append("␍")
            self._held = ""
        self._stale = True
        self._update()

    # ------------------------------------------------------------------ blocks

    def _update(self) -> None:
        if not self._stale:
            return
        self._stale = False
        text = str(self._clean)
        references: References = {}
        specs = self._split(text, 0, references, None, None)
        self._references = references
        self._replace(0, specs)

    def _split(
        self, text: str, base: int, references: References, first: Spec | None, before: Spec | None
    ) -> list[Spec]:
        """The units of a part of the source; link definitions found are added to `references`."""
        return split(parse_blocks(text, references), Lines(text, base), first, before)

    def _replace(self, first: int, specs: Sequence[Spec]) -> None:
        """Put units in place of those from `first` on; keep what is the same."""
        old = self._blocks[first:]
        new: list[Block] = []
        for index, spec in enumerate(specs):
            if index < len(old) and old[index].spec == spec:
                new.append(old[index])
                continue
            block = Block(spec, self._guess(spec))
            self._draw(block)
            new.append(block)
        self._blocks[first:] = new
        y = self._tops[first]
        for a, b in zip(old, new, strict=False):
            if a is not b:
                same = 0
                if a.lines and b.lines:
                    while same < min(len(a.lines), len(b.lines)) and a.lines[same] == b.lines[same]:
                        same += 1
                y += same
                if same == a.height == b.height:
                    continue
                break
            y += a.height
        else:
            if len(old) == len(new):
                y = -1
        if y >= 0:
            self._mark(y)
        self._sum(first)

    def _mark(self, y: int) -> None:
        self._changed = y if self._changed is None else min(self._changed, y)

    def _sum(self, first: int) -> None:
        self._tops[first:] = accumulate([block.height for block in self._blocks[first:]], initial=self._tops[first])

    def _guess(self, spec: Spec) -> int:
        return max(1, (spec.end - spec.start) // self._width + 1) + spec.gap

    def _draw(self, block: Block) -> list[Line]:
        spec = block.spec
        context = ""
        if spec.code and spec.code.context < spec.code.body:
            context = self._clean.slice(spec.code.context, spec.code.body)
        block.lines = draw(
            spec,
            self._clean.slice(spec.start, spec.end),
            self._look,
            self._width,
            self._references,
            self._framing,
            context,
        )
        block.height = len(block.lines)
        return block.lines

    def _at(self, y: int) -> int:
        """Index of the block that shows row y."""
        return min(max(0, bisect_right(self._tops, y) - 1), len(self._blocks) - 1)

    def _exact(self, index: int) -> list[Line]:
        block = self._blocks[index]
        if block.lines is not None:
            return block.lines
        height = block.height
        lines = self._draw(block)
        if block.height != height:
            self._sum(index)
            self._mark(self._tops[index])
        return lines

    # ------------------------------------------------------------------ rows

    @property
    def height(self) -> int:
        """Rows."""
        self._update()
        return self._tops[-1]

    def line(self, y: int) -> Line:
        """Row y; raise IndexError beyond the last."""
        self._update()
        while 0 <= y < self._tops[-1]:
            index = self._at(y)
            lines = self._exact(index)
            if y - self._tops[index] < len(lines):
                return lines[y - self._tops[index]]
        raise IndexError(y)

    def take_changed(self) -> int | None:
        """The first row that has changed since the last call; None if none has."""
        self._update()
        changed, self._changed = self._changed, None
        return changed

    def resize(self, width: int) -> None:
        """Another width: rows are made again when they are asked for."""
        width = max(width, NARROWEST)
        if width != self._width:
            self._update()
            self._width = width
            self._drop()

    def relook(self, look: Look) -> None:
        """Other colours: rows are made again when they are asked for; heights stay."""
        if look != self._look:
            self._update()
            self._look = look
            self._drop()

    def _drop(self) -> None:
        for block in self._blocks:
            block.lines = None
        self._mark(0)

    # ------------------------------------------------------------------ places

    def position(self, y: int, cell: int) -> int | None:
        """The source offset under a cell; None over decoration and beyond a row's text."""
        return self.line(y).position(cell)

    def link_at(self, y: int, cell: int) -> str | None:
        """The target of the link under a cell, as the text gives it."""
        return self.line(y).link(cell)

    def locate(self, offset: int) -> tuple[int, int]:
        """Row and cell of a source offset; of the nearest text before it if it is not shown (markup)."""
        self._update()
        index = bisect_right([block.spec.start for block in self._blocks], offset) - 1
        if index < 0:
            return 0, 0
        lines = self._exact(index)
        best = (-1, 0, 0)
        for row, line in enumerate(lines):
            cell = line.cell_of(offset)
            if cell is not None:
                return self._tops[index] + row, cell
            for first, start, count in line.source:
                if start <= offset and start + count > best[0]:
                    last = line.cell_of(start + count - 1)
                    best = (start + count, row, first if last is None else last)
        return self._tops[index] + best[1], best[2]

    def row_of(self, key: int) -> int:
        """The row with a line's key, or the one that now stands for it."""
        self._update()
        index = max(0, bisect_right([block.spec.start << 16 for block in self._blocks], key) - 1)
        if not self._blocks:
            return 0
        keys = [line.key for line in self._exact(index)]
        return self._tops[index] + max(0, bisect_right(keys, key) - 1)

    @property
    def code_blocks(self) -> Sequence[CodeBlock]:
        """All code blocks in order."""
        self._update()
        found: list[CodeBlock] = []
        for index, block in enumerate(self._blocks):
            spec = block.spec
            if spec.code is not None:
                part = spec.code
                text = self._raw.slice(part.body, part.body_end)
                y = self._tops[index] + spec.gap
                if not part.opens:
                    opened = found.pop()
                    found.append(opened._replace(end=part.body_end, complete=part.complete, text=opened.text + text))
                else:
                    found.append(CodeBlock(part.language, part.body, part.body_end, y, part.complete, text))
            elif spec.inside:
                found += self._nested_code(index)
        return found

    def _nested_code(self, index: int) -> list[CodeBlock]:
        spec = self._blocks[index].spec
        lines = Lines(self._clean.slice(spec.start, spec.end), spec.start)
        found: list[CodeBlock] = []
        for token in parse_blocks("\n".join(lines.texts), {}):
            if token.type not in ("fence", "code_block") or token.map is None:
                continue
            fenced = token.type == "fence"
            first, last = token.map[0] + fenced, token.map[1]
            complete = not fenced or (last > first and closes(lines.texts[last - 1].lstrip(" \t>"), token.markup))
            last -= fenced and complete
            texts = token.content.removesuffix("\n").split("\n") if token.content else []
            raw = [
                self._raw.slice(offset + max(0, len(line) - len(text)), offset + len(line))
                for text, (offset, line) in zip(texts, lines.between(first, first + len(texts)), strict=False)
            ]
            start, end = lines.offsets[first], lines.offsets[last]
            row = next((row for row, line in enumerate(self._exact(index)) if line.span and line.span[0] >= start), 1)
            found.append(
                CodeBlock(
                    language_of(token.info), start, end, self._tops[index] + row - 1, complete, "\n".join([*raw, ""])
                )
            )
        return found
