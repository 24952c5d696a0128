"""Databases of other chat programs: `llm`'s logs.db, oterm's store.db, elia's elia.sqlite.

From llm are kept: conversations, prompts with their fragments, answers and reasoning with the model that gave them, the
system prompt, attachments whose content is in the database; from its older tables and from those of llm 0.32 and later.
From oterm and elia: chats, messages in their order, system prompts, models, and oterm's pictures. Not kept: options, tools
and their calls, token counts and durations (the ledger is only of what this program has sent), attachments that are only a
path or an address.
"""

from __future__ import annotations

import base64
import binascii
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from llmtui.chat.files import image_type
from llmtui.core.errors import ConfigError
from llmtui.core.messages import Attachment, Message, ModelRef, Role
from llmtui.transfer import from_llm_threads
from llmtui.transfer.foreign import in_a_row, make_document, stable_id, without_system
from llmtui.transfer.rows import moment_in, rows_of, text_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmtui.transfer.document import Document
    from llmtui.transfer.rows import Row

MAGIC = b"SQLite format 3\0"
_ROLES = {
    "me": Role.USER,
    "user": Role.USER,
    "human": Role.USER,
    "ollama": Role.ASSISTANT,
    "assistant": Role.ASSISTANT,
    "ai": Role.ASSISTANT,
    "system": Role.SYSTEM,
}


def from_database(data: bytes, name: str, *, now: int) -> tuple[list[Document], str]:
    """The conversations of a database file, and whose it is. Raise ConfigError.

    It is read as it stands in `data`: the program that owns it may be running.
    """
    # a copy in memory has no write-ahead log beside it: it is read in the other journal mode
    data = data[:18] + b"\x01\x01" + data[20:]
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(data)
            return _read(connection, name, now)
    except sqlite3.Error as error:
        raise ConfigError(f"{name} cannot be read as a database: {error}") from None


def _read(connection: sqlite3.Connection, name: str, now: int) -> tuple[list[Document], str]:
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    columns = {table: _columns(connection, table) for table in tables}
    if {"responses", "conversations"} <= tables:
        return _llm_of_any_age(connection, tables, name, now), "llm"
    if {"chat", "message"} <= tables and {"author", "text"} <= columns["message"]:
        return list(_chats(connection, "oterm", columns, name, now)), "oterm"
    if {"chat", "message"} <= tables and {"role", "content"} <= columns["message"]:
        return list(_chats(connection, "elia", columns, name, now)), "elia"
    raise ConfigError(
        f"{name} is a database that is not known here", advice="Those of llm (logs.db), oterm and elia can be read."
    )


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f'PRAGMA table_info("{table.replace(chr(34), chr(34) * 2)}")')}


# ------------------------------------------------------------------------------------------------- llm


def _llm_of_any_age(connection: sqlite3.Connection, tables: set[str], name: str, now: int) -> list[Document]:
    """The threads of llm 0.32 and later, and what stands in the older tables alone."""
    found = {}
    if tables >= from_llm_threads.TABLES:
        found = {each.id: each for each in from_llm_threads.from_threads(connection, tables, name, now)}
    for document in _llm(connection, tables, name, now):
        if document.messages:
            found.setdefault(document.id, document)
    return list(found.values())


def _llm(connection: sqlite3.Connection, tables: set[str], name: str, now: int) -> Iterator[Document]:
    titles = {row["id"]: row.get("name") or "" for row in rows_of(connection, "SELECT * FROM conversations")}
    talks: dict[str, list[Row]] = {str(identity): [] for identity in titles}
    for row in rows_of(connection, "SELECT * FROM responses ORDER BY datetime_utc, id"):
        talks.setdefault(str(row.get("conversation_id") or row["id"]), []).append(row)
    fragments = _fragments(connection, tables, "prompt_fragments")
    system_fragments = _fragments(connection, tables, "system_fragments")
    files = _llm_files(connection, tables)
    for foreign, rows in talks.items():
        where = f"{name}: conversation {foreign}"
        messages: list[Message] = []
        system = ""
        for row in rows:
            place = f"{where}, response {row['id']}"
            said = [*system_fragments.get(row["id"], ()), text_in(row, "system", place)]
            system = system or "\n\n".join(each for each in said if each)
            messages += _exchange(row, place, fragments.get(row["id"], ()), files.get(row["id"], ()))
        yield make_document(
            stable_id("llm", foreign),
            str(titles.get(foreign, "")),
            in_a_row(messages),
            created_at=None,
            settings={"system": system} if system else {},
            now=now,
        )


