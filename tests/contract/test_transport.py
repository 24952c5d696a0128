"""The two transports over real sockets: limits, drops, stale connections, TLS, proxies, everything a server may do."""

from __future__ import annotations

import asyncio
import gzip
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest

from llmtui.core.errors import (
    ConfigError,
    ConnectionFailed,
    LlmtuiError,
    MalformedResponse,
    ProviderError,
    StreamBroken,
    TimedOut,
)
from llmtui.core.secret import Secret
from llmtui.providers._http import AsyncTransport, BlockingTransport
from llmtui.providers.base import Target, WireRequest
from llmtui.providers.transport import Response, Transport
from tests.support.socks_proxy import SocksProxy
from tests.support.wire_server import CLOSE, HANG, RESET, Gate, Reply, WireServer

T = TypeVar("T")
Run = Callable[[Callable[[Transport], Awaitable[Any]]], Any]
TLS = Path(__file__).parent.parent / "support" / "tls"
SECRET = "sk-canary-0123456789"


def drive(coroutine: Any) -> Any:
    """Run a coroutine that never suspends."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it suspended")


def blocking(work: Callable[[Transport], Awaitable[T]]) -> T:
    async def whole() -> T:
        transport = BlockingTransport()
        try:
            return await work(transport)
        finally:
            await transport.close()

    result: T = drive(whole())
    return result


def asynchronous(work: Callable[[Transport], Awaitable[T]]) -> T:
    async def whole() -> T:
        transport = AsyncTransport()
        try:
            return await work(transport)
        finally:
            await transport.close()

    return asyncio.run(whole())


@pytest.fixture(params=[blocking, asynchronous])
def run(request: pytest.FixtureRequest) -> Run:
    """Both transports, one after the other."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def server() -> Any:
    with WireServer() as running:
        yield running


def target(url: str, **fields: Any) -> Target:
    return Target("acme", "openai", url, **fields)


def post(url: str, body: bytes = b"{}") -> WireRequest:
    return WireRequest("POST", f"{url}/chat/completions", {"content-type": "application/json"}, body)


async def opened(
    transport: Transport, url: str, *, header_s: float = 20.0, connect_s: float = 20.0, **fields: Any
) -> Response:
    return await transport.open(post(url), target(url, **fields), connect_s=connect_s, header_s=header_s)


async def everything(response: Response) -> bytes:
    received = b""
    while piece := await response.read():
        received += piece
    await response.close()
    return received


def fetch(run: Run, url: str, **options: Any) -> tuple[int, dict[str, str], bytes]:
    async def work(transport: Transport) -> tuple[int, dict[str, str], bytes]:
        response = await opened(transport, url, **options)
        return response.status, dict(response.headers), await everything(response)

    result: tuple[int, dict[str, str], bytes] = run(work)
    return result


def failure(run: Run, url: str, **options: Any) -> LlmtuiError:
    with pytest.raises(LlmtuiError) as caught:
        fetch(run, url, **options)
    assert caught.value.advice
    return caught.value


BODY = "data: {“é” \u0085 🎉}\n\n".encode() * 50


