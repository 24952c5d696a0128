"""Asks the server about itself: is it well, which models has it, what do its own counters say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.bench.metrics import read_metrics
from llmtui.core.errors import LlmtuiError, ProviderError
from llmtui.providers._address import plain_root
from llmtui.providers.base import WireRequest
from llmtui.providers.registry import adapter

if TYPE_CHECKING:
    from llmtui.providers.base import Target
    from llmtui.providers.transport import Transport

_LIMIT_S = 5.0
_LARGEST = 8 * 1024 * 1024
_HEALTH = {"ollama": ("/api/version", "/"), "": ("/health", "/healthz", "/v1/health")}


async def health(target: Target, transport: Transport) -> tuple[str, str]:
    """A mark (ok, warn, fail) and a sentence."""
    if target.wire == "demo":
        return "ok", "health: the demo is part of this program"
    for path in _HEALTH.get(target.wire, _HEALTH[""]):
        try:
            status, _ = await _get(target, transport, path)
        except LlmtuiError as error:
            return "warn", f"health: {error.message}"
        if status < 300:
            return "ok", f"health: {path} answers {status}"
        if status >= 500:
            return "fail", f"health: {path} answers {status}"
    return "warn", "health: the server has no health endpoint"


async def models(target: Target, transport: Transport) -> tuple[tuple[str, str], frozenset[str]]:
    """A mark with a sentence, and the names that are listed."""
    speaks = adapter(target.wire)
    found: list[str] = []
    page = ""
    try:
        for _ in range(20):
            response = await transport.open(speaks.models(target, page), target, connect_s=_LIMIT_S, header_s=_LIMIT_S)
            try:
                response.limit(_LIMIT_S)
                body = await response.body(_LARGEST)
            finally:
                await response.close()
            if response.status != 200:
                return ("warn", f"model list: the server answers {response.status}"), frozenset()
            listed, page = speaks.parse_models(body)
            found += [model.name for model in listed]
            if not page:
                break
    except LlmtuiError as error:
        return ("warn", f"model list: {error.message}"), frozenset()
    except (ValueError, KeyError, TypeError):
        return ("warn", "model list: it makes no sense"), frozenset()
    count = f"{len(found)} model{'' if len(found) == 1 else 's'}"
    return ("ok" if found else "warn", f"model list: {count}"), frozenset(found)


async def counters(target: Target, transport: Transport) -> dict[str, float] | None:
    """The server's counters of now; None where it has none that can be read."""
    if target.wire not in ("openai", "openai-completions", "openai-responses"):
        return None
    try:
        status, body = await _get(target, transport, "/metrics")
    except ProviderError:
        return None
    return read_metrics(body.decode("utf-8", "replace")) if status == 200 else None


async def _get(target: Target, transport: Transport, path: str) -> tuple[int, bytes]:
    """A GET with the provider's own headers (key included: it is the same server)."""
    headers = adapter(target.wire).models(target).headers
    request = WireRequest("GET", plain_root(target.base_url) + path, headers)
    response = await transport.open(request, target, connect_s=_LIMIT_S, header_s=_LIMIT_S)
    try:
        response.limit(_LIMIT_S)
        return response.status, await response.body(_LARGEST)
    finally:
        await response.close()
