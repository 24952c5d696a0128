"""Reads a file that is to go with a message: a text or an image, told by its content, never by trust in a name."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from llmtui.core.errors import ConfigError
from llmtui.core.messages import Attachment
from llmtui.core.sanitize import clean_line

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_ATTACHMENT = 20 * 1024 * 1024
"""Bytes; what providers take in one request ends near here."""

_IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_TEXT_TYPES = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
    ".csv": "text/csv",
    ".json": "application/json",
}


def read_attachment(file: Path) -> Attachment:
    """The file with its media type. Raise ConfigError with the reason why it cannot be sent."""
    shown = clean_line(str(file), 200)
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise ConfigError(f"{shown} is not a file")
        with file.open("rb") as stream:
            data = stream.read(LARGEST_ATTACHMENT + 1)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{shown} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > LARGEST_ATTACHMENT:
        raise ConfigError(f"{shown} is larger than {LARGEST_ATTACHMENT // 1024 // 1024} MiB")
    return to_attachment(file, data)


def to_attachment(file: Path, data: bytes) -> Attachment:
    """What was read from the file, with its media type. Raise ConfigError when it is neither text nor image."""
    name, media_type = clean_line(file.name, 60), image_type(data)
    if media_type is not None:
        return Attachment(name, media_type, data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ConfigError(
            f"{clean_line(str(file), 200)} is neither UTF-8 text nor an image",
            advice="PNG, JPEG, GIF and WebP images can be sent.",
        )
    return Attachment(name, _TEXT_TYPES.get(file.suffix.lower(), "text/plain"), text.encode())


def image_type(data: bytes) -> str | None:
    """The media type of an image that providers take, by its first bytes."""
    for magic, media_type in _IMAGES:
        if data.startswith(magic):
            return media_type
    return "image/webp" if data.startswith(b"RIFF") and data[8:12] == b"WEBP" else None
