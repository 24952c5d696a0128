"""What each attempt of a session was booked with: put into the ledger, remembered for the caller, told once."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.chat.recorder import LedgerRecorder
from llmtui.core.cost import Resolution

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from typing import TypeAlias

    from llmtui.core.cost import Cost
    from llmtui.core.messages import Message, ModelRef
    from llmtui.core.usage import Usage
    from llmtui.store.database import Store
    from llmtui.store.records import AttemptOpening, HardLimit, Settlement, StoreState


class Bill(NamedTuple):
    """A settled cost, as `on_cost` is told it."""

    session_id: str
    agent_id: str | None
    metadata: Mapping[str, Any]
    """The caller's own."""
    attempt_id: str
    """The ledger row's id: the same request is never told twice."""
    model: ModelRef
    state: str
    """completed, cancelled, truncated, failed or rejected."""
    usage: Usage | None
    cost: Cost
    """`pending` only where the provider could not be asked; the ledger is put right by a later session."""


OnCost: TypeAlias = "Callable[[Bill], Awaitable[None] | None]"


class Books:
    """The recorder of a session's turn: passes everything on to the ledger, where there is one."""

    keeps_text = False

    def __init__(self, store: Store | None) -> None:
        self._ledger = LedgerRecorder(store) if store is not None else None
        self._models: dict[str, ModelRef] = {}
        self._untold: list[Settlement] = []
        self.last: Settlement | None = None

    def open(self, opening: AttemptOpening, limits: Sequence[HardLimit]) -> Future[None]:
        self._models[opening.id] = opening.model
        return self._ledger.open(opening, limits) if self._ledger is not None else _done()

    def flush(self, text: str, reasoning: str) -> None:
        """No text is kept."""

    def settle(self, settlement: Settlement) -> None:
        self.last = settlement
        self._untold.append(settlement)
        if self._ledger is not None:
            self._ledger.settle(settlement)

    def detach(self) -> Future[StoreState]:
        """The database cannot be written: the ledger goes on in memory."""
        assert self._ledger is not None  # without one there is nothing that cannot be written
        return self._ledger.detach()

    def close(self, answer: Message) -> Future[None]:
        return self._ledger.close(answer) if self._ledger is not None else _done()

    def model_of(self, settlement: Settlement) -> ModelRef:
        """Who was asked."""
        return self._models[settlement.attempt_id]

    def take(self) -> list[Settlement]:
        """What has been settled since the last call and may cost something."""
        untold, self._untold = self._untold, []
        return [
            one for one in untold if one.cost.resolution is not Resolution.NONE or one.cost.estimate or one.cost.pending
        ]


def _done() -> Future[None]:
    future: Future[None] = Future()
    future.set_result(None)
    return future
