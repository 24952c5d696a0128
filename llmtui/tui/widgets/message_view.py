"""One message as rows: label, reasoning, text, ending. Drawn when it is first looked at, and given up when far away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from llmtui.core.messages import MessageState, Role
from llmtui.render import Document, PlainDocument
from llmtui.tui.widgets import message_view_rows as rows
from llmtui.tui.widgets.message_view_dress import INDENT, Place
from llmtui.tui.widgets.message_view_passage import Passage

if TYPE_CHECKING:
    from textual.strip import Strip

    from llmtui.render import Line
    from llmtui.tui.widgets.message_view_dress import Dress, Part
    from llmtui.tui.widgets.message_view_rows import Row
    from llmtui.tui.widgets.transcript_item import Item

FOLD_LINES = 16
"""So many lines of a long paste stay visible when it is folded; as many again are not worth folding."""
FOLD_CHARACTERS = 2000


class MessageView:
    """A message's rows in one dress. What was said or fed since shows after `settle`."""

    __slots__ = (
        "_code_shift", "_dress", "_foot", "_head", "_item", "_thoughts_open", "_thoughts_rows", "body", "height", "is_marked",
        "is_unfolded", "status", "strips", "thoughts",
    )  # fmt: skip

    def __init__(self, item: Item) -> None:
        self._item = item._replace(text="", reasoning="")
        self.body = Passage(item.text)
        self.thoughts = Passage(item.reasoning)
        self.is_marked = False
        """Selected: shown at the left edge."""
        self.is_unfolded = False
        self.status = ""
        """What is going on, for example “thinking 1.2 s”: the last line while there is one."""
        self.height = 0
        """Rows at the last `settle`, the blank one below included."""
        self.strips: dict[int, Strip] = {}
        """Painted rows; whoever settles drops those that changed."""
        self._code_shift = 0
        self._thoughts_open: bool | None = None
        self._thoughts_rows = 0
        self._dress: Dress | None = None
        self._head: list[Row] = []
        self._foot: list[Row] = []

    @property
    def id(self) -> str:
        return self._item.id

    @property
    def item(self) -> Item:
        """The message as it stands now."""
        return self._item._replace(text=self.body.source, reasoning=self.thoughts.source)

    def update(self, item: Item) -> None:
        """Everything but the text is as this value says."""
        self._item = item._replace(text="", reasoning="")

    @property
    def role(self) -> Role:
        return self._item.role

    @property
    def is_live(self) -> bool:
        return self._item.state is MessageState.STREAMING

    # ------------------------------------------------------------------------------------------------ folds
    @property
    def is_folded(self) -> bool:
        """Whether it is a long paste of which only the beginning shows."""
        return self.role is Role.USER and not self.is_unfolded and self._fold_at() is not None

    def _fold_at(self) -> int | None:
        """Where a long paste is cut; None when the text is not long."""
        text = self.body.source
        if len(text) <= 2 * FOLD_CHARACTERS and text.count("\n") < 2 * FOLD_LINES:
            return None
        cut = len("\n".join(text[:FOLD_CHARACTERS].split("\n", FOLD_LINES)[:FOLD_LINES]))
        return max(1, cut)

    @property
    def thoughts_open(self) -> bool:
        """The reasoning shows while it comes, until there is an answer; afterwards when the reader asks for it."""
        if self._thoughts_open is None:
            return self.is_live and not self.body
        return self._thoughts_open

    def toggle_thoughts(self) -> None:
        self._thoughts_open = not self.thoughts_open

    def unfold(self, *, is_unfolded: bool) -> None:
        self.is_unfolded = is_unfolded
        self.body.release()

    def shift_code(self, cells: int) -> None:
        """Scroll its code sideways by so many cells more, as far as there is code; nothing where it is wrapped."""
        document = self.body.document
        if document is None or self._dress is None or self._dress.wraps_code:
            return
        longest = max((cell_len(line) for block in document.code_blocks for line in block.text.split("\n")), default=0)
        self._code_shift = max(0, min(self._code_shift + cells, longest - 1))
        document.shift_code(self._code_shift)

    # ------------------------------------------------------------------------------------------------ drawing
    def is_dressed(self, dress: Dress) -> bool:
        """Whether its rows are drawn in this dress, be it that text still waits."""
        return self._dress is dress and self.body.document is not None

    def is_drawn(self, dress: Dress) -> bool:
        """Whether all text that has come is drawn in this dress."""
        return self.is_dressed(dress) and not self._is_waiting

    @property
    def _is_waiting(self) -> bool:
        opening = self.thoughts_open and bool(self.thoughts) and self.thoughts.document is None
        return opening or self.body.is_waiting or (self.thoughts_open and self.thoughts.is_waiting)

    def feed(self, dress: Dress, limit: int) -> bool:
        """Draw at most so many characters of those that wait, in this dress; True when none waits any more."""
        if self._dress is not dress:
            self._change(dress)
        if self.body.document is None:
            kind = Document if self.role is Role.ASSISTANT else PlainDocument
            fold = self._fold_at() if self.is_folded else None
            document = kind(dress.look, dress.width, code_wrap=dress.wraps_code)
            document.shift_code(self._code_shift)
            self.body.begin(document, fold, is_whole=not self.is_live)
        if self.thoughts_open and self.thoughts:
            if self.thoughts.document is None:
                thoughts = PlainDocument(dress.quiet, dress.width - INDENT)
                self.thoughts.begin(thoughts, is_whole=not self.is_live)
            limit = self.thoughts.feed(limit)
        self.body.feed(limit)
        return not self._is_waiting

    def unsettled(self) -> list[Passage]:
        """Settle what is whole, of a message that is over; return what is too long for that and wants a thread."""
        if self.is_live:
            return []
        return [passage for passage in (self.body, self.thoughts) if not passage.settle()]

    def _change(self, dress: Dress) -> None:
        before, self._dress = self._dress, dress
        self.height = 0
        for passage, look, indent in ((self.body, dress.look, 0), (self.thoughts, dress.quiet, INDENT)):
            if passage.document is not None and before is not None:
                if before.look is not dress.look:
                    passage.document.relook(look)
                if before.wraps_code != dress.wraps_code:
                    passage.document.wrap_code(dress.wraps_code)
                    self._code_shift = 0
                if before.width != dress.width:
                    passage.document.resize(dress.width - indent)

    def release(self) -> None:
        """Give up everything drawn; height and text stay."""
        self._dress = None
        self.body.release()
        self.thoughts.release()
        self.strips.clear()

    def settle(self) -> int | None:
        """Bring the rows up to what was fed and said; return the first row that changed, None when none did."""
        assert self._dress is not None
        old_head, old_foot, old_thoughts, old_height = self._head, self._foot, self._thoughts_rows, self.height
        self._head, self._foot = self._chrome(self._dress)
        self._thoughts_rows = self.thoughts.height if self.thoughts_open else 0
        above, text = len(self._head), self._thoughts_rows + self.body.height
        self.height = above + text + len(self._foot)
        changed = [_first_difference(old_head, self._head), _first_difference(old_foot, self._foot, above + text)]
        if self.thoughts_open and self.thoughts.document is not None:
            changed.append(_shifted(self.thoughts.document.take_changed(), above))
        if self.body.document is not None:
            changed.append(_shifted(self.body.document.take_changed(), above + self._thoughts_rows))
        if old_thoughts != self._thoughts_rows:
            changed.append(above + min(old_thoughts, self._thoughts_rows))
        if old_height == 0:
            changed.append(0)
        elif old_height != self.height:
            changed.append(max(0, min(old_height, self.height) - len(old_foot)))
        return min((row for row in changed if row is not None), default=None)

    def drop_strips(self, first: int) -> dict[int, Strip]:
        """Forget what was painted from a row on, and return it."""
        return {row: self.strips.pop(row) for row in [row for row in self.strips if row >= first]}

    def lay_out(self, first: int, last: int) -> bool:
        """Have the rows [first, last) for certain: documents estimate what was not asked for.

        True: the height is another one than at the last `settle`, be it that somebody else had asked for rows since.
        """
        for part, passage in (("thoughts", self.thoughts), ("body", self.body)):
            if passage.document is None or (part == "thoughts" and not self.thoughts_open):
                continue
            base = self.first_row("thoughts" if part == "thoughts" else "body")
            y = max(0, first - base)
            while y < min(last - base, passage.document.height):
                passage.document.line(y)
                y += 1
        thoughts = self.thoughts.height if self.thoughts_open else 0
        return self.height != len(self._head) + thoughts + self.body.height + len(self._foot)

    def _chrome(self, dress: Dress) -> tuple[list[Row], list[Row]]:
        """The rows above and below the text."""
        item, palette, width = self._item, dress.palette, dress.width
        head = [rows.label_row(item, width, palette)]
        if self.thoughts:
            text = self.status or "thinking"
            if self.body or not self.is_live:
                text = "thought" if item.reasoning_s is None else f"thought for {item.reasoning_s:.1f} s"
            head.append(rows.thoughts_row(text, is_open=self.thoughts_open, width=width, palette=palette))
        foot: list[Row] = []
        if self.status and (self.body or not self.thoughts):
            foot += rows.status_rows(self.status, width, palette)
        if self.is_folded:
            hidden = self.body.source.count("\n", self._fold_at() or 0)
            foot.append(rows.fold_row(hidden, width, palette))
        if item.role is Role.ASSISTANT and item.state is MessageState.COMPLETE and not self.body:
            foot += rows.status_rows("(empty answer)", width, palette)
        return head, [*foot, *rows.ending_rows(item, width, palette), rows.BLANK]

    # ------------------------------------------------------------------------------------------------ rows
    def row(self, y: int) -> tuple[Part, Row | Line]:
        """What stands on a row, 0 ≤ y < height."""
        above = len(self._head)
        if y < above:
            return "head", self._head[y]
        y -= above
        if y < self._thoughts_rows and self.thoughts.document is not None:
            return "thoughts", self.thoughts.document.line(y)
        y -= self._thoughts_rows
        if y < self.body.height and self.body.document is not None:
            return "body", self.body.document.line(y)
        return "foot", self._foot[min(y - self.body.height, len(self._foot) - 1)]

    def first_row(self, part: Part) -> int:
        """The row where a part begins."""
        above = len(self._head)
        if part == "head":
            return 0
        if part == "thoughts":
            return above
        above += self._thoughts_rows
        return above if part == "body" else above + self.body.height

    def place(self, y: int) -> Place:
        """Where a row belongs."""
        part = self.row(y)[0]
        first = self.first_row(part)
        document = self.body.document if part == "body" else self.thoughts.document
        if part in ("head", "foot") or document is None:
            return Place(part, y - first)
        for at in range(y - first, -1, -1):
            if span := document.line(at).span:
                return Place(part, span[0], y - first - at)
        return Place(part, 0, y - first)

    def row_of(self, place: Place) -> int:
        """The row where a place is now."""
        first = self.first_row(place.part)
        document = self.body.document if place.part == "body" else self.thoughts.document
        if place.part in ("head", "foot"):
            row = first + place.offset
        elif document is None or not document.height:
            row = first
        else:
            row = first + min(document.locate(place.offset)[0] + place.below, document.height - 1)
        return max(0, min(row, self.height - 1))


def _shifted(row: int | None, by: int) -> int | None:
    return None if row is None else row + by


def _first_difference(old: list[Row], new: list[Row], first: int = 0) -> int | None:
    if old == new:
        return None
    for index, (before, after) in enumerate(zip(old, new, strict=False)):
        if before != after:
            return first + index
    return first + min(len(old), len(new))
