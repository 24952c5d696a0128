'''Where messages come from: a terminal, with line editing, or a pipe, where each line is one.

A message of several lines ends its lines with a backslash, or stands between two `"""`.
'''

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any, Protocol

from llmtui.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FENCE = '"""'
PROMPT, MORE = "you: ", "...: "


class Source(Protocol):
    """Gives lines."""

    def line(self, prompt: str, prefill: str = "") -> str | None:
        """The next line without its end; None when there are no more. Raise ConfigError for what is no text."""
        ...

    def reply(self, prompt: str) -> str | None:
        """The answer to a question of yes or no; None where there is none."""
        ...


def read_message(source: Source, prompt: str = PROMPT, prefill: str = "") -> str | None:
    """The next message, of one line or several; None at the end. Raise ConfigError for a block that does not end."""
    line = source.line(prompt, prefill)
    if line is None:
        return None
    start = line.lstrip()
    if start.startswith(FENCE):
        return _block(source, start.removeprefix(FENCE))
    lines = []
    while _goes_on(line):
        lines.append(line[:-1])
        following = source.line(MORE)
        if following is None:
            return "\n".join(lines)
        line = following
    return "\n".join([*lines, line])


def _goes_on(line: str) -> bool:
    """It ends with a backslash that is not itself escaped."""
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _block(source: Source, first: str) -> str:
    lines = [first] if first.strip() else []
    if first.rstrip().endswith(FENCE):
        return first.rstrip().removesuffix(FENCE)
    while True:
        line = source.line(MORE)
        if line is None:
            raise ConfigError(f"a message that began with {FENCE} has no {FENCE} at its end", advice="It was not sent.")
        if line.rstrip().endswith(FENCE):
            last = line.rstrip().removesuffix(FENCE)
            return "\n".join([*lines, last] if last else lines)
        lines.append(line)


class Terminal:
    """A person, with line editing, earlier messages and completion of commands; a paste of several lines is one message."""

    def __init__(self, readline: Any, *, words: Iterable[str], earlier: Iterable[str]) -> None:
        """`readline` is the module of that name. `words` are completed by Tab; `earlier` are messages, oldest first."""
        self._words = sorted(words)
        self._readline = readline
        readline.set_completer(self._complete)
        readline.set_completer_delims(" ")
        readline.parse_and_bind("tab: complete")
        for message in earlier:
            readline.add_history(message.replace("\n", " "))

    def line(self, prompt: str, prefill: str = "") -> str | None:
        if prefill:
            self._readline.set_startup_hook(lambda: self._readline.insert_text(prefill))
        try:
            text = input(prompt)
        except EOFError:
            return None
        except UnicodeDecodeError:
            raise ConfigError("that was not UTF-8 text", advice="Type it again.") from None
        finally:
            self._readline.set_startup_hook(None)
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    def reply(self, prompt: str) -> str | None:
        return self.line(prompt)

    def _complete(self, start: str, number: int) -> str | None:
        fitting = [word for word in self._words if start and word.startswith(start)]
        return fitting[number] + " " if number < len(fitting) else None


def find_readline() -> Any:
    """The module, where there is one and the terminal can do what it does; else None."""
    if os.environ.get("TERM", "dumb") == "dumb" or not sys.stdout.isatty():
        return None
    with contextlib.suppress(ImportError):
        import readline

        return readline
    return None


class Lines:
    """Lines of a file descriptor, awaited in a way that no signal is lost."""

    def __init__(self, fd: int, wait: Callable[[int], None]) -> None:
        """`wait` returns when there is something to read, and lets signals through."""
        self._fd = fd
        self._wait = wait
        self._rest = b""
        self._over = False

    def next(self) -> bytes | None:
        """The next line without its end; None when there are no more. Raise ConfigError."""
        while b"\n" not in self._rest and not self._over:
            self._wait(self._fd)
            try:
                data = os.read(self._fd, 65536)
            except OSError as error:
                raise ConfigError(f"stdin cannot be read: {error.strerror}") from None
            self._over = not data
            self._rest += data
        line, newline, self._rest = self._rest.partition(b"\n")
        if not newline and not line:
            self._over = False  # a terminal goes on after Ctrl-D
            return None
        return line.removesuffix(b"\r")


class DumbTerminal:
    """A person at a terminal that can do nothing but print; what is typed is edited by the system, line by line."""

    def __init__(self, lines: Lines, *, show: Callable[[str], None]) -> None:
        self._lines = lines
        self._show = show

    def line(self, prompt: str, prefill: str = "") -> str | None:
        self._show(prompt)
        data = self._lines.next()
        return None if data is None else data.decode("utf-8", "replace")

    def reply(self, prompt: str) -> str | None:
        return self.line(prompt)


class Piped:
    """A pipe or a file: UTF-8, a byte order mark dropped. What is read is repeated, so that a log has both sides."""

    def __init__(self, lines: Lines, *, echo: Callable[[str], None]) -> None:
        self._lines = lines
        self._echo = echo
        self._number = 0
        self._kept: str | None = None
        """A line that was looked at and answered nothing: the next one."""

    def line(self, prompt: str, prefill: str = "") -> str | None:
        text, self._kept = (self._next() if self._kept is None else self._kept), None
        if text and text.strip():
            self._echo(prompt + text)
        return text

    def reply(self, prompt: str) -> str | None:
        """The next line, where it says yes or no; any other is a message as ever."""
        self._kept = self._next() if self._kept is None else self._kept
        says = self._kept is not None and self._kept.strip().lower() in ("y", "yes", "n", "no")
        return self.line(prompt) if says else None

    def _next(self) -> str | None:
        data = self._lines.next()
        if data is None:
            return None
        self._number += 1
        try:
            text = data.decode("utf-8-sig" if self._number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise ConfigError(
                f"line {self._number} of what was piped in is not UTF-8",
                advice="Convert it first, with iconv -t UTF-8.",
            ) from None
        return text
