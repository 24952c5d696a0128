"""Keys and providers: where each key comes from; set it, test it, remove it."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from llmtui.core.errors import LlmtuiError
from llmtui.tui.screens.ask_text import AskText
from llmtui.tui.screens.confirm import ask
from llmtui.tui.screens.picker import Picker, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.chat.directory import ProviderStatus
    from llmtui.tui.screens.chat import ChatScreen


class KeysScreen(Picker[None]):
    """A provider a line; the keys themselves are never shown, at most their last four characters."""

    TITLE_TEXT: ClassVar[str] = "Keys and providers"
    HINT: ClassVar[str] = "Enter sets the key · Ctrl+T tests it · Del removes it · Esc closes"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t,alt+t", "test", "Test", show=False),
        Binding("delete", "remove", "Remove", show=False, priority=True),
    ]

    def __init__(self, chat: ChatScreen) -> None:
        super().__init__()
        self._chat = chat
        self._statuses: Sequence[ProviderStatus] = ()

    def on_mount(self) -> None:
        super().on_mount()
        self._reload()

    def _reload(self) -> None:
        self.run_worker(self._load(), exclusive=True, group="load")

    async def _load(self) -> None:
        self._statuses = await self._chat.providers(refresh=True)
        self.fill()

    def rows(self) -> Sequence[Row]:
        return [
            Row(status.name, status.name, f"{source(status)} · {status.base_url}", "●" if status.is_usable else "○")
            for status in self._statuses
        ]

    # ------------------------------------------------------------------------------------------------ setting

    def take(self, row: Row) -> None:
        self.ask_for(row.id)

    def ask_for(self, provider: str) -> None:
        """Take a provider's key by hidden input."""

        def typed(key: str | None) -> None:
            if key:
                self.run_worker(self._set(provider, key, to_file=False))

        self.app.push_screen(
            AskText(f"The key for {provider}. It is not shown, and it goes into the keyring.", hidden=True), typed
        )

    async def _set(self, provider: str, key: str, *, to_file: bool) -> None:
        from llmtui.keys import set_key
        from llmtui.keys.ring import KeyringTrouble

        session = self._chat.session
        if session is None:
            return
        try:
            sources = session.directory.key_sources(provider)
            where, note = await asyncio.to_thread(set_key, sources, key, to_file=to_file, environ=os.environ)
        except KeyringTrouble as error:
            self._offer_file(provider, key, str(error))
            return
        except LlmtuiError as error:
            self._say(error.sentence)
            return
        session.directory.forget_key(provider)
        self._say(f"The key for {provider} is in the {where}" + (f"; {note}" if note else ""))
        await self._load()
        self.fill()

    def _offer_file(self, provider: str, key: str, trouble: str) -> None:
        """No silent fall back to a file: only after an explicit yes."""

        question = f"The keyring does not take it: {trouble}.\n\nStore the key in a file that only you can read? It is not encrypted."
        ask(
            self.app,
            question,
            yes="Store in a file",
            then=lambda: self.run_worker(self._set(provider, key, to_file=True)),
        )

    # ------------------------------------------------------------------------------------------------ testing, removing

    def action_test(self) -> None:
        if self.current is not None:
            self._say(f"asking {self.current.id} …")
            self.run_worker(self._test(self.current.id), exclusive=True, group="test")

    async def _test(self, provider: str) -> None:
        session = self._chat.session
        if session is None:
            return
        try:
            found = await session.list_models(provider, refresh=True)
        except LlmtuiError as error:
            self._say(error.sentence)
        else:
            self._say(f"{provider} answers and offers {len(found)} models")

    def action_remove(self) -> None:
        row = self.current
        if row is None:
            return
        ask(
            self.app,
            f"Remove the stored key of {row.id}?",
            yes="Remove",
            then=lambda: self.run_worker(self._remove(row.id)),
        )

    async def _remove(self, provider: str) -> None:
        from llmtui.keys import delete_key

        session = self._chat.session
        if session is None:
            return
        try:
            removed = await asyncio.to_thread(delete_key, session.directory.key_sources(provider))
        except LlmtuiError as error:
            self._say(error.sentence)
            return
        session.directory.forget_key(provider)
        self._say(f"Removed from: {', '.join(removed)}" if removed else "There was no stored key to remove")
        await self._load()

    def _say(self, text: str) -> None:
        from llmtui.core.sanitize import clean_line

        self.box.border_title = Content(f"Keys — {clean_line(text)}")


def source(status: ProviderStatus) -> str:
    """Where a provider's key comes from, in words."""
    if status.key_source:
        return status.key_source + (f" (…{status.key_hint})" if status.key_hint else "")
    if status.local:
        return "local, needs no key"
    return "no key" if status.needs_key else "needs no key"
