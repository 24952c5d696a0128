"""Hostile text on the chat's own surfaces, links, crashes, signals: nothing foreign reaches the terminal or an action."""

from __future__ import annotations

import ast
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import llmtui.tui
from llmtui.core.errors import InputRefused
from llmtui.core.links import openable
from llmtui.core.messages import ModelRef
from tests.tui.conftest import driving

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTILE = [
    "[/foo]",
    "[@click=app.quit]press[/]",
    "x [/a/b.py]",
    "x [/",
    "\x1b]0;owned\x07\x1b[2J",
    "\x9b31m\x00\x7f",
    "a\u202eb\u2066c",
    "e" + "\u0301" * 50,
]
FOREIGN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
async def test_hostile_titles_models_and_errors_are_only_text(text: str) -> None:
    """SEC-1: in header, list, status bar, notices, pickers, prompt marks; no crash, no control character, no action."""
    async with driving(size=(120, 40)) as driven:
        await driven.ask("one")
        chat = driven.chat
        chat.prompt.fill(f"/rename {text}")
        await driven.press("enter")
        chat.talk.model = ModelRef("demo", text)
        chat.say(text)
        chat.refresh_status()
        await driven.until(lambda: chat.sidebar is not None and "Today" in driven.screen_text())
        chat.reload_list()
        await driven.pilot.pause(0.1)
        assert not FOREIGN.search(driven.screen_text().replace("\n", ""))
        for key in ("f2", "f3", "f10"):
            await driven.press(key)
            await driven.type("on")
            await driven.pilot.pause(0.1)
            assert not FOREIGN.search(driven.screen_text().replace("\n", ""))
            await driven.press("escape")
        chat.view.offer(text, ())
        await driven.pilot.pause()
        assert not FOREIGN.search(driven.screen_text().replace("\n", ""))
        await driven.pilot.click("#header", offset=(12, 0))
        await driven.pilot.click("#status", offset=(3, 0))
        assert not driven.app._exit


# ---------------------------------------------------------------------------------------------------- the source

SAFE_CALLS = {"_head", "Content", "Text"}
CHECKED = {"Static", "Label", "Button", "Option", "update", "notify", "add_option", "Tooltip"}
"""Calls whose first argument would be read as markup if it were a plain string that is not our own."""


def _sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(Path(llmtui.tui.__path__[0]).rglob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"))


def _name(function: ast.expr) -> str:
    return (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )


def _is_safe(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return "[" not in str(node.value)
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"stylize", "truncate"}
    ):
        return _is_safe(node.func.value)
    return isinstance(node, ast.Call) and _name(node.func) in {*SAFE_CALLS, "join", "content", "assemble"}


def test_no_string_reaches_a_parameter_that_parses_markup() -> None:
    """SEC-1: over the source: labels, options, titles and notices are Content, constants, or have markup=False."""
    found = []
    for path, tree in _sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = _name(node.func)
                off = any(
                    word.arg == "markup" and getattr(word.value, "value", None) is False for word in node.keywords
                )
                if name in CHECKED and node.args and not off and not _is_safe(node.args[0]):
                    owner = ast.unparse(node.func)
                    if not owner.endswith(
                        (".content.update", "marks.update", "hashes.update", "view.update", "styles.update")
                    ):
                        found.append(f"{path.name}:{node.lineno}: {ast.unparse(node)[:80]}")
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Attribute) and target.attr in {
                        "border_title",
                        "border_subtitle",
                        "tooltip",
                    }:
                        value = node.value
                        values = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
                        if not all(_is_safe(each) or ast.unparse(each) == "None" for each in values):
                            found.append(f"{path.name}:{node.lineno}: {ast.unparse(node)[:80]}")
    assert found == []


def test_the_check_of_the_source_sees_a_risky_call() -> None:
    """SEC-1: the check itself is able to fail."""
    call = ast.parse("Static(title)").body[0]
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    assert not _is_safe(call.value.args[0])
    assert _is_safe(ast.parse("Content(title)", mode="eval").body)
    assert not _is_safe(ast.parse("'[b]x'", mode="eval").body)


# ---------------------------------------------------------------------------------------------------- links


@pytest.mark.parametrize(
    "url",
    [
        "ssh://-oProxyCommand=x",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "--help",
        "-x",
        "",
        "https://user@evil.example/",
        "https://user:pass@evil.example/",
        "https://evil.example/a b",
        "https://evil.example/\x1b[31m",
        "https://evil.example\\@good.example",
        "https://",
        "https://-evil.example/",
        "https://a.example:99999/",
        "mailto:a@b.example?body=x",
        "mailto:-x",
        "https://a\u202e.example/",
        "https://" + "ä" * 70 + ".example/",
        "/local/path",
    ],
)
def test_links_that_are_refused(url: str) -> None:
    """SEC-1: only http, https and mailto; no user info, no leading dash, no control or space."""
    with pytest.raises(InputRefused):
        openable(url)


