"""The command palette: every action by its name, with its key and its slash command."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from llmtui.tui import commands
from llmtui.tui.screens.picker import Picker, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.tui.screens.chat import ChatScreen


class Palette(Picker[None]):
    """Runs what is picked."""

    TITLE_TEXT: ClassVar[str] = "Commands"

    def __init__(self, chat: ChatScreen) -> None:
        super().__init__()
        self._chat = chat

    def rows(self) -> Sequence[Row]:
        return [
            Row(
                action.name,
                action.title,
                " ".join(filter(None, (action.slash and f"/{action.slash}", commands.key_text(self._chat, action)))),
            )
            for action in commands.ACTIONS
            if action.listed
        ]

    def take(self, row: Row) -> None:
        action = commands.BY_NAME[row.id]
        self.dismiss(None)
        if action.needs_argument:
            self._chat.prompt.fill(f"/{action.slash} ")
            self._chat.focus_prompt()
        else:
            self._chat.run_worker(self._chat.action_run(action.name))
