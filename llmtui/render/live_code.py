"""A code block that is still being written: every line is coloured and drawn once, only the unfinished one again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.render import code
from llmtui.render.canvas import Canvas
from llmtui.render.highlight import LineLexer
from llmtui.render.layout import code_lines
from llmtui.render.spec import CONTEXT, FRAGMENT, closes

if TYPE_CHECKING:
    from llmtui.render.blocks import Block, Blocks
    from llmtui.render.spec import Spec


class LiveCode:
    """The open fence at the end of a document; its rows are the last unit's."""

    def __init__(self, blocks: Blocks, markup: str) -> None:
        self._blocks = blocks
        self._markup = markup
        spec = blocks[-1].spec
        assert spec.code is not None
        self._recent: list[tuple[int, str]] = []  # offsets and texts of the last complete lines
        context = blocks.clean.slice(spec.code.context, spec.code.body)
        offset = spec.code.context
        for line in context.split("\n")[:-1]:
            self._recent.append((offset, line))
            offset += len(line) + 1
        self._lexer = LineLexer(spec.code.language, code_lines(context, 0, spec.code.indent)[0] if context else ())
        self._begin(spec)

    def _begin(self, spec: Spec) -> None:
        assert spec.code is not None
        self._code = spec.code
        self._spec = spec
        self._offset = spec.code.body  # of the unfinished line
        self._partial = ""
        self._count = 0
        self._canvas = Canvas(self._blocks.look, self._blocks.width, spec.top, spec.start)
        if spec.gap:
            self._canvas.blank()
        if spec.code.opens:
            code.top(self._canvas, spec.code.language, spec.code.number)
        self._mark = self._canvas.mark()

    def feed(self, text: str) -> str | None:
        """More source; gives what follows the closing fence once that has come."""
        same = self._mark[0]
        self._canvas.reset(self._mark)
        lines = (self._partial + text).split("\n")
        self._partial = lines.pop()
        for number, line in enumerate(lines):
            if closes(line, self._markup):
                rest = "\n".join([*lines[number + 1 :], self._partial])
                self._close(same, self._offset + len(line) + 1)
                return rest
            if self._count == FRAGMENT:
                same = self._next(same)
            self._draw(line, complete=True)
            self._recent = [*self._recent[1 - CONTEXT :], (self._offset, line)]
            self._offset += len(line) + 1
            self._count += 1
            self._mark = self._canvas.mark()
        if self._partial and not self._maybe_closing():
            if self._count == FRAGMENT:
                same = self._next(same)
            self._draw(self._partial, complete=False)
        code.bottom(self._canvas)
        self._settle(same, self._offset + len(self._partial), closes=True, complete=False)
        return None

    def _maybe_closing(self) -> bool:
        bare = self._partial.strip(" \t")
        return not bare.strip(self._markup[0])

    def _draw(self, line: str, *, complete: bool) -> None:
        texts, offsets = code_lines(line, self._offset, self._code.indent)
        coloured = self._lexer.complete(texts[0]) if complete else self._lexer.partial(texts[0])
        code.body(self._canvas, [coloured], offsets, self._blocks.framing)

    def _close(self, same: int, end: int) -> None:
        code.bottom(self._canvas)
        self._settle(same, end, closes=True, complete=True)

    def _settle(self, same: int, end: int, *, closes: bool, complete: bool) -> None:
        """Give the rows to the unit."""
        body_end = self._offset if complete or not closes else end
        part = self._code._replace(body_end=body_end, closes=closes, complete=complete)
        block: Block = self._blocks[len(self._blocks) - 1]
        block.spec = self._spec._replace(end=end, code=part)
        block.provisional = True
        block.references = self._blocks.references
        self._blocks.grown(len(self._blocks) - 1, self._canvas.lines, same)

    def _next(self, same: int) -> int:
        """The fragment is full: begin the next one."""
        self._settle(same, self._offset, closes=False, complete=False)
        context = self._recent[0][0]
        part = self._code._replace(body=self._offset, body_end=self._offset, context=context, opens=False)
        spec = self._spec._replace(start=self._offset, gap=False, inside=0, codes=self._code.number - 1, code=part)
        partial, offset = self._partial, self._offset
        self._begin(spec)
        self._partial, self._offset = partial, offset
        self._blocks.add(type(self._blocks[0])(spec, 0))
        return 0
