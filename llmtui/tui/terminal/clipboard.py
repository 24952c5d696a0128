"""Puts a text into the clipboard: through the terminal (OSC 52, also over SSH) and through a program of the desktop.

Called only because the reader pressed a key or clicked: nothing else may write there.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import App

TOOLS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("WAYLAND_DISPLAY", ("wl-copy",), "linux"),
    ("DISPLAY", ("xclip", "-selection", "clipboard"), "linux"),
    ("DISPLAY", ("xsel", "--clipboard", "--input"), "linux"),
    ("", ("pbcopy",), "darwin"),
    ("", ("clip.exe",), "win32"),
    ("WSL_DISTRO_NAME", ("clip.exe",), "linux"),
)
"""Variable that must be set, command that reads the text from its standard input, platform."""
ENVIRONMENT = (
    "PATH",
    "HOME",
    "LANG",
    "DISPLAY",
    "XAUTHORITY",
    "WAYLAND_DISPLAY",
    "XDG_RUNTIME_DIR",
    "SYSTEMROOT",
    "WSL_INTEROP",
)
"""All that such a program gets to know; API keys are not among it."""
LIMIT_S = 2.0
OSC_52_LIMIT = 74_994
"""Bytes of text that every terminal with OSC 52 takes; some ignore longer ones without a word."""

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
        return (
            "Too long for the terminal's clipboard, and no clipboard program was found: wl-copy, xclip, xsel or pbcopy"
        )


def command(environ: Mapping[str, str], platform: str = sys.platform) -> tuple[str, ...] | None:
    """The first clipboard program that can work here. Over SSH there is none: it would fill the wrong clipboard."""
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return None
    for variable, argv, system in TOOLS:
        if (
            platform == system
            and (not variable or environ.get(variable))
            and shutil.which(argv[0], path=environ.get("PATH"))
        ):
            return argv
    return None


async def copy(app: App[object], text: str) -> Copied:
    """Give the text to the terminal and to the desktop's clipboard program, if there is one. Never raises."""
    through_terminal = len(text.encode("utf-8", "replace")) <= (PAGE_LIMIT if app.is_web else OSC_52_LIMIT)
    if through_terminal:
        app.copy_to_clipboard(text.encode("utf-8", "replace").decode("utf-8"))
    if app.is_web:  # the reader's clipboard is the browser's; a program here would fill the server's
        return Copied("", through_terminal, in_browser=True)
    argv = command(os.environ)
    took = argv is not None and await _pipe(argv, text)
    return Copied(argv[0] if argv and took else "", through_terminal)


async def _pipe(argv: tuple[str, ...], text: str) -> bool:
    """Whether the program took the text. It may stay behind to serve it, so its end is not awaited for long."""
    encoding = "utf-16-le" if argv[0] == "clip.exe" else "utf-8"
    environ = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=null, stderr=null, env=environ)
    except OSError:
        return False
    try:
        async with asyncio.timeout(LIMIT_S):
            await process.communicate(text.encode(encoding, "replace"))
    except TimeoutError:
        process.kill()
        await process.wait()
        return False
    except OSError:
        return False
    return process.returncode == 0
