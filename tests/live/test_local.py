"""The live checks against a local server for each wire: they run with every other test, and prove that they can."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

import llmtui
from llmtui import Price
from tests.live.checks import CHECKS
from tests.live.places import LOCAL, Place, local

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator


@pytest.fixture(params=LOCAL)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    yield from local(request.param, Price(Decimal("0.15"), Decimal("0.6")))
    llmtui.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
async def test_a_local_server(check: Callable[[Place], Awaitable[None]], place: Place) -> None:
    """PRV-1, PRV-4, COST-1, COST-3: see `checks.py`."""
    await check(place)
