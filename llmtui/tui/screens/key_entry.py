"""Takes a provider's key by hidden input and stores it: in the keyring, or after an explicit yes in a file."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from llmtui.core.errors import LlmtuiError
from llmtui.tui.screens.ask_text import AskText
from llmtui.tui.screens.confirm import ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmtui.tui.screens.chat import ChatScreen

    Say = Callable[[str], None]


def ask_for(chat: ChatScreen, provider: str, say: Say, done: Callable[[], object] = lambda: None) -> None:
    """`say` is told what came of it; `done` is called when the key is stored."""

    def typed(key: str | None) -> None:
        if key:
            chat.run_worker(_store(chat, provider, key, say, done, to_file=False), group="keys")

    chat.app.push_screen(
        AskText(f"The key for {provider}. It is not shown, and it goes into the keyring.", hidden=True), typed
    )


async def _store(
    chat: ChatScreen, provider: str, key: str, say: Say, done: Callable[[], object], *, to_file: bool
) -> None:
    from llmtui.keys import set_key
    from llmtui.keys.ring import KeyringTrouble

    session = chat.session
    if session is None:
        return
    try:
        sources = session.directory.key_sources(provider)
        where, note = await asyncio.to_thread(set_key, sources, key, to_file=to_file, environ=os.environ)
    except KeyringTrouble as error:
        # No silent fall back to a file: only after an explicit yes.
        ask(
            chat.app,
            f"The keyring does not take it: {error}.\n\nStore the key in a file that only you can read? It is not encrypted.",
            yes="Store in a file",
            then=lambda: chat.run_worker(_store(chat, provider, key, say, done, to_file=True), group="keys"),
        )
        return
    except LlmtuiError as error:
        say(error.sentence)
        return
    session.directory.forget_key(provider)
    await chat.providers(refresh=True)
    say(f"The key for {provider} is in the {where}" + (f"; {note}" if note else ""))
    done()
