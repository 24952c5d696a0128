"""`llmtui serve`: its options, and the command line of the chat that each page gets."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from llmtui.cli.options import make_options
from llmtui.cli.parse import shown, usage_error
from llmtui.cli.table import SERVED_OPTIONS

if TYPE_CHECKING:
    from llmtui.cli.context import Context
    from llmtui.cli.parse import Parsed

HOST, PORT = "127.0.0.1", 8484
"""Not 8000, where a model server may be looked for."""


def serve(ctx: Context) -> int:
    """Exit 128 + the number of the signal that ended it."""
    options = make_options(ctx.parsed)  # what is wrong is said here, not in a page
    host, port = _host(ctx), _port(ctx)
    config = ctx.config
    if options.role or options.template:
        from llmtui.cli.personas import with_personas

        with_personas(options, config)
    from llmtui.serve.run import Plan, run

    return run(Plan(host, port, chat_command(ctx.parsed)), ctx.out.line, ctx.notice)


def chat_command(parsed: Parsed) -> list[str]:
    """How the chat is started with the options that `serve` was given. A list: no shell ever reads it."""
    command = [sys.executable, "-P", "-m", "llmtui"]
    for option in SERVED_OPTIONS:
        if option.metavar:
            command += [f"{option.long}={value}" for value in parsed.all(option.name)]
        elif parsed.has(option.name):
            command.append(option.long)
    return command


def _host(ctx: Context) -> str:
    given = ctx.parsed.last("host")
    if given is not None and (not given.strip() or not given.isprintable() or "/" in given):
        raise usage_error("--host must be a name or an address of this machine", command=ctx.called)
    return HOST if given is None else given.strip().removeprefix("[").removesuffix("]")


def _port(ctx: Context) -> int:
    given = ctx.parsed.last("port")
    if given is None:
        return PORT
    if given.isascii() and given.isdecimal() and len(given) < 6 and int(given) <= 65_535:
        return int(given)
    raise usage_error(f"--port must be a whole number from 0 to 65535, not “{shown(given)}”", command=ctx.called)
