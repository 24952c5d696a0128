"""Roles and templates of the config: chosen for this conversation, tried in a new one, or edited for once."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from llmtui.tui.actions import conversations, personas
from llmtui.tui.screens.picker import Picker, Row

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from llmtui.tui.screens.chat import ChatScreen

NONE = "-none"
ROLE, TEMPLATE = "role:", "template:"
"""What the rows' ids begin with."""


class RolesScreen(Picker[None]):
    """Roles first, then templates."""

    TITLE_TEXT: ClassVar[str] = "Roles and templates"
    HINT: ClassVar[str] = "Enter uses it · Ctrl+N in a new conversation · Ctrl+E edits it for once · Esc closes"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n,alt+n", "try", "Use it in a new conversation", show=False, priority=True),
        Binding("ctrl+e", "edit", "Edit it for once", show=False, priority=True),
        Binding("f8", "leave", "Close", show=False),
    ]

    def __init__(self, chat: ChatScreen) -> None:
        super().__init__()
        self._chat = chat

    def rows(self) -> Sequence[Row]:
        config, system = self._chat.chat_app.config, self._chat.talk.system or ""
        found = [Row(NONE, "No role", "answers without a system prompt", "" if system else "●")]
        for name, role in config.roles.items():
            how = [role.model, "" if role.temperature is None else f"temperature {role.temperature:g}"]
            detail = " · ".join([*filter(None, how), "role"])
            chosen = "●" if system and system == role.system else ""
            found.append(Row(f"{ROLE}{name}", f"{name}: {_short(role.system)}", detail, chosen))
        for name, text in config.templates.items():
            found.append(Row(f"{TEMPLATE}{name}", f"{name}: {_short(text)}", "template"))
        if len(found) == 1:
            found.append(Row("-hint", "The config has none yet: add [roles.NAME] or [templates.NAME]", "config.toml"))
        return found

    def take(self, row: Row) -> None:
        if row.id != "-hint":
            self._leave_for(self._use(row.id))

    def _leave_for(self, doing: Awaitable[None]) -> None:
        self.dismiss(None)
        self._chat.run_worker(doing, group="role")

    async def _use(self, row_id: str) -> None:
        if row_id == NONE:
            await personas.no_role(self._chat)
        elif row_id.startswith(ROLE):
            await personas.take_role(self._chat, row_id.removeprefix(ROLE))
        else:
            name = row_id.removeprefix(TEMPLATE)
            personas.ask_for(self._chat, name, self._chat.chat_app.config.templates[name])

    def action_try(self) -> None:
        if self.current is not None and self.current.id != "-hint":
            self._leave_for(self._try(self.current.id))

    async def _try(self, row_id: str) -> None:
        await conversations.new(self._chat, "")
        await self._use(row_id)

    def action_edit(self) -> None:
        if self.current is not None and not self.current.id.startswith("-"):
            self._leave_for(self._edit(self.current.id))

    async def _edit(self, row_id: str) -> None:
        if row_id.startswith(ROLE):
            await personas.edit_role(self._chat, row_id.removeprefix(ROLE))
        else:
            await personas.edit_template(self._chat, row_id.removeprefix(TEMPLATE))


def _short(text: str) -> str:
    return " ".join(text[:200].split())
