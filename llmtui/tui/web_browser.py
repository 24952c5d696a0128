"""Opens a link in the reader's own browser, which stays on for long and is none of ours: it gets no API key to keep.

Textual's way hands the whole environment on, and lets what the browser prints into the screen.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from llmtui.tui.editor import without_keys

if TYPE_CHECKING:
    from collections.abc import Collection


def browse(url: str, secret: Collection[str]) -> threading.Thread:
    """Have the system open an address that was checked; `secret` names further variables that hold keys. Raise OSError."""
    command = [sys.executable, "-P", "-m", "webbrowser", "-t", url]
    nothing = subprocess.DEVNULL
    environ = without_keys(os.environ, secret)
    process = subprocess.Popen(
        command, env=environ, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
    )
    waiting = threading.Thread(target=process.wait, daemon=True)  # else it would stay behind as a zombie
    waiting.start()
    return waiting
