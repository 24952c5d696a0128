"""Claude's data export: `conversations.json`, alone or in the zip.

Kept: titles, times, every message with its text and its thinking, text taken from attached files, branches where the export
names them, starred marks. Not kept: pictures and files themselves (the export has only their names), calls of tools and
what they returned, projects, the model (the export does not say which answered).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.core.errors import ConfigError
from llmtui.core.messages import Attachment, Message, Role
from llmtui.core.sanitize import clean_line
from llmtui.transfer.expect import array_at, moment_at, object_at, text_at
from llmtui.transfer.foreign import make_document, stable_id

if TYPE_CHECKING:
    from llmtui.transfer.document import Document

SOURCE = "claude"
_ROLES = {"human": Role.USER, "assistant": Role.ASSISTANT}


def from_claude(whole: Any, name: str, *, now: int) -> list[Document]:
    """The conversations of a parsed export. Raise ConfigError."""
    listed = [whole] if isinstance(whole, dict) else array_at(whole, name)
    return [
        _conversation(object_at(raw, where), where, now)
        for where, raw in ((f"{name}: conversation {number}", raw) for number, raw in enumerate(listed, 1))
    ]


def _conversation(raw: dict[str, Any], where: str, now: int) -> Document:
    foreign = text_at(raw, "uuid", where)
    if not foreign:
        raise ConfigError(f"{where}: it has no uuid")
    messages: list[Message] = []
    ids: dict[str, str | None] = {}
    for number, item in enumerate(array_at(raw.get("chat_messages"), f"{where}: chat_messages"), 1):
        place = f"{where}, message {number}"
        table = object_at(item, place)
        uuid = text_at(table, "uuid", place) or str(number)
        if uuid in ids:
            raise ConfigError(f"{place}: its uuid is another message's too")
        named = text_at(table, "parent_message_uuid", place)
        parent = ids[named] if named in ids else (messages[-1].id if messages and not named else None)
        message = _message(table, place, stable_id(SOURCE, foreign, uuid), parent)
        if message is None:
            ids[uuid] = parent
            continue
        ids[uuid] = message.id
        messages.append(message)
    return make_document(
        stable_id(SOURCE, foreign),
        text_at(raw, "name", where),
        messages,
        created_at=_moment(raw, "created_at", where),
        updated_at=_moment(raw, "updated_at", where),
        leaf_id=ids.get(text_at(raw, "current_leaf_message_uuid", where)),
        pinned=raw.get("is_starred") is True,
        now=now,
    )


def _message(table: dict[str, Any], where: str, identity: str, parent: str | None) -> Message | None:
    """The message; None when there is nothing in it that is kept."""
    sender = text_at(table, "sender", where)
    if sender not in _ROLES:
        raise ConfigError(f"{where}: sender is “{clean_line(sender, 40)}”, neither human nor assistant")
    texts, thinking = [], []
    for block in array_at(table.get("content") or [], f"{where}: content"):
        part = object_at(block, f"{where}: content")
        if part.get("type") == "text":
            texts.append(text_at(part, "text", where))
        elif part.get("type") == "thinking":
            thinking.append(text_at(part, "thinking", where))
    text = "\n\n".join(each for each in texts if each) or text_at(table, "text", where)
    files = tuple(_attachments(table, where))
    if not (text.strip() or files):
        return None
    return Message(
        role=_ROLES[sender],
        content=text,
        id=identity,
        parent_id=parent,
        reasoning="\n\n".join(thinking),
        attachments=files,
        created_at=_moment(table, "created_at", where) or 0,
    )


def _attachments(table: dict[str, Any], where: str) -> list[Attachment]:
    found = []
    for item in array_at(table.get("attachments") or [], f"{where}: attachments"):
        file = object_at(item, f"{where}: attachments")
        content = text_at(file, "extracted_content", where)
        if content:
            name = clean_line(text_at(file, "file_name", where), 60) or "attachment.txt"
            found.append(Attachment(name, "text/plain", content.encode("utf-8", "replace")))
    return found


def _moment(table: dict[str, Any], key: str, where: str) -> int | None:
    return moment_at(table, key, where) if table.get(key) else None
