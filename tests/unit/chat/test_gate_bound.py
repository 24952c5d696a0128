"""The most input a request can have counts everything that is sent, also what nobody reads."""

from __future__ import annotations

import json

from llmtui.chat.gate import _bound
from llmtui.core.messages import Attachment, Message, ModelRef, Role
from llmtui.core.request import ChatRequest

SEALED = {"type": "reasoning", "encrypted_content": "gAAAA" * 2000}


def bound(*messages: Message, estimate: int) -> int:
    return _bound(ChatRequest(ModelRef("openai", "m"), messages), estimate)


def test_p26_replayed_reasoning_is_input_too() -> None:
    """P26, COST-7: encrypted reasoning goes back to the provider, which bills it as input."""
    plain = Message(Role.ASSISTANT, "yes")
    sealed = Message(Role.ASSISTANT, "yes", opaque=(SEALED,))
    size = len(json.dumps(SEALED))
    more = bound(sealed, estimate=5) - bound(plain, estimate=5)
    assert size // 2 < more <= size


def test_p26_a_text_file_counts_by_its_bytes_and_an_image_by_its_bound() -> None:
    """P26."""
    text = Attachment("a.txt", "text/plain", b"x" * 100)
    image = Attachment("a.png", "image/png", b"x" * 10**6)
    assert bound(Message(Role.USER, "", attachments=(text,)), estimate=1000) == 100 + 32
    assert bound(Message(Role.USER, "", attachments=(image,)), estimate=1000) == 32 + 6000
