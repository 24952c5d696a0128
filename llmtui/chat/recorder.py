"""What a turn writes: the question before, the pieces while, text and bill after. All through the store's one writer."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmtui.core.messages import Message
    from llmtui.store.database import Store
    from llmtui.store.records import AttemptOpening, HardLimit, Settlement, StoreState


_log = logging.getLogger(__name__)


class Recorder(Protocol):
    """Where a turn writes."""

    keeps_text: bool
    """Whether pieces of the answer are worth flushing."""

    def open(self, opening: AttemptOpening, limits: Sequence[HardLimit]) -> Future[None]:
        """Store the attempt (with the question and the answer's place, the first time) before its first byte goes out.

        The future fails with BudgetExceeded when the reservation would pass a limit.
        """
        ...

    def flush(self, text: str, reasoning: str) -> None:
        """Store pieces of the answer that have arrived since the last call."""
        ...

    def settle(self, settlement: Settlement) -> None:
        """Put the attempt's end on the writer's queue; never blocks, never raises."""
        ...

    def detach(self) -> Future[StoreState]:
        """The database cannot be written: what follows is kept in memory, and the question is stored there anew."""
        ...

    def close(self, answer: Message) -> Future[None]:
        """Done when everything is committed; stores the answer's final state where no settlement did."""
        ...


class ConversationRecorder:
    """Keeps the text: a turn of a stored conversation."""

    keeps_text = True

    def __init__(
        self,
        store: Store,
        conversation_id: str,
        question: Message | None,
        answer: Message,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """`settings` are those of a conversation that begins with this turn: its system prompt, if it has one."""
        self._store = store
        self._settings = settings
        self._conversation_id = conversation_id
        self._question = question
        self._answer = answer
        self._begun: Future[None] | None = None
        self._last: Future[None] | None = None
        self._answered = False

    def open(self, opening: AttemptOpening, limits: Sequence[HardLimit]) -> Future[None]:
        if self._has_begun:
            return self._store.ledger.open_attempt(opening, limits)
        self._begun = begun = self._store.conversations.begin_turn(
            self._conversation_id, self._question, self._answer, opening, limits
        )
        if self._settings:
            self._store.conversations.set_settings(self._conversation_id, self._settings)
        return begun

    @property
    def _has_begun(self) -> bool:
        """Whether the question is stored, or about to be. One that was refused is not, and may come again."""
        begun = self._begun
        return begun is not None and not (begun.done() and begun.exception() is not None)

    def flush(self, text: str, reasoning: str) -> None:
        self._store.conversations.flush(self._answer.id, text, reasoning)

    def settle(self, settlement: Settlement) -> None:
        self._answered = self._answered or settlement.answer is not None
        self._last = _watched(self._store.ledger.settle(settlement), settlement)

    def detach(self) -> Future[StoreState]:
        self._begun = None
        return self._store.detach()

    def close(self, answer: Message) -> Future[None]:
        if not self._has_begun:
            self._begun = self._store.conversations.begin_turn(self._conversation_id, self._question, answer, None)
            return self._begun
        if self._answered and self._last is not None:
            return self._last
        return self._store.conversations.finish_answer(answer)


class LedgerRecorder:
    """Keeps the bill alone (`--no-store`, the library, metering, benchmarks); its conversation, where there is one, is no
    more than an id, and has its limit all the same."""

    keeps_text = False

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: Future[None] | None = None

    def open(self, opening: AttemptOpening, limits: Sequence[HardLimit]) -> Future[None]:
        return self._store.ledger.open_attempt(opening._replace(message_id=""), limits)

    def flush(self, text: str, reasoning: str) -> None:
        """No text is kept."""

    def settle(self, settlement: Settlement) -> None:
        self._last = _watched(
            self._store.ledger.settle(settlement._replace(answer=None, error_message=None)), settlement
        )

    def detach(self) -> Future[StoreState]:
        return self._store.detach()

    def close(self, answer: Message) -> Future[None]:
        if self._last is not None:
            return self._last
        done: Future[None] = Future()
        done.set_result(None)
        return done


class AsideRecorder(LedgerRecorder):
    """Keeps the bill of a request beside a conversation (summary, comparison), booked on it."""

    def open(self, opening: AttemptOpening, limits: Sequence[HardLimit]) -> Future[None]:
        return self._store.ledger.open_attempt(opening, limits)


def _watched(booking: Future[None], settlement: Settlement) -> Future[None]:
    """What cannot be booked is said loudly; the sweep at the next start books it."""

    def look(done: Future[None]) -> None:
        error = None if done.cancelled() else done.exception()
        if error is not None:
            _log.error("attempt %s (%s) could not be booked: %s", settlement.attempt_id, settlement.state, error)

    booking.add_done_callback(look)
    return booking
