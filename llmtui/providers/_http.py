"""What moves bytes to and from providers: blocking for `--once`, asynchronous for everything else.

httpx does the HTTP. `_httpx.py` alone imports it, and is itself imported only when the first transport is made.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from llmtui.core.errors import ConfigError, LlmtuiError
from llmtui.providers._exchange import Exchange, Late, current
from llmtui.providers._failures import not_opened, too_late
from llmtui.providers._response import AsyncResponse, BlockingResponse
from llmtui.providers._route import Route, certificates, check_key, proxy_address, route

if TYPE_CHECKING:
    import ssl

    import httpx

    from llmtui.providers.base import Target, WireRequest

_ATTEMPTS = 3
"""So often a request is sent in all where connections used again turn out to have been closed by the server."""
_DEMO = Route("demo")


def _load(*, lean: bool) -> None:
    """Import httpx without what it would import in vain: its own command line (click, rich and pygments where they are
    installed, 50 ms of CPU) and, with `lean`, anyio (15 ms), which httpcore needs for asynchronous clients only.

    A name that is None in `sys.modules` cannot be imported; httpx and httpcore then do without it, as they do where it is
    not installed. A process that was lean can have no asynchronous client afterwards.
    """
    hidden = [name for name in ("httpx._main", *(("anyio",) if lean else ())) if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # this is what forbids the import
    try:
        import llmtui.providers._httpx  # noqa: F401
    finally:
        for name in hidden:
            del sys.modules[name]


class _Address(NamedTuple):
    route: Route
    host: str
    port: int

    @property
    def proxy(self) -> str:
        """Host and port of the proxy on the way; empty for none."""
        return proxy_address(self.route.proxy) if self.route.proxy else ""


def _address(url: str, target: Target) -> _Address:
    """Where a request goes, and the way there; raise ConfigError when it is no address."""
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port
    except ValueError:
        scheme, host, port = "", "", None
    if scheme == "demo":
        return _Address(_DEMO, "demo", 0)
    if not host:
        raise ConfigError(f"“{url}” of {target.name} is not an address", advice="Check base_url.")
    return _Address(route(scheme, host, target), host, port or (443 if scheme == "https" else 80))


class _Shared:
    """What both transports have in common."""

    def __init__(self) -> None:
        self._trusted: dict[str, ssl.SSLContext] = {}

    def _ssl_context(self, way: Route) -> ssl.SSLContext | None:
        """The certificates for a way that has TLS in it, loaded once; None for plain http."""
        if way.scheme != "https" and not way.proxy.startswith("https:"):
            return None
        if way.ca_file not in self._trusted:
            self._trusted[way.ca_file] = certificates(way.ca_file)
        return self._trusted[way.ca_file]

    def _failure(
        self, error: Exception, exchange: Exchange, way: _Address, connect_s: float, target: Target
    ) -> LlmtuiError:
        """The error of a request that got no status line."""
        from llmtui.providers._httpx import TIMEOUTS

        if not isinstance(error, (Late, *TIMEOUTS)):
            return not_opened(error, exchange, way.host, way.port, target, proxy=way.proxy)
        if exchange.sent_at:
            return too_late(f"sent no answer within {exchange.header_s:g} s", target)
        whose = f"cannot be reached: the proxy {way.proxy} " if way.proxy else ""
        return too_late(f"{whose}accepted no connection within {connect_s:g} s", target, code="connect")


def _goes_again(error: Exception, exchange: Exchange) -> bool:
    """Whether the request only met a kept connection that the server had closed: no byte of an answer came."""
    return not (exchange.fresh or exchange.received or isinstance(error, Late))


def _request(request: WireRequest, target: Target) -> httpx.Request:
    from llmtui.providers._httpx import BAD_ADDRESS, make_request

    try:
        return make_request(request.method, request.url, request.headers, request.body)
    except BAD_ADDRESS as error:
        raise ConfigError(f"The address of {target.name} is not valid: {error}", advice="Check base_url.") from None


class BlockingTransport(_Shared):
    """Coroutines that never suspend. `lean` keeps what an event loop would need from being imported."""

    def __init__(self, *, lean: bool = False) -> None:
        super().__init__()
        self._clients: dict[Route, httpx.Client] = {}
        _load(lean=lean)

    async def open(
        self, request: WireRequest, target: Target, *, connect_s: float, header_s: float
    ) -> BlockingResponse:
        """Send the request and wait for the status line and headers; see `transport.Transport`."""
        from llmtui.providers._httpx import FAILURES

        way = _address(request.url, target)
        check_key(way.route.scheme, way.host, request.headers, target)
        client = self._client(way.route)
        for attempt in range(_ATTEMPTS):
            exchange = Exchange(connect_s, header_s)
            current.set(exchange)
            try:
                response = client.send(_request(request, target), stream=True)
                return BlockingResponse(response, exchange, target)
            except FAILURES as error:
                if attempt + 1 == _ATTEMPTS or not _goes_again(error, exchange):
                    raise self._failure(error, exchange, way, connect_s, target) from None
        raise AssertionError("unreachable")

    async def warm(self, target: Target) -> None:
        """Nothing: a blocking program has no moment to spare before its request."""

    async def close(self) -> None:
        """Close every connection."""
        while self._clients:
            self._clients.popitem()[1].close()

    def _client(self, way: Route) -> httpx.Client:
        from llmtui.providers._httpx import blocking_client, demo_client

        if way not in self._clients:
            client = demo_client() if way is _DEMO else blocking_client(way.proxy, self._ssl_context(way))
            self._clients[way] = client
        return self._clients[way]


def _load_event_loop_backend() -> None:
    """What httpcore's locks load at the first request: 20 ms that nobody should wait for after Enter."""
    with contextlib.suppress(ImportError):
        importlib.import_module("anyio._backends._asyncio")


