"""Where a unit that grows very long may be cut in two, so that its upper part is drawn for the last time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llmtui.render.parser import parse_blocks
from llmtui.render.spec import Frame, Lines, Spec, skeleton

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

    from llmtui.render.blocks import Blocks
    from llmtui.render.line import Line

Cut = tuple[Spec, Spec, int]
"""The upper and the lower unit, and the row at which they part."""

# What must not begin a part, because alone it would be a list, a heading, a quote, a table …
_OPENER = re.compile(r"\s|>|#|[-+]|\*[\s*]|_[\s_]|\d+[.)]|`{3}|~{3}|[=|:\[]|$")

_MARKER = re.compile(r"( *)([-+*]|\d{1,9}[.)])( {1,4})(?=\S)")


def cut_paragraph(blocks: Blocks, last: Spec, *, forced: bool) -> Cut | None:
    """Cut running text some rows above its end, where both parts look the same alone."""
    lines = blocks.exact(len(blocks) - 1)
    tries = 0
    for row in range(len(lines) - 4, len(lines) // 4, -1):
        if not lines[row].source:
            continue
        cut = lines[row].source[0][1]
        if _OPENER.match(blocks.clean.slice(cut, cut + 12)) or blocks.clean.slice(cut - 1, cut) in "*_`[~<\\!(":
            continue
        upper, lower = last._replace(end=cut), last._replace(start=cut, gap=False)
        if forced or _same(blocks, upper, lower, lines, row):
            return upper, lower, row
        tries += 1
        if tries == _TRIES:
            break
    return None


_TRIES = 4


def cut_item(blocks: Blocks, last: Spec) -> Cut | None:
    """Cut a list item above its last child, or above the last item of the list in it, however deep."""
    source = blocks.clean.slice(last.start, last.end)
    above = skeleton(last.path)
    lines = Lines(source, last.start, above)
    tokens = parse_blocks("\n".join(lines.texts), dict(blocks.references))
    depth = max(len(last.path), 1)
    path = list(last.path)
    start = 2 * depth if last.path else 2
    if not last.path:
        frame = _frame(lines.texts[0], 0, last.ordinal)
        if frame is None:
            return None
        path.append(frame)
    inner = last.inner
    while True:
        level = 2 * len(path)
        children = [token for token in _inside(tokens, start) if token.level == level and token.nesting >= 0]
        if len(children) != 1:
            chosen = _last_sure(children, lines)
            return _parted(blocks, last, lines, children[chosen], tuple(path), None) if chosen else None
        opening = children[0]
        if opening.type not in ("bullet_list_open", "ordered_list_open"):
            return None
        at = next(index for index in range(start, len(tokens)) if tokens[index] is opening)
        items = [one for one in _inside(tokens, at + 1) if one.type == "list_item_open" and one.level == level + 1]
        number = None
        if opening.type == "ordered_list_open":
            number = inner if inner is not None else int(opening.attrs.get("start", 1))
        if len(items) > 1:
            chosen = _last_sure(items, lines)
            number = None if number is None else number + chosen
            return _parted(blocks, last, lines, items[chosen], tuple(path), number) if chosen else None
        frame = _frame(lines.texts[_first_line(opening)], sum([frame.columns for frame in path]), number)
        if frame is None:
            return None
        path.append(frame)
        start, inner = at + 2, None


def _last_sure(tokens: Sequence[Token], lines: Lines) -> int:
    """Index of the last one that no later text can join to those above it."""
    for index in range(len(tokens) - 1, 0, -1):
        needed = 2 if tokens[index].type == "table_open" else 1
        if _first_line(tokens[index]) + needed < len(lines.texts):
            return index
    return 0


def _first_line(token: Token) -> int:
    assert token.map is not None
    return token.map[0]


def _parted(
    blocks: Blocks, last: Spec, lines: Lines, token: Token, path: tuple[Frame, ...], inner: int | None
) -> Cut | None:
    line = _first_line(token)
    cut = lines.offsets[line]
    if cut <= last.start:
        return None
    rows = blocks.exact(len(blocks) - 1)
    row = next((row for row, shown in enumerate(rows) if shown.span and shown.span[0] >= cut), 0)
    gap = row > 0 and not rows[row - 1].source and not rows[row - 1].text.strip()
    row -= gap
    codes = sum(token.type in ("fence", "code_block") for token in parse_blocks("\n".join(lines.texts[:line]), {}))
    upper = last._replace(end=cut, inside=codes)
    lower = last._replace(
        start=cut, gap=gap, codes=last.codes + codes, inside=last.inside - codes, path=path, inner=inner
    )
    return (upper, lower, row) if row > 0 and _same(blocks, upper, lower, rows, row) else None


def _inside(tokens: Sequence[Token], start: int) -> Sequence[Token]:
    """The tokens from one on, to the end of what it stands in."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += tokens[index].nesting
        if depth < 0:
            return tokens[start:index]
    return tokens[start:]


def _frame(line: str, outer: int, number: int | None) -> Frame | None:
    found = _MARKER.match(line, outer)
    if found is None or "\t" in line[: found.end()]:
        return None
    columns = found.end() - outer
    if not 2 <= columns <= 11:
        return None
    cells = 2 if number is None else len(str(number)) + 2
    return Frame(columns, cells, found[2][-1])


def _same(blocks: Blocks, upper: Spec, lower: Spec, lines: Sequence[Line], row: int) -> bool:
    """Whether two units drawn alone give the rows of the whole."""
    above, below = blocks.rows_of(upper, blocks.references), blocks.rows_of(lower, blocks.references)
    both = [*above, *below]
    return (
        len(above) == row
        and len(both) == len(lines)
        and all(
            one[:2] == other[:2] and (one.key == other.key or not one.source)
            for one, other in zip(both, lines, strict=True)
        )
    )
