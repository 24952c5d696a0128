"""Reads values out of database rows: what does not fit is refused with the place and the column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from llmtui.core.errors import ConfigError
from llmtui.transfer.expect import moment_at

if TYPE_CHECKING:
    import sqlite3

Row: TypeAlias = "dict[str, Any]"


def rows_of(connection: sqlite3.Connection, query: str) -> list[Row]:
    """The rows of a query, each with its columns' names."""
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def text_in(row: Row, key: str, where: str) -> str:
    """A column's text; "" where there is none. Raise ConfigError."""
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ConfigError(f"{where}: {key} must be text")
    return value


def moment_in(row: Row, key: str, where: str) -> int | None:
    """A column's time, in milliseconds since 1970; None where there is none. Raise ConfigError."""
    return moment_at(row, key, where) if row.get(key) else None
