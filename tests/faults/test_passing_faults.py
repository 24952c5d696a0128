"""Faults that pass: the same question is answered all the same, and the next request leaves when its wait is over.

Real sockets, real waits. The long form has a thousand faults and says how late the requests left:

    pytest -m soak tests/faults/test_passing_faults.py -s
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from typing import TYPE_CHECKING

import pytest

from llmtui.core.events import AttemptStarted, RetryScheduled
from llmtui.core.messages import ModelRef
from tests.support.desk import Desk, quick_folder
from tests.support.dialects import DIALECTS
from tests.support.wire_server import CLOSE, RESET, Reply, error_reply

if TYPE_CHECKING:
    from llmtui.chat.session import ChatSession
    from llmtui.core.events import TurnEvent
    from tests.support.wire_server import Request

NUMBER = re.compile(rb"passing-(\d+)\.")
CONFIG = "[retry]\nmax_retries = 5\nbase_s = 0.01\nmax_wait_s = 0.06\nmax_total_s = 60\n"
AT_ONCE = 4
"""So few that what is measured is the wait and not the crowd."""


def fault(kind: int, wire: str) -> Reply:
    """One of the ways in which a provider fails for a moment."""
    body = {"error": {"message": "in a moment"}}
    script = DIALECTS[wire].script(["x"])
    ways = (
        error_reply(429, body, {"retry-after-ms": "60"}),
        error_reply(429, body),
        error_reply(500, body),
        error_reply(503, body),
        error_reply(529, body),
        Reply(before=[b"HTTP/1.1 2", CLOSE]),
        Reply(before=[b"HTTP/1.1 2", RESET]),
        Reply(pieces=[script.body[:12], RESET], content_type=script.content_type),
        Reply(pieces=[DIALECTS[wire].failure("in a moment", 500)], content_type=script.content_type),
    )
    return ways[kind % len(ways)]


class Trial:
    """Asks questions that fail one to five times each, `faults` times in all, and are answered then."""

    def __init__(self, desk: Desk, faults: int) -> None:
        dice = random.Random(11)
        self._desk = desk
        self._wires = list(DIALECTS)
        self.left: list[int] = []
        """How many times each question fails yet."""
        while (missing := faults - sum(self.left)) > 0:
            self.left.append(min(missing, dice.randrange(1, 6)))
        self.answered = 0
        self.late_ms: list[float] = []
        """After each wait: from its end to the request's arrival at the server."""
        self._due: dict[int, float] = {}
        desk.server.choose = self._choose

    def _choose(self, request: Request) -> Reply:
        now = time.monotonic()
        found = NUMBER.search(request.body)
        assert found
        number = int(found[1])
        if number in self._due:
            self.late_ms.append((now - self._due.pop(number)) * 1000)
        wire = self._wires[number % len(self._wires)]
        if self.left[number] > 0:
            self.left[number] -= 1
            return fault(number + self.left[number], wire)
        script = DIALECTS[wire].script(["answered"])
        return Reply(pieces=script.frames, content_type=script.content_type)

    async def run(self) -> None:
        gate = asyncio.Semaphore(AT_ONCE)
        async with self._desk.on_loop(CONFIG) as (session, _):

            async def ask(number: int) -> None:
                async with gate:
                    await self._ask(session, number)

            await asyncio.gather(*map(ask, range(len(self.left))))

    async def _ask(self, session: ChatSession, number: int) -> None:
        attempts = 0

        def sink(event: TurnEvent) -> None:
            nonlocal attempts
            if isinstance(event, RetryScheduled):
                self._due[number] = time.monotonic() + event.wait_s
            attempts += isinstance(event, AttemptStarted)

        wire = self._wires[number % len(self._wires)]
        failing = self.left[number]
        result = await session.send(f"passing-{number}.", sink=sink, model=ModelRef(f"my-{wire}", "m"))
        if result.error is None and result.content == "answered" and attempts == failing + 1:
            self.answered += 1


def run(faults: int) -> Trial:
    with quick_folder() as folder, Desk(folder) as desk:
        trial = Trial(desk, faults)
        asyncio.run(trial.run())
        assert desk.still_reserved() == (0, 0, 0)
    return trial


def test_rob_1_rob_2_faults_that_pass_are_recovered_from() -> None:
    """ROB-1, ROB-2, ROB-7: every question is answered, with exactly as many requests as it takes."""
    trial = run(60)
    assert trial.answered == len(trial.left)
    assert len(trial.late_ms) == 60


@pytest.mark.soak
def test_rob_1_rob_2_a_thousand_faults_that_pass() -> None:
    """At least 99 % answered; after each wait the request is on its way within 50 ms, as a rule."""
    begun = time.monotonic()
    trial = run(1000)
    late = sorted(trial.late_ms)
    share = trial.answered / len(trial.left)
    print(f"\n1,000 faults in {len(trial.left)} questions, {time.monotonic() - begun:.0f} s: {share:.1%} answered")
    for name, at in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("worst", 1.0)):
        print(f"  request after the wait, {name:5} {late[min(len(late) - 1, int(at * len(late)))]:6.1f} ms late")
    assert share >= 0.99
    assert late[int(0.5 * len(late))] <= 50
