"""Where a provider's API begins: what people write as `base_url`, put right."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from llmtui.core.errors import ConfigError

_VERSION = re.compile(r"v\d+(?:(?:alpha|beta)\d*)?")
_ENDPOINTS = re.compile(
    r"/(?:chat/completions|completions|responses|messages|models(?:/[^/]+:\w+)?|api/(?:chat|generate|tags))$"
)
_LOOPBACK = re.compile(r"(?:localhost|.*\.localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)", re.IGNORECASE)
_UNVERSIONED = frozenset({"models.github.ai", "models.inference.ai.azure.com", "api.perplexity.ai"})
"""Hosts whose API has no version part in its path."""


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    return _LOOPBACK.fullmatch(host) is not None


def host_of(base_url: str) -> str:
    """The host name, in lower case; empty when there is none."""
    try:
        return urlsplit(_with_scheme(base_url)).hostname or ""
    except ValueError:
        return ""


def api_root(base_url: str, version: str = "v1", *, bare: str = "") -> str:
    """The address that endpoints are appended to, without a slash at the end.

    A missing version part is added, a doubled one and a pasted endpoint are taken off; a version that is there stays,
    whichever it is. Where nothing but the host is given and the API is not at its root, it is at `bare` (`api/v1`).
    Raise ConfigError when it is no address at all.
    """
    start, path = _split(base_url)
    segments = [segment for segment in path.split("/") if segment]
    versions = [segment for segment in segments if _VERSION.fullmatch(segment)]
    if len(versions) > 1 and len(set(versions)) == 1:
        segments = [*segments[: segments.index(versions[0])], *segments[_last(segments, versions[0]) :]]
    elif not versions and host_of(base_url) not in _UNVERSIONED:
        segments += [version] if segments or not bare else bare.split("/")
    return "/".join((start, *segments))


def plain_root(base_url: str) -> str:
    """The address without any version or `api` part: for wires whose paths begin with their own."""
    start, path = _split(base_url)
    segments = [segment for segment in path.split("/") if segment]
    while segments and (_VERSION.fullmatch(segments[-1]) or segments[-1] == "api"):
        segments.pop()
    return "/".join((start, *segments))


def _split(base_url: str) -> tuple[str, str]:
    """Scheme and host, and the path without a pasted endpoint; query and fragment are dropped."""
    try:
        parts = urlsplit(_with_scheme(base_url))
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"}:
        raise ConfigError(f"base_url “{base_url}” is not an address", advice="Write for example https://host/v1.")
    return f"{parts.scheme}://{parts.netloc}", _ENDPOINTS.sub("", parts.path.rstrip("/"))


def _with_scheme(base_url: str) -> str:
    text = base_url.strip()
    if "://" in text:
        return text
    return f"{'http' if is_loopback(text.split('/')[0].rpartition(':')[0] or text.split('/')[0]) else 'https'}://{text}"


def _last(segments: list[str], segment: str) -> int:
    return len(segments) - 1 - segments[::-1].index(segment)
