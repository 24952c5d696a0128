"""Search over every message of every conversation, as one types."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from llmtui.core.errors import LlmtuiError
from llmtui.tui.screens.picker import Picker, Row
from llmtui.tui.when import ago

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.tui.library import Library


class Found(NamedTuple):
    """Where a search led."""

    conversation_id: str
    message_id: str


class SearchScreen(Picker[Found]):
    """Newest first; the line with the hit, and what conversation it is from."""

    TITLE_TEXT: ClassVar[str] = "Search all conversations"
    HINT: ClassVar[str] = "Enter goes there · Esc closes"
    PLACEHOLDER: ClassVar[str] = "Words of a question or an answer"
    NOTHING: ClassVar[str] = "No message has all these words"

    def __init__(self, library: Library, query: str = "") -> None:
        super().__init__(query)
        self._library = library
        self._found: dict[str, Found] = {}

    def rows(self) -> Sequence[Row]:
        return self.shown

    @property
    def nothing(self) -> str:
        return self.NOTHING if self.query_text.strip() else "Results come as you type"

    def fill(self) -> None:
        self.run_worker(self._search, exclusive=True, group="search")  # type: ignore[arg-type]  # not yet a coroutine: it may be closed at once

    async def _search(self) -> None:
        text = self._input.value
        try:
            hits = await self._library.search(text) if text.strip() else []
        except LlmtuiError as error:
            self.notify(error.sentence, severity="warning", markup=False)
            return
        except asyncio.CancelledError:
            return  # another letter was typed meanwhile
        self._found = {hit.message_id: Found(hit.conversation_id, hit.message_id) for hit in hits}
        self.show_rows(
            [
                Row(
                    hit.message_id,
                    hit.snippet,
                    f"{hit.conversation_title[:24]} · {ago(hit.created_at)}",
                    ">" if hit.role == "user" else "",
                    hit.spans,
                )
                for hit in hits
            ]
        )

    def take(self, row: Row) -> None:
        self.dismiss(self._found[row.id])
