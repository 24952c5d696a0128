"""What `llmtui --plain` can do besides asking, as the full screen can: budgets, keys, templates, copies (CHAT-8)."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e.chat_server import ChatServer, answer
from tests.e2e.program import run
from tests.e2e.test_cli_terminal import KEY, Terminal
from tests.e2e.test_plain import SERVER, asked, database, plain, starting, type_and_wait

if TYPE_CHECKING:
    import pytest


def configure(text: str) -> None:
    Path(os.environ["LLMTUI_CONFIG"]).write_text(text, "utf-8")


def test_sec_3_keys_and_settings_are_told_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """CHAT-5, SEC-3: where each key comes from, never the key."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    configure("[budget]\ndaily_usd = 5.0\n")
    done = run("--plain", "--demo", stdin=b"/keys\n/set seed 7\n/settings\n")
    lines = done.stdout.decode().splitlines()
    assert KEY not in done.stdout.decode()
    assert "variable OPENAI_API_KEY (…abcd)" in starting(lines, "openai: ")
    assert starting(lines, "demo: ") == "demo: built in, needs no key"
    assert starting(lines, "model: ") == "model: demo/steady"
    assert starting(lines, "budgets: ") == "budgets: today's $5.00"
    assert starting(lines, "conversations: ") == "conversations: kept"
    assert starting(lines, "config file: ") == f"config file: {os.environ['LLMTUI_CONFIG']}"
    assert starting(lines, "`llmtui config show`")


def test_bud_1_each_limit_is_told_and_raised_until_the_end() -> None:
    """BUD-1, BUD-3: used, limit, percentage, reset; a limit raised lets the refused question through."""
    configure('[prices."custom/m"]\ninput = 1000.0\noutput = 1000.0\n[budget]\ndaily_usd = 0.1\nweekly_tokens = 9000\n')
    typed = "/budget\nq\n/budget daily_usd $1,000\n/retry\n/budget\n"
    with ChatServer(answer("ok", prompt=100, completion=150)) as server:
        lines = plain(server, typed)
        assert len(server.requests) == 1
    told = [line for line in lines if line.startswith(("daily_usd: ", "weekly_tokens: "))]
    assert told[0].startswith("daily_usd: $0.00 of $0.1000 (0 %), resets 20")
    assert told[1].startswith("weekly_tokens: 0 tokens of 9,000 tokens (0 %), resets 20")
    assert "until llmtui ends: today's $1,000.00" in lines
    assert told[2].startswith("daily_usd: $0.2500 of $1,000.00 (0 %), resets 20")
    assert told[3].startswith("weekly_tokens: 250 tokens of 9,000 tokens (2 %)")


def test_chat_3_a_template_is_filled_in_and_sent() -> None:
    """CHAT-3"""
    configure('[templates.explain]\ntext = "Explain {{topic}} to {{audience}}"\n[templates.hi]\ntext = "Hello"\n')
    typed = '/template\n/template explain audience=kids topic="the tides"\n/role hi\n'
    with ChatServer(answer("ok")) as server:
        lines = plain(server, typed)
        assert [request.body["messages"][-1]["content"] for request in server.requests] == [
            "Explain the tides to kids",
            "Hello",
        ]
        terminal = Terminal("--plain", "--base-url", server.base_url, *SERVER, TERM="dumb")
        terminal.wait_for("you: ")
        type_and_wait(terminal, "/template explain audience=me\n", "topic: ")
        type_and_wait(terminal, "rain\n", "you: Explain rain to me", "done: ", "you: ")
        terminal.type("\x04")
        assert terminal.end()[0] == 0
    assert "templates: explain (topic, audience), hi" in lines
    assert asked(server)[-1]["content"] == "Explain rain to me"


WRONG = {
    "/template x": "there is no template “x”. /template lists them.",
    "/template t": "the template “t” needs v. /template t v=…",
    "/template t w": "“w” is not NAME=VALUE",
    "/template t 'v=1": "a quotation mark is not closed",
    "/template t v=1 w=2": "the template “t” has no variable “w”",
    "/budget x 3": "no limit “x” is set",
    "/budget daily_usd": "a limit is a number above 0, not “”",
    "/budget daily_usd nan": "a limit is a number above 0, not “nan”",
    "/copy": "there is no answer yet",
    "/copy all": "say /copy, /copy plain, or /copy with the number",
    "/context x": "/context takes nothing, or drop, not “x”",
    "/context drop": "there is nothing left to drop",
    "/version 1": "/version takes the number of a version of the answer, of which there is none yet",
    "/pin": "this conversation has not begun",
    "/archive": "this conversation has not begun",
}


