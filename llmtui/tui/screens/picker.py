"""A dialog that lists things: type to filter, arrows to move, Enter to take, Esc to leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, NamedTuple, TypeVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from llmtui.core.sanitize import clean_line
from llmtui.tui import fuzzy
from llmtui.tui.terminal import offered
from llmtui.tui.widgets.field import Field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

Result = TypeVar("Result")
SHOWN = 200
"""Rows that are laid out at a time; the rest is found by typing."""
TITLE = 16
"""Columns that a row's title has at least; what is said of it gives way, part by part from the end."""
MARGIN = 3
"""Rows above and below a dialog, unless the screen is short."""


def fitting(hint: str, width: int) -> str:
    """As many of a hint's parts as there is room for; the last one, how to get out, goes last of all."""
    *parts, out = hint.split(" · ")
    while parts and Content(" · ".join([*parts, out])).cell_length > width:
        parts.pop()
    return " · ".join([*parts, out])


class Row(NamedTuple):
    """Something that can be picked. Its texts may come from anywhere: they are cleaned before they are shown."""

    id: str
    title: str
    detail: str = ""
    mark: str = ""
    """Stands before the title, for example what is chosen now."""
    spans: tuple[tuple[int, int], ...] = ()
    """Parts of the title to make stand out."""

    def content(self, width: int) -> Content:
        """One line: the title, and at the right end what is said of it."""
        parts = self.detail.split(" · ")
        while parts and width - Content(clean_line(" · ".join(parts))).cell_length - 2 < TITLE:
            parts.pop()
        if not any(parts):
            return self._named(max(1, width))
        detail = Content(clean_line(" · ".join(parts))).stylize("$muted")
        room = max(10, width - detail.cell_length - 2)
        title = self._named(room)
        return Content.assemble(title, " " * (width - title.cell_length - detail.cell_length), detail)

    def _named(self, room: int) -> Content:
        """The mark and the title, from shortly before what stands out in it where all of it has no room."""
        title = Content(clean_line(self.title))
        for start, end in self.spans:
            title = title.stylize("bold $accent", start, end)
        if self.spans and title[: self.spans[0][1]].cell_length > room - 3:
            begin = max(0, self.spans[0][0] - room // 3)
            title = Content.assemble("…", title[begin:])
        return Content.assemble(f"{self.mark or ' '} ", title).truncate(room, ellipsis=True)


class Picker(ModalScreen[Result], Generic[Result]):
    """Subclasses give `rows` and say in `take` what a picked one means."""

    TITLE_TEXT: ClassVar[str] = ""
    HINT: ClassVar[str] = "Enter takes · Esc closes"
    PLACEHOLDER: ClassVar[str] = "Type to filter"
    NOTHING: ClassVar[str] = "Nothing fits what was typed"
    """Stands in the list when it is empty."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", show=False),
        Binding("down", "move(1)", "Next", show=False),
        Binding("up", "move(-1)", "Previous", show=False),
        Binding("pagedown", "move(10)", "Further down", show=False),
        Binding("pageup", "move(-10)", "Further up", show=False),
    ]
    DEFAULT_CSS = """
    Picker {
        align: center top;
        & > Vertical {
            width: 90%; max-width: 96; height: auto; margin-top: 2;
            background: $panel; border: round $accent; border-title-color: $accent;
            border-subtitle-color: $muted; padding: 0 1;
        }
        & Input { border: none; height: 1; padding: 0 1; background: $surface; }
        & Input:focus { border: none; }
        & OptionList {
            border: none; background: transparent; height: 1fr; padding: 0;
            scrollbar-gutter: stable; scrollbar-size-vertical: 1;
        }
        & OptionList > .option-list--option-disabled { color: $muted; }
        & OptionList > .option-list--option-highlighted {
            background: $block-cursor-background; color: $block-cursor-foreground; text-style: none;
        }
    }
    Picker.-narrow > Vertical { width: 100%; }
    Picker.-short > Vertical { width: 100%; margin-top: 0; }
    """

    def __init__(self, query: str = "") -> None:
        super().__init__()
        self.query_text = query
        self.shown: list[Row] = []
        self.box = Vertical()
        """Held here, as everything that is changed later: a look-up may end when the screen has been left."""
        self.above = 0
        """Rows that stand above the list, beside the input."""
        self._most = 1
        self._input = Field(query, placeholder=self.PLACEHOLDER, select_on_focus=False, compact=True)
        self._input.cursor_blink = False
        self._list = OptionList(markup=False)
        self._list.can_focus = False

    def compose(self) -> ComposeResult:
        self.box.border_title = Content(self.TITLE_TEXT)
        with self.box:
            yield from self.parts()

    def parts(self) -> ComposeResult:
        """What stands in the box."""
        yield self._input
        yield self._list

    def on_mount(self) -> None:
        self._input.focus()
        self.call_after_refresh(self.fill)

    def on_resize(self) -> None:
        self.call_after_refresh(self.fill)

    # ------------------------------------------------------------------------------------------------ for subclasses

    def rows(self) -> Sequence[Row]:
        """Everything there is to pick from."""
        raise NotImplementedError

    def matching(self, query: str) -> Sequence[Row]:
        """The rows that fit what was typed, the best first."""
        return fuzzy.best(query, self.rows(), lambda row: f"{row.title} {row.detail}")

    def take(self, row: Row) -> None:
        """A row was picked."""
        raise NotImplementedError

    def marked(self, row: Row) -> None:
        """Another row is marked; nothing need happen."""

    # ------------------------------------------------------------------------------------------------ the list

    def fill(self) -> None:
        """Lay the matching rows out anew."""
        self.show_rows(self.matching(self._input.value))

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Lay these rows out, the first one marked."""
        before = self.current
        self.shown = list(rows[:SHOWN])
        self._fit()
        width = max(20, self._list.scrollable_content_region.width or self._input.size.width)
        self._list.clear_options()
        self._list.add_options([Option(row.content(width)) for row in self.shown])
        if not self.shown and self.nothing:
            self._list.add_options([Option(Content(f"  {self.nothing}"), disabled=True)])
        place = next((number for number, row in enumerate(self.shown) if before and row.id == before.id), 0)
        self._list.highlighted = place if self.shown else None

    def _fit(self) -> None:
        """As high as the longest list so far, so that nothing jumps while one types; and no higher than the screen."""
        box = self.box
        self._most = max(self._most, len(self.shown))
        chrome = 2 + self.above + (not self._input.disabled)
        room = self.size.height - (0 if self.has_class("-short") else MARGIN)
        box.styles.height = max(chrome + 1, min(room, chrome + self._most))
        box.border_subtitle = Content(fitting(offered(self.app, self.HINT), box.size.width - 6))

    @property
    def nothing(self) -> str:
        """What an empty list says."""
        return self.NOTHING

    @property
    def current(self) -> Row | None:
        place = self._list.highlighted
        return self.shown[place] if place is not None and place < len(self.shown) else None

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self.query_text:
            self.query_text = event.value
            self._list.highlighted = None
            self.fill()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if self.current is not None:
            self.take(self.current)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.take(self.shown[event.option_index])

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if (row := self.current) is not None:
            self.marked(row)

    def action_move(self, step: int) -> None:
        if self.shown:
            place = (self._list.highlighted or 0) + step
            last = len(self.shown) - 1
            around = {-1: last, last + 1: 0} if abs(step) == 1 else {}
            self._list.highlighted = around.get(place, max(0, min(last, place)))

    def action_leave(self) -> None:
        self.dismiss(None)
