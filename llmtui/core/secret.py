"""A key that cannot be printed by accident."""

from __future__ import annotations

from typing import NoReturn

SHORTEST = 8
"""Characters. A shorter value (a local server's “x”, a word that came instead of a key) is no secret to be looked for."""


class Secret:
    """Wraps an API key: `repr`, `str` and formatting never show it; `reveal()` is the one way out, for the header."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    @property
    def last_four(self) -> str:
        """What may be shown of it: the last four characters, of long keys only."""
        return self._value[-4:] if len(self._value) >= 12 else ""

    def scrub(self, text: str) -> str:
        """The text with every occurrence of the key replaced; a value too short to be a key would blank out words."""
        return text.replace(self._value, "[key]") if len(self._value) >= SHORTEST else text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is never pickled")