@pytest.mark.parametrize(
    "reply",
    [
        Reply(pieces=[BODY]),
        Reply(pieces=[BODY[i : i + 1] for i in range(len(BODY))]),
        Reply(pieces=[BODY[:7], BODY[7:]], chunked=False),
        Reply(pieces=[BODY, CLOSE], chunked=False, headers={"connection": "close"}),
        Reply(pieces=[BODY, CLOSE], chunked=False, http="HTTP/1.0"),
        Reply(pieces=[BODY], content_type="text/html"),
        Reply(pieces=[gzip.compress(BODY)], headers={"content-encoding": "gzip"}),
        Reply(pieces=[gzip.compress(BODY[:40]), gzip.compress(BODY[40:]), b"\0" * 9], headers={"content-encoding": "gzip"}),
        Reply(pieces=[b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n%x;ext=1\r\n" % len(BODY), BODY, b"\r\n0\r\nT: x\r\n\r\n"], raw=True),
        Reply(before=[b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: x\r\n\r\n"], pieces=[BODY]),
    ],
    ids=["one piece", "byte by byte", "length", "until close", "HTTP/1.0", "wrong type", "gzip", "gzip in members", "chunk extension", "1xx"],
)  # fmt: skip
def test_the_body_arrives_whole(run: Run, server: WireServer, reply: Reply) -> None:
    """STR-2, ROB-8."""
    server.replies(reply)
    status, _, body = fetch(run, server.url)
    assert (status, body) == (200, BODY)


def test_a_status_counts_although_its_body_cannot_be_unpacked(run: Run, server: WireServer) -> None:
    """ROB-2, ROB-8: only who reads the body is told that it is packed in an unknown way."""
    server.replies(Reply(429, headers={"content-encoding": "br", "retry-after": "7"}, pieces=[b"\x0b\x02"]))

    async def work(transport: Transport) -> tuple[int, str]:
        response = await opened(transport, server.url)
        try:
            with pytest.raises(MalformedResponse):
                await response.read()
            return response.status, response.headers["retry-after"]
        finally:
            await response.close()

    assert run(work) == (429, "7")


def test_what_is_sent(run: Run, server: WireServer) -> None:
    fetch(run, server.url)
    request = server.requests[0]
    assert (request.method, request.path, request.body) == ("POST", "/v1/chat/completions", b"{}")
    assert request.headers["user-agent"].startswith("llmtui/")
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["content-type"] == "application/json"
    assert "cookie" not in request.headers


def test_connections_are_used_again_and_no_cookie_is_kept(run: Run, server: WireServer) -> None:
    server.replies(Reply(headers={"set-cookie": "a=b"}, pieces=[BODY]))

    async def work(transport: Transport) -> None:
        for _ in range(3):
            await everything(await opened(transport, server.url))

    run(work)
    assert server.connections == 1
    assert all("cookie" not in request.headers for request in server.requests)


def test_an_answer_left_before_its_last_chunk_still_gives_its_connection_back(server: WireServer) -> None:
    """The terminal mark comes before the end of the HTTP message; closing then must not cost a new connection."""

    async def work(transport: Transport) -> None:
        for _ in range(2):
            response = await opened(transport, server.url)
            while b"[DONE]" not in await response.read():
                pass
            await response.close()

    asynchronous(work)
    assert server.connections == 1


def test_a_kept_connection_that_the_server_closed_is_replaced_without_a_word(run: Run, server: WireServer) -> None:
    """ROB-2: a request is sent anew only when not a byte of an answer came."""
    server.replies(Reply(pieces=[BODY]), Reply(before=[CLOSE]), Reply(before=[RESET]), Reply(pieces=[BODY]))

    async def work(transport: Transport) -> list[bytes]:
        first = await everything(await opened(transport, server.url))
        return [first, await everything(await opened(transport, server.url))]

    with pytest.raises(ConnectionFailed):  # the new connection of the second try is cut too: that is told
        run(work)
    assert len(server.requests) == 3
    server.replies(Reply(pieces=[BODY]), Reply(before=[CLOSE]), Reply(pieces=[BODY]))
    assert run(work) == [BODY, BODY]


def test_half_an_answer_on_a_kept_connection_is_not_asked_for_again(run: Run, server: WireServer) -> None:
    server.replies(Reply(pieces=[BODY]), Reply(before=[b"HTTP/1.1 2", CLOSE]))

    async def work(transport: Transport) -> None:
        for _ in range(2):
            await everything(await opened(transport, server.url))

    with pytest.raises(ProviderError):
        run(work)
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(run: Run, server: WireServer, status: int) -> None:
    """The key goes to no other address."""
    server.replies(Reply(status, {"location": server.url + "/elsewhere"}, chunked=False))
    assert fetch(run, server.url)[0] == status
    assert len(server.requests) == 1


def test_nothing_answers(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = failure(run, f"http://127.0.0.1:{port}/v1")
    assert type(error) is ConnectionFailed
    assert f"127.0.0.1:{port}" in str(error)
    assert "Start the server" in failure(run, f"http://127.0.0.1:{port}/v1", local=True).advice


def test_no_such_host(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = failure(run, "http://nowhere.test/v1")
    assert type(error) is ConnectionFailed
    assert "nowhere.test" in str(error)


def test_a_resolver_that_never_answers(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """ROB-3: the connect limit holds for names too, where the system's resolver knows none."""
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: released.wait(20) and [])
    threading.Timer(0.5, released.set).start()
    error = failure(run, "http://slow.test/v1", connect_s=0.05)
    assert (type(error), getattr(error, "code", "")) == (TimedOut, "connect")


def test_every_address_of_a_host_is_tried(run: Run, server: WireServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of two addresses refuses; and where none answers the last error is told."""
    addresses = [["127.0.0.2", "127.0.0.1"], ["127.0.0.2", "127.0.0.3"], []]

    def found(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if host != "two.test":
            return real(host, port, *args, **kwargs)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses.pop(0)]

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", found)
    url = f"http://two.test:{server.port}/v1"
    assert fetch(run, url)[0] == 200
    assert type(failure(run, url)) is ConnectionFailed
    assert type(failure(run, url)) is ConnectionFailed


def test_a_server_that_accepts_and_says_nothing(run: Run, server: WireServer) -> None:
    """ROB-3: the limit to the headers."""
    server.replies(Reply(before=[HANG]))
    error = failure(run, server.url, header_s=0.05)
    assert type(error) is TimedOut
    assert "sent no answer within 0.05 s" in str(error)
    assert server.closed_by_peer.wait(10)


def trickle(text: bytes) -> list[Any]:
    """A byte at a time, for ever."""
    stop = threading.Event()
    return [*(text[i : i + 1] for i in range(len(text))), *[lambda: stop.wait(0.01) or b":"] * 3000]


def test_headers_that_trickle_do_not_stretch_the_limit(run: Run, server: WireServer) -> None:
    """ROB-3: every byte would start httpx's own time-out anew."""
    server.replies(Reply(before=trickle(b"HTTP/1.1 200 OK\r\nx-slow: ")))
    assert type(failure(run, server.url, header_s=0.2)) is TimedOut


def test_comments_do_not_stretch_the_limit(run: Run, server: WireServer) -> None:
    """ROB-3: only the reader of content moves the limit, and keep-alive comments are none."""
    server.replies(Reply(pieces=trickle(b": keep-alive\n\n")))

    async def work(transport: Transport) -> None:
        response = await opened(transport, server.url)
        response.limit(0.2)
        try:
            while await response.read():
                pass
        finally:
            await response.close()

    with pytest.raises(TimedOut, match=r"sent no content for 0\.2 s"):
        run(work)
    assert server.closed_by_peer.wait(10)


def test_bytes_that_are_already_here_do_not_outlive_the_limit(run: Run, server: WireServer) -> None:
    """ROB-3: more is waiting to be read when the limit passes."""
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n%b\r\n" % (60_000, b"a" * 60_000)
    server.replies(Reply(pieces=[head + chunk * 4, HANG], raw=True))

    async def work(transport: Transport) -> None:
        response = await opened(transport, server.url)
        assert set(await response.read()) == set(b"a")
        response.limit(0)
        try:
            await response.read()
        finally:
            await response.close()

    with pytest.raises(TimedOut):
        run(work)


def test_a_flood_of_comments_does_not_stretch_the_limit(run: Run, server: WireServer) -> None:
    """ROB-3, ROB-8: bytes are always waiting, and still none of them is content."""
    flood = b": keep-alive\n\n" * 4096
    server.replies(Reply(pieces=[lambda: flood] * 20_000))

    async def work(transport: Transport) -> None:
        response = await opened(transport, server.url)
        response.limit(0.1)
        try:
            while await response.read():
                pass
        finally:
            await response.close()

    with pytest.raises(TimedOut):
        run(work)
    assert server.closed_by_peer.wait(10)


def test_an_error_body_that_trickles_is_bounded_by_the_limit_and_by_its_size(run: Run, server: WireServer) -> None:
    server.replies(Reply(500, pieces=trickle(b"x")), Reply(500, pieces=[b"x" * 100_000] * 10))

    async def work(transport: Transport) -> bytes:
        slow = await opened(transport, server.url)
        slow.limit(0.2)
        with pytest.raises(TimedOut):
            await slow.body(1 << 16)
        await slow.close()
        large = await opened(transport, server.url)
        try:
            return await large.body(1 << 16)
        finally:
            await large.close()

    assert run(work) == b"x" * (1 << 16)


def test_the_limit_moves_with_the_content(run: Run, server: WireServer) -> None:
    """ROB-3: a stream longer than its limit goes on as long as content comes; then a shorter limit takes over."""
    gates = [Gate() for _ in range(3)]
    server.replies(Reply(pieces=[b"0", gates[0], b"1", gates[1], b"2", gates[2], b"3", HANG]))

    async def work(transport: Transport) -> list[bytes]:
        response, got = await opened(transport, server.url, header_s=5), []
        try:
            for gate in gates:
                got.append(await response.read())
                response.limit(5)
                gate.open()
            got.append(await response.read())
            response.limit(0.05)
            await response.read()
        finally:
            await response.close()
        return got

    with pytest.raises(TimedOut, match=r"0\.05 s"):
        run(work)
    assert all(gate.reached.is_set() for gate in gates)


def test_the_limit_may_be_shortened_while_somebody_reads(server: WireServer) -> None:
    server.replies(Reply(pieces=[b"0", HANG]))

    async def work(transport: Transport) -> None:
        response = await opened(transport, server.url)
        await response.read()
        response.limit(25)
        reading = asyncio.ensure_future(response.read())
        await asyncio.sleep(0)
        response.limit(0.05)
        with pytest.raises(TimedOut, match=r"0\.05 s"):
            await asyncio.wait_for(reading, 10)
        await response.close()

    asynchronous(work)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(pieces=[BODY, RESET]),
        Reply(pieces=[BODY, CLOSE]),
        Reply(pieces=[BODY, CLOSE], chunked=False, headers={"content-length": "999999"}),
        Reply(pieces=[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nx"], raw=True),
    ],
    ids=["reset", "cut between chunks", "shorter than its length", "a chunk that is none"],
)
def test_a_body_that_breaks_off(run: Run, server: WireServer, reply: Reply) -> None:
    """STR-11: told as what it is, after what had arrived."""
    server.replies(reply)

    async def work(transport: Transport) -> None:
        response, received = await opened(transport, server.url), b""
        try:
            while piece := await response.read():
                received += piece
        finally:
            arrived.append(received)
            await response.close()
            await response.close()

    arrived: list[bytes] = []
    with pytest.raises(StreamBroken, match="acme broke off"):
        run(work)
    assert arrived[0] in {b"", BODY}


@pytest.mark.parametrize("before", [[RESET], [CLOSE]], ids=["reset", "closed"])
def test_a_new_connection_that_is_cut_before_an_answer(run: Run, server: WireServer, before: list[Any]) -> None:
    """ROB-2: a connection failure, which the caller may retry."""
    server.replies(Reply(before=before))
    error = failure(run, server.url)
    assert type(error) is ConnectionFailed
    assert error.is_retryable
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "greeting", [b"SSH-2.0-OpenSSH_9\r\n", b"\x15\x03\x01\x00\x02\x02\x28", b"HTTP/9.9 huh\r\n\r\n", b"\x00" * 200_000]
)
def test_what_is_not_http(run: Run, server: WireServer, greeting: bytes) -> None:
    """ROB-8."""
    server.replies(Reply(before=[greeting, CLOSE]))
    assert type(failure(run, server.url)) in {MalformedResponse, ConnectionFailed}


def test_headers_without_end_are_refused(run: Run, server: WireServer) -> None:
    """ROB-8: bounded memory."""
    server.replies(Reply(before=[b"HTTP/1.1 200 OK\r\n", *[b"x: " + b"y" * 60_000 + b"\r\n"] * 50, CLOSE]))
    assert type(failure(run, server.url)) is MalformedResponse


def test_an_encoding_that_was_not_asked_for(run: Run, server: WireServer) -> None:
    server.replies(Reply(pieces=[b"x"], headers={"content-encoding": "br"}))
    assert type(failure(run, server.url)) is MalformedResponse


@pytest.mark.parametrize("url", ["nonsense", "http://", "http://[::1/v1", "https://h.test:99999/v1", "ftp://h.test/v1"])
def test_addresses_that_are_none(run: Run, url: str) -> None:
    assert type(failure(run, url)) is ConfigError


def test_a_key_does_not_leave_in_the_clear(run: Run) -> None:
    """CHAT-6."""
    assert type(failure(run, "http://h.test/v1", key=Secret(SECRET))) is ConfigError


# ------------------------------------------------------------------------------------------------- TLS and proxies


@pytest.fixture
def secure() -> Any:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem")
    with WireServer(ssl_context=context) as running:
        yield running


def test_tls_with_a_ca_file_of_ones_own(run: Run, secure: WireServer) -> None:
    """PRV-7; TLS streams keep the limit too."""
    gate = Gate()
    secure.replies(Reply(pieces=[BODY]), Reply(pieces=[b"x", HANG]))
    assert fetch(run, secure.url, ca_file=str(TLS / "ca.pem"))[2] == BODY

    async def work(transport: Transport) -> None:
        response = await opened(transport, secure.url, ca_file=str(TLS / "ca.pem"))
        await response.read()
        response.limit(0.05)
        try:
            await response.read()
        finally:
            await response.close()

    with pytest.raises(TimedOut):
        run(work)
    gate.open()


def test_a_certificate_nobody_vouches_for(run: Run, secure: WireServer) -> None:
    """Told at once, never retried, and nothing is sent."""
    error = failure(run, secure.url, key=Secret(SECRET))
    assert isinstance(error, ConnectionFailed)
    assert not error.is_retryable
    assert "certificate" in str(error)
    assert "ca_file" in error.advice
    assert secure.requests == []


def test_https_to_a_server_that_speaks_plain_http(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=refuse, daemon=True).start()
        error = failure(run, f"https://127.0.0.1:{listener.getsockname()[1]}/v1")
    assert isinstance(error, ConnectionFailed)
    assert not error.is_retryable
    assert "TLS" in str(error)


def test_a_proxy_is_asked_for_the_whole_address(run: Run, server: WireServer) -> None:
    """PRV-7: plain http through a proxy; the proxy here is the scripted server itself."""
    server.replies(Reply(pieces=[BODY]))
    proxy = f"http://user:pass@127.0.0.1:{server.port}"
    assert fetch(run, "http://model.test/v1", proxy=proxy)[2] == BODY
    assert server.requests[0].path == "http://model.test/v1/chat/completions"
    assert server.requests[0].headers["proxy-authorization"].startswith("Basic ")


def test_https_through_a_proxys_tunnel(run: Run, secure: WireServer) -> None:
    """PRV-7: CONNECT, then TLS with the server itself."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=tunnel, args=(listener, secure.port), daemon=True).start()
        proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert fetch(run, secure.url, proxy=proxy, ca_file=str(TLS / "ca.pem"), key=Secret(SECRET))[0] == 200


def tunnel(listener: socket.socket, port: int) -> None:
    client, _ = listener.accept()
    asked = client.recv(65536)
    assert asked.startswith(b"CONNECT 127.0.0.1:")
    assert SECRET.encode() not in asked
    upstream = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")

    def copy(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    threading.Thread(target=copy, args=(upstream, client), daemon=True).start()
    copy(client, upstream)


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_a_socks_proxy(run: Run, server: WireServer, secure: WireServer, scheme: str) -> None:
    """PRV-7: the name is resolved by the proxy; plain http with a password, TLS without one."""
    pytest.importorskip("socksio")
    server.replies(Reply(pieces=[BODY]))
    with SocksProxy(server.port, password=b"pass") as proxy:
        assert fetch(run, "http://model.test:8080/v1", proxy=f"{scheme}://user:pass@{proxy.address}")[2] == BODY
        assert proxy.asked == [(b"model.test", 8080)]
    with SocksProxy(secure.port) as proxy:
        way = f"{scheme}://{proxy.address}"
        assert fetch(run, secure.url, proxy=way, ca_file=str(TLS / "ca.pem"), key=Secret(SECRET))[0] == 200


@pytest.mark.parametrize(("user", "refuses"), [("user:wrong@", False), ("user:pass@", True)])
def test_a_socks_proxy_that_refuses(run: Run, server: WireServer, user: str, refuses: bool) -> None:
    """PRV-7, ROB-8: a wrong password, and an address that the proxy does not reach."""
    pytest.importorskip("socksio")
    with SocksProxy(server.port, password=b"pass", refuses=refuses) as proxy:
        error = failure(run, "http://model.test/v1", proxy=f"socks5://{user}{proxy.address}")
    assert isinstance(error, ConnectionFailed)
    assert "the proxy" in str(error)
    assert "pass" not in str(error).replace("password", "")


def test_a_proxy_that_refuses(run: Run, server: WireServer) -> None:
    server.replies(Reply(407, chunked=False))
    error = failure(run, "https://model.test/v1", proxy=f"http://127.0.0.1:{server.port}")
    assert isinstance(error, ConnectionFailed)
    assert "proxy" in str(error)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there_is_named_and_not_the_target(run: Run, scheme: str) -> None:
    """PRV-7: neither its password nor the provider's address, which was never tried."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure(run, f"{scheme}://model.test/v1", proxy=f"http://me:secret@127.0.0.1:{port}")
    assert isinstance(error, ConnectionFailed)
    assert f"nothing answers at the proxy 127.0.0.1:{port}" in error.sentence
    assert "Check proxy" in error.sentence
    assert "model.test" not in error.sentence
    assert "secret" not in error.sentence
    unknown = failure(run, f"{scheme}://model.test/v1", proxy="http://no-such-host.invalid:3128")
    assert "the proxy no-such-host.invalid:3128" in unknown.sentence


@pytest.mark.parametrize("proxy", ["http://[::1", "http://127.0.0.1:99999", "http://[v1.x]"])
def test_a_proxy_that_is_no_address_is_a_sentence(run: Run, proxy: str) -> None:
    error = failure(run, "https://model.test/v1", proxy=proxy)
    assert isinstance(error, ConfigError)
    assert "is not an address" in error.sentence


# ------------------------------------------------------------------------------------------------- asyncio alone


def test_warming_connects_ahead_of_time(server: WireServer, secure: WireServer) -> None:
    """Nothing is connected after Enter: the first request finds its connection, TLS included, and warming twice makes one."""

    async def work(transport: Transport) -> None:
        for where in (server, secure):
            for _ in range(2):
                await transport.warm(target(where.url, ca_file=str(TLS / "ca.pem")))
            await everything(await opened(transport, where.url, ca_file=str(TLS / "ca.pem")))

    asynchronous(work)
    assert (server.connections, secure.connections) == (1, 1)


def test_warming_never_fails_aloud() -> None:
    async def work(transport: Transport) -> None:
        for url in ("http://127.0.0.1:1/v1", "nonsense://", "demo:", "https://127.0.0.1:1/v1"):
            await transport.warm(target(url))

    asynchronous(work)
    blocking(lambda transport: transport.warm(target("http://127.0.0.1:1/v1")))


def test_a_warm_connection_that_died_is_not_used() -> None:
    """ROB-2: it was made ahead, the server is gone since, and the request finds out."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"

    async def work(transport: Transport) -> None:
        await transport.warm(target(url))
        made, _ = await asyncio.to_thread(listener.accept)
        listener.close()
        made.close()
        with pytest.raises(ConnectionFailed):
            await opened(transport, url)

    asynchronous(work)


def test_cancelling_closes_the_connection_at_once(server: WireServer) -> None:
    """STR-9: the provider stops working for us."""
    server.replies(Reply(pieces=[b"x", HANG]))

    async def work(transport: Transport) -> None:
        async def reading() -> None:
            response = await opened(transport, server.url)
            try:
                while await response.read():
                    first.set()
            finally:
                await response.close()

        first = asyncio.Event()
        task = asyncio.create_task(reading())
        await first.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asynchronous(work)
    assert server.closed_by_peer.wait(10)


def test_cancelling_while_the_headers_are_awaited(server: WireServer) -> None:
    server.replies(Reply(before=[HANG]))

    async def work(transport: Transport) -> None:
        task = asyncio.create_task(opened(transport, server.url))
        await asyncio.to_thread(server.wait_for_requests, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asynchronous(work)
    assert server.closed_by_peer.wait(10)


def test_a_hundred_streams_at_once_do_not_touch_one_another(server: WireServer) -> None:
    """STR-12: every stream gets its own bytes, in order."""
    gate = Gate()
    server.replies(Reply(pieces=[b"a" * 10, gate, b"b" * 10]))

    async def work(transport: Transport) -> list[bytes]:
        async def one() -> bytes:
            return await everything(await opened(transport, server.url))

        tasks = [asyncio.create_task(one()) for _ in range(100)]
        await asyncio.to_thread(server.wait_for_requests, 100)
        gate.open()
        return list(await asyncio.gather(*tasks))

    assert asynchronous(work) == [b"a" * 10 + b"b" * 10] * 100


def test_a_server_faster_than_its_reader_is_held_back(server: WireServer) -> None:
    """ROB-8: bounded memory, and nothing lost."""
    server.replies(Reply(pieces=[b"x" * 65536] * 64))

    async def work(transport: Transport) -> int:
        response, size = await opened(transport, server.url), 0
        while piece := await response.read():
            size += len(piece)
            await asyncio.sleep(0)
        await response.close()
        return size

    assert asynchronous(work) == 64 * 65536


def test_a_large_request_is_sent_whole(run: Run, server: WireServer) -> None:
    async def work(transport: Transport) -> None:
        request = post(server.url, b"y" * (8 << 20))
        await everything(await transport.open(request, target(server.url), connect_s=20, header_s=20))

    run(work)
    assert len(server.requests[0].body) == 8 << 20


def test_an_answer_that_comes_before_the_request_is_taken_is_still_read(run: Run) -> None:
    """A 413 while a picture is still being sent is the server's word, not a broken pipe."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\nconnection: close\r\n\r\nbig")
                while connection.recv(1 << 20):
                    pass

        threading.Thread(target=refuse, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"

        async def work(transport: Transport) -> tuple[int, bytes]:
            request = post(url, b"y" * (4 << 20))
            response = await transport.open(request, target(url), connect_s=20, header_s=20)
            body = await response.body(100)
            await response.close()
            return response.status, body

        assert run(work) == (413, b"big")


# ------------------------------------------------------------------------------------------------- blocking alone


def test_a_signal_interrupts_a_read_and_the_rest_can_be_closed(server: WireServer) -> None:
    """Ctrl-C in mid-answer: the handler's exception comes out of `read` as it is."""
    server.replies(Reply(pieces=[b"x", HANG]))

    class Stop(Exception):
        pass

    def stop(number: int, frame: Any) -> None:
        raise Stop

    async def work(transport: Transport) -> bytes:
        response = await opened(transport, server.url)
        received = await response.read()
        timer = threading.Timer(0.05, signal.pthread_kill, [threading.main_thread().ident, signal.SIGUSR1])
        timer.start()
        try:
            await response.read()
        finally:
            await response.close()
        return received

    before = signal.signal(signal.SIGUSR1, stop)
    try:
        with pytest.raises(Stop):
            blocking(work)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert server.closed_by_peer.wait(10)


LEAN = """
import sys
from llmtui.providers._http import BlockingTransport
BlockingTransport(lean=True)
heavy = {"asyncio", "anyio", "trio", "click", "rich", "pygments", "textual", "keyring"} & set(sys.modules)
assert "httpx" in sys.modules and not heavy, heavy
assert "anyio" not in sys.modules and "httpx._main" not in sys.modules
import anyio, httpx._main
"""


def test_a_lean_transport_imports_no_event_loop_and_no_screen() -> None:
    """Start-up of `--once`; and what was hidden while httpx was imported can be imported afterwards."""
    subprocess.run([sys.executable, "-c", LEAN], check=True, timeout=60)
