"""Every test gets its own folders, no keys from outside, no proxy, no keyring of the machine, and no network but loopback."""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
"""Data that the maintainers' machines have beside the checkout; a user's clone has not."""

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of child processes need not compile the program anew
# A machine that is busy otherwise is no failure of the program: no example has a time limit.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("soak", settings.get_profile("suite"))  # pytest tests/properties --hypothesis-profile=soak
settings.load_profile("suite")

_LOOPBACK = ("127.", "::1", "localhost")
_real_connect = socket.socket.connect


def _guarded_connect(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(_LOOPBACK):
        raise OSError(f"tests reach loopback only, not {address[0]}")
    _real_connect(self, address)


@pytest.fixture(autouse=True)
def _own_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in list(os.environ):
        upper = name.upper()
        if (
            upper.endswith(("_API_KEY", "_PROXY"))
            or upper.startswith(("LLMTUI_", "XDG_"))
            or upper in ("NO_COLOR", "SSL_CERT_FILE", "COLUMNS", "LINES")  # the last two: of whoever runs the tests
        ):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("LLMTUI_DATA_DIR", str(home / "data"))
    monkeypatch.setenv("LLMTUI_CACHE_DIR", str(home / "cache"))
    monkeypatch.setenv("LLMTUI_CONFIG", str(home / "config.toml"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setattr(socket.socket, "connect", _guarded_connect)
    log = logging.getLogger("llmtui")
    before = (log.handlers[:], log.propagate, log.level)
    yield
    log.handlers[:], log.propagate = before[:2]
    log.setLevel(before[2])


@pytest.fixture
def shared() -> Path:
    """The folder of shared test data; skips where there is none."""
    if not SHARED.is_dir():
        pytest.skip("the shared test data is not beside this checkout")
    return SHARED
