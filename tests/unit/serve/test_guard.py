"""Who may talk to the server of `llmtui serve`: the right Host, no foreign Origin, the token (CHAT-9)."""

from __future__ import annotations

import pytest

from llmtui.serve.guard import Guard


def refused(guard: Guard, host: str | list[str], origin: str | list[str] | None = None, token: str = "right") -> bool:
    hosts = host if isinstance(host, list) else [host]
    origins = origin if isinstance(origin, list) else [origin] if origin is not None else []
    return guard.refusal(hosts, origins, ["", guard.token if token == "right" else token]) is not None


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8484", "127.0.0.1", "localhost:9000", "LocalHost", "[::1]:8484", "127.1.2.3"]
)
def test_this_machine_is_let_in(host: str) -> None:
    """CHAT-9: by its own names, whatever port a tunnel gives it."""
    assert not refused(Guard({"127.0.0.1"}, loopback=True), host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8484",  # a name that was pointed here
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "evil.example@localhost",
        "192.168.1.7:8484",
        "[2001:db8::1]",
        "",
        " ",
        "localhost:8484:8484",
        "localhost:",
        "localhost.",
        "127.1",
        "[::1",
        "localhost\x00",
        [],
        ["localhost", "localhost"],
    ],
)
def test_another_host_is_refused(host: str | list[str]) -> None:
    """CHAT-9: also with the right token."""
    assert refused(Guard({"127.0.0.1"}, loopback=True), host)


def test_on_a_network_addresses_and_own_names_are_let_in() -> None:
    """CHAT-9: an address as such cannot be pointed elsewhere; a name can."""
    guard = Guard({"0.0.0.0", "Box", "box.local"}, loopback=False)
    for host in ("192.168.1.7:8484", "[2001:db8::1]:8484", "BOX:8484", "box.local", "localhost", "127.0.0.1"):
        assert not refused(guard, host)
    for host in ("evil.example", "box.evil.example"):
        assert refused(guard, host)


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:8485",
        "http://localhost:8484",
        "null",
        "",
        "file://",
        "http://127.0.0.1:8484.evil.example",
        "http://127.0.0.1:8484/",
        "ws://127.0.0.1:8484",
        ["http://127.0.0.1:8484", "http://evil.example"],
    ],
)
def test_a_foreign_origin_is_refused(origin: str | list[str]) -> None:
    """CHAT-9: another page in the same browser, also one of this machine's, also with the right token."""
    assert refused(Guard({"127.0.0.1"}, loopback=True), "127.0.0.1:8484", origin)


def test_the_own_origin_is_let_in() -> None:
    guard = Guard({"127.0.0.1"}, loopback=True)
    assert not refused(guard, "127.0.0.1:8484", "http://127.0.0.1:8484")
    assert not refused(guard, "LOCALHOST:8484", "https://localhost:8484")  # behind a proxy
    assert not refused(guard, "127.0.0.1:8484")  # no browser


@pytest.mark.parametrize("token", ["", "wrong", "rïght", "\udc80", "x" * 10_000])
def test_a_wrong_token_is_refused(token: str) -> None:
    """CHAT-9."""
    assert refused(Guard({"127.0.0.1"}, loopback=True), "127.0.0.1", token=token)


def test_each_start_has_a_token_of_its_own() -> None:
    first, second = Guard((), loopback=True), Guard((), loopback=True)
    assert len(first.token) >= 40
    assert not first.knows(second.token)
    assert not first.knows(first.token[:-1])