class AsyncTransport(_Shared):
    """For asyncio; one for an event loop."""

    def __init__(self) -> None:
        super().__init__()
        _load(lean=False)
        from llmtui.providers._async_network import AsyncBackend

        self._clients: dict[Route, httpx.AsyncClient] = {}
        self._direct = AsyncBackend()
        self._proxied = AsyncBackend()

    async def open(self, request: WireRequest, target: Target, *, connect_s: float, header_s: float) -> AsyncResponse:
        """Send the request and wait for the status line and headers; see `transport.Transport`."""
        from llmtui.providers._httpx import FAILURES

        way = _address(request.url, target)
        check_key(way.route.scheme, way.host, request.headers, target)
        client = self._client(way.route)
        for attempt in range(_ATTEMPTS):
            exchange = Exchange(connect_s, header_s)
            current.set(exchange)
            try:
                response = await client.send(_request(request, target), stream=True)
                return AsyncResponse(response, exchange, target)
            except FAILURES as error:
                if attempt + 1 == _ATTEMPTS or not _goes_again(error, exchange):
                    raise self._failure(error, exchange, way, connect_s, target) from None
        raise AssertionError("unreachable")

    async def warm(self, target: Target) -> None:
        """Make a connection ahead of time, where the way is direct; failures are silent, the request will tell."""
        import asyncio

        from llmtui.providers._address import api_root
        from llmtui.providers._httpx import FAILURES

        if target.base_url.startswith("demo:"):
            return
        try:
            way, host, port = _address(api_root(target.base_url), target)
            await asyncio.to_thread(_load_event_loop_backend)
            self._client(way)
            if not way.proxy:
                await self._direct.warm(host, port, self._ssl_context(way) if way.scheme == "https" else None, 10.0)
        except LlmtuiError:
            return
        except FAILURES:
            return

    async def close(self) -> None:
        """Close every connection."""
        while self._clients:
            await self._clients.popitem()[1].aclose()
        await self._direct.aclose()

    def _client(self, way: Route) -> httpx.AsyncClient:
        from llmtui.providers._httpx import async_client, async_demo_client

        if way not in self._clients:
            backend = self._proxied if way.proxy else self._direct
            client = async_demo_client() if way is _DEMO else async_client(way.proxy, self._ssl_context(way), backend)
            self._clients[way] = client
        return self._clients[way]