def test_a_command_that_cannot_be_done_says_why() -> None:
    configure('[budget]\ndaily_usd = 1.0\n[templates.t]\ntext = "{{v}}"\n')
    done = run("--plain", "--demo", stdin="\n".join(WRONG).encode())
    said = [line for line in done.stdout.decode().splitlines() if line.startswith("error: ")]
    assert len(said) == len(WRONG)
    for line, wanted in zip(said, WRONG.values(), strict=True):
        assert line.startswith(f"error: {wanted}")
    assert done.returncode == 2


def test_a_conversation_is_pinned_archived_and_left() -> None:
    """STO-2"""
    typed = "one\n/pin\n/list\n/archive\n/list\n/archive\n/list\n/clear\ntwo\n"
    with ChatServer(answer("ok")) as server:
        lines = plain(server, typed)
    assert starting(lines, "pinned: ")
    assert len([line for line in lines if line.endswith("one, 2 messages, pinned")]) == 2
    assert lines.index("there is no conversation yet") < lines.index("back in the list")
    assert starting(lines, "new conversation, with the same model")
    assert [message["content"] for message in asked(server)] == ["two"]
    with database() as connection:
        assert connection.execute("SELECT pinned, archived FROM conversations ORDER BY created_at").fetchall() == [
            (1, 0),
            (0, 0),
        ]


def test_str_8_an_answer_is_copied_by_a_program_and_never_through_a_pipe(tmp_path: Path) -> None:
    """STR-8: OSC 52 goes to a terminal that can do it, and to nothing else."""
    with ChatServer(answer("**bold**\n\n```sh\nls\n```\n")) as server:
        arguments = ("--plain", "--base-url", server.base_url, *SERVER)
        bare = {"PATH": str(tmp_path), "WAYLAND_DISPLAY": "wayland-0", "SSH_CONNECTION": "", "SSH_TTY": ""}
        done = run(*arguments, stdin=b"q\n/copy\n", env=bare)
        assert b"not copied: no clipboard program was found" in done.stdout
        assert b"\x1b" not in done.stdout
        terminal = Terminal(*arguments, **bare)
        terminal.wait_for("you: ")
        type_and_wait(terminal, "q\n", "done: ", "you: ")
        type_and_wait(terminal, "/copy 1\n", "copied, through the terminal", "you: ")
        terminal.type("\x04")
        assert "\x1b]52;c;" + base64.b64encode(b"ls\n").decode() + "\a" in terminal.end()[1]
        program = tmp_path / "wl-copy"
        program.write_text(f"#!/bin/sh\n/bin/cat > {tmp_path}/text\n", "utf-8")
        program.chmod(0o755)
        done = run(*arguments, stdin=b"q\n/copy 2\n/copy 0000000015\n/copy plain\n", env=bare)
        assert done.stdout.count(b"error: the last answer has 1 code block\n") == 2
        assert b"copied, by wl-copy" in done.stdout
    assert (tmp_path / "text").read_text("utf-8").startswith("bold")


def test_str_10_every_version_stays_reachable() -> None:
    """STR-10: of an answer, and of a question with the branch that followed it."""
    typed = "q\n/retry\n/version\n/version 1\nmore\n/version\n/version 9\n/edit other\n/version question 1\n/show\n"
    with ChatServer(answer("one"), answer("two"), answer("three"), answer("four")) as server:
        lines = plain(server, typed)
        bodies = [request.body["messages"] for request in server.requests]
    assert lines.index("answer: version 2 of 2") < lines.index("answer: version 1 of 2")
    assert [each["content"] for each in bodies[2]] == ["q", "one", "more"]
    assert starting(lines, "error: /version takes the number of a version of the answer, 1 to 1")
    at = lines.index("question: version 1 of 2")
    assert lines[at + 1] == "more"
    assert lines[-1] == "three", "the branch of the earlier question is shown again"


def test_ctx_1_the_oldest_exchange_is_taken_out_and_brought_back() -> None:
    """BUD-3: a way out of a refusal."""
    with ChatServer(answer("ok")) as server:
        lines = plain(server, "first\nsecond\n/context drop\nthird\n/undo\nfourth\n")
        bodies = [[each["content"] for each in request.body["messages"]] for request in server.requests]
    assert "not sent any more: first; /undo brings it back" in lines
    assert bodies[2] == ["second", "ok", "third"]
    assert "sent again: first" in lines
    assert bodies[3] == ["first", "ok", "second", "ok", "third", "ok", "fourth"]
