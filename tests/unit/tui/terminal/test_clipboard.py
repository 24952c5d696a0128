"""STR-8: copying reaches the clipboard over SSH (through the terminal) and locally (through a program of the desktop)."""

from __future__ import annotations

import base64
import stat
import sys
from typing import TYPE_CHECKING

import pytest
from textual.app import App

from llmtui import clipboard as programs
from llmtui.tui.terminal import clipboard

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH, on a Wayland desktop."""
    for name in ("SSH_CONNECTION", "SSH_TTY", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    return tmp_path


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


async def test_the_desktops_program_gets_the_text_and_no_key(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    program(tools, "wl-copy", f"/bin/cat > {tools}/text; /usr/bin/env > {tools}/environment")
    app = App[object]()
    copied = await clipboard.copy(app, "grüße\nfib")
    assert copied == clipboard.Copied("wl-copy", True)
    assert copied.sentence == "Copied"
    assert (tools / "text").read_text("utf-8") == "grüße\nfib"
    assert "canary" not in (tools / "environment").read_text("utf-8")
    assert app.clipboard == "grüße\nfib"


async def test_a_program_that_fails_or_is_missing_leaves_the_terminal(tools: Path) -> None:
    assert (await clipboard.copy(App[object](), "x")).sentence == "Copied through the terminal"
    program(tools, "wl-copy", "exit 1")
    assert await clipboard.copy(App[object](), "x") == clipboard.Copied("", True)


async def test_a_program_that_hangs_is_ended(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "LIMIT_S", 0.1)
    program(tools, "wl-copy", "exec /bin/sleep 60")
    assert not (await clipboard.copy(App[object](), "x")).tool


async def test_a_long_text_is_not_given_to_a_terminal_that_would_drop_it(tools: Path) -> None:
    app = App[object]()
    copied = await clipboard.copy(app, "x" * (programs.OSC_52_LIMIT + 1))
    assert copied == clipboard.Copied("", False)
    assert "xclip" in copied.sentence
    assert app.clipboard == ""


async def test_a_lone_surrogate_is_copied_as_a_replacement(tools: Path) -> None:
    app = App[object]()
    assert (await clipboard.copy(app, "a\ud800b")).through_terminal
    assert app.clipboard == "a?b"


def test_over_ssh_the_far_clipboard_is_left_alone(tools: Path) -> None:
    program(tools, "wl-copy", "exit 0")
    there = {"PATH": str(tools), "WAYLAND_DISPLAY": "wayland-0"}
    assert programs.command(there, "linux") == ("wl-copy",)
    assert programs.command({**there, "SSH_CONNECTION": "1.2.3.4"}, "linux") is None


def test_the_program_fits_the_platform(tools: Path) -> None:
    for name in ("xclip", "xsel", "pbcopy", "clip.exe"):
        program(tools, name, "exit 0")
    path = {"PATH": str(tools)}
    assert programs.command(path, "darwin") == ("pbcopy",)
    assert programs.command(path, "win32") == ("clip.exe",)
    assert programs.command(path, "linux") is None
    assert programs.command({**path, "DISPLAY": ":0"}, "linux") == ("xclip", "-selection", "clipboard")
    assert programs.command({**path, "WSL_DISTRO_NAME": "x"}, "linux") == ("clip.exe",)
    (tools / "xclip").unlink()
    assert programs.command({**path, "DISPLAY": ":0"}, "linux") == ("xsel", "--clipboard", "--input")


async def test_the_terminal_gets_osc_52() -> None:
    """The contract with Textual: what `copy_to_clipboard` writes."""
    written: list[str] = []
    app = App[object]()

    class Driver:
        def write(self, data: str) -> None:
            written.append(data)

    app._driver = Driver()  # type: ignore[assignment]
    app.copy_to_clipboard("fib")
    assert written == [f"\x1b]52;c;{base64.b64encode(b'fib').decode()}\a"]
