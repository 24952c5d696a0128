"""A conversation on its way out or in: everything that is stored of it, independent of the database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.core.errors import ConfigError
from llmtui.core.messages import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.core.messages import Message
    from llmtui.store.conversations import Conversations


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

    def shown(self) -> list[Message]:
        """The branch that is shown, oldest first; without a leaf the one that ends at the newest message."""
        by_id = {message.id: message for message in self.messages}
        node = by_id.get(self.leaf_id or "") or (self.messages[-1] if self.messages else None)
        branch: list[Message] = []
        while node is not None and len(branch) <= len(self.messages):
            branch.append(node)
            node = by_id.get(node.parent_id or "")
        return branch[::-1]


def of_conversation(conversations: Conversations, conversation_id: str) -> Document:
    """A stored conversation, whole. Raise ConfigError when there is none."""
    conversation = conversations.get(conversation_id)
    if conversation is None:
        raise ConfigError(f"there is no conversation {conversation_id}")
    facts = conversation._asdict()
    del facts["message_count"]
    return Document(**facts, messages=tuple(conversations.whole(conversation_id)))


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
