"""ChatGPT's data export: `conversations.json`, alone or in the zip with its pictures.

Kept: every branch of every conversation, titles, times, the model of each answer, reasoning, archived and starred marks, and,
from the zip, the pictures of messages. Not kept: hidden system messages and custom instructions, calls of tools and what
they returned, audio, feedback, projects and shared links.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.core.errors import ConfigError
from llmtui.core.messages import Attachment, Message, ModelRef, Role
from llmtui.transfer.expect import array_at, object_at, seconds_at, text_at
from llmtui.transfer.foreign import make_document, replaced, stable_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmtui.transfer.document import Document

    Picture = Callable[[str], Attachment | None]

SOURCE = "chatgpt"
_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT}
_SILENT = {"system", "tool"}


def no_picture(_asset: str) -> Attachment | None:
    """Where there is only the JSON."""
    return None


def from_chatgpt(whole: Any, name: str, *, now: int, picture: Picture = no_picture) -> list[Document]:
    """The conversations of a parsed export. `picture` finds the file of an asset. Raise ConfigError."""
    listed = [whole] if isinstance(whole, dict) else array_at(whole, name)
    return [
        _conversation(object_at(raw, where), where, now, picture)
        for where, raw in ((f"{name}: conversation {number}", raw) for number, raw in enumerate(listed, 1))
    ]


def _conversation(raw: dict[str, Any], where: str, now: int, picture: Picture) -> Document:
    foreign = text_at(raw, "conversation_id", where) or text_at(raw, "id", where)
    if not foreign:
        raise ConfigError(f"{where}: it has neither conversation_id nor id")
    nodes = object_at(raw.get("mapping"), f"{where}: mapping")
    tree = _Tree(foreign, nodes, where, picture)
    messages = tree.messages()
    return make_document(
        stable_id(SOURCE, foreign),
        text_at(raw, "title", where),
        messages,
        created_at=seconds_at(raw, "create_time", where),
        updated_at=seconds_at(raw, "update_time", where),
        leaf_id=tree.shown(text_at(raw, "current_node", where)),
        archived=raw.get("is_archived") is True,
        pinned=raw.get("is_starred") is True,
        now=now,
    )


class _Tree:
    """The nodes of one conversation: many are empty or hidden, and what is kept is joined over them."""

    def __init__(self, conversation: str, nodes: dict[str, Any], where: str, picture: Picture) -> None:
        self._conversation = conversation
        self._where = where
        self._picture = picture
        self._nodes = {key: object_at(node, f"{where}, node {key}") for key, node in nodes.items()}
        self._kept: dict[str, Message] = {}
        self._thoughts: dict[str, str] = {}

    def messages(self) -> list[Message]:
        """What is kept, parents before their children."""
        order = self._in_order()
        for key in order:
            self._read(key)
        found = []
        for key in order:
            message = self._kept.get(key)
            if message is not None:
                parent = self._nearest(self._parent(key))
                found.append(replaced(message, parent_id=parent.id if parent else None, reasoning=self._reasoning(key)))
        return found

    def shown(self, key: str) -> str | None:
        """The id of the message that a node stands for, or of the one before it."""
        found = self._nearest(key) if key in self._nodes else None
        return found.id if found else None

    def _in_order(self) -> list[str]:
        done: dict[str, None] = {}
        for start in self._nodes:
            path: list[str] = []
            key = start
            while key and key not in done:
                if key in path:
                    raise ConfigError(f"{self._where}, node {key}: it is its own ancestor")
                path.append(key)
                key = self._parent(key)
            done.update(dict.fromkeys(reversed(path)))
        return list(done)

    def _parent(self, key: str) -> str:
        parent = text_at(self._nodes[key], "parent", f"{self._where}, node {key}")
        if parent and parent not in self._nodes:
            raise ConfigError(f"{self._where}, node {key}: its parent {parent} is not there")
        return parent

    def _nearest(self, key: str) -> Message | None:
        while key and key not in self._kept:
            key = self._parent(key)
        return self._kept.get(key)

    def _reasoning(self, key: str) -> str:
        """The thoughts between an answer and the message before it."""
        thoughts = []
        key = self._parent(key)
        while key and key not in self._kept:
            if key in self._thoughts:
                thoughts.append(self._thoughts[key])
            key = self._parent(key)
        return "\n\n".join(reversed(thoughts))

    def _read(self, key: str) -> None:
        where = f"{self._where}, node {key}"
        raw = self._nodes[key].get("message")
        if raw is None:
            return
        message = object_at(raw, f"{where}: message")
        author = object_at(message.get("author"), f"{where}: author")
        role = text_at(author, "role", where)
        metadata = message.get("metadata") if isinstance(message.get("metadata"), dict) else {}
        assert isinstance(metadata, dict)
        content = object_at(message.get("content"), f"{where}: content")
        if role in _SILENT or metadata.get("is_visually_hidden_from_conversation") is True:
            return
        if role not in _ROLES:
            raise ConfigError(f"{where}: author.role is “{role}”, which is not known")
        if content.get("content_type") == "thoughts":
            self._thoughts[key] = _thoughts(content, where)
            return
        if role == "assistant" and (text_at(message, "recipient", where) or "all") != "all":
            return  # what it says to a tool
        text, pictures = self._content(content, where)
        if not (text.strip() or pictures):
            return
        slug = text_at(metadata, "model_slug", where)
        self._kept[key] = Message(
            role=_ROLES[role],
            content=text,
            id=stable_id(SOURCE, self._conversation, key),
            attachments=pictures,
            model=ModelRef("openai", slug) if slug and role == "assistant" else None,
            created_at=seconds_at(message, "create_time", where) or 0,
        )

    def _content(self, content: dict[str, Any], where: str) -> tuple[str, tuple[Attachment, ...]]:
        kind = text_at(content, "content_type", where)
        if kind == "code":
            language = text_at(content, "language", where)
            return f"```{'' if language == 'unknown' else language}\n{text_at(content, 'text', where)}\n```", ()
        if kind not in ("text", "multimodal_text"):
            return "", ()  # custom instructions, quotations of a browser, recaps
        texts, pictures = [], []
        for part in array_at(content.get("parts", []), f"{where}: parts"):
            if isinstance(part, str):
                texts.append(part)
            elif isinstance(part, dict):
                if isinstance(part.get("text"), str):
                    texts.append(part["text"])  # what was said aloud, written down
                found = self._picture(str(part.get("asset_pointer", "")))
                pictures += [found] if found else []
        return "\n".join(text for text in texts if text), tuple(pictures)


def _thoughts(content: dict[str, Any], where: str) -> str:
    steps = array_at(content.get("thoughts", []), f"{where}: thoughts")
    tables = [object_at(step, f"{where}: thoughts") for step in steps]
    return "\n\n".join(
        text for table in tables if (text := text_at(table, "content", where) or text_at(table, "summary", where))
    )
