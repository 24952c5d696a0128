"""A conversation as one HTML page that needs nothing else: no script, nothing loaded from elsewhere, no foreign markup."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING, Any

from llmtui.core.cost import format_usd
from llmtui.core.errors import InputRefused
from llmtui.core.links import openable
from llmtui.core.sanitize import clean, clean_line
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
blockquote { margin-left: 0; padding-left: 1rem; border-left: 3px solid #8885; }
pre .keyword, pre .tag { color: #a0208a; } pre .string, pre .inserted { color: #20702a; }
pre .number, pre .deleted { color: #b0402a; } pre .comment { color: #707070; font-style: italic; }
pre .function, pre .title { color: #1a56c4; } pre .type, pre .builtin { color: #7a5200; }
@media (prefers-color-scheme: dark) {
  pre .keyword, pre .tag { color: #e28ad6; } pre .string, pre .inserted { color: #8fce8a; }
  pre .number, pre .deleted { color: #f0a080; } pre .comment { color: #9a9a9a; }
  pre .function, pre .title { color: #86b4ff; } pre .type, pre .builtin { color: #e0c070; }
}
"""
_PLAIN = frozenset({"code_text", "operator"})
_COLOURED = 200_000
"""Characters of a code block beyond which it is not coloured."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def to_html(documents: Sequence[Document]) -> str:
    """One page with all the documents."""
    from markdown_it import MarkdownIt

    markdown = (
        MarkdownIt("commonmark", {"html": False, "highlight": _coloured})
        .enable(["table", "strikethrough"])
        .disable("image")
    )
    markdown.validateLink = _is_link  # type: ignore[method-assign]
    title = escape(clean_line(documents[0].title) or "Untitled") if len(documents) == 1 else "Conversations"
    body = "\n".join(_document(document, markdown) for document in documents)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{_STYLE}</style>\n</head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _is_link(url: str) -> bool:
    """The same rule as for links that are opened from the screen."""
    try:
        openable(url)
    except InputRefused:
        return False
    return True


def _coloured(code: str, language: str, _attributes: str) -> str:
    """Code with a span around each piece that has a role; everything escaped."""
    from llmtui.render.highlight import highlight

    lines = code.split("\n")
    return "\n".join(
        "".join(
            escape(text) if role in _PLAIN else f'<span class="{role}">{escape(text)}</span>' for text, role in line
        )
        for line in highlight(lines, language if len(code) <= _COLOURED else "")
    )


def _facts(document: Document) -> list[str]:
    facts = [f"{iso(document.created_at)[:10]}", ", ".join(map(clean_line, document.models()))]
    bill = document.bill
    if bill is not None:
        facts.append(f"{bill.input_tokens:,} tokens in, {bill.output_tokens:,} out")
        facts.append("cost not known" if bill.confirmed is None else format_usd(bill.confirmed))
        if bill.estimated:
            facts.append(f"~{format_usd(bill.estimated)} estimated besides")
        if bill.uncounted and bill.confirmed is not None:
            facts.append(f"{bill.uncounted} of unknown cost besides")
    return [*facts, document.id]


def _document(document: Document, markdown: MarkdownIt) -> str:
    facts = " · ".join(escape(part) for part in _facts(document) if part)
    title = escape(clean_line(document.title) or "Untitled")
    parts = [f'<section>\n<h1>{title}</h1>\n<p class="facts">{facts}</p>']
    system: Any = document.settings.get("system")
    if isinstance(system, str) and system.strip():
        parts.append(f'<article class="system">\n<h3>System</h3>\n{markdown.render(clean(system))}</article>')
    parts += [_message(message, markdown) for message in document.shown()]
    return "\n".join([*parts, "</section>"])


def _message(message: Message, markdown: MarkdownIt) -> str:
    heading = f"{clean_line(speaker(message))} · {iso(message.created_at)[:16].replace('T', ' ')} UTC"
    lines = [f'<article class="{message.role}">', f"<h3>{escape(heading)}</h3>"]
    lines += [_attachment(attachment) for attachment in message.attachments]
    if message.reasoning.strip():
        lines.append(f"<details><summary>Reasoning</summary>{markdown.render(clean(message.reasoning))}</details>")
    lines.append(markdown.render(clean(message.content)))
    if message.error or message.state != "complete":
        state = ": ".join(filter(None, (str(message.state), message.error)))
        lines.append(f'<p class="state">{escape(clean_line(state))}</p>')
    return "\n".join([*lines, "</article>"])


def _attachment(attachment: Attachment) -> str:
    name = escape(f"{clean_line(attachment.name)} ({attachment.media_type}, {size(attachment.data)})")
    if attachment.media_type in {"image/png", "image/jpeg", "image/gif", "image/webp"}:
        data = base64.b64encode(attachment.data).decode("ascii")
        return f'<p><img alt="{name}" src="data:{attachment.media_type};base64,{data}"></p>'
    return f'<p class="facts">attached: {name}</p>'
