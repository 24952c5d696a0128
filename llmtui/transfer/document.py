"""A conversation on its way out or in: everything that is stored of it, independent of the database."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.core.cost import Resolution
from llmtui.core.errors import ConfigError
from llmtui.core.messages import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llmtui.core.messages import Message
    from llmtui.store.database import Store
    from llmtui.store.records import BookedAttempt


class Bill(NamedTuple):
    """What a conversation's requests used and cost; confirmed and estimated are never added up."""

    requests: int
    input_tokens: int
    output_tokens: int
    confirmed: Decimal | None
    """USD; None when nothing is confirmed and something is not known."""
    estimated: Decimal
    """USD that may have been billed and is not confirmed."""
    uncounted: int
    """Requests whose cost nobody knows."""


class Document(NamedTuple):
    """A conversation with its messages."""

    id: str
    title: str
    created_at: int
    """Milliseconds since 1970, UTC; so is the next."""
    updated_at: int
    leaf_id: str | None
    """The message at the end of the branch that is shown."""
    model: str
    """`provider/name`, empty for the default."""
    settings: Mapping[str, Any]
    pinned: bool
    archived: bool
    messages: tuple[Message, ...]
    """The whole tree, parents before their children."""
    bill: Bill | None = None
    """As it is booked here; None without any request, as after an import."""

    def models(self) -> list[str]:
        """Who answered, in order of appearance; else whom it is meant for."""
        answered = dict.fromkeys(str(message.model) for message in self.shown() if message.model)
        return list(answered) or ([self.model] if self.model else [])

    def shown(self) -> list[Message]:
        """The branch that is shown, oldest first; without a leaf the one that ends at the newest message."""
        by_id = {message.id: message for message in self.messages}
        node = by_id.get(self.leaf_id or "") or (self.messages[-1] if self.messages else None)
        branch: list[Message] = []
        while node is not None and len(branch) <= len(self.messages):
            branch.append(node)
            node = by_id.get(node.parent_id or "")
        return branch[::-1]


def of_conversation(store: Store, conversation_id: str) -> Document:
    """A stored conversation, whole. Raise ConfigError when there is none."""
    conversation = store.conversations.get(conversation_id)
    if conversation is None:
        raise ConfigError(f"there is no conversation {conversation_id}")
    facts = conversation._asdict()
    del facts["message_count"]
    attempts = [each for booked in store.ledger.figures(conversation_id).values() for each in booked]
    return Document(
        **facts,
        messages=tuple(store.conversations.whole(conversation_id)),
        bill=bill_of(attempts) if attempts else None,
    )


def bill_of(attempts: Iterable[BookedAttempt]) -> Bill:
    """The sums of booked attempts."""
    every = list(attempts)
    usages = [attempt.usage for attempt in every if attempt.usage]
    costs = [attempt.cost for attempt in every]
    amounts = [cost.amount for cost in costs if cost.amount is not None]
    uncounted = sum(
        cost.resolution is Resolution.UNPRICED or (cost.resolution is Resolution.UNKNOWN and cost.estimate is None)
        for cost in costs
    )
    return Bill(
        requests=len(every),
        input_tokens=sum(usage.input_tokens for usage in usages),
        output_tokens=sum(usage.output_tokens for usage in usages),
        confirmed=sum(amounts, Decimal(0)) if amounts or not uncounted else None,
        estimated=sum((cost.estimate for cost in costs if cost.estimate is not None), Decimal(0)),
        uncounted=uncounted,
    )


def iso(milliseconds: int) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    stamp = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{stamp:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}Z"


def speaker(message: Message) -> str:
    """Who says a message, for a heading."""
    if message.role is Role.USER:
        return "You"
    if message.role is Role.SYSTEM:
        return "System"
    return str(message.model) if message.model else "Assistant"


def size(data: bytes) -> str:
    """A file's size for a person."""
    return f"{len(data)} bytes" if len(data) < 10_000 else f"{len(data) / 1000:,.0f} kB"