def _exchange(row: Row, where: str, fragments: tuple[str, ...], files: tuple[Attachment, ...]) -> Iterator[Message]:
    at = moment_in(row, "datetime_utc", where) or 0
    prompt = "\n\n".join(each for each in (*fragments, text_in(row, "prompt", where)) if each)
    if prompt or files:
        yield Message(Role.USER, prompt, stable_id("llm", row["id"], "prompt"), attachments=files, created_at=at)
    answer, model = (
        text_in(row, "response", where),
        text_in(row, "resolved_model", where) or text_in(row, "model", where),
    )
    if answer:
        yield Message(
            Role.ASSISTANT,
            answer,
            stable_id("llm", row["id"], "response"),
            reasoning=text_in(row, "reasoning", where),
            model=ModelRef("llm", model) if model else None,
            created_at=at,
        )


def _fragments(connection: sqlite3.Connection, tables: set[str], table: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    if {table, "fragments"} <= tables:
        query = (
            f'SELECT response_id, content FROM {table} JOIN fragments ON fragments.id = fragment_id ORDER BY "order"'  # noqa: S608
        )
        for response, content in connection.execute(query):
            found[response] = (*found.get(response, ()), str(content))
    return found


def _llm_files(connection: sqlite3.Connection, tables: set[str]) -> dict[str, tuple[Attachment, ...]]:
    found: dict[str, tuple[Attachment, ...]] = {}
    if {"prompt_attachments", "attachments"} <= tables:
        query = (
            "SELECT response_id, type, content FROM prompt_attachments JOIN attachments ON attachments.id = attachment_id"
            ' WHERE content IS NOT NULL ORDER BY "order"'
        )
        for response, kind, content in connection.execute(query):
            data = content if isinstance(content, bytes) else str(content).encode()
            number = len(found.get(response, ())) + 1
            file = Attachment(f"attachment {number}", str(kind or image_type(data) or "text/plain"), data)
            found[response] = (*found.get(response, ()), file)
    return found


# ------------------------------------------------------------------------------------------------- oterm and elia


def _chats(
    connection: sqlite3.Connection, source: str, columns: dict[str, set[str]], name: str, now: int
) -> Iterator[Document]:
    order = "id" if "id" in columns["message"] else "rowid"
    said: dict[Any, list[Row]] = {}
    for row in rows_of(connection, f"SELECT *, rowid AS number FROM message ORDER BY {order}"):  # noqa: S608
        said.setdefault(row["chat_id"], []).append(row)
    for chat in rows_of(connection, "SELECT * FROM chat ORDER BY id"):
        where = f"{name}: chat {chat['id']}"
        rows = said.get(chat["id"], [])
        begun = moment_in(chat, "started_at", where)
        # numbers alone would be the same in two people's databases
        first = (text_in(rows[0], "text", where) or text_in(rows[0], "content", where)) if rows else ""
        identity = stable_id(source, chat["id"], begun or "", first)
        messages, prompt = without_system(
            _said(row, chat, f"{where}, message {row['number']}", identity) for row in rows
        )
        system = text_in(chat, "system", where) or prompt
        yield make_document(
            identity,
            text_in(chat, "name", where) or text_in(chat, "title", where),
            in_a_row(messages),
            created_at=begun,
            settings={"system": system} if system else {},
            archived=bool(chat.get("archived")),
            now=now,
        )


def _said(row: Row, chat: Row, where: str, conversation: str) -> Message:
    speaker = text_in(row, "author", where) or text_in(row, "role", where)
    if speaker not in _ROLES:
        raise ConfigError(
            f"{where}: “{speaker}” is nobody who is known here", advice="Expected are user and assistant."
        )
    role = _ROLES[speaker]
    model = text_in(row, "model", where) or text_in(chat, "model", where)
    provider = text_in(chat, "provider", where) or ("ollama" if "author" in row else "elia")
    return Message(
        role=role,
        content=text_in(row, "text", where) or text_in(row, "content", where),
        id=stable_id(conversation, row["number"]),
        attachments=tuple(_pictures(text_in(row, "images", where) or "[]", where)),
        model=_model(provider, model) if model and role is Role.ASSISTANT else None,
        created_at=moment_in(row, "timestamp", where) or 0,
    )


def _model(provider: str, model: str) -> ModelRef:
    """elia names models as `provider/model` where they are no OpenAI ones."""
    if provider == "elia":
        maker, slash, rest = model.partition("/")
        return ModelRef(maker, rest) if slash and maker and rest else ModelRef("openai", model)
    return ModelRef(provider, model)


def _pictures(text: str, where: str) -> Iterator[Attachment]:
    try:
        images = json.loads(text)
        for number, image in enumerate(images if isinstance(images, list) else [], 1):
            data = base64.b64decode(image, validate=True)
            if kind := image_type(data):
                yield Attachment(f"picture {number}", kind, data)
    except (ValueError, TypeError, binascii.Error):
        raise ConfigError(f"{where}: images must be pictures in base64") from None
