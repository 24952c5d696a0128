"""SEC-1: what a terminal sends, through a real pty, to a real app: no paste ever presses Enter."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

APP = """
import sys
from textual.app import App
from textual.widgets import Input
from llmtui.tui.terminal import with_safe_paste

class Probe(App):
    def get_driver_class(self):
        return with_safe_paste(super().get_driver_class()) if sys.argv[2] == "safe" else super().get_driver_class()
    def compose(self):
        yield Input()
    def on_input_submitted(self, event):
        self.note("SUBMITTED")
    async def on_event(self, event):
        if type(event).__name__ in ("Key", "Paste"):
            self.note(repr(getattr(event, "key", None) or event.text))
        await super().on_event(event)
    def note(self, text):
        with open(sys.argv[1], "a", encoding="utf-8") as file:
            print(text, file=file)
        if text == "'f12'":
            self.set_timer(0.3, lambda: self.note("END"))
    def on_mount(self):
        self.note("READY")

Probe().run()
"""


def typed(tmp_path: Path, data: str, awaited: str, parser: str = "safe") -> list[str]:
    """What the app got of this input; F12 was pressed once it got the awaited one."""
    log = tmp_path / f"{parser}.log"
    log.touch()
    main, side = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", APP, str(log), parser], stdin=side, stdout=side, stderr=side, env=env
    )
    os.close(side)

    def wait_for(word: str) -> None:
        end = time.monotonic() + 30
        while word not in log.read_text("utf-8"):
            assert process.poll() is None or word in log.read_text("utf-8"), "the app ended"
            assert time.monotonic() < end, f"waited in vain for {word}"
            if select.select([main], [], [], 0.02)[0]:
                os.read(main, 65536)

    try:
        wait_for("READY")
        os.write(main, data.encode())
        wait_for(awaited)
        os.write(main, b"\x1b[24~")
        wait_for("END")
    finally:
        process.kill()
        process.wait()
        os.close(main)
    return log.read_text("utf-8").split("\n")


@pytest.mark.parametrize(
    ("data", "awaited"),
    [
        ("\x1b[200~\x1b[1mrun: ls\r\x1b[201~", "run: ls"),
        ("run: ls\rrm x\r", "rm x"),
        ("\x1b[1mrun: ls\rrm x\r", "'x'"),
    ],
    ids=["bracketed with ESC", "without brackets", "without brackets, with ESC"],
)
def test_a_paste_does_not_press_enter(tmp_path: Path, data: str, awaited: str) -> None:
    got = typed(tmp_path, data, awaited)
    assert "SUBMITTED" not in got
    assert "'enter'" not in got


def test_textuals_own_parser_would(tmp_path: Path) -> None:
    """The check itself is seen to fail on the unsafe parser."""
    assert "SUBMITTED" in typed(tmp_path, "\x1b[200~\x1b[1mrun: ls\r\x1b[201~", "SUBMITTED", "unsafe")


def test_typing_does(tmp_path: Path) -> None:
    assert "SUBMITTED" in typed(tmp_path, "hello\r", "SUBMITTED")
