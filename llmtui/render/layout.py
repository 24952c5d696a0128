"""Draws one unit of a document: parses its source, walks the block tokens, and gives its rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.segment import Segment

from llmtui.render import code
from llmtui.render.canvas import Canvas
from llmtui.render.highlight import highlight, language_of
from llmtui.render.inline import Flow, Origin, flow_of, words
from llmtui.render.look import LINK
from llmtui.render.parser import References, parse_blocks
from llmtui.render.spec import Lines, Spec, skeleton
from llmtui.render.table import grid_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

    from llmtui.render.code import Framing
    from llmtui.render.highlight import Memo
    from llmtui.render.line import Line
    from llmtui.render.look import Look

_BULLETS = "•◦▪"
_TASK = re.compile(r"\[([ xX])\][ \t]+(?=\S)")


def draw(
    spec: Spec,
    text: str,
    look: Look,
    width: int,
    references: References,
    framing: Framing,
    context: str = "",
    memo: Memo | None = None,
) -> list[Line]:
    """The rows of one unit. `text` is its cleaned source; `context` the code lines above a later fragment of code.

    With a `memo` code inside lists and quotes is coloured as it grows, which may differ from the whole's colours.
    """
    canvas = Canvas(look, width, spec.top, spec.start)
    if spec.gap:
        if spec.joined:
            canvas.push(None, "▌ ", look.style("bar"))
        canvas.blank()
        if spec.joined:
            canvas.pop()
    if spec.kind == "text":
        _plain(canvas, spec, text)
    elif spec.code is not None:
        _fragment(canvas, spec, text, context, framing)
    else:
        lines = Lines(text, spec.start, skeleton(spec.path))
        tokens = parse_blocks("\n".join(lines.texts), dict(references))
        walk = _Walk(canvas, spec, lines, references, framing, memo)
        if spec.path:
            walk.part(tokens, spec)
        else:
            walk.all(tokens)
    return canvas.lines


def _fragment(canvas: Canvas, spec: Spec, text: str, context: str, framing: Framing) -> None:
    part = spec.code
    assert part is not None
    if part.opens:
        code.top(canvas, part.language, part.number)
    source = text[part.body - spec.start : part.body_end - spec.start]
    if source:
        above = context.split("\n")[:-1] if context else []
        texts, offsets = code_lines(source, part.body, part.indent)
        code.body(canvas, highlight([*above, *texts], part.language, len(above)), offsets, framing)
    if part.closes:
        code.bottom(canvas)


def code_lines(source: str, offset: int, indent: int) -> tuple[list[str], list[int]]:
    """Code without the fence's own indentation: texts, and where each begins in the source."""
    texts: list[str] = []
    offsets: list[int] = []
    for line in source.removesuffix("\n").split("\n"):
        cut = min(indent, len(line) - len(line.lstrip(" "))) if indent else 0
        texts.append(line[cut:].rstrip("\t") if line.endswith("\t") else line[cut:])
        offsets.append(offset + cut)
        offset += len(line) + 1
    return texts, offsets


def _plain(canvas: Canvas, spec: Spec, text: str) -> None:
    style, linked = canvas.look.style("text"), canvas.look.style("text", LINK)
    offset = spec.start
    for line in text.removesuffix("\n").split("\n"):
        flow = Flow()
        at = offset
        for number, part in enumerate(line.removesuffix("\t").split("\t")):
            if number:
                flow.add(" " * code.TAB, style, at, 1)
                at += 1
            words(flow, part, style, at, linked)
            at += len(part)
        canvas.flow(flow.seal())
        offset += len(line) + 1


