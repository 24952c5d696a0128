"""Text shown as it was typed, without Markdown: a user's message, or a model's reasoning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.render.document import Document
from llmtui.render.spec import Spec

if TYPE_CHECKING:
    from llmtui.render.parser import References

_LINES = 40  # drawn together


class PlainDocument(Document):
    """Rows of plain text; addresses are links. For reasoning give it `look.dimmed()`."""

    def _split(
        self, text: str, base: int, references: References, first: Spec | None, before: Spec | None
    ) -> list[Spec]:
        specs: list[Spec] = []
        start = end = 0
        lines = text.removesuffix("\n").split("\n") if text else []
        for number, line in enumerate(lines, 1):
            end += len(line) + 1
            if number % _LINES == 0 or number == len(lines):
                specs.append(Spec(base + start, base + min(end, len(text)), "text", 0))
                start = end
        return specs
