"""What goes into the store and comes out of it, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.core.cost import Cost, Price
    from llmtui.core.events import FinishReason
    from llmtui.core.messages import Message, MessageState, ModelRef
    from llmtui.core.usage import Usage


class Conversation(NamedTuple):
    """A conversation without its messages."""

    id: str
    title: str
    created_at: int
    updated_at: int
    leaf_id: str | None
    model: str
    """`provider/name`, empty for the default."""
    settings: Mapping[str, Any]
    """`system`, `role` and the generation settings that were set for it."""
    pinned: bool = False
    archived: bool = False
    message_count: int = 0


class AttemptOpening(NamedTuple):
    """A request that is about to be sent: its ledger row, with the reservation."""

    id: str
    turn_id: str
    number: int
    conversation_id: str
    message_id: str
    """The answer it may become; empty when no text is kept."""
    model: ModelRef
    purpose: str
    demo: bool
    started_at: int
    reserved_nanos: int
    reserved_tokens: int
    price: Price | None
    estimated_input_tokens: int = 0
    """What the sweep books as input when the process dies."""
    metadata: Mapping[str, Any] = {}
    day: str = ""
    """The budget day as `2026-11-20`, local calendar; empty: this machine's today."""
    sent: bool = False
    """True: counts as sent from the start, which saves a `mark_sent` before the first byte."""


class HardLimit(NamedTuple):
    """One limit of a hard budget, in the units of the ledger."""

    scope: str
    """conversation, day, week or month: how it is called towards people."""
    first_day: str = ""
    """The window's first budget day, `2026-11-20`; not used by a conversation's limit."""
    nanos: int | None = None
    tokens: int | None = None


class StoreState(NamedTuple):
    """How the database was found at start."""

    kind: str
    """new, opened, migrated, set_aside (damaged, emptied), newer (a newer program's), unwritable."""
    sentence: str = ""
    """For the reader; empty when all is well."""
    ephemeral: bool = False
    """Nothing of this session is kept: everything is in memory."""
    set_aside: str = ""
    """Where the damaged file is now."""
    swept: tuple[SweptAttempt, ...] = ()
    """What died with its process and was put in order."""


class PendingLookup(NamedTuple):
    """An attempt whose estimate waits for the provider's own figure."""

    attempt_id: str
    provider: str
    model: str
    response_id: str
    price: Price | None


class Draft(NamedTuple):
    """What was typed and not sent."""

    text: str
    attachments: tuple[str, ...] = ()
    """Paths."""


class QueuedQuestion(NamedTuple):
    """A question that waits for its provider to be back."""

    id: str
    conversation_id: str
    message_id: str
    model: str
    queued_at: int


class Settlement(NamedTuple):
    """The end of an attempt: written in one transaction, at most once (`WHERE state = 'open'`)."""

    attempt_id: str
    state: str
    """completed, cancelled, truncated, failed, rejected or void."""
    ended_at: int
    usage: Usage | None
    cost: Cost
    price: Price | None
    answered_by: str
    response_id: str | None
    ttft_s: float | None
    duration_s: float
    chunk_count: int
    retries: int
    wait_s: float
    finish_reason: FinishReason | None
    error_kind: str | None
    error_message: str | None
    status: int | None
    topic: str = ""
    answer: Message | None = None
    """The answer's final text and state; None when this attempt is not the turn's last, or no text is kept."""


class BookedAttempt(NamedTuple):
    """A settled attempt as the ledger has it."""

    message_id: str
    model: ModelRef
    answered_by: str
    """The model named in the answer; empty where none was."""
    usage: Usage | None
    cost: Cost
    price: Price | None
    """What it was booked with."""
    ttft_s: float | None
    duration_s: float
    wait_s: float
    """Waited after it, before the next one."""
    error_message: str | None


class SearchHit(NamedTuple):
    """A message that matches a search."""

    conversation_id: str
    conversation_title: str
    message_id: str
    role: str
    created_at: int
    snippet: str
    """The line with the hit, at most about 160 characters."""
    spans: tuple[tuple[int, int], ...]
    """Where the hits are in the snippet, start and end."""
    seq: int = 0
    """Order of arrival; `search(…, before=hit.seq)` goes on after it."""


class SweptAttempt(NamedTuple):
    """What the sweep at start did with an attempt whose process is gone."""

    attempt_id: str
    conversation_id: str
    message_id: str
    sent: bool
    state: MessageState
