"""The database for a command: opened, its notices on stderr, closed whatever happens."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from llmtui.core.errors import StoreError
from llmtui.waiting import waiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmtui.cli.context import Context
    from llmtui.store.database import Store


@contextmanager
def open_store(ctx: Context, *, to_change: bool = False) -> Iterator[Store]:
    """The store; with `to_change` one that keeps what is written to it. Raise StoreError."""
    with quiet_store(ctx) as store:
        with waiting("opening the database …"):
            state = store.ready.result()
        if state.sentence:
            ctx.notice(state.sentence)
        if to_change and state.ephemeral:
            raise StoreError("nothing was changed, for the database cannot be written")
        yield store


@contextmanager
def quiet_store(ctx: Context) -> Iterator[Store]:
    """The store, without a word on how it was found. Raise ConfigError."""
    from llmtui.store.database import Store

    _ = ctx.config  # a config that does not parse is said first; and the log file is open
    store = Store(ctx.paths.database, notice=ctx.notice)
    try:
        yield store
    finally:
        store.close()
