"""`auto` in the library (PRV-9): which model it takes, and that it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import llmtui
from tests.support.wire_server import WireServer

if TYPE_CHECKING:
    import pytest

    from tests.unit.library.conftest import Configure

CONFIG = """
[router]
simple = ["openai/gpt-6-luna", "acme/small"]
[providers.acme]
wire = "openai"
base_url = "{url}"
key_env = "ACME_KEY"
"""


class FakeRing:
    """A keyring that holds acme's key alone."""

    def __init__(self, _: float) -> None:
        pass

    def get(self, provider: str) -> str | None:
        return "sk-from-the-keyring" if provider == "acme" else None


def test_prv_9_auto_sees_the_keyring_and_says_what_it_chose(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PRV-9: a key in the keyring counts as one; a provider without any is passed over; the choice is told."""
    monkeypatch.setattr("llmtui.keys.ring.Ring", FakeRing)
    with WireServer() as server:
        configure(CONFIG.replace("{url}", server.url))
        with llmtui.stream_sync("auto", "hi") as session:
            assert session.collect() == "Hello"
        assert server.requests[0].json()["model"] == "small"
        assert server.requests[0].headers["authorization"] == "Bearer sk-from-the-keyring"
    assert session.warnings[0].startswith("auto chose acme/small: simple: short question")
