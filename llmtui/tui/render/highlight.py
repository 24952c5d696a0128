"""Code to coloured pieces by Pygments' lexers; a language it does not know, or none, is plain text and never guessed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
from pygments.token import Token  # type: ignore[import-untyped]
from pygments.util import ClassNotFound  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pygments.lexer import Lexer  # type: ignore[import-untyped]
    from pygments.token import _TokenType

Coloured = list[tuple[str, str]]
"""One line: text and role, in order."""

_ROLES: dict[_TokenType, str] = {
    Token.Keyword: "keyword",
    Token.Keyword.Constant: "number",
    Token.Keyword.Type: "type",
    Token.Operator.Word: "keyword",
    Token.Operator: "operator",
    Token.Name.Function: "function",
    Token.Name.Class: "type",
    Token.Name.Exception: "type",
    Token.Name.Builtin: "builtin",
    Token.Name.Builtin.Pseudo: "builtin",
    Token.Name.Decorator: "builtin",
    Token.Name.Namespace: "builtin",
    Token.Name.Tag: "tag",
    Token.Name.Attribute: "builtin",
    Token.Literal.String: "string",
    Token.Literal.String.Interpol: "operator",
    Token.Literal.Number: "number",
    Token.Literal: "string",
    Token.Comment: "comment",
    Token.Comment.Preproc: "builtin",
    Token.Generic.Inserted: "inserted",
    Token.Generic.Deleted: "deleted",
    Token.Generic.Heading: "title",
    Token.Generic.Subheading: "builtin",
    Token.Generic.Prompt: "comment",
    Token.Generic.Error: "tag",
}


@cache
def role_of(kind: _TokenType) -> str:
    """The role of a Pygments token, or of the nearest kind above it."""
    while kind.parent is not None:
        if kind in _ROLES:
            return _ROLES[kind]
        kind = kind.parent
    return "code_text"


@cache
def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def language_of(info: str) -> str:
    """The language that a fence's info string names, as the reader may see it: its first word."""
    words = info.strip().replace("{", " ").replace("}", " ").replace(",", " ").split()
    return words[0].lstrip(".")[:24] if words else ""


def highlight(lines: Sequence[str], language: str, skip: int = 0) -> list[Coloured]:
    """Colour each line. The first `skip` lines only set the lexer's state and are not in the result."""
    lexer = _lexer(language.lower()) if language and len(language) < 40 else None
    if lexer is None or any(len(line) > 4000 for line in lines):
        return [[(line, "code_text")] if line else [] for line in lines[skip:]]
    out: list[Coloured] = [[]]
    for kind, value in lexer.get_tokens("\n".join(lines)):
        role = role_of(kind)
        if "\n" not in value:
            out[-1].append((value, role))
            continue
        first, *others = value.split("\n")
        if first:
            out[-1].append((first, role))
        out += [[(part, role)] if part else [] for part in others]
    out += [[] for _ in range(len(lines) - len(out))]
    return out[skip : len(lines)]
