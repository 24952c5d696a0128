"""The whole benchmark: from the plan to what was measured. Opens and closes everything it needs."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from llmtui.bench import server as ask_server
from llmtui.bench.metrics import growth
from llmtui.bench.plan import Counted, Measured, Server
from llmtui.bench.runner import Purse, Runner
from llmtui.chat.compose import AUTO
from llmtui.chat.roster import CUSTOM
from llmtui.core.errors import ConfigError, KeyNotFound
from llmtui.core.messages import ModelRef
from llmtui.core.usage import MESSAGE_TOKENS, REPLY_TOKENS

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from typing import Any

    from llmtui.bench.plan import BenchPlan, EndpointKind, Sample
    from llmtui.chat.candidate import Endpoint
    from llmtui.chat.runtime import Runtime
    from llmtui.chat.session import ChatSession
    from llmtui.config import Config
    from llmtui.core.options import Options

T = TypeVar("T")

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_WIRES = {"chat": "openai", "completions": "openai-completions"}


class Outcome(NamedTuple):
    """All that was found out."""

    measured: tuple[Measured, ...]
    servers: tuple[Server, ...]
    """One for each of `measured`."""
    signal_number: int | None
    """What ended it early."""
    out_of_money: bool
    """`--max-cost` ended it early."""


def run(plan: BenchPlan, options: Options, config: Config, notice: Callable[[str], None], progress: Any) -> Outcome:
    """Measure. `progress` is called with a name, how many are done of how many, and the newest sample.

    Raise LlmtuiError when it cannot begin.
    """
    return asyncio.run(_Bench(plan, options, config, notice, progress).run())


class _Bench:
    def __init__(
        self, plan: BenchPlan, options: Options, config: Config, notice: Callable[[str], None], progress: Any
    ) -> None:
        self._plan = plan
        self._options = options
        self._config = config
        self._notice = notice
        self._progress = progress
        self._purse = Purse(plan.max_cost)
        self._stop = asyncio.Event()
        self._signal: int | None = None
        self._runner: Runner | None = None

    async def run(self) -> Outcome:
        from llmtui.chat.runtime import AsyncRuntime
        from llmtui.providers._http import AsyncTransport
        from llmtui.wiring import configured, open_session

        loop = asyncio.get_running_loop()
        async with open_session(self._options, self._config, notice=self._notice) as session:
            endpoints = await self._endpoints(session)
            runtime = AsyncRuntime(AsyncTransport())
            timeouts = configured(self._config, self._options).timeouts
            self._runner = Runner(session.store, runtime, timeouts, self._config.budget, self._purse)
            for number in _SIGNALS:
                with contextlib.suppress(NotImplementedError):  # not on Windows
                    loop.add_signal_handler(number, self._signalled, number)
            try:
                return await self._measure_all(session, runtime, endpoints)
            finally:
                await runtime.transport.close()

    def _signalled(self, number: signal.Signals) -> None:
        self._signal = self._signal or number
        self._stop.set()
        if self._runner is not None:
            self._runner.stop()

    async def _endpoints(self, session: ChatSession) -> list[tuple[Endpoint, str]]:
        """Every model at every endpoint, with the endpoint's name. Raise LlmtuiError."""
        default = session.default_model
        if default is None:
            raise KeyNotFound(
                "there is no model to measure", advice="Name one with -m, or a server with --base-url and --wire."
            )
        named = [
            ModelRef(CUSTOM, name) if self._options.base_url else session.directory.find_model(name)
            for name in self._plan.models
        ]
        found = []
        if AUTO in (named or [default]):
            raise ConfigError("“auto” is no model that could be measured", advice="Name one with -m.")
        for ref in named or [default]:
            endpoint = await asyncio.to_thread(session.directory.endpoint, ref)
            found += [_at(endpoint, kind) for kind in self._plan.endpoints]
        for endpoint, _ in found:
            self._purse.most(endpoint, self._plan.prompt)  # a price that is not known is said before anything is sent
        return found

    async def _measure_all(
        self, session: ChatSession, runtime: Runtime, endpoints: list[tuple[Endpoint, str]]
    ) -> Outcome:
        measured, servers = [], []
        for endpoint, name in endpoints:
            if self._stop.is_set() or self._purse.is_empty:
                break
            target, transport = endpoint.target, runtime.transport
            self._progress(f"{endpoint.ref} ({name})", 0, self._plan.requests, None)
            health = await self._unless_stopped(ask_server.health(target, transport))
            listing = await self._unless_stopped(ask_server.models(target, transport))
            before = await self._unless_stopped(ask_server.counters(target, transport))
            found = await self._measure(endpoint, name)
            after = await self._unless_stopped(ask_server.counters(target, transport)) if before is not None else None
            measured.append(await asyncio.to_thread(_counted, found, self._plan.prompt, session.directory.paths.cache))
            state, listed = listing or (("warn", "model list: not asked"), frozenset[str]())
            servers.append(
                Server(
                    health=health or ("warn", "health: not asked"),
                    models=state,
                    listed=listed,
                    metrics=growth(before, after) if before is not None and after is not None else None,
                )
            )
        return Outcome(tuple(measured), tuple(servers), self._signal, self._purse.is_empty)

    async def _measure(self, endpoint: Endpoint, name: str) -> Measured:
        assert self._runner is not None
        done = 0

        def one_more(sample: Sample) -> None:
            nonlocal done
            done += 1
            self._progress(f"{endpoint.ref} ({name})", done, self._plan.requests, sample)

        samples, elapsed = await self._runner.run(
            endpoint, self._plan.prompt, self._plan.requests, self._plan.concurrency, one_more
        )
        target = endpoint.target
        return Measured(endpoint.ref, target.wire, name, target.base_url, tuple(samples), elapsed)

    async def _unless_stopped(self, question: Coroutine[Any, Any, T]) -> T | None:
        """The answer, or None when the run is stopped meanwhile."""
        asking, stopping = asyncio.ensure_future(question), asyncio.ensure_future(self._stop.wait())
        done, waiting = await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return asking.result() if asking in done else None


def _at(endpoint: Endpoint, kind: EndpointKind) -> tuple[Endpoint, str]:
    """The model at one of the OpenAI-compatible endpoints, with the endpoint's name; "" is where its wire leads anyway."""
    from llmtui.providers.registry import adapter

    wire = endpoint.target.wire
    if not kind:
        return endpoint, {"openai": "chat", "openai-completions": "completions"}.get(wire, wire)
    if wire not in _WIRES.values():
        raise ConfigError(
            f"--endpoint chooses between the endpoints of OpenAI-compatible servers; {endpoint.ref.provider} speaks {wire}",
            advice="Leave it out.",
        )
    wire = _WIRES[kind]
    return endpoint._replace(adapter=adapter(wire), target=endpoint.target._replace(wire=wire)), kind


def _counted(found: Measured, prompt: str, cache: Path) -> Measured:
    """With our own count of what was used, by the model's tokenizer where it is here. Blocks."""
    from llmtui.tokens.blocking import count_batch
    from llmtui.tokens.vocabulary import folder

    texts = [sample.text for sample in found.samples]
    asked, *answered = count_batch([prompt, *texts], found.model.name, folder(cache))
    comparable = [
        count.tokens if sample.ok and sample.text and not sample.reasoned else None
        for sample, count in zip(found.samples, answered, strict=True)
    ]
    exact = asked.exact and all(count.exact for count in answered)
    framing = MESSAGE_TOKENS + REPLY_TOKENS if found.endpoint != "completions" else 0
    return found._replace(counted=Counted(asked.tokens + framing, tuple(comparable), exact))
