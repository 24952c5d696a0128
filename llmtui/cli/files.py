"""Reads the files that options name: attachments and system prompts, told by their content, never by trust in a name."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from llmtui.cli.parse import shown, shown_path, usage_error
from llmtui.core.messages import Attachment

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_ATTACHMENT = 20 * 1024 * 1024
"""Bytes; what providers take in one request ends near here."""

_TEXT_TYPES = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
    ".csv": "text/csv",
    ".json": "application/json",
}


def read_attachment(file: Path) -> Attachment:
    """A text file or an image, with its media type. Raise ConfigError."""
    data = read_limited(file, "--attach", LARGEST_ATTACHMENT)
    name = shown(file.name)
    media_type = image_type(data)
    if media_type is None:
        try:
            content = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            content = "\0"
        if "\0" in content:
            raise usage_error(
                f"--attach: {shown_path(file)} is neither UTF-8 text nor an image",
                "PNG, JPEG, GIF and WebP images can be sent.",
            )
        data = content.encode("utf-8")
        media_type = _TEXT_TYPES.get(file.suffix.lower(), "text/plain")
    return Attachment(name, media_type, data)


def image_type(data: bytes) -> str | None:
    """The media type of an image that providers take, by its first bytes."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def read_limited(file: Path, flag: str, limit: int) -> bytes:
    """A file's bytes, at most `limit`; a folder, a device or a larger file is refused. Raise ConfigError."""
    name = shown_path(file)
    try:
        mode = file.stat().st_mode
        if stat.S_ISDIR(mode):
            raise usage_error(f"{flag}: {name} is a folder")
        if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            raise usage_error(f"{flag}: {name} is a device, not a file")
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
    except FileNotFoundError:
        raise usage_error(f"{flag}: there is no file {name}") from None
    except (OSError, ValueError) as error:
        raise usage_error(f"{flag}: {name} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > limit:
        raise usage_error(f"{flag}: {name} is larger than {limit // 1024 // 1024} MiB")
    return data
