"""A line to type into whose keys act in the order they came, also when many arrive at once over a slow line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input

if TYPE_CHECKING:
    from textual import events


class Field(Input):
    """Textual asks bindings once a key has bubbled to the app: letters behind a backspace would be typed before it."""

    async def _on_key(self, event: events.Key) -> None:
        if event.is_printable:
            return  # the base class's handler runs next
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if await self.app.run_action(binding.action, self):
                event.stop()
                event.prevent_default()
                return
