"""Completion for zsh: `_arguments` for each place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.cli.completing.offers import CONVERSATIONS, MODELS, quoted, values
from llmtui.cli.table import CHAT_OPTIONS, COMMANDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.cli.table import Argument, Command, Option


def script() -> str:
    """For a file `_llmtui` in `$fpath`, or `source <(llmtui completions zsh)` after compinit."""
    names = " ".join(_described(command.name, command.help) for command in COMMANDS)
    lines = [
        "#compdef llmtui",
        "",
        "_llmtui() {",
        "  local context state line",
        "  local -a commands",
        "  if (( ${words[(I)--once]} )); then  # every word is prompt then",
        f"    _arguments {_options(CHAT_OPTIONS)} '*:prompt:{{:}}'",
        "    return",
        "  fi",
        f"  commands=({names})",
        f"  _arguments -C {_options(CHAT_OPTIONS)} \\",
        "    '1: :->command' '*:: :->rest'",
        "  case $state in",
        "    command) _describe command commands ;;",
        "    rest)",
        "      case $words[1] in",
    ]
    for command in COMMANDS:
        lines.append(f"        {command.name})")
        if not command.actions:
            lines.append(f"          _arguments {_options(command.options)} {_arguments(command)} ;;")
            continue
        described = " ".join(_described(action.name, action.help) for action in command.actions)
        lines += [
            f"          local -a actions; actions=({described})",
            "          _arguments -C '1: :->action' '*:: :->rest'",
            "          case $state in",
            "            action) _describe action actions ;;",
            "            rest) case $words[1] in",
        ]
        lines += [
            f"              {action.name}) _arguments {_options(action.options)} {_arguments(action)} ;;"
            for action in command.actions
        ]
        lines += ["            esac ;;", "          esac ;;"]
    lines += [
        "      esac ;;",
        "  esac",
        "}",
        "",
        'if [[ $funcstack[1] == _llmtui ]]; then _llmtui "$@"; else compdef _llmtui llmtui; fi',
    ]
    return "\n".join(lines) + "\n"


def _described(name: str, explained: str) -> str:
    return quoted(f"{name}:{explained}")


def _options(options: Sequence[Option]) -> str:
    specs = []
    for option in options:
        explained = option.help.replace("[", "(").replace("]", ")").replace(":", " -")
        many = "*" if option.repeats else ""
        takes = f":{option.metavar.replace(':', ' ')}:{_values(option)}" if option.metavar else ""
        long = f"{option.long}=" if option.metavar else option.long  # with and without the sign
        specs += [quoted(f"{many}{spelling}[{explained}]{takes}") for spelling in (option.short, long) if spelling]
    return " ".join(specs)


def _arguments(command: Command) -> str:
    return " ".join(
        quoted(f"{'*' if argument.most is None else ''}:{argument.metavar}:{_values(argument)}")
        for argument in command.arguments
    )


def _values(given: Option | Argument) -> str:
    """What `_arguments` does for a value."""
    if given.completes == "files":
        return "_files"
    if given.completes == "conversations":
        return "{compadd -- $(" + CONVERSATIONS + ")}"
    if given.completes == "models":
        return '{compadd -S "" -- ' + " ".join(MODELS) + "}"
    return f"({' '.join(known)})" if (known := values(given)) else " "
