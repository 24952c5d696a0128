"""Draws code blocks: a frame with the language and the copy key on its top, coloured lines inside, wrapped or cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.segment import Segment

from llmtui.render.cells import chop, settle, single, width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.render.canvas import Canvas
    from llmtui.render.highlight import Coloured
    from llmtui.render.line import Run

TAB = 4


class Framing(NamedTuple):
    """How code is shown."""

    wrap: bool = True
    """Long lines go on below; otherwise they are cut at the frame."""
    shift: int = 0
    """Cells scrolled to the right, when lines are cut."""


def top(canvas: Canvas, language: str, number: int) -> None:
    """The frame's upper edge: `╭ python ─── copy 1 ╮`."""
    frame, label = canvas.look.style("frame"), canvas.look.style("label")
    room = canvas.room
    copy = f" copy {number} " if number < 10 else " copy "
    name = f" {language} " if language else ""
    if room < 6 + len(copy) or not canvas.look.copy_keys:
        copy = ""
    while name and width(name) > room - 3 - len(copy):
        name = name[:-2] + " " if len(name) > 3 else ""
    dashes = room - 2 - width(name) - len(copy)
    canvas.row(
        [
            Segment("╭", frame),
            Segment(name, label),
            Segment("─" * dashes, frame),
            Segment(copy, label),
            Segment("╮", frame),
        ]
        if name or copy
        else [Segment("╭" + "─" * dashes + "╮", frame)],
        [],
    )


def bottom(canvas: Canvas) -> None:
    """The frame's lower edge."""
    canvas.row([Segment("╰" + "─" * (canvas.room - 2) + "╯", canvas.look.style("frame"))], [])


def body(canvas: Canvas, lines: Sequence[Coloured], offsets: Sequence[int], framing: Framing) -> None:
    """Code lines between the frame's sides; `offsets` tells where each begins in the source."""
    for line, offset in zip(lines, offsets, strict=True):
        _line(canvas, line, offset, framing)


def _line(canvas: Canvas, line: Coloured, offset: int, framing: Framing) -> None:
    look = canvas.look
    edge = look.style("frame")
    left, right = Segment("‹ " if framing.shift else "│ ", edge), Segment(" │", edge)
    room = canvas.room - 4
    text = "".join([part for part, _ in line])
    if "\t" not in text and len(text) <= room and single(text) and not framing.shift:
        segments = [
            left,
            *[Segment(part, look.style(role)) for part, role in line],
            Segment(" " * (room - len(text)), look.style("code_text")),
            right,
        ]
        canvas.row(segments, [(2, offset, len(text))] if text else [(2, offset, 1)])
        return
    shown, marks = _expand(line, offset)
    text = "".join([part for part, _ in shown])
    ranges = chop(text, room) if framing.wrap else _window(text, framing.shift, room)
    if not framing.wrap and ranges[0][1] < len(text):
        right = Segment(" ›", edge)
    for low, high in ranges:
        segments = [left]
        x = at = 0
        for part, role in shown:
            a, b = max(low - at, 0), min(high - at, len(part))
            if a < b:
                segments.append(Segment(part[a:b], look.style(role)))
                x += width(part[a:b])
            at += len(part)
        segments += [Segment(" " * (room - x), look.style("code_text")), right]
        canvas.row(segments, _runs(marks, text, low, high) or [(2, offset, 1)])


def _expand(line: Coloured, offset: int) -> tuple[Coloured, list[tuple[int, int, int]]]:
    """Tabs to spaces. The marks tell which source each shown character comes from: index, offset, count."""
    out: Coloured = []
    marks: list[tuple[int, int, int]] = []
    index = column = 0
    for part, role in line:
        for number, piece in enumerate(part.split("\t")):
            if number:
                spaces = TAB - column % TAB
                out.append((" " * spaces, role))
                marks.append((index, offset, 1))
                index, column, offset = index + spaces, column + spaces, offset + 1
            if piece:
                piece = settle(piece)
                out.append((piece, role))
                marks.append((index, offset, len(piece)))
                index, column, offset = index + len(piece), column + width(piece), offset + len(piece)
    return out, marks


def _runs(marks: list[tuple[int, int, int]], text: str, low: int, high: int) -> list[Run]:
    runs: list[Run] = []
    for index, offset, count in marks:
        a, b = max(index, low), min(index + count, high)
        if a < b:
            runs.append((2 + width(text[low:a]), offset + a - index, b - a))
    return runs


def _window(text: str, shift: int, room: int) -> list[tuple[int, int]]:
    """The range that shows when the line is cut: `room` cells from the cell `shift` on."""
    if single(text):
        return [(min(shift, len(text)), min(shift + room, len(text)))]
    low = 0
    while low < len(text) and width(text[:low]) < shift:
        low += 1
    ranges = chop(text[low:], room)
    return [(low + ranges[0][0], low + ranges[0][1])]
