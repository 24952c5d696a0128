"""`/compare` in `llmtui --plain`: several models answer one after the other, each with its figures; one is kept (STR-15)."""

from __future__ import annotations

import signal
import subprocess
import threading

from tests.e2e.chat_server import ChatServer, Reply, answer, error, frame
from tests.e2e.program import start
from tests.e2e.test_plain import SERVER, asked, database, messages, plain, starting


def booked() -> list[tuple[str, str, str]]:
    with database() as connection:
        return connection.execute("SELECT model, purpose, state FROM attempts ORDER BY started_at, rowid").fetchall()


def test_str_15_models_answer_in_turn_and_one_is_kept() -> None:
    """STR-15: with what was said before and the system prompt; the others leave only their bills."""
    typed = (
        "/system Be brief.\nfirst\n/compare custom/a custom/b custom/c -- second -- really\n/keep 3\n/keep 2\nthird\n"
    )
    replies = [answer("one"), answer("from a"), answer("from b"), error(400, "no"), answer("end")]
    with ChatServer(*replies) as server:
        lines = plain(server, typed, "--retries=0")
        bodies = [request.body for request in server.requests]
    assert [body["model"] for body in bodies] == ["m", "a", "b", "c", "m"]
    assert [each["content"] for each in bodies[2]["messages"]] == ["Be brief.", "first", "one", "second -- really"]
    at = lines.index("answer 2 of 3: custom/b")
    assert lines[at + 1] == "thinking: custom/b"
    assert lines[at + 3] == "from b"
    assert lines[at + 4].startswith("done: 5 tokens in, 7 out, 12 in all; ")
    assert not [line for line in lines if line.startswith("ways on: ")]
    assert starting(lines, "error: answer 3 cannot be kept")
    assert "kept: the answer of custom/b" in lines
    assert [each["content"] for each in asked(server)] == [
        "Be brief.", "first", "one", "second -- really", "from b", "third",
    ]  # fmt: skip
    assert [row[:2] for row in booked()] == [("m", "chat"), *((name, "compare") for name in "abc"), ("m", "chat")]
    assert "from a" not in [content for _, content, _ in messages()]


def test_str_15_keeping_an_answer_begins_a_conversation() -> None:
    typed = "/set seed 7\n/compare demo/instant custom/b -- hello\n/list\n/keep 2\n/list\nmore\n"
    with ChatServer(answer("hi")) as server:
        lines = plain(server, typed)
    assert lines.index("there is no conversation yet") < lines.index("kept: the answer of custom/b")
    assert [each["content"] for each in asked(server)] == ["hello", "hi", "more"]
    with database() as connection:
        assert connection.execute("SELECT title, settings FROM conversations").fetchall() == [("hello", '{"seed": 7}')]


WRONG = {
    "/compare": "say which models, and the question",
    "/compare demo/instant demo/quick": "say which models, and the question",
    "/compare demo/instant -- x": "two to four models can be compared",
    "/compare demo/instant nowhere/x -- x": "there is no provider “nowhere”",
    "/keep 1": "nothing was compared yet",
}


def test_what_cannot_be_compared_or_kept_is_said() -> None:
    with ChatServer(answer("hi")) as server:
        lines = plain(server, "\n".join(WRONG), code=2)
        said = [line for line in lines if line.startswith("error: ")]
        assert len(said) == len(WRONG)
        for line, wanted in zip(said, WRONG.values(), strict=True):
            assert line.startswith(f"error: {wanted}")
        compared = "/compare custom/a custom/b -- x\n"
        lines = plain(server, f"{compared}/keep 3\n", code=2)
        assert "error: /keep takes the number of an answer, 1 to 2, not “3”" in lines
        lines = plain(server, f"{compared}/keep 1\n", "--no-store", code=2)
        assert "error: conversations are not kept here" in lines


def test_str_15_a_signal_settles_the_answer_that_comes_and_asks_no_other_model() -> None:
    """STR-15, COST-3"""
    never = threading.Event()
    with ChatServer(Reply(steps=(frame("first line\nsecond"), never))) as server:
        child = start("--plain", "--base-url", server.base_url, *SERVER, stdin=subprocess.PIPE)
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(b"/compare custom/a custom/b -- x\n")
        child.stdin.flush()
        while b"first line" not in child.stdout.readline():
            assert child.poll() is None
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=30)
        never.set()
        assert len(server.requests) == 1
    assert child.returncode == 130
    assert b"second\nstopped: about " in out
    assert booked() == [("a", "compare", "cancelled")]
    assert messages() == []
