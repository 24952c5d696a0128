"""The checks against real providers, opted for by hand and by the keys in the environment; they cost a few cents at most:

    OPENAI_API_KEY=… ANTHROPIC_API_KEY=… pytest -m live tests/live

Providers without a key are skipped. `LLMTUI_LIVE_USD` is the cap of all of them together, `LLMTUI_LIVE_MODEL_OPENAI` (and
so on) another model.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import llmtui
from tests.conftest import _real_connect
from tests.live.checks import CHECKS
from tests.live.places import ENVIRONMENT, REAL, Place, real

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

pytestmark = pytest.mark.live


@pytest.fixture(params=REAL)
def place(request: pytest.FixtureRequest, _own_world: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A real provider, with the way to it open: these tests alone may leave this machine."""
    found = real(request.param)
    monkeypatch.setattr(socket.socket, "connect", _real_connect)
    for name, value in ENVIRONMENT.items():
        if name.upper().endswith("_PROXY") or name == "SSL_CERT_FILE":
            monkeypatch.setenv(name, value)
    config = f'[keys]\nkeyring = false\n[providers.{found.provider}]\nwire = "{found.wire}"\n'
    Path(os.environ["LLMTUI_CONFIG"]).write_text(config, "utf-8")
    yield found
    llmtui.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
async def test_a_real_provider(check: Callable[[Place], Awaitable[None]], place: Place) -> None:
    """PRV-1, PRV-4, COST-1, COST-3: see `checks.py`."""
    await check(place)
