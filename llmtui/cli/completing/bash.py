"""Completion for bash, from version 3.2 on: one function that finds out where it is and offers what fits."""

from __future__ import annotations

from llmtui.cli.completing.offers import CONVERSATIONS, places, spellings, takes, taking_values, values, words
from llmtui.cli.table import COMMANDS


def script() -> str:
    """For `source <(llmtui completions bash)`."""
    commands = "|".join(command.name for command in COMMANDS)
    actions = "|".join(f"{command.name}\\ {action.name}" for command in COMMANDS for action in command.actions)
    return f"""# bash completion for llmtui: source <(llmtui completions bash)
_llmtui() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} path="" words="" kind="" once=0 known=1 i
  if [[ $cur == "=" ]]; then cur=""
  elif [[ $prev == "=" ]]; then prev=${{COMP_WORDS[COMP_CWORD-2]}}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i]}} in
      --once) path=""; once=1; break ;;
      {"|".join(taking_values())}) [[ ${{COMP_WORDS[i+1]}} == "=" ]] && ((i++)); ((i++)) ;;
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
{_values()}
    *) known=0 ;;
  esac
  if ((!known)); then
  case $path in
{_places()}
  esac
  if ((once)) && [[ $cur != -* ]]; then words=""; fi
  fi
  if [[ $kind == conversations ]]; then words=$({CONVERSATIONS}); fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [[ $kind == files ]]; then
    local IFS=$'\\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY+=($(compgen -f -- "$cur"))
  elif [[ ${{COMPREPLY[0]}} == */ ]]; then
    compopt -o nospace 2>/dev/null
  fi
}}
complete -F _llmtui llmtui
"""


def _values() -> str:
    """A case for each option that takes a value."""
    lines = []
    for place in places():
        for option in place.options:
            if option.metavar:
                at = "|".join(f'"{place.path}:{spelling}"' for spelling in spellings([option]))
                kind = option.completes if option.completes in {"files", "conversations"} else ""
                lines.append(f'    {at}) words="{" ".join(values(option))}"; kind={kind} ;;')
    return "\n".join(lines)


def _places() -> str:
    """A case for each place: the words and options that can stand there."""
    lines = []
    for place in places():
        offered = " ".join([*words(place), *spellings(place.options)])
        kind = next((kind for kind in ("files", "conversations") if takes(place, kind)), "")
        if kind == "conversations":  # asked of the program, unless an option is being typed
            lines.append(f'    "{place.path}") words="{offered}"; [[ $cur == -* ]] || kind={kind} ;;')
        else:
            lines.append(f'    "{place.path}") words="{offered}"; kind={kind} ;;')
    return "\n".join(lines)
