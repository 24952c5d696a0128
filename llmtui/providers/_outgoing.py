"""What the requests of several wires have in common: addresses, headers, and text files inside a message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llmtui.providers._json import dump
from llmtui.providers.base import WireRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmtui.core.messages import Attachment
    from llmtui.providers.base import Target

_VERSIONS = re.compile(r"(?:/+v\d+(?:(?:alpha|beta)\d*)?)+$")


def address(target: Target, version: str, path: str) -> str:
    """The URL of an endpoint: `base_url` with its version part put right when it is missing or doubled, and the path."""
    base = target.base_url.strip().rstrip("/")
    found = _VERSIONS.search(base)
    if found:
        version = found[0].strip("/").rsplit("/", 1)[-1]
        base = base[: found.start()]
    return f"{base}/{version}{path}"


def headers(target: Target, **auth: str) -> dict[str, str]:
    """Content type and authorisation (`x_api_key="…"` is the header x-api-key), then the user's own, which win."""
    own = {name.lower(): value for name, value in target.headers.items()}
    return {"content-type": "application/json", **{n.replace("_", "-"): v for n, v in auth.items() if v}, **own}


def post(url: str, header: Mapping[str, str], body: object, notes: Sequence[str]) -> WireRequest:
    """A streaming request."""
    unique = tuple(dict.fromkeys(notes))
    return WireRequest("POST", url, {**header, "accept": "text/event-stream"}, dump(body), unique)


def attachment_text(attachment: Attachment) -> str:
    """A text file as a part of a message, with its name."""
    return f"{attachment.name}:\n```\n{attachment.text().rstrip()}\n```"
