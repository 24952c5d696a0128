"""Commands on conversations."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from llmtui.core.errors import ConfigError
from llmtui.core.sanitize import clean_line

if TYPE_CHECKING:
    from llmtui.core.messages import Message
    from llmtui.plain.chat import Chat
    from llmtui.store.records import Conversation

SHORT = 8
"""Digits of an ID: enough to name a conversation."""
_LISTED = 10


def new(chat: Chat, _argument: str) -> None:
    chat.begin_anew()
    chat.voice.line("new conversation")


def clear(chat: Chat, _argument: str) -> None:
    chat.begin_anew()
    chat.voice.line("new conversation, with the same model and settings; the one before stays in the list")


def pin(chat: Chat, _argument: str) -> None:
    """At the top of the list, or no longer."""
    store, conversation = chat.session.store, stored(chat)
    store.conversations.pin(conversation.id, pinned=not conversation.pinned).result()
    chat.voice.line("no longer pinned" if conversation.pinned else "pinned: it stays at the top of the list")


def archive(chat: Chat, _argument: str) -> None:
    """Out of the list, or back in it."""
    store, conversation = chat.session.store, stored(chat)
    store.conversations.archive(conversation.id, archived=not conversation.archived).result()
    chat.voice.line("back in the list" if conversation.archived else "archived: /archive once more fetches it back")


def list_newest(chat: Chat, argument: str) -> None:
    if argument and not (argument.isascii() and argument.isdecimal() and len(argument) < 10 and int(argument)):
        raise ConfigError(f"/list takes a number, not “{argument}”")
    found = chat.session.store.conversations.listed(int(argument) if argument else _LISTED)
    for each in found:
        chat.voice.line(
            f"{each.id[:SHORT]}  {when(each.updated_at)}  {each.title or 'Untitled'}, {each.message_count} messages{', pinned' if each.pinned else ''}"
        )
    if not found:
        chat.voice.line("there is no conversation yet")


def open_one(chat: Chat, argument: str) -> None:
    if not argument:
        raise ConfigError("say which", advice="/list shows the IDs; /open ID")
    chat.open(chat.session.store.conversations.resolve(argument))


def show(chat: Chat, _argument: str) -> None:
    messages = chat.messages()
    if not messages:
        chat.voice.line("nothing has been said yet")
    for message in messages:
        chat.voice.block(f"{_speaker(message)}, {when(message.created_at)}:\n{message.content}")


def search(chat: Chat, argument: str) -> None:
    if not argument:
        raise ConfigError("say what to look for", advice="/search TEXT")
    hits = chat.session.store.search(argument, 20)
    for hit in hits:
        title = clean_line(hit.conversation_title, 40)
        chat.voice.line(f"{hit.conversation_id[:SHORT]}  {when(hit.created_at)}  {title}, {hit.role}: {hit.snippet}")
    chat.voice.line(f"{len(hits)} found; /open ID goes there" if hits else "nothing was found")


def rename(chat: Chat, argument: str) -> None:
    if not argument:
        raise ConfigError("say how", advice="/rename TITLE")
    chat.session.store.conversations.rename(current(chat), argument).result()
    chat.voice.line(f"title: {argument}")


def delete(chat: Chat, argument: str) -> None:
    """It goes into the bin, from where /undo brings it back."""
    store = chat.session.store
    found = store.conversations.resolve(argument) if argument else current(chat)
    conversation = store.conversations.get(found)
    title = conversation.title if conversation else ""
    store.conversations.delete(found).result()

    def bring_back() -> str:
        store.conversations.undelete(found).result()
        return f"brought back “{title or 'Untitled'}”; /open {found[:SHORT]} goes there"

    chat.undoing.append(bring_back)
    if found == chat.id:
        chat.begin_anew()
    chat.voice.line(f"removed “{title or 'Untitled'}”; /undo brings it back")


def undo(chat: Chat, _argument: str) -> None:
    if not chat.undoing:
        raise ConfigError("there is nothing to bring back")
    chat.voice.line(chat.undoing.pop()())


def export(chat: Chat, argument: str) -> None:
    from llmtui.transfer.document import of_conversation
    from llmtui.transfer.formats import FORMATS, render

    kind, _, rest = argument.partition(" ")
    if kind not in FORMATS:
        kind, rest = "markdown", argument
    text = render([of_conversation(chat.session.store, current(chat))], kind)
    if not rest.strip():
        chat.voice.block(text)
        return
    file = Path(rest.strip()).expanduser()
    try:
        with file.open("x", encoding="utf-8", errors="replace") as stream:  # an export never replaces a file
            stream.write(text)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from None
    chat.voice.line(f"written: {file}")


def current(chat: Chat) -> str:
    if chat.id is None:
        raise ConfigError("this conversation has not begun")
    return chat.id


def stored(chat: Chat) -> Conversation:
    found = chat.session.store.conversations.get(current(chat))
    if found is None:
        raise ConfigError("this conversation is not stored")
    return found


def _speaker(message: Message) -> str:
    from llmtui.transfer.document import speaker

    return speaker(message).replace("You", "you")


def when(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000).astimezone():%Y-%m-%d %H:%M}"