class _Walk:
    """One pass over the tokens of a unit."""

    def __init__(
        self, canvas: Canvas, spec: Spec, lines: Lines, references: References, framing: Framing, memo: Memo | None
    ) -> None:
        self.canvas = canvas
        self.memo = memo
        self.look = canvas.look
        self.lines = lines
        self.references = references
        self.framing = framing
        self.codes = spec.codes
        self.ordinal = spec.ordinal
        self.role = "text"
        self.lists = 0

    def all(self, tokens: Sequence[Token]) -> None:
        index = 0
        while index < len(tokens):
            index = self.block(tokens, index)

    def part(self, tokens: Sequence[Token], spec: Spec) -> None:
        """Draw the lower part of an item: the items around it only indent."""
        for frame in spec.path:
            self.canvas.push(None, " " * frame.cells, self.look.style("marker"))
        self.ordinal, self.lists = spec.inner, len(spec.path)
        self.children(tokens, 2 * len(spec.path), "list_item_close")

    def block(self, tokens: Sequence[Token], index: int) -> int:
        """Draw the block that begins at a token; gives the index of the next one."""
        token = tokens[index]
        kind = token.type
        if kind == "paragraph_open":
            self.text(tokens[index + 1], self.role)
            return index + 3
        if kind == "heading_open":
            self.text(tokens[index + 1], token.tag)
            return index + 3
        if kind in ("fence", "code_block"):
            self.code(token)
        elif kind == "hr":
            self.canvas.row([Segment("─" * self.canvas.room, self.look.style("rule"))], [])
        elif kind == "blockquote_open":
            return self.quote(tokens, index)
        elif kind in ("bullet_list_open", "ordered_list_open"):
            return self.list(tokens, index)
        elif kind == "table_open":
            return self.table(tokens, index)
        return index + 1

    def text(self, inline: Token, role: str, skip: int = 0) -> None:
        assert inline.map is not None
        content = inline.content[skip:]
        origin = Origin(content, self.lines.between(*inline.map))
        self.canvas.flow(flow_of(content, origin, self.look, role, self.references))

    def quote(self, tokens: Sequence[Token], index: int) -> int:
        outer, self.role = self.role, "quote"
        self.canvas.push(None, "▌ ", self.look.style("bar"))
        if tokens[index + 1].type == "blockquote_close":
            self.canvas.blank()
        index = self.children(tokens, index + 1, "blockquote_close")
        self.canvas.pop()
        self.role = outer
        return index

    def list(self, tokens: Sequence[Token], index: int) -> int:
        opening = tokens[index]
        number = int(opening.attrs.get("start", 1)) if opening.type == "ordered_list_open" else None
        if self.ordinal is not None and number is not None:
            number, self.ordinal = self.ordinal, None
        bullet = _BULLETS[min(self.lists, len(_BULLETS) - 1)]
        self.lists += 1
        index += 1
        first = True
        while tokens[index].type == "list_item_open":
            item = tokens[index]
            assert item.map is not None
            if not first and self.lines.blank(item.map[0] - 1):
                self.canvas.blank()
            first = False
            marker = f"{bullet} " if number is None else f"{number}{item.markup or '.'} "
            index = self.item(tokens, index + 1, marker)
            if number is not None:
                number += 1
        self.lists -= 1
        return index + 1

    def item(self, tokens: Sequence[Token], index: int, marker: str) -> int:
        task = tokens[index].type == "paragraph_open" and _TASK.match(tokens[index + 1].content)
        if task:
            marker = "☐ " if task[1] == " " else "☑ "
        self.canvas.push(marker, " " * len(marker), self.look.style("marker"))
        if task:
            self.text(tokens[index + 1], self.role, task.end())
            index += 3
            if tokens[index].type != "list_item_close":
                self.gap(tokens[index], tokens[index - 1])
        index = self.children(tokens, index, "list_item_close")
        self.canvas.pop()
        return index

    def children(self, tokens: Sequence[Token], index: int, closing: str) -> int:
        """Draw what is inside a container."""
        before: Token | None = None
        while tokens[index].type != closing:
            if before is not None:
                self.gap(tokens[index], before)
            before = tokens[index]
            index = self.block(tokens, index)
        return index + 1

    def gap(self, token: Token, before: Token) -> None:
        assert token.map is not None
        if "fence" in (token.type, before.type) or "code_block" in (token.type, before.type):
            return
        if token.type == "heading_open" or self.lines.blank(token.map[0] - 1):
            self.canvas.blank()

    def code(self, token: Token) -> None:
        assert token.map is not None
        first, _last = token.map
        self.codes += 1
        texts = token.content.removesuffix("\n").split("\n") if token.content else []
        first += token.type == "fence"
        offsets = [
            self.offset(text, line)
            for text, line in zip(texts, self.lines.between(first, first + len(texts)), strict=False)
        ]
        language = language_of(token.info)
        code.top(self.canvas, language, self.codes)
        texts = [text.rstrip("\t") for text in texts[: len(offsets)]]
        coloured = self.memo.colour(texts, language) if self.memo else highlight(texts, language)
        code.body(self.canvas, coloured, offsets, self.framing)
        code.bottom(self.canvas)

    @staticmethod
    def offset(text: str, line: tuple[int, str]) -> int:
        return line[0] + max(0, len(line[1]) - len(text))

    def table(self, tokens: Sequence[Token], index: int) -> int:
        end = index
        while tokens[end].type != "table_close":
            end += 1
        span = tokens[index].map
        assert span is not None
        grid = grid_of(tokens[index:end], self.lines.between(*span), span[0], self.look, self.references)
        widths = grid.widths(self.canvas.room)
        grid.draw_header(self.canvas, widths)
        grid.draw_rows(self.canvas, widths)
        return end + 1
