"""Turns a parsed TOML table into a `Config`, by the schema; stops at the first thing that does not fit."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from llmtui.config.checks import Unfit
from llmtui.config.schema import TOP, Named, Section
from llmtui.config.values import Config

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llmtui.config.checks import Check

_KEY_NAMES = {"api_key", "apikey", "api-key", "key", "token", "secret", "password"}


class Problem(Exception):
    """Something in the file is wrong: a sentence without file and line, and the path of the key that is meant."""

    def __init__(self, path: tuple[str, ...], message: str, advice: str = "") -> None:
        super().__init__(f"{_dotted(path)} {message}")
        self.path = path
        self.advice = advice


def build(table: Mapping[str, Any]) -> Config:
    """The settings of a whole file. Raise Problem."""
    values = {}
    for key, value in table.items():
        if key not in TOP:
            raise _unknown((key,), TOP)
        values[key] = _convert(TOP[key], value, (key,))
    return Config(**values)


def _convert(kind: Check | Section | Named, value: object, path: tuple[str, ...]) -> Any:
    if isinstance(kind, Section):
        return _section(kind, value, path)
    if isinstance(kind, Named):
        return _named(kind, value, path)
    try:
        return kind(value)
    except Unfit as unfit:
        within = (*path, unfit.within) if unfit.within else path
        raise Problem(within, f"must be {unfit}{_shown(value) if unfit.show else ''}") from None


def _section(section: Section, value: object, path: tuple[str, ...]) -> Any:
    if not isinstance(value, dict):
        raise Problem(path, f"must be a table: [{_dotted(path)}]")
    values = {}
    for key, content in value.items():
        if key not in section.keys:
            raise _unknown((*path, key), section.keys)
        values[key] = _convert(section.keys[key], content, (*path, key))
    for key in section.required:
        if key not in values:
            raise Problem(path, f"has no “{key}”", "Give it a value.")
    return section.make(**values)


def _named(named: Named, value: object, path: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Problem(path, f"must be a table of tables: [{_dotted(path)}.NAME]")
    result = {}
    for name, content in value.items():
        try:
            named.name(name)
        except Unfit as unfit:
            raise Problem((*path, name), f"must be {unfit}") from None
        result[name] = _convert(named.item, content, (*path, name))
    return result


def _unknown(path: tuple[str, ...], known: Iterable[str]) -> Problem:
    key = path[-1]
    if key.lower() in _KEY_NAMES and (len(path) == 1 or path[0] == "providers"):
        name = path[1] if len(path) > 2 else "NAME"
        variable = name.upper().replace("-", "_").replace(".", "_")
        return Problem(
            path,
            "is not a setting: a key is never kept in the config file",
            f"Store it with “llmtui keys set {name}”, or set LLMTUI_{variable}_API_KEY, or name a key_command.",
        )
    import difflib

    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return Problem(
        path, "is not a setting", f"Did you mean “{near[0]}”?" if near else f"Known here: {', '.join(known)}."
    )


def _shown(value: object) -> str:
    """What stands there, where it is short and plain."""
    if isinstance(value, bool):
        return f", not {str(value).lower()}"
    if isinstance(value, int | Decimal) and len(str(value)) < 24:
        return f", not {value}"
    if isinstance(value, str) and len(value) < 24 and value.isprintable():
        return f', not "{value}"'
    return ""


def _dotted(path: tuple[str, ...]) -> str:
    """A key path as TOML writes it, cleaned of what a terminal would obey."""
    bare = [part.replace("-", "a").replace("_", "a") for part in path]
    return ".".join(
        part
        if plain.isalnum() and plain.isascii()
        else '"' + "".join(c if c.isprintable() else "?" for c in part) + '"'
        for part, plain in zip(path, bare, strict=True)
    )
