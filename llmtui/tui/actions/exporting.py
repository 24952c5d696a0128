"""Actions that bring stored text out again: a conversation into a file, an earlier answer onto the screen."""

from __future__ import annotations

import asyncio
import io
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from llmtui.core.errors import LlmtuiError
from llmtui.core.messages import Role
from llmtui.tui.actions.answers import last

if TYPE_CHECKING:
    from llmtui.tui.screens.chat import ChatScreen

ENDINGS = {"markdown": ".md", "json": ".json", "html": ".html"}


async def export(chat: ChatScreen, argument: str) -> None:
    """Write this conversation into a file: the format named, else the one the file's name says, else Markdown."""
    if chat.session is None or chat.talk.id is None:
        chat.say("There is nothing to export yet")
        return
    word, _, rest = argument.partition(" ")
    kind, name = (word, rest.strip()) if word in ENDINGS else ("", argument.strip())
    if not kind:
        kind = next((each for each, ending in ENDINGS.items() if name.endswith(ending)), "markdown")
    target = Path(os.path.expanduser(name or f"{_slug(chat.talk.title)}{ENDINGS[kind]}"))  # noqa: ASYNC240, PTH111 - a look-up
    if not chat.app.is_web and await asyncio.to_thread(target.exists):
        from llmtui.tui.screens.confirm import ask

        question = f"{target} is there already. Replace it?"
        ask(chat.app, question, yes="Replace", then=lambda: chat.run_worker(_write(chat, target, kind), group="export"))
    else:
        await _write(chat, target, kind)


async def _write(chat: ChatScreen, target: Path, kind: str) -> None:
    from llmtui.paths import write_private
    from llmtui.transfer.document import of_conversation
    from llmtui.transfer.formats import render

    session, conversation = chat.session, chat.talk.id
    if session is None or conversation is None:
        return

    def written() -> str:
        return render([of_conversation(session.store, conversation)], kind)

    def write() -> Path:
        text = written()
        path = target.resolve()
        if not path.parent.is_dir():
            raise FileNotFoundError(2, "there is no such folder")
        if path.exists() and not path.is_file():
            raise ValueError("it is no file")
        write_private(path, text.encode("utf-8", "replace"))
        return path

    try:
        if chat.app.is_web:  # the reader's files are where the browser is
            text = io.StringIO(await asyncio.to_thread(written))
            chat.app.deliver_text(text, save_filename=target.name, mime_type="text/plain")
            chat.say(f"The browser saves it as {kind}: {target.name}")
            return
        path = await asyncio.to_thread(write)
    except LlmtuiError as error:
        chat.say(error.sentence, severity="error")
    except (OSError, ValueError) as error:
        chat.say(f"{target} cannot be written: {getattr(error, 'strerror', None) or error}", severity="error")
    else:
        chat.say(f"Exported as {kind}: {path}")


def _slug(title: str) -> str:
    return re.sub(r"[^\w-]+", "-", title).strip("-").lower()[:60] or "conversation"


async def earlier(chat: ChatScreen, _argument: str) -> None:
    """Show what was answered to the last question before, if it was ever asked."""
    question = last(chat, Role.USER)
    if chat.library is None or question is None:
        chat.say("There is no question yet")
        return
    shown = {message.id for message in chat.talk.messages}
    found = [each for each in await chat.library.earlier_answers(question.content) if each[1].id not in shown]
    if not found:
        chat.say("This question has not been answered before")
        return
    from llmtui.tui.screens.earlier import EarlierScreen

    chat.app.push_screen(EarlierScreen(chat, found))
