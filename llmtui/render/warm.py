"""Loads what the first answer needs before it comes: the parser's and the lexers' tables, some 80 ms in all."""

from __future__ import annotations

from llmtui.render.highlight import highlight
from llmtui.render.parser import parse_blocks, parse_inline

LANGUAGES = ("python", "bash", "json", "javascript", "typescript", "sql", "html", "yaml", "rust", "go", "c", "java")


def warm(languages: tuple[str, ...] = LANGUAGES) -> None:
    """Touch everything once. For a thread: it shares nothing that is being changed."""
    parse_blocks("- a\n", {})
    parse_inline("*a*", {})
    for language in languages:
        highlight(["x = 1"], language)
