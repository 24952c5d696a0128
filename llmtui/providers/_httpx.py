"""The one file that imports httpx: clients whose connections are ours, so that they keep our limits.

httpx is given a transport made of httpcore's connection pool, which is httpx's own engine, and a network backend of ours.
Redirects are not followed, cookies are not sent, nothing is read from the environment behind our back.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from llmtui import __version__
from llmtui.core.errors import ConfigError
from llmtui.providers._blocking_network import BlockingBackend
from llmtui.providers._exchange import Late

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from llmtui.providers._async_network import AsyncBackend
    from llmtui.providers._demo_server import Reply

FAILURES: tuple[type[Exception], ...] = (
    Late,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    httpcore.TimeoutException,
    httpx.HTTPError,
    OSError,
    UnicodeError,
)
"""Everything that a request or a read may raise and that is the network's or the server's doing."""
TIMEOUTS: tuple[type[Exception], ...] = (httpcore.TimeoutException, httpx.TimeoutException)
BAD_ADDRESS: tuple[type[Exception], ...] = (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError)

_HEADERS = {"user-agent": f"llmtui/{__version__}", "accept-encoding": "identity"}
_KEEP_S = 300.0
"""How long an idle connection is kept: long enough to think about the next question."""
_KEPT = 20


def blocking_client(proxy: str, ssl_context: ssl.SSLContext | None) -> httpx.Client:
    """A client whose waits are cut to the current exchange's limit."""
    pool = httpcore.ConnectionPool(
        ssl_context=ssl_context,
        proxy=_proxy(proxy, ssl_context),
        max_connections=None,
        max_keepalive_connections=_KEPT,
        keepalive_expiry=_KEEP_S,
        network_backend=BlockingBackend(httpcore.SyncBackend()),  # type: ignore[arg-type]  # the interface, not the class
    )
    return httpx.Client(transport=_Pool(pool), trust_env=False)


def async_client(proxy: str, ssl_context: ssl.SSLContext | None, backend: AsyncBackend) -> httpx.AsyncClient:
    """The same for asyncio."""
    pool = httpcore.AsyncConnectionPool(
        ssl_context=ssl_context,
        proxy=_proxy(proxy, ssl_context),
        max_connections=None,
        max_keepalive_connections=_KEPT,
        keepalive_expiry=_KEEP_S,
        network_backend=backend,  # type: ignore[arg-type]  # the interface, not the class
    )
    return httpx.AsyncClient(transport=_AsyncPool(pool), trust_env=False)


def make_request(method: str, url: str, headers: Mapping[str, str], body: bytes) -> httpx.Request:
    """A request with exactly these headers and ours: made by the client it would get its cookies too."""
    return httpx.Request(method, url, headers=_HEADERS | dict(headers), content=body or None)


def _proxy(address: str, ssl_context: ssl.SSLContext | None) -> httpcore.Proxy | None:
    if not address:
        return None
    try:
        url = httpx.URL(address)
    except BAD_ADDRESS:  # in ways that only the library knows of
        raise ConfigError("The proxy is not an address", advice="Check proxy, and HTTPS_PROXY.") from None
    auth = (url.username.encode(), url.password.encode()) if url.username or url.password else None
    return httpcore.Proxy(_core_url(url), auth=auth, ssl_context=ssl_context if url.scheme == "https" else None)


def _core_url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _core_request(request: httpx.Request) -> httpcore.Request:
    return httpcore.Request(
        request.method,
        _core_url(request.url),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        self._stream.close()


class _Pool(httpx.BaseTransport):
    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._pool.handle_request(_core_request(request))
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer.stream), extensions=answer.extensions
        )

    def close(self) -> None:
        self._pool.close()


class _AsyncBody(httpx.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._stream.__aiter__()  # type: ignore[no-any-return]

    async def aclose(self) -> None:
        await self._stream.aclose()


class _AsyncPool(httpx.AsyncBaseTransport):
    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._pool = pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._pool.handle_async_request(_core_request(request))
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_AsyncBody(answer.stream), extensions=answer.extensions
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


# ------------------------------------------------------------------------------------------------- the demo, embedded


class _DemoBody(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A paced answer: real bytes of the real format, from no server."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def __iter__(self) -> Iterator[bytes]:
        for wait_s, piece in self._reply.pieces:
            time.sleep(wait_s)
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        import asyncio

        for wait_s, piece in self._reply.pieces:
            await asyncio.sleep(wait_s)
            yield piece

    def close(self) -> None:
        """Nothing is open."""

    async def aclose(self) -> None:
        """Nothing is open."""


class _DemoTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    def __init__(self, serve: Callable[[str, str, bytes], Reply]) -> None:
        self._serve = serve

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        reply = self._serve(request.method, request.url.path, request.read())
        return httpx.Response(reply.status, headers=reply.headers, stream=_DemoBody(reply))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle_request(request)


def demo_client() -> httpx.Client:
    """A client that reaches nothing but the demo in this process."""
    from llmtui.providers._demo_server import DemoServer

    return httpx.Client(transport=_DemoTransport(DemoServer()), trust_env=False)


def async_demo_client() -> httpx.AsyncClient:
    """The same for asyncio."""
    from llmtui.providers._demo_server import DemoServer

    return httpx.AsyncClient(transport=_DemoTransport(DemoServer()), trust_env=False)
