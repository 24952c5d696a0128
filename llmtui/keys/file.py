"""The key file: for machines without a keyring, made only when the user has agreed to it, readable by them alone."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from llmtui.core.errors import KeyNotFound
from llmtui.paths import write_private

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST = 1024 * 1024


def read_key_file(path: Path) -> dict[str, str]:
    """Provider to key; empty when there is no file. Raise KeyNotFound when others could have read or written it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        if path.is_symlink():
            raise _refused(path, "it is a symbolic link", "Replace it by the file itself.") from None
        raise _refused(path, error.strerror or "it cannot be read", "Check its owner and mode.") from None
    try:
        _check_owner_and_mode(path, os.fstat(descriptor))
        data = os.read(descriptor, _LARGEST)
    finally:
        os.close(descriptor)
    import tomllib

    try:
        keys = tomllib.loads(data.decode("utf-8")).get("keys", {})
    except (ValueError, RecursionError):
        raise _refused(path, "it is not a key file any more", "Delete it and set the keys again.") from None
    return {str(name): key for name, key in keys.items() if isinstance(key, str)} if isinstance(keys, dict) else {}


def write_key_file(path: Path, keys: dict[str, str]) -> None:
    """Replace the file by one with these keys; without any left it is removed. Raise OSError."""
    if not keys:
        path.unlink(missing_ok=True)
        return
    import tomli_w

    text = "# API keys of llmtui. Only you can read this file; keep it so.\n" + tomli_w.dumps({"keys": keys})
    write_private(path, text.encode("utf-8"))


def _check_owner_and_mode(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _refused(path, "it is not a regular file", "Delete it and set the keys again.")
    if os.name != "posix":
        return
    if status.st_uid != os.geteuid():
        raise _refused(path, "it belongs to somebody else", "Delete it and set the keys again.")
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        raise _refused(path, f"others can read or write it (mode {mode:o})", f"If nobody has: chmod 600 {path}")


def _refused(path: Path, reason: str, advice: str) -> KeyNotFound:
    return KeyNotFound(f"the key file {path} is refused: {reason}", advice=advice)
