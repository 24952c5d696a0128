"""A scripted HTTP server on loopback: real sockets, real bytes, and every kind of misbehaviour, without a single sleep.

    with WireServer() as server:
        server.replies(Reply(pieces=[b"data: {}\\n\\n", HANG]))
        ... ask server.url ...
        assert server.requests[0].json()["model"] == "m"

Each request takes the next reply; the last one is used again for all that follow. What a reply sends is a list of pieces:
bytes, which go out each in a write of their own, and steps: `HANG` keeps silent until the server is stopped, `RESET` cuts
the connection with RST, `CLOSE` ends it, `Gate` waits until the test opens it.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Self, TypeAlias

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

_PATIENCE_S = 30.0
"""No wait of a test lasts longer, whatever goes wrong."""


class Step(Enum):
    """What a server can do instead of sending."""

    HANG = "hang"
    RESET = "reset"
    CLOSE = "close"


HANG, RESET, CLOSE = Step.HANG, Step.RESET, Step.CLOSE


class Gate:
    """A point at which the server waits for the test. `reached` tells the test that the server has come to it."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._opened = threading.Event()

    def open(self) -> None:
        self._opened.set()

    def pass_through(self) -> None:
        self.reached.set()
        self._opened.wait(_PATIENCE_S)


Piece: TypeAlias = "bytes | Step | Gate | Callable[[], bytes]"


@dataclass(frozen=True)
class Reply:
    """An answer: status and headers, then the pieces of the body."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Sequence[Piece] = ()
    chunked: bool = True
    """Each piece is an HTTP chunk; else they go out as they are, and the length is the sum or the connection's end."""
    content_type: str = "text/event-stream"
    before: Sequence[Piece] = ()
    """Steps before the status line; bytes among them are sent raw."""
    raw: bool = False
    """The pieces are the whole answer, status line and headers included."""
    http: str = "HTTP/1.1"


def sse(*frames: object, done: bool = True) -> list[bytes]:
    """Frames (objects or ready strings) as events, one a piece; then `[DONE]`."""
    texts = [frame if isinstance(frame, str) else json.dumps(frame) for frame in frames]
    return [f"data: {text}\n\n".encode() for text in [*texts, *(["[DONE]"] if done else [])]]


def answer(*texts: str, finish: str = "stop", usage: Mapping[str, Any] | None = None) -> list[bytes]:
    """A complete answer in the OpenAI chat format, one delta a text."""
    frames: list[object] = [
        {"id": "r1", "model": "m", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
        for text in texts
    ]
    frames.append({"id": "r1", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    if usage is not None:
        frames.append({"id": "r1", "model": "m", "choices": [], "usage": usage})
    return sse(*frames)


def error_reply(status: int, body: object, headers: Mapping[str, str] | None = None) -> Reply:
    """A whole body in JSON (or as it is, when it is a string) under some status."""
    text = body if isinstance(body, str) else json.dumps(body)
    kind = "application/json" if not isinstance(body, str) else "text/html"
    return Reply(status, headers or {}, [text.encode()], chunked=False, content_type=kind)


@dataclass(frozen=True)
class Request:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    connection: int
    """The number of the connection it came over, from 0."""

    def json(self) -> Any:
        return json.loads(self.body)


class WireServer:
    """Listens on a free port of 127.0.0.1 while it is used as a context manager."""

    def __init__(self, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.closed_by_peer = threading.Event()
        """Set when a peer has hung up while an answer was being sent or held back."""
        self.list_reply: Reply | None = None
        """What every GET gets, whatever the replies are; None: the next reply, as a POST."""
        self.choose: Callable[[Request], Reply] | None = None
        """Answers each request by what it asks, where many are under way at once."""
        self._ssl = ssl_context
        self._replies: list[Reply] = [Reply(pieces=answer("Hello"))]
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        """The base address, with `/v1`."""
        return f"{'https' if self._ssl else 'http'}://127.0.0.1:{self.port}/v1"

    def replies(self, *replies: Reply) -> None:
        """What the next requests get; the last one is used again."""
        with self._lock:
            self._replies = list(replies)

    def wait_for_requests(self, count: int) -> list[Request]:
        """The requests, as soon as there are so many."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.requests) >= count, _PATIENCE_S), "no such request came"
            return list(self.requests)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # closing alone would leave `accept` waiting
        self._listener.close()
        with self._lock:
            still_open = list(self._open)
        for connection in still_open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            number, self.connections = self.connections, self.connections + 1
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with suppress(OSError):
            if self._ssl is not None:
                connection = self._ssl.wrap_socket(connection, server_side=True)
            with connection:
                with self._lock:
                    self._open.add(connection)
                try:
                    while (request := self._receive(connection, number)) is not None:
                        if not self._answer(connection, self._next_reply(request)):
                            break
                finally:
                    with self._lock:
                        self._open.discard(connection)

    def _next_reply(self, request: Request) -> Reply:
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
            if request.method == "GET" and self.list_reply is not None:
                return self.list_reply
            if self.choose is not None:
                return self.choose(request)
            return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def _receive(self, connection: socket.socket, number: int) -> Request | None:
        received = b""
        while b"\r\n\r\n" not in received:
            data = connection.recv(65536)
            if not data:
                return None
            received += data
        head, _, body = received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers.get("content-length", 0)):
            body += connection.recv(65536)
        return Request(method, path, headers, body, number)

    def _answer(self, connection: socket.socket, reply: Reply) -> bool:
        """Send the reply; True when the connection can take another request."""
        try:
            if not self._send(connection, reply.before, chunked=False):
                return False
            if not reply.raw:
                connection.sendall(_head(reply))
            if not self._send(connection, reply.pieces, chunked=reply.chunked and not reply.raw):
                return False
            if reply.raw or reply.http != "HTTP/1.1" or not (reply.chunked or _length(reply) is not None):
                return False
            if reply.chunked:
                connection.sendall(b"0\r\n\r\n")
        except OSError:
            self.closed_by_peer.set()
            return False
        return True

    def _send(self, connection: socket.socket, pieces: Sequence[Piece], *, chunked: bool) -> bool:
        for piece in pieces:
            if piece is CLOSE:
                return False
            if piece is RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            if piece is HANG:
                with suppress(OSError):
                    connection.settimeout(_PATIENCE_S)
                    if not connection.recv(1):  # returns when the peer hangs up, or the server is stopped
                        self.closed_by_peer.set()
                return False
            if isinstance(piece, Gate):
                piece.pass_through()
                continue
            data = piece if isinstance(piece, bytes) else piece()  # type: ignore[operator]  # no Step is left
            connection.sendall(b"%x\r\n%s\r\n" % (len(data), data) if chunked and data else data)
        return True


def _length(reply: Reply) -> int | None:
    return sum(map(len, reply.pieces)) if all(isinstance(piece, bytes) for piece in reply.pieces) else None  # type: ignore[arg-type]


def _head(reply: Reply) -> bytes:
    headers = {"content-type": reply.content_type, **reply.headers}
    names = {name.lower() for name in headers}
    if reply.chunked:
        headers["transfer-encoding"] = "chunked"
    elif "content-length" not in names and reply.http == "HTTP/1.1" and (length := _length(reply)) is not None:
        headers["content-length"] = str(length)
    lines = [f"{reply.http} {reply.status} Scripted", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
