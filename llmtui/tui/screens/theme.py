"""Themes: each is shown as it is marked, Enter keeps it, Esc goes back to the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from llmtui.tui import themes
from llmtui.tui.screens.picker import Picker, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.tui.app import ChatApp


class ThemeScreen(Picker[None]):
    """Picks the colours."""

    TITLE_TEXT: ClassVar[str] = "Theme"

    def on_mount(self) -> None:
        self._before = self.app.theme
        super().on_mount()

    def rows(self) -> Sequence[Row]:
        names = themes.selectable(cast("ChatApp", self.app))
        return [Row(name, name, mark="●" if name == self._before else "") for name in names]

    def show_rows(self, rows: Sequence[Row]) -> None:
        super().show_rows(rows)
        names = [row.id for row in self.shown]
        if not self.query_text and self.app.theme in names:
            self._list.highlighted = names.index(self.app.theme)

    def marked(self, row: Row) -> None:
        self.app.theme = row.id

    def take(self, row: Row) -> None:
        self.dismiss(None)
        cast("ChatApp", self.app).use_theme(row.id)

    def action_leave(self) -> None:
        self.app.theme = self._before
        super().action_leave()
