"""How a document grows: only what follows the last finished unit is parsed again; open code and tables go line by line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llmtui.render.cutting import cut_item, cut_paragraph
from llmtui.render.live_code import LiveCode
from llmtui.render.live_table import LiveTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmtui.render.blocks import Blocks
    from llmtui.render.parser import References
    from llmtui.render.spec import Spec

    Split = Callable[[str, int, References, Spec | None, Spec | None], list[Spec]]

LONG = 2000
"""Characters of a growing unit from which on its upper part is let go."""

_TOO_LONG = 8000
"""Characters from which on a paragraph is let go even where something begun above may end below."""

_OPENING = re.compile(r" {0,3}(`{3,}|~{3,})")


class Growth:
    """The end of a document that is being written."""

    def __init__(self, blocks: Blocks, split: Split) -> None:
        self._blocks = blocks
        self._split = split
        self._live: LiveCode | LiveTable | None = None
        self._tail = ""  # source from `_start` on, if nothing is live
        self._start = 0
        self._before: Spec | None = None  # the unit right above the tail, if the tail has none yet
        self._long = LONG
        self._defined: References = {}  # above the tail
        self._first = 0  # index of the unit the tail begins with
        self._moved = False  # units or rows are others than those this was working on

    @property
    def live(self) -> int:
        """Index of the first unit that may still change."""
        if self._moved or self._live is not None:
            return max(0, len(self._blocks) - 1)
        return self._first

    def feed(self, text: str) -> None:
        """More source: what has been added to the text since the last call."""
        if self._moved:
            self._moved = False
            self._resume(len(self._blocks.clean) - len(text))
        while True:
            if self._live is None:
                self._tail += text
                self._parse()
                return
            rest = self._live.feed(text)
            if rest is None:
                return
            self._leave(rest)
            if not rest:
                return
            text = ""

    def _leave(self, rest: str) -> None:
        """What was live has ended."""
        spec = self._blocks[len(self._blocks) - 1].spec
        self._before = spec
        self._live = None
        self._tail, self._start = rest, len(self._blocks.clean) - len(rest)
        self._first = len(self._blocks)

    def _parse(self) -> None:
        references = dict(self._defined)
        first = self._blocks[self._first].spec if self._first < len(self._blocks) else None
        specs = self._split(self._tail, self._start, references, first, None if first else self._before)
        if references != self._blocks.references:
            self._blocks.references = references
        self._blocks.replace(self._first, specs)
        if not specs:
            return
        last = specs[-1]
        # What the last unit is, a heading or a table, is settled by whole lines; no later text can change those above it.
        settled = self._tail.count("\n", last.start - self._start) >= (2 if last.kind == "table" else 1)
        final = max(0, len(specs) - (1 if settled else 2))
        if final:
            self._freeze(specs, final)
        if settled and last.kind in ("code", "table"):
            self._enter(last)
        elif len(specs) - final == 1 and last.kind in ("block", "item", "text") and last.end - last.start > self._long:
            self._let_go(last)

    def _freeze(self, specs: list[Spec], count: int) -> None:
        start = specs[count].start
        line = self._tail.count("\n", 0, start - self._start)
        for label, definition in self._blocks.references.items():
            if label not in self._defined and definition["map"][1] <= line:
                self._defined[label] = definition
        self._tail = self._tail[start - self._start :]
        self._start = start
        self._first += count
        self._long = LONG

    def _enter(self, last: Spec) -> None:
        """Go on line by line, if the last unit is open code or a table."""
        if last.code is not None:
            opening = _OPENING.match(self._opening_line(last))
            if opening is None or last.code.complete:
                return
            live: LiveCode | LiveTable = LiveCode(self._blocks, opening[1])
            rest = live.feed(self._tail[last.code.body - self._start :])
        else:
            live = LiveTable(self._blocks)
            rest = live.feed(self._tail[last.start - self._start :].split("\n", 2)[2])
        self._tail = ""
        self._live = live
        if rest is not None:
            self._leave(rest)
            if rest:
                self.feed("")

    def _opening_line(self, last: Spec) -> str:
        spec = self._blocks[self._opener()].spec
        return self._blocks.clean.slice(spec.start, spec.code.body if spec.code else last.start)

    def _opener(self) -> int:
        """Index of the unit with the upper edge of the last code block."""
        index = len(self._blocks) - 1
        while (code := self._blocks[index].spec.code) is not None and not code.opens:
            index -= 1
        return index

    def _let_go(self, last: Spec) -> None:
        """Freeze the upper part of a unit that has become long."""
        blocks = self._blocks
        if last.kind == "item":
            parts = cut_item(blocks, last)
        else:
            parts = cut_paragraph(blocks, last, forced=last.end - last.start > _TOO_LONG)
        if parts is None:
            self._long = int((last.end - last.start) * 1.3)
            return
        upper, lower, row = parts
        blocks.cut(upper, lower, row)
        self._tail, self._start = self._tail[lower.start - self._start :], lower.start
        self._first, self._long = len(blocks) - 1, LONG

    def redraw(self) -> None:
        """All rows have been dropped: draw what is live again."""
        self._moved = self._moved or self._live is not None

    def restart(self) -> None:
        """All rows or units are others: what may come goes on from the last unit."""
        self._moved = True

    def _resume(self, length: int) -> None:
        """Go on from the last unit of what was there: so many characters."""
        blocks = self._blocks
        self._live, self._before, self._long = None, None, LONG
        self._defined = dict(blocks.references)
        self._first = max(0, len(blocks) - 1)
        if not len(blocks):
            self._tail, self._start = blocks.clean.slice(0, length), 0
            return
        last = blocks[self._first].spec
        if last.code is not None and last.code.complete and blocks.clean.slice(length - 1, length) == "\n":
            self._before, self._first = last, len(blocks)
            self._start = length
            self._tail = ""
            return
        if last.code is not None and last.code.complete:
            self._first = self._opener()
        self._start = blocks[self._first].spec.start
        self._tail = blocks.clean.slice(self._start, length)
        if last.code is not None and not last.code.complete and self._opening_line(last).endswith("\n"):
            self._enter(last)
