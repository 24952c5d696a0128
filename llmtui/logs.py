"""The log file: what happened, never a key, never a message's text. One small handler instead of logging.handlers,
which costs 15 ms to import; the file is opened for each record, so nothing happens where nothing is logged."""

from __future__ import annotations

import logging
import os
import re
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from llmtui.paths import NoHomeFolder, locate, make_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmtui.core.secret import Secret

LARGEST = 1024 * 1024
"""Bytes; a file that has grown beyond becomes `.1`, that one `.2`, and so on."""
KEPT = 3
"""Older files that are kept."""
LONGEST_RECORD = 16 * 1024

_SECRET_NAMES = ("KEY", "TOKEN", "SECRET", "PASSWORD")


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """What stands before a key, or what one looks like; compiled when the first record is written."""
    return (
        re.compile(
            r"(?i)((?:authorization|x-api-key|api-key|x-goog-api-key|cookie)[\"']?\s*[:=]\s*[\"']?(?:bearer |basic )?)"
            r"[^\s\"',;]+"
        ),
        re.compile(r"(?i)(bearer )[^\s\"',;]+"),
        re.compile(r"(?i)([?&](?:key|api_key|apikey|token|access_token)=)[^\s&\"']+"),
        re.compile(r"(://)[^/\s@:]+:[^/\s@]+(?=@)"),
        re.compile(r"()\b(?:sk|pk|rk|gsk|xai|r8|hf|nvapi|pplx|fw)[-_][A-Za-z0-9_\-]{12,}"),
        re.compile(r"()\bAIza[A-Za-z0-9_\-]{20,}"),
    )


def scrubbed(text: str) -> str:
    """The text without what looks like a key, or stands where one does."""
    for pattern in _patterns():
        text = pattern.sub(r"\1[key]", text)
    return text


class _Formatter(logging.Formatter):
    """Exceptions without their own words: those may quote a message."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 (logging's name)
        return describe(ei[1])


class LogFile(logging.Handler):
    """Appends records to a file of its own, 0600, rotated by size; a file that cannot be written is given up on."""

    def __init__(self, path: Path, *, largest: int = LARGEST, kept: int = KEPT) -> None:
        super().__init__()
        self.setFormatter(_Formatter())
        self.path = path
        self._largest = largest
        self._kept = kept
        self._secrets: set[str] = set()

    def protect(self, secret: Secret | str) -> None:
        """From now on this value is replaced wherever it would be logged."""
        value = secret if isinstance(secret, str) else secret.reveal()
        if len(value) >= 8:  # a shorter one would blank out ordinary words
            self._secrets.add(value)

    def scrub(self, text: str) -> str:
        """The text without keys: known ones by value, others by their look."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "[key]")
        return scrubbed(text)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.write(f"{record.levelname.lower()} {record.name} {self.format(record)}", record.created)
        except Exception:  # noqa: BLE001 (logging must never stop what is being logged)
            self.setLevel(logging.CRITICAL + 1)

    def write(self, text: str, at: float) -> None:
        """Append one record, rotating first where the file is full. Raise OSError."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at * 1000) % 1000:03}Z"
        text = self.scrub(text[:LONGEST_RECORD])
        line = "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text).rstrip("\n").replace("\n", "\n    ")
        make_private(self.path.parent)
        self._rotate()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(self.path, flags, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(f"{stamp} {os.getpid()} {line}\n".encode("utf-8", "replace"))

    def _rotate(self) -> None:
        try:
            if self.path.stat().st_size < self._largest:
                return
        except FileNotFoundError:
            return
        for number in range(self._kept, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            newer = self.path.with_name(f"{self.path.name}.{number - 1}") if number > 1 else self.path
            if newer.exists():
                newer.replace(older)


def open_log(path: Path, level: str, environ: Mapping[str, str]) -> LogFile:
    """Send what the package logs, from `level` on, to the file; keys in the environment are protected from the start."""
    handler = LogFile(path)
    for name, value in environ.items():
        if any(word in name.upper() for word in _SECRET_NAMES):
            handler.protect(value.strip())
    logger = logging.getLogger("llmtui")
    close_log()
    logger.addHandler(handler)
    logger.setLevel(level.upper())
    logger.propagate = False
    return handler


def close_log() -> None:
    """Take the file away from the package's logger."""
    logger = logging.getLogger("llmtui")
    for handler in [handler for handler in logger.handlers if isinstance(handler, LogFile)]:
        logger.removeHandler(handler)


def protect(secret: Secret) -> None:
    """Tell the open log file, if there is one, of a key that was just found."""
    for handler in logging.getLogger("llmtui").handlers:
        if isinstance(handler, LogFile):
            handler.protect(secret)


def record_crash(error: BaseException, environ: Mapping[str, str]) -> Path | None:
    """Write an exception that nobody expected to the log file; returns the file, or None when that fails too.

    The frames and the type, without the exception's own words unless the system made them: others may quote a message.
    """
    try:
        opened = [handler for handler in logging.getLogger("llmtui").handlers if isinstance(handler, LogFile)]
        handler = opened[0] if opened else open_log(locate(environ).log_file, "info", environ)
        handler.write(f"critical llmtui {describe(error)}", time.time())
    except (OSError, NoHomeFolder):
        return None
    return handler.path


def describe(error: BaseException) -> str:
    """An exception as a traceback without its locals and, but for those of the system, without its message."""
    import traceback

    frames = "".join(traceback.format_tb(error.__traceback__))
    words = f": {error}" if isinstance(error, OSError) else ""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = f"{describe(cause)}\nand then\n" if cause is not None else ""
    return f"{before}{type(error).__module__}.{type(error).__qualname__}{words}\n{frames}"
