"""Taking a port for `llmtui serve`, and the sentences for when it cannot be had (CHAT-9)."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from llmtui.serve.listen import ListenFailed, Listening, listen


def let_go(listening: Listening) -> Listening:
    for each in listening.sockets:
        each.close()
    return listening


@pytest.mark.parametrize(
    ("host", "shown", "loopback"),
    [("127.0.0.1", "127.0.0.1", True), ("localhost", "localhost", True), ("0.0.0.0", "127.0.0.1", False)],
)
def test_a_free_port(host: str, shown: str, loopback: bool) -> None:
    """CHAT-9: 0 takes one, the same for every address of the name."""
    listening = let_go(listen(host, 0))
    assert listening.origin == f"http://{shown}:{listening.port}"
    assert listening.port > 0
    assert listening.loopback is loopback


def test_addresses_of_ipv6_stand_in_brackets() -> None:
    assert Listening((), "::1", 8484, loopback=True).origin == "http://[::1]:8484"
    assert Listening((), "127.0.0.1", 80, loopback=True).origin == "http://127.0.0.1"


def test_a_port_in_use() -> None:
    """CHAT-9: one sentence with what to do."""
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        with pytest.raises(ListenFailed) as caught:
            listen("127.0.0.1", port)
    assert (
        caught.value.sentence
        == f"port {port} on 127.0.0.1 is in use. Choose another with --port; 0 takes any free one."
    )
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("host", ["203.0.113.7", "no such host", "a" * 70, "x..y", "::g"])
def test_a_host_that_is_not_here(host: str) -> None:
    with pytest.raises(ListenFailed, match="is no name or address of this machine"):
        listen(host, 0)
