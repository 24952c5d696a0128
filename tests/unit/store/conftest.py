"""A store in a folder of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.stores import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from llmtui.store.database import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "llmtui.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with running(path) as opened:
        yield opened
