"""Reads the files that options name: attachments and system prompts, told by their content, never by trust in a name."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from llmtui.chat.files import LARGEST_ATTACHMENT, to_attachment
from llmtui.cli.parse import shown_path, usage_error
from llmtui.core.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from llmtui.core.messages import Attachment


def read_attachment(file: Path) -> Attachment:
    """A text file or an image, with its media type. Raise ConfigError."""
    data = read_limited(file, "--attach", LARGEST_ATTACHMENT)
    try:
        return to_attachment(file, data)
    except ConfigError as error:
        raise usage_error(f"--attach: {error.message}", error.advice) from None


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
