"""Finds the line of a key in a TOML text; tomllib keeps no positions, and this is needed only to explain an error."""

from __future__ import annotations

import tomllib
from typing import Any


def line_of(text: str, path: tuple[str, ...]) -> int | None:
    """The number, from 1, of the line where the statement begins that sets `path`; None when it is not to be found.

    A line that has the key's name in it is looked at when what stands before it parses without the key; it is the one
    when the text parses with the key some lines later (a value may go over several lines).
    """
    lines = text.split("\n")
    for wanted in (path, path[:-1]):
        if not wanted:
            break
        for index, line in enumerate(lines):
            if wanted[-1] not in line:
                continue
            before = _parsed(lines[:index])
            if before is None or _has(before, wanted):
                continue
            after = next(
                (table for end in range(index + 1, len(lines) + 1) if (table := _parsed(lines[:end])) is not None), None
            )
            if after is not None and _has(after, wanted):
                return index + 1
    return None


def _parsed(lines: list[str]) -> dict[str, Any] | None:
    try:
        return tomllib.loads("\n".join(lines))
    except (ValueError, RecursionError):
        return None


def _has(table: dict[str, Any], path: tuple[str, ...]) -> bool:
    node: Any = table
    for part in path:
        if not isinstance(node, dict) or part not in node:
            return False
        node = node[part]
    return True
