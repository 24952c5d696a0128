"""What can be completed where, taken from the table of commands: the scripts of all shells are made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llmtui.cli.table import CHAT_OPTIONS, COMMANDS
from llmtui.providers.registry import KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmtui.cli.table import Argument, Command, Option

CONVERSATIONS = "llmtui history list --limit 100 2>/dev/null | cut -f1"
"""The newest conversations' IDs: asked of the program when somebody presses Tab, in each shell alike."""
PROVIDERS = tuple(KNOWN)
MODELS = ("auto", *(f"{name}/" for name in KNOWN))
"""Beginnings: the names behind the slash would have to be asked for over the network."""


class Place(NamedTuple):
    """A point of the command line where something can be completed."""

    path: str
    """The words that led there, such as `keys set`; empty: the chat itself."""
    options: Sequence[Option]
    command: Command | None


def places() -> Iterator[Place]:
    """Each point: the chat, the commands, their actions."""
    yield Place("", CHAT_OPTIONS, None)
    for command in COMMANDS:
        yield Place(command.name, command.options, command)
        for action in command.actions:
            yield Place(f"{command.name} {action.name}", action.options, action)


def words(place: Place) -> list[str]:
    """What can come next besides options: commands, actions, choices, names of providers."""
    command = place.command
    if command is None:
        return [each.name for each in COMMANDS]
    if command.actions:
        return [action.name for action in command.actions]
    return [word for argument in command.arguments for word in values(argument)]


def values(given: Option | Argument) -> Sequence[str]:
    """The values that are known beforehand."""
    return given.choices or {"providers": PROVIDERS, "models": MODELS}.get(given.completes, ())


def takes(place: Place, kind: str) -> bool:
    """Whether a word there can be of this kind: `files`, `conversations`."""
    return place.command is not None and any(argument.completes == kind for argument in place.command.arguments)


def spellings(options: Sequence[Option]) -> list[str]:
    return [spelling for option in options for spelling in (option.short, option.long) if spelling]


def taking_values() -> list[str]:
    """Every spelling that is followed by a value, of the chat and of all commands."""
    found = [option for place in places() for option in place.options if option.metavar]
    return list(dict.fromkeys(spellings(found)))


def quoted(text: str) -> str:
    """In single quotes, as all three shells read them."""
    return "'" + text.replace("'", "’") + "'"
