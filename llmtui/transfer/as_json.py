"""Our own format, without loss: every message of every branch, attachments included; and the way back in."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from llmtui.core.errors import ConfigError
from llmtui.core.messages import Attachment, Message, MessageState, ModelRef, Role
from llmtui.transfer.document import Document, iso
from llmtui.transfer.expect import array_at, moment_at, object_at, text_at

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
    del table["bill"]  # a bill belongs to the ledger that booked it; what was imported is exported the same again
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
    whole = parse(text, name)
    if not is_ours(whole):
        raise ConfigError(
            f"{name} is not an export of llmtui", advice="Only “history export --format json” can be read."
        )
    return from_parsed(whole, name)


def parse(text: str, name: str) -> Any:
    """The text as JSON. Raise ConfigError, with line and column, when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name} is not JSON: {error}") from None


def is_ours(whole: Any) -> bool:
    """Whether parsed JSON is an export of this program."""
    return isinstance(whole, dict) and whole.get("format") == FORMAT


def from_parsed(whole: Any, name: str) -> list[Document]:
    """As from_json, of JSON that is known to be ours."""
    version = whole.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise ConfigError(f"{name} was written by a newer llmtui (format version {version})", advice="Update this one.")
    conversations = array_at(whole.get("conversations"), f"{name}: conversations")
    return [_document(each, f"{name}: conversation {number}") for number, each in enumerate(conversations, 1)]


def _document(raw: Any, where: str) -> Document:
    table = object_at(raw, where)
    messages = _in_order(
        [_message(each, f"{where}, message {n}") for n, each in enumerate(array_at(table.get("messages"), where), 1)],
        where,
    )
    leaf = text_at(table, "leaf_id", where) or None
    if leaf is not None and leaf not in {message.id for message in messages}:
        raise ConfigError(f"{where}: leaf_id names no message of it")
    return Document(
        id=_id(table, where),
        title=text_at(table, "title", where),
        created_at=moment_at(table, "created_at", where),
        updated_at=moment_at(table, "updated_at", where),
        leaf_id=leaf or (messages[-1].id if messages else None),
        model=text_at(table, "model", where),
        settings=object_at(table.get("settings", {}), f"{where}: settings"),
        pinned=table.get("pinned") is True,
        archived=table.get("archived") is True,
        messages=tuple(messages),
    )


def _message(raw: Any, where: str) -> Message:
    table = object_at(raw, where)
    return Message(
        role=_role(text_at(table, "role", where), where),
        content=text_at(table, "content", where),
        id=_id(table, where),
        parent_id=text_at(table, "parent_id", where) or None,
        reasoning=text_at(table, "reasoning", where),
        attachments=tuple(_attachment(each, where) for each in array_at(table.get("attachments", []), where)),
        opaque=tuple(object_at(each, where) for each in array_at(table.get("opaque", []), where)),
        model=_model(text_at(table, "model", where), where),
        state=_state(text_at(table, "state", where), where),
        finish_reason=text_at(table, "finish_reason", where) or None,
        created_at=moment_at(table, "created_at", where),
        excluded=table.get("excluded") is True,
        pinned=table.get("pinned") is True,
        error=text_at(table, "error", where) or None,
    )


def _model(text: str, where: str) -> ModelRef | None:
    try:
        return ModelRef.parse(text) if text else None
    except ConfigError as error:
        raise ConfigError(f"{where}: model: {error.message}") from None


def _role(text: str, where: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise ConfigError(f"{where}: role must be one of {', '.join(Role)}") from None


def _state(text: str, where: str) -> MessageState:
    """An answer that was still streaming when it was exported streams no more."""
    try:
        state = MessageState(text or MessageState.COMPLETE)
    except ValueError:
        raise ConfigError(f"{where}: state must be one of {', '.join(MessageState)}") from None
    return MessageState.INTERRUPTED if state is MessageState.STREAMING else state


def _attachment(raw: Any, where: str) -> Attachment:
    table = object_at(raw, where)
    try:
        data = base64.b64decode(text_at(table, "data", where), validate=True)
    except binascii.Error:
        raise ConfigError(f"{where}: an attachment's data is not base64") from None
    return Attachment(text_at(table, "name", where), text_at(table, "media_type", where), data)


def _in_order(messages: Iterable[Message], where: str) -> list[Message]:
    """Parents before their children, else as they came. Raise ConfigError on a parent that is missing or a circle."""
    every = list(messages)
    if len({message.id for message in every}) != len(every):
        raise ConfigError(f"{where}: two messages have the same id")
    done: dict[str, Message] = {}
    waiting: dict[str, list[Message]] = {}
    """By the parent that they come before."""
    for message in every:
        if message.parent_id is not None and message.parent_id not in done:
            waiting.setdefault(message.parent_id, []).append(message)
            continue
        ready = [message]
        while ready:
            next_one = ready.pop()
            done[next_one.id] = next_one
            ready += reversed(waiting.pop(next_one.id, []))
    for early in waiting.values():
        raise ConfigError(f"{where}: message {early[0].id} has a parent that is not there")
    return list(done.values())


def _id(table: dict[str, Any], where: str) -> str:
    value = text_at(table, "id", where)
    if not (value.isascii() and value.replace("-", "").isalnum() and len(value) <= 64):
        raise ConfigError(f"{where}: id must be letters and digits")
    return value
