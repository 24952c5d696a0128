"""The providers' model lists: asked for when somebody wants to choose, kept in the cache folder with their date."""

from __future__ import annotations

import json
import time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from llmtui.chat.attempt import scrub
from llmtui.core.errors import LlmtuiError, MalformedResponse
from llmtui.paths import write_private
from llmtui.providers.base import ModelInfo, TellsWindows
from llmtui.providers.registry import adapter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llmtui.providers.base import Target, WireRequest
    from llmtui.providers.transport import Transport

FRESH_S = 24 * 3600.0
_PAGES = 20
_LIST_BYTES = 32 * 1024 * 1024
_LIST_S = 15.0
_LOCAL_S = 1.0
"""How long a server on this machine is given to say what it has."""
_PRICES = ("input_price", "output_price", "cache_read_price", "cache_write_price")


class ModelLists:
    """Lists by provider. A file that cannot be read counts as not there; one that cannot be written is no error."""

    def __init__(
        self,
        folder: Path,
        *,
        address_of: Callable[[str], str] = lambda _: "",
        named: Callable[[str], Sequence[ModelInfo]] = lambda _: (),
    ) -> None:
        """`address_of` gives a provider's base_url: what another address once listed is not its list. `named` gives the
        models that the config names for it."""
        self._folder = folder / "models"
        self._address_of = address_of
        self.named = named
        self._read: dict[str, tuple[float, list[ModelInfo]]] = {}

    def cached(self, provider: str) -> list[ModelInfo]:
        """What the list said when it was last fetched, however long ago; what the config names comes first."""
        listed = {info.name: info for info in self._load(provider)[1]}
        named = {own.name: _completed(own, listed.get(own.name)) for own in self.named(provider)}
        return list({**named, **listed, **named}.values())

    def fetched_at(self, provider: str) -> float:
        """Seconds since 1970 of the last fetch; 0 when there was none."""
        return self._load(provider)[0]

    def is_fresh(self, provider: str) -> bool:
        return time.time() - self._load(provider)[0] < FRESH_S

    async def fetch(self, target: Target, transport: Transport, *, limit_s: float = _LIST_S) -> list[ModelInfo]:
        """Ask the provider, all pages, each within `limit_s`. Raise ProviderError."""
        try:
            return await self._fetch(target, transport, limit_s)
        except LlmtuiError as error:
            scrub(error, target)
            raise

    async def _fetch(self, target: Target, transport: Transport, limit_s: float) -> list[ModelInfo]:
        speaks = adapter(target.wire)
        found: list[ModelInfo] = []
        page = ""
        for _ in range(_PAGES):
            response = await transport.open(speaks.models(target, page), target, connect_s=limit_s, header_s=limit_s)
            try:
                response.limit(limit_s)
                body = await response.body(_LIST_BYTES)
                if response.status != 200:
                    raise speaks.error(response.status, response.headers, body, None, target)
            finally:
                await response.close()
            models, page = speaks.parse_models(body)
            found += models
            if not page:
                break
        if found and isinstance(speaks, TellsWindows) and (asks := speaks.windows(target)) is not None:
            found = await self._with_windows(found, speaks, asks, target, transport, limit_s)
        self._save(target.name, found)
        return found

    @staticmethod
    async def _with_windows(
        models: list[ModelInfo],
        speaks: TellsWindows,
        asks: WireRequest,
        target: Target,
        transport: Transport,
        limit_s: float,
    ) -> list[ModelInfo]:
        """The models with the windows they are loaded with; as they are where the server says nothing of them."""
        try:
            response = await transport.open(asks, target, connect_s=limit_s, header_s=limit_s)
            try:
                response.limit(limit_s)
                body = await response.body(_LIST_BYTES)
            finally:
                await response.close()
        except LlmtuiError:
            return models
        sizes = speaks.parse_windows(body) if response.status == 200 else {}
        known = [sizes.get(model.name, sizes.get("")) for model in models]
        return [
            model._replace(context_window=size) if size else model for model, size in zip(models, known, strict=True)
        ]

    def _path(self, provider: str) -> Path:
        safe = "".join(char if char.isalnum() or char in "-_" else "_" for char in provider)
        return self._folder / f"{safe}.json"

    def _load(self, provider: str) -> tuple[float, list[ModelInfo]]:
        if provider not in self._read:
            try:
                raw = json.loads(self._path(provider).read_bytes())
                if raw.get("address", "") != self._address_of(provider):
                    raise ValueError("it is another server's")
                self._read[provider] = (float(raw["fetched_at"]), [_from_json(item) for item in raw["models"]])
            except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidOperation, LlmtuiError):
                self._read[provider] = (0.0, [])
        return self._read[provider]

    def _save(self, provider: str, models: list[ModelInfo]) -> None:
        now = time.time()
        self._read[provider] = (now, models)
        data = {
            "fetched_at": now,
            "address": self._address_of(provider),
            "models": [_to_json(model) for model in models],
        }
        try:
            write_private(self._path(provider), json.dumps(data).encode())
        except OSError:
            return  # a cache that cannot be written is asked for again next time


