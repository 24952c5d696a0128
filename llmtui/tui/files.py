"""Files for the prompt: completing the path after `@`, and reading what is attached."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from llmtui.core.errors import ConfigError
from llmtui.core.messages import Attachment
from llmtui.core.sanitize import clean_line
from llmtui.tui.marks import size

LARGEST = 20 * 1024 * 1024
"""Bytes; what providers take in one request ends near here."""
_IMAGES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))
_SCANNED = 2000
"""Entries of a folder that are looked at for completions."""


def read_attachment(path: str) -> Attachment:
    """A text file or an image, told by its content. Raise ConfigError with the reason why it cannot be sent."""
    file = Path(path).expanduser()
    shown = clean_line(path, 80)
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError(f"{shown} is not a file")
        if status.st_size > LARGEST:
            raise ConfigError(
                f"{shown} is too large ({size(status.st_size)})", advice=f"At most {size(LARGEST)} can be attached."
            )
        data = file.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such path"
        raise ConfigError(f"{shown} cannot be read: {reason}") from None
    for magic, media_type in _IMAGES:
        if data.startswith(magic):
            return Attachment(file.name, media_type, data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return Attachment(file.name, "image/webp", data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ConfigError(f"{shown} is neither UTF-8 text nor an image", advice="PNG, JPEG, GIF and WebP can be sent.")
    return Attachment(file.name, "text/plain", text.encode())


def matching(typed: str, limit: int = 50) -> list[str]:
    """Paths that begin with what was typed, folders with a slash at the end; hidden ones when a dot was typed."""
    folder, _, start = typed.rpartition("/")
    base = Path(folder + "/" if "/" in typed else ".").expanduser()
    prefix = f"{folder}/" if "/" in typed else ""
    found: list[tuple[bool, str]] = []
    try:
        with os.scandir(base) as entries:
            for number, entry in enumerate(entries):
                if number >= _SCANNED:
                    break
                if not entry.name.lower().startswith(start.lower()) or (
                    entry.name.startswith(".") and not start.startswith(".")
                ):
                    continue
                if " " in entry.name or "\n" in entry.name:
                    continue  # the prompt ends a path at a blank; /attach takes such names
                found.append((not entry.is_dir(), prefix + entry.name + ("/" if entry.is_dir() else "")))
    except (OSError, ValueError):
        return []
    return [path for _, path in sorted(found)[:limit]]


def mentioned(text: str) -> list[str]:
    """The `@path` words of a text that name existing files, in order, each once."""
    words = [word.rstrip(".,;:!?)")[1:] for word in text.split() if word.startswith("@") and len(word) > 1]
    found: list[str] = []
    for word in words:
        if word not in found and _is_file(word):
            found.append(word)
    return found


def _is_file(path: str) -> bool:
    try:
        return Path(path).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):
        return False
