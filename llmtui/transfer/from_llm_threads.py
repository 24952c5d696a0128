"""The tables that `llm` writes to since version 0.32: threads, each the end of a chain of messages made of parts.

Messages are stored once, by a hash, with the hash of the one before; threads that were forked share their beginnings. What
gave an answer, and when, stands in the turn that ends with it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from llmtui.chat.files import image_type
from llmtui.core.errors import ConfigError
from llmtui.core.messages import Attachment, Message, ModelRef, Role
from llmtui.transfer.foreign import in_a_row, make_document, stable_id, without_system
from llmtui.transfer.rows import moment_in, rows_of, text_in

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from llmtui.transfer.document import Document
    from llmtui.transfer.rows import Row

TABLES = frozenset({"threads", "turns", "messages", "parts"})


def from_threads(connection: sqlite3.Connection, tables: set[str], name: str, now: int) -> Iterator[Document]:
    """Every thread as a conversation. Raise ConfigError, naming the place, for what does not fit."""
    messages = {row["hash"]: row for row in rows_of(connection, "SELECT * FROM messages")}
    parts: dict[str, list[Row]] = {}
    for row in rows_of(connection, "SELECT * FROM parts ORDER BY message_hash, position"):
        parts.setdefault(row["message_hash"], []).append(row)
    turns = {row["tip_message_hash"]: row for row in rows_of(connection, "SELECT * FROM turns ORDER BY id")}
    fragments = _contents(connection, tables, "fragments", "content")
    files = _contents(connection, tables, "attachments", "type, content")
    for thread in rows_of(connection, "SELECT * FROM threads ORDER BY datetime_utc, id"):
        where = f"{name}: thread {thread['id']}"
        turn: Row = {}
        said: list[Message] = []
        for row in _chain(
            messages, thread.get("tip_message_hash"), where
        ):  # the newest first: a turn ends with its tip
            turn = turns.get(row["hash"], turn)
            place = f"{where}, message {row['hash']}"
            said += _message(row, parts.get(row["hash"], []), turn, thread["id"], place, fragments, files)
        spoken, system = without_system(reversed(said))
        if not spoken:
            continue
        yield make_document(
            stable_id("llm", thread["id"]),
            text_in(thread, "name", where),
            in_a_row(spoken),
            created_at=moment_in(thread, "datetime_utc", where),
            settings={"system": system} if system else {},
            now=now,
        )


def _chain(messages: dict[Any, Row], tip: Any, where: str) -> Iterator[Row]:
    seen: set[Any] = set()
    while tip is not None:
        if tip not in messages or tip in seen:
            raise ConfigError(
                f"{where}: message {tip} is not there" if tip not in seen else f"{where}: it has no beginning"
            )
        seen.add(tip)
        yield messages[tip]
        tip = messages[tip].get("parent_hash")


def _message(
    row: Row,
    parts: list[Row],
    turn: Row,
    thread: Any,
    where: str,
    fragments: dict[Any, tuple[Any, ...]],
    files: dict[Any, tuple[Any, ...]],
) -> Iterator[Message]:
    """The message, or none where it only calls a tool or says what one found."""
    role = text_in(row, "role", where)
    if role == "tool":
        return
    if role not in set(Role):
        raise ConfigError(
            f"{where}: role “{role}” is not known here", advice="Expected are system, user and assistant."
        )
    said = {"text": "", "reasoning": ""}
    attached: list[Attachment] = []
    for part in parts:
        kind = text_in(part, "type", where)
        payload = _payload(part, where)
        if kind in said:
            said[kind] += text_in(part, "text", where) or _pieces(payload.get("text_ref"), fragments, where)
        elif kind == "attachment" and isinstance(payload.get("attachment"), dict):
            media_type, content = files.get(str(payload["attachment"].get("id")), (None, None))
            if content is not None:  # else it is only a path or an address
                data = content if isinstance(content, bytes) else str(content).encode()
                named = str(media_type or image_type(data) or "text/plain")
                attached.append(Attachment(f"attachment {len(attached) + 1}", named, data))
    model = text_in(turn, "resolved_model", where) or text_in(turn, "model", where)
    if said["text"] or said["reasoning"] or attached:
        yield Message(
            Role(role),
            said["text"],
            stable_id("llm", thread, row["hash"]),
            attachments=tuple(attached),
            reasoning=said["reasoning"],
            model=ModelRef("llm", model) if model and role == Role.ASSISTANT else None,
            created_at=moment_in(turn, "datetime_utc", where) or 0,
        )


def _payload(part: Row, where: str) -> dict[str, Any]:
    text = text_in(part, "payload", where)
    try:
        payload = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        raise ConfigError(f"{where}: payload is not JSON") from None
    return payload if isinstance(payload, dict) else {}


def _pieces(pieces: Any, fragments: dict[Any, tuple[Any, ...]], where: str) -> str:
    """A text that is put together of fragments and of what stands between them."""
    if pieces is None:
        return ""
    try:
        return "".join(
            piece["literal"] if "literal" in piece else str(fragments[piece["fragment"]][0]) for piece in pieces
        )
    except (TypeError, KeyError):
        raise ConfigError(f"{where}: text_ref names a fragment that is not there") from None


def _contents(connection: sqlite3.Connection, tables: set[str], table: str, columns: str) -> dict[Any, tuple[Any, ...]]:
    if table not in tables:
        return {}
    query = f"SELECT id, {columns} FROM {table}"  # noqa: S608
    return {row[0]: row[1:] for row in connection.execute(query)}
