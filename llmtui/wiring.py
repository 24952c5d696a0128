"""The composition root: from options and config to a session that is ready, and back to nothing left open."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from llmtui.chat.directory import Directory
from llmtui.chat.roster import CUSTOM
from llmtui.chat.runtime import AsyncRuntime, BlockingRuntime, run_blocking
from llmtui.chat.session import ChatSession
from llmtui.core.errors import ConfigError, KeyNotFound, ModelNotFound
from llmtui.core.messages import ModelRef
from llmtui.paths import locate
from llmtui.store.database import Store
from llmtui.tokens.counts import Counts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from llmtui.chat.runtime import Runtime
    from llmtui.config import Config
    from llmtui.core.options import Options

DEMO_MODEL = ModelRef("demo", "steady")


def configured(config: Config, options: Options) -> Config:
    """The config with what was given on the command line over it."""
    timeouts, retry, providers = config.timeouts, config.retry, config.providers
    if options.timeout_s is not None:
        timeouts = timeouts._replace(first_content_s=options.timeout_s, first_content_slow_s=options.timeout_s)
        providers = {name: section._replace(timeout_first_s=0.0) for name, section in providers.items()}
    if options.retries is not None:
        retry = retry._replace(max_retries=options.retries)
    return config._replace(timeouts=timeouts, retry=retry, providers=providers)


@contextmanager
def blocking_session(options: Options, config: Config, *, notice: Callable[[str], None]) -> Iterator[ChatSession]:
    """A session without an event loop, for one question; everything written is on disk when it is left."""
    paths = locate(os.environ)
    store = Store(paths.database, notice=notice)  # opens in its own thread while the HTTP stack is being imported
    try:
        from llmtui.providers._http import BlockingTransport

        runtime = BlockingRuntime(BlockingTransport(lean=True))
        session = _session(options, config, store, runtime, Counts(locate(os.environ).cache))
        if options.plain:
            from llmtui.chat.lookups import ThreadedLookups

            session.lookups = ThreadedLookups(runtime, store)
            session.lookups.resume(session.directory)
        try:
            run_blocking(_choose_models(session, options, runtime))
            yield session
            _tell(store, notice)
        finally:
            run_blocking(session.close())
    finally:
        store.close()


@asynccontextmanager
async def open_session(
    options: Options, config: Config, *, notice: Callable[[str], None]
) -> AsyncIterator[ChatSession]:
    """A session under asyncio: the full-screen program, the library."""
    from llmtui.chat.lookups import Lookups
    from llmtui.providers._http import AsyncTransport
    from llmtui.tokens.counter import TokenCounter
    from llmtui.tokens.vocabulary import folder

    paths = locate(os.environ)
    store = Store(paths.database, notice=notice)
    runtime = AsyncRuntime(AsyncTransport())
    counts = Counts(paths.cache, TokenCounter(folder(paths.cache)))
    session = _session(options, config, store, runtime, counts)
    session.lookups = Lookups(runtime, store)
    session.lookups.resume(session.directory)
    try:
        try:
            await _choose_models(session, options, runtime)
        except KeyNotFound:
            session.default_model = None  # the screen shows what was found and offers the ways on
        yield session
    finally:
        await session.close()
        await runtime.call(store.close)


def _tell(store: Store, notice: Callable[[str], None]) -> None:
    """How the database was found, where that is worth a word: damaged and set aside, newer, not writable."""
    if store.ready.done() and store.ready.exception() is None and store.ready.result().sentence:
        notice(store.ready.result().sentence)


def _session(options: Options, config: Config, store: Store, runtime: Runtime, counts: Counts) -> ChatSession:
    paths = locate(os.environ)
    config = configured(config, options)
    directory = Directory(config, os.environ, paths, base_url=options.base_url, wire=options.wire)
    return ChatSession(
        config=config,
        store=store,
        directory=directory,
        runtime=runtime,
        counts=counts,
        keep_text=options.keep_text and config.storage.keep_text,
        live_cost=not options.once or options.format in ("json", "sse"),
    )


async def _find(session: ChatSession, name: str) -> ModelRef:
    """The model of that name. Raise ModelNotFound, ConfigError."""
    try:
        return session.directory.find_model(name)
    except ModelNotFound:
        await session.list_models(refresh=True)  # a bare name: somebody may have it by now
        return session.directory.find_model(name)


async def _choose_models(session: ChatSession, options: Options, runtime: Runtime) -> None:
    """Set whom the session asks, and whom when that fails. Raise KeyNotFound where there is nobody."""
    session.fallback = tuple([await _find(session, name) for name in options.fallback or session.config.fallback])
    session.default_model = await _choose_model(session, options, runtime)


async def _choose_model(session: ChatSession, options: Options, runtime: Runtime) -> ModelRef:
    """Flag, environment and config (the config carries both), the last one used, the first provider with a key, a local
    server, and for the full screen alone the demo. Raise KeyNotFound where there is none."""
    directory = session.directory
    if options.demo:
        return ModelRef("demo", options.model.removeprefix("demo/")) if options.model else DEMO_MODEL
    if options.base_url:
        if options.model:
            return ModelRef(CUSTOM, options.model)
        listed = await directory.lists.fetch(directory.target(CUSTOM), runtime.transport)
        if not listed:
            raise ConfigError(f"{options.base_url} lists no models", advice="Name one with -m.")
        return ModelRef(CUSTOM, listed[0].name)
    named = options.model or session.config.model
    if named:
        return await _find(session, named)
    return await runtime.call(lambda: _remembered(directory)) or await _found(session, runtime)


def _remembered(directory: Directory) -> ModelRef | None:
    """The model used last, where it still exists and can be asked."""
    from llmtui.config.state import load_state

    last = load_state(directory.paths.state_file)[0].model
    try:
        return directory.find_model(last) if "/" in last and not last.startswith("demo/") else None
    except ConfigError:
        return None


async def _found(session: ChatSession, runtime: Runtime) -> ModelRef:
    """The first provider with a key, or a local server that answers. Raise KeyNotFound."""
    found = await runtime.call(session.directory.first_usable)
    if found is not None:
        return found
    if local := await session.find_local():
        return local[0]
    raise KeyNotFound(
        "there is no model to ask: no key was found and no local server answers",
        advice="Store a key with `llmtui keys set PROVIDER`, name a model with -m, or try `--demo`.",
    )
