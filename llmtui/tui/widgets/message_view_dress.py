"""What a message's rows depend on, and the names by which a row is found again when they change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from llmtui.render import Look
    from llmtui.tui.widgets.message_view_rows import Palette
    from llmtui.tui.widgets.transcript_item import Item

Part = Literal["head", "thoughts", "body", "foot"]

INDENT = 2
"""Cells before a line of reasoning."""


class Place(NamedTuple):
    """Where in a message a row belongs: found again after re-wrapping, whatever row it is on then."""

    part: Part
    offset: int
    """In reasoning and text: characters into the source. In head and foot: the row."""
    below: int = 0
    """Rows below the one that shows this offset: the edge of a frame has no source of its own."""


class Dress(NamedTuple):
    """What rows depend on beside the message itself. Compared by identity: a new one means drawing anew."""

    look: Look
    quiet: Look
    """For reasoning."""
    palette: Palette
    width: int
    """Cells of a row, margins not counted."""
    wraps_code: bool = True
    """Long code lines go on below; on a narrow screen they are cut, and scroll sideways."""


def estimated_height(item: Item, width: int) -> int:
    """A guess of a message's rows, good enough for a scroll bar: every line break counts, and every full line."""
    text = item.text
    return 3 + text.count("\n") + len(text) // width + bool(item.metadata)
