"""Asks a provider, at no cost, whether it takes the key: for `llmtui keys test` and the keys screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.providers.registry import adapter

if TYPE_CHECKING:
    from llmtui.providers.base import Target
    from llmtui.providers.transport import Transport

_LIMIT_S = 15.0
_MOST_BYTES = 32 * 1024 * 1024


async def check_key(target: Target, transport: Transport) -> None:
    """Return when the provider takes the target's key. Raise ProviderError: AuthenticationFailed where it does not.

    The model list is what every provider has; OpenRouter gives it to anybody, so there the key itself is asked about.
    """
    speaks = adapter(target.wire)
    request = speaks.models(target)
    if target.wire == "openrouter":
        request = request._replace(url=request.url.partition("?")[0].rpartition("/")[0] + "/key")
    response = await transport.open(request, target, connect_s=_LIMIT_S, header_s=_LIMIT_S)
    try:
        response.limit(_LIMIT_S)
        body = await response.body(_MOST_BYTES)
        if response.status != 200:
            raise speaks.error(response.status, response.headers, body, None, target)
    finally:
        await response.close()
