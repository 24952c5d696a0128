"""What the requests of several wires have in common: headers, and the form of a streaming request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.providers._json import dump
from llmtui.providers.base import WireRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmtui.providers.base import Target

WORTH_CACHING = 4096
"""Characters; a shorter prefix is below what Anthropic's models cache."""


def headers(target: Target, **auth: str) -> dict[str, str]:
    """Content type and authorisation (`x_api_key="…"` is the header x-api-key), then the user's own, which win."""
    own = {name.lower(): value for name, value in target.headers.items()}
    return {"content-type": "application/json", **{n.replace("_", "-"): v for n, v in auth.items() if v}, **own}


def post(url: str, header: Mapping[str, str], body: object, notes: Sequence[str]) -> WireRequest:
    """A streaming request."""
    return WireRequest("POST", url, {**header, "accept": "text/event-stream"}, dump(body), tuple(notes))
