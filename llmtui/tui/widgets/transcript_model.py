"""The messages of a conversation in order, and their rows: what is not looked at stays a value and costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llmtui.tui.widgets.message_view import MessageView
from llmtui.tui.widgets.message_view_dress import estimated_height
from llmtui.tui.widgets.transcript_geometry import Heights

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmtui.tui.widgets.transcript_item import Item


class At(NamedTuple):
    """A row of the conversation, as a row of one of its messages."""

    message: int
    row: int


class Model:
    """Messages by index and by id. A message's view is made when it is first asked for."""

    def __init__(self, items: Sequence[Item] = (), width: int = 80) -> None:
        self._entries: list[Item | MessageView] = list(items)
        self._index: dict[str, int] = {item.id: index for index, item in enumerate(items)}
        self.heights = Heights([estimated_height(item, width) for item in items])

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, message_id: str) -> bool:
        return message_id in self._index

    def index(self, message_id: str) -> int:
        """Raise KeyError when there is no such message."""
        return self._index[message_id]

    def id(self, index: int) -> str:
        return self._entries[index].id

    def view(self, index: int) -> MessageView:
        entry = self._entries[index]
        if not isinstance(entry, MessageView):
            entry = self._entries[index] = MessageView(entry)
        return entry

    def find(self, message_id: str) -> MessageView:
        return self.view(self._index[message_id])

    def seen(self, index: int) -> MessageView | None:
        """The view, if it was ever asked for."""
        entry = self._entries[index]
        return entry if isinstance(entry, MessageView) else None

    def views(self) -> Iterator[tuple[int, MessageView]]:
        """Those that were ever asked for."""
        for index, entry in enumerate(self._entries):
            if isinstance(entry, MessageView):
                yield index, entry

    def source(self, index: int) -> str:
        """A message's text."""
        entry = self._entries[index]
        return entry.body.source if isinstance(entry, MessageView) else entry.text

    def at(self, y: int) -> At:
        """The message and its row at a row of the conversation; IndexError when there are no messages."""
        return At(*self.heights.at(y))

    def insert(self, index: int, items: Sequence[Item], width: int) -> None:
        """Put messages before the one at index."""
        self._entries[index:index] = items
        self.heights.insert(index, [estimated_height(item, width) for item in items])
        self._number(index)

    def remove(self, index: int) -> None:
        del self._index[self.id(index)]
        del self._entries[index]
        self.heights.remove(index)
        self._number(index)

    def replace(self, index: int, item: Item, width: int) -> None:
        """Another message in the place of one; its id may be another one."""
        del self._index[self.id(index)]
        self._entries[index] = item
        self._index[item.id] = index
        self.heights.set(index, estimated_height(item, width))

    def _number(self, first: int) -> None:
        for index in range(first, len(self._entries)):
            self._index[self._entries[index].id] = index
