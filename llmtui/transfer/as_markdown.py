"""A conversation as Markdown to read or to keep: the branch that is shown, the messages as they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.transfer.document import iso, size, speaker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.core.messages import Message
    from llmtui.transfer.document import Document


def to_markdown(documents: Sequence[Document]) -> str:
    """The documents one after the other, a rule between them."""
    return "\n---\n\n".join(_document(document) for document in documents)


def _document(document: Document) -> str:
    facts = " · ".join(part for part in (iso(document.created_at)[:10], document.model, document.id) if part)
    parts = [f"# {' '.join(document.title.split()) or 'Untitled'}\n\n{facts}\n"]
    system = document.settings.get("system")
    if isinstance(system, str) and system.strip():
        parts.append(f"## System\n\n{system.strip()}\n")
    return "\n".join([*parts, *(_message(message) for message in document.shown())])


def _message(message: Message) -> str:
    lines = [f"## {speaker(message)}\n"]
    lines += [f"- attached: {each.name} ({each.media_type}, {size(each.data)})\n" for each in message.attachments]
    if message.reasoning.strip():
        lines.append(f"<details><summary>Reasoning</summary>\n\n{message.reasoning.strip()}\n\n</details>\n")
    if message.content:
        lines.append(message.content.rstrip("\n") + "\n")
    if message.error:
        lines.append(f"*{message.state}: {message.error}*\n")
    elif message.state != "complete":
        lines.append(f"*{message.state}*\n")
    return "\n".join(lines)
