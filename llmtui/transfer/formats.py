"""The formats that conversations are exported in, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.transfer.document import Document

FORMATS = ("markdown", "json", "html")


def render(documents: Sequence[Document], kind: str) -> str:
    """The documents in one of `FORMATS`."""
    if kind == "json":
        from llmtui.transfer.as_json import to_json

        return to_json(documents)
    if kind == "html":
        from llmtui.transfer.as_html import to_html

        return to_html(documents)
    from llmtui.transfer.as_markdown import to_markdown

    return to_markdown(documents)
