"""Attached files as models take them: pictures in base64, text inlined between fences under its file's name."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmtui.core.messages import Attachment, Message

_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What the providers' vision models read; other images (SVG is one) are sent as the text they are."""
_FENCES = re.compile(r"`{3,}")


def pictures(message: Message) -> list[Attachment]:
    """The attachments that are sent as pictures, in order."""
    return [attachment for attachment in message.attachments if attachment.media_type in _PICTURES]


def text_with_files(message: Message) -> str:
    """The message's text, preceded by its text attachments."""
    files = [inlined(attachment) for attachment in message.attachments if attachment.media_type not in _PICTURES]
    return "\n\n".join([*files, message.content] if message.content else files)


def inlined(attachment: Attachment) -> str:
    """A text file between fences longer than any fence in it."""
    text = attachment.text()
    longest = max((len(run) for run in _FENCES.findall(text)), default=2)
    fence = "`" * (longest + 1)
    name = " ".join(attachment.name.replace("`", "'").split())
    return f"File `{name}`:\n{fence}\n{text}{'' if text.endswith(chr(10)) else chr(10)}{fence}"


def base64(attachment: Attachment) -> str:
    """The file's bytes in base64."""
    return b64encode(attachment.data).decode("ascii")


def data_url(attachment: Attachment) -> str:
    """The file as a `data:` address."""
    return f"data:{attachment.media_type};base64,{base64(attachment)}"
