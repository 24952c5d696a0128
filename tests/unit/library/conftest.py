"""Sessions of the library against scripted servers; the ledger read as it is on disk."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import llmtui
from llmtui.paths import locate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Configure = Callable[[str], None]
    Rows = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    llmtui.close()


@pytest.fixture
def rows(_own_world: None) -> Rows:
    """The ledger's rows, oldest first: the columns that are named."""

    def read(*columns: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(locate(os.environ).database)) as database:
            return database.execute(f"SELECT {', '.join(columns)} FROM attempts ORDER BY rowid").fetchall()

    return read


@pytest.fixture
def configure(_own_world: None) -> Configure:
    """Writes the config file."""

    def write(text: str) -> None:
        Path(os.environ["LLMTUI_CONFIG"]).write_text(text, "utf-8")

    return write
