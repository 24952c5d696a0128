"""Splits an argument list into options and words by a table; wrong usage is one sentence that names the flag."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from llmtui.cli.table import Option


class Parsed(NamedTuple):
    """What was given. A flag is there with an empty list."""

    options: dict[str, list[str]]
    """By the long name without its dashes, the values in order."""
    words: list[str]
    """What is no option, in order, as the system gave it."""

    def has(self, name: str) -> bool:
        return name in self.options

    def last(self, name: str) -> str | None:
        """The option's value; where it was given twice, the later one."""
        values = self.options.get(name)
        return values[-1] if values else None

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(self.options.get(name, ()))


def usage_error(message: str, advice: str = "", *, command: str = "llmtui") -> ConfigError:
    """Wrong usage: exit 2, a sentence, and where the help is."""
    return ConfigError(message, advice=advice or f"See “{command} --help”.")


def parse(argv: Sequence[str], options: Iterable[Option], *, command: str = "llmtui") -> Parsed:
    """Read the arguments; options may stand anywhere, `--` ends them. Raise ConfigError on an unknown option."""
    table = {spelling: option for option in options for spelling in (option.long, option.short) if spelling}
    parsed = Parsed({}, [])
    rest = list(reversed(argv))
    while rest:
        word = rest.pop()
        if word == "--":
            parsed.words.extend(reversed(rest))
            break
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            option = table.get(name)
            if option is None:
                raise _unknown(name, table, command)
            if not option.metavar and equals:
                raise usage_error(f"{name} takes no value", command=command)
            _take(parsed, option, name, value if equals else None, rest, table, command)
        elif len(word) > 1 and word[0] == "-" and not _is_number(word):
            _take_short(parsed, word, rest, table, command)
        else:
            parsed.words.append(word)
    return parsed


def first_word(argv: Sequence[str], options: Iterable[Option]) -> int | None:
    """Where the first word stands that is no option and no option's value; None when there is none before `--`.

    For finding the command: nothing is checked here.
    """
    takes_value = {spelling for o in options if o.metavar for spelling in (o.long, o.short) if spelling}
    skip = False
    for index, word in enumerate(argv):
        if skip:
            skip = False
        elif word == "--":
            return None
        elif word.startswith("-") and len(word) > 1:
            skip = word in takes_value
        else:
            return index
    return None


def text(value: str, what: str) -> str:
    """An argument's text: UTF-8 whatever the locale, else what the locale says. Raise ConfigError on neither."""
    if value.isascii():
        return value
    if sys.getfilesystemencoding().lower().replace("-", "") != "utf8":
        with suppress(UnicodeError):  # not UTF-8: then it is in the locale's own encoding and already decoded
            value = os.fsencode(value).decode("utf-8")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise usage_error(f"{what} is not UTF-8 text") from None
    return value


def _take(
    parsed: Parsed,
    option: Option,
    given: str,
    value: str | None,
    rest: list[str],
    table: dict[str, Option],
    command: str,
) -> None:
    values = parsed.options.setdefault(option.name, [])
    if not option.metavar:
        return
    if value is None:
        if not rest or rest[-1] == "--" or rest[-1].partition("=")[0] in table:
            wanted = f"one of {', '.join(option.choices)}" if option.choices else option.metavar
            advice = f"Write {option.long}={rest[-1]} if that is meant as the value." if rest else ""
            raise usage_error(f"{given} needs a value: {wanted}", advice, command=command)
        value = rest.pop()
    if option.is_path and not value:
        raise usage_error(f"{given} needs the name of a file", command=command)
    if not option.is_path:
        value = text(value, f"the value of {given}")
    if option.choices and value not in option.choices:
        raise usage_error(f"{given} must be one of {', '.join(option.choices)}, not “{shown(value)}”", command=command)
    values.append(value)


def _take_short(parsed: Parsed, word: str, rest: list[str], table: dict[str, Option], command: str) -> None:
    """Short options, which may stand together (`-cv`); the first that takes a value takes what follows (`-t0.5`)."""
    for index, letter in enumerate(word[1:], 1):
        given = f"-{letter}"
        option = table.get(given)
        if option is None:
            raise _unknown(given if index > 1 or len(word) == 2 else word, table, command)
        value = word[index + 1 :].removeprefix("=") if option.metavar and index + 1 < len(word) else None
        _take(parsed, option, given, value, rest, table, command)
        if value is not None:
            return


def _is_number(word: str) -> bool:
    """`-5` in a prompt is a word."""
    return word[1:].replace(".", "", 1).isdecimal()


def _unknown(given: str, table: dict[str, Option], command: str) -> ConfigError:
    import difflib

    near = difflib.get_close_matches(given, [name for name in table if name.startswith("--")], n=1, cutoff=0.7)
    advice = f"Did you mean {near[0]}?" if near else ""
    if command == "llmtui" and not near:
        advice = "Words that begin with a dash go after “--”. See “llmtui --help”."
    return usage_error(f"{command} has no option {shown(given)}", advice, command=command)


def shown(given: str, limit: int = 60) -> str:
    """What was typed, fit to be shown: short, and without what a terminal would obey."""
    plain = "".join(c if c.isprintable() else "?" for c in given[:limit])
    return plain + "…" if len(given) > limit else plain


def shown_path(file: Path | str) -> str:
    """A file's name, fit to be shown."""
    return shown(str(file), 1000)
