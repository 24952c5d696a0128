"""A table that is still being written: each row is parsed once, and drawn once unless a wider cell moves the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.render.canvas import Canvas
from llmtui.render.parser import parse_blocks
from llmtui.render.table import Grid, grid_of

if TYPE_CHECKING:
    from llmtui.render.blocks import Blocks
    from llmtui.render.inline import Flow

_SETTLED = 20
"""Rows after which an unfinished row no longer widens the columns."""

_SURE = 4
"""Characters of an unfinished line that are taken for the beginning of something else than a row."""


class LiveTable:
    """The table at the end of a document; its rows are the last unit's."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._spec = spec = blocks[-1].spec
        source = blocks.clean.slice(spec.start, spec.end)
        header, delimiter, _ = [*source.split("\n", 2), ""][:3]
        self._head = [(spec.start, header), (spec.start + len(header) + 1, delimiter)]
        self._prefix = header + "\n" + delimiter + "\n"
        self._offset = spec.start + len(self._prefix)  # of the source not yet taken in
        self._rest = ""
        self._grid: Grid | None = None
        self._widths: tuple[int, ...] | None = None
        self._widened = 0  # rows there were when the columns last moved
        self._drawn = 0
        self._canvas = self._fresh()
        self._mark = self._canvas.mark()
        self._exact = True

    def _fresh(self) -> Canvas:
        canvas = Canvas(self._blocks.look, self._blocks.width, self._spec.top, self._spec.start)
        if self._spec.gap:
            canvas.blank()
        return canvas

    def feed(self, text: str) -> str | None:
        """More source; gives what follows the table once it has ended."""
        self._rest += text
        lines = self._rest.split("\n")
        tokens = parse_blocks(self._prefix + self._rest, dict(self._blocks.references))
        if not tokens or tokens[0].type != "table_open" or tokens[0].map is None:
            return self._rest
        last = tokens[0].map[1] - 2  # lines of the rest that are rows
        after = lines[last:]
        ended = len(after) > 1 or len("".join(after)) >= _SURE
        complete = min(last, len(lines) - 1)
        positions = list(self._head)
        offset = self._offset
        for line in lines:
            positions.append((offset, line))
            offset += len(line) + 1
        end = next(index for index, token in enumerate(tokens) if token.type == "table_close")
        grid = grid_of(tokens[:end], positions, 0, self._blocks.look, self._blocks.references)
        if self._grid is None:
            self._grid = Grid(grid.aligns, grid.header)
        for row in grid.rows[:complete]:
            self._grid.add(row)
        partial = grid.rows[complete:]
        same = self._draw(partial)
        done = sum(len(line) + 1 for line in lines[:complete])
        self._offset, self._rest = self._offset + done, self._rest[done:]
        stop = self._offset + (len(self._rest) if partial else 0)
        block = self._blocks[len(self._blocks) - 1]
        block.spec = self._spec._replace(end=stop)
        block.provisional = not self._exact
        block.references = self._blocks.references
        self._blocks.grown(len(self._blocks) - 1, self._canvas.lines, same)
        return self._rest if ended else None

    def _draw(self, partial: list[list[Flow]]) -> int:
        grid = self._grid
        assert grid is not None
        wish = Grid(grid.aligns, grid.header)
        wish.natural = list(grid.natural)
        if len(grid.rows) < _SETTLED:
            for row in partial:
                wish.add(row)
        room = self._canvas.room
        widths = wish.widths(room)
        same = self._mark[0]
        self._exact = widths == self._widths
        if widths != self._widths and (
            len(grid.rows) < 4 * _SETTLED or len(grid.rows) * 4 > self._widened * 5 or self._widths is None
        ):
            self._widths, self._widened, self._drawn, self._exact = widths, len(grid.rows), 0, True
            self._canvas = self._fresh()
            grid.draw_header(self._canvas, widths)
            same = 0
        else:
            self._canvas.reset(self._mark)
        assert self._widths is not None
        grid.draw_rows(self._canvas, self._widths, self._drawn)
        self._drawn = len(grid.rows)
        self._mark = self._canvas.mark()
        for row in partial:
            grid.draw_row(self._canvas, row, self._widths)
        return same
