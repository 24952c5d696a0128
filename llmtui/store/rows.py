"""How values become rows and rows become values: the one place that knows both."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from llmtui.core.cost import Price
from llmtui.core.messages import Attachment, Message, MessageState, ModelRef, Role
from llmtui.store.records import Conversation

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

MESSAGE_COLUMNS = (
    "id, parent_id, role, content, reasoning, opaque, model, state, finish_reason, error, created_at, excluded, pinned"
)
CONVERSATION_COLUMNS = "id, title, created_at, updated_at, leaf_id, model, settings, pinned, archived"
_PRICE_TEXTS = ("source", "as_of")


def storable(text: str) -> str:
    """The text with lone surrogates, which UTF-8 cannot hold, replaced by U+FFFD; pairs that were split are joined."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def price_to_json(price: Price | None) -> str | None:
    """A price with every digit it has."""
    if price is None:
        return None
    facts = {name: getattr(price, name) for name in Price.__slots__}
    return json.dumps({name: str(value) for name, value in facts.items() if value is not None})


def price_from_json(text: str | None) -> Price | None:
    """The price that was stored; facts that this version does not know are passed over."""
    if text is None:
        return None
    facts: dict[str, Any] = {
        name: value if name in _PRICE_TEXTS else Decimal(value)
        for name, value in json.loads(text).items()
        if name in Price.__slots__
    }
    return Price(**facts)


def message_from_row(row: Sequence[Any], attachments: tuple[Attachment, ...] = ()) -> Message:
    """A row of MESSAGE_COLUMNS as a message."""
    opaque, model = row[5], row[6]
    return Message(
        role=Role(row[2]),
        content=row[3],
        id=row[0],
        parent_id=row[1],
        reasoning=row[4],
        attachments=attachments,
        opaque=() if opaque == "[]" else tuple(json.loads(opaque)),
        model=ModelRef.parse(model) if model else None,
        state=MessageState(row[7]),
        finish_reason=row[8],
        created_at=row[10],
        excluded=bool(row[11]),
        pinned=bool(row[12]),
        error=row[9],
    )


def conversation_from_row(row: Sequence[Any], message_count: int = 0) -> Conversation:
    """A row of CONVERSATION_COLUMNS as a conversation."""
    cid, title, created_at, updated_at, leaf_id, model, settings, pinned, archived = row[:9]
    return Conversation(
        cid,
        title,
        created_at,
        updated_at,
        leaf_id,
        model,
        json.loads(settings),
        bool(pinned),
        bool(archived),
        message_count,
    )


def insert_message(connection: sqlite3.Connection, conversation_id: str, message: Message, now: int) -> None:
    """Store a message and what is attached to it; `now` stands in where it has no time of its own."""
    connection.execute(
        f"INSERT INTO messages (conversation_id, {MESSAGE_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",  # noqa: S608
        (
            conversation_id,
            message.id,
            message.parent_id,
            message.role,
            storable(message.content),
            storable(message.reasoning),
            json.dumps(message.opaque),
            storable(str(message.model or "")),
            message.state,
            message.finish_reason,
            None if message.error is None else storable(message.error),
            message.created_at or now,
            message.excluded,
            message.pinned,
        ),
    )
    connection.executemany(
        "INSERT INTO attachments (message_id, position, name, media_type, data) VALUES (?,?,?,?,?)",
        (
            (message.id, position, storable(file.name), storable(file.media_type), file.data)
            for position, file in enumerate(message.attachments)
        ),
    )


def attachments_by_message(rows: Iterable[Sequence[Any]]) -> dict[str, tuple[Attachment, ...]]:
    """Rows of (message_id, name, media_type, data), in order, gathered by message."""
    found: dict[str, tuple[Attachment, ...]] = {}
    for message_id, name, media_type, data in rows:
        found[message_id] = (*found.get(message_id, ()), Attachment(name, media_type, data))
    return found
