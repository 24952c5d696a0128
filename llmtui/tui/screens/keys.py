"""Keys and providers: where each key comes from; set it, test it, remove it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from llmtui.core.errors import LlmtuiError
from llmtui.tui.screens import key_entry
from llmtui.tui.screens.confirm import ask
from llmtui.tui.screens.picker import Picker, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.chat.roster import ProviderStatus
    from llmtui.tui.screens.chat import ChatScreen


class KeysScreen(Picker[None]):
    """A provider a line; the keys themselves are never shown, at most their last four characters."""

    TITLE_TEXT: ClassVar[str] = "Keys and providers"
    HINT: ClassVar[str] = "Enter sets the key · Ctrl+T tests · Del removes · Esc closes"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t,alt+t", "test", "Test", show=False),
        Binding("delete", "remove", "Remove", show=False, priority=True),
        Binding("f9", "leave", "Close", show=False),
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
            Row(status.name, status.name, _detail(status, self.size.width), "●" if status.is_usable else "○")
            for status in self._statuses
        ]

    # ------------------------------------------------------------------------------------------------ setting

    def take(self, row: Row) -> None:
        self.ask_for(row.id)

    def ask_for(self, provider: str) -> None:
        """Take a provider's key by hidden input."""
        key_entry.ask_for(self._chat, provider, self._said)

    def _said(self, text: str) -> None:
        self._say(text)
        self._reload()

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


def _detail(status: ProviderStatus, width: int) -> str:
    """Where the key comes from, and where there is room where it goes."""
    if status.name == "demo" or width < 60:
        return status.key_words
    return f"{status.key_words} · {status.base_url}"
