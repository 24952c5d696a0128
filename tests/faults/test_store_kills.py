"""`kill -9` at every statement and at random moments: nothing acknowledged is lost, nothing is booked twice (ROB-9, P28)."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llmtui.core.messages import MessageState
from tests.support.store_victim import cost_of
from tests.support.stores import checked, rows, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
STATEMENTS = 130
"""More than a turn has, with what its triggers do."""


@pytest.fixture(scope="module")
def kill() -> Iterator[Callable[..., None]]:
    """Lets a process write into a file and kills it at a statement, or after some seconds."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.support.store_victim"],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdin is not None
    assert server.stdout is not None

    to, back = server.stdin, server.stdout

    def run(path: Path, said: Path, seed: int, *, statement: int = 0, seconds: float = 0.0) -> None:
        print(path, said, seed, statement, seconds, file=to, flush=True)
        assert back.readline() == "gone\n"

    yield run
    to.close()
    assert server.wait(30) == 0
    back.close()


def verify(path: Path, acknowledgements: Path) -> int:
    """Everything that was acknowledged is there, once; the number of acknowledgements."""
    said = acknowledgements.read_text().splitlines() if acknowledgements.exists() else []
    with running(path) as store:
        checked(store)
        attempts = {
            row[0]: row[1:]
            for row in rows(store, "SELECT id, state, cost_nanos, estimate_nanos, reserved_nanos FROM attempts")
        }
        messages = {message.id: message for i in range(5) for message in store.conversations.whole(f"c{i}")}
        for words in map(str.split, said):
            match words:
                case ["begun", asked, answer, attempt]:
                    assert messages[asked].content.startswith("asked ")
                    assert answer in messages
                    assert attempt in attempts
                case ["sent", attempt]:
                    assert attempts[attempt][0] in ("completed", "interrupted")
                case ["kept", answer, length]:
                    assert len(messages[answer].content) >= int(length)
                case ["settled", attempt, answer]:
                    assert attempts[attempt][0] == "completed"
                    assert messages[answer].content.endswith("end")
                    assert messages[answer].state is MessageState.COMPLETE
        for attempt, (state, cost, estimate, reserved) in attempts.items():
            assert reserved == 0
            if state == "completed":
                assert (cost, estimate) == (cost_of(attempt), None)
            else:
                assert state in ("interrupted", "void")
                assert (estimate is not None, cost) == (state == "interrupted", None)
        assert all(message.state is not MessageState.STREAMING for message in messages.values())
        assert rows(store, "SELECT count(*) FROM partials") == [(0,)]
        booked = sum(cost_of(attempt) for attempt, row in attempts.items() if row[0] == "completed")
        assert int(store.ledger.spent().resolved * 10**9) == booked
    return len(said)


def test_killed_at_every_statement(tmp_path: Path, kill: Callable[..., None]) -> None:
    """A file for each number, so that the next process does not repair what this one left."""
    acknowledged = []
    for statement in range(1, STATEMENTS + 1):
        path, said = tmp_path / f"{statement}.db", tmp_path / f"{statement}.said"
        kill(path, said, 1, statement=statement)
        acknowledged.append(verify(path, said))
    assert acknowledged == sorted(acknowledged)
    assert acknowledged[-1] >= 4, "the last ones are beyond the first turn"


def kill_at_random(tmp_path: Path, kill: Callable[..., None], times: int) -> None:
    dice = random.Random(11)
    path, said = tmp_path / "llmtui.db", tmp_path / "said"
    for seed in range(times):
        kill(path, said, seed, seconds=dice.uniform(0.005, 0.15))
        if seed % 10 == 9:
            verify(path, said)
    assert verify(path, said) > times // 10


def test_killed_at_random_moments(tmp_path: Path, kill: Callable[..., None]) -> None:
    kill_at_random(tmp_path, kill, 50)


@pytest.mark.soak
def test_killed_a_thousand_times(tmp_path: Path, kill: Callable[..., None]) -> None:
    kill_at_random(tmp_path, kill, 1000)
