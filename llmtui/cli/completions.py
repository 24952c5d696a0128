"""`llmtui completions`: scripts for bash, zsh and fish, made from the same table that is parsed, so they never lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.cli.table import CHAT_OPTIONS, COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmtui.cli.context import Context
    from llmtui.cli.table import Command, Option


def print_script(ctx: Context) -> int:
    make = {"bash": bash, "zsh": zsh, "fish": fish}[ctx.words[0]]
    ctx.out.write(make())
    return 0


def _levels() -> Iterator[tuple[str, Sequence[Option], Sequence[str], bool]]:
    """Each point where something can be completed: its path (`keys set`), options, next words, and whether files fit."""
    yield "", CHAT_OPTIONS, [command.name for command in COMMANDS], False
    for command in COMMANDS:
        yield command.name, command.options, _words(command), _takes_files(command)
        for action in command.actions:
            yield f"{command.name} {action.name}", action.options, _words(action), _takes_files(action)


def _words(command: Command) -> list[str]:
    choices = [choice for argument in command.arguments for choice in argument.choices]
    return [action.name for action in command.actions] or choices


def _takes_files(command: Command) -> bool:
    return any(argument.completes == "files" for argument in command.arguments)


def _spellings(options: Sequence[Option]) -> list[str]:
    return [spelling for option in options for spelling in (option.short, option.long) if spelling]


def _patterns(options: Sequence[Option]) -> str:
    return "|".join(_spellings(options))


def bash() -> str:
    """For `source <(llmtui completions bash)`."""
    cases, values = [], []
    for path, options, words, files in _levels():
        offered = " ".join([*words, *_spellings(options)])
        cases.append(f'    "{path}") words="{offered}"; files={int(files)} ;;')
        for option in options:
            if option.choices:
                values.append(
                    f'    "{path}:{option.long}"|"{path}:{option.short}") words="{" ".join(option.choices)}" ;;'
                )
            elif option.completes == "files":
                values.append(f'    "{path}:{option.long}"|"{path}:{option.short}") files=1 ;;')
            elif option.metavar:
                values.append(f'    "{path}:{option.long}"|"{path}:{option.short}") ;;')
    commands = "|".join(command.name for command in COMMANDS)
    actions = "|".join(f"{command.name}\\ {action.name}" for command in COMMANDS for action in command.actions)
    takes_value = _patterns([option for option in CHAT_OPTIONS if option.metavar])
    return f"""# bash completion for llmtui: source <(llmtui completions bash)
_llmtui() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} path="" words="" files=0 known=1 i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i]}} in
      --once) path=""; break ;;
      {takes_value}) ((i++)) ;;
      -*) ;;
      *)
        if [[ -z $path ]]; then
          case ${{COMP_WORDS[i]}} in {commands}) path=${{COMP_WORDS[i]}} ;; esac
        else
          case "$path ${{COMP_WORDS[i]}}" in {actions}) path="$path ${{COMP_WORDS[i]}}" ;; esac
        fi ;;
    esac
  done
  case "$path:$prev" in
{chr(10).join(values)}
    *) known=0 ;;
  esac
  if ((!known)); then
  case $path in
{chr(10).join(cases)}
  esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if ((files)); then COMPREPLY+=($(compgen -f -- "$cur")); fi
}}
complete -o filenames -F _llmtui llmtui
"""


def zsh() -> str:
    """For a file `_llmtui` in `$fpath`."""
    lines = ["#compdef llmtui", "", "_llmtui() {", "  local context state line", "  local -a commands"]
    names = " ".join(_zsh_described(command.name, command.help) for command in COMMANDS)
    lines += [
        f"  commands=({names})",
        f"  _arguments -C {_zsh_options(CHAT_OPTIONS)} \\",
        "    '1: :->command' '*:: :->rest'",
        "  case $state in",
        "    command) _describe command commands ;;",
        "    rest)",
        "      case $words[1] in",
    ]
    for command in COMMANDS:
        lines.append(f"        {command.name})")
        if not command.actions:
            lines.append(f"          _arguments {_zsh_options(command.options)} {_zsh_arguments(command)} ;;")
            continue
        described = " ".join(_zsh_described(action.name, action.help) for action in command.actions)
        lines += [
            f"          local -a actions; actions=({described})",
            "          _arguments -C '1: :->action' '*:: :->rest'",
            "          case $state in",
            "            action) _describe action actions ;;",
            "            rest) case $words[1] in",
        ]
        lines += [
            f"              {action.name}) _arguments {_zsh_options(action.options)} {_zsh_arguments(action)} ;;"
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


def _zsh_described(name: str, explained: str) -> str:
    return _quoted(f"{name}:{explained}")


def _zsh_options(options: Sequence[Option]) -> str:
    specs = []
    for option in options:
        explained = option.help.replace("[", "(").replace("]", ")").replace(":", " -")
        many = "*" if option.repeats else ""
        takes = f":{option.metavar.replace(':', ' ')}:{_zsh_values(option)}" if option.metavar else ""
        specs += [
            _quoted(f"{many}{spelling}[{explained}]{takes}") for spelling in (option.short, option.long) if spelling
        ]
    return " ".join(specs)


def _zsh_values(option: Option) -> str:
    if option.choices:
        return f"({' '.join(option.choices)})"
    return "_files" if option.completes == "files" else " "


def _zsh_arguments(command: Command) -> str:
    specs = []
    for argument in command.arguments:
        place = "*" if argument.most is None else ""
        values = (
            f"({' '.join(argument.choices)})"
            if argument.choices
            else "_files"
            if argument.completes == "files"
            else " "
        )
        specs.append(_quoted(f"{place}:{argument.metavar}:{values}"))
    return " ".join(specs)


def fish() -> str:
    """For `llmtui completions fish | source`."""
    lines = ["# fish completion for llmtui: llmtui completions fish | source", "complete -c llmtui -f"]
    lines += [
        f"complete -c llmtui -n __fish_use_subcommand -a {command.name} -d {_quoted(command.help)}"
        for command in COMMANDS
    ]
    lines += [_fish_option("__fish_use_subcommand", option) for option in CHAT_OPTIONS]
    for command in COMMANDS:
        seen = f"__fish_seen_subcommand_from {command.name}"
        names = " ".join(action.name for action in command.actions)
        for action in command.actions:
            free = _quoted(f"{seen}; and not __fish_seen_subcommand_from {names}")
            lines.append(f"complete -c llmtui -n {free} -a {action.name} -d {_quoted(action.help)}")
            inside = f"{seen}; and __fish_seen_subcommand_from {action.name}"
            lines += [_fish_option(inside, option) for option in action.options]
            if _takes_files(action):
                lines.append(f"complete -c llmtui -n {_quoted(inside)} -F")
        for word in [] if command.actions else _words(command):
            lines.append(f"complete -c llmtui -n {_quoted(seen)} -a {word}")
        lines += [_fish_option(seen, option) for option in command.options]
    return "\n".join(lines) + "\n"


def _fish_option(condition: str, option: Option) -> str:
    parts = ["complete -c llmtui", f"-n {_quoted(condition)}", f"-l {option.name}"]
    if option.short:
        parts.append(f"-s {option.short[1:]}")
    if option.metavar:
        parts.append("-r")
    if option.choices:
        parts.append(f"-a {_quoted(' '.join(option.choices))}")
    elif option.completes == "files":
        parts.append("-F")
    return " ".join([*parts, f"-d {_quoted(option.help)}"])


def _quoted(text: str) -> str:
    """In single quotes, as all three shells read them."""
    return "'" + text.replace("'", "’") + "'"
