"""The first run: what was found, and the two ways on: paste a key, or try the demo. One Enter to be typing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from llmtui.core.messages import ModelRef
from llmtui.tui.screens.picker import Picker, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.chat.directory import ProviderStatus
    from llmtui.tui.screens.chat import ChatScreen

DEMO = ModelRef("demo", "steady")


class Welcome(Picker[None]):
    """The demo is marked, so that Enter alone leads to typing."""

    TITLE_TEXT: ClassVar[str] = "Welcome: no API key and no local server was found"
    HINT: ClassVar[str] = "Enter takes · Esc: the demo"

    def __init__(self, chat: ChatScreen) -> None:
        super().__init__()
        self._chat = chat
        self._statuses: Sequence[ProviderStatus] = ()

    def on_mount(self) -> None:
        super().on_mount()
        self.run_worker(self._load())

    async def _load(self) -> None:
        self._statuses = await self._chat.providers()
        self.fill()

    def rows(self) -> Sequence[Row]:
        return [
            Row("demo", "Try the demo", "no key, no network, nothing costs"),
            *(
                Row(f"key {status.name}", f"Paste a key for {status.name}", status.base_url)
                for status in self._statuses
                if status.needs_key and not status.key_source
            ),
        ]

    def take(self, row: Row) -> None:
        self.dismiss(None)
        if row.id == "demo":
            self._chat.run_worker(self._chat.use_model(DEMO))
        else:
            from llmtui.tui.screens.keys import KeysScreen

            screen = KeysScreen(self._chat)
            self.app.push_screen(screen)
            screen.ask_for(row.id.removeprefix("key "))

    def action_leave(self) -> None:
        self.take(Row("demo", ""))
