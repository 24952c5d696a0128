"""Colours and width that rows are drawn with, from the theme; one value, so that “as before” is one comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style

from llmtui.render import Look
from llmtui.tui.widgets.message_view_dress import Dress
from llmtui.tui.widgets.message_view_rows import Palette
from llmtui.tui.widgets.transcript_paint import LEFT, RIGHT

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.widget import Widget

NARROWEST = 10
NARROW = 60
"""Columns of the screen below which code scrolls sideways instead of going on below."""

CSS = """
    & > .transcript--user { color: $accent; text-style: bold; }
    & > .transcript--assistant { color: $secondary; text-style: bold; }
    & > .transcript--dim { color: $text-muted; }
    & > .transcript--metadata { color: $text-muted; }
    & > .transcript--error { color: $text-error; }
    & > .transcript--action { color: $text-accent; text-style: underline; }
    & > .transcript--mark { color: $accent; text-style: bold; }
    & > .transcript--hit { background: $warning 40%; text-style: underline; }
    & > .transcript--current-hit { background: $warning; color: $background; text-style: bold underline; }
    & > .transcript--selection { background: $primary 50%; }
"""
_CLASSES = {name: f"transcript--{name.replace('_', '-')}" for name in Palette._fields if name != "base"}
COMPONENT_CLASSES = frozenset(_CLASSES.values())
_OVERLAYS = ("hit", "selection")  # what stands below keeps its own colour


class Dresser:
    """Makes the dress of a widget, and keeps it until it would come out different."""

    def __init__(self, widget: Widget, columns: Callable[[], int]) -> None:
        self._widget = widget
        self._columns = columns
        self._dress: Dress | None = None
        self._is_stale = True

    def restyle(self) -> None:
        """Styles or theme may have changed."""
        self._is_stale = True

    def peek(self) -> Dress | None:
        """The dress as it was last asked for."""
        return self._dress

    @property
    def dress(self) -> Dress:
        width = max(NARROWEST, self._columns() - LEFT - RIGHT)
        if self._is_stale or self._dress is None:
            self._is_stale = False
            look, palette = Look.themed(self._widget.app.theme_variables), self._palette()
            if self._dress is None or self._dress.look != look or self._dress.palette != palette:
                self._dress = Dress(look, look.dimmed(), palette, width)
        wraps = self._widget.app.size.width >= NARROW
        if self._dress.width != width or self._dress.wraps_code != wraps:
            self._dress = self._dress._replace(width=width, wraps_code=wraps)
        return self._dress

    def _palette(self) -> Palette:
        styles = {name: self._widget.get_component_rich_style(class_name) for name, class_name in _CLASSES.items()}
        for name in _OVERLAYS:
            styles[name] = Style(bgcolor=styles[name].bgcolor, underline=styles[name].underline)
        return Palette(base=self._widget.rich_style, **styles)
