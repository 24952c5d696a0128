"""What the properties share: one desk a module, since making a server and a database for each example would cost the most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.desk import Desk, quick_folder

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """A whole chat without an event loop; see `tests.support.desk`."""
    with quick_folder() as folder, Desk(folder) as opened:
        yield opened
