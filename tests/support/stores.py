"""What tests of the store write into it: short ways to questions, answers, attempts and their ends."""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from llmtui.core.cost import Cost, Price, Resolution
from llmtui.core.messages import Message, MessageState, ModelRef, Role, new_id
from llmtui.core.usage import Usage
from llmtui.store.database import Store
from llmtui.store.owner import Owner, this_process
from llmtui.store.records import AttemptOpening, Settlement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODEL = ModelRef("openai", "gpt-4o")
PRICE = Price(Decimal("2.5"), Decimal(10), Decimal("1.25"))
NOON = 1_795_176_000_000
"""2026-11-20, 12:00 UTC, in milliseconds."""


@contextmanager
def running(path: Path, at: int = NOON) -> Iterator[Store]:
    """A store with a clock that stands still, closed in the end."""
    store = Store(path, clock=lambda: at / 1000)
    try:
        store.ready.result(30)
        yield store
    finally:
        assert store.close(30)


def question(text: str = "What is a monad?", parent: str | None = None) -> Message:
    return Message(Role.USER, text, id=new_id(), parent_id=parent)


def placeholder(parent: str | None, **facts: Any) -> Message:
    """An answer that is about to stream."""
    facts = {"content": "", "state": MessageState.STREAMING, "model": MODEL} | facts
    return Message(Role.ASSISTANT, id=new_id(), parent_id=parent, **facts)


def opening(attempt_id: str = "", **facts: Any) -> AttemptOpening:
    made = AttemptOpening(
        id=attempt_id or new_id(), turn_id="t", number=1, conversation_id="c", message_id="", model=MODEL, purpose="chat",
        demo=False, started_at=NOON, reserved_nanos=0, reserved_tokens=0, price=PRICE, estimated_input_tokens=1000,
        day="2026-11-20",
    )  # fmt: skip
    return made._replace(**facts)


def settlement(attempt_id: str, **facts: Any) -> Settlement:
    """A completed answer: 1,000 tokens in, 200 out, $0.0045."""
    usage = Usage(1000, 400, 0, 200, 50)
    made = Settlement(
        attempt_id=attempt_id, state="completed", ended_at=NOON + 3000, usage=usage,
        cost=Cost(Decimal("0.0045"), Resolution.RESOLVED, "price_table"), price=PRICE, answered_by="gpt-4o-2026",
        response_id="r", ttft_s=0.25, duration_s=3.0, chunk_count=20, retries=0, wait_s=0.0, finish_reason=None,
        error_kind=None, error_message=None, status=200,
    )  # fmt: skip
    return made._replace(**facts)


def dead_owner() -> Owner:
    """A process of this machine and boot that has ended."""
    return this_process()._replace(pid=2**22 + 1, start="1")


def rows(store: Store, query: str, *facts: Any) -> list[Any]:
    """What a query finds, whole."""
    return store.read(lambda connection: connection.execute(query, facts).fetchall())


def checked(store: Store) -> None:
    """The file is sound, and the rollups say what the rows say (P22)."""
    assert rows(store, "PRAGMA integrity_check") == [("ok",)]
    assert rows(store, "PRAGMA foreign_key_check") == []
    sums = (
        "count(*), coalesce(sum(cost_nanos), 0), coalesce(sum(estimate_nanos), 0),"
        " coalesce(sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)), 0),"
        " coalesce(sum(resolution = 'unpriced' OR (resolution = 'unknown' AND estimate_nanos IS NULL)), 0)"
    )
    rolled = (
        "coalesce(sum(requests), 0), coalesce(sum(resolved_nanos), 0), coalesce(sum(estimated_nanos), 0),"
        " coalesce(sum(input_tokens + output_tokens), 0), coalesce(sum(uncounted), 0)"
    )
    booked = "state NOT IN ('open', 'void')"
    truth = rows(store, f"SELECT {sums} FROM attempts WHERE {booked}")
    assert rows(store, f"SELECT {rolled} FROM days") == truth
    assert rows(store, f"SELECT {rolled} FROM topic_days") == truth
    failed = rows(store, f"SELECT {sums} FROM attempts WHERE {booked} AND error_kind IS NOT NULL")
    assert rows(store, f"SELECT {rolled} FROM error_days") == failed
    talked = rows(store, f"SELECT {sums} FROM attempts WHERE {booked} AND demo = 0 AND conversation_id <> ''")
    assert rows(store, f"SELECT {rolled} FROM conversation_days") == talked