def _completed(own: ModelInfo, listed: ModelInfo | None) -> ModelInfo:
    """What the config says of a model, and the rest as the list has it."""
    if listed is None:
        return own
    return listed._replace(
        context_window=own.context_window or listed.context_window,
        max_output_tokens=own.max_output_tokens or listed.max_output_tokens,
    )


def _to_json(model: ModelInfo) -> dict[str, Any]:
    fields = {name: getattr(model, name) for name in ModelInfo._fields}
    return {
        name: str(value) if isinstance(value, Decimal) else value
        for name, value in fields.items()
        if value not in (None, "")
    }


def _from_json(raw: dict[str, Any]) -> ModelInfo:
    known = {name: raw[name] for name in ModelInfo._fields if name in raw}
    for name in _PRICES:
        if name in known:
            known[name] = Decimal(known[name])
    return ModelInfo(**known)


async def list_all(
    lists: ModelLists,
    targets: list[Target],
    transport: Transport,
    *,
    refresh: bool,
    at_once: bool = False,
    limit_s: float = _LIST_S,
    must_answer: bool = False,
) -> tuple[dict[str, list[ModelInfo]], dict[str, LlmtuiError]]:
    """The lists of several providers, and what kept any from answering. One after the other, or `at_once`, which takes an
    event loop: a server that keeps silent then holds nobody up."""
    found: dict[str, list[ModelInfo]] = {}
    failed: dict[str, LlmtuiError] = {}

    async def ask(target: Target) -> None:
        try:
            await lists.fetch(target, transport, limit_s=limit_s)
            found[target.name] = lists.cached(target.name)
        except LlmtuiError as error:
            found[target.name] = lists.cached(target.name)
            if must_answer or not lists.named(target.name):  # they are named where a server cannot list them
                failed[target.name] = error
        except (ValueError, KeyError, TypeError) as error:
            failed[target.name] = MalformedResponse(f"{target.name}'s model list makes no sense: {error}")
            found[target.name] = []

    stale = [target for target in targets if refresh or not lists.is_fresh(target.name)]
    found.update({target.name: lists.cached(target.name) for target in targets if target not in stale})
    if at_once:
        import asyncio

        await asyncio.gather(*map(ask, stale))
    else:
        for target in stale:
            await ask(target)
    return found, failed


async def local_models(
    lists: ModelLists, targets: list[Target], transport: Transport, *, at_once: bool = False
) -> list[tuple[str, str]]:
    """Provider and name of every model of the servers on this machine that answer within a moment, in their order."""
    found, failed = await list_all(
        lists, targets, transport, refresh=True, at_once=at_once, limit_s=_LOCAL_S, must_answer=True
    )
    return [(name, model.name) for name, models in found.items() if name not in failed for model in models]
