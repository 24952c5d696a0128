"""Which links may be opened, and how they are shown before they are: what a model writes is not to be trusted."""

from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit, urlunsplit

from llmtui.core.errors import InputRefused

SCHEMES = frozenset({"http", "https", "mailto"})


def openable(url: str) -> str:
    """The address a browser may be given, its host in punycode; raise InputRefused with the reason why not."""
    if not url or url.startswith("-") or any(_is_unsafe(character) for character in url):
        raise InputRefused("This link contains spaces, control characters or a leading dash, so it is not opened")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InputRefused("This link is malformed, so it is not opened") from None
    if parts.scheme.lower() not in SCHEMES:
        raise InputRefused("Only http, https and mailto links are opened")
    if parts.scheme.lower() == "mailto":
        if parts.netloc or not parts.path or parts.path.startswith("-") or parts.query:
            raise InputRefused("Only plain mailto links (an address and nothing else) are opened")
        return url
    if "@" in parts.netloc:
        raise InputRefused("This link hides its host behind a user name, so it is not opened")
    if not parts.hostname or parts.hostname.startswith("-"):
        raise InputRefused("This link names no host, so it is not opened")
    host = parts.hostname
    if not host.isascii():
        try:
            host = unicodedata.normalize("NFC", host).encode("idna").decode("ascii")
        except UnicodeError:
            raise InputRefused("This link's host is not a valid name, so it is not opened") from None
    host = f"[{host}]" if ":" in host else host
    netloc = host if port is None else f"{host}:{port}"
    return urlunsplit((parts.scheme.lower(), netloc, parts.path, parts.query, parts.fragment))


def _is_unsafe(character: str) -> bool:
    return (
        character.isspace()
        or character == "\\"
        or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    )
