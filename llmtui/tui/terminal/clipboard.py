"""Puts a text into the clipboard: through the terminal (OSC 52, also over SSH) and through a program of the desktop.

Called only because the reader pressed a key or clicked: nothing else may write there.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from llmtui import clipboard
from llmtui.clipboard import NO_PROGRAM, OSC_52_LIMIT

if TYPE_CHECKING:
    from textual.app import App

PAGE_LIMIT = 7_000_000
"""The same of the terminal in a page."""


class Copied(NamedTuple):
    """What was done with a text."""

    tool: str
    """The program that took it; empty when none did."""
    through_terminal: bool
    """It was also given to the terminal, which does not say whether it took it."""
    in_browser: bool = False
    """The terminal is a page."""

    @property
    def sentence(self) -> str:
        """For a notice."""
        if self.tool:
            return "Copied"
        if self.through_terminal:
            return "Copied through the browser" if self.in_browser else "Copied through the terminal"
        if self.in_browser:
            return "Too long for the browser's clipboard"
        return f"Too long for the terminal's clipboard, and {NO_PROGRAM}"


async def copy(app: App[object], text: str) -> Copied:
    """Give the text to the terminal and to the desktop's clipboard program, if there is one. Never raises."""
    through_terminal = len(text.encode("utf-8", "replace")) <= (PAGE_LIMIT if app.is_web else OSC_52_LIMIT)
    if through_terminal:
        app.copy_to_clipboard(text.encode("utf-8", "replace").decode("utf-8"))
    if app.is_web:  # the reader's clipboard is the browser's; a program here would fill the server's
        return Copied("", through_terminal, in_browser=True)
    return Copied(await asyncio.to_thread(clipboard.copy_here, text), through_terminal)
