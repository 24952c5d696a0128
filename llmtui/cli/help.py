"""Draws `--help` from the tables: no parser, no terminal library, so that it is there at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.cli.table import COMMANDS, GROUPS, Command

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llmtui.cli.table import Argument, Option

_COLUMN = 30
"""Where explanations begin."""

_HEAD = """llmtui: a terminal chat client for language models

Usage: llmtui [OPTIONS]                      open the chat
       llmtui --plain [OPTIONS]              the same in whole lines: screen readers, dumb terminals, pipes
       llmtui --once [OPTIONS] [PROMPT…]     one question, the answer to stdout; stdin is added to the prompt
       llmtui COMMAND [OPTIONS] …            see llmtui COMMAND --help
"""
_FOOT = """Exit codes of --once: 0 answered · 1 provider or network failed · 2 wrong usage or config · 3 no key, or refused
  4 over budget · 5 input guard · 6 too long for the model · 7 content filter · 130 interrupted · 143 terminated
"""


def main_help(width: int) -> str:
    """The help of `llmtui` itself."""
    parts = [_HEAD, "Commands\n" + _rows(((command.name, command.help) for command in COMMANDS), width)]
    parts += [f"{title}\n{_options(options, width)}" for title, options in GROUPS]
    return "\n".join([*parts, _FOOT])


def command_help(command: Command, path: str, width: int) -> str:
    """The help of a command or of one of its actions; `path` is how it is called, such as `llmtui keys set`."""
    parts = [f"{path}: {command.help}\n"]
    if command.actions:
        usages = [" ".join((path, action.name, *_signature(action))) for action in command.actions]
        parts.append("Usage\n" + _rows(zip(usages, (action.help for action in command.actions), strict=True), width))
        seen: dict[str, Option] = {option.long: option for action in command.actions for option in action.options}
        parts.append("Options\n" + _options(seen.values(), width))
    else:
        parts.append("Usage: " + " ".join((path, *_signature(command), "[OPTIONS]")) + "\n")
        if command.arguments:
            parts.append(_rows(((argument.metavar, argument.help) for argument in command.arguments), width))
        parts.append("Options\n" + _options(command.options, width))
        if command.epilog:
            parts.append(command.epilog)
    return "\n".join(parts)


def _signature(command: Command) -> list[str]:
    return [_called(argument) for argument in command.arguments]


def _called(argument: Argument) -> str:
    name = "|".join(argument.choices) or argument.metavar
    name = name if argument.most == 1 else f"{name}…"
    return name if argument.least else f"[{name}]"


def _options(options: Iterable[Option], width: int) -> str:
    def spelled(option: Option) -> str:
        short = f"{option.short}, " if option.short else "    "
        return f"{short}{option.long}{' ' if option.metavar else ''}{option.metavar}"

    def explained(option: Option) -> str:
        words = f"{option.help}: {', '.join(option.choices)}" if option.choices else option.help
        return f"{words} (repeatable)" if option.repeats else words

    return _rows(((spelled(option), explained(option)) for option in options), width)


def _rows(rows: Iterable[tuple[str, str]], width: int) -> str:
    """Two columns, the second wrapped at the terminal's width."""
    lines = []
    room = max(24, width - _COLUMN)
    for left, right in rows:
        wrapped = wrap(right, room)
        if len(left) > _COLUMN - 4:
            lines.append(f"  {left}")
        else:
            lines.append(f"  {left:<{_COLUMN - 2}}{wrapped.pop(0)}")
        lines += [f"{'':<{_COLUMN}}{line}" for line in wrapped]
    return "".join(line.rstrip() + "\n" for line in lines)


def wrap(text: str, width: int) -> list[str]:
    """Break a text at blanks; at least one line."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return lines
