"""markdown-it, set up for streaming chat: nothing is dropped however deep it nests, HTML is text, addresses stay as written."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import blockquote, list_block
from markdown_it.rules_inline import autolink, image, link

if TYPE_CHECKING:
    from collections.abc import Callable

    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

DEEPEST = 24
"""Levels of lists and quotes (a list takes two); a deeper marker is plain text."""

References = dict[str, dict[str, Any]]
"""Link definitions by label: `href`, `title`, `map` (lines)."""

_INTERRUPTS = ["paragraph", "reference", "blockquote", "list"]


_MANY = 200
"""Opening brackets in one text beyond which it has no links: looking for their ends costs the square of their number."""


@cache
def _markdown(*, links: bool = True) -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"maxNesting": 100, "html": False})
    markdown.enable(["table", "strikethrough"]).disable(["html_block", "html_inline"])
    markdown.block.ruler.at("blockquote", _bounded(blockquote), {"alt": _INTERRUPTS})
    markdown.block.ruler.at("list", _bounded(list_block), {"alt": _INTERRUPTS[:3]})
    for name, rule in (("link", link), ("image", image), ("autolink", autolink)):
        markdown.inline.ruler.at(name, _noting_end(rule))
    if not links:
        markdown.disable(["link", "image"])
    markdown.normalizeLink = _same  # type: ignore[assignment,method-assign]
    markdown.normalizeLinkText = _same  # type: ignore[assignment,method-assign]
    return markdown


def _same(address: str) -> str:
    return address


def _bounded(rule: Callable[[StateBlock, int, int, bool], bool]) -> Callable[[StateBlock, int, int, bool], bool]:
    def bounded(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the library's signature
        return state.level < DEEPEST and rule(state, start, end, silent)

    return bounded


def _noting_end(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    def noting(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the library's signature
        done = rule(state, silent)
        if done and not silent:
            state.tokens[-1].meta["end"] = state.pos
        return done

    return noting


def parse_blocks(text: str, references: References) -> list[Token]:
    """Block tokens, inline content not looked into; definitions found are added to `references`."""
    markdown = _markdown()
    tokens: list[Token] = []
    markdown.block.parse(text, markdown, {"references": references}, tokens)
    return tokens


def parse_inline(text: str, references: References) -> list[Token]:
    """Inline tokens; the `meta` of a link's end, an image's and an address' tells where in the text it ends."""
    markdown = _markdown(links=text.count("[") < _MANY)
    tokens: list[Token] = []
    markdown.inline.parse(text, markdown, {"references": references}, tokens)
    return tokens
