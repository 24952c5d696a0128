"""Code to coloured pieces by Pygments' lexers; a language it does not know, or none, is plain text and never guessed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pygments.lexer import ExtendedRegexLexer, RegexLexer  # type: ignore[import-untyped]
from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
from pygments.token import Token, _TokenType  # type: ignore[import-untyped]
from pygments.util import ClassNotFound  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pygments.lexer import Lexer

Coloured = list[tuple[str, str]]
"""One line: text and role, in order."""

_LONG = 4000  # characters of a line beyond which it is not coloured
_ABOVE = 12  # lines read again for lexers whose state cannot be kept
_STUCK = 50

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
    if lexer is None or any(len(line) >= _LONG for line in lines):
        return [[(line, "code_text")] if line else [] for line in lines[skip:]]
    out: list[Coloured] = [[]]
    for kind, value in lexer.get_tokens("\n".join([*lines, ""])):
        role = role_of(kind)
        if "\n" not in value:
            out[-1].append((value, role))
            continue
        first, *others = value.split("\n")
        if first:
            out[-1].append((first, role))
        out += [[(part, role)] if part else [] for part in others]
    out += [[] for _ in range(len(lines) - len(out))]
    return [_faithful(row, line) for row, line in zip(out[skip:], lines[skip:], strict=False)]


def _faithful(row: Coloured, line: str) -> Coloured:
    """The row, or the line without colours if the lexer has changed it."""
    if "".join([text for text, _ in row]) == line:
        return row
    return [(line, "code_text")] if line else []


class LineLexer:
    """Colours code that arrives line by line, each line once: keeps the lexer's state where the last line ended.

    A token that only a later line completes (a comment in some languages) comes out plain; the whole block is coloured
    again when the answer is complete.
    """

    __slots__ = ("_above", "_language", "_lexer", "_stack")

    def __init__(self, language: str, above: Sequence[str] = ()) -> None:
        """`above` are the lines before the first one."""
        self._language = language
        lexer = _lexer(language.lower()) if language and len(language) < 40 else None
        resumable = isinstance(lexer, RegexLexer) and not isinstance(lexer, ExtendedRegexLexer)
        self._lexer: RegexLexer | None = lexer if resumable else None
        self._stack = ["root"]
        self._above = [] if lexer is None or self._lexer else list(above)
        if lexer is None:
            self._language = ""
        for line in above if self._lexer else ():
            self.complete(line)

    def complete(self, line: str) -> Coloured:
        """The next whole line, coloured."""
        if self._lexer is not None and len(line) < _LONG:
            coloured, self._stack = _scan(self._lexer, line + "\n", self._stack)
            return coloured
        coloured = self.partial(line)
        if self._language:
            self._above = [*self._above[-_ABOVE:], line]
        return coloured

    def partial(self, line: str) -> Coloured:
        """The line that is still growing, coloured."""
        if not line:
            return []
        if self._lexer is not None and len(line) < _LONG:
            return _scan(self._lexer, line, self._stack)[0]
        return highlight([*self._above, line], self._language, len(self._above))[0]


def _scan(lexer: RegexLexer, text: str, stack: list[str]) -> tuple[Coloured, list[str]]:
    """Run a lexer over one line from a given state; gives the pieces and the state at its end."""
    stack = list(stack)
    out: Coloured = []
    at = idle = 0
    while at < len(text):
        for match, action, change in lexer._tokens.get(stack[-1], ()):  # noqa: SLF001 - how Pygments keeps its rules
            found = match(text, at)
            if found is None:
                continue
            if type(action) is _TokenType:
                out.append((found[0], role_of(action)))
            elif action is not None:
                out += [(value, role_of(kind)) for _, kind, value in action(lexer, found)]
            idle = idle + 1 if found.end() == at else 0
            at = found.end()
            _enter(stack, change)
            break
        else:
            idle = _STUCK
        if idle >= _STUCK:  # nothing matches, or rules that match nothing go round in a circle
            if text[at : at + 1] == "\n":
                stack = ["root"]
            out.append((text[at : at + 1], "code_text"))
            at, idle = at + 1, 0
    row = [(part, role) for piece, role in out if (part := piece.replace("\n", ""))]
    return _faithful(row, text.removesuffix("\n")), stack


def _enter(stack: list[str], change: tuple[str, ...] | int | str | None) -> None:
    if change is None:
        return
    if isinstance(change, int):
        del stack[max(1, len(stack) - abs(change)) :]
        return
    for state in change if isinstance(change, tuple) else (change,):
        if state == "#pop":
            del stack[max(1, len(stack) - 1) :]
        elif state == "#push":
            stack.append(stack[-1])
        else:
            stack.append(state)


class Memo:
    """Colours code that is handed over whole each time it has grown: only what is new is looked at."""

    __slots__ = ("_coloured", "_language", "_lexer", "_lines")

    def __init__(self) -> None:
        self._language = ""
        self._lines: list[str] = []
        self._coloured: list[Coloured] = []
        self._lexer = LineLexer("")

    def colour(self, lines: Sequence[str], language: str) -> list[Coloured]:
        """Like `highlight`, the last line taken for unfinished."""
        done = len(self._lines)
        if language != self._language or len(lines) <= done or lines[:done] != self._lines:
            self._language, self._lines, self._coloured, done = language, [], [], 0
            self._lexer = LineLexer(language)
        self._coloured += [self._lexer.complete(line) for line in lines[done:-1]]
        self._lines += lines[done:-1]
        return [*self._coloured, *[self._lexer.partial(line) for line in lines[-1:]]]
