"""A conversation as Markdown to read or to keep: the branch that is shown, the messages as they were written.

Its facts (model, tokens, cost) stand before it as front matter: YAML between two rules, which note programs read.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from llmtui.core.sanitize import clean_line
from llmtui.transfer.document import iso, size, speaker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.core.messages import Message
    from llmtui.transfer.document import Document


def to_markdown(documents: Sequence[Document]) -> str:
    """The documents one after the other, each with its front matter."""
    return "\n".join(_document(document) for document in documents)


def _front_matter(document: Document) -> str:
    models = [_quoted(model) for model in document.models()]
    lines = [
        f"title: {_quoted(document.title or 'Untitled')}",
        f"id: {_quoted(document.id)}",
        f"created: {iso(document.created_at)}",
        f"updated: {iso(document.updated_at)}",
        f"model: {models[0] if models else 'null'}",
    ]
    if len(models) > 1:
        lines.append(f"models: [{', '.join(models)}]")
    bill = document.bill
    if bill is not None:
        lines += [
            f"tokens: {bill.input_tokens + bill.output_tokens}",
            f"input_tokens: {bill.input_tokens}",
            f"output_tokens: {bill.output_tokens}",
            "cost_usd: " + ("null" if bill.confirmed is None else f'"{bill.confirmed:f}"'),
        ]
        if bill.estimated:
            lines.append(f'cost_estimate_usd: "{bill.estimated:f}"')
        if bill.uncounted:
            lines.append(f"requests_of_unknown_cost: {bill.uncounted}")
    return "\n".join(("---", *lines, "---"))


def _quoted(text: str) -> str:
    """A YAML string in double quotes: JSON's, without what YAML does not take."""
    return json.dumps(clean_line(text), ensure_ascii=False)


def _document(document: Document) -> str:
    parts = [f"{_front_matter(document)}\n\n# {' '.join(document.title.split()) or 'Untitled'}\n"]
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
