"""A line to type into whose keys act in the order they came, also when many arrive at once over a slow line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input

if TYPE_CHECKING:
    from textual import events


MOVES = frozenset({"up", "down", "pageup", "pagedown"})
"""Keys of what stands around a field: an Enter behind them would take what was marked before."""


class Field(Input):
    """Textual asks bindings once a key has bubbled to the app: letters behind a backspace would be typed before it."""

    async def _on_key(self, event: events.Key) -> None:
        if event.is_printable:
            return  # the base class's handler runs next
        if await self._moves(event.key) or await self._acts(event.key):
            event.stop()
            event.prevent_default()

    async def _moves(self, key: str) -> bool:
        return key in MOVES and await self.app._check_bindings(key)  # noqa: SLF001

    async def _acts(self, key: str) -> bool:
        """Only the field's own: a screen's action may wait for the screen to go, and so for this very handler."""
        for binding in self._bindings.key_to_bindings.get(key, ()):
            if await self.app.run_action(binding.action, self):
                return True
        return False
