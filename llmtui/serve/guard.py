"""Decides who may talk to the server: loopback is no protection, since every web page in the same browser reaches it.

Three things are asked of each request: a Host that is this server's (else a foreign name was pointed at this machine), an
Origin that is the same (else a foreign page asks), and the token of this start (else somebody else on this machine does).
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")


class Guard:
    """What this start of the server lets in."""

    def __init__(self, names: Iterable[str], *, loopback: bool) -> None:
        """`names` are the host names it goes by; `loopback`: it listens on this machine alone."""
        self.token = secrets.token_urlsafe(32)
        self._names = {"localhost", *(name.lower() for name in names)}
        self._loopback = loopback

    def refusal(self, hosts: Sequence[str], origins: Sequence[str], tokens: Iterable[str]) -> str | None:
        """Why a request with these `Host` and `Origin` headers is refused; None when it may pass."""
        if len(hosts) != 1 or not self._is_ours(hosts[0].lower()):
            return "This server is not called that. Use the address that llmtui serve printed."
        own = {
            f"{scheme}://{hosts[0].lower()}" for scheme in ("http", "https")
        }  # https: behind a proxy on this machine
        if len(origins) > 1 or any(origin.lower() not in own for origin in origins):
            return "Requests of other pages are refused."
        if not any(self.knows(token) for token in tokens):
            return "This needs the token of this start. Use the whole address that llmtui serve printed."
        return None

    def knows(self, token: str) -> bool:
        """Whether it is the token; the time this takes does not tell how much of it is right."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())

    def _is_ours(self, host: str) -> bool:
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = found["name"].strip("[]")
        if name in self._names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self._loopback  # an address as such cannot be pointed elsewhere
