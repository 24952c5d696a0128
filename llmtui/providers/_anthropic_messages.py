"""The conversation as Anthropic's Messages take it, and the thinking in it that may be sent again.

Signed thinking is valid only behind exactly the messages it was made behind: it is stored with a digest of them, and sent
again only when nothing before it has changed (a message taken out, another system prompt).
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.core.messages import Role
from llmtui.providers._attachments import base64, pictures, text_with_files
from llmtui.providers._json import dump
from llmtui.providers._outgoing import WORTH_CACHING
from llmtui.providers._replay import kept

if TYPE_CHECKING:
    from llmtui.core.messages import Message
    from llmtui.core.request import ChatRequest

WIRE = "anthropic"
_CACHE = {"type": "ephemeral"}


class Conversation(NamedTuple):
    """The messages of a request as this wire wants them."""

    system: str
    messages: list[dict[str, Any]]
    digest: str
    """Of everything before the answer; what signed thinking in the answer is bound to."""


def conversation(request: ChatRequest) -> Conversation:
    """System prompt and messages; what has no text is left out, and neighbours of one role are joined."""
    system = "\n\n".join(message.content for message in request.messages if message.role is Role.SYSTEM)
    running = sha256(system.encode("utf-8", "replace"))
    messages: list[dict[str, Any]] = []
    for message in request.messages:
        if message.role is Role.SYSTEM:
            continue
        blocks = (
            _answer(message, request, running.hexdigest()) if message.role is Role.ASSISTANT else _question(message)
        )
        if not blocks:  # the server takes no empty message
            continue
        running.update(message.role.encode() + dump(blocks))
        if messages and messages[-1]["role"] == message.role:
            messages[-1]["content"] += blocks
        else:
            messages.append({"role": str(message.role), "content": blocks})
    return Conversation(system, messages, running.hexdigest())


def _answer(message: Message, request: ChatRequest, digest: str) -> list[dict[str, Any]]:
    if not message.content.strip():  # thinking alone is no answer
        return []
    blocks = [block for block, stored in kept(message, request, WIRE) if stored.get("prefix") == digest]
    return [*blocks, {"type": "text", "text": message.content}]


def _question(message: Message) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = [
        {"type": "image", "source": {"type": "base64", "media_type": picture.media_type, "data": base64(picture)}}
        for picture in pictures(message)
    ]
    text = text_with_files(message)
    return [*blocks, {"type": "text", "text": text}] if text.strip() else blocks


def mark_cache(body: dict[str, Any]) -> None:
    """Hint what will come again: the system prompt, and everything up to the newest answer."""
    if "system" in body and len(body["system"][0]["text"]) >= WORTH_CACHING:
        body["system"][0]["cache_control"] = _CACHE
    messages = body["messages"]
    stable = next((i for i in range(len(messages) - 2, -1, -1) if messages[i]["role"] == "assistant"), None)
    if stable is not None and size(messages[: stable + 1]) >= WORTH_CACHING:
        messages[stable]["content"][-1] |= {"cache_control": _CACHE}


def size(messages: list[dict[str, Any]]) -> int:
    """Characters, roughly: an image costs about as many tokens as a page of text."""
    return sum(len(block.get("text", "")) or 4096 for message in messages for block in message["content"])
