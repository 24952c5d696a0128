"""Looks at what is about to be sent: too long, or with the marks of a prompt injection. Never changes a character of it.

Most prompts contain none of a pattern's telling words, and finding that out is all that is paid for; a pattern is
compiled when its words do occur. Nothing here can tell quoting an attack from making one: that is why a person is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from llmtui.core.errors import ConfigError

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Sequence

Mode = Literal["off", "warn", "confirm", "block"]
Action = Literal["pass", "warn", "confirm", "block"]

_EXCERPT = 80


class Finding(NamedTuple):
    """A pattern that occurs in a message."""

    pattern: str
    """Its name: this may be logged."""
    excerpt: str
    """What matched, for the person who is asked: this is never logged."""


class Verdict(NamedTuple):
    """What to do with a message."""

    action: Action
    findings: tuple[Finding, ...] = ()
    sentence: str = ""
    """For a person; names the patterns and quotes nothing."""


class Guard:
    """The config's `[guard]`, ready to look at messages."""

    def __init__(self, mode: Mode = "confirm", max_chars: int = 0, patterns: Sequence[str] = ()) -> None:
        """`patterns` are regular expressions added to the built-in ones. Raise ConfigError for one that is none."""
        self._mode = mode
        self._max_chars = max_chars
        self._own = [(f"pattern {number} of the config", _own(text)) for number, text in enumerate(patterns, 1)]

    def inspect(self, *texts: str) -> Verdict:
        """Look at a message: what was typed, and each text attached to it. A message that is too long is blocked."""
        if self._mode == "off":
            return Verdict("pass")
        length = sum(map(len, texts))
        if self._max_chars and length > self._max_chars:
            sentence = f"The message has {length:,} characters, and [guard] max_chars allows {self._max_chars:,}"
            return Verdict("block", (), sentence)
        findings = tuple(dict.fromkeys(finding for text in texts for finding in self._find(text)))
        if not findings:
            return Verdict("pass")
        names = ", ".join(dict.fromkeys(finding.pattern for finding in findings))
        return Verdict(self._mode, findings, f"The message looks like a prompt injection ({names})")

    def _find(self, text: str) -> Iterable[Finding]:
        from llmtui.core.injections import built_in

        yield from (Finding(name, excerpt[:_EXCERPT]) for name, excerpt in built_in(text))
        for name, pattern in self._own:
            if (match := pattern.search(text)) is not None:
                yield Finding(name, match[0][:_EXCERPT])


def _own(text: str) -> re.Pattern[str]:
    import re

    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise ConfigError(
            f"“{text}” in [guard] patterns is no regular expression: {error}",
            advice="Write it in single quotes, as TOML takes backslashes literally there.",
        ) from error
