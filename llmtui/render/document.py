"""One message's body as rows: grows while it streams, is parsed once more when it is whole, draws only what is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.sanitize import Cleaner
from llmtui.render import codeblocks
from llmtui.render.blocks import Blocks
from llmtui.render.code import Framing
from llmtui.render.growth import Growth
from llmtui.render.parser import References, parse_blocks
from llmtui.render.rope import Rope
from llmtui.render.spec import Lines, Spec, skeleton, split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.render.codeblocks import CodeBlock
    from llmtui.render.line import Line
    from llmtui.render.look import Look

NARROWEST = 10
"""Documents are never laid out for fewer cells."""

_SLOW = 2000
"""Characters of a unit from which on `reparse` draws it, so that the event loop need not."""


class Parsed(NamedTuple):
    """A whole document, parsed; to be adopted by the document it was made from."""

    length: int
    width: int
    look: Look
    specs: list[Spec]
    references: References
    drawn: dict[Spec, list[Line]]


class Document:
    """Markdown as rows.

    Heights are exact where rows have been asked for, at the end of what is streaming and in short documents; elsewhere
    they are estimates: `line(y)` may then move what lies below row y, and `take_changed` tells so.
    """

    def __init__(self, look: Look, width: int, *, code_wrap: bool = True) -> None:
        self._raw = Rope()
        self._clean = self._raw  # until the two differ
        self._cleaner = Cleaner()
        self._held = ""  # a carriage return whose newline may still come; it is not shown until then
        self._blocks = Blocks(self._clean, look, max(width, NARROWEST), Framing(code_wrap))
        self._growth = Growth(self._blocks, self._split)
        self._arrived: list[str] = []

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
            self._clean = self._blocks.clean = self._raw.copy()
        self._raw.append(text)
        if self._clean is not self._raw:
            self._clean.append(shown)
        if shown:
            self._arrived.append(shown)

    def _display(self, text: str) -> str:
        text = self._held + text
        self._held = ""
        if "\r" in text:
            if text.endswith("\r"):
                text, self._held = text[:-1], "\r"
            text = text.replace("\r\n", "\t\n")  # as long as before, and a tab at a line's end means nothing
        return self._cleaner.feed(text)

    def finish(self) -> None:
        """The text is whole: parse it once more, and change what had been taken for something else."""
        self.adopt(self.reparse())

    def reparse(self) -> Parsed:
        """The part of `finish` that takes long: changes nothing, may run in a thread while nothing is appended."""
        text = self._clean.slice(0, len(self._clean))
        references: References = {}
        specs = self._split(text, 0, references, None, None)
        blocks = self._blocks
        known = {blocks[index].spec for index in range(len(blocks))}
        parsed = Parsed(len(text), blocks.width, blocks.look, specs, references, {})
        if known:  # nothing has been shown yet otherwise
            for spec in specs:
                if spec not in known and spec.end - spec.start > _SLOW and spec.code is None:
                    parsed.drawn[spec] = blocks.rows_of(spec, references)
        return parsed

    def adopt(self, parsed: Parsed) -> None:
        """Take over what `reparse` has found; what was shown right stays as it is."""
        if parsed.length != len(self._clean):
            return  # more text has come since: another `finish` will follow
        self._arrived.clear()
        fits = parsed.width == self._blocks.width and parsed.look == self._blocks.look
        self._blocks.adopt(parsed.specs, parsed.references, parsed.drawn if fits else {})
        self._growth.restart()

    def _split(
        self, text: str, base: int, references: References, first: Spec | None, before: Spec | None
    ) -> list[Spec]:
        """The units of a part of the source; link definitions found are added to `references`."""
        lines = Lines(text, base, skeleton(first.path) if first else ())
        return split(parse_blocks("\n".join(lines.texts), references), lines, first, before)

    def _update(self) -> None:
        if self._arrived:
            text = "".join(self._arrived)
            self._arrived.clear()
            self._growth.feed(text)

    # ------------------------------------------------------------------ rows

    @property
    def height(self) -> int:
        """Rows."""
        self._update()
        return self._blocks.height

    def line(self, y: int) -> Line:
        """Row y; raise IndexError beyond the last."""
        self._update()
        return self._blocks.line(y)

    def take_changed(self) -> int | None:
        """The first row that has changed since the last call; None if none has."""
        self._update()
        changed, self._blocks.changed = self._blocks.changed, None
        return changed

    def resize(self, width: int) -> None:
        """Another width: rows are made again when they are asked for, their heights are estimates until then."""
        width = max(width, NARROWEST)
        if width != self._blocks.width:
            self._update()
            self._blocks.width = width
            self._blocks.drop(guess=True)
            self._growth.redraw()

    def relook(self, look: Look) -> None:
        """Other colours: rows are made again when they are asked for, heights stay."""
        if look != self._blocks.look:
            self._update()
            self._blocks.look = look
            self._blocks.drop(guess=False)
            self._growth.redraw()

    def wrap_code(self, wrap: bool) -> None:  # noqa: FBT001 - the one thing it is about
        """Let long code lines go on below, or cut them at their frame."""
        self._frame(self._blocks.framing._replace(wrap=wrap, shift=0), guess=True)

    def shift_code(self, cells: int) -> None:
        """Scroll code sideways by so many cells from its beginning, when long lines are cut."""
        self._frame(self._blocks.framing._replace(shift=max(0, cells)), guess=False)

    def _frame(self, framing: Framing, *, guess: bool) -> None:
        if framing != self._blocks.framing:
            self._update()
            self._blocks.framing = framing
            self._blocks.drop(guess=guess)
            self._growth.redraw()

    def evict(self, before: int, after: int) -> None:
        """Forget the rows above row `before` and from row `after` on; they are made again when asked for."""
        self._update()
        self._blocks.evict(before, after, self._growth.live)

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
        return self._blocks.locate(offset)

    def row_of(self, key: int) -> int:
        """The row with a line's key, or the one that now shows its text."""
        self._update()
        return self._blocks.row_of(key)

    @property
    def code_blocks(self) -> Sequence[CodeBlock]:
        """All code blocks in order."""
        self._update()
        return codeblocks.find(self._blocks, self._raw)
