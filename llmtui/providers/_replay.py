"""Reasoning state that providers want back: kept with the answer it came with, sent again only where it still holds.

Signatures and encrypted items are good for the model that made them; another one refuses them or, worse, the whole
conversation with them. So each item remembers its wire, provider and model, and is left out anywhere else.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from llmtui.core.events import OpaqueReasoning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from llmtui.core.messages import Message
    from llmtui.core.request import ChatRequest


def keep(request: ChatRequest, wire: str, item: Mapping[str, Any], **facts: str | int) -> OpaqueReasoning:
    """The event that stores an item; `facts` are checked by the adapter itself before it sends the item again."""
    origin = {"wire": wire, "provider": request.model.provider, "model": request.model.name}
    return OpaqueReasoning(
        {**origin, **facts, "item": json.loads(json.dumps(item, default=float), parse_constant=lambda _: None)}
    )


def kept(message: Message, request: ChatRequest, wire: str) -> Iterator[tuple[dict[str, Any], Mapping[str, Any]]]:
    """The items of an answer that this request's model made, in order, each with all that was stored about it."""
    for stored in message.opaque:
        origin = (stored.get("wire"), stored.get("provider"), stored.get("model"))
        item = stored.get("item")
        if origin == (wire, request.model.provider, request.model.name) and isinstance(item, dict):
            yield item, stored
