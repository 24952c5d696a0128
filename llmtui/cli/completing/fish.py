"""Completion for fish: a function says where on the command line it is, and each line says what it offers there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.cli.completing.offers import CONVERSATIONS, places, quoted, takes, taking_values, values, words
from llmtui.cli.table import COMMANDS

if TYPE_CHECKING:
    from llmtui.cli.table import Option


def script() -> str:
    """For `llmtui completions fish | source`."""
    commands = " ".join(command.name for command in COMMANDS)
    actions = " ".join(quoted(f"{command.name} {action.name}") for command in COMMANDS for action in command.actions)
    lines = [
        "# fish completion for llmtui: llmtui completions fish | source",
        "function __llmtui_at",
        "  set -l tokens (commandline -opc)",
        "  set -l path chat",
        "  set -l skip 0",
        "  for token in $tokens[2..-1]",
        "    if test $skip = 1",
        "      set skip 0",
        "      continue",
        "    end",
        "    switch $token",
        "      case --once",
        "        set path once",
        "        break",
        f"      case {' '.join(taking_values())}",
        "        set skip 1",
        "      case '-*'",
        "      case '*'",
        f'        if test "$path" = chat; and contains -- $token {commands}',
        "          set path $token",
        f'        else if contains -- "$path $token" {actions}',
        '          set path "$path $token"',
        "        end",
        "    end",
        "  end",
        '  contains -- "$path" $argv',
        "end",
        "complete -c llmtui -e",
        "complete -c llmtui -f",
    ]
    for place in places():
        at = f"__llmtui_at {quoted(place.path)}" if place.path else "__llmtui_at chat once"
        alone = f"__llmtui_at {quoted(place.path or 'chat')}"
        described = {each.name: each.help for each in (place.command.actions if place.command else COMMANDS)}
        for word in words(place):
            about = f" -d {quoted(described[word])}" if word in described else ""
            lines.append(f"complete -c llmtui -n {_condition(alone)} -a {word}{about}")
        if takes(place, "files"):
            lines.append(f"complete -c llmtui -n {_condition(at)} -F")
        if takes(place, "conversations"):
            lines.append(f"complete -c llmtui -n {_condition(at)} -a '({CONVERSATIONS})'")
        lines += [_option(at, option) for option in place.options]
    return "\n".join(lines) + "\n"


def _condition(text: str) -> str:
    return '"' + text + '"'


def _option(at: str, option: Option) -> str:
    parts = ["complete -c llmtui", f"-n {_condition(at)}", f"-l {option.name}"]
    if option.short:
        parts.append(f"-s {option.short[1:]}")
    if option.metavar:
        parts.append("-r -F" if option.completes == "files" else "-x")
    if known := values(option):
        parts.append(f"-a {quoted(' '.join(known))}")
    elif option.completes == "conversations":
        parts.append(f"-a '({CONVERSATIONS})'")
    return " ".join([*parts, f"-d {quoted(option.help)}"])
