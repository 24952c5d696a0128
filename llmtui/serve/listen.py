"""Takes the port: which addresses a host stands for, whether they are loopback, and what to say when it cannot be had."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.errors import LlmtuiError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SKIPPED = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
"""One of a name's addresses may be of a kind that this machine has not (IPv6)."""


class ListenFailed(LlmtuiError):
    """The port cannot be had."""

    kind = "connection"


class Listening(NamedTuple):
    """Sockets that are bound, and what they are called."""

    sockets: Sequence[socket.socket]
    host: str
    """For the address that is printed."""
    port: int
    loopback: bool
    """Nobody but this machine reaches it."""
    everywhere: bool = False
    """It stands for every address that this machine has."""

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}" if self.port == 80 else f"http://{host}:{self.port}"


def listen(host: str, port: int) -> Listening:
    """Bind every address of the host to the port; 0 takes a free one. Raise ListenFailed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ListenFailed(f"--host {host} is no name or address of this machine") from None
    sockets: list[socket.socket] = []
    addresses: list[str] = []
    for family, _, _, _, (address, _, *scope) in dict.fromkeys(found):
        try:
            bound = _bound(family, (address, port, *scope))
        except OSError as error:
            if error.errno in _SKIPPED and len(found) > 1:
                continue
            for each in sockets:
                each.close()
            raise ListenFailed(_why(error, host, port), advice=_what_to_do(error)) from None
        sockets.append(bound)
        addresses.append(str(address))
        port = bound.getsockname()[1]
    if not sockets:
        raise ListenFailed(f"--host {host} is no name or address of this machine")
    everywhere = ipaddress.ip_address(addresses[0].partition("%")[0]).is_unspecified
    if everywhere:  # which is no address that a browser could open
        host = "::1" if ":" in addresses[0] else "127.0.0.1"
    return Listening(sockets, host, port, all(map(_is_loopback, addresses)), everywhere)


def _bound(family: int, address: tuple[object, ...]) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would let two programs have the same port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(64)  # here, since two programs may bind the same port and only one may listen
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"--host {host} is no name or address of this machine"
    return f"port {port} on {host} cannot be had: {error.strerror or error}"


def _what_to_do(error: OSError) -> str:
    return "" if error.errno == errno.EADDRNOTAVAIL else "Choose another with --port; 0 takes any free one."
