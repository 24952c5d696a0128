"""Asks a person yes or no, and a key without showing it; where nobody can answer, `--yes` does."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from llmtui.core.errors import ConfigError
from llmtui.core.sanitize import clean_line
from llmtui.waiting import to_stderr

if TYPE_CHECKING:
    from llmtui.cli.context import Context

_LARGEST = 64 * 1024


def agreed(ctx: Context, question: str) -> bool:
    """Whether the user says yes. Raise ConfigError without a terminal and without `--yes`."""
    if ctx.parsed.has("yes"):
        return True
    if not can_ask():
        raise ConfigError(f"{question} There is nobody to ask here", advice="Give --yes to agree.")
    to_stderr(f"{clean_line(question)} [y/N] ")
    answer = sys.stdin.readline()
    return answer.strip().lower() in {"y", "yes"}


def can_ask() -> bool:
    """Both sides of a conversation are a terminal."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty())


def read_secret(prompt: str) -> str:
    """A key: from a hidden prompt on a terminal, else all of stdin. Raise ConfigError."""
    if sys.stdin is None:
        raise ConfigError("there is no stdin to read the key from")
    if sys.stdin.isatty():
        import getpass

        try:
            return getpass.getpass(prompt)
        except EOFError:
            raise ConfigError("no key was given") from None
    data = sys.stdin.buffer.read(_LARGEST)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("this cannot be a key: it is not text") from None
