"""Finds out which command was meant and runs it; the front ends and the commands are imported only then."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from llmtui.cli.parse import first_word, parse, shown, text, usage_error
from llmtui.cli.table import CHAT_OPTIONS, COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llmtui.cli.parse import Parsed
    from llmtui.cli.table import Command
    from llmtui.core.errors import ConfigError


def run(argv: Sequence[str]) -> int:
    """Do what the arguments say; returns the exit code. Raise LlmtuiError, OutputFailed."""
    options_end = argv.index("--") if "--" in argv else len(argv)
    if "--once" not in argv[:options_end]:
        if argv[:1] == ["help"]:  # as git and gh have it
            return run([*argv[1:], "--help"])
        place = first_word(argv, CHAT_OPTIONS)
        if place is not None:
            name = argv[place]
            command = next((command for command in COMMANDS if command.name == name), None)
            if command is not None:
                return _run_command(command, [*argv[:place], *argv[place + 1 :]])
    return _run_chat(parse(argv, CHAT_OPTIONS))


def _run_chat(parsed: Parsed) -> int:
    if parsed.has("help"):
        from llmtui.cli.help import main_help

        return _print(main_help)
    if parsed.has("version"):
        return _print(_version)
    if parsed.words and not parsed.has("once"):
        raise _no_command(parsed.words[0])
    from llmtui.cli.options import make_options
    from llmtui.config import load_config
    from llmtui.logs import open_log
    from llmtui.paths import locate

    options = make_options(parsed)
    front_end = "once" if options.once else "plain" if options.plain else "tui.app"
    if front_end == "tui.app" and not (_is_terminal(sys.stdin) and _is_terminal(sys.stdout)) and not _is_in_page():
        raise usage_error(
            "the chat needs a terminal", "In a script or a pipe: llmtui --once PROMPT, or llmtui --plain."
        )
    config = load_config(options.config_file, os.environ)
    if options.role or options.template:
        from llmtui.cli.personas import with_personas

        options = with_personas(options, config)
    level = "debug" if options.verbose else config.storage.log_level
    open_log(locate(os.environ).log_file, level, os.environ)
    code: int = import_module(f"llmtui.{front_end}").run(options, config)
    return code


def _run_command(command: Command, argv: list[str]) -> int:
    called = f"llmtui {command.name}"
    if command.actions:
        command, called, argv = _choose_action(command, called, argv)
        if command.actions:  # none was named
            from llmtui.cli.help import command_help

            return _print(_version if "--version" in argv else lambda width: command_help(command, called, width))
    parsed = parse(argv, command.options, command=called)
    if parsed.has("help"):
        from llmtui.cli.help import command_help

        return _print(lambda width: command_help(command, called, width))
    if parsed.has("version"):
        return _print(_version)
    _check_words(command, parsed, called)

    from llmtui.cli.context import Context
    from llmtui.cli.output import Out

    module, _, function = command.runs.partition(":")
    act = getattr(import_module(f"llmtui.cli.{module}"), function)
    code: int = act(Context(parsed, Out.standard(os.environ), os.environ, called))
    return code


def _choose_action(command: Command, called: str, argv: list[str]) -> tuple[Command, str, list[str]]:
    """The action that was named; the command itself when only its help was asked for. Raise ConfigError."""
    options = [option for action in command.actions for option in action.options]
    place = first_word(argv, options)
    names = ", ".join(action.name for action in command.actions)
    if place is None:
        if {"-h", "--help", "--version"} & set(argv):
            return command, called, argv
        raise usage_error(f"{called} needs one of: {names}", command=called)
    action = next((action for action in command.actions if action.name == argv[place]), None)
    if action is None:
        raise usage_error(f"{called} has no “{shown(argv[place])}”; it has: {names}", command=called)
    return action, f"{called} {action.name}", [*argv[:place], *argv[place + 1 :]]


def _check_words(command: Command, parsed: Parsed, called: str) -> None:
    words = list(parsed.words)
    for argument in command.arguments:
        if len(words) < argument.least:
            raise usage_error(f"{called} needs {argument.metavar}: {argument.help}", command=called)
        taken = words if argument.most is None else words[: argument.most]
        if argument.choices and taken[0] not in argument.choices:
            raise usage_error(f"{argument.metavar} must be {argument.help}, not “{shown(taken[0])}”", command=called)
        words = words[len(taken) :]
    if words:
        if called == "llmtui keys set":  # what is too much here may be a key: it is not repeated
            advice = "A key is never an argument: type it at the prompt, or pipe it in."
            raise usage_error(f"{called} takes one NAME and nothing else", advice)
        raise usage_error(f"{called} takes no “{shown(words[0])}”", command=called)


def _version(_: int) -> str:
    from llmtui import __version__

    return f"llmtui {__version__}\n"


def _no_command(name: str) -> ConfigError:
    import difflib

    near = difflib.get_close_matches(name, [command.name for command in COMMANDS], n=1, cutoff=0.7)
    question = "To ask a question: llmtui --once PROMPT."
    advice = f"Did you mean “llmtui {near[0]}”? {question}" if near else f"{question} See “llmtui --help”."
    return usage_error(f"there is no command “{shown(text(name, 'the command'))}”", advice)


def _print(draw: Callable[[int], str]) -> int:
    from llmtui.cli.output import Out

    out = Out.standard(os.environ)
    out.write(draw(min(out.width, 120) if out.terminal else 100))
    return 0


def _is_in_page() -> bool:
    """Whether this is the chat of a page of `llmtui serve`, which is the terminal then."""
    return os.environ.get("TEXTUAL_DRIVER", "").startswith("textual.drivers.web_driver:")


def _is_terminal(stream: object) -> bool:
    check = getattr(stream, "isatty", None)
    return bool(check and check())
