"""Settling as a state machine: whatever a caller does in whatever order, an answer has one bill, told once."""

from __future__ import annotations

import logging
import sqlite3
import tempfile
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import llmtui
from llmtui import Bill, LlmtuiError, Price
from llmtui.pricing.prices import Prices
from tests.support.wire_server import CLOSE, HANG, Reply, WireServer, answer

PRICES = Prices({"custom/m": Price(Decimal(1), Decimal(2), source="config")})
USAGE = {"prompt_tokens": 10, "completion_tokens": 5}
BAD = b'data: {"error":{"message":"boom","code":503}}\n\n'
ENDINGS: dict[str, list[Any]] = {"whole": [], "hangs": [HANG], "breaks": [CLOSE], "fails": [BAD]}


class Warnings(logging.Handler):
    """Counts what is warned of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += "booked before" in record.getMessage()


class Settling(RuleBasedStateMachine):
    """COST-2, COST-3, COST-5, P1, P2, P4."""

    @initialize(pieces=st.integers(0, 4), ending=st.sampled_from(sorted(ENDINGS)))
    def begin(self, pieces: int, ending: str) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.ledger = Path(self.folder.name) / "ledger.db"
        self.server = WireServer().__enter__()
        frames = answer(*(f"{n} " for n in range(pieces)), usage=USAGE)
        self.server.replies(Reply(pieces=frames if ending == "whole" else [*frames[:pieces], *ENDINGS[ending]]))
        self.pieces, self.ending = pieces, ending
        self.told: list[Bill] = []
        self.taken = 0
        self.verbs = 0
        self.first_verb = ""
        self.warnings = Warnings()
        logging.getLogger("llmtui.library").addHandler(self.warnings)
        self.session: llmtui.SyncSession | None = llmtui.stream_sync(
            "m", "hi", base_url=self.server.url, store=self.ledger, prices=PRICES, on_cost=self.told.append, retries=0
        )
        self.has_begun = self.has_failed = False

    def _alive(self) -> bool:
        return self.session is not None

    def _can_read(self) -> bool:
        """Another chunk will come, or the end; a server that hangs would keep us waiting."""
        return self.session is not None and (self.ending != "hangs" or self.taken < self.pieces or self.verbs > 0)

    @precondition(_can_read)
    @rule()
    def read(self) -> None:
        assert self.session is not None
        self.has_begun = self.has_begun or not self.verbs
        try:
            chunk = next(self.session, None)
        except LlmtuiError:
            self.has_failed = True
            return
        if chunk is not None:
            assert chunk.index == self.taken
            self.taken += 1

    def _verb(self, name: str) -> None:
        assert self.session is not None
        before = self.warnings.count
        getattr(self.session, name)()
        assert self.warnings.count == before + (self.verbs > 0)
        self.verbs += 1
        self.first_verb = self.first_verb or name

    @precondition(_alive)
    @rule(name=st.sampled_from(["settle", "cancel", "reject"]))
    def book(self, name: str) -> None:
        self._verb(name)

    @precondition(_alive)
    @rule()
    def leave(self) -> None:
        assert self.session is not None
        with self.session:
            pass
        self.verbs += 1
        self.first_verb = self.first_verb or "leave"

    @precondition(_alive)
    @rule()
    def drop(self) -> None:
        self.session = None

    @precondition(lambda self: self.session is None)
    @rule()
    def look_into_the_ledger(self) -> None:
        """P4: nobody holds the session any more, so nothing is open."""
        llmtui.close()
        assert [row for row in self._rows() if row[1] == "open"] == []

    def _rows(self) -> list[tuple[Any, ...]]:
        if not self.ledger.exists():
            return []
        with closing(sqlite3.connect(self.ledger)) as database:
            return database.execute(
                "SELECT id, state, cost_nanos, estimate_nanos, reserved_nanos FROM attempts"
            ).fetchall()

    @invariant()
    def a_booked_answer_stays_as_it_is(self) -> None:
        session = getattr(self, "session", None)
        if session is not None and self.verbs:
            assert session.is_finished
            assert session.is_settled == self.has_begun

    def teardown(self) -> None:
        if not hasattr(self, "server"):
            return
        self.session = None
        llmtui.close()
        logging.getLogger("llmtui.library").removeHandler(self.warnings)
        self.server.__exit__(None, None, None)
        found = self._rows()
        self.folder.cleanup()
        assert len(found) == self.has_begun
        for attempt_id, state, cost, estimate, reserved in found:
            assert state in ("completed", "cancelled", "truncated", "rejected", "failed")
            assert reserved == 0
            assert (cost is None) == (state != "completed")
            assert cost in (None, 20_000)
            may_cost = cost is not None or bool(estimate)
            assert [bill.attempt_id for bill in self.told] == [attempt_id] * may_cost
            if self.first_verb == "reject" and not self.has_failed and self.ending in ("whole", "hangs"):
                assert state == "rejected"


Settling.TestCase.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)
TestSettling = Settling.TestCase
