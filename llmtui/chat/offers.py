"""What of a session concerns the providers between two turns: what they offer, prices, a warm connection, a tokenizer."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from llmtui.core.errors import LlmtuiError, StoreError
from llmtui.core.messages import ModelRef

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.chat.candidate import Endpoint
    from llmtui.chat.directory import Directory
    from llmtui.chat.roster import ProviderStatus
    from llmtui.chat.runtime import Runtime
    from llmtui.config import Config
    from llmtui.providers.base import ModelInfo
    from llmtui.tokens.counts import Counts


class Offers:
    """The part of `ChatSession` that sends no question."""

    def __init__(self, config: Config, directory: Directory, runtime: Runtime, counts: Counts) -> None:
        self.config = config
        self.directory = directory
        self._runtime = runtime
        self.counts = counts
        """What texts count for a model."""
        self.list_errors: Mapping[str, LlmtuiError] = {}
        """What kept a provider from listing its models, the last time they were asked."""

    async def list_models(
        self, provider: str | None = None, *, refresh: bool = False
    ) -> list[tuple[ModelRef, ModelInfo]]:
        """What the providers that can be asked offer; lists are cached for a day unless `refresh`."""
        from llmtui.chat.model_lists import list_all

        names = [provider] if provider else await self._runtime.call(self.directory.listable)
        targets = [await self._runtime.call(lambda name=name: self.directory.target(name)) for name in names]  # type: ignore[misc]
        found, failed = await list_all(
            self.directory.lists, targets, self._runtime.transport, refresh=refresh, at_once=self._runtime.has_loop
        )
        self.list_errors = failed
        return [(ModelRef(name, model.name), model) for name in names for model in found[name]]

    async def find_local(self) -> list[ModelRef]:
        """The models of the servers on this machine that answer now; from here on they are listed without being asked."""
        from llmtui.chat.model_lists import local_models

        directory = self.directory
        names = directory.local_servers()
        targets = []
        for name in names:
            with suppress(LlmtuiError):  # a key that it is told to have and cannot: said when it is asked
                targets.append(await self._runtime.call(lambda name=name: directory.target(name)))  # type: ignore[misc]
        found = await local_models(directory.lists, targets, self._runtime.transport, at_once=self._runtime.has_loop)
        order = {name: place for place, name in enumerate(names)}
        return [ModelRef(*each) for each in sorted(found, key=lambda each: order[each[0]])]

    async def refresh_prices(self) -> None:
        """Bring the price table up to date. Raise LlmtuiError where that fails; the one from before stays in use."""
        from llmtui.chat.download import refresh_prices

        try:
            await refresh_prices(self._runtime.transport, self.directory.paths.cache)
        except OSError as error:
            raise StoreError(f"newer prices cannot be kept: {error.strerror}") from None
        self.directory.forget_prices()

    async def probe(self, provider: str) -> None:
        """Ask the provider something that costs nothing. Raise LlmtuiError while it does not answer as it should."""
        from llmtui.chat.key_check import check_key

        target = await self._runtime.call(lambda: self.directory.target(provider))
        await check_key(target, self._runtime.transport)

    def providers(self) -> list[ProviderStatus]:
        """Every provider that is known, with where its key comes from."""
        return self.directory.statuses()

    async def warm(self, model: ModelRef) -> None:
        """Find the model's key and open a connection, so that nothing has to be looked up when the question comes."""
        candidate = self.directory.candidate(model)
        endpoint = await self._runtime.call(candidate.resolve)
        await self._runtime.call(lambda: _load_early(self.config, endpoint))
        await self._runtime.transport.warm(endpoint.target)

    async def prepare_counting(self, model: ModelRef) -> bool:
        """Have the model's tokenizer ready, with its vocabulary from the network where it is not there yet. Nothing
        waits for it; True when counts are exact from now on."""
        from llmtui.chat.download import download

        transport = self._runtime.transport
        return await self.counts.prepare(model, lambda url, most: download(transport, url, most))


def _load_early(config: Config, endpoint: Endpoint) -> None:
    """Import and read now what a first question would wait for."""
    from llmtui.core import admission, budget, context  # noqa: F401
    from llmtui.core.guard import Guard
    from llmtui.pricing import limits  # noqa: F401

    Guard(config.guard.mode, config.guard.max_chars, config.guard.patterns).inspect("warm up")
    endpoint.price(0)
    endpoint.window()
