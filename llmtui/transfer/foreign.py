"""What the readers of other programs' formats share: ids that stay the same at a second import, and threads of messages."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from llmtui.core.messages import Message, Role
from llmtui.transfer.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def stable_id(*parts: object) -> str:
    """An id made of where something comes from, so that the same conversation is known again: 16 hex digits."""
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def in_a_row(messages: Iterable[Message]) -> list[Message]:
    """The messages, each the answer to the one before."""
    row: list[Message] = []
    for message in messages:
        row.append(replaced(message, parent_id=row[-1].id if row else None))
    return row


def replaced(message: Message, **changes: Any) -> Message:
    """The message with some of its facts changed."""
    from dataclasses import replace

    return replace(message, **changes)


def without_system(messages: Iterable[Message]) -> tuple[list[Message], str]:
    """What is said, and the system prompt, which is a setting of the conversation here."""
    kept, prompts = [], []
    for message in messages:
        if message.role is Role.SYSTEM:
            prompts.append(message.content)
        else:
            kept.append(message)
    return kept, "\n\n".join(prompt for prompt in prompts if prompt.strip())


def make_document(
    identity: str,
    title: str,
    messages: Sequence[Message],
    *,
    created_at: int | None,
    updated_at: int | None = None,
    leaf_id: str | None = None,
    settings: Mapping[str, Any] | None = None,
    archived: bool = False,
    pinned: bool = False,
    now: int,
) -> Document:
    """A conversation; times that are not known are taken from its messages, then from `now` (milliseconds)."""
    times = [message.created_at for message in messages if message.created_at]
    begun = created_at or min(times, default=now)
    title = " ".join(title.split()) or _first_words(messages)
    return Document(
        id=identity,
        title=title,
        created_at=begun,
        updated_at=updated_at or max(times, default=begun),
        leaf_id=leaf_id or (messages[-1].id if messages else None),
        model="",
        settings=settings or {},
        pinned=pinned,
        archived=archived,
        messages=tuple(message if message.created_at else replaced(message, created_at=begun) for message in messages),
    )


def _first_words(messages: Sequence[Message]) -> str:
    words = " ".join(messages[0].content.split()) if messages else ""
    return words if len(words) <= 48 else words[:47] + "…"