@pytest.mark.parametrize(
    ("url", "opened"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("HTTP://Example.org", "http://example.org"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://[::1]:8080/", "https://[::1]:8080/"),
        ("mailto:a@b.example", "mailto:a@b.example"),
    ],
)
def test_links_that_are_opened(url: str, opened: str) -> None:
    """SEC-1: international names in punycode."""
    assert openable(url) == opened


async def test_a_link_shows_its_whole_target_before_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """SEC-1: a dialog with the target; only yes opens it."""
    from llmtui.tui.widgets.transcript_events import LinkActivated

    went: list[str] = []
    async with driving() as driven:
        monkeypatch.setattr(driven.app, "open_url", lambda url, **_: went.append(url))
        driven.chat.transcript.post_message(LinkActivated("https://bücher.example/path"))
        await driven.until(lambda: driven.app.screen is not driven.chat)
        assert "https://xn--bcher-kva.example/path" in driven.screen_text()
        await driven.press("enter")
        assert went == [], "the harmless answer has the focus"
        driven.chat.transcript.post_message(LinkActivated("https://a.example/"))
        await driven.until(lambda: driven.app.screen is not driven.chat)
        await driven.press("y")
        assert went == ["https://a.example/"]
        driven.chat.transcript.post_message(LinkActivated("file:///etc/passwd"))
        await driven.until(lambda: "Only http" in driven.notices())


# ---------------------------------------------------------------------------------------------------- how it ends

PROGRAM = """
import os, sys
from llmtui.config import Config
from llmtui.core.options import Options
from llmtui.tui import app as module
if sys.argv[1] == "crash":
    def broken(self):
        canary = "sk-canary-canary-canary"
        raise RuntimeError("x [/broken")
    module.ChatScreen.refresh_status = broken
sys.exit(module.run(Options(demo=True, model="quick"), Config()))
"""


class Ended:
    """What a program that ran on a terminal left behind."""

    def __init__(self, how: str, keys: bytes = b"", kill: int | None = None) -> None:
        main, side = pty.openpty()
        before = termios.tcgetattr(side)
        env = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, how], stdin=side, stdout=side, stderr=side, env=env)
        seen = b""
        sent = False
        end = time.monotonic() + 40
        while process.poll() is None and time.monotonic() < end:
            if select.select([main], [], [], 0.05)[0]:
                seen += os.read(main, 65536)
            if not sent and b"ready" in seen:
                sent = True
                if keys:
                    os.write(main, keys)
                if kill:
                    process.send_signal(kill)
        process.kill()
        self.status = process.wait()
        while select.select([main], [], [], 0.05)[0]:
            seen += os.read(main, 65536)
        self.screen = seen
        self.after = seen.rpartition(b"\x1b[?1049l")[2].decode()
        """What is printed once the alternate screen is left."""
        self.restored = termios.tcgetattr(side)[:4] == before[:4]
        os.close(main)
        os.close(side)


@pytest.mark.parametrize(
    ("how", "keys", "kill", "status"),
    [
        ("quit", b"\x11", None, 0),
        ("term", b"", signal.SIGTERM, 143),
        ("hup", b"", signal.SIGHUP, 129),
        ("int", b"", signal.SIGINT, 130),
        ("crash", b"", None, 1),
    ],
)
def test_the_terminal_is_as_it_was_after_every_end(how: str, keys: bytes, kill: int | None, status: int) -> None:
    """SEC-1, ROB-9: alternate screen, cursor, mouse, paste mode, echo; the exit code says how it ended."""
    ended = Ended(how, keys, kill)
    assert ended.status == status, ended.after
    assert ended.restored
    for on, off in (
        (b"\x1b[?1049h", b"\x1b[?1049l"),
        (b"\x1b[?2004h", b"\x1b[?2004l"),
        (b"\x1b[?1000h", b"\x1b[?1000l"),
        (b"\x1b[?25l", b"\x1b[?25h"),
    ):
        assert ended.screen.rfind(off) > ended.screen.rfind(on), on
    words = re.sub(r"\x1b\[[0-9;?<>=]*[a-zA-Z]", "", ended.after).strip()
    if how == "crash":
        assert "unexpected error (RuntimeError)" in words
        assert len(words.splitlines()) == 1
        assert "canary" not in ended.screen.decode("utf-8", "replace")
        assert "Traceback" not in ended.screen.decode("utf-8", "replace")
    else:
        assert words == ""
