"""Serves until a signal says to end: then every chat settles, and the address is free again."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from llmtui.serve.guard import Guard
from llmtui.serve.listen import listen
from llmtui.serve.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_log = logging.getLogger(__name__)
"""aiohttp's own words, tracebacks among them, go into the log file."""
WARNING = (
    "everyone who can reach port {port} of this machine and learns the address above can use this chat: spend your money, "
    "read your conversations and the files you can read; nothing is encrypted on the way"
)


class Plan(NamedTuple):
    """What is served, and where."""

    host: str
    port: int
    """0: any that is free."""
    command: Sequence[str]
    """How a chat is started: a program and its arguments, never a line for a shell."""


def run(plan: Plan, show: Callable[[str], None], notice: Callable[[str], None]) -> int:
    """Serve; returns 128 + the number of the signal that ended it. Raise ListenFailed.

    `show` is given the address; `notice` what a person should know, and what chats said as they failed.
    """
    try:
        return asyncio.run(_serve(plan, show, notice))
    except KeyboardInterrupt:  # before or after the signal has its handler
        return 128 + signal.SIGINT


async def _serve(plan: Plan, show: Callable[[str], None], notice: Callable[[str], None]) -> int:
    listening = listen(plan.host, plan.port)
    names = {plan.host}
    if not listening.loopback:
        own = socket.gethostname()
        names |= {own, own.partition(".")[0], f"{own.partition('.')[0]}.local"}
    guard = Guard(names, loopback=listening.loopback)
    site = Site(guard, plan.command, f"llmtui-{listening.port}", notice)
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    _end_on_signals(ended)
    runner = web.AppRunner(site.application(), access_log=None, logger=_log, shutdown_timeout=2.0)
    await runner.setup()
    try:
        for each in listening.sockets:
            await web.SockSite(runner, each).start()
        show(f"{listening.origin}/?token={guard.token}")
        if not listening.loopback:
            notice(WARNING.format(port=listening.port))
        if listening.everywhere:
            notice(f"from another machine, write this one's name or address in place of {listening.host}")
        notice("open this address in a browser; Ctrl-C ends it")
        return 128 + await ended
    finally:
        await site.close()
        await runner.cleanup()


def _end_on_signals(ended: asyncio.Future[int]) -> None:
    def end(number: int) -> None:
        if not ended.done():
            ended.set_result(number)

    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if sys.platform != "win32" and (number := getattr(signal, name, None)) is not None:
            loop.add_signal_handler(number, end, number)
