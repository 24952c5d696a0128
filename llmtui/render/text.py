"""Markdown to plain text, for copying: what was meant, without the marks. Lists keep their markers, tables become tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.render.parser import parse_blocks, parse_inline

if TYPE_CHECKING:
    from llmtui.render.parser import References


def code_blocks(markdown: str) -> list[str]:
    """The contents of the fenced code blocks, in order; an unclosed one runs to the end."""
    from markdown_it import MarkdownIt

    return [token.content for token in MarkdownIt("commonmark").parse(markdown) if token.type == "fence"]


def plain_text(markdown: str) -> str:
    """The text of a message as it would be typed by hand."""
    references: References = {}
    tokens = parse_blocks(markdown, references)
    out: list[str] = []
    numbers: list[int | None] = []  # of the lists around: the next item's number, None for bullets
    marker, cells = "", list[str]()
    for token in tokens:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                numbers.append(int(token.attrGet("start") or 1) if token.type.startswith("ordered") else None)
            case "bullet_list_close" | "ordered_list_close":
                numbers.pop()
                if not numbers:
                    _gap(out)
            case "list_item_open":
                number = numbers[-1]
                marker = "- " if number is None else f"{number}. "
                numbers[-1] = None if number is None else number + 1
            case "tr_open":
                cells = []
            case "th_open" | "td_open":
                cells.append("")
            case "tr_close":
                out.append("\t".join(cells) + "\n")
                cells = []
            case "inline" if cells:
                cells[-1] = _inline(token.content, references)
            case "inline":
                depth = "  " * max(0, len(numbers) - 1)
                hanging = depth + "  " * bool(numbers)
                text = _inline(token.content, references).replace("\n", "\n" + hanging)
                out.append((depth + marker if marker else hanging) + text + "\n")
                marker = ""
            case "fence" | "code_block":
                _gap(out)
                out.append(token.content)
                _gap(out)
            case "hr":
                _gap(out)
                out.append("---\n\n")
            case "paragraph_close" if not token.hidden:
                _gap(out)
            case "heading_close" | "table_close":
                _gap(out)
    return "".join(out).strip("\n")


def _gap(out: list[str]) -> None:
    """A blank line, unless there is one."""
    if out and out[-1] != "\n" and not out[-1].endswith("\n\n"):
        out.append("\n")


def _inline(text: str, references: References) -> str:
    tokens = parse_inline(text, references)
    return "".join("\n" if token.type in ("softbreak", "hardbreak") else token.content for token in tokens)
