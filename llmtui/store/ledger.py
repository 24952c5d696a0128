"""The ledger as the rest of the program sees it: attempts are opened, settled once, summed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from llmtui.store import admission, bookings

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from llmtui.core.budget import Spend
    from llmtui.core.cost import Cost
    from llmtui.core.usage import Usage
    from llmtui.store.database import Store
    from llmtui.store.records import AttemptOpening, BookedAttempt, HardLimit, PendingLookup, Settlement


class Ledger:
    """`store.ledger`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open_attempt(self, opening: AttemptOpening, limits: Sequence[HardLimit] = ()) -> Future[None]:
        """Reserve and write the row, before the first byte goes out.

        The future fails with LimitPassed (a BudgetExceeded), and nothing is reserved, when spent + reserved would be
        more than one of the limits. Demo rows are not checked.
        """
        return self._store.submit(
            partial(bookings.open_attempt, opening=opening, owner=self._store.owner, limits=tuple(limits))
        )

    def mark_sent(self, attempt_id: str) -> Future[None]:
        """From here on the provider may have the request. Without it a crash makes the attempt void, not an estimate."""
        return self._store.submit(partial(bookings.mark_sent, attempt_id=attempt_id))

    def settle(self, settlement: Settlement) -> Future[None]:
        """Book the attempt, release its reservation, store the answer's final text: one transaction, once.

        A repeat is logged as a warning and changes nothing. Where the disk is full the future fails, and the settlement
        is kept and tried again before every later job.
        """
        now = self._store.now()

        def job(connection: sqlite3.Connection) -> None:
            bookings.settle(connection, settlement, now)

        return self._store.submit(job, owed=True)

    def resolve_pending(self, attempt_id: str, usage: Usage | None, cost: Cost) -> Future[bool]:
        """Replace a pending estimate by what the provider says; False: it was not pending any more."""
        return self._store.submit(partial(bookings.resolve_pending, attempt_id=attempt_id, usage=usage, cost=cost))

    def pending_lookups(self) -> list[PendingLookup]:
        """The attempts whose estimates wait for the provider's own figure, also from before a restart."""
        return self._store.read(bookings.pending_lookups)

    def spent(self, *, conversation_id: str | None = None, first_day: str = "", last_day: str = "") -> Spend:
        """The sums of a conversation, or of the budget days from the first to the last, both included ("": open)."""
        found = self._store.read(
            partial(admission.sums, conversation_id=conversation_id, first_day=first_day, last_day=last_day)
        )
        return found.as_spend()

    def figures(self, conversation_id: str) -> Mapping[str, tuple[BookedAttempt, ...]]:
        """The settled attempts of a conversation by the id of the answer each was for, oldest first."""
        from llmtui.store import booked

        return self._store.read(partial(booked.booked, conversation_id=conversation_id))

    def latest_day(self) -> str:
        """The newest budget day in the ledger, before which no attempt will be booked; "" when there is none."""
        return self._store.read(partial(admission.latest_day, now=self._store.now()))
