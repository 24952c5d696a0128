"""A conversation as one HTML page that needs nothing else: no script, nothing loaded from elsewhere, no foreign markup."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING, Any

from llmtui.transfer.document import iso, size, speaker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt

    from llmtui.core.messages import Attachment, Message
    from llmtui.transfer.document import Document

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }
article { border-top: 1px solid #8885; padding: .5rem 0; }
h3, .facts, details, .state { color: #888; font-size: .85rem; font-weight: normal; }
.user { border-left: 3px solid #48f; padding-left: 1rem; }
pre { overflow-x: auto; background: #8882; padding: .75rem; border-radius: 4px; }
code { font-family: ui-monospace, monospace; font-size: .9em; }
table { border-collapse: collapse; } td, th { border: 1px solid #8885; padding: .2rem .5rem; }
img { max-width: 100%; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def to_html(documents: Sequence[Document]) -> str:
    """One page with all the documents."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    markdown.validateLink = _is_link  # type: ignore[method-assign]
    title = escape(documents[0].title or "Untitled") if len(documents) == 1 else "Conversations"
    body = "\n".join(_document(document, markdown) for document in documents)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{_STYLE}</style>\n</head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _is_link(url: str) -> bool:
    return url.lower().startswith(("http://", "https://", "mailto:"))


def _document(document: Document, markdown: MarkdownIt) -> str:
    facts = " · ".join(escape(part) for part in (iso(document.created_at)[:10], document.model, document.id) if part)
    parts = [f'<section>\n<h1>{escape(document.title or "Untitled")}</h1>\n<p class="facts">{facts}</p>']
    system: Any = document.settings.get("system")
    if isinstance(system, str) and system.strip():
        parts.append(f'<article class="system">\n<h3>System</h3>\n{markdown.render(system)}</article>')
    parts += [_message(message, markdown) for message in document.shown()]
    return "\n".join([*parts, "</section>"])


def _message(message: Message, markdown: MarkdownIt) -> str:
    lines = [f'<article class="{message.role}">', f"<h3>{escape(speaker(message))} · {iso(message.created_at)}</h3>"]
    lines += [_attachment(attachment) for attachment in message.attachments]
    if message.reasoning.strip():
        lines.append(f"<details><summary>Reasoning</summary>{markdown.render(message.reasoning)}</details>")
    lines.append(markdown.render(message.content))
    if message.error or message.state != "complete":
        lines.append(f'<p class="state">{escape(": ".join(filter(None, (str(message.state), message.error))))}</p>')
    return "\n".join([*lines, "</article>"])


def _attachment(attachment: Attachment) -> str:
    name = escape(f"{attachment.name} ({attachment.media_type}, {size(attachment.data)})")
    if attachment.media_type in {"image/png", "image/jpeg", "image/gif", "image/webp"}:
        data = base64.b64encode(attachment.data).decode("ascii")
        return f'<p><img alt="{name}" src="data:{attachment.media_type};base64,{data}"></p>'
    return f'<p class="facts">attached: {name}</p>'
