"""Public files that the program fetches for itself, through its own client: newer prices, tokenizers' vocabularies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from llmtui.core.errors import ConnectionFailed, MalformedResponse
from llmtui.pricing import refresh
from llmtui.pricing.table import PriceTable
from llmtui.providers.base import Target, WireRequest

if TYPE_CHECKING:
    from pathlib import Path

    from llmtui.providers.transport import Transport

_CONNECT_S = 5.0
_WHOLE_S = 60.0


async def download(transport: Transport, url: str, most_bytes: int, *, limit_s: float = _WHOLE_S) -> bytes:
    """The body of a plain GET, without any key. Raise ProviderError for whatever goes wrong."""
    host = urlsplit(url).hostname or url
    target = Target(host, "", url)
    response = await transport.open(WireRequest("GET", url, {}), target, connect_s=_CONNECT_S, header_s=_CONNECT_S * 2)
    try:
        response.limit(limit_s)
        if response.status != 200:
            raise ConnectionFailed(f"{host} answered with status {response.status}", provider=host)
        data = await response.body(most_bytes + 1)
    finally:
        await response.close()
    if len(data) > most_bytes:
        raise MalformedResponse(f"{host} sent more than {most_bytes // 2**20} MiB", provider=host)
    return data


async def refresh_prices(transport: Transport, cache: Path) -> PriceTable:
    """Fetch the newest prices and keep them in the cache folder. Raise ProviderError, or OSError where nothing can be kept.

    Who holds prices already looks them up in the old table until it is made anew.
    """
    data = await download(transport, refresh.SOURCE_URL, refresh.MAX_BYTES)
    text = refresh.parse_download(data, taken=datetime.now(UTC).date().isoformat())
    refresh.save(text, cache)
    return PriceTable(text)
