"""The desktop's clipboard programs and OSC 52, the terminal's own way: which of them can work here.

Called only because the reader asked for a copy: nothing else may write there.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

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
NO_PROGRAM = "no clipboard program was found: wl-copy, xclip, xsel or pbcopy"


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


def give(argv: tuple[str, ...], text: str, environ: Mapping[str, str]) -> bool:
    """Whether the program took the text. Blocks, but not for long: it may stay behind to serve what it took."""
    import subprocess

    encoding = "utf-16-le" if argv[0] == "clip.exe" else "utf-8"
    known = {name: environ[name] for name in ENVIRONMENT if name in environ}
    try:
        done = subprocess.run(
            argv,
            input=text.encode(encoding, "replace"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=known,
            timeout=LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def osc_52(text: str) -> str:
    """What puts a text into the clipboard of the terminal that reads it; empty for one too long for every terminal."""
    from base64 import b64encode

    data = text.encode("utf-8", "replace")
    return f"\x1b]52;c;{b64encode(data).decode()}\a" if len(data) <= OSC_52_LIMIT else ""


def copy_here(text: str) -> str:
    """Give the text to the desktop's program, and return the program's name; empty where there is none, or it failed."""
    argv = command(os.environ)
    return argv[0] if argv is not None and give(argv, text, os.environ) else ""
