"""JSON as servers send it: anything may stand in it, and nothing of it may crash the reader."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from llmtui.core.errors import MalformedResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmtui.providers.base import Target


_decode: Callable[[str], Any] = json.JSONDecoder().decode
_decode_as_floats: Callable[[str], Any] = json.JSONDecoder(parse_int=float).decode


def parse(text: str, target: Target | None = None) -> Any:
    """The JSON value; raise MalformedResponse when it is none (cut off, nesting beyond all measure).

    NaN and Infinity are no JSON, and yet some servers write them: they come as floats, which no count and no amount
    accepts, and so do integers of more digits than Python reads. An answer is not thrown away for them. What is no JSON
    is quoted where `target` tells what its secrets are.
    """
    try:
        try:
            return _decode(text)
        except json.JSONDecodeError:
            raise
        except ValueError:
            return _decode_as_floats(text)
    except (ValueError, RecursionError):
        page = "a web page" if text.lstrip().startswith("<") else ""
        what = quote(text, target) if target else page
        raise MalformedResponse(
            f"The server sent a frame that is not JSON, or was cut off{': ' if what else ''}{what}",
            advice="Try again; if it happens again, check that base_url leads to a model server.",
        ) from None


def parse_exact(text: str) -> Any:
    """As `parse`, with Decimal for every number that is no integer: for amounts of money."""
    from decimal import Decimal

    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError, ArithmeticError):
        return parse(text)


def parse_body(body: bytes) -> Any:
    """The JSON value of a whole body; raise MalformedResponse when it is none."""
    return parse(body.decode("utf-8-sig", "replace"))


def dump(value: object) -> bytes:
    """A request body: compact UTF-8; a lone surrogate of a broken paste becomes U+FFFD, never an error."""
    return whole_characters(json.dumps(value, ensure_ascii=False, separators=(",", ":"))).encode()


def quote(text: object, target: Target, limit: int = 300) -> str:
    """Foreign text for a message: one short line without the target's secrets."""
    return excerpt(target.scrub(str(text)), limit)


def excerpt(text: object, limit: int = 300) -> str:
    """Foreign text as one short line; see `quote` for what a server that was sent a key has said."""
    line = " ".join(str(text)[: 4 * limit].split())
    line = whole_characters(line)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def whole_characters(text: str) -> str:
    """Surrogate pairs joined, lone surrogates (which no database and no terminal takes) replaced by U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


class TextJoiner:
    """Deltas as whole characters: servers that count in UTF-16 cut emoji in two, half in this frame, half in the next."""

    __slots__ = ("_half",)

    def __init__(self) -> None:
        self._half = ""

    def push(self, text: str) -> str:
        """The text with what was held back before it, and without a half character at its end."""
        if self._half:
            text, self._half = self._half + text, ""
        if text.isascii():
            return text
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return whole_characters(text)

    def rest(self) -> str:
        """What is held back when nothing follows any more: half a character, as U+FFFD; as a rule nothing."""
        half, self._half = self._half, ""
        return "\ufffd" if half else ""
