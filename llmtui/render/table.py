"""Draws tables: columns as wide as their widest cell, narrowed to fit, cells wrapped; too many columns become records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.segment import Segment

from llmtui.render.cells import width
from llmtui.render.inline import Flow, Row, flow_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markdown_it.token import Token

    from llmtui.render.canvas import Canvas
    from llmtui.render.line import Run
    from llmtui.render.look import Look
    from llmtui.render.parser import References

_AFTER_PIPE = re.compile(r"(?<=\|)")
_SEPARATOR = " │ "
_LEAST = 3  # cells of a column before the table becomes records


class Grid:
    """A table's cells, and the widths its columns would like."""

    def __init__(self, aligns: Sequence[str], header: Sequence[Flow]) -> None:
        self.aligns = list(aligns)
        self.header = list(header)
        self.rows: list[list[Flow]] = []
        self.natural = [_longest(cell) for cell in self.header]

    def add(self, row: Sequence[Flow]) -> None:
        """One more row."""
        self.rows.append(list(row))
        self.natural = [max(wish, _longest(cell)) for wish, cell in zip(self.natural, row, strict=True)]

    def widths(self, room: int) -> tuple[int, ...]:
        """Column widths that fit into `room` cells; empty if the columns are too many for it."""
        spare = room - len(_SEPARATOR) * (len(self.natural) - 1)
        wishes = [max(wish, 1) for wish in self.natural]
        if sum(wishes) <= spare:
            return tuple(wishes)
        if spare < _LEAST * len(wishes):
            return ()
        limit, left, rest = 0, spare, len(wishes)
        for wish in sorted(wishes):  # narrow columns keep what they want, the wide ones share what is left
            limit = left // rest
            if wish > limit:
                break
            left, rest = left - wish, rest - 1
        extra = left - limit * rest
        fitted: list[int] = []
        for wish in wishes:
            grant = min(wish, limit)
            if wish > limit and extra > 0:
                grant, extra = limit + 1, extra - 1
            fitted.append(grant)
        return tuple(fitted)

    def draw_header(self, canvas: Canvas, widths: Sequence[int]) -> None:
        """The column names and the line under them."""
        if not widths:
            return
        self._row(canvas, self.header, widths)
        border = canvas.look.style("border")
        canvas.row([Segment("─┼─".join(["─" * cells for cells in widths]), border)], [])

    def draw_rows(self, canvas: Canvas, widths: Sequence[int], first: int = 0) -> None:
        """The rows from `first` on."""
        for row in self.rows[first:]:
            self.draw_row(canvas, row, widths)

    def draw_row(self, canvas: Canvas, row: Sequence[Flow], widths: Sequence[int]) -> None:
        """One row, as a record if there are no widths."""
        if widths:
            self._row(canvas, row, widths)
        else:
            self._record(canvas, row)

    def _record(self, canvas: Canvas, row: Sequence[Flow]) -> None:
        for name, cell in zip(self.header, row, strict=True):
            both = Flow()
            for piece in name.pieces:
                both.add(piece.text, piece.style, piece.offset, 0)
            both.add(": " if name.text else "", canvas.look.style("border"), 0, 0)
            for piece in cell.pieces:
                both.add(piece.text, piece.style, piece.offset, piece.count, piece.link)
            canvas.flow(both.seal())
        canvas.row([Segment("─" * min(canvas.room, 12), canvas.look.style("border"))], [])

    def _row(self, canvas: Canvas, cells: Sequence[Flow], widths: Sequence[int]) -> None:
        text, border = canvas.look.style("text"), canvas.look.style("border")
        columns = [cell.rows(max(room, 2)) for cell, room in zip(cells, widths, strict=True)]
        for level in range(max(len(rows) for rows in columns)):
            segments: list[Segment] = []
            runs: list[Run] = []
            links: list[tuple[int, int, str]] = []
            x = pad = 0
            for number, (rows, room) in enumerate(zip(columns, widths, strict=True)):
                if number:
                    segments += [Segment(" " * pad, text)] if pad else []
                    segments.append(Segment(_SEPARATOR, border))
                    x += pad + len(_SEPARATOR)
                row = rows[level] if level < len(rows) else Row([], [], [], 0)
                spare = max(0, room - row.cells)
                before = {"right": spare, "center": spare // 2}.get(self.aligns[number], 0)
                if before:
                    segments.append(Segment(" " * before, text))
                    x += before
                segments += row.segments
                runs += [(x + cell, offset, count) for cell, offset, count in row.runs]
                links += [(x + a, x + b, target) for a, b, target in row.links]
                x += row.cells
                pad = spare - before
            canvas.row(segments, runs, links)


def _longest(cell: Flow) -> int:
    return max(width(part) for part in cell.text.split("\n"))


def grid_of(
    tokens: Sequence[Token], lines: Sequence[tuple[int, str]], first: int, look: Look, references: References
) -> Grid:
    """A table's tokens as cells. `lines` are the source's lines from line number `first` on."""
    aligns = [
        str(token.attrs.get("style", "")).removeprefix("text-align:") for token in tokens if token.type == "th_open"
    ]
    grid: Grid | None = None
    row: list[Flow] = []
    at = 0
    offset, line = lines[0]
    role = "header"
    for token in tokens:
        if token.type == "tr_open" and token.map:
            offset, line = lines[token.map[0] - first]
            row, at = [], _inside(line)
        elif token.type == "tr_close":
            if grid is None:
                grid, role = Grid(aligns, row), "text"
            else:
                grid.add(row)
        elif token.type == "inline":
            origin, at = _cell(token.content, line, at, offset)
            cell = flow_of(token.content, origin, look, role, references)
            row.append(_parted(cell) if "\\|" in line and "|" in token.content else cell)
    assert grid is not None
    return grid


def _inside(line: str) -> int:
    """Where the first cell begins: after a leading pipe."""
    lead = len(line) - len(line.lstrip(" \t>"))
    return lead + 1 if line.startswith("|", lead) else 0


def _cell(content: str, line: str, at: int, offset: int) -> tuple[Callable[[int], int], int]:
    """Where a cell's characters are in the source, and where the next cell begins."""
    raw = content
    start = line.find(raw, at)
    if start < 0:
        raw = content.replace("|", "\\|")
        start = max(line.find(raw, at), at)
    end = start + len(raw)
    while end < len(line) and not (line[end] == "|" and line[end - 1] != "\\"):
        end += 1
    if raw == content:
        return lambda index: offset + start + index, end + 1
    return lambda index: offset + start + index + content.count("|", 0, index), end + 1


def _parted(cell: Flow) -> Flow:
    """The cell with its pieces cut behind each pipe, before which the source has a backslash more."""
    out = Flow()
    for piece in cell.pieces:
        if "|" not in piece.text or piece.count != len(piece.text):
            out.add(piece.text, piece.style, piece.offset, piece.count, piece.link)
            continue
        offset = piece.offset
        for part in _AFTER_PIPE.split(piece.text):
            out.add(part, piece.style, offset, link=piece.link)
            offset += len(part) + 1
    return out.seal()
