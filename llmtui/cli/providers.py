"""The providers for a command: the directory of all of them, and a way to ask one without an event loop."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmtui.chat.directory import Directory
    from llmtui.cli.context import Context
    from llmtui.providers._http import BlockingTransport


def directory_of(ctx: Context) -> Directory:
    """All providers of the config and the well-known ones."""
    from llmtui.chat.directory import Directory

    return Directory(ctx.config, ctx.environ, ctx.paths)


@contextmanager
def open_transport() -> Iterator[BlockingTransport]:
    """What moves the bytes; its coroutines go through `run_blocking`."""
    from llmtui.chat.runtime import run_blocking
    from llmtui.providers._http import BlockingTransport

    transport = BlockingTransport(lean=True)
    try:
        yield transport
    finally:
        run_blocking(transport.close())
