"""The header line: the program, the conversation, the model that will answer, and where help is."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from llmtui.core.sanitize import clean_line


class Header(Widget):
    """One line; the title gives way when it gets narrow."""

    DEFAULT_CSS = """
    Header { height: 1; dock: top; padding: 0 1; background: $surface; color: $muted; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._title = ""
        self._model = ""

    def show(self, title: str, model: str) -> None:
        """Paint another title and model, if they differ."""
        title, model = clean_line(title), clean_line(model)
        if (title, model) != (self._title, self._model):
            self._title, self._model = title, model
            self.refresh()

    def render(self) -> Content:
        width = self.size.width
        name = Content("llmtui").stylize("bold $accent")
        right = Content(f"⟨{self._model}⟩   F1 help" if self._model else "F1 help")
        if right.cell_length > width // 2:
            right = Content("F1 help")
        room = max(0, width - name.cell_length - right.cell_length - 6)
        title = Content(self._title).stylize("$foreground").truncate(room, ellipsis=True)
        gap = " " * max(1, width - name.cell_length - 3 - title.cell_length - right.cell_length)
        return Content.assemble(name, "   ", title, gap, right)
