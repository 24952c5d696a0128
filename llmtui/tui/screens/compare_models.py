"""Choosing the two to four models that get the same question."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from llmtui.chat.compare import FEWEST, MOST
from llmtui.core.messages import ModelRef
from llmtui.tui.screens.models import PASTE, ModelScreen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.tui.screens.chat import ChatScreen
    from llmtui.tui.screens.picker import Row


class CompareModels(ModelScreen):
    """Enter picks and drops; the comparison is a key of its own, since it spends money."""

    TITLE_TEXT: ClassVar[str] = "Compare models"
    HINT: ClassVar[str] = "F7 compares · Enter picks, two to four · Ctrl+R asks again · Esc closes"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f7", "take_default", "Compare", show=False, priority=True)]

    def __init__(self, chat: ChatScreen) -> None:
        super().__init__(chat)
        self._picked: list[ModelRef] = [chat.current_model] if chat.current_model else []

    def rows(self) -> Sequence[Row]:
        return [
            row
            if row.id.startswith(PASTE)
            else row._replace(mark="●" if ModelRef.parse(row.id) in self._picked else "")
            for row in super().rows()
        ]

    def take(self, row: Row) -> None:
        if row.id.startswith(PASTE):
            super().take(row)
            return
        model = ModelRef.parse(row.id)
        if model in self._picked:
            self._picked.remove(model)
        elif len(self._picked) < MOST:
            self._picked.append(model)
        else:
            self._chat.say(f"{MOST} models at most", severity="warning")
        self._say(f"{len(self._picked)} picked")
        self.fill()

    def action_take_default(self) -> None:
        if len(self._picked) < FEWEST:
            self._chat.say("Pick at least two models: Enter picks", severity="warning")
            return
        from llmtui.tui.screens.compare import begin

        self.dismiss(None)
        begin(self._chat, self._picked)
