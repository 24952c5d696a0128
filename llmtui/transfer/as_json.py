"""Our own format, without loss: every message of every branch, attachments included; and the way back in."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from llmtui.core.errors import ConfigError
from llmtui.core.messages import Attachment, Message, MessageState, ModelRef, Role
from llmtui.transfer.document import Document, iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FORMAT = "llmtui"
VERSION = 1


def to_json(documents: Sequence[Document]) -> str:
    """The documents as one JSON text that ends in a newline."""
    whole = {"format": FORMAT, "version": VERSION, "conversations": [document_dict(each) for each in documents]}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def document_dict(document: Document) -> dict[str, Any]:
    """One conversation as JSON has it."""
    table = document._asdict()
    table["created_at"], table["updated_at"] = iso(document.created_at), iso(document.updated_at)
    table["settings"] = dict(document.settings)
    table["messages"] = [message_dict(message) for message in document.messages]
    return table


def message_dict(message: Message) -> dict[str, Any]:
    """One message as JSON has it."""
    return {
        "id": message.id,
        "parent_id": message.parent_id,
        "role": str(message.role),
        "content": message.content,
        "reasoning": message.reasoning,
        "model": str(message.model) if message.model else "",
        "state": str(message.state),
        "finish_reason": message.finish_reason,
        "error": message.error,
        "created_at": iso(message.created_at),
        "excluded": message.excluded,
        "pinned": message.pinned,
        "attachments": [
            {"name": each.name, "media_type": each.media_type, "data": base64.b64encode(each.data).decode("ascii")}
            for each in message.attachments
        ],
        "opaque": [dict(item) for item in message.opaque],
    }


def from_json(text: str, name: str) -> list[Document]:
    """The conversations of an export; `name` is the file's, for the messages. Raise ConfigError with what is wrong where."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name} is not JSON: {error}") from None
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise ConfigError(
            f"{name} is not an export of llmtui", advice="Only “history export --format json” can be read."
        )
    version = whole.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise ConfigError(f"{name} was written by a newer llmtui (format version {version})", advice="Update this one.")
    conversations = _list(whole.get("conversations"), f"{name}: conversations")
    return [_document(each, f"{name}: conversation {number}") for number, each in enumerate(conversations, 1)]


def _document(raw: Any, where: str) -> Document:
    table = _table(raw, where)
    messages = _in_order(
        [_message(each, f"{where}, message {n}") for n, each in enumerate(_list(table.get("messages"), where), 1)],
        where,
    )
    leaf = _text(table, "leaf_id", where) or None
    if leaf is not None and leaf not in {message.id for message in messages}:
        raise ConfigError(f"{where}: leaf_id names no message of it")
    return Document(
        id=_id(table, where),
        title=_text(table, "title", where),
        created_at=_time(table, "created_at", where),
        updated_at=_time(table, "updated_at", where),
        leaf_id=leaf,
        model=_text(table, "model", where),
        settings=_table(table.get("settings", {}), f"{where}: settings"),
        pinned=table.get("pinned") is True,
        archived=table.get("archived") is True,
        messages=tuple(messages),
    )


def _message(raw: Any, where: str) -> Message:
    table = _table(raw, where)
    model = _text(table, "model", where)
    try:
        return Message(
            role=Role(_text(table, "role", where)),
            content=_text(table, "content", where),
            id=_id(table, where),
            parent_id=_text(table, "parent_id", where) or None,
            reasoning=_text(table, "reasoning", where),
            attachments=tuple(_attachment(each, where) for each in _list(table.get("attachments", []), where)),
            opaque=tuple(_table(each, where) for each in _list(table.get("opaque", []), where)),
            model=ModelRef.parse(model) if model else None,
            state=_state(_text(table, "state", where)),
            finish_reason=_text(table, "finish_reason", where) or None,
            created_at=_time(table, "created_at", where),
            excluded=table.get("excluded") is True,
            pinned=table.get("pinned") is True,
            error=_text(table, "error", where) or None,
        )
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None


def _state(text: str) -> MessageState:
    """An answer that was still streaming when it was exported streams no more."""
    state = MessageState(text or MessageState.COMPLETE)
    return MessageState.INTERRUPTED if state is MessageState.STREAMING else state


def _attachment(raw: Any, where: str) -> Attachment:
    table = _table(raw, where)
    try:
        data = base64.b64decode(_text(table, "data", where), validate=True)
    except binascii.Error:
        raise ConfigError(f"{where}: an attachment's data is not base64") from None
    return Attachment(_text(table, "name", where), _text(table, "media_type", where), data)


def _in_order(messages: Iterable[Message], where: str) -> list[Message]:
    """Parents before their children, else as they came. Raise ConfigError on a parent that is missing or a circle."""
    waiting = list(messages)
    done: dict[str, Message] = {}
    if len({message.id for message in waiting}) != len(waiting):
        raise ConfigError(f"{where}: two messages have the same id")
    while waiting:
        ready = [message for message in waiting if message.parent_id is None or message.parent_id in done]
        if not ready:
            raise ConfigError(f"{where}: message {waiting[0].id} has a parent that is not there")
        done.update((message.id, message) for message in ready)
        waiting = [message for message in waiting if message.id not in done]
    return list(done.values())


def _table(raw: Any, where: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise ConfigError(f"{where}: a JSON object was expected")
    return raw


def _list(raw: Any, where: str) -> list[Any]:
    if not isinstance(raw, list):
        raise ConfigError(f"{where}: a JSON array was expected")
    return raw


def _text(table: dict[str, Any], key: str, where: str) -> str:
    value = table.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ConfigError(f"{where}: {key} must be text")
    return value


def _id(table: dict[str, Any], where: str) -> str:
    value = _text(table, "id", where)
    if not (value.isascii() and value.replace("-", "").isalnum() and len(value) <= 64):
        raise ConfigError(f"{where}: id must be letters and digits")
    return value


def _time(table: dict[str, Any], key: str, where: str) -> int:
    try:
        stamp = datetime.fromisoformat(_text(table, key, where))
    except ValueError:
        raise ConfigError(f"{where}: {key} must be a time as 2026-11-20T14:02:00Z") from None
    stamp = stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    seconds = (stamp.replace(microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    return int(seconds) * 1000 + stamp.microsecond // 1000
