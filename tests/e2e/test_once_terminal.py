"""`--once` on a real terminal: rendered, cleaned, and what a person sees of it (SEC-2, CHAT-7)."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
from typing import TYPE_CHECKING

import pytest

from tests.e2e.chat_server import DONE, ChatServer, Reply, answer, error, frame
from tests.e2e.program import LLMTUI, environment

if TYPE_CHECKING:
    from collections.abc import Callable

CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]|\xc2[\x80-\x9f]")
OURS = re.compile(rb"\x1b\[[0-9;]*[mAJK]")


def on_terminal(
    *args: str,
    columns: int = 80,
    env: dict[str, str] | None = None,
    seen: Callable[[bytes], None] = lambda _: None,
) -> tuple[int, bytes]:
    """Exit code and everything that reached the terminal; stdin is no terminal, so that nothing is asked.

    `seen` is told after each read what has arrived so far.
    """
    main, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [*LLMTUI, *args],
        stdin=subprocess.DEVNULL,
        stdout=child,
        stderr=child,
        env=environment({"TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": "24", **(env or {})}),
    )
    os.close(child)
    out = b""
    while True:
        try:
            piece = os.read(main, 65536)
        except OSError:
            break
        if not piece:
            break
        out += piece
        seen(out)
    os.close(main)
    return process.wait(timeout=60), out


def _until(text: bytes, then: threading.Event, *args: str) -> tuple[int, bytes]:
    """As on_terminal; when the text has been seen, the event is set."""

    def seen(out: bytes) -> None:
        if text in out:
            then.set()

    return on_terminal(*args, "-m", "m", "hi", seen=seen)


def once(server: ChatServer, *args: str, env: dict[str, str] | None = None) -> tuple[int, bytes]:
    return on_terminal("--once", "--base-url", server.base_url, "--wire", "openai", "-m", "m", *args, "hi", env=env)


def test_markdown_is_rendered_and_a_summary_line_follows() -> None:
    with ChatServer(answer("# Title\n\nSome **bold** text and `code`.\n\n", "- one\n- two\n")) as server:
        code, out = once(server)
    text = OURS.sub(b"", out).decode()
    assert code == 0
    assert "Some bold text and code." in text
    assert "**" not in text
    assert "custom/m · 5 in · 7 out" in text
    assert b"\x1b[1m" in out


def test_no_color_draws_plain_text() -> None:
    with ChatServer(answer("# Title\n\ntext `code`")) as server:
        _, out = once(server, env={"NO_COLOR": "1"})
    assert re.search(rb"\x1b\[[0-9;]*m", out) is None


HOSTILE = "safe\x1b]52;c;aGFjaw==\x1b\\\x1b[2J\x1b]0;title\x07\x9b31m \x00\x7f\u202eevil [link](javascript:alert)"


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_sec_2_no_control_byte_of_the_model_reaches_the_terminal(kind: str) -> None:
    """SEC-1, SEC-2."""
    pieces = [HOSTILE[:7], HOSTILE[7:20], HOSTILE[20:]]
    with ChatServer(answer(*pieces)) as server:
        code, out = once(server, "--format", kind)
    assert code == 0
    ours = OURS.sub(b"", out)
    assert b"\x1b" not in ours
    assert not CONTROL.search(ours.replace(b"\r", b""))
    assert "\u202e" not in ours.decode()
    assert b"safe" in ours


@pytest.mark.parametrize("format_", ["json", "sse"])
def test_sec_2_json_on_a_terminal_is_cleaned_too(format_: str) -> None:
    """SEC-2: JSON itself escapes less than a terminal obeys."""
    with ChatServer(answer("a\x9b31m\x7f\u202eb \x1b[31m")) as server:
        code, out = once(server, "--format", format_)
    assert code == 0
    assert not CONTROL.search(out.replace(b"\r\n", b"\n"))
    assert "\u202e" not in out.decode()


def test_a_long_wait_shows_on_a_terminal_and_goes_with_the_first_text() -> None:
    """Progress goes to stderr when that is a terminal; a second passes before anything is said."""
    late = threading.Event()
    thinking = (
        b'data: {"model":"m","choices":[{"index":0,"delta":{"reasoning_content":"hm"},"finish_reason":null}]}\n\n'
    )
    with ChatServer(Reply(steps=(thinking, late, frame("at last"), frame(finish="stop"), DONE))) as server:
        code, out = _until(b"waiting for custom/m", late, "--once", "--base-url", server.base_url, "--wire", "openai")
    assert code == 0
    assert out.rindex(b"\r\x1b[K") < out.index(b"at last")
    assert b"waiting" not in out[out.index(b"at last") :]


def test_sec_1_an_error_of_the_server_is_cleaned_too() -> None:
    with ChatServer(error(400, "bad \x1b[31mthing\x07")) as server:
        code, out = once(server)
    assert code == 1
    assert b"\x1b[31m" not in out
    assert b"\x07" not in out


def test_a_long_answer_is_whole_although_it_scrolls_away() -> None:
    lines = [f"line {n}\n\n" for n in range(120)]
    with ChatServer(answer(*lines)) as server:
        _, out = once(server)
    text = OURS.sub(b"", out).decode()
    assert [n for n in range(120) if f"line {n}\r\n" not in text] == []
