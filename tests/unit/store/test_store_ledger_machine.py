"""The ledger as a state machine: whatever is opened, sent, settled, repeated, looked up, crashed and swept, in any order,
every attempt is booked once and the sums are those of a ledger on paper (P1, P2, P25, P26, P28)."""

from __future__ import annotations

import shutil
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from llmtui.core.cost import NANO, Cost, Resolution
from llmtui.core.errors import BudgetExceeded
from llmtui.core.usage import Usage
from llmtui.store.owner import this_process
from llmtui.store.records import HardLimit
from tests.support.stores import NOON, PRICE, checked, dead_owner, opening, rows, running, settlement

BUDGET = 10 * NANO
nanos = st.integers(0, 6 * NANO)


class LedgerMachine(RuleBasedStateMachine):
    """Two processes share a file; the second dies and comes back, which sweeps what it left."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.context = running(self.folder / "llmtui.db")
        self.store = self.context.__enter__()
        self.paper: dict[str, dict[str, Any]] = {}
        self.count = 0

    def teardown(self) -> None:
        checked(self.store)
        self.context.__exit__(None, None, None)
        shutil.rmtree(self.folder)

    # ------------------------------------------------------------------------------------------ what happens

    @rule(reserve=nanos, mortal=st.booleans(), demo=st.booleans(), hard=st.booleans(), sent=st.booleans())
    def open(self, reserve: int, mortal: bool, demo: bool, hard: bool, sent: bool) -> None:
        self.count += 1
        name = f"a{self.count}"
        self.store.owner = dead_owner() if mortal else this_process()
        limits = [HardLimit("day", "2026-11-20", nanos=BUDGET)] if hard else []
        made = opening(name, reserved_nanos=reserve, demo=demo, sent=sent, message_id=name)
        fits = demo or not hard or not reserve or self.exposure() + reserve <= BUDGET
        try:
            self.store.ledger.open_attempt(made, limits).result()
        except BudgetExceeded:
            assert not fits
        else:
            assert fits
            self.paper[name] = {"state": "open", "reserved": reserve, "mortal": mortal, "demo": demo, "sent": sent}

    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        if self.paper:
            name = data.draw(st.sampled_from(sorted(self.paper)))
            self.store.ledger.mark_sent(name).result()
            if self.paper[name]["state"] == "open":
                self.paper[name]["sent"] = True

    @rule(
        data=st.data(),
        amount=nanos,
        how=st.sampled_from(["pending", "resolved", "estimate", "unknown", "unpriced", "none"]),
    )
    def settle(self, data: st.DataObject, amount: int, how: str) -> None:
        """Any attempt at any time: the first settlement counts, every later one is a repeat."""
        if not self.paper:
            return
        name = data.draw(st.sampled_from(sorted(self.paper)))
        usd = Decimal(amount) / NANO
        cost = {
            "resolved": Cost(usd, Resolution.RESOLVED, "provider"),
            "estimate": Cost(None, Resolution.UNKNOWN, estimate=usd),
            "unknown": Cost(None, Resolution.UNKNOWN),
            "unpriced": Cost(None, Resolution.UNPRICED),
            "none": Cost(None, Resolution.NONE),
            "pending": Cost(None, Resolution.UNKNOWN, estimate=usd, pending=True),
        }[how]
        state = (
            "failed"
            if how == "none"
            else data.draw(st.sampled_from(["completed", "cancelled", "truncated", "rejected"]))
        )
        kind = "timeout" if state == "failed" else None
        self.store.ledger.settle(
            settlement(name, state=state, cost=cost, usage=Usage(10, 0, 0, 1), error_kind=kind)
        ).result()
        row = self.paper[name]
        if row["state"] == "open":
            resolved = amount if how == "resolved" else 0
            estimated = amount if how in ("estimate", "pending") else 0
            row |= {
                "state": state,
                "reserved": 0,
                "resolved": resolved,
                "estimated": estimated,
                "pending": how == "pending",
            }

    @rule(data=st.data(), amount=nanos, found=st.booleans())
    def look_up(self, data: st.DataObject, amount: int, found: bool) -> None:
        if not self.paper:
            return
        name = data.draw(st.sampled_from(sorted(self.paper)))
        cost = (
            Cost(Decimal(amount) / NANO, Resolution.RESOLVED, "provider") if found else Cost(None, Resolution.UNKNOWN)
        )
        changed = self.store.ledger.resolve_pending(name, None, cost).result()
        row = self.paper[name]
        assert changed == bool(row.get("pending"))
        if changed:
            row["pending"] = False
            if found:
                row |= {"resolved": amount, "estimated": 0}

    @rule()
    def crash_and_come_back(self) -> None:
        """The dead process's attempts are swept; the living one's stay open."""
        with running(self.folder / "llmtui.db", NOON + 1000) as other:
            swept = {each.attempt_id for each in other.state.swept}
        left = {name for name, row in self.paper.items() if row["state"] == "open" and row["mortal"]}
        assert swept == left
        estimate = int(1000 * PRICE.input * NANO / 10**6)
        for name in swept:
            row = self.paper[name]
            row |= {
                "reserved": 0,
                "state": "interrupted" if row["sent"] else "void",
                "estimated": estimate if row["sent"] else 0,
            }

    # ------------------------------------------------------------------------------------------ what must hold

    def total(self, name: str) -> int:
        return sum(row.get(name, 0) for row in self.paper.values() if not row["demo"])

    def exposure(self) -> int:
        return self.total("resolved") + self.total("estimated") + self.total("reserved")

    @invariant()
    def the_sums_are_those_on_paper(self) -> None:
        spend = self.store.ledger.spent(first_day="2026-11-20")
        assert tuple(int(usd * NANO) for usd in spend[:3]) == (
            self.total("resolved"),
            self.total("estimated"),
            self.total("reserved"),
        )
        states = dict(rows(self.store, "SELECT id, state FROM attempts"))
        assert states == {name: row["state"] for name, row in self.paper.items()}
        if all(row["state"] != "open" for row in self.paper.values()):
            assert rows(self.store, "SELECT sum(reserved_nanos) FROM attempts WHERE reserved_nanos > 0") == [(None,)]


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_the_ledger_is_that_on_paper() -> None:
    run(examples=30, steps=25)


@pytest.mark.soak
def test_the_ledger_is_that_on_paper_for_long() -> None:
    run(examples=2000, steps=50)
