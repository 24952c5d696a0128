"""The code blocks of a document, for copying: their code as the source has it, without what surrounds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llmtui.render.highlight import language_of
from llmtui.render.parser import parse_blocks
from llmtui.render.spec import Lines, closes

if TYPE_CHECKING:
    from llmtui.render.blocks import Blocks
    from llmtui.render.rope import Rope


class CodeBlock(NamedTuple):
    """One code block of a document."""

    language: str
    start: int
    """Offset of the code's first character in the source."""
    end: int
    """Offset after its last character."""
    y: int
    """Row of its upper edge."""
    complete: bool
    """The closing fence has come."""
    text: str
    """The code itself, without fences, quote marks and list indentation."""


def find(blocks: Blocks, raw: Rope) -> list[CodeBlock]:
    """All code blocks in order."""
    found: list[CodeBlock] = []
    for index in range(len(blocks)):
        spec = blocks[index].spec
        if spec.code is None:
            if spec.inside:
                found += _nested(blocks, index, raw)
            continue
        part = spec.code
        text = _dedent(raw.slice(part.body, part.body_end), part.indent)
        if part.opens:
            found.append(
                CodeBlock(part.language, part.body, part.body_end, blocks.top(index) + spec.gap, part.complete, text)
            )
        else:
            above = found.pop()
            found.append(above._replace(end=part.body_end, complete=part.complete, text=above.text + text))
    return found


def _dedent(text: str, indent: int) -> str:
    if not indent:
        return text
    return "".join([line[min(indent, len(line) - len(line.lstrip(" "))) :] for line in text.splitlines(keepends=True)])


def _nested(blocks: Blocks, index: int, raw: Rope) -> list[CodeBlock]:
    """Those in lists and quotes, and indented ones."""
    spec = blocks[index].spec
    source = blocks.clean.slice(spec.start, spec.end)
    lines = Lines(source, spec.start)
    found: list[CodeBlock] = []
    for token in parse_blocks(source, {}):
        if token.type not in ("fence", "code_block") or token.map is None:
            continue
        first, last = token.map
        fenced = token.type == "fence"
        first += fenced
        complete = not fenced or (last > first and closes(lines.texts[last - 1].lstrip(" \t>"), token.markup))
        last -= fenced and complete
        texts = token.content.removesuffix("\n").split("\n") if token.content else []
        code = [
            raw.slice(offset + max(0, len(line) - len(text)), offset + len(line)) + "\n"
            for text, (offset, line) in zip(texts, lines.between(first, first + len(texts)), strict=False)
        ]
        start = lines.offsets[first]
        rows = blocks.exact(index)
        row = next((row for row, line in enumerate(rows) if line.span and line.span[0] >= start), len(rows) - 1)
        y = blocks.top(index) + max(0, row - 1)
        found.append(CodeBlock(language_of(token.info), start, lines.offsets[last], y, complete, "".join(code)))
    return found
