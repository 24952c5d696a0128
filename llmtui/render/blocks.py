"""The units of a document with their rows: drawn when asked for, dropped when far away, added up by height."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from llmtui.render.highlight import Memo
from llmtui.render.layout import draw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmtui.render.code import Framing
    from llmtui.render.line import Line
    from llmtui.render.look import Look
    from llmtui.render.parser import References
    from llmtui.render.rope import Rope
    from llmtui.render.spec import Spec

AT_ONCE = 24
"""Units drawn as soon as they are known; of more than these only the last, the others get an estimated height."""


class Block:
    """A unit and its rows, if it is drawn."""

    __slots__ = ("height", "lines", "provisional", "references", "spec")

    def __init__(self, spec: Spec, height: int) -> None:
        self.spec = spec
        self.lines: list[Line] | None = None
        self.height = height
        self.references: References | None = None  # those it was drawn with
        self.provisional = False  # drawn while it grew, perhaps not as it would be drawn whole


class Blocks:
    """All units of a document in order. Heights of those never drawn are estimates."""

    def __init__(self, clean: Rope, look: Look, width: int, framing: Framing) -> None:
        self.clean = clean
        self.look = look
        self.width = width
        self.framing = framing
        self.references: References = {}
        self.changed: int | None = None
        self._blocks: list[Block] = []
        self._tops = [0]
        self._memo = Memo()

    def __len__(self) -> int:
        return len(self._blocks)

    def __getitem__(self, index: int) -> Block:
        return self._blocks[index]

    @property
    def height(self) -> int:
        return self._tops[-1]

    def top(self, index: int) -> int:
        """First row of a unit."""
        return self._tops[index]

    # ------------------------------------------------------------------ drawing

    def rows_of(self, spec: Spec, references: References, memo: Memo | None = None) -> list[Line]:
        """Draw a unit, without keeping it."""
        context = ""
        if spec.code and spec.code.context < spec.code.body:
            context = self.clean.slice(spec.code.context, spec.code.body)
        source = self.clean.slice(spec.start, spec.end)
        return draw(spec, source, self.look, self.width, references, self.framing, context, memo)

    def _draw(self, block: Block, *, growing: bool = False) -> list[Line]:
        memo = self._memo if growing and block.spec.inside and block.spec.code is None else None
        if block.references is None:
            block.references = self.references
        block.lines = self.rows_of(block.spec, block.references, memo)
        block.height = len(block.lines)
        block.provisional = memo is not None
        return block.lines

    def exact(self, index: int) -> list[Line]:
        """A unit's rows."""
        block = self._blocks[index]
        if block.lines is not None:
            return block.lines
        height = block.height
        lines = self._draw(block)
        if block.height != height:
            self.add_up(index)
            self.mark(self._tops[index] + min(height, block.height))
        return lines

    def _guess(self, spec: Spec) -> int:
        source = self.clean.slice(spec.start, spec.end)
        width = self.width - 4
        if spec.kind in ("code", "text", "table"):
            return sum([len(line) // width + 1 for line in source.split("\n")])
        return max(1, len(source) // width + 1) + spec.gap

    # ------------------------------------------------------------------ changing

    def mark(self, y: int) -> None:
        """Rows from y on are not what they were."""
        self.changed = y if self.changed is None else min(self.changed, y)

    def add_up(self, first: int) -> None:
        """Sum the heights again from a unit on."""
        self._tops[first:] = accumulate([block.height for block in self._blocks[first:]], initial=self._tops[first])

    def replace(self, first: int, specs: Sequence[Spec]) -> None:
        """Put these units in the place of those from `first` on, keep what is the same, and mark what looks different."""
        old = self._blocks[first:]
        new: list[Block] = []
        for index, spec in enumerate(specs):
            if index < len(old) and old[index].spec == spec:
                new.append(old[index])
                continue
            block = Block(spec, 0)
            if len(specs) - index <= AT_ONCE:
                self._draw(block, growing=index == len(specs) - 1)
            else:
                block.height = self._guess(spec)
            new.append(block)
        self._blocks[first:] = new
        self._compare(old, new, self._tops[first])
        self.add_up(first)

    def adopt(self, specs: Sequence[Spec], references: References, drawn: Mapping[Spec, list[Line]]) -> None:
        """Take over the units of the whole source; keep the rows of those that are the same, and were drawn for good."""
        known = {block.spec: block for block in self._blocks}
        self.references = references
        old, self._blocks = self._blocks, []
        for index, spec in enumerate(specs):
            block = known.get(spec)
            if block is None:
                block = Block(spec, 0)
                if spec in drawn:
                    block.lines, block.height, block.references = drawn[spec], len(drawn[spec]), references
                elif len(specs) - index <= AT_ONCE or (old and spec.code is None):
                    self._draw(block)
                else:
                    block.height = self._guess(spec)
            elif block.provisional:
                block = Block(spec, block.height)
            elif block.references not in (None, references) and self._refers(spec):
                block = Block(spec, 0)
                self._draw(block)
            else:
                block.references = references
            self._blocks.append(block)
        self._compare(old, self._blocks, 0)
        self.add_up(0)

    def _refers(self, spec: Spec) -> bool:
        return "[" in self.clean.slice(spec.start, spec.end)

    def _compare(self, old: list[Block], new: list[Block], y: int) -> None:
        for a, b in zip(old, new, strict=False):
            if a is not b:
                same = _alike(a.lines, b.lines)
                if not same == a.height == b.height:
                    self.mark(y + same)
                    return
            y += b.height
        if len(old) != len(new):
            self.mark(y)

    def grown(self, index: int, lines: list[Line], same: int) -> None:
        """A unit has new rows after the first `same`."""
        block = self._blocks[index]
        block.lines, block.height = lines, len(lines)
        self.mark(self._tops[index] + same)
        self.add_up(index)

    def add(self, block: Block) -> None:
        """One more unit."""
        self._blocks.append(block)
        self._tops.append(self._tops[-1] + block.height)

    def cut(self, upper: Spec, lower: Spec, row: int) -> None:
        """Make the last unit two, at one of its rows."""
        last = self._blocks.pop()
        assert last.lines is not None
        for spec, lines in ((upper, last.lines[:row]), (lower, last.lines[row:])):
            block = Block(spec, len(lines))
            block.lines, block.references = lines, self.references
            self._blocks.append(block)
        self.add_up(len(self._blocks) - 2)

    def drop(self, *, guess: bool) -> None:
        """Forget all rows; with `guess` the heights too."""
        for block in self._blocks:
            block.lines = None
            if guess:
                block.height = self._guess(block.spec)
        self.add_up(0)
        self.mark(0)

    def evict(self, before: int, after: int, keep: int) -> None:
        """Forget the rows of units that lie wholly above row `before` or from row `after` on, but none from unit `keep` on."""
        for index, block in enumerate(self._blocks[:keep]):
            if self._tops[index + 1] <= before or self._tops[index] >= after:
                block.lines = None

    # ------------------------------------------------------------------ finding

    def at(self, y: int) -> int:
        """Index of the unit that shows row y."""
        return min(max(0, bisect_right(self._tops, y) - 1), len(self._blocks) - 1)

    def line(self, y: int) -> Line:
        """Row y; raise IndexError beyond the last."""
        while 0 <= y < self._tops[-1]:
            index = self.at(y)
            lines = self.exact(index)
            if y - self._tops[index] < len(lines):
                return lines[y - self._tops[index]]
        raise IndexError(y)

    def locate(self, offset: int) -> tuple[int, int]:
        """Row and cell of a source offset; of the nearest text before it, if it is not shown itself."""
        index = self._holding(offset)
        if index is None:
            return 0, 0
        best = (-1, 0, 0)
        for row, line in enumerate(self.exact(index)):
            cell = line.cell_of(offset)
            if cell is not None:
                return self._tops[index] + row, cell
            for first, start, count in line.source:
                if start <= offset and start + count > best[0]:
                    last = line.cell_of(start + count - 1)
                    best = (start + count, row, first if last is None else last)
        return self._tops[index] + best[1], best[2]

    def row_of(self, key: int) -> int:
        """The row with a line's key, or the one that now shows its text."""
        index = self._holding(key >> 16)
        if index is None:
            return 0
        keys = [line.key for line in self.exact(index)]
        return self._tops[index] + max(0, bisect_right(keys, key) - 1)

    def _holding(self, offset: int) -> int | None:
        low, high = 0, len(self._blocks)
        while low < high:
            middle = (low + high) // 2
            if self._blocks[middle].spec.start <= offset:
                low = middle + 1
            else:
                high = middle
        return low - 1 if low else (0 if self._blocks else None)


def _alike(a: Sequence[Line] | None, b: Sequence[Line] | None) -> int:
    same = 0
    for one, other in zip(a or (), b or (), strict=False):
        if one is not other and one != other:
            break
        same += 1
    return same
