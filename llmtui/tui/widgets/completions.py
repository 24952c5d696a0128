"""The short list above the prompt: slash commands and files that match what is being typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.content import Content
from textual.widget import Widget

from llmtui.core.sanitize import clean_line

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS = 6


class Completion(NamedTuple):
    """A candidate: what is put into the prompt, and what is said of it."""

    value: str
    description: str = ""
    final: bool = False
    """Nothing need be added: Enter takes it and sends."""


class Completions(Widget):
    """Shows candidates; the prompt moves the mark and takes one."""

    DEFAULT_CSS = """
    Completions { height: auto; max-height: 6; padding: 0 1; background: $panel; display: none; }
    Completions.-open { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self.candidates: Sequence[Completion] = ()
        self.marked = 0

    @property
    def is_open(self) -> bool:
        return bool(self.candidates)

    @property
    def current(self) -> Completion | None:
        return self.candidates[self.marked] if self.candidates else None

    def show(self, candidates: Sequence[Completion]) -> None:
        """Offer these; none closes the list."""
        self.candidates, self.marked = candidates, 0
        self.set_class(bool(candidates), "-open")
        self.refresh(layout=True)

    def move(self, step: int) -> None:
        """Mark the next or the previous one, around the ends."""
        self.marked = (self.marked + step) % len(self.candidates)
        self.refresh()

    def render(self) -> Content:
        first = max(0, min(self.marked - ROWS // 2, len(self.candidates) - ROWS))
        shown = self.candidates[first : first + ROWS]
        widest = max((len(candidate.value) for candidate in shown), default=0)
        lines = []
        for number, candidate in enumerate(shown, first):
            mark = "▸ " if number == self.marked else "  "
            value = Content(mark + clean_line(candidate.value).ljust(widest + 2))
            value = value.stylize("bold $accent") if number == self.marked else value
            line = Content.assemble(value, Content(clean_line(candidate.description)).stylize("$muted"))
            lines.append(line.truncate(max(1, self.size.width), ellipsis=True))
        return Content("\n").join(lines)
