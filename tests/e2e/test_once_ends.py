"""However `--once` ends in mid-answer, question and partial answer are kept and the bill is settled or swept (ROB-9, P29)."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.chat_server import ChatServer, Reply, answer, frame
from tests.e2e.program import once, start, summary

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

PARTIAL = "The first half of it" + " and more" * 300


@pytest.fixture
def hanging() -> Iterator[ChatServer]:
    """Sends half an answer, then nothing until the test is over."""
    never = threading.Event()
    with ChatServer(Reply(steps=(frame(PARTIAL), never)), answer("whole")) as server:
        yield server
        never.set()


def in_mid_answer(server: ChatServer, *args: str) -> subprocess.Popen[bytes]:
    """A child that has printed half an answer and waits for the rest."""
    child = start("--once", "--base-url", server.base_url, "--wire", "openai", "-m", "m", *args, "a question")
    assert child.stdout is not None
    seen = b""
    while len(seen) < len(PARTIAL):
        piece = os.read(child.stdout.fileno(), 65536)
        assert piece, child.communicate()
        seen += piece
    return child


def database() -> sqlite3.Connection:
    return sqlite3.connect(Path(os.environ["LLMTUI_DATA_DIR"]) / "llmtui.db")


def partials() -> list[tuple[str]]:
    with database() as connection:
        return connection.execute("SELECT content FROM partials").fetchall()


def wait_until(condition: Callable[[], bool], limit_s: float = 30) -> None:
    """Until the condition holds, looked at every few milliseconds."""
    waiting = threading.Event()
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end
        waiting.wait(0.01)


def messages() -> list[tuple[str, str, str]]:
    with database() as connection:
        return connection.execute("SELECT role, content, state FROM messages ORDER BY seq").fetchall()


def attempts() -> list[tuple[str, str, int]]:
    with database() as connection:
        return connection.execute(
            "SELECT state, resolution, reserved_nanos FROM attempts ORDER BY started_at"
        ).fetchall()


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["SIGINT", "SIGTERM", "SIGHUP"],
)
def test_p29_a_signal_keeps_what_arrived_and_settles(hanging: ChatServer, number: signal.Signals, code: int) -> None:
    child = in_mid_answer(hanging)
    child.send_signal(number)
    out, err = child.communicate(timeout=30)
    assert child.returncode == code
    assert out == b"\n"
    assert b"Traceback" not in err
    assert messages() == [("user", "a question", "complete"), ("assistant", PARTIAL, "cancelled")]
    assert attempts() == [("cancelled", "unknown", 0)]


def test_p29_the_summary_of_a_cancelled_answer_says_so(hanging: ChatServer) -> None:
    child = start("--once", "--base-url", hanging.base_url, "--wire", "openai", "-m", "m", "--format", "json", "q")
    assert child.stdout is not None
    first = child.stdout.readline()
    assert b"The first half" in first
    child.send_signal(signal.SIGINT)
    rest, _ = child.communicate(timeout=30)
    end = summary(rest)
    assert child.returncode == 130
    assert end["finish_reason"] == "cancelled"
    assert end["content"] == PARTIAL
    assert end["error"] is None
    assert end["cost"]["usd"] is None


def test_p29_a_closed_pipe_ends_quietly_and_settles(hanging: ChatServer) -> None:
    never = threading.Event()
    reader, writer = os.pipe()
    endless = Reply(steps=(*[frame("line\n")] * 2000, never))
    with ChatServer(endless) as server:
        child = start("--once", "--base-url", server.base_url, "--wire", "openai", "-m", "m", "q", stdout=writer)
        os.close(writer)
        os.read(reader, 5)
        os.close(reader)
        _, err = child.communicate(timeout=30)
        never.set()
    assert child.returncode == 141
    assert err == b""
    assert [row[0] for row in attempts()] == ["cancelled"]
    assert messages()[1][1].startswith("line\nline\n")


def test_rob_9_kill_9_loses_nothing_that_the_next_start_does_not_find(hanging: ChatServer) -> None:
    """ROB-9, P28: the interrupted answer is there, marked, with its usage booked as an estimate."""
    child = in_mid_answer(hanging)
    wait_until(lambda: bool(partials()))
    child.kill()
    child.communicate()
    assert attempts()[0][0] == "open"
    done = once(hanging.base_url, "next question")
    assert done.stdout == b"whole\n"
    stored = messages()
    assert stored[0] == ("user", "a question", "complete")
    assert stored[1][2] == "interrupted"
    assert stored[1][1] == PARTIAL
    assert [row[0] for row in attempts()] == ["interrupted", "completed"]
    with database() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        swept = connection.execute(
            "SELECT output_tokens, usage_source FROM attempts WHERE state = 'interrupted'"
        ).fetchone()
    assert swept[0] > 400
    assert swept[1] == "estimate"


def test_rob_9_a_stalling_stream_is_flushed_within_a_second(hanging: ChatServer) -> None:
    """ROB-9: what is on the screen is on the disk a second later, also when nothing more arrives."""
    never = threading.Event()
    with ChatServer(Reply(steps=(frame("short"), never))) as server:
        child = start("--once", "--base-url", server.base_url, "--wire", "openai", "-m", "m", "q")
        wait_until(lambda: (Path(os.environ["LLMTUI_DATA_DIR"]) / "llmtui.db").exists() and server.requests != [])
        wait_until(lambda: partials() == [("short",)])
        child.kill()
        child.communicate()
        never.set()


def test_a_signal_before_any_text_prints_nothing() -> None:
    """stdout carries the answer and nothing else."""
    end = threading.Event()
    with ChatServer(Reply(steps=(frame(""), end))) as server:
        process = start("--once", "--base-url", server.base_url, "--wire", "openai", "-m", "m", "hi")
        server.wait_for_requests(1)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
        end.set()
    assert (process.returncode, out) == (143, b"")


def test_a_signal_while_waiting_for_a_retry_ends_the_wait() -> None:
    from tests.e2e.chat_server import error

    with ChatServer(error(429, "slow down", headers=[("retry-after", "30")])) as server:
        child = start("--once", "--base-url", server.base_url, "--wire", "openai", "-m", "m", "-v", "q")
        assert child.stderr is not None
        said = child.stderr.readline()
        assert b"retry 1/5" in said
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=20)
    assert child.returncode == 143
    assert [row[0] for row in attempts()] == ["failed"]
    assert messages()[0][1] == "q"
