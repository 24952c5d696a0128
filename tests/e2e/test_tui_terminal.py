"""What a terminal sends and what it is sent: keys in the forms terminals have for them, pastes, mouse, hostile text."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.e2e.chat_server import DONE, ChatServer, Reply, answer, error, frame
from tests.support.terminal import Terminal, foreign

if TYPE_CHECKING:
    from pathlib import Path

SHIFT_ENTER = ("\x1b[13;2u", "\x1b[27;2;13~")
F1, F2, F3, F4, F6, F7 = "\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS", "\x1b[17~", "\x1b[18~"
PAGE_UP, CTRL_END, CTRL_UP, SHIFT_TAB = "\x1b[5~", "\x1b[1;5F", "\x1b[1;5A", "\x1b[Z"
ESC, CTRL_C, CTRL_Q = "\x1b", "\x03", "\x11"
PLAIN_ESC = "\x1b[27u"
"""The same from a terminal that tells it apart from the beginning of a sequence."""
HEAD = "F1 help"
"""Painted anew when a dialog closes."""
EDGE = "╭"
"""Of the prompt: painted anew when the focus comes or goes."""


def chat(server: ChatServer, **how: object) -> Terminal:
    return Terminal("--base-url", server.base_url, "--wire", "openai", "-m", "m", **how)  # type: ignore[arg-type]


def asked(server: ChatServer) -> str:
    content: str = server.requests[-1].body["messages"][-1]["content"]
    return content


def test_new_lines_and_pastes_never_send() -> None:
    """CHAT-2, SEC-1: Shift+Enter in both forms, Ctrl+J, a backslash, a paste with ESC and Enter in it, one without brackets."""
    with ChatServer(answer("Fine.")) as server, chat(server) as terminal:
        terminal.until("ready", anew=False)
        terminal.press("a", "a")
        for form in SHIFT_ENTER:
            terminal.press(f"{form}s", "s")
        terminal.press("\n")
        terminal.press("b\\", "b\\")
        terminal.press("\r")
        terminal.press("\x1b[200~p\x1b[1mq\rr\x1b[201~", "r")
        terminal.press("x\rrm y\r", "rm y")
        assert server.requests == []
        terminal.press("z", "z")
        terminal.press("\r", "Fine.")
        assert asked(server) == "a\ns\ns\nb\np␛[1mq\nrx\nrm y\nz"
        terminal.send(CTRL_Q)
        assert terminal.ended() == 0


def test_keys_and_mouse_while_an_answer_streams() -> None:
    """STR-7, STR-8, STR-9, CHAT-4: F6 and F7 from the prompt, scrolling away and back, a click, copying, Esc, Ctrl+C."""
    more, last = threading.Event(), threading.Event()
    lines = "".join(f"line {n}\n\n" for n in range(60))
    steps = (frame("```py\ncopy_me = 1\n```\n"), frame(lines), more, frame("more\n\n" * 9), last, frame("end"), DONE)
    with ChatServer(Reply(steps=steps)) as server, chat(server) as terminal:
        terminal.until("ready", anew=False)
        terminal.press("question", "question")
        terminal.press("\r", "line 59")
        terminal.press(F6, "Usage")
        terminal.press(ESC, "line 59")
        terminal.press(F7, "ompare")
        terminal.press(
            PLAIN_ESC, "line 59"
        )  # a bare one and the next key's would be read as one, if they came together
        terminal.press(PAGE_UP, "line 40")
        more.set()
        terminal.until("new lines")
        terminal.press(CTRL_END, "more")
        for _ in range(60):
            terminal.press("\x1b[<64;50;5M")  # the wheel, up
            if b"copy_me" in terminal.output[-4000:]:
                break
        terminal.press("\x1b[<0;50;3M\x1b[<0;50;3m", "▌")  # a click
        terminal.press("typed", "typed")
        terminal.press(CTRL_UP, EDGE)
        terminal.press("9", "There is no code block 9 here")
        terminal.press("G")
        terminal.press("1")
        terminal.until("Copied through the terminal")
        assert b"\x1b]52;c;Y29weV9tZSA9IDEK" in terminal.output
        terminal.press("\t", EDGE)
        terminal.press(ESC, "ready")
        last.set()
        terminal.press(CTRL_C, "once more")
        terminal.send(CTRL_C)
        assert terminal.ended() == 0


HOSTILE = (
    "A\x1b[31mB\x1b]0;t\x07C\x1b]52;c;eA==\x1b\\D\x9b2JE\x90q\x9cF\x7f\x00\u202eG\u2066H\u200b\u200b\u200b\u200bI"
    "J" + "\u0301" * 30 + "\U000e0041 [/foo] [@click=app.quit]press[/] x [/a/b.py] [/ [bold]"
)
MARKDOWN = (
    f"{HOSTILE}\n\n```py\x1b]0;x\x07 [/l]\n{HOSTILE}\n```\n\n| {HOSTILE} | b |\n|---|---|\n| c | {HOSTILE} |\n\n"
    f"[link {HOSTILE}](http://a.example/\x1b]8;;http://b.example\x1b\\) \x1b]8;;http://c.example\x1b\\L\x1b]8;;\x1b\\\n\n> {HOSTILE}\n\n# {HOSTILE}\n"
)


def reasoned(text: str) -> bytes:
    return frame(None, choices=[{"index": 0, "delta": {"reasoning_content": text}, "finish_reason": None}])


def test_hostile_text_reaches_the_terminal_as_text_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SEC-1: answer, reasoning, title, model ids, error, file name, paste: no foreign control byte, no crash, no action."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "no\x1b[31mtes[@click=app.quit]x[].txt").write_text(HOSTILE, "utf-8")
    whole = Reply(steps=(reasoned(MARKDOWN), frame(MARKDOWN, model=HOSTILE), frame(finish="stop"), DONE))
    with (
        ChatServer(whole, error(400, HOSTILE, code=HOSTILE), models=(HOSTILE, "m")) as server,
        chat(server) as terminal,
    ):
        terminal.until("ready", anew=False)
        terminal.press(f"\x1b[200~{HOSTILE}\x1b[201~", "press")
        terminal.press("\r", "✓ ")
        terminal.press(f"{F2}", "Model")
        terminal.until("press")
        terminal.press(PLAIN_ESC, HEAD)
        terminal.press(f"{F3}", "Search")
        terminal.press("press", "press")
        terminal.press(PLAIN_ESC, HEAD)
        terminal.press(F4, "Context")
        terminal.press(PLAIN_ESC, HEAD)
        terminal.press(SHIFT_TAB, EDGE)
        terminal.press("\r", "Attempt 1")
        terminal.press(PLAIN_ESC, HEAD)
        terminal.press(" ")
        terminal.press("g")
        terminal.press("\t", EDGE)
        terminal.press("read @no", "tes[@click=app.quit]x[].txt")
        terminal.press("\t")
        terminal.press("\r", "Nothing")  # the file is no text
        terminal.press("\x15")
        terminal.press("again", "again")
        terminal.press("\r", "✗ ")
        terminal.press("\x1b[<0;30;8M\x1b[<0;30;8m")
        terminal.send(PLAIN_ESC)  # a click may have met a link, whose target is asked about
        terminal.press(F1, "Help")
        terminal.press(PLAIN_ESC, HEAD)
        terminal.send(CTRL_Q)
        assert terminal.ended() == 0
        assert foreign(terminal.output) == []


def test_what_is_foreign_is_seen() -> None:
    """SEC-1: the check itself."""
    for text in (HOSTILE, "a\x07", "\x1b]0;t\x07", "\x1b]8;;http://x\x1b\\", "\x9b2J", "\x1b[2J\u202e", "\x1bc"):
        assert foreign(text.encode()), text
    assert foreign(b"\x1b[?1049h\x1b[1;2H\x1b[38;2;1;2;3mtext\x1b[0m\r\n") == []


@pytest.mark.parametrize("transparent", [True, False])
def test_transparent_keeps_the_terminals_own_background(tmp_path: Path, transparent: bool) -> None:
    """CHAT-4: no background is painted under the transcript; without the option there is one."""
    config = tmp_path / "config.toml"
    config.write_text(f"[ui]\ntransparent = {str(transparent).lower()}\nmouse = false\n", "utf-8")
    with ChatServer(answer("Fine.")) as server, chat(server, env={"LLMTUI_CONFIG": str(config)}) as terminal:
        terminal.until("ready", anew=False)
        terminal.press("question", "question")
        terminal.press("\r", "Fine.")
        before = terminal.output[: terminal.output.rfind(b"Fine.")]
        background = before[before.rfind(b"48;2;") :] if b"48;2;" in before else b""
        assert (b"49m" in before.rsplit(b"H", 1)[-1] or not background.startswith(b"48;2;17;21;26")) is transparent
        assert b"\x1b[?1000h" not in terminal.output, "with mouse = false the terminal selects by itself"
        terminal.send(CTRL_Q)
        assert terminal.ended() == 0
