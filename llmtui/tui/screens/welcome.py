"""The first run: what was found, and the two ways on: paste a key, or stay with the demo. Enter leads to typing, and so
does typing: what is typed is taken for the first question."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from llmtui.core.messages import ModelRef
from llmtui.tui.screens.picker import Picker, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

    from llmtui.chat.roster import ProviderStatus
    from llmtui.tui.screens.chat import ChatScreen

DEMO = ModelRef("demo", "steady")


class Welcome(Picker[None]):
    """The chat below it stands on the demo already; its row is marked."""

    TITLE_TEXT: ClassVar[str] = "Welcome: no API key and no local server was found"
    HINT: ClassVar[str] = "Enter takes · or just type a question · Esc: the demo"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "take", "Take", show=False)]
    DEFAULT_CSS = "Welcome Input { display: none; }"

    def __init__(self, chat: ChatScreen) -> None:
        super().__init__()
        self._chat = chat
        self._statuses: Sequence[ProviderStatus] = ()
        self._was_typed = False
        self._input.can_focus = False

    def on_mount(self) -> None:
        super().on_mount()
        self.run_worker(self._load())

    # ------------------------------------------------------------------------------------------------ just typing

    def on_key(self, event: events.Key) -> None:
        """A letter belongs to the first question, and so do those that come before this dialog has gone."""
        if event.character is not None and event.is_printable:
            event.stop()
            if not self._was_typed:
                self._was_typed = True
                self.dismiss(None)
            self._chat.prompt.area.insert(event.character)

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted here may well be a key: it must not land in a question."""
        event.stop()
        self.notify("Choose the provider first; then paste its key.", markup=False)

    def action_take(self) -> None:
        if self._was_typed:
            self._chat.prompt.area.action_submit()
        elif self.current is not None:
            self.take(self.current)

    # ------------------------------------------------------------------------------------------------ the list

    async def _load(self) -> None:
        self._statuses = await self._chat.providers()
        self.fill()

    def rows(self) -> Sequence[Row]:
        return [
            Row("demo", "Try the demo", "no key, no network, costs nothing"),
            *(
                Row(f"key {status.name}", f"Paste a key for {status.name}", status.base_url)
                for status in self._statuses
                if status.needs_key and not status.key_source
            ),
        ]

    def take(self, row: Row) -> None:
        self.dismiss(None)
        if row.id != "demo":
            from llmtui.tui.screens.keys import KeysScreen

            screen = KeysScreen(self._chat)
            self.app.push_screen(screen)
            screen.ask_for(row.id.removeprefix("key "))

    def action_leave(self) -> None:
        self.take(Row("demo", ""))
